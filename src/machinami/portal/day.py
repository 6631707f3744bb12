"""What happened in town on one day, in order of time, as a resident reads it?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData
from machinami.kit.happening import Event

TEMPLATE = "machinami.portal/day.html"
EARLIEST = date(1900, 1, 1)
Part = Literal["night", "morning", "noon", "evening", "late"]
_ENDS: tuple[tuple[int, Part], ...] = ((5, "night"), (10, "morning"), (15, "noon"), (19, "evening"), (24, "late"))
_FOLDED_FROM = 6
"""From so many small events of one part of the day on, they are folded away."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event, the time at which it happened by the town's clocks, and what the service is called that tells of it."""

    event: Event
    clock: str
    by: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One part of the day. told: what is read at once; folded: the many small things besides."""

    part: Part
    told: Sequence[Told]
    folded: Sequence[Told]


@dataclass(frozen=True, slots=True)
class DayView:
    """The page of one day. after: the next day, None on the last that has begun; count: how many events there are;
    most: what mattered most, for whoever reads one line."""

    on: date
    before: date
    after: date | None
    today: bool
    count: int
    chapters: Sequence[Chapter]
    most: Sequence[Told]


def asked_day(text: str, now: datetime, zone: str) -> date:
    """The day that is asked for, today where none is; no day that has not begun. Raises BadRequestData."""
    today = now.astimezone(ZoneInfo(zone)).date()
    if not text:
        return today
    try:
        on = date.fromisoformat(text)
    except ValueError:
        on = None
    if on is None or on < EARLIEST:
        raise BadRequestData(f"date={text[:40]!r} is no day; write it as {today}", parameter="date")
    return min(on, today)


def span(on: date, zone: str) -> tuple[datetime, datetime]:
    """From when to before when it is that day by the town's clocks, in UTC: 23 or 25 hours where clocks are changed."""
    starts = (datetime.combine(day, time(), ZoneInfo(zone)) for day in (on, on + timedelta(days=1)))
    start, end = (at.astimezone(UTC) for at in starts)
    return start, end


def view(on: date, found: Iterable[tuple[str, Event]], now: datetime, zone: str) -> DayView:
    """The page of a day from what the services tell, each with its title: in order of time; of what did not happen on
    that day, or has not happened yet, nothing."""
    start, end = span(on, zone)
    kept = {(e.at, e.words, by): e for by, e in found if start <= e.at < end and e.at <= now}
    rows = [Told(event, f"{_local(event, zone):%H:%M}", by) for (_, _, by), event in sorted(kept.items(), key=_order)]
    chapters = [_chapter(part, list(told)) for part, told in groupby(rows, key=lambda row: part_of(row.clock))]
    today = on == now.astimezone(ZoneInfo(zone)).date()
    most = [row for row in rows if row.event.weight == 3]
    after = None if today else on + timedelta(days=1)
    return DayView(on, on - timedelta(days=1), after, today, len(rows), chapters, most)


def part_of(clock: str) -> Part:
    """The part of the day to which a time belongs, HH:MM by the town's clocks."""
    return next(part for end, part in _ENDS if int(clock[:2]) < end)


def _chapter(part: Part, rows: Sequence[Told]) -> Chapter:
    small = [row for row in rows if row.event.weight == 1]
    if len(small) < _FOLDED_FROM:
        return Chapter(part, rows, ())
    return Chapter(part, [row for row in rows if row.event.weight > 1], small)


def _local(event: Event, zone: str) -> datetime:
    return event.at.astimezone(ZoneInfo(zone))


def _order(row: tuple[tuple[datetime, str, str], Event]) -> tuple[datetime, int, str]:
    (at, words, _), event = row
    return at, -event.weight, words
