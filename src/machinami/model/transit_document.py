"""How does a timetable become JSON values, and back? For entities, for files, and on the way to another process."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import pairwise
from typing import Any

from machinami.foundation.errors import InputError
from machinami.model.transit import DAY, Network, Pattern, Profile, Route, Service, Stop, Transfer, Trip

LONGEST = 10 * DAY  # a trip goes on for no longer, s


def profile_rows(pattern: Pattern) -> list[list[list[int]]]:
    """Profiles as [arrivals, departures, closed on, closed off]."""
    return [[list(p.arrive), list(p.depart), sorted(p.closed_on), sorted(p.closed_off)] for p in pattern.profiles]


def trip_rows(pattern: Pattern) -> list[list[Any]]:
    """Trips as [id, service, start, profile, headsign, block]."""
    return [[t.id, t.service, t.start, t.profile, t.headsign, t.block] for t in pattern.trips]


def profiles_of(rows: Sequence[Sequence[Sequence[int]]], stops: int) -> tuple[Profile, ...]:
    """Profiles from their rows. Raises InputError where they are none of a pattern of so many stops."""
    found = []
    for row in rows:
        try:
            arrive, depart, on, off = (tuple(map(int, part)) for part in row)
        except (TypeError, ValueError) as error:
            raise InputError(f"a profile of a timetable cannot be read: {error}") from None
        if len(arrive) != stops or len(depart) != stops or stops < 2:
            raise InputError(f"a profile of a timetable has {len(arrive)} times for {stops} stops")
        if depart[0] != 0 or max(arrive) > LONGEST or any(b < a for a, b in pairwise(_woven(arrive, depart))):
            raise InputError("a profile of a timetable goes back in time, or on for days")
        found.append(Profile(arrive, depart, frozenset(on), frozenset(off)))
    return tuple(found)


def _woven(arrive: tuple[int, ...], depart: tuple[int, ...]) -> tuple[int, ...]:
    """The times in their order; where the first vehicle stands before it leaves does not matter."""
    return tuple(time for pair in zip((0, *arrive[1:]), depart, strict=True) for time in pair)


def trips_of(rows: Sequence[Sequence[Any]], profiles: int) -> tuple[Trip, ...]:
    """Trips from their rows. Raises InputError where they are none, or name a profile that is not there."""
    try:
        found = tuple(Trip(str(i), str(s), int(start), int(p), str(h), str(b)) for i, s, start, p, h, b in rows)
    except (TypeError, ValueError) as error:
        raise InputError(f"a trip of a timetable cannot be read: {error}") from None
    if any(not 0 <= trip.profile < profiles for trip in found):
        raise InputError("a trip of a timetable names a profile that is not there")
    if any(not 0 <= trip.start <= LONGEST for trip in found):
        raise InputError("a trip of a timetable begins at no time of its day")
    return found


def service_row(one: Service) -> dict[str, Any]:
    """A service as JSON values."""
    return {
        "id": one.id,
        "days": list(one.days),
        "start": one.start.isoformat() if one.start else None,
        "end": one.end.isoformat() if one.end else None,
        "added": sorted(day.isoformat() for day in one.added),
        "removed": sorted(day.isoformat() for day in one.removed),
    }


def service_of(row: Mapping[str, Any]) -> Service:
    """A service from its JSON values."""
    start, end = (date.fromisoformat(row[name]) if row[name] else None for name in ("start", "end"))
    added, removed = (frozenset(map(date.fromisoformat, row[name])) for name in ("added", "removed"))
    return Service(row["id"], tuple(map(bool, row["days"])), start, end, added, removed)


def network_document(network: Network) -> dict[str, Any]:
    """A whole timetable as JSON values."""
    return {
        "zone": network.zone,
        "stops": [asdict(one) for one in network.stops.values()],
        "routes": [asdict(one) for one in network.routes.values()],
        "services": [service_row(one) for one in network.services.values()],
        "patterns": [
            [p.id, p.route, list(p.stops), profile_rows(p), trip_rows(p), p.direction, p.shape, list(p.sequences)]
            for p in network.patterns
        ],
        "transfers": [asdict(one) for one in network.transfers],
        "agencies": dict(network.agencies),
        "shapes": {name: list(points) for name, points in network.shapes.items()},
    }


def network_of(document: Mapping[str, Any]) -> Network:
    """A timetable from its JSON values."""
    patterns = []
    for name, route, stops, profiles, trips, direction, shape, numbers in document["patterns"]:
        held = profiles_of(profiles, len(stops))
        timed = trips_of(trips, len(held))
        patterns.append(Pattern(name, route, tuple(stops), held, timed, direction, shape, tuple(numbers)))
    services = [service_of(row) for row in document["services"]]
    return Network(
        document["zone"],
        {row["id"]: Stop(**row) for row in document["stops"]},
        {row["id"]: Route(**row) for row in document["routes"]},
        {one.id: one for one in services},
        tuple(patterns),
        tuple(Transfer(**row) for row in document["transfers"]),
        document["agencies"],
        {name: tuple((lon, lat) for lon, lat in points) for name, points in document["shapes"].items()},
    )
