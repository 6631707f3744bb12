"""By which way can each shelter be reached from each depot: by road, by boat, by drone, or not at all, and why not?

Settlements are cut off where closed roads leave them on another island of the network. A drone then carries what it
can, unless it blows, an area is closed to it, or it is too far; a boat where there is a landing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from machinami.foundation.geometry import distance, intersects
from machinami.methods.drone_flight import Drone, endurance, leg
from machinami.methods.fair_allocation import islands
from machinami.model.view import Geometry, Point
from machinami.model.vocabulary.places import NoFlyArea, RoadSegment, Shelter
from machinami.services.shelters.model import ReliefDepot, Settings, Way

SNAP = 600.0
"""Metres from a place to the end of a road that counts as being at it."""
SORTIES = 6
"""Flights that one drone makes to a place in one round of deliveries."""
BOAT_KG = 400.0
ROAD_SPEED = 8.0
"""Metres per second on a town's roads in a disaster, along a straight line (detours are in it)."""
BOAT_SPEED = 4.0


@dataclass(frozen=True, slots=True)
class Sky:
    """Whether drones may fly: wind in m/s (None: unknown), and where they may not."""

    wind: float | None
    closed: Sequence[NoFlyArea] = ()


class Reach(NamedTuple):
    """How a depot reaches a shelter: the way, how much it carries there (kg; inf: a truck), seconds one way; why drones
    do not come in (`wind`, `wind_unknown`, `no_fly`, `far`, `off`, `none`), '' where that is no matter."""

    way: Way
    kilograms: float
    seconds: float
    why: str = ""


def drone_of(settings: Settings) -> Drone:
    """The drone that plans count on: the slow, long range one of Murray & Raj 2020, with the town's payload."""
    return Drone(7.8232, 15.6464, 3.9116, 360.0, 50.0, settings.drone_payload, 60.0, 30.0, 60.0, 562_990.0)


def reaches(
    depots: Sequence[ReliefDepot],
    shelters: Sequence[Shelter],
    roads: Sequence[RoadSegment],
    sky: Sky,
    settings: Settings,
) -> dict[tuple[str, str], Reach]:
    """How every depot reaches every shelter, by (depot, shelter); those without a place are reached by nobody."""
    island = _islands([*depots, *shelters], roads)
    found: dict[tuple[str, str], Reach] = {}
    for depot in depots:
        for shelter in shelters:
            if depot.location is None or shelter.location is None:
                found[depot.id, shelter.id] = Reach("none", 0.0, 0.0, "no_place")
                continue
            metres = distance(depot.location, shelter.location)
            if island[depot.id] == island[shelter.id]:
                found[depot.id, shelter.id] = Reach("truck", float("inf"), metres / ROAD_SPEED)
            else:
                found[depot.id, shelter.id] = _cut_off(depot, shelter, metres, sky, settings)
    return found


def _cut_off(depot: ReliefDepot, shelter: Shelter, metres: float, sky: Sky, settings: Settings) -> Reach:
    why = grounded(depot, shelter, sky, settings)
    boats = (depot.boats or 0) if "landing" in (shelter.facilities or []) else 0
    if boats:
        return Reach("boat", boats * BOAT_KG, metres / BOAT_SPEED, why)
    if not why:
        drone = drone_of(settings)
        return Reach("drone", (depot.drones or 0) * SORTIES * drone.payload, leg(drone, metres).seconds)
    return Reach("none", 0.0, 0.0, why)


def grounded(depot: ReliefDepot, shelter: Shelter, sky: Sky, settings: Settings) -> str:
    """Why no drone flies from a depot to a shelter; '' where one may."""
    if not depot.drones:
        return "none"
    if not settings.drones:
        return "off"
    if sky.wind is None:
        return "wind_unknown"
    if sky.wind > settings.wind_limit:
        return "wind"
    if depot.location is None or shelter.location is None:
        return "no_place"
    line = Geometry(type="LineString", coordinates=[list(depot.location), list(shelter.location)])
    if any(area.location is not None and intersects(line, area.location) for area in sky.closed):
        return "no_fly"
    drone, metres = drone_of(settings), distance(depot.location, shelter.location)
    there = leg(drone, metres)
    stay = endurance(drone, there, there, drone.payload)
    return "" if stay is not None else "far"


def _islands(places: Sequence[ReliefDepot | Shelter], roads: Sequence[RoadSegment]) -> Mapping[str, int]:
    """The island of each place. Where no road is known, all stand on one: nothing tells that they are cut off."""
    if not roads:
        return {place.id: 0 for place in places}
    ends: dict[str, Point] = {}
    links: list[tuple[str, str]] = []
    for road in roads:
        if road.location is None or road.location.get("type") != "LineString":
            continue
        line = road.location["coordinates"]
        points = [Point(float(one[0]), float(one[1])) for one in (line[0], line[-1])]
        names = [f"{lon:.5f},{lat:.5f}" for lon, lat in points]
        ends.update(zip(names, points, strict=True))
        if road.state != "closed":
            links.append((names[0], names[1]))
    number = islands(list(ends), links)
    found: dict[str, int] = {}
    for index, place in enumerate(places):
        near = _nearest(place.location, ends)
        found[place.id] = -1 - index if near is None else number[near]
    return found


def _nearest(place: Point | None, ends: Mapping[str, Point]) -> str | None:
    if place is None or not ends:
        return None
    metres, name = min((distance(place, end), name) for name, end in ends.items())
    return name if metres <= SNAP else None
