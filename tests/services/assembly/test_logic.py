"""Does the account of the plan say what stands in the data: kept, late, better, short of money, overdue?"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.model.view import Measured, Ref, Words
from machinami.model.vocabulary.circle import (
    ActionPlan,
    CostItem,
    IncomeItem,
    Initiative,
    KeyPerformanceIndicator,
    Pilot,
    Proposal,
)
from machinami.services.assembly.logic import Known, account, fiscal_year, standing_plan

TODAY = date(2026, 11, 21)
NOTHING = Known(None, (), (), (), (), (), ())
WORK = Initiative(
    "urn:w:1", Words(ja="見守り"), stages=[{"stage": "pilot", "from": 2025, "to": 2026, "state": "going"}]
)


@pytest.mark.parametrize(("day", "year"), [("2026-03-31", 2025), ("2026-04-01", 2026), ("2027-01-01", 2026)])
def test_a_fiscal_year_begins_in_april(day: str, year: int) -> None:
    assert fiscal_year(date.fromisoformat(day)) == year


@pytest.mark.parametrize(
    ("first", "last", "state", "keeping"),
    [
        (2024, 2025, "done", "done"), (2024, 2025, "going", "late"), (2024, 2025, "planned", "late"),
        (2026, 2027, "planned", "in_time"), (2025, 2027, "planned", "late"), (2025, 2027, "going", "in_time"),
        (2027, 2028, "planned", "ahead"), (2024, 2028, "stopped", "stopped"),
    ],
)  # fmt: skip
def test_a_stage_is_late_when_its_time_is_over_or_it_has_not_begun(
    first: int, last: int, state: str, keeping: str
) -> None:
    work = replace(WORK, stages=[{"stage": "pilot", "from": first, "to": last, "state": state}])
    (promise,) = account(replace(NOTHING, works=[work]), 2026, TODAY).promises
    assert [stage.keeping for stage in promise.stages] == [keeping]


def test_a_plan_promises_its_works_and_no_others() -> None:
    other = replace(WORK, id="urn:w:2")
    plan = ActionPlan("urn:p:2", version=2, initiatives=["urn:w:2"])
    gone = ActionPlan("urn:p:3", version=3, withdrawn={"reason": "x"})
    assert standing_plan([plan, ActionPlan("urn:p:1", version=1), gone]) == plan
    known = replace(NOTHING, plan=plan, works=[WORK, other])
    assert [promise.work.id for promise in account(known, 2026, TODAY).promises] == ["urn:w:2"]
    assert len(account(replace(known, plan=None), 2026, TODAY).promises) == 2


@pytest.mark.parametrize(
    ("direction", "baseline", "value", "better"),
    [("up", 10, 12, True), ("down", 10, 12, False), ("down", 85.8, 83.5, True), ("range", 1, 2, None),
     ("up", None, 3, None), ("up", 3, None, None), ("up", 3, 3, None)],
)  # fmt: skip
def test_a_change_is_for_the_better_by_its_direction(
    direction: str, baseline: float | None, value: float | None, better: bool | None
) -> None:
    current = Measured(value, datetime(2026, 1, 1, tzinfo=UTC))
    kpi = KeyPerformanceIndicator("urn:k:1", direction=direction, baseline=baseline, current=current)
    (change,) = account(replace(NOTHING, kpis=[kpi]), 2026, TODAY).changes
    assert change.better is better


COSTS = st.lists(
    st.builds(
        CostItem,
        st.just("urn:c:1"),
        year=st.integers(2024, 2030),
        task=st.sampled_from(["initial", "cloud", "upkeep"]),
        amount=st.integers(0, 10**9),
        payer=st.sampled_from(["町", "県", None]),
    )
)
INCOMES = st.lists(
    st.builds(
        IncomeItem,
        st.just("urn:i:1"),
        year=st.integers(2024, 2030),
        source=st.sampled_from(["grant", "fee", "town"]),
        amount=st.integers(0, 10**9),
    )
)


@given(COSTS, INCOMES)
def test_money_adds_up_and_no_grant_covers_operation(costs: list[CostItem], incomes: list[IncomeItem]) -> None:
    money = account(replace(NOTHING, costs=costs, incomes=incomes), 2026, TODAY).money
    assert sum(money.costs.values()) == sum(cost.amount or 0 for cost in costs)
    assert sum(money.payers.values()) == money.costs.get(2026, 0)
    assert sum(money.sources.values()) == money.incomes.get(2026, 0)
    for year in range(2026, 2031):
        run = sum(c.amount or 0 for c in costs if c.year == year and c.task != "initial")
        own = sum(i.amount or 0 for i in incomes if i.year == year and i.source != "grant")
        assert money.without_grants.get(year, 0) == max(0, run - own)


def test_what_failed_and_what_is_owed_is_told() -> None:
    pilots = [Pilot("urn:t:1", state="failed"), Pilot("urn:t:2", state="running"), Pilot("urn:t:3", state="passed")]
    said = [
        Proposal("urn:v:1", state="open", due_on="2026-11-20"),
        Proposal("urn:v:2", state="open", due_on="2026-11-21"),
        Proposal("urn:v:3", state="answered", due_on="2026-01-01", reply=Words(ja="はい"), changed=Words(ja="直した")),
        Proposal("urn:v:4", state="hidden", due_on="2026-01-01"),
    ]
    kpis = [KeyPerformanceIndicator("urn:k:1", state="off_path"), KeyPerformanceIndicator("urn:k:2", state="on_path")]
    told = account(replace(NOTHING, pilots=pilots, proposals=said, kpis=kpis), 2026, TODAY)
    assert [pilot.id for pilot in told.failed_pilots] == ["urn:t:1"]
    assert [pilot.id for pilot in told.to_decide] == ["urn:t:2"]
    assert [kpi.id for kpi in told.off_path] == ["urn:k:1"]
    assert (told.voices.said, told.voices.answered) == (3, 1)
    assert [one.id for one in told.voices.overdue] == ["urn:v:1"]
    assert [one.id for one in told.voices.changed] == ["urn:v:3"]


def test_costs_and_pilots_stand_with_their_work() -> None:
    costs = [CostItem("urn:c:1", year=y, amount=100, ref_initiative=Ref("urn:w:1")) for y in (2025, 2026)]
    pilots = [Pilot("urn:t:1", ref_initiative=Ref("urn:w:1")), Pilot("urn:t:2", ref_initiative=Ref("urn:w:2"))]
    known = replace(NOTHING, works=[WORK], costs=costs, pilots=pilots)
    (promise,) = account(known, 2026, TODAY).promises
    assert (promise.cost, promise.cost_this_year) == (200, 100)
    assert [pilot.id for pilot in promise.pilots] == ["urn:t:1"]
