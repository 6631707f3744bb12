"""When does each trip call where? By stop_times.txt, with the times between two that are not said, and frequencies."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from machinami.ingest.gtfs.parse.table import Faults, Row, Unreadable, read_each, rows_of, seconds_of
from machinami.model.transit import Profile, Stop

UNKNOWN = -1
NOT_OPEN = "1"
FILE = "stop_times.txt"


class Call(NamedTuple):
    """One row of stop_times.txt; times in seconds, -1 where none is said; distance along the way, -1 where unknown."""

    sequence: int
    stop: str
    arrive: int
    depart: int
    is_open_on: bool
    is_open_off: bool
    distance: float
    line: int


class Way(NamedTuple):
    """A trip as timed: where it calls, when it leaves first, the profile from there on, the numbers of its stops."""

    stops: tuple[str, ...]
    start: int
    profile: Profile
    sequences: tuple[int, ...]


class Often(NamedTuple):
    """A row of frequencies.txt: from when until when, and every how many seconds."""

    trip: str
    start: int
    end: int
    headway: int


def calls_of(data: bytes, stops: Mapping[str, Stop], faults: Faults) -> dict[str, list[Call]]:
    """The rows of stop_times.txt by trip, in order of the stops."""
    times: dict[str, int] = {"": UNKNOWN}
    found: dict[str, list[Call]] = {}
    needed = ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")

    def time(row: Row, column: str) -> int:
        text = row.get(column)
        if text not in times:
            try:
                times[text] = seconds_of(text)
            except ValueError:
                raise Unreadable(column, f"{text[:40]!r} is no time; write it as 25:10:00") from None
        return times[text]

    def call(row: Row) -> tuple[str, Call]:
        stop = row.need("stop_id")
        if stop not in stops:
            raise Unreadable("stop_id", f"{stop[:60]!r} is no stop of stops.txt")
        arrive, depart = time(row, "arrival_time"), time(row, "departure_time")
        arrive, depart = (depart if arrive < 0 else arrive), (arrive if depart < 0 else depart)
        if depart < arrive:
            raise Unreadable("departure_time", "is before the arrival")
        is_open = (row.get("pickup_type") != NOT_OPEN, row.get("drop_off_type") != NOT_OPEN)
        distance = _distance(row.get("shape_dist_traveled"))
        return row.need("trip_id"), Call(row.whole("stop_sequence"), stop, arrive, depart, *is_open, distance, row.line)

    for trip, one in read_each(rows_of(data, FILE, faults, needed), call, faults):
        found.setdefault(trip, []).append(one)
    for calls in found.values():
        calls.sort(key=lambda one: one.sequence)
    return found


def _distance(text: str) -> float:
    try:
        return float(text) if text else -1.0
    except ValueError:
        return -1.0


def way_of(trip: str, calls: Sequence[Call], faults: Faults) -> Way | None:
    """A trip as timed; None, with a fault noted, where it goes nowhere, backwards in time, or without times."""
    if len(calls) < 2:
        faults.add(FILE, calls[0].line if calls else 0, "trip_id", f"the trip {trip[:60]!r} calls at one stop only")
        return None
    for one, other in pairwise(calls):
        if one.sequence == other.sequence:
            faults.add(FILE, other.line, "stop_sequence", f"{one.sequence} comes twice in the trip {trip[:60]!r}")
            return None
    if calls[0].depart < 0 or calls[-1].arrive < 0:
        end = calls[0] if calls[0].depart < 0 else calls[-1]
        faults.add(FILE, end.line, "departure_time", f"the trip {trip[:60]!r} has no time at its first or last stop")
        return None
    arrive, depart = _filled(calls, [one.arrive for one in calls]), _filled(calls, [one.depart for one in calls])
    for number, (left, come) in enumerate(zip(depart, arrive[1:], strict=False)):
        if come < left:
            line = calls[number + 1].line
            faults.add(FILE, line, "arrival_time", f"the trip {trip[:60]!r} arrives before it left the stop before")
            return None
    start = depart[0]
    closed_on = frozenset(i for i, one in enumerate(calls) if not one.is_open_on)
    closed_off = frozenset(i for i, one in enumerate(calls) if not one.is_open_off)
    profile = Profile(tuple(t - start for t in arrive), tuple(t - start for t in depart), closed_on, closed_off)
    return Way(tuple(one.stop for one in calls), start, profile, tuple(one.sequence for one in calls))


def _filled(calls: Sequence[Call], times: list[int]) -> list[int]:
    """Times with those that are not said set between their neighbours: by distance where it is known, else evenly."""
    known = [number for number, time in enumerate(times) if time >= 0]
    if len(known) == len(times):
        return times
    for first, last in pairwise(known):
        places = [calls[number].distance for number in range(first, last + 1)]
        if min(places) < 0 or places != sorted(places) or places[-1] <= places[0]:
            places = [float(number) for number in range(last - first + 1)]
        for number in range(first + 1, last):
            share = (places[number - first] - places[0]) / (places[-1] - places[0])
            times[number] = times[first] + round(share * (times[last] - times[first]))
    return times


def often_of(data: bytes, faults: Faults) -> Iterator[Often]:
    """The rows of frequencies.txt."""

    def often(row: Row) -> Often:
        try:
            start, end = seconds_of(row.need("start_time")), seconds_of(row.need("end_time"))
        except ValueError:
            raise Unreadable("start_time", "start or end is no time; write them as 07:00:00") from None
        headway = row.whole("headway_secs")
        if headway < 10 or end <= start:
            raise Unreadable("headway_secs", "must be 10 seconds or more, and the end after the start")
        return Often(row.need("trip_id"), start, end, headway)

    needed = ("trip_id", "start_time", "end_time", "headway_secs")
    return read_each(rows_of(data, "frequencies.txt", faults, needed), often, faults)
