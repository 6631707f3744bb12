"""On which days do the services of a timetable run? By calendar.txt and calendar_dates.txt."""

from collections.abc import Mapping
from datetime import date

from machinami.ingest.gtfs.parse.table import Faults, Row, Unreadable, read_each, rows_of
from machinami.model.transit import WEEK, Service

ADDED, REMOVED = 1, 2


def services_of(tables: Mapping[str, bytes], faults: Faults) -> dict[str, Service]:
    """The services by id."""
    weeks: dict[str, Service] = {}
    if "calendar.txt" in tables:
        needed = ("service_id", *WEEK, "start_date", "end_date")
        for one in read_each(rows_of(tables["calendar.txt"], "calendar.txt", faults, needed), _week, faults):
            weeks[one.id] = one
    changes: dict[str, dict[date, int]] = {}
    if "calendar_dates.txt" in tables:
        columns = ("service_id", "date", "exception_type")
        rows = rows_of(tables["calendar_dates.txt"], "calendar_dates.txt", faults, columns)
        for service, day, kind in read_each(rows, _exception, faults):
            changes.setdefault(service, {})[day] = kind
    found = {}
    for name in {**weeks, **changes}:
        week, days = weeks.get(name, Service(name)), changes.get(name, {})
        added, removed = (frozenset(day for day, kind in days.items() if kind == one) for one in (ADDED, REMOVED))
        found[name] = Service(name, week.days, week.start, week.end, added, removed)
    return found


def _week(row: Row) -> Service:
    days = tuple(row.whole(day) == 1 for day in WEEK)
    start, end = row.day("start_date"), row.day("end_date")
    if end < start:
        raise Unreadable("end_date", "is before start_date")
    return Service(row.need("service_id"), days, start, end)


def _exception(row: Row) -> tuple[str, date, int]:
    kind = row.whole("exception_type")
    if kind not in (ADDED, REMOVED):
        raise Unreadable("exception_type", f"{kind} is neither 1 (added) nor 2 (removed)")
    return row.need("service_id"), row.day("date"), kind
