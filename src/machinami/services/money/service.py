"""What does the money service do, and what may an officer do with it? Gather, work out, publish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.kit.city import City
from machinami.model.undoing import logged
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CostItem, IncomeItem, Initiative
from machinami.model.vocabulary.office import Officer
from machinami.services.money.logic.agreed import cost_rows, replaceable
from machinami.services.money.logic.changes import Kept, restored, withdrawn
from machinami.services.money.logic.plan import first_year, judge, plan_of
from machinami.services.money.logic.plan import standing as standing_rows
from machinami.services.money.model import (
    WITHDRAWN,
    CashPlan,
    CostShare,
    MoneyChange,
    PlanYear,
    Settings,
    Shared,
    Sharing,
)

PACKAGE = "machinami.services.money"
PLAN_ID = f"urn:ngsi-ld:{CashPlan.TYPE}:town"
LOOK_AHEAD = f"{PACKAGE}.logic.outlook:look_ahead"  # in a worker: what it needs is heavy, and the town starts without
COMPARE = f"{PACKAGE}.logic.sharing:compare"
SEED = 2026
MOST_REPEATED = 10
_SEEN = (CostItem, IncomeItem, Initiative, CostShare, MoneyChange, CashPlan)


async def refresh(city: City, now: datetime) -> None:
    """Work out what the rows come to, and keep it where it has changed."""
    async with city.turn:
        settings = await city.settings(Settings)
        costs, incomes = await city.find(CostItem), await city.find(IncomeItem)
        first = first_year(costs, incomes, today(city, now))
        plan = plan_of(costs, incomes, first, settings.years)
        before = await city.get(CashPlan, PLAN_ID)
        rate = settings.discount_rate
        found = None
        if any(first <= (item.year or 0) < first + settings.years for item in standing_rows((*costs, *incomes))):
            found = await city.compute_at(LOOK_AHEAD, costs, incomes, first, settings.years, rate, SEED)
        if found is None and before is None:
            return
        findings = [{"kind": one.kind, **one.facts} for one in judge(plan, costs, incomes)]
        simulated = any([one.simulated for one in costs] + [one.simulated for one in incomes]) or None
        said = CashPlan(PLAN_ID, rows_of(plan), findings, rate, simulated=simulated)
        if found is not None:
            said = replace(
                said, worth=found.worth, worth_middle=found.worth_middle, worth_low=found.worth_low,
                worth_high=found.worth_high, risk=found.risk, payback=found.payback,
            )  # fmt: skip
        if before is None or replace(before, issued_at=None) != said:
            await city.publish(replace(said, issued_at=now), whole=True)


def rows_of(plan: Sequence[PlanYear]) -> list[dict[str, int]]:
    """A plan as rows, one a year."""
    return [
        {
            "year": row.year,
            "cost": row.cost,
            "operation": row.operation,
            "income": row.income,
            "grants": row.grants,
            "uncovered": row.uncovered,
        }
        for row in plan
    ]


def today(city: City, now: datetime) -> date:
    """The day it is in town."""
    return now.astimezone(ZoneInfo(city.zone)).date()


@dataclass(frozen=True, slots=True)
class Standing:
    """All that pages may ask of: rows, works, agreements, the log, settings; and the types of which who looks may not
    see everything."""

    costs: Sequence[CostItem]
    incomes: Sequence[IncomeItem]
    works: Mapping[str, Initiative]
    shares: Sequence[CostShare]
    changes: Sequence[MoneyChange]
    outlook: CashPlan | None
    settings: Settings
    first: int
    today: date
    closed: frozenset[str] = frozenset()


async def standing(city: City, now: datetime) -> Standing:
    """What stands at this moment."""
    costs, incomes = await city.find(CostItem), await city.find(IncomeItem)
    day = today(city, now)
    return Standing(
        costs,
        incomes,
        {one.id: one for one in await city.find(Initiative)},
        await city.find(CostShare),
        await city.find(MoneyChange),
        await city.get(CashPlan, PLAN_ID),
        await city.settings(Settings),
        first_year(costs, incomes, day),
        day,
        frozenset(view.TYPE for view in _SEEN if not city.shows(view)),
    )


async def add_costs(city: City, item: CostItem, years: int, by: Officer, reason: str) -> None:
    """Write a cost that comes again for so many years, a row a year. Raises BadRequestData."""
    kept = [replace(item, id=city.new_id(CostItem.TYPE), year=(item.year or 0) + n) for n in range(_repeated(years))]
    async with city.turn:
        await _keep(city, "cost", kept, {}, by, reason)


async def add_incomes(city: City, item: IncomeItem, years: int, by: Officer, reason: str) -> None:
    """Write an income that comes again for so many years, a row a year. Raises BadRequestData."""
    kept = [replace(item, id=city.new_id(IncomeItem.TYPE), year=(item.year or 0) + n) for n in range(_repeated(years))]
    async with city.turn:
        await _keep(city, "income", kept, {}, by, reason)


def _repeated(years: int) -> int:
    if not 1 <= years <= MOST_REPEATED:
        raise BadRequestData(f"A row comes again for 1 to {MOST_REPEATED} years, not for {years}", field="years")
    return years


async def change(city: City, item: CostItem | IncomeItem, by: Officer, reason: str) -> None:
    """Write a row anew; what it was stays in the log. Raises NotFound, Conflict for one that was withdrawn."""
    async with city.turn:
        before = await _row(city, item.id)
        if type(before) is not type(item):
            raise BadRequestData("A cost does not become an income", row=item.id)
        if before.state == WITHDRAWN:
            raise Conflict("This row was withdrawn; undo that first, or write a new one", row=item.id)
        kind, after = "income_changed", replace(item, simulated=before.simulated)
        if isinstance(after, CostItem) and isinstance(before, CostItem):  # that it came of an agreement stays
            kind, after = "cost_changed", replace(after, state=before.state, ref_share=before.ref_share)
        await _keep(city, kind, [after], {item.id: before}, by, reason)


async def withdraw(city: City, item_id: str, by: Officer, reason: str) -> None:
    """Take a row or an agreement out of what counts; the log keeps what it said. Raises NotFound, Conflict."""
    async with city.turn:
        before = await _row(city, item_id)
        if before.state == WITHDRAWN:
            raise Conflict("This was withdrawn already", row=item_id)
        stood: dict[str, Kept] = {item_id: before}
        if isinstance(before, CostShare):  # what it made each payer pay goes with it
            theirs = [item for item in await city.find(CostItem) if item.ref_share == item_id]
            stood |= {item.id: item for item in theirs if item.state != WITHDRAWN}
        await _keep(city, "withdrawn", [withdrawn(one) for one in stood.values()], stood, by, reason)


async def undo(city: City, change_id: str, by: Officer) -> None:
    """Bring back how things stood before a change. Raises NotFound, Conflict."""
    async with city.turn:
        last = await city.get(MoneyChange, change_id)
        if last is None:
            raise NotFound(f"There is no change {change_id}", change=change_id)
        found = {item_id: await _find(city, item_id) for item_id in last.after or {}}
        now = {item_id: item for item_id, item in found.items() if item is not None}
        rows = restored(last, now)
        done = replace(last, state="undone")
        await _keep(city, "undone", rows, now, by, last.reason or "", done)


async def compare(city: City, sharing: Sharing) -> list[Shared]:
    """What every rule says, side by side; worked out in a worker."""
    found: list[Shared] = await city.compute_at(COMPARE, sharing)
    return found


async def propose(city: City, share: CostShare, by: Officer, reason: str) -> str:
    """Keep a sharing as a proposal; its id."""
    kept = replace(_signed(city, share, by), id=city.new_id(CostShare.TYPE), state="proposed", reason=reason)
    async with city.turn:
        await _keep(city, "share", [kept], {}, by, reason)
    return kept.id


async def agree(city: City, share_id: str, first: int, replaces: bool, by: Officer, reason: str) -> None:
    """Write down that all have agreed to a proposed sharing, with a row of costs for each payer and year from the
    fiscal year `first` on: one change, which is undone as one. replaces: the planned rows of the same work and years
    go, so that nothing counts twice. Raises NotFound, Conflict."""
    async with city.turn:
        before = await city.get(CostShare, share_id)
        if before is None:
            raise NotFound(f"There is no sharing {share_id}", share=share_id)
        if before.state != "proposed":
            raise Conflict(f"Only a proposed sharing can be agreed on; this one is {before.state}", share=share_id)
        after = replace(_signed(city, before, by), state="agreed")
        rows = [replace(row, id=city.new_id(CostItem.TYPE)) for row in cost_rows(after, first)]
        gone = replaceable(await city.find(CostItem), after, first) if replaces else []
        stood: dict[str, Kept] = {share_id: before, **{item.id: item for item in gone}}
        await _keep(city, "share_agreed", [after, *rows, *map(withdrawn, gone)], stood, by, reason)


def _signed(city: City, share: CostShare, by: Officer) -> CostShare:
    return replace(share, decided_at=city.now(), decided_by=by.who, role=by.role)


async def _keep(
    city: City,
    kind: str,
    rows: Sequence[Kept],
    before: Mapping[str, Kept],
    by: Officer,
    reason: str,
    *more: MoneyChange,
) -> None:
    """Publish rows together with the entry of the log that tells of them."""
    named = next((row.name for row in (*rows, *before.values()) if row.name), None) or Words(ja="—")
    was, now = logged(rows, before)
    entry = MoneyChange(
        id=city.new_id(MoneyChange.TYPE),
        kind=kind,
        subject=named,
        decided_at=city.now(),
        decided_by=by.who,
        role=by.role,
        reason=reason or None,
        before=was,
        after=now,
        state="stands",
    )
    await city.publish(*rows, entry, *more, by=by.who, whole=True)


async def _row(city: City, item_id: str) -> Kept:
    found = await _find(city, item_id)
    if found is None:
        raise NotFound(f"There is no row {item_id}", row=item_id)
    return found


async def _find(city: City, item_id: str) -> Kept | None:
    kind = item_id.removeprefix("urn:ngsi-ld:").partition(":")[0]
    if kind == CostItem.TYPE:
        return await city.get(CostItem, item_id)
    if kind == IncomeItem.TYPE:
        return await city.get(IncomeItem, item_id)
    return await city.get(CostShare, item_id) if kind == CostShare.TYPE else None


def ref(work: str) -> Ref | None:
    """The relationship to a work; None where none is named."""
    return Ref(work) if work else None
