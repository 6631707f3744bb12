"""What is happening in town now, in words a resident understands, and what to do next?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from machinami.kit.charts import Spark, spark
from machinami.kit.happening import Happening, Level, Notice, Reading, Source, worst

Cause = Literal["told", "seen", "calm", "unknown", "empty", "closed", "hidden"]
TOLD, LEVELS = "Alert", "RiverGauge"  # the types of what the town tells its people, and of what shows the rivers
TOLD_OF = (TOLD, LEVELS, "RainGauge")
TEMPLATE = "machinami.portal/home.html"


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One gauge of the list, with its small picture."""

    reading: Reading
    spark: Spark


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source of data and whether it is silent."""

    source: Source
    silent: bool


@dataclass(frozen=True, slots=True)
class HomeView:
    """All that the home page shows. hidden: not every gauge is shown to who looks."""

    cause: Cause
    level: Level | None
    where: str
    others: int
    notices: Sequence[Notice]
    levels: Sequence[ReadingRow]
    rains: Sequence[ReadingRow]
    sources: Sequence[SourceRow]
    silent: int
    newest: datetime | None
    waiting: int
    hidden: bool = False


def view(happening: Happening, now: datetime) -> HomeView:
    """The home page from what the services say. What the town has told comes before what gauges show.

    Where who looks may not see all that the town tells, nothing is said of how things stand: what they do not see may
    be a call to leave.
    """
    sees_told = TOLD not in happening.closed
    level = worst(happening) if sees_told else None
    sources = [SourceRow(source, source.silent(now)) for source in happening.sources]
    moments = [r.observed_at for r in happening.readings if r.observed_at]
    moments += [s.last for s in happening.sources if s.last]
    rows = [ReadingRow(r, spark(r.series, r.lines)) for r in happening.readings]
    return HomeView(
        cause=_cause(happening, level) if sees_told else "closed",
        level=level,
        where=_where(happening, level),
        others=_others(happening, level),
        notices=happening.notices,
        levels=[row for row in rows if row.reading.kind == "level"],
        rains=sorted((row for row in rows if row.reading.kind == "rain"), key=_heaviest_first),
        sources=sorted(sources, key=lambda row: (not row.silent, row.source.name)),
        silent=sum(row.silent for row in sources),
        newest=max(moments, default=None),
        waiting=happening.waiting,
        hidden=LEVELS in happening.closed,
    )


def _heaviest_first(row: ReadingRow) -> tuple[bool, float, str]:
    value = row.reading.value if row.reading.level is not None else None
    return (value is None, -(value or 0.0), row.reading.name)


def _cause(happening: Happening, level: Level | None) -> Cause:
    if LEVELS in happening.closed and level is None:
        return "hidden"
    if not happening.readings and not happening.sources and not happening.notices:
        return "empty"
    if level is None:
        return "unknown"
    if any(n.level == level and not n.own for n in happening.notices):
        return "told"
    return "seen" if level else "calm"


def _others(happening: Happening, level: Level | None) -> int:
    """How many more places stand as high as the one that is named."""
    told = [n for n in happening.notices if n.level == level and not n.own]
    return max(len(told or [r for r in happening.readings if level and r.level == level]) - 1, 0)


def _where(happening: Happening, level: Level | None) -> str:
    """The name of what stands highest: the area of a notice, else the gauge."""
    for notice in happening.notices:
        if notice.level == level and not notice.own:
            return notice.area
    return next((r.name for r in happening.readings if level and r.level == level), "")
