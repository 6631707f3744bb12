"""How are the series of an indicator drawn: its control chart, and two lines that are compared?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from machinami.kit.units import shown
from machinami.services.indicators.logic.past import Control

WIDE, HIGH, EDGE = 640, 200, 12


@dataclass(frozen=True, slots=True)
class Drawing:
    """Two lines on common steps: as SVG paths in a box of WIDE by HIGH; began: where the measure began, across."""

    treated: str
    others: str
    began: float
    rows: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """The stretch of one level: from where to where across, and the heights of its mean and limits."""

    left: float
    right: float
    mean: float
    low: float
    high: float
    said: str


@dataclass(frozen=True, slots=True)
class ControlChart:
    """A control chart as SVG: the line of what was measured, the one without weekdays (empty where it is the same), the
    levels, and the points that are out of the ordinary; first, last: its days; least, most: its lowest and highest
    values."""

    measured: str
    adjusted: str
    levels: Sequence[Limits]
    signals: Sequence[tuple[float, float]]
    first: str
    last: str
    least: str
    most: str


class _Box:
    """Where a value of a step stands in a box of WIDE by HIGH."""

    def __init__(self, count: int, values: Sequence[float]) -> None:
        self.step = (WIDE - 2 * EDGE) / max(count - 1, 1)
        self.low = min(values)
        self.room = (max(values) - self.low) or 1.0

    def across(self, place: float) -> float:
        return round(EDGE + self.step * place, 1)

    def down(self, value: float) -> float:
        return round(HIGH - EDGE - (HIGH - 2 * EDGE) * (value - self.low) / self.room, 1)

    def path(self, values: Sequence[float]) -> str:
        return "M" + " L".join(f"{self.across(place)},{self.down(value)}" for place, value in enumerate(values))


def two_lines(series: Mapping[str, Any], began: str, unit: str) -> Drawing | None:
    """Both lines of a comparison; None where there is too little."""
    steps, treated, others = (list(series.get(name) or ()) for name in ("steps", "treated", "others"))
    if len(steps) < 2 or not len(steps) == len(treated) == len(others):
        return None
    box = _Box(len(steps), [*treated, *others])
    first = sum(one < began for one in steps)
    rows = [
        (day, f"{shown(one)} {unit}".rstrip(), f"{shown(other)} {unit}".rstrip())
        for day, one, other in zip(steps, treated, others, strict=True)
    ]
    return Drawing(box.path(treated), box.path(others), box.across(first - 0.5), rows)


def control_chart(found: Control | None, unit: str) -> ControlChart | None:
    """A control chart as it is drawn."""
    if found is None:
        return None
    bounds = [bound for level in found.levels for bound in (level.low, level.high)]
    box = _Box(len(found.days), [*found.measured, *found.values, *bounds])
    levels = [
        Limits(
            box.across(level.start - 0.5 if level.start else 0),
            box.across(min(level.end - 0.5, len(found.days) - 1)),
            box.down(level.mean),
            box.down(level.low),
            box.down(level.high),
            f"{shown(level.mean)} {unit} ({shown(level.low)} – {shown(level.high)})",
        )
        for level in found.levels
    ]
    everything = [*found.measured, *found.values, *bounds]
    return ControlChart(
        box.path(found.measured),
        box.path(found.values) if found.adjusted else "",
        levels,
        [(box.across(at), box.down(found.values[at])) for at in found.signals],
        found.days[0].isoformat(),
        found.days[-1].isoformat(),
        f"{shown(min(everything))} {unit}".rstrip(),
        f"{shown(max(everything))} {unit}".rstrip(),
    )
