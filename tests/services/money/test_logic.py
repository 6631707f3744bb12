"""Costs, income and their sharing: to the yen, and said plainly where it does not suffice."""

from datetime import UTC, date, datetime
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.undoing import read, written
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.services.money.book.drawing import bars, step_of
from machinami.services.money.logic.changes import KINDS, restored, withdrawn
from machinami.services.money.logic.income import amount_of, basis_of, judge_grants
from machinami.services.money.logic.outlook import look_ahead
from machinami.services.money.logic.plan import by_payer, by_work, first_year, fiscal_year, judge, plan_of
from machinami.services.money.logic.sharing import compare, group_costs
from machinami.services.money.logic.typed import read_share, read_whole
from machinami.services.money.model import CostShare, Member, MoneyChange, Sharing, Work

NOON = datetime(2026, 6, 30, 3, tzinfo=UTC)
WORK = Ref("urn:ngsi-ld:Initiative:1")


def cost(amount: int | None, year: int | None = 2026, task: str = "cloud", **more: object) -> CostItem:
    return CostItem(f"urn:ngsi-ld:CostItem:{task}{year}", Words(ja="費用"), year, task, amount=amount, **more)  # type: ignore[arg-type]


def income(amount: int | None, year: int | None = 2026, source: str = "town", **more: object) -> IncomeItem:
    return IncomeItem(f"urn:ngsi-ld:IncomeItem:{source}{year}", Words(ja="収入"), year, source, amount, **more)  # type: ignore[arg-type]


def kinds(costs: list[CostItem], incomes: list[IncomeItem], years: int = 5) -> list[str]:
    return [one.kind for one in judge(plan_of(costs, incomes, 2026, years), costs, incomes)]


@pytest.mark.parametrize(("day", "year"), [("2026-03-31", 2025), ("2026-04-01", 2026), ("2026-12-31", 2026)])
def test_a_fiscal_year_begins_in_april(day: str, year: int) -> None:
    assert fiscal_year(date.fromisoformat(day)) == year


def test_a_plan_begins_this_year_or_with_the_first_row_where_all_are_later() -> None:
    today = date(2026, 6, 1)
    assert first_year([], [], today) == 2026
    assert first_year([cost(1, 2024)], [income(1, 2028)], today) == 2026
    assert first_year([cost(1, 2029)], [income(1, 2028)], today) == 2028


def test_operation_that_only_a_grant_would_pay_is_said_with_the_year_and_the_yen() -> None:
    costs = [cost(1_000, 2026, "initial"), cost(500, 2026), cost(500, 2027), cost(500, 2028)]
    incomes = [income(1_400, 2026, "grant"), income(100, 2026), income(200, 2027), income(200, 2028)]
    plan = plan_of(costs, incomes, 2026, 3)
    first, second = [one for one in judge(plan, costs, incomes) if one.kind == "uncovered"]
    assert (first.facts["year"], first.facts["short"], first.facts["grants"]) == (2026, 400, 1_400)
    assert (second.facts["year"], second.facts["until"], second.facts["short"]) == (2027, 2028, 300)


def test_operation_that_is_paid_for_without_grants_warns_of_nothing() -> None:
    costs = [cost(500, 2026, payer="町")]
    assert kinds(costs, [income(500, 2026)], 1) == []


def test_a_work_without_running_costs_is_asked_who_runs_it() -> None:
    assert "no_operation" in kinds([cost(9, 2026, "initial", payer="町")], [income(9)])


def test_a_cost_that_nobody_is_named_for_and_an_income_that_is_not_sure_are_said() -> None:
    assert "no_payer" in kinds([cost(5)], [income(5)], 1)
    assert kinds([cost(5, payer="町")], [income(5, sure=0.5)], 1) == ["unsure"]
    assert kinds([cost(5, payer="町")], [income(10, sure=0.5)], 1) == []
    costs, incomes = [cost(2_000_000, payer="町")], [income(2_000_000, sure=0.8)]
    (said,) = judge(plan_of(costs, incomes, 2026, 1), costs, incomes)
    assert said.facts["unsure"] == 400_000


def test_rows_that_were_withdrawn_or_have_no_amount_count_for_nothing() -> None:
    rows = [cost(5, state="withdrawn"), cost(None), cost(7, None)]
    assert all(row.cost == 0 for row in plan_of(rows, [], 2026, 5))


def test_a_cost_of_an_unknown_task_is_not_forgotten() -> None:
    (row,) = plan_of([cost(5, task="magic")], [], 2026, 1)
    assert (row.cost, row.operation) == (5, 5)


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(2026, 2030)), max_size=20))
def test_what_payers_pay_and_what_works_cost_sums_to_the_plan(rows: list[tuple[int, int]]) -> None:
    costs = [cost(a, y, payer="町" if a % 2 else "", ref_initiative=WORK if a % 3 else None) for a, y in rows]
    plan = plan_of(costs, [], 2026, 5)
    total = sum(a for a, _ in rows)
    assert sum(row.cost for row in plan) == total
    assert sum(amount for _, amount in by_payer(plan, costs)) == total
    assert sum(by_work(plan, costs, WORK)) + sum(by_work(plan, costs, None)) == total


@pytest.mark.parametrize(
    ("by", "units", "rate", "yen"),
    [
        ("household", 800, "300", 2_880_000),
        ("area", 12_345, "1.5", 18_517),
        ("benefit", 1_000_001, "2", 20_000),
        ("profit", 400_000_000, "1", 4_000_000),
        ("profit", 40_000_000, "1", 1_000_000),
    ],
)
def test_a_fee_is_worked_out_and_rounded_down(by: str, units: int, rate: str, yen: int) -> None:
    least = 1_000_000 if by == "profit" else 0
    assert amount_of(basis_of(by, units, Fraction(rate), least)) == yen


def test_a_basis_that_means_nothing_is_refused() -> None:
    with pytest.raises(BadRequestData):
        basis_of("moon", 1, Fraction(1))
    with pytest.raises(BadRequestData):
        amount_of(basis_of("area", 10**13, Fraction(100)))


def test_a_grant_that_breaks_its_conditions_is_told_by_how_much() -> None:
    terms: dict[str, object] = {"share_most": 0.5, "own_exceeds": True, "most": 500, "deadline": "2026-07-01"}
    grant = income(600, source="grant", terms=terms, ref_initiative=WORK)
    costs = [cost(1_000, ref_initiative=WORK), cost(9_000, task="staff")]
    found = {one.kind: one.facts for _, one in judge_grants(costs, [grant], date(2026, 6, 30), 60)}
    assert found["grant_most"]["over"] == 100
    assert found["grant_share"]["over"] == 100
    assert found["grant_own"]["own"] == 400
    assert found["grant_soon"]["days"] == 1


def test_a_grant_of_no_work_is_held_against_all_costs_and_one_that_keeps_its_conditions_is_silent() -> None:
    grant = income(400, source="grant", terms={"share_most": 0.5, "own_exceeds": True, "deadline": "2026-07-01"})
    costs = [cost(900), cost(100, task="staff")]
    assert judge_grants(costs, [grant], date(2026, 1, 1), 60) == []
    ((_, late),) = judge_grants(costs, [grant], date(2026, 7, 3), 60)
    assert (late.kind, late.facts["days"]) == ("grant_late", 2)


def test_an_odd_deadline_or_term_breaks_nothing() -> None:
    grant = income(4, source="grant", terms={"share_most": "half", "deadline": "soon", "most": None})
    assert judge_grants([cost(1)], [grant], date(2026, 1, 1), 60) == []


def test_a_plan_is_worth_its_discounted_flows_and_nothing_is_not_worked_out() -> None:
    found = look_ahead([cost(1_000_000)], [income(1_040_001, 2027)], 2026, 5, 0.04, 1)
    assert found is not None
    assert (found.worth, found.worth_low, found.worth_high, found.risk) == (1, 1, 1, 0.0)
    assert found.payback == pytest.approx(1_000_000 / 1_040_001)
    assert look_ahead([cost(5, 2040)], [], 2026, 5, 0.04, 1) is None


def test_what_may_cost_more_makes_a_plan_less_sure() -> None:
    found = look_ahead([cost(1_000, most=2.0, least=0.9)], [income(1_100, sure=0.9)], 2026, 1, 0.04, 1)
    assert found is not None
    assert found.worth_low < found.worth_high < found.worth
    assert found.risk > 0.5


AMOUNTS = st.one_of(st.none(), st.integers(0, 10**9))
MEMBERS = st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS), min_size=2, max_size=5)


@given(MEMBERS, st.integers(0, 10**9), st.integers(1, 10**9), st.sampled_from(["works", "largest"]))
def test_every_rule_shares_to_the_yen_or_says_what_it_misses(
    rows: list[tuple[int | None, int | None, int | None, int | None]], build: int, operation: int, size: str
) -> None:
    members = tuple(Member(str(n), *row) for n, row in enumerate(rows))
    sharing = Sharing(members, build, operation, size=size)  # type: ignore[arg-type]
    for found in compare(sharing):
        if found.missing:
            assert found.shares == ()
        else:
            assert sum(found.shares) + found.prefecture == build + operation
            assert (found.stable is None) == any(member.alone is None for member in members)


def test_a_nucleolus_and_a_shapley_value_of_towns_that_gain_leave_nobody_worse_off() -> None:
    members = (Member("A", alone=20_000_000), Member("B", alone=15_000_000), Member("C", alone=9_000_000))
    sharing = Sharing(members, 12_000_000, 15_000_000, works=(Work((0, 1), 25_000_000),))
    found = {one.rule: one for one in compare(sharing)}
    assert found["nucleolus"].shares == (13_250_000, 8_250_000, 5_500_000)
    assert found["nucleolus"].stable
    assert found["shapley"].stable
    assert found["population"].missing == "population"


def test_a_town_that_pays_more_than_alone_is_named() -> None:
    members = (Member("A", use=1, alone=20), Member("B", use=9, alone=15))
    found = {one.rule: one for one in compare(Sharing(members, 0, 27))}["use"]
    assert found.shares == (3, 24)
    assert (found.above, found.group, found.stable) == ((0, 9), (1,), False)


def test_the_prefecture_pays_first_and_then_the_key_holds() -> None:
    members = (Member("A", population=3), Member("B", population=1))
    found = {one.rule: one for one in compare(Sharing(members, 100, 501, years=5, prefecture_years=3))}
    assert (found["prefecture_first"].prefecture, found["prefecture_first"].shares) == (401, (150, 50))
    assert (found["half"].prefecture, found["half"].shares) == (351, (188, 62))


def test_a_group_does_the_cheapest_works_that_serve_all_of_it() -> None:
    members = tuple(Member(name, alone=cost) for name, cost in (("A", 10), ("B", 10), ("C", 10)))
    costs = group_costs(Sharing(members, 25, 0, works=(Work((0, 1), 12),)))
    assert costs is not None
    np.testing.assert_array_equal(costs, [0, 10, 10, 12, 10, 20, 20, 25])
    largest = group_costs(Sharing(members, 25, 0, size="largest"))
    assert largest is not None
    assert list(largest) == [0, 10, 10, 10, 10, 10, 10, 25]


@pytest.mark.parametrize(
    "sharing",
    [
        Sharing((Member("A"),), 1),
        Sharing((Member("A"), Member("A")), 1),
        Sharing((Member("A"), Member("B")), 0),
        Sharing((Member("A"), Member("B")), -1, 5),
        Sharing((Member("A"), Member("B")), 1, prefecture_years=9),
        Sharing((Member("A"), Member("B")), 1, works=(Work((7,), 1),)),
    ],
)
def test_what_cannot_be_shared_is_refused(sharing: Sharing) -> None:
    with pytest.raises(BadRequestData):
        compare(sharing)


def test_a_share_is_typed_in_per_cent() -> None:
    assert read_share({"sure": "80%"}, "sure", 1.0) == 0.8
    assert read_share({}, "sure", 1.0) == 1.0
    for wrong in ("101", "-1", "x"):
        with pytest.raises(BadRequestData):
            read_share({"sure": wrong}, "sure", 1.0)


@pytest.mark.parametrize("year", ["", "26", "2026.5", "next"])
def test_a_year_that_is_none_is_refused(year: str) -> None:
    with pytest.raises(BadRequestData):
        read_whole({"year": year}, "year", 2000, 2100)


@given(st.sampled_from(["cost", "income", "share"]), st.integers(0, 10**12))
def test_a_row_is_read_from_the_log_as_it_was_written(kind: str, amount: int) -> None:
    row = {
        "cost": cost(amount, least=0.9, most=1.2, ref_initiative=WORK),
        "income": income(amount, terms={"most": 3}, conditions=Words(ja="公開")),
        "share": CostShare(
            "urn:ngsi-ld:CostShare:1", Words(ja="分担"), "equal", [{"name": "A", "share": amount}], decided_at=NOON
        ),
    }[kind]
    said = written(row)
    assert said is not None
    assert read(KINDS, row.id, said) == row
    assert written(None) is None


def test_an_undo_brings_back_what_was_and_withdraws_what_was_made() -> None:
    row = cost(7)
    made = MoneyChange("c1", before={row.id: None}, after={row.id: written(row)}, state="stands")
    assert restored(made, {row.id: row}) == [withdrawn(row)]
    later = cost(9)
    with pytest.raises(Conflict, match="changed since"):
        restored(made, {row.id: later})
    with pytest.raises(Conflict, match="already"):
        restored(MoneyChange("c1", state="undone"), {})


@given(st.integers(1, 10**13))
def test_the_scale_of_the_picture_has_a_few_round_marks(most: int) -> None:
    step = step_of(most)
    assert 1 <= -(-most // step) <= 10
    (one,) = plan_of([cost(most)], [income(most // 2)], 2026, 1)
    drawn = bars([one], str)
    assert drawn is not None
    assert all(0 <= r.y <= drawn.base and r.y + r.height <= drawn.base + 0.2 for r in drawn.rects)
    assert bars(plan_of([], [], 2026, 5), str) is None
