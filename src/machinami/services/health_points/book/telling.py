"""How are days, doubts, advice and bookings said to a reader? As sentences in the reader's language."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from machinami.kit.words import Words
from machinami.services.health_points.book.state import Bar, BookingSheet, DaySheet
from machinami.services.health_points.logic.advice import Advice
from machinami.services.health_points.logic.ledger import Entry
from machinami.services.health_points.model import StepCount

ADDRESS = "/services/health_points"
SHOWN_BARS = 28
_GAP = 0.22


def day_name(day: date, words: Words) -> str:
    """A day as people say it: 6/29 (月)."""
    month = words.plain(f"time.month.{day.month}")
    date_said = words.plain("time.date", day=day.day, month=month)
    return words.plain("points.day", date=date_said, weekday=words.plain(f"points.weekday.{day.isoweekday()}"))


def because(row: Mapping[str, Any], words: Words, zone: str) -> str:
    """One finding as a sentence."""
    said: dict[str, object] = {}
    for name, value in row.items():
        said[name] = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
    for name in ("since", "until"):
        if name in row:
            said[name] = f"{datetime.fromisoformat(str(row[name])).astimezone(ZoneInfo(zone)):%H:%M}"
    return words.plain(f"points.because.{row['kind']}", **said)


def advice_said(advice: Advice, words: Words) -> str:
    """One piece of advice as a sentence."""
    facts = {k: f"{v:,}" if isinstance(v, int) and k != "count" else v for k, v in advice.facts.items()}
    return words.plain(f"points.advice.{advice.kind}", **facts)


def sheet(day: StepCount, words: Words, zone: str) -> DaySheet:
    """One day in the reader's words."""
    own = date.fromisoformat(day.day or "1970-01-01")
    rows = day.findings or []
    answered = day.answer is not None
    return DaySheet(
        own,
        day_name(own, words),
        round(day.steps.value or 0) if day.steps else 0,
        round(day.minutes or 0),
        day.state or "asked",
        day.points_due or 0,
        [because(row, words, zone) for row in rows],
        refused=any(row["refuses"] for row in rows) and not answered,
    )


def bars(days: Sequence[DaySheet], goal: int | None, until: date) -> tuple[list[Bar], float | None]:
    """The last four weeks as rectangles in a box of 100 by 100, and the height of the goal; days without data stay
    empty."""
    shown = [day for day in days if 0 <= (until - day.day).days < SHOWN_BARS]
    most = max([*(day.steps for day in shown), goal or 0, 1])
    width = 100 / SHOWN_BARS
    rows = []
    for day in shown:
        place = SHOWN_BARS - 1 - (until - day.day).days
        height = round(94 * day.steps / most, 2)
        reached = goal is not None and day.steps >= goal
        kind = day.state if day.state != "accepted" else "reached" if reached else "walked"
        x = round(place * width + width * _GAP / 2, 2)
        rows.append(Bar(x, round(100 - height, 2), round(width * (1 - _GAP), 2), height, kind, day.said))
    return rows, None if goal is None else round(100 - 94 * goal / most, 2)


def booking(entry: Entry, words: Words) -> BookingSheet:
    """One booking in words; what it does to the points that can be used stands in its sign."""
    sign = {"issue": 1, "release": 1, "refund": 1, "hold": -1, "expire": -1, "reverse": -1}.get(entry.kind, 0)
    about = entry.about
    if entry.kind in ("issue", "reverse"):
        about = day_name(date.fromisoformat(entry.about), words)
    elif entry.kind == "expire":
        about = ""
    return BookingSheet(day_name(entry.on, words), entry.kind, sign * entry.amount, about)
