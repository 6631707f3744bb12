"""Where does each stage of each work lie on the road map? Geometry in whole units, drawn by whoever has a pen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, LABEL, HEAD, LANE, BAR = 960, 250, 34, 46, 26
LONGEST_LABEL = 15


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage: where it lies, and in which state it is."""

    stage: str
    state: str
    first: int
    last: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One work: its name, as it fits beside its bars, and its stages."""

    name: str
    label: str
    y: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Roadmap:
    """A road map. columns: each year with where its column begins; now: where this year ends or begins, None where it
    lies outside."""

    width: int
    height: int
    column: float
    columns: tuple[tuple[int, float], ...]
    lanes: tuple[Lane, ...]
    now: float | None


def roadmap(works: Sequence[tuple[str, Sequence[Mapping[str, object]]]], this_year: int) -> Roadmap | None:
    """The road map of works (name, stages), one lane each; None where no stage has a year.

    Stages of one work that overlap share the height of its lane, so that none hides another.
    """
    rows = [(name, [_read(stage) for stage in stages if _has_years(stage)]) for name, stages in works]
    rows = [(name, stages) for name, stages in rows if stages]
    if not rows:
        return None
    first = min(stage[2] for _, stages in rows for stage in stages)
    last = max(stage[3] for _, stages in rows for stage in stages)
    column = (WIDTH - LABEL) / (last - first + 1)
    lanes = tuple(_lane(name, stages, number, first, column) for number, (name, stages) in enumerate(rows))
    years = tuple((year, LABEL + (year - first) * column) for year in range(first, last + 1))
    now = LABEL + (this_year - first) * column if first <= this_year <= last else None
    return Roadmap(WIDTH, HEAD + LANE * len(rows) + 6, column, years, lanes, now)


_Stage = tuple[str, str, int, int]


def _has_years(stage: Mapping[str, object]) -> bool:
    return all(isinstance(stage.get(name), int) for name in ("from", "to"))


def _read(stage: Mapping[str, object]) -> _Stage:
    first, last = int(str(stage["from"])), int(str(stage["to"]))
    return str(stage.get("stage", "")), str(stage.get("state", "planned")), min(first, last), max(first, last)


def _lane(name: str, stages: Sequence[_Stage], number: int, first: int, column: float) -> Lane:
    levels = _levels(stages)
    height = BAR / (max(levels) + 1)
    top = HEAD + number * LANE + (LANE - BAR) / 2
    bars = tuple(
        Bar(
            stage, state, begins, ends,
            round(LABEL + (begins - first) * column + 2, 1),
            round(top + level * height, 1),
            round((ends - begins + 1) * column - 4, 1),
            round(height - 1, 1),
        )
        for (stage, state, begins, ends), level in zip(stages, levels, strict=True)
    )  # fmt: skip
    label = name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…"
    return Lane(name, label, top + BAR / 2, bars)


def _levels(stages: Sequence[_Stage]) -> list[int]:
    """On which level of the lane each stage lies: the lowest that is free in its years."""
    until: list[int] = []
    levels = []
    for _, _, begins, ends in stages:
        level = next((n for n, last in enumerate(until) if last < begins), len(until))
        until[level : level + 1] = [ends]
        levels.append(level)
    return levels
