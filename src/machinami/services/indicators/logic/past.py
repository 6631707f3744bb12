"""What do the statistics say of the past of an indicator: is it steady, has something happened, are there seasons?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from machinami.methods.change_points import Stretch, stretches, usual_penalty
from machinami.methods.control_chart import FEWEST, control_chart
from machinami.methods.seasons import Seasons, without_seasons
from machinami.methods.series import Floats
from machinami.services.indicators.logic.way import Sample

NEWEST = 8
"""A signal is news while it is among the last so many values."""
MOST = 400
"""So many days are looked at: what was long before says little of now."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding: its kind names the sentence; values are in the unit of the indicator, facts are texts and counts."""

    kind: str
    values: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)


class Level(NamedTuple):
    """The days (from start, before end) of one level with its mean and its limits."""

    start: int
    end: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Control:
    """A control chart by days: what was measured, the same without weekdays where they matter (`adjusted`), the levels,
    and the days that are out of the ordinary."""

    days: tuple[date, ...]
    measured: tuple[float, ...]
    values: tuple[float, ...]
    levels: tuple[Level, ...]
    signals: tuple[int, ...]
    adjusted: bool


def look(past: Sequence[Sample], zone: str) -> list[Found]:
    """What is found in a history, by its last days."""
    days = daily(past, zone)[-MOST:]
    if len(days) < FEWEST:
        return [Found("too_few", facts={"count": len(days), "fewest": FEWEST})]
    found: list[Found] = []
    values, weeks = _calm_weeks(days)
    if weeks is not None:
        found.append(Found("weekly", {"least": float(weeks.figure.min()), "most": float(weeks.figure.max())}))
    parts = _parts(values)
    if len(parts) > 1:
        before, after = parts[-2], parts[-1]
        told = {"on": days[after.start][0].isoformat(), "count": len(parts) - 1}
        found.append(Found("changed", {"before": before.mean, "after": after.mean}, told))
    since = parts[-1].start if parts else 0
    return [*found, _news(days[since:], values[since:])]


def control(past: Sequence[Sample], zone: str) -> Control | None:
    """The control chart of a history by its last days, anew from each day on which the level changed; None for fewer
    days than it takes."""
    days = daily(past, zone)[-MOST:]
    if len(days) < FEWEST:
        return None
    values, weeks = _calm_weeks(days)
    starts = [part.start for part in _parts(values)] or [0]
    levels: list[Level] = []
    signals: list[int] = []
    for start, end in pairwise([*starts, len(values)]):
        chart = control_chart(values[start:end])
        levels.append(Level(start, end, chart.mean, chart.low, chart.high))
        signals += [start + signal.at for signal in chart.signals]
    measured, shown = tuple(value for _, value in days), tuple(map(float, values))
    on = tuple(day for day, _ in days)
    return Control(on, measured, shown, tuple(levels), tuple(sorted(set(signals))), weeks is not None)


def _calm_weeks(days: Sequence[tuple[date, float]]) -> tuple[Floats, Seasons | None]:
    """The values without what weekdays add, where that matters, with what they add."""
    weeks = weekly(days)
    if weeks is not None and weeks.matter:
        return weeks.adjusted, weeks
    return np.array([value for _, value in days]), None


def _parts(values: Floats) -> list[Stretch]:
    """The stretches of one level; none where there are too few values for two."""
    return stretches(calmed(values), usual_penalty(values), FEWEST) if len(values) >= 2 * FEWEST else []


def calmed(values: Floats) -> Floats:
    """Each value replaced by the median of it and its neighbours: one day far out is news, but no change of level."""
    padded = np.concatenate([values[1:2], values, values[-2:-1]])
    return np.asarray(np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0))


def weekly(days: Sequence[tuple[date, float]]) -> Seasons | None:
    """The days without what each weekday adds; None where a day is missing or there are not two whole weeks."""
    if any((after - before).days != 1 for (before, _), (after, _) in pairwise(days)):
        return None
    return without_seasons(np.array([value for _, value in days]), 7)


def _news(days: Sequence[tuple[date, float]], values: Floats) -> Found:
    """What the control chart says of the stretch since the level last changed."""
    chart = control_chart(values)
    limits = {"mean": chart.mean, "low": chart.low, "high": chart.high}
    news = [signal for signal in chart.signals if signal.at >= len(days) - NEWEST]
    if not news:
        return Found("steady", limits, {"count": len(days)})
    last = news[-1]
    told = {"on": days[last.at][0].isoformat(), "count": len(days)}
    return Found(f"{last.rule}_{'above' if last.above else 'below'}", {**limits, "value": days[last.at][1]}, told)


def daily(past: Sequence[Sample], zone: str) -> list[tuple[date, float]]:
    """The last value of each day of the town, in order of time."""
    where = ZoneInfo(zone)
    return list({sample.at.astimezone(where).date(): sample.value for sample in past}.items())
