"""What is a plan worth today, when is it paid back, and how sure is that? For a worker: it draws by chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from machinami.methods.investment import Prospect, Row, prospect
from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.services.money.logic.plan import standing

DRAWS = 4_000


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a plan comes to, in whole yen; see `methods.investment.Prospect`."""

    worth: int
    worth_middle: int
    worth_low: int
    worth_high: int
    risk: float
    payback: float | None


def look_ahead(
    costs: Sequence[CostItem], incomes: Sequence[IncomeItem], first: int, years: int, rate: float, seed: int
) -> Outlook | None:
    """The prospect of the rows; None where there are none in these years. Rows of one name move together: what the
    cloud costs more this year it costs more next year too."""
    rows = [*rows_of(costs, first, years, -1), *rows_of(incomes, first, years, 1)]
    if not rows:
        return None
    found: Prospect = prospect(rows, rate, np.random.default_rng(seed), DRAWS)
    middle, low, high = round(found.middle), round(found.worth_low), round(found.worth_high)
    return Outlook(round(found.worth), middle, low, high, found.uncovered, found.payback)


def rows_of(items: Sequence[CostItem | IncomeItem], first: int, years: int, sign: int) -> list[Row]:
    """The rows of a plan: one for what has the same name, work and bounds, with an amount for each year."""
    held: dict[tuple[str, str, float, float], list[float]] = {}
    for item in standing(items):
        if item.year is None or item.amount is None or not first <= item.year < first + years:
            continue
        name = item.name.get("ja", item.id) if item.name else item.id
        key = (name, item.ref_initiative or "", *_bounds(item))
        held.setdefault(key, [0.0] * years)[item.year - first] += sign * item.amount
    return [Row(name, tuple(amounts), least, most) for (name, _, least, most), amounts in held.items()]


def _bounds(item: CostItem | IncomeItem) -> tuple[float, float]:
    if isinstance(item, IncomeItem):
        return min(max(1.0 if item.sure is None else item.sure, 0.0), 1.0), 1.0
    least, most = item.least, item.most
    return min(1.0 if least is None else max(least, 0.0), 1.0), max(1.0 if most is None else most, 1.0)
