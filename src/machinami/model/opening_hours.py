"""Is a place open now, by opening hours as schema.org writes them (`Mo-Fr 09:00-17:00`, `Sa,Su 10:00-15:00`)?

Times are those of the town's clock. Hours that end at or before they begin end on the next day; 24:00 is midnight.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from machinami.foundation.errors import BadRequestData

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_ROW = re.compile(r"(?:(?P<days>[A-Za-z,\- ]+?) +)?(?P<from>\d\d:\d\d) ?- ?(?P<to>\d\d:\d\d)")
_LOOK_AHEAD = 8  # days: hours come again each week


class Span(NamedTuple):
    """Hours of some days of the week (0: Monday), in minutes of the day; `end` may be beyond 1440: on the next day."""

    days: frozenset[int]
    begin: int
    end: int


def parse_hours(text: str) -> Span:
    """One row of opening hours. Raises BadRequestData saying how it is written."""
    found = _ROW.fullmatch(text.strip())
    if found is None:
        raise BadRequestData(f"{text!r} are no opening hours; write them like Mo-Fr 09:00-17:00", field="hours")
    begin, end = _minutes(found["from"], text), _minutes(found["to"], text)
    return Span(_days(found["days"], text), begin, end if end > begin else end + 1440)


def is_open(hours: Sequence[str], at: datetime, closed_on: Collection[str] = ()) -> bool:
    """Whether a place is open at a moment of its own clock; rows that are no hours count for nothing."""
    return any(begin <= at < end for begin, end in _spans(hours, at, closed_on, -1))


def next_opening(hours: Sequence[str], at: datetime, closed_on: Collection[str] = ()) -> datetime | None:
    """When it opens next after a moment of its own clock, within a week; None where it does not."""
    return min((begin for begin, _ in _spans(hours, at, closed_on, 0) if begin > at), default=None)


def closing(hours: Sequence[str], at: datetime, closed_on: Collection[str] = ()) -> datetime | None:
    """When it closes, where it is open at a moment of its own clock."""
    return max((end for begin, end in _spans(hours, at, closed_on, -1) if begin <= at < end), default=None)


def _spans(
    hours: Sequence[str], at: datetime, closed_on: Collection[str], first: int
) -> list[tuple[datetime, datetime]]:
    """The hours of the days from `first` days after a moment on."""
    found = []
    midnight = datetime.combine(at.date(), time(0), at.tzinfo)
    for span in _known(hours):
        for number in range(first, _LOOK_AHEAD):
            day = midnight + timedelta(days=number)
            if day.weekday() in span.days and day.date().isoformat() not in closed_on:
                found.append((day + timedelta(minutes=span.begin), day + timedelta(minutes=span.end)))
    return found


def _known(hours: Sequence[str]) -> list[Span]:
    spans = []
    for row in hours:
        try:
            spans.append(parse_hours(row))
        except BadRequestData:
            continue
    return spans


def _minutes(text: str, row: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise BadRequestData(f"{text} in {row!r} is no time of the day", field="hours")
    return hour * 60 + minute


def _days(text: str | None, row: str) -> frozenset[int]:
    if not text:
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        ends = part.split("-")
        if not 1 <= len(ends) <= 2 or any(one not in DAYS for one in ends):
            raise BadRequestData(f"{part!r} in {row!r} are no days; write Mo, Tu, We, Th, Fr, Sa, Su", field="hours")
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        found |= {number % 7 for number in range(first, last + 1 if last >= first else last + 8)}
    return frozenset(found)
