"""Is a figure on its way from where it was to where it shall be?

The way is a straight line in time from the baseline, known at the end of its year, to the target at the end of the
last target year. Where the baseline is not known, the first value that was ever measured stands in for it, and it is
said so. How far a figure is off is its distance from the band that the target allows, so that up, down and within a
range are judged by one rule.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from math import inf
from typing import Any, Literal

from machinami.model.vocabulary.circle import KeyPerformanceIndicator
from machinami.services.indicators.model import State

Why = Literal[
    "", "never", "no_rows", "no_values", "by_zero", "closed", "bad_formula", "none", "no_baseline", "no_year", "overdue"
]
Start = Literal["", "baseline", "first"]


@dataclass(frozen=True, slots=True)
class Band:
    """What the target allows: from low to high, both included; infinite where it does not limit."""

    low: float = -inf
    high: float = inf

    def distance(self, value: float) -> float:
        """How far a value is from the band; 0 within."""
        return max(self.low - value, value - self.high, 0.0)

    def nearest(self, value: float) -> float:
        """The value of the band that is nearest."""
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured value of an indicator."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Way:
    """How an indicator stands: `why` it cannot be judged or is off, what is expected by now, where the way began and
    where and when it ends, and from how many values the figure comes (None: it was recorded by hand)."""

    state: State
    why: Why = ""
    expected: float | None = None
    start: float | None = None
    start_is: Start = ""
    start_on: str | None = None
    goal: float | None = None
    end_on: str | None = None
    count: int | None = None

    def row(self) -> dict[str, Any]:
        """The same as JSON, without what is not known."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "") and name != "state"}


def band_of(kpi: KeyPerformanceIndicator, start: float | None) -> Band | None:
    """What the indicator's target allows; None where there is none, or where a rate has nothing to be of."""
    target = kpi.target or {}
    low, high = number(target.get("low")), number(target.get("high"))
    if target.get("kind") == "rate":
        if start is None:
            return None
        years = _years(kpi) if target.get("per") == "year" else 1.0
        low, high = (None if rate is None else start * (1 + rate / 100) ** years for rate in (low, high))
    if low is None and high is None:
        return None
    if target.get("kind") == "range":
        return Band(-inf if low is None else low, inf if high is None else high)
    value = high if low is None else low
    assert value is not None, "one of the two is there"
    if kpi.direction == "range":
        return Band(value, value if high is None else high)
    return Band(high=value) if kpi.direction == "down" else Band(low=value)


def judge(
    kpi: KeyPerformanceIndicator, now: datetime, first: Sample | None, tolerance: float, count: int | None = None
) -> Way:
    """How the indicator stands with its `current` value. tolerance: share of the whole way that it may be behind."""
    value = kpi.current.value if kpi.current is not None else None
    if value is None:
        return Way("unmeasured", "never", count=count)
    start, start_is, start_on = _start(kpi, first)
    band = band_of(kpi, start)
    if band is None:
        is_rate = (kpi.target or {}).get("kind") == "rate" and start is None
        return Way("no_target", "no_baseline" if is_rate else "none", count=count)
    end = end_of(kpi)
    goal = band.nearest(value if start is None else start)
    told = Way("reached", "", None, start, start_is, _text(start_on), goal, _text(end), count)
    if band.distance(value) == 0:
        return told
    if end is None or start is None or start_on is None:
        return _as(told, "no_target", "no_year" if end is None else "no_baseline")
    today = now.date()
    if today > end:
        return _as(told, "off_path", "overdue", goal)
    whole = (end - start_on).days
    done = min(max((today - start_on).days / whole, 0.0), 1.0) if whole > 0 else 1.0
    expected = start + (goal - start) * done
    room = tolerance * (band.distance(start) or abs(goal))
    is_off = band.distance(value) > band.distance(start) * (1 - done) + room
    return _as(told, "off_path" if is_off else "on_path", "", expected)


def unmeasured(why: Why) -> Way:
    """An indicator that could not be computed."""
    return Way("unmeasured", why)


def end_of(kpi: KeyPerformanceIndicator) -> date | None:
    """The last day of the last target year; None where there is no year. A fiscal year ends in March of the next."""
    years = kpi.target_years or {}
    last = years.get("to") or years.get("from")
    return year_end(last, bool(years.get("fiscal"))) if isinstance(last, int) else None


def year_end(year: int, fiscal: bool) -> date:
    """The last day of a year."""
    return date(year + 1, 3, 31) if fiscal else date(year, 12, 31)


def number(value: object) -> float | None:
    """A number of a JSON value; None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _start(kpi: KeyPerformanceIndicator, first: Sample | None) -> tuple[float | None, Start, date | None]:
    fiscal = bool((kpi.target_years or {}).get("fiscal"))
    if kpi.baseline is not None and kpi.baseline_year is not None:
        return kpi.baseline, "baseline", year_end(kpi.baseline_year, fiscal)
    on = first.at.astimezone(UTC).date() if first is not None else None
    if kpi.baseline is not None:
        return kpi.baseline, "baseline", on
    return (first.value, "first", on) if first is not None else (None, "", None)


def _years(kpi: KeyPerformanceIndicator) -> float:
    end = (kpi.target_years or {}).get("to")
    begin = kpi.baseline_year
    return float(max(end - begin, 1)) if isinstance(end, int) and begin is not None else 1.0


def _as(way: Way, state: State, why: Why, expected: float | None = None) -> Way:
    return Way(state, why, expected, way.start, way.start_is, way.start_on, way.goal, way.end_on, way.count)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
