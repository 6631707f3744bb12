"""Does a figure do what it always did, or has something happened? The chart of individual values and moving ranges.

Shewhart's chart for single values (XmR): the natural limits are the mean ± 2.66 times the mean moving range, as 2.66 is
3 / d2 with d2 = 1.128 for ranges of two. Runs: Western Electric 1956, Statistical Quality Control Handbook; the chart
as a tool of management: Wheeler 1993, Understanding Variation.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

FEWEST = 8
RUN = 8
Rule = Literal["beyond", "run", "two_of_three", "four_of_five"]


@dataclass(frozen=True, slots=True)
class Signal:
    """One value at which something has happened: its place in the series, by which rule, and on which side."""

    at: int
    rule: Rule
    above: bool


@dataclass(frozen=True, slots=True)
class ControlChart:
    """mean, low and high in the unit of the values; sigma: the spread between neighbours, as a standard deviation;
    signals in order of time, one for each value at the most (the strongest rule)."""

    mean: float
    low: float
    high: float
    sigma: float
    signals: tuple[Signal, ...]


def control_chart(values: Floats, base: int | None = None) -> ControlChart:
    """The chart of values (n,) in order of time, n ≥ 8. base: only the first so many make the limits.

    Independent values are assumed: where each resembles the one before (a daily level of a river), the limits are too
    narrow. Raises InputError for too few values and for gaps.
    """
    if len(values) < FEWEST or not np.isfinite(values).all():
        raise InputError(f"A control chart needs {FEWEST} values or more, without gaps", values=len(values))
    told = values[: max(base or len(values), FEWEST)]
    mean, sigma = float(told.mean()), float(np.abs(np.diff(told)).mean()) / 1.128
    return ControlChart(mean, mean - 3 * sigma, mean + 3 * sigma, sigma, tuple(_signals(values, mean, sigma)))


def _signals(values: Floats, mean: float, sigma: float) -> list[Signal]:
    away = (values - mean) / max(sigma, np.finfo(float).tiny)
    found: list[Signal] = []
    for at in range(len(values)):
        for above in (True, False):
            side = away if above else -away
            rule = _rule(side[: at + 1])
            if rule is not None:
                found.append(Signal(at, rule, above))
                break
    return found


def _rule(side: Floats) -> Rule | None:
    """The rule by which the last value is a signal on this side; the value itself must lie out there."""
    last = side[-1]
    if last > 3:
        return "beyond"
    if last > 2 and (side[-3:] > 2).sum() >= 2:
        return "two_of_three"
    if last > 1 and (side[-5:] > 1).sum() >= 4:
        return "four_of_five"
    return "run" if len(side) >= RUN and bool((side[-RUN:] > 0).all()) else None
