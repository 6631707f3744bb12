"""Which vehicle leaves which depot with what, stops where, and how long does it take?

A truck goes round the shelters that it reaches; where drones may fly, they are launched from it to the places that are
cut off, each with one parcel at a time (machinami.methods.flying_sidekicks). More stops than that search is made for
are gone round by the nearest one, and drones then shuttle from the depot.
"""

import math
from collections.abc import Mapping, Sequence

from machinami.foundation.errors import InputError
from machinami.foundation.geometry import distance
from machinami.methods.flying_sidekicks import Task, Tour, fly_and_drive
from machinami.model.view import Point
from machinami.services.shelters.logic.consumption import BY_ID
from machinami.services.shelters.logic.ways import ROAD_SPEED, Reach, drone_of
from machinami.services.shelters.model import Moved, Settings, Trip

MOST_STOPS = 7
UNLOADING = 600.0
"""Seconds that a driver needs at a shelter."""
NEVER = 1e6
"""Seconds on a road that is closed."""
WIDTHS = (40,)


def plan(
    rows: Sequence[Moved],
    places: Mapping[str, Point],
    ways: Mapping[tuple[str, str], Reach],
    drones: Mapping[str, int],
    settings: Settings,
) -> list[Trip]:
    """The trips that carry the rows, by depot; places of depots and shelters by id, drones by depot."""
    trips: list[Trip] = []
    for depot in sorted({row["depot"] for row in rows}):
        load: dict[str, float] = {}
        for row in rows:
            if row["depot"] == depot:
                load[row["shelter"]] = load.get(row["shelter"], 0.0) + row["quantity"] * BY_ID[row["item"]].kilograms
        by_way = {way: sorted(p for p in load if ways[depot, p].way == way) for way in ("truck", "drone", "boat")}
        trips += [
            Trip(
                way="boat", depot=depot, stops=[p], kilograms=_kg(load[p]), minutes=_minutes(ways[depot, p].seconds * 2)
            )
            for p in by_way["boat"]
        ]
        trips += _on_land(depot, by_way["truck"], by_way["drone"], load, places, drones.get(depot, 0), settings)
    return trips


def _on_land(
    depot: str,
    road: Sequence[str],
    air: Sequence[str],
    load: Mapping[str, float],
    places: Mapping[str, Point],
    drones: int,
    settings: Settings,
) -> list[Trip]:
    payload = drone_of(settings).payload
    parcels = [(p, load[p] / math.ceil(load[p] / payload)) for p in air for _ in range(math.ceil(load[p] / payload))]
    if not road and not parcels:
        return []
    if len(road) + len(parcels) <= MOST_STOPS:
        nodes = [depot, *road, *(p for p, _ in parcels)]
        kilograms = [0.0, *(load[p] for p in road), *(one for _, one in parcels)]
        task = _task([places[n] for n in nodes], kilograms, len(road), drones, settings)
        try:
            return _told(fly_and_drive(task, WIDTHS, (0.5,)), nodes, kilograms)
        except InputError:
            pass  # a drone cannot come back to the truck on its way: shuttles from the depot can
    trips = [_round(depot, road, load, places)] if road else []
    for place, parcel in parcels:
        seconds = 2 * distance(places[depot], places[place]) / drone_of(settings).flies
        trips.append(_trip("drone", depot, [place], parcel, seconds))
    return trips


def _task(points: Sequence[Point], kilograms: Sequence[float], road: int, drones: int, settings: Settings) -> Task:
    """The task of one truck: nodes after the first `road` ones are reached by air alone."""

    def seconds(a: int, b: int) -> float:
        closed = max(a, b) > road
        return NEVER if closed and a != b else distance(points[a], points[b]) / ROAD_SPEED

    count = len(points)
    truck = [[seconds(a, b) for b in range(count)] for a in range(count)]
    grounded = frozenset(range(1, road + 1))  # a shelter at the road gets more than one parcel
    where = [(point.lat, point.lon) for point in points]
    return Task(where, kilograms, truck, UNLOADING, drone_of(settings), drones, road, grounded)


def _told(tour: Tour, nodes: Sequence[str], kilograms: Sequence[float]) -> list[Trip]:
    if tour.seconds >= NEVER:
        raise InputError("a truck would have to take a closed road")
    stops = [stop.node for stop in tour.stops if stop.node]
    trips = [_trip("truck", nodes[0], [nodes[n] for n in stops], sum(kilograms), tour.seconds)] if stops else []
    for sortie in sorted(tour.sorties, key=lambda one: one.launched):
        flown = _trip(
            "drone", nodes[0], [nodes[sortie.customer]], kilograms[sortie.customer], sortie.recovered - sortie.launched
        )
        trips.append(Trip(**flown, after=nodes[sortie.start]) if sortie.start else flown)
    return trips


def _round(depot: str, road: Sequence[str], load: Mapping[str, float], places: Mapping[str, Point]) -> Trip:
    """All shelters at the road, each time the nearest one next."""
    left, at, seconds, stops = set(road), depot, 0.0, list[str]()
    while left:
        near = min(left, key=lambda p: (distance(places[at], places[p]), p))
        seconds += distance(places[at], places[near]) / ROAD_SPEED + UNLOADING
        stops.append(near)
        left.remove(near)
        at = near
    seconds += distance(places[at], places[depot]) / ROAD_SPEED
    return _trip("truck", depot, stops, sum(load[p] for p in road), seconds)


def _trip(way: str, depot: str, stops: list[str], kilograms: float, seconds: float) -> Trip:
    return Trip(way=way, depot=depot, stops=stops, kilograms=_kg(kilograms), minutes=_minutes(seconds))


def _kg(kilograms: float) -> float:
    return round(kilograms, 1)


def _minutes(seconds: float) -> float:
    return float(math.ceil(seconds / 60.0))
