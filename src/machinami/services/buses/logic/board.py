"""What leaves a stop next, and what is its timetable? With what is known of each vehicle."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from machinami.methods.footpaths import great_circle
from machinami.methods.series import Floats
from machinami.model.transit import DAY, Network, Stop, day_begins
from machinami.services.buses.logic.day import LATEST, Day, Name
from machinami.services.buses.model import ArrivalEstimation


class Departure(NamedTuple):
    """A departure: route by key, trip by id and its day of service, where to, the time by the timetable, and the
    expected one (middle, low, high; None: nothing is known of the vehicle)."""

    route: str
    trip: str
    day: str
    headsign: str
    goal: str
    due: datetime
    expected: datetime | None
    low: datetime | None
    high: datetime | None
    is_naive: bool


Told = Mapping[tuple[str, str], tuple[ArrivalEstimation, Mapping[int, Sequence[float]]]]


def told_by_trip(said: Sequence[ArrivalEstimation]) -> Told:
    """Estimates by pattern (key) and trip, with their rows by place. Rows that are none are left out."""
    found = {}
    for one in said:
        if one.ref_pattern and one.trip:
            rows = {int(row[0]): row[1:4] for row in one.rows or [] if len(row) == 4 and max(map(abs, row)) <= DAY}
            found[str(one.ref_pattern).split(":", 3)[-1], one.trip] = (one, rows)
    return found


def departures(
    network: Network, day: Day, today: date, stop: str, now: datetime, told: Told, count: int, hours: int = 24
) -> list[Departure]:
    """The next departures from a stop, in the order in which they are expected."""
    number = day.number(stop)
    if number is None:
        return []
    begins = day_begins(today, network.zone)
    at = (now - begins).total_seconds()
    found = []
    for line_number, place in day.table.at[number]:
        line = day.table.lines[line_number]
        if not line.on[place] or place + 1 == len(line.stops):
            continue
        times = line.depart[place]
        for trip in range(bisect_left(times, at - LATEST), len(times)):
            if times[trip] > at + hours * 3600:
                break
            name: Name = line.name[trip]
            departure = _departure(network, name, place, begins + timedelta(seconds=times[trip]), told, today)
            if (departure.high or departure.due) >= now:
                found.append(departure)
    return sorted(found, key=lambda one: one.expected or one.due)[:count]


def _departure(network: Network, name: Name, place: int, due: datetime, told: Told, today: date) -> Departure:
    pattern = network.patterns[name.pattern]
    trip = next((one for one in pattern.trips if one.id == name.trip), None)
    goal = network.stops[pattern.stops[-1]].id
    headsign = trip.headsign if trip else ""
    said, day = told.get((pattern.id, name.trip)), name.day_of_service(today)
    row = said[1].get(place) if said and said[0].day in (day, None) else None
    if said is None or row is None:
        return Departure(pattern.route, name.trip, day, headsign, goal, due, None, None, None, True)
    low, middle, high = (due + timedelta(seconds=float(value)) for value in row)
    is_naive = said[0].method != "learned"
    return Departure(pattern.route, name.trip, day, headsign, goal, due, middle, low, high, is_naive)


class Cell(NamedTuple):
    """One departure in a printed timetable: the minute, and the route."""

    minute: int
    route: str
    headsign: str


def sheet(network: Network, day: Day, stop: str) -> dict[int, list[Cell]]:
    """The departures of a stop on a day, by hour (beyond 23 after midnight)."""
    number = day.number(stop)
    rows: dict[int, list[tuple[int, Cell]]] = {}
    for line_number, place in day.table.at[number] if number is not None else ():
        line = day.table.lines[line_number]
        if not line.on[place] or place + 1 == len(line.stops):
            continue
        for trip, time in enumerate(line.depart[place]):
            if time < 0:
                continue
            name: Name = line.name[trip]
            pattern = network.patterns[name.pattern]
            head = next((one.headsign for one in pattern.trips if one.id == name.trip), "")
            rows.setdefault(time // 3600, []).append((time, Cell(time // 60 % 60, pattern.route, head)))
    return {hour: [cell for _, cell in sorted(cells)] for hour, cells in sorted(rows.items())}


def nearest(stops: Sequence[Stop], lon: float, lat: float, count: int) -> list[tuple[Stop, float]]:
    """The stops nearest to a place, with the metres to them."""
    if not stops:
        return []
    metres = great_circle(lon, lat, _array([one.lon for one in stops]), _array([one.lat for one in stops])).tolist()
    return sorted(zip(stops, metres, strict=True), key=lambda one: one[1])[:count]


def _array(values: Sequence[float]) -> Floats:
    return np.asarray(values, dtype=np.float64)


def matching(stops: Sequence[Stop], text: str, count: int) -> list[Stop]:
    """The stops whose name in any language holds a text; those that begin with it first."""
    asked = "".join(text.split()).casefold()
    if not asked:
        return []
    found = []
    for stop in stops:
        names = ["".join(name.split()).casefold() for name in (*stop.name.values(), stop.code)]
        if any(asked in name for name in names):
            rank = min(0 if name == asked else 1 if name.startswith(asked) else 2 for name in names if asked in name)
            name = next(iter(stop.name.values()), stop.id)
            found.append((rank, len(name), name, stop.id, stop))
    return [stop for *_, stop in sorted(found, key=lambda one: one[:4])[:count]]
