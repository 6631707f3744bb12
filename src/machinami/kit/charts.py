"""How does a series become a picture and a table? Gaps stay gaps; every chart has its numbers behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Literal

from machinami.kit.moments import zone_name
from machinami.model.expectation import Step

Point = tuple[datetime, float | None]
Direction = Literal["rising", "falling", "steady", "unknown"]
SILENT_STEPS = 2.5
"""A distance of more than so many usual steps is a gap (one late reading is not)."""
_NEAR = 12  # distances on either side that say which step is usual there


@dataclass(frozen=True, slots=True)
class Line:
    """A level that means something, drawn across the chart; `level` is its 警戒レベル相当."""

    label: str
    value: float
    level: int


@dataclass(frozen=True, slots=True)
class Chart:
    """One picture: what was observed, what is expected, and the lines that matter. Rain hangs from the top."""

    title: str
    unit: str
    observed: Sequence[Point]
    now: datetime
    forecast: Sequence[Step] = ()
    lines: Sequence[Line] = ()
    rain: Sequence[Point] = ()
    rain_unit: str = "mm"
    digits: int = 2


@dataclass(frozen=True, slots=True)
class Spark:
    """A small line in a box of `width` by `height`: one SVG path a piece, lines across, and the last point."""

    width: int
    height: int
    paths: tuple[str, ...]
    lines: tuple[tuple[float, int], ...]
    last: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table behind a chart."""

    at: datetime
    observed: float | None = None
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    rain: float | None = None


def with_gaps(points: Sequence[Point]) -> list[Point]:
    """The points with a None put into every silence, so that a line never bridges one.

    What is a silence is judged by the distances before and after it: where old readings are kept by the hour and newer
    ones as they came, each part has its own step.
    """
    distances = [(b - a).total_seconds() for (a, _), (b, _) in pairwise(points)]
    shown = list(points[:1])
    for at, after in enumerate(points[1:]):
        near = distances[max(0, at - _NEAR) : at], distances[at + 1 : at + 1 + _NEAR]
        step = max((median(side) for side in near if side), default=distances[at])
        if distances[at] > step * SILENT_STEPS:
            shown.append((points[at][0] + timedelta(seconds=step), None))
        shown.append(after)
    return shown


def trend(points: Sequence[Point], over: timedelta = timedelta(hours=1), steady: float = 0.03) -> Direction:
    """Which way the series went over the last `over`; changes under `steady` units per hour are steady."""
    values = [(at, value) for at, value in points if value is not None]
    recent = [(at, value) for at, value in values if at >= values[-1][0] - over] if values else []
    if len(recent) < 2:
        return "unknown"
    (start, first), (end, last) = recent[0], recent[-1]
    rate = (last - first) / ((end - start).total_seconds() / 3_600)
    if abs(rate) < steady:
        return "steady"
    return "rising" if rate > 0 else "falling"


def spark(points: Sequence[Point], lines: Sequence[Line] = (), width: int = 132, height: int = 40) -> Spark:
    """The series as a small picture; lines are drawn where they fall into its range."""
    known = [value for _, value in points if value is not None]
    if not known:
        return Spark(width, height, (), (), None)
    low, high = min(known), max(known)
    shown = [line for line in lines if low - (high - low) <= line.value <= high + (high - low) * 0.5]
    bottom = min([low, *(line.value for line in shown)])
    room = max(max([high, *(line.value for line in shown)]) - bottom, 0.3)
    start, end = points[0][0], points[-1][0]
    span = max((end - start).total_seconds(), 1.0)

    def across(at: datetime) -> float:
        return round(3 + (width - 6) * (at - start).total_seconds() / span, 1)

    def down(value: float) -> float:
        return round(height - 4 - (height - 8) * (value - bottom) / room, 1)

    paths: list[str] = []
    piece: list[tuple[float, float]] = []
    last = None
    for at, value in [*with_gaps(points), (end, None)]:
        if value is None:
            if piece:
                paths.append("M" + " L".join(f"{x},{y}" for x, y in piece))
            piece = []
        else:
            last = (across(at), down(value))
            piece.append(last)
    return Spark(width, height, tuple(paths), tuple((down(line.value), line.level) for line in shown), last)


def payload(chart: Chart, words: dict[str, str], zone: str) -> dict[str, object]:
    """The chart as the browser draws it: columns over one time axis in epoch seconds, nulls for silence."""
    shown = with_gaps(chart.observed)
    silences = [at for at, value in shown if value is None]
    rows = table(chart)
    there = {row.at for row in rows}
    rows = sorted([*rows, *(Row(at) for at in silences if at not in there)], key=lambda row: row.at)
    return {
        "title": chart.title,
        "unit": chart.unit,
        "digits": chart.digits,
        "zone": zone,
        "zone_names": _zone_names(rows, zone),
        "now": int(chart.now.timestamp()),
        "words": words,
        "lines": [{"label": line.label, "value": line.value, "level": line.level} for line in chart.lines],
        "time": [int(row.at.timestamp()) for row in rows],
        "observed": [row.observed for row in rows],
        "between": _between(rows, shown),
        "low": [row.low for row in rows] if chart.forecast else None,
        "middle": [row.middle for row in rows] if chart.forecast else None,
        "high": [row.high for row in rows] if chart.forecast else None,
        "rain": [row.rain for row in rows] if chart.rain else None,
        "rain_unit": chart.rain_unit,
    }


def _zone_names(rows: Sequence[Row], zone: str) -> list[str]:
    """What the zone is called at each row; a single name where it is always the same."""
    names = [zone_name(row.at, zone) for row in rows]
    return names[:1] if len(set(names)) == 1 else names


def _between(rows: Sequence[Row], shown: Sequence[Point]) -> list[int]:
    """The rows that have no observation only because something else was measured then: no gap is drawn there."""
    silent, after = set[int](), 0
    for number, row in enumerate(rows):
        while after < len(shown) and shown[after][0] <= row.at:
            after += 1
        if row.observed is None and after > 0 and shown[after - 1][1] is None:
            silent.add(number)
    return [n for n, row in enumerate(rows) if row.observed is None and n not in silent]


def table(chart: Chart, at_most: int | None = None) -> list[Row]:
    """The numbers behind the chart, oldest first. With `at_most`, observations are thinned evenly to so many
    (the newest always stays); forecasts are never thinned. A forecast starts where observations end."""
    rain = dict(chart.rain)
    observed = [Row(at, observed=value, rain=rain.get(at)) for at, value in chart.observed]
    seen = {row.at for row in observed}
    observed += [Row(at, rain=value) for at, value in chart.rain if at not in seen]
    observed.sort(key=lambda row: row.at)
    if at_most and len(observed) > at_most:
        every = -(-len(observed) // at_most)
        observed = observed[(len(observed) - 1) % every :: every]
    ahead = [Row(s.at, low=s.low, middle=s.middle, high=s.high) for s in chart.forecast]
    if ahead and observed and not at_most:
        start = observed[-1]
        anchor = start.observed
        observed[-1] = Row(start.at, anchor, anchor, anchor, anchor, start.rain)
    return [*observed, *ahead]
