"""How does the logic model stand on paper: which box where, and which lead to which?

From what is put in, on the left, to what becomes of the town in the long run, on the right: one column for each level
that has indicators. Within a column, indicators stand at the height of those that lead to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from machinami.model.vocabulary.circle import KeyPerformanceIndicator
from machinami.services.indicators.model import LEVELS

BOX, TALL, ACROSS, DOWN, TOP = 190, 84, 46, 22, 34
LINE_WIDTH, LINES = 23, 3
"""How many narrow letters fit into a line of a box (a wide one counts as two), and how many lines."""


@dataclass(frozen=True, slots=True)
class Box:
    """One indicator: where its upper left corner is, and the lines of its name."""

    id: str
    x: int
    y: int
    lines: tuple[str, ...]
    level: str
    state: str
    is_goal: bool


@dataclass(frozen=True, slots=True)
class Lead:
    """One indicator leads to another: a curve from the right of one box to the left of the other, as an SVG path."""

    start: str
    end: str
    path: str
    back: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """The drawing: its size, the levels with where their columns begin, boxes, and what leads to what."""

    width: int
    height: int
    columns: tuple[tuple[str, int], ...]
    boxes: tuple[Box, ...]
    leads: tuple[Lead, ...]


def draw(kpis: Sequence[KeyPerformanceIndicator], names: Mapping[str, str]) -> Chain:
    """The logic model of the indicators. names: by id, as the reader calls them. What leads to one that is not there
    any more is not drawn."""
    levels = [level for level in LEVELS if any(_level(kpi) == level for kpi in kpis)]
    starts = {level: place * (BOX + ACROSS) for place, level in enumerate(levels)}
    boxes: dict[str, Box] = {}
    led: dict[str, list[str]] = {}
    for kpi in kpis:
        for other in kpi.leads_to or ():
            led.setdefault(other, []).append(kpi.id)
    for level in levels:
        column = sorted((k for k in kpis if _level(k) == level), key=lambda k: _height(led.get(k.id, ()), boxes))
        for place, kpi in enumerate(column):
            y = TOP + place * (TALL + DOWN)
            lines = wrapped(names.get(kpi.id, kpi.id))
            boxes[kpi.id] = Box(kpi.id, starts[level], y, lines, level, kpi.state or "unmeasured", bool(kpi.is_goal))
    leads = [_lead(boxes[kpi.id], boxes[other]) for kpi in kpis for other in kpi.leads_to or () if other in boxes]
    width = max(len(levels) * (BOX + ACROSS) - ACROSS, BOX)
    height = max((box.y + TALL for box in boxes.values()), default=TOP) + 4
    return Chain(width, height, tuple(starts.items()), tuple(boxes.values()), tuple(leads))


def circular(leads: Mapping[str, Sequence[str]]) -> list[str]:
    """The indicators that lead to themselves in a circle; a logic model has none."""
    return sorted(start for start in leads if _reaches(start, start, leads, set()))


def _reaches(at: str, wanted: str, leads: Mapping[str, Sequence[str]], passed: set[str]) -> bool:
    for other in leads.get(at, ()):
        if other == wanted:
            return True
        if other not in passed:
            passed.add(other)
            if _reaches(other, wanted, leads, passed):
                return True
    return False


def wrapped(text: str) -> tuple[str, ...]:
    """The text in lines that fit into a box; what does not fit is cut, with an ellipsis."""
    lines: list[str] = [""]
    for letter in text:
        if _width(lines[-1] + letter) <= LINE_WIDTH:
            lines[-1] += letter
            continue
        whole, space, begun = lines[-1].rpartition(" ")
        if space and letter != " " and (begun + letter).isascii():  # words that have spaces between them stay whole
            lines[-1:] = [whole, begun + letter]
        else:
            lines.append(letter.strip())
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], lines[LINES - 1][:-1] + "…"]
    return tuple(lines)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in text)


def _level(kpi: KeyPerformanceIndicator) -> str:
    return kpi.level if kpi.level in LEVELS else "outcome"


def _height(leading: Sequence[str], boxes: Mapping[str, Box]) -> float:
    known = [boxes[name].y for name in leading if name in boxes]
    return sum(known) / len(known) if known else float("inf")


def _lead(start: Box, end: Box) -> Lead:
    x, y = start.x + BOX, start.y + TALL // 2
    left, right = end.x, end.y + TALL // 2
    if left > x + ACROSS:  # past the boxes of other columns, through the gap below the row
        gap = start.y + TALL + DOWN // 2
        over = f"C{x + ACROSS // 2} {y} {x + ACROSS // 4} {gap} {x + ACROSS} {gap} H{left - ACROSS}"
        return Lead(
            start.id, end.id, f"M{x} {y} {over} C{left - 16} {gap} {left - 30} {right} {left - 6} {right}", False
        )
    if left > start.x:
        bend = (left - x) // 2
        return Lead(start.id, end.id, f"M{x} {y} C{x + bend} {y} {left - bend} {right} {left - 6} {right}", False)
    below = max(start.y, end.y) + TALL + DOWN // 2
    return Lead(start.id, end.id, f"M{x} {y} C{x + 40} {below} {left - 40} {below} {left - 6} {right}", True)
