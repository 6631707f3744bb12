"""What does a timetable by GTFS or GTFS-JP say? The whole archive, with every row that could not be read named."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from machinami.foundation.errors import InputError
from machinami.ingest.gtfs.parse.archive import tables_in
from machinami.ingest.gtfs.parse.calendar import services_of
from machinami.ingest.gtfs.parse.calls import FILE as CALLS
from machinami.ingest.gtfs.parse.calls import Often, Way, calls_of, often_of, way_of
from machinami.ingest.gtfs.parse.names import Names, names_of
from machinami.ingest.gtfs.parse.table import Faults, Row, Unreadable, read_each, rows_of
from machinami.model.transit import Network, Pattern, Profile, Route, Stop, Transfer, Trip

NEEDED = ("agency.txt", "routes.txt", "stop_times.txt", "stops.txt", "trips.txt")
OPTIONAL = ("calendar.txt", "calendar_dates.txt", "feed_info.txt", "frequencies.txt", "shapes.txt", "transfers.txt")
READ = frozenset((*NEEDED, *OPTIONAL, "translations.txt"))
ORDINARY, STATION, NODE = 0, 1, 3
LONGEST_ID = 200
MOST_RUNS = 200_000  # of trips that frequencies.txt makes


@dataclass(frozen=True, slots=True)
class Feed:
    """A timetable as read: what it holds, its version (a digest of the file), who publishes it, the rows left out, and
    the files of it that are not used."""

    network: Network
    version: str
    publisher: str
    language: str
    faults: Faults
    unused: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())


class _Head(NamedTuple):
    """A row of trips.txt."""

    trip: str
    route: str
    service: str
    headsign: str
    direction: int | None
    block: str
    shape: str
    line: int


def read_feed(data: bytes) -> Feed:
    """Read a timetable. Raises InputError with the file and the reason where it is none that can be used."""
    tables, faults = tables_in(data), Faults()
    lacking = [name for name in NEEDED if name not in tables]
    if lacking:
        raise InputError(f"the archive has no {lacking[0]}, which every timetable by GTFS has", file=lacking[0])
    agencies, zone, language = _agencies(tables["agency.txt"], faults)
    publisher, said = _about(tables, faults)
    names = names_of(tables, said or language or "und", faults)
    stops = {one.id: one for one in _stops(tables["stops.txt"], names, faults)}
    routes = {one.id: one for one in _routes(tables["routes.txt"], names, faults)}
    services = services_of(tables, faults)
    heads = _heads(tables["trips.txt"], routes, services, faults)
    patterns, notes = _patterns(tables, heads, stops, faults)
    if not patterns:
        first = f": {faults.told[0]}" if faults.told else ""
        raise InputError(f"no trip of the timetable can be used{first}", file=CALLS)
    used = {pattern.shape for pattern in patterns}
    network = Network(
        zone, stops, routes, services, patterns, _transfers(tables, stops, faults), agencies,
        {name: shape for name, shape in _shapes(tables, faults).items() if name in used},
    )  # fmt: skip
    unused = tuple(sorted(name for name in tables if name not in READ))
    return Feed(
        network, hashlib.sha256(data).hexdigest()[:12], publisher or next(iter(agencies.values()), ""),
        names.language, faults, unused, notes,
    )  # fmt: skip


def _agencies(data: bytes, faults: Faults) -> tuple[dict[str, str], str, str]:
    rows = list(rows_of(data, "agency.txt", faults, ("agency_name", "agency_timezone")))
    if not rows:
        raise InputError("agency.txt names nobody who runs the vehicles", file="agency.txt")
    zones = list(dict.fromkeys(row.get("agency_timezone") for row in rows))
    if len(zones) > 1:
        raise InputError(f"agency.txt has several time zones ({', '.join(zones)}); it may have one", file="agency.txt")
    try:
        ZoneInfo(zones[0])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"agency.txt: {zones[0][:60]!r} is no time zone", file="agency.txt") from None
    language = next((row.get("agency_lang") for row in rows if row.get("agency_lang")), "")
    return {row.get("agency_id"): row.get("agency_name") for row in rows}, zones[0], language.lower()


def _about(tables: Mapping[str, bytes], faults: Faults) -> tuple[str, str]:
    rows = list(rows_of(tables["feed_info.txt"], "feed_info.txt", faults)) if "feed_info.txt" in tables else []
    if not rows:
        return "", ""
    said = rows[0].get("default_lang") or rows[0].get("feed_lang")
    return rows[0].get("feed_publisher_name"), "" if said in ("mul", "") else said.lower()


def _id(row: Row, column: str) -> str:
    text = row.need(column)
    if len(text) > LONGEST_ID:
        raise Unreadable(column, f"has {len(text)} characters; {LONGEST_ID} are taken at most")
    return text


def _stops(data: bytes, names: Names, faults: Faults) -> list[Stop]:
    def stop(row: Row) -> Stop | None:
        kind, name = row.whole("location_type"), _id(row, "stop_id")
        if kind >= NODE:
            return None  # inside of stations
        said = names.of(row.need("stop_name"), "stops", "stop_name", name)
        lat, lon = row.degrees("stop_lat", 90), row.degrees("stop_lon", 180)
        if abs(lat) < 1e-6 and abs(lon) < 1e-6:
            raise Unreadable("stop_lat", "the place is 0, 0: nobody knows where this stop is")
        station = row.get("parent_station")
        wheelchair = row.whole("wheelchair_boarding")
        return Stop(name, said, lon, lat, row.get("stop_code"), station, row.get("platform_code"), wheelchair)

    return list(read_each(rows_of(data, "stops.txt", faults, ("stop_id", "stop_name")), stop, faults))


def _routes(data: bytes, names: Names, faults: Faults) -> list[Route]:
    def route(row: Row) -> Route:
        name, short, long = _id(row, "route_id"), row.get("route_short_name"), row.get("route_long_name")
        colour = row.get("route_color").upper()
        whole = names.of(long or short or row.get("route_desc"), "routes", "route_long_name", name)
        is_colour = len(colour) == 6 and all(one in "0123456789ABCDEF" for one in colour)
        return Route(name, short, whole, row.whole("route_type", 3), colour if is_colour else "", row.get("agency_id"))

    return list(read_each(rows_of(data, "routes.txt", faults, ("route_id", "route_type")), route, faults))


def _heads(data: bytes, routes: Mapping[str, Route], services: Mapping[str, object], faults: Faults) -> list[_Head]:
    seen: set[str] = set()

    def head(row: Row) -> _Head:
        trip, route, service = _id(row, "trip_id"), row.need("route_id"), row.need("service_id")
        for column, one, there in (("route_id", route, routes), ("service_id", service, services)):
            if one not in there:
                raise Unreadable(column, f"{one[:60]!r} is named nowhere else")
        if trip in seen:
            raise Unreadable("trip_id", f"{trip[:60]!r} comes twice")
        seen.add(trip)
        way = row.get("direction_id")
        direction = int(way) if way in ("0", "1") else None
        sign, block = row.get("trip_headsign"), row.get("block_id")
        return _Head(trip, route, service, sign, direction, block, row.get("shape_id"), row.line)

    needed = ("route_id", "service_id", "trip_id")
    return list(read_each(rows_of(data, "trips.txt", faults, needed), head, faults))


def _patterns(
    tables: Mapping[str, bytes], heads: list[_Head], stops: Mapping[str, Stop], faults: Faults
) -> tuple[tuple[Pattern, ...], tuple[str, ...]]:
    calls = calls_of(tables[CALLS], stops, faults)
    often: dict[str, list[Often]] = {}
    for one in often_of(tables["frequencies.txt"], faults) if "frequencies.txt" in tables else ():
        often.setdefault(one.trip, []).append(one)
    groups: dict[tuple[str, tuple[str, ...], int | None], list[tuple[_Head, Way]]] = {}
    for head in heads:
        if head.trip not in calls:
            faults.add("trips.txt", head.line, "trip_id", f"the trip {head.trip[:60]!r} calls nowhere")
        elif (way := way_of(head.trip, calls[head.trip], faults)) is not None:
            groups.setdefault((head.route, way.stops, head.direction), []).append((head, way))
    made, counts, notes = [], dict[str, int](), []
    for (route, along, direction), members in groups.items():
        counts[route] = counts.get(route, 0) + 1
        made.append(_pattern(f"{route}-{counts[route]}", route, along, direction, members, often))
    runs = sum(len(pattern.trips) for pattern in made)
    if runs > MOST_RUNS and often:
        raise InputError(
            f"frequencies.txt makes {runs:,} trips; {MOST_RUNS:,} are read at most", file="frequencies.txt"
        )
    if often:
        notes.append(f"{sum(map(len, often.values()))} rows of frequencies.txt became trips at their headway")
    return tuple(made), tuple(notes)


def _pattern(
    name: str,
    route: str,
    along: tuple[str, ...],
    direction: int | None,
    members: list[tuple[_Head, Way]],
    often: Mapping[str, list[Often]],
) -> Pattern:
    profiles: dict[Profile, int] = {}
    trips: list[Trip] = []
    for head, way in members:
        number = profiles.setdefault(way.profile, len(profiles))
        starts = [(head.trip, way.start)]
        if head.trip in often:
            times = [time for row in often[head.trip] for time in range(row.start, row.end, row.headway)]
            starts = [(f"{head.trip}#{count}", time) for count, time in enumerate(sorted(times), 1)]
        trips += [Trip(one, head.service, start, number, head.headsign, head.block) for one, start in starts]
    trips.sort(key=lambda trip: (trip.start, trip.id))
    shape = next((head.shape for head, _ in members if head.shape), "")
    numbers = members[0][1].sequences
    return Pattern(name, route, along, tuple(profiles), tuple(trips), direction, shape, numbers)


def _transfers(tables: Mapping[str, bytes], stops: Mapping[str, Stop], faults: Faults) -> tuple[Transfer, ...]:
    if "transfers.txt" not in tables:
        return ()

    def transfer(row: Row) -> Transfer | None:
        if row.get("from_trip_id") or row.get("to_trip_id") or row.get("from_route_id") or row.get("to_route_id"):
            return None  # of single trips and routes: not used
        origin, goal = row.need("from_stop_id"), row.need("to_stop_id")
        for column, stop in (("from_stop_id", origin), ("to_stop_id", goal)):
            if stop not in stops:
                raise Unreadable(column, f"{stop[:60]!r} is no stop of stops.txt")
        kind = row.whole("transfer_type")
        return Transfer(origin, goal, kind, row.whole("min_transfer_time")) if kind <= 3 else None

    needed = ("from_stop_id", "to_stop_id")
    return tuple(read_each(rows_of(tables["transfers.txt"], "transfers.txt", faults, needed), transfer, faults))


def _shapes(tables: Mapping[str, bytes], faults: Faults) -> dict[str, tuple[tuple[float, float], ...]]:
    if "shapes.txt" not in tables:
        return {}

    def point(row: Row) -> tuple[str, int, float, float]:
        lon, lat = row.degrees("shape_pt_lon", 180), row.degrees("shape_pt_lat", 90)
        return row.need("shape_id"), row.whole("shape_pt_sequence"), lon, lat

    needed = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
    found: dict[str, list[tuple[int, float, float]]] = {}
    for name, number, lon, lat in read_each(rows_of(tables["shapes.txt"], "shapes.txt", faults, needed), point, faults):
        found.setdefault(name, []).append((number, round(lon, 6), round(lat, 6)))
    return {name: tuple((lon, lat) for _, lon, lat in sorted(points)) for name, points in found.items()}
