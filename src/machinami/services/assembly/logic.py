"""What does the town's account say, from what stands in its data?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from machinami.model.vocabulary.circle import (
    ActionPlan,
    CostItem,
    EffectEstimate,
    IncomeItem,
    Initiative,
    KeyPerformanceIndicator,
    Pilot,
    Proposal,
)
from machinami.services.assembly.model import Account, Change, Keeping, Money, PlanAccount, Promise, Stage, Voices

FISCAL_YEAR_BEGINS = 4  # April
STOPPED = frozenset({"failed", "stopped"})


@dataclass(frozen=True, slots=True)
class Known:
    """What the account is made of. plan: the one that stands, None where none is published."""

    plan: ActionPlan | None
    works: Sequence[Initiative]
    kpis: Sequence[KeyPerformanceIndicator]
    pilots: Sequence[Pilot]
    costs: Sequence[CostItem]
    incomes: Sequence[IncomeItem]
    proposals: Sequence[Proposal]
    effects: Sequence[EffectEstimate] = ()


def fiscal_year(day: date) -> int:
    """The Japanese fiscal year of a day: it begins in April."""
    return day.year if day.month >= FISCAL_YEAR_BEGINS else day.year - 1


def standing_plan(plans: Sequence[ActionPlan]) -> ActionPlan | None:
    """The plan with the greatest version that is not withdrawn."""
    standing = [plan for plan in plans if not plan.withdrawn]
    return max(standing, key=lambda plan: (plan.version or 0, plan.id), default=None)


def account(known: Known, year: int, today: date) -> Account:
    """The account of one fiscal year, as it stands today. What the plan promises is its works; without a plan, all."""
    named = set(known.plan.initiatives or ()) if known.plan else set()
    works = [work for work in known.works if work.id in named] if named else list(known.works)
    return Account(
        year,
        [_promise(work, known, year) for work in works],
        [_change(kpi, known.effects) for kpi in known.kpis],
        _money(known.costs, known.incomes, year),
        [pilot for pilot in known.pilots if pilot.state in STOPPED],
        [kpi for kpi in known.kpis if kpi.state == "off_path"],
        [pilot for pilot in known.pilots if pilot.state in (None, "planned", "running")],
        _voices(known.proposals, today),
    )


def summed(told: Account) -> PlanAccount:
    """The account in numbers, kept for every fiscal year."""
    done, due = told.kept
    return PlanAccount(
        f"urn:ngsi-ld:PlanAccount:{told.year}",
        told.year,
        due,
        done,
        told.money.costs.get(told.year, 0),
        told.money.incomes.get(told.year, 0),
        len(told.failed_pilots),
        len(told.off_path),
        len(told.voices.overdue),
    )


def _promise(work: Initiative, known: Known, year: int) -> Promise:
    rows = [stage for row in work.stages or () if (stage := _stage(row, year)) is not None]
    own = [cost for cost in known.costs if cost.ref_initiative == work.id]
    return Promise(
        work,
        sorted(rows, key=lambda stage: (stage.first, stage.last)),
        [kpi for kpi in known.kpis if kpi.id in (work.kpis or ())],
        [pilot for pilot in known.pilots if pilot.ref_initiative == work.id],
        sum(cost.amount or 0 for cost in own),
        sum(cost.amount or 0 for cost in own if cost.year == year),
    )


def _stage(row: dict[str, object], year: int) -> Stage | None:
    """A row of a roadmap as it stands in a year; None for one that names no years."""
    first, last = row.get("from"), row.get("to", row.get("from"))
    if not isinstance(first, int) or not isinstance(last, int):
        return None
    return Stage(
        str(row.get("stage", "")), first, max(first, last), _keeping(str(row.get("state", "")), first, last, year)
    )


def _keeping(state: str, first: int, last: int, year: int) -> Keeping:
    if state == "done":
        return "done"
    if state == "stopped":
        return "stopped"
    if last < year or (first < year and state != "going"):
        return "late"
    return "in_time" if first <= year else "ahead"


def _change(kpi: KeyPerformanceIndicator, effects: Sequence[EffectEstimate]) -> Change:
    value = kpi.current.value if kpi.current else None
    own = [one for one in effects if one.ref_indicator == kpi.id]
    if value is None or kpi.baseline is None:
        return Change(kpi, None, None, own)
    by = value - kpi.baseline
    if kpi.direction not in ("up", "down") or by == 0:
        return Change(kpi, by, None, own)
    return Change(kpi, by, (by > 0) == (kpi.direction == "up"), own)


def _money(costs: Sequence[CostItem], incomes: Sequence[IncomeItem], year: int) -> Money:
    spent, earned, payers, sources = Counter[int](), Counter[int](), Counter[str](), Counter[str]()
    lasting, operating = Counter[int](), Counter[int]()
    for cost in costs:
        if cost.year is not None:
            spent[cost.year] += cost.amount or 0
            if cost.year == year:
                payers[cost.payer or ""] += cost.amount or 0
            if cost.task != "initial":
                operating[cost.year] += cost.amount or 0
    for income in incomes:
        if income.year is not None:
            earned[income.year] += income.amount or 0
            if income.year == year:
                sources[income.source or ""] += income.amount or 0
            if income.source != "grant":
                lasting[income.year] += income.amount or 0
    missing = {y: operating[y] - lasting[y] for y in sorted(operating) if y >= year and operating[y] > lasting[y]}
    return Money(dict(sorted(spent.items())), dict(sorted(earned.items())), dict(payers), dict(sources), missing)


def _voices(proposals: Sequence[Proposal], today: date) -> Voices:
    shown = [one for one in proposals if one.state not in ("hidden", "withdrawn")]
    answered = [one for one in shown if one.reply]
    overdue = [one for one in shown if not one.reply and one.due_on and one.due_on < today.isoformat()]
    return Voices(len(shown), len(answered), overdue, [one for one in shown if one.changed])
