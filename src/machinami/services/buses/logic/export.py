"""How does a timetable become a file by GTFS again? For the operator, and for whoever shows it to passengers."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence

from machinami.model.transit import WEEK, Network
from machinami.model.vocabulary.transit import own_name

EPOCH = (2020, 1, 1, 0, 0, 0)  # the same timetable is the same file
AGENCY = "machinami"


Rows = list[Sequence[object]]
Own = Callable[[str], str]


def gtfs_of(network: Network) -> bytes:
    """A timetable as a ZIP file by GTFS: agency, stops, routes, trips, stop_times, calendar, calendar_dates, transfers.

    Names of things are those of the feed that they came from; where there are several feeds, theirs stands before.
    """
    one = len({stop.partition(":")[0] for stop in network.stops}) == 1

    def own(key: str) -> str:
        return own_name(key) if one and ":" in key else key

    weeks, changes = _services(network, own)
    trips, calls = _trips(network, own)
    tables = {"agency.txt": _agency(network), "stops.txt": _stops(network, own), "routes.txt": _routes(network, own)}
    tables |= {"calendar.txt": weeks, "calendar_dates.txt": changes, "trips.txt": trips, "stop_times.txt": calls}
    tables["transfers.txt"] = [
        ("from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time"),
        *((own(t.origin), own(t.goal), t.kind, t.seconds if t.kind == 2 else "") for t in network.transfers),
    ]
    return _packed(tables.items())


def _agency(network: Network) -> Rows:
    language = next((next(iter(stop.name)) for stop in network.stops.values() if stop.name), "ja")
    name = next(iter(network.agencies.values()), "") or AGENCY
    head = ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang")
    return [head, (AGENCY, name, "https://example.com/", network.zone, language)]


def _stops(network: Network, own: Own) -> Rows:
    rows: Rows = [("stop_id", "stop_code", "stop_name", "stop_lat", "stop_lon")]
    return rows + [(own(s.id), s.code, next(iter(s.name.values())), s.lat, s.lon) for s in network.stops.values()]


def _routes(network: Network, own: Own) -> Rows:
    rows: Rows = [("route_id", "agency_id", "route_short_name", "route_long_name", "route_type", "route_color")]
    for route in network.routes.values():
        name = next(iter(route.name.values()), route.short_name or own(route.id))
        rows.append((own(route.id), AGENCY, route.short_name, name, route.kind, route.colour))
    return rows


def _services(network: Network, own: Own) -> tuple[Rows, Rows]:
    weeks: Rows = [("service_id", *WEEK, "start_date", "end_date")]
    changes: Rows = [("service_id", "date", "exception_type")]
    for service in network.services.values():
        if service.start and service.end:
            days = (int(day) for day in service.days)
            weeks.append((own(service.id), *days, *(f"{day:%Y%m%d}" for day in (service.start, service.end))))
        for kind, changed in ((1, service.added), (2, service.removed)):
            changes += [(own(service.id), f"{day:%Y%m%d}", kind) for day in sorted(changed)]
    return weeks, changes


def _trips(network: Network, own: Own) -> tuple[Rows, Rows]:
    trips: Rows = [("route_id", "service_id", "trip_id", "trip_headsign", "direction_id", "block_id")]
    calls: Rows = [
        ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type", "drop_off_type")
    ]
    for pattern in network.patterns:
        numbers = pattern.sequences or tuple(range(1, len(pattern.stops) + 1))
        direction = "" if pattern.direction is None else pattern.direction
        for trip in pattern.trips:
            trips.append((own(pattern.route), own(trip.service), trip.id, trip.headsign, direction, trip.block))
            profile = pattern.profiles[trip.profile]
            for place, stop in enumerate(pattern.stops):
                times = (clock(trip.start + profile.arrive[place]), clock(trip.start + profile.depart[place]))
                closed = (int(place in profile.closed_on), int(place in profile.closed_off))
                calls.append((trip.id, *times, own(stop), numbers[place], *closed))
    return trips, calls


def clock(seconds: int) -> str:
    """A time of the day of service as 25:10:00."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _packed(tables: Iterable[tuple[str, Sequence[Sequence[object]]]]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables:
            text = io.StringIO(newline="")
            csv.writer(text).writerows(rows)
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text.getvalue().encode(), zipfile.ZIP_DEFLATED)
    return held.getvalue()
