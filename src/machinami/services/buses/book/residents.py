"""What does a resident want to know: which stops, what leaves next, and how to get there?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from machinami.kit.city import City
from machinami.kit.words import Words
from machinami.methods.raptor import Journey
from machinami.model.transit import Network, Stop, day_begins, service_day
from machinami.services.buses.book.noticing import (
    Concerning,
    NoticeRow,
    around,
    concerning,
    of_stop,
    standing_notices,
)
from machinami.services.buses.logic.board import Cell, Departure, departures, matching, nearest, sheet, told_by_trip
from machinami.services.buses.logic.day import Day, Name, Place, on_foot
from machinami.services.buses.logic.network import Held
from machinami.services.buses.model import ArrivalEstimation
from machinami.services.buses.service import PACKAGE, day_table, timetable

ADDRESS = "/services/buses"
JOURNEYS = f"{PACKAGE}.logic.day:journeys"
WINDOW = 2 * 3600
WALK_ALL = 30 * 60  # s that one may be told to walk all the way
STOPS_SHOWN = 12
FAR = 30_000.0  # m
DEPARTURES = 10
MOST_JOURNEYS = 6
_PLACE = re.compile(r"(-?\d{1,2}(?:\.\d{1,9})?)\s*,\s*(-?\d{1,3}(?:\.\d{1,9})?)")


@dataclass(frozen=True, slots=True)
class StopRow:
    """A stop in a list: what it is called, and how far it is (m), where that is known."""

    id: str
    name: str
    code: str
    metres: float | None = None


@dataclass(frozen=True, slots=True)
class DepartureRow:
    """A departure as a page shows it; delay in whole minutes, None where nothing is known of the vehicle."""

    line: str
    goal: str
    told: Departure
    delay: int | None
    notices: Sequence[NoticeRow] = ()


@dataclass(frozen=True, slots=True)
class StopView:
    """One stop: its next departures, the printed timetable of the day, the stops near it."""

    stop: StopRow
    lon: float
    lat: float
    next: Sequence[DepartureRow]
    sheet: Mapping[int, Sequence[Cell]]
    lines: Mapping[str, str]
    near: Sequence[StopRow]
    day: str
    shown: str
    simulated: bool
    notices: Sequence[NoticeRow] = ()


@dataclass(frozen=True, slots=True)
class LegRow:
    """A part of a journey: on foot (line empty) or by a line; minutes on foot; calls on the way."""

    line: str
    headsign: str
    origin: str
    goal: str
    depart: datetime
    arrive: datetime
    calls: int
    delay: int | None = None
    notices: Sequence[NoticeRow] = ()


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """A journey as a page shows it."""

    depart: datetime
    arrive: datetime
    minutes: int
    rides: int
    walk: int
    legs: Sequence[LegRow]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the planner, and what is wrong with it. choices: stops that a name could mean."""

    origin: str = ""
    goal: str = ""
    at: str = ""
    fault: str = ""
    choices: Sequence[StopRow] = ()


@dataclass(frozen=True, slots=True)
class PlanView:
    """Journeys from stop to stop, and the way on foot (minutes) where it is short; None: it is long."""

    asked: Asked
    origin: StopRow | None = None
    goal: StopRow | None = None
    journeys: Sequence[JourneyRow] = ()
    on_foot: int | None = None


def stop_row(stop: Stop, words: Words, metres: float | None = None) -> StopRow:
    """A stop in a list."""
    return StopRow(stop.id, words.of(stop.name, stop.id), stop.code or stop.platform, metres)


def line_name(network: Network, route: str, words: Words) -> str:
    """What a route is called: its short name, else its name."""
    found = network.routes.get(route)
    return (found.short_name or words.of(found.name, route)) if found else route


def called_stops(held: Held) -> list[Stop]:
    """The stops at which anything calls, by name."""
    called = {stop for pattern in held.network.patterns for stop in pattern.stops}
    return sorted(
        (held.network.stops[stop] for stop in called), key=lambda stop: (next(iter(stop.name.values())), stop.id)
    )


def found_stops(
    held: Held, text: str, centre: tuple[float, float], words: Words, here: tuple[float, float] | None = None
) -> list[StopRow]:
    """The stops nearest to a place, or those that a text means; those nearest to the middle of the town where nothing
    was asked."""
    stops = called_stops(held)
    if here is not None:
        return [stop_row(stop, words, metres) for stop, metres in nearest(stops, *here, STOPS_SHOWN)]
    if text:
        return [stop_row(stop, words) for stop in matching(stops, text, STOPS_SHOWN)]
    found = nearest(stops, *centre, STOPS_SHOWN)
    if found and found[0][1] > FAR:  # the timetable is of another place than the map
        lons, lats = sorted(stop.lon for stop in stops), sorted(stop.lat for stop in stops)
        found = nearest(stops, lons[len(lons) // 2], lats[len(lats) // 2], STOPS_SHOWN)
    return [stop_row(stop, words, metres) for stop, metres in found]


async def stop_view(city: City, name: str, words: Words, now: datetime) -> StopView | None:
    """What one stop shows; None where there is no such stop."""
    found = await timetable(city)
    if found is None or name not in found[0].network.stops:
        return None
    held, network = found[0], found[0].network
    stop = network.stops[name]
    today, _ = service_day(now, network.zone)
    day = day_table(city, held, today)
    said = told_by_trip(await city.find(ArrivalEstimation)) if city.shows(ArrivalEstimation) else {}
    rows = departures(network, day, today, name, now, said, DEPARTURES)
    around = [other for other in nearest(called_stops(held), stop.lon, stop.lat, 7) if other[0].id != name]
    printed = sheet(network, day, name)
    routes = {cell.route for cells in printed.values() for cell in cells}
    shown = held.day_for(today)
    notices = await standing_notices(city, now)
    find = concerning(notices, network, words, now)
    return StopView(
        stop_row(stop, words),
        stop.lon,
        stop.lat,
        [departure_row(network, one, words, find, name) for one in rows],
        printed,
        {route: line_name(network, route, words) for route in sorted(routes)},
        [stop_row(other, words, metres) for other, metres in around],
        today.isoformat(),
        "" if shown == today else shown.isoformat(),
        held.simulated,
        of_stop(notices, network, name, routes, words, now),
    )


def departure_row(network: Network, one: Departure, words: Words, find: Concerning, stop: str) -> DepartureRow:
    """A departure from a stop as a page shows it."""
    delay = None if one.expected is None else round((one.expected - one.due).total_seconds() / 60)
    goal = one.headsign or words.of(network.stops[one.goal].name, one.goal)
    notices = find(one.route, around(network, stop), one.trip, one.day, one.due)
    return DepartureRow(line_name(network, one.route, words), goal, one, delay, notices)


async def plan_view(city: City, asked: Asked, words: Words, now: datetime) -> PlanView:
    """Journeys between two stops that were named."""
    found = await timetable(city)
    if found is None or not (asked.origin or asked.goal):
        return PlanView(asked)
    held = found[0]
    ends: list[Stop] = []
    for text, which in ((asked.origin, "origin"), (asked.goal, "goal")):
        stops = _meant(held, text, words)
        if not stops:
            return PlanView(_faulty(asked, f"unknown_{which}", []))
        ends.append(stops[0])
    origin, goal = ends
    if origin.id == goal.id:
        return PlanView(_faulty(asked, "same", []), stop_row(origin, words), stop_row(goal, words))
    moment = _moment(asked.at, now, held.network.zone)
    if moment is None:
        return PlanView(_faulty(asked, "time", []))
    today, seconds = service_day(moment, held.network.zone)
    day = day_table(city, held, today)
    places = (Place(origin.lon, origin.lat), Place(goal.lon, goal.lat))
    journeys: list[Journey] = await city.compute_at(JOURNEYS, day, *places, seconds, seconds + WINDOW)
    said = told_by_trip(await city.find(ArrivalEstimation)) if city.shows(ArrivalEstimation) else {}
    begins = day_begins(today, held.network.zone)
    names = (words.of(origin.name), words.of(goal.name))
    find = concerning(await standing_notices(city, now), held.network, words, now)
    rows = [_journey(held.network, day, one, begins, names, said, today, words, find) for one in journeys]
    walk = on_foot(*places)
    minutes = -(-walk // 60) if walk <= WALK_ALL else None
    return PlanView(asked, stop_row(origin, words), stop_row(goal, words), rows[:MOST_JOURNEYS], minutes)


def _meant(held: Held, text: str, words: Words) -> list[Stop]:
    """The stop, or the place on the map ("35.01,138.02"), that a text means; none where it means nothing."""
    if text in held.network.stops:
        return [held.network.stops[text]]
    place = place_of(text)
    if place is not None:
        return [Stop(text, {words.language: words.plain("buses.plan.place")}, *place)]
    return matching(called_stops(held), text, 1)


def place_of(text: str) -> tuple[float, float] | None:
    """Longitude and latitude of a place that is written as latitude, longitude in degrees; None where it is none."""
    found = _PLACE.fullmatch(text.strip())
    if found is None:
        return None
    lat, lon = float(found[1]), float(found[2])
    return (lon, lat) if abs(lat) <= 90 and abs(lon) <= 180 else None


def _faulty(asked: Asked, fault: str, choices: Sequence[StopRow]) -> Asked:
    return Asked(asked.origin, asked.goal, asked.at, fault, choices)


def _moment(text: str, now: datetime, zone: str) -> datetime | None:
    """The moment of a time of today as 8:30; now where none is said; None where it is no time."""
    if not text:
        return now
    hours, _, minutes = text.partition(":")
    if not (hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        return None
    today, _ = service_day(now, zone)
    return day_begins(today, zone) + timedelta(hours=int(hours), minutes=int(minutes))


def _journey(
    network: Network,
    day: Day,
    one: Journey,
    begins: datetime,
    ends: tuple[str, str],
    said: Mapping[tuple[str, str], tuple[ArrivalEstimation, Mapping[int, Sequence[float]]]],
    today: date,
    words: Words,
    find: Concerning,
) -> JourneyRow:
    def at(seconds: int) -> datetime:
        return begins + timedelta(seconds=seconds)

    legs: list[LegRow] = []
    here = ends[0]
    for walk, ride in zip(one.walks, one.rides, strict=False):
        name: Name = day.table.lines[ride.line].name[ride.trip]
        pattern = network.patterns[name.pattern]
        origin, goal = (words.of(network.stops[pattern.stops[place]].name) for place in (ride.board, ride.alight))
        if walk:
            legs.append(LegRow("", "", here, origin, at(ride.depart - walk), at(ride.depart), 0))
        trip = next(trip for trip in pattern.trips if trip.id == name.trip)
        told = said.get((pattern.id, trip.id))
        served = name.day_of_service(today)
        row = told[1].get(ride.board) if told and told[0].day == served else None
        sign = trip.headsign or words.of(network.stops[pattern.stops[-1]].name)
        line = line_name(network, pattern.route, words)
        calls, delay = ride.alight - ride.board, round(row[1] / 60) if row else None
        ends_at = [stop for place in (ride.board, ride.alight) for stop in around(network, pattern.stops[place])]
        notices = find(pattern.route, ends_at, name.trip, served, at(ride.depart))
        legs.append(LegRow(line, sign, origin, goal, at(ride.depart), at(ride.arrive), calls, delay, notices))
        here = goal
    if one.walks[-1]:
        legs.append(LegRow("", "", here, ends[1], at(one.arrive - one.walks[-1]), at(one.arrive), 0))
    minutes = -(-(one.arrive - one.depart) // 60)
    return JourneyRow(at(one.depart), at(one.arrive), minutes, len(one.rides), -(-sum(one.walks) // 60), legs)
