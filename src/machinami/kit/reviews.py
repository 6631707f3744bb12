"""Why should the plan be looked at again? The reasons of a `PlanReview`, as sentences that several services show."""

from collections.abc import Mapping, Sequence
from typing import Any

from machinami.kit.moments import day_told
from machinami.kit.units import with_unit
from machinami.kit.words import Words

KINDS = ("off_path", "overdue", "first_stands_in")
_VALUES = ("value", "expected", "goal", "start")
_DAYS = ("end_on", "start_on")


def because(rows: Sequence[Mapping[str, Any]] | None, unit: str | None, words: Words) -> list[str]:
    """The reasons of a review in the reader's words. unit: of its indicator."""
    return [_sentence(row, unit, words) for row in rows or ()]


def _sentence(row: Mapping[str, Any], unit: str | None, words: Words) -> str:
    said = {name: with_unit(_number(row.get(name)), unit, words) for name in _VALUES}
    days = {name: day_told(str(row.get(name) or "—"), words) for name in _DAYS}
    kind = row.get("kind")
    return words.plain(f"review.because.{kind if kind in KINDS else 'off_path'}", **said, **days)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
