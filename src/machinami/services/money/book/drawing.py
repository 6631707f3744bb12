"""How do years of costs and income become two bars each? As rectangles of a picture that needs no script."""

from collections.abc import Callable, Sequence

from machinami.services.money.book.state import Bars, Mark, Rect
from machinami.services.money.model import SOURCES, TASKS, PlanYear

WIDTH, HEIGHT = 640, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 8, 12, 34
_STEPS = (1, 2, 2.5, 5, 10)
_TICKS = 4


def bars(plan: Sequence[PlanYear], said: Callable[[int], str]) -> Bars | None:
    """The picture; None where there is nothing to show. said: how an amount of yen is written beside the scale."""
    most = max([max(row.cost, row.income) for row in plan], default=0)
    if most <= 0:
        return None
    step = step_of(most)
    top = step * -(-most // step)
    room = HEIGHT - _TOP - _BOTTOM
    base = HEIGHT - _BOTTOM
    slot = (WIDTH - _LEFT - _RIGHT) / len(plan)
    width = round(min(slot * 0.34, 46), 1)
    rects: list[Rect] = []
    years: list[Mark] = []
    for number, row in enumerate(plan):
        middle = _LEFT + slot * (number + 0.5)
        spent = [(name, row.costs.get(name, 0)) for name in TASKS]
        rects += _stack(middle - width - 2, width, base, room / top, _merged(spent, "initial", "running"))
        earned = [(name, row.incomes.get(name, 0)) for name in SOURCES]
        rects += _stack(middle + 2, width, base, room / top, _merged(earned, "grant", "own"))
        years.append(Mark(round(middle, 1), HEIGHT - 10, str(row.year)))
    ticks = [Mark(_LEFT - 8, round(base - room * n * step / top, 1), said(n * step)) for n in range(top // step + 1)]
    return Bars(WIDTH, HEIGHT, rects, years, ticks, base)


def step_of(most: int) -> int:
    """A round distance of yen between the marks of a scale, so that there are some four of them."""
    size = 10 ** max(len(str(most // _TICKS or 1)) - 1, 0)
    return next(int(size * step) or 1 for step in _STEPS if size * step * _TICKS >= most)


def _merged(parts: Sequence[tuple[str, int]], first: str, rest: str) -> list[tuple[str, int]]:
    one = sum(amount for name, amount in parts if name == first)
    return [(rest, sum(amount for _, amount in parts) - one), (first, one)]


def _stack(x: float, width: float, base: float, scale: float, parts: Sequence[tuple[str, int]]) -> list[Rect]:
    rects, foot = [], base
    for kind, amount in parts:
        if amount:
            height = amount * scale
            foot -= height
            rects.append(Rect(round(x, 1), round(foot, 1), width, round(height, 1), kind))
    return rects
