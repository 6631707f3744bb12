"""What do the statistics say of the past of an indicator: is it steady, has something happened, are there seasons?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from machinami.methods.control_chart import FEWEST, control_chart
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


def look(past: Sequence[Sample], zone: str) -> list[Found]:
    """What is found in a history, by its last days."""
    days = daily(past, zone)[-MOST:]
    if len(days) < FEWEST:
        return [Found("too_few", facts={"count": len(days), "fewest": FEWEST})]
    values = np.array([value for _, value in days])
    chart = control_chart(values)
    limits = {"mean": chart.mean, "low": chart.low, "high": chart.high}
    news = [signal for signal in chart.signals if signal.at >= len(days) - NEWEST]
    if not news:
        return [Found("steady", limits, {"count": len(days)})]
    last = news[-1]
    told = {"on": days[last.at][0].isoformat(), "count": len(days)}
    return [Found(f"{last.rule}_{'above' if last.above else 'below'}", {**limits, "value": days[last.at][1]}, told)]


def daily(past: Sequence[Sample], zone: str) -> list[tuple[date, float]]:
    """The last value of each day of the town, in order of time."""
    where = ZoneInfo(zone)
    return list({sample.at.astimezone(where).date(): sample.value for sample in past}.items())
