"""Rows are written, changed, withdrawn and brought back; the plan follows; everything is in the log."""

import pytest
from tests.services.visiting import Visit

from machinami.foundation.errors import BadRequestData, Conflict, NotFound
from machinami.model.view import Words
from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.model.vocabulary.office import Officer
from machinami.services.money import service
from machinami.services.money.model import CashPlan, CostShare, MoneyChange

BY = Officer("山田花子", "企画課長")
CLOUD = CostItem("", Words(ja="クラウド"), 2026, "cloud", "a", 1_000_000, "町", least=0.9, most=1.2, state="planned")
FEES = IncomeItem("", Words(ja="会費"), 2026, "fee", 700_000, state="planned")


async def test_an_empty_town_is_no_error_and_keeps_no_plan(visit: Visit) -> None:
    await service.refresh(visit.city, visit.now)
    assert await visit.city.find(CashPlan) == []


async def test_a_cost_that_comes_again_is_a_row_a_year_and_the_plan_follows(visit: Visit) -> None:
    await service.add_costs(visit.city, CLOUD, 3, BY, "見積")
    await service.add_incomes(visit.city, FEES, 5, BY, "")
    await service.refresh(visit.city, visit.now)
    (plan,) = await visit.city.find(CashPlan)
    assert [row["cost"] for row in plan.rows or []] == [1_000_000, 1_000_000, 1_000_000, 0, 0]
    assert [one["kind"] for one in plan.findings or []] == ["uncovered", "empty"]
    assert plan.worth is not None
    assert plan.worth_low is not None
    issued = plan.issued_at
    visit.wait(hours=1)
    await service.refresh(visit.city, visit.now)
    (again,) = await visit.city.find(CashPlan)
    assert again.issued_at == issued


async def test_a_change_and_a_withdrawal_are_undone_one_after_the_other(visit: Visit) -> None:
    city = visit.city
    await service.add_costs(city, CLOUD, 1, BY, "")
    (row,) = await city.find(CostItem)
    dearer = CostItem(row.id, Words(ja="クラウド"), 2026, "cloud", "a", 1_500_000, "県", state="planned")
    await service.change(city, dearer, BY, "値上げ")
    await service.withdraw(city, row.id, BY, "やめた")
    (gone,) = await city.find(CostItem)
    assert (gone.amount, gone.year, gone.state) == (None, None, "withdrawn")
    log = {one.kind: one for one in await city.find(MoneyChange)}
    with pytest.raises(Conflict):
        await service.undo(city, log["cost_changed"].id, BY)
    await service.undo(city, log["withdrawn"].id, BY)
    await service.undo(city, log["cost_changed"].id, BY)
    (back,) = await city.find(CostItem)
    assert back == row
    with pytest.raises(Conflict):
        await service.undo(city, log["withdrawn"].id, BY)


async def test_what_is_not_there_cannot_be_changed_withdrawn_or_undone(visit: Visit) -> None:
    for row in ("urn:ngsi-ld:CostItem:x", "urn:ngsi-ld:Moon:x"):
        with pytest.raises(NotFound):
            await service.withdraw(visit.city, row, BY, "x")
    with pytest.raises(NotFound):
        await service.undo(visit.city, "urn:ngsi-ld:MoneyChange:x", BY)
    with pytest.raises(BadRequestData):
        await service.add_costs(visit.city, CLOUD, 99, BY, "")


async def test_a_sharing_is_proposed_agreed_and_withdrawn(visit: Visit) -> None:
    city = visit.city
    share = CostShare(
        "", Words(ja="三町の分担"), "equal", [{"name": "A", "share": 5}, {"name": "B", "share": 5}], build=10
    )
    made = await service.propose(city, share, BY, "協議会")
    await service.agree(city, made, 2026, False, BY, "第3回協議会")
    with pytest.raises(Conflict):
        await service.agree(city, made, 2026, False, BY, "もう一度")
    (kept,) = await city.find(CostShare)
    assert (kept.state, kept.decided_by) == ("agreed", BY.who)
    await service.withdraw(city, made, BY, "やり直し")
    last = max(await city.find(MoneyChange), key=lambda one: one.id)
    await service.undo(city, last.id, BY)
    (back,) = await city.find(CostShare)
    assert (back.state, back.rule) == ("agreed", "equal")
    with pytest.raises(NotFound):
        await service.agree(city, "urn:ngsi-ld:CostShare:x", 2026, False, BY, "x")
