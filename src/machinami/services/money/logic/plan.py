"""What do the rows come to year by year, and can the work go on without grants? Whole yen, no chance in it."""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from math import floor

from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.services.money.model import OPERATION, WITHDRAWN, Finding, PlanYear

_APRIL = 4


def fiscal_year(day: date) -> int:
    """The fiscal year of a day: April to March."""
    return day.year if day.month >= _APRIL else day.year - 1


def standing(items: Iterable[CostItem | IncomeItem]) -> list[CostItem | IncomeItem]:
    """The rows that count: not withdrawn, with a year and an amount."""
    return [i for i in items if i.state != WITHDRAWN and i.year is not None and i.amount is not None]


def first_year(costs: Sequence[CostItem], incomes: Sequence[IncomeItem], today: date) -> int:
    """With which year the plan begins: this one, or the first of the rows where all are later."""
    years = [item.year for item in standing((*costs, *incomes)) if item.year is not None]
    this = fiscal_year(today)
    return max(this, min(years, default=this))


def plan_of(costs: Sequence[CostItem], incomes: Sequence[IncomeItem], first: int, years: int) -> list[PlanYear]:
    """The plan of so many years. A cost of no known task counts as running (upkeep): it is not forgotten then."""
    found = {year: PlanYear(year, {}, {}) for year in range(first, first + years)}
    for item in standing((*costs, *incomes)):
        row = found.get(item.year or 0)
        if row is None or item.amount is None:
            continue
        if isinstance(item, CostItem):
            task = item.task or "upkeep"
            row.costs[task] = row.costs.get(task, 0) + item.amount
        else:
            source = item.source or "other"
            row.incomes[source] = row.incomes.get(source, 0) + item.amount
    return list(found.values())


def judge(plan: Sequence[PlanYear], costs: Sequence[CostItem], incomes: Sequence[IncomeItem]) -> list[Finding]:
    """What must be said of a plan, what matters most first."""
    counted = [i for i in standing((*costs, *incomes)) if any(i.year == row.year for row in plan)]
    return [
        *_uncovered(plan),
        *_empty_purse(plan),
        *_no_operation(plan),
        *_no_payer([i for i in counted if isinstance(i, CostItem)]),
        *_unsure(plan, [i for i in counted if isinstance(i, IncomeItem)]),
    ]


def _uncovered(plan: Sequence[PlanYear]) -> list[Finding]:
    """The years in which running costs are not covered without grants; years of the same figures in a row are one."""
    found: list[Finding] = []
    for row in plan:
        if not row.uncovered:
            continue
        own = row.income - row.grants
        facts = {"short": row.uncovered, "operation": row.operation, "own": own, "grants": row.grants}
        last = found[-1].facts if found else {}
        if last.get("until") == row.year - 1 and facts.items() <= last.items():
            found[-1] = Finding("uncovered", {**last, "until": row.year})
        else:
            found.append(Finding("uncovered", {"year": row.year, "until": row.year, **facts}))
    return found


def _empty_purse(plan: Sequence[PlanYear]) -> list[Finding]:
    """The first year in which more has gone out than has come in, all years before counted."""
    left = 0
    for row in plan:
        left += row.balance
        if left < 0:
            return [Finding("empty", {"year": row.year, "short": -left})]
    return []


def _no_operation(plan: Sequence[PlanYear]) -> list[Finding]:
    built = [row.year for row in plan if row.costs.get("initial")]
    if not built or any(row.operation for row in plan):
        return []
    return [Finding("no_operation", {"year": built[0]})]


def _no_payer(costs: Sequence[CostItem]) -> list[Finding]:
    unpaid = [item for item in costs if not (item.payer or "").strip() and item.amount]
    amount = sum(item.amount or 0 for item in unpaid)
    return [Finding("no_payer", {"count": len(unpaid), "short": amount})] if unpaid else []


def _unsure(plan: Sequence[PlanYear], incomes: Sequence[IncomeItem]) -> list[Finding]:
    """The first year that is paid for if all comes in, but not by what is sure."""
    for row in plan:
        unsure = sum(_unsure_part(item) for item in incomes if item.year == row.year)
        if row.balance >= 0 > row.balance - unsure:
            return [Finding("unsure", {"year": row.year, "short": unsure - row.balance, "unsure": unsure})]
    return []


def _unsure_part(item: IncomeItem) -> int:
    """The yen of an income that are not counted on, exact: what is sure is rounded down."""
    amount, sure = item.amount or 0, 1.0 if item.sure is None else min(max(item.sure, 0.0), 1.0)
    return amount - floor(amount * Fraction(str(sure)))


def by_payer(plan: Sequence[PlanYear], costs: Sequence[CostItem]) -> list[tuple[str, int]]:
    """Who pays how much of what goes out in the years of the plan, the most first; "" for what nobody is named for."""
    years, paid = {row.year for row in plan}, dict[str, int]()
    for item in standing(costs):
        if item.year in years and item.amount:
            name = (item.payer or "").strip()
            paid[name] = paid.get(name, 0) + item.amount
    return sorted(paid.items(), key=lambda row: (-row[1], row[0]))


def by_work(plan: Sequence[PlanYear], costs: Sequence[CostItem], work: str | None) -> tuple[int, int]:
    """What one work (None: no work in particular) costs to begin and to run, over the years of the plan."""
    years = {row.year for row in plan}
    rows = [i for i in standing(costs) if i.year in years and (i.ref_initiative or None) == work]
    costs_of = [i for i in rows if isinstance(i, CostItem)]
    begun = sum(i.amount or 0 for i in costs_of if i.task == "initial")
    return begun, sum(i.amount or 0 for i in costs_of) - begun


def duties_of(plan: Sequence[PlanYear], costs: Sequence[CostItem]) -> dict[str, int]:
    """What running costs by duty (a 運用, b データ整備, c データ連携, d 外部サービス連携); "" where none is named."""
    years, found = {row.year for row in plan}, dict[str, int]()
    for item in costs:
        if item.year in years and item.task in OPERATION and item.amount and item.state != WITHDRAWN:
            found[item.duty or ""] = found.get(item.duty or "", 0) + item.amount
    return found
