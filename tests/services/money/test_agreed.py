"""An agreed sharing becomes what each payer pays, year by year, to the yen; and it is undone as one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.visiting import Visit

from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CostItem, Initiative
from machinami.model.vocabulary.office import Officer
from machinami.services.money import service
from machinami.services.money.logic.agreed import cost_rows
from machinami.services.money.logic.sharing import compare
from machinami.services.money.model import RULES, CashPlan, CostShare, Member, MoneyChange, Sharing

BY = Officer("山田花子", "企画課長")
WORK = "urn:ngsi-ld:Initiative:1"
SHARE = CostShare(
    "urn:ngsi-ld:CostShare:1", Words(ja="3町の分担"), "equal",
    [{"name": "A町", "share": 7}, {"name": "B町", "share": 6}], build=3,
    operation=10, years=2, ref_initiative=Ref(WORK),
)  # fmt: skip


def row_of(year: int) -> CostItem:
    return CostItem("", Words(ja="クラウド"), year, "cloud", "a", 10, state="planned")


def of(rows: list[CostItem], payer: str) -> list[tuple[int | None, str | None, int | None]]:
    return [(row.year, row.task, row.amount) for row in rows if row.payer == payer]


def test_each_payer_has_rows_for_building_and_for_each_year() -> None:
    rows = cost_rows(SHARE, 2026)
    assert of(rows, "A町") == [(2026, "initial", 1), (2026, "upkeep", 3), (2027, "upkeep", 3)]
    assert sum(row.amount or 0 for row in rows) == 13
    assert {(row.state, row.ref_share, row.ref_initiative) for row in rows} == {("agreed", SHARE.id, WORK)}


def test_a_prefecture_that_goes_first_builds_and_runs_and_the_members_follow() -> None:
    share = replace(
        SHARE, rule="prefecture_first", build=30, operation=50, years=5, prefecture=60,
        members=[{"name": "A町", "share": 20}],
    )  # fmt: skip
    rows = cost_rows(share, 2026)
    years = [(2026, "initial", 30), (2026, "upkeep", 10), (2027, "upkeep", 10), (2028, "upkeep", 10)]
    assert of(rows, "県") == years
    assert of(rows, "A町") == [(2029, "upkeep", 10), (2030, "upkeep", 10)]


def test_what_nobody_can_read_pays_nothing() -> None:
    strange = replace(SHARE, members=[{"name": "A町"}, 3, {"share": 5}, {"name": "B町", "share": "x"}], years=None)
    assert cost_rows(strange, 2026) == []


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**9)), min_size=2, max_size=5),
    st.integers(0, 10**9), st.integers(1, 10**9), st.integers(1, 12), st.data(),
)  # fmt: skip
def test_whatever_the_rule_the_rows_of_each_payer_sum_to_the_share(
    told: list[tuple[int, int]], build: int, operation: int, years: int, data: st.DataObject
) -> None:
    members = tuple(Member(f"M{n}", people + 1, 1, 1, alone) for n, (people, alone) in enumerate(told))
    first = data.draw(st.integers(0, years))
    sharing = Sharing(members, build, operation, years, first)
    rule = data.draw(st.sampled_from(RULES))
    found = next(one for one in compare(sharing) if one.rule == rule)
    rows_told = [{"name": one.name, "share": paid} for one, paid in zip(members, found.shares, strict=True)]
    share = CostShare("x", None, found.rule, rows_told, None, build, operation, years, found.prefecture)
    rows = cost_rows(share, 2026)
    for row in rows_told:
        if row["share"] >= 0:
            assert sum(one.amount or 0 for one in rows if one.payer == row["name"]) == row["share"]
    assert sum(one.amount or 0 for one in rows if one.payer == "県") == found.prefecture
    assert all(2026 <= (one.year or 0) < 2026 + years for one in rows)


async def test_agreeing_writes_the_rows_in_place_of_the_planned_ones_and_is_undone_as_one(visit: Visit) -> None:
    city = visit.city
    await visit.put(Initiative(WORK, Words(ja="川")))
    planned = replace(row_of(2026), ref_initiative=Ref(WORK))
    await service.add_costs(city, planned, 1, BY, "見積")
    await service.add_costs(city, replace(planned, ref_initiative=None), 1, BY, "ほか")
    made = await service.propose(city, SHARE, BY, "協議会")
    assert "予定の行（今年度からなら 1 件" in await visit.see("/sharing")
    await service.agree(city, made, 2026, True, BY, "第1回協議会")
    paid = {one.payer for one in await city.find(CostItem) if one.state == "agreed"}
    assert paid == {"A町", "B町"}
    assert sorted(one.state or "" for one in await city.find(CostItem)).count("withdrawn") == 1
    assert "費用の行が 6 件できています" in await visit.see("/sharing")
    (change,) = [one for one in await city.find(MoneyChange) if one.kind == "share_agreed"]
    await service.undo(city, change.id, BY)
    rows = await city.find(CostItem)
    assert sorted((one.amount, one.state) for one in rows if one.amount) == [(10, "planned"), (10, "planned")]
    assert [one.state for one in await city.find(CostShare)] == ["proposed"]


async def test_withdrawing_an_agreement_takes_its_rows_with_it(visit: Visit) -> None:
    city = visit.city
    made = await service.propose(city, SHARE, BY, "")
    await service.agree(city, made, 2026, False, BY, "第1回協議会")
    await service.withdraw(city, made, BY, "やり直し")
    assert {one.state for one in await city.find(CostItem)} == {"withdrawn"}


async def test_a_row_of_an_agreement_that_is_corrected_stays_one(visit: Visit) -> None:
    city = visit.city
    made = await service.propose(city, SHARE, BY, "")
    await service.agree(city, made, 2026, False, BY, "第1回協議会")
    row = (await city.find(CostItem))[0]
    await service.change(city, replace(row, amount=9, state="planned", ref_share=None), BY, "端数")
    after = await city.get(CostItem, row.id)
    assert after is not None
    assert (after.amount, after.state, after.ref_share) == (9, "agreed", made)


async def test_a_town_without_rows_starts_no_worker(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def compute_at(address: str, *arguments: object) -> None:
        asked.append(address)

    monkeypatch.setattr(visit.city, "compute_at", compute_at)
    await service.refresh(visit.city, visit.now)
    await service.add_costs(visit.city, row_of(2019), 1, BY, "")
    await service.refresh(visit.city, visit.now)
    assert asked == []
    await service.add_costs(visit.city, row_of(2026), 1, BY, "")
    await service.refresh(visit.city, visit.now)
    assert asked == [service.LOOK_AHEAD]


async def test_the_words_tell_what_is_written_from_what_the_range_says(visit: Visit) -> None:
    await service.add_costs(visit.city, row_of(2026), 1, BY, "")
    plan = CashPlan(service.PLAN_ID, [], [], 0.04, 0, -40, -90, -10, 0.9, issued_at=visit.now)
    await visit.put(plan)
    text = await visit.see("?view=officer")
    for said in ("書かれた額どおりになれば", "真ん中は", "この範囲より良い場合です"):
        assert said in text
    await visit.put(replace(plan, worth_middle=0, worth_low=0, worth_high=0, risk=0.0))
    assert "ほかの場合は計算していません" in await visit.see("?view=officer")
