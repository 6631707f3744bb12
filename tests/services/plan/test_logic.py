"""The rules of a plan: writing, approving, publishing, comparing, the road map, the money."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.kit.words import LANGUAGES
from machinami.kit.words import Words as Catalogue
from machinami.model.view import Measured, Ref, Words
from machinami.model.vocabulary.circle import (
    CHAPTERS,
    ActionPlan,
    CityNeed,
    CostItem,
    IncomeItem,
    Initiative,
    KeyPerformanceIndicator,
)
from machinami.model.vocabulary.office import Officer
from machinami.services.plan.logic import drafting
from machinami.services.plan.logic.comparing import pieces, sentences
from machinami.services.plan.logic.comparing import rows as compared
from machinami.services.plan.logic.drafting import WrittenMeanwhile, stamp
from machinami.services.plan.logic.paper import Chapter, Table
from machinami.services.plan.logic.record import Sources, money, record
from machinami.services.plan.logic.roadmap import LABEL, WIDTH, roadmap
from machinami.services.plan.logic.undoing import undoable
from machinami.services.plan.logic.works import brought_back, described, moved, read_stages
from machinami.services.plan.model import STAGES, PlanDecision, PlanDraft

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
BY = Officer("山田花子", "企画課長")
NAME = Words({"ja": "計画"})


def draft(**texts: str) -> PlanDraft:
    return drafting.begun([], [], "d1", NAME, {key: {"ja": text} for key, text in texts.items()})


def test_only_one_draft_is_written_at_a_time_and_it_counts_on_from_what_was_published() -> None:
    first = drafting.begun([], [ActionPlan("p1", version=4)], "d1", NAME, {})
    assert (first.version, set(first.chapters or {})) == (5, set(CHAPTERS))
    with pytest.raises(Conflict):
        drafting.begun([first], [], "d2", NAME, {})


def test_a_chapter_that_somebody_else_has_written_meanwhile_is_not_overwritten() -> None:
    opened = stamp("")
    theirs = drafting.written(draft(), "goals", "ja", "あちら", opened)
    with pytest.raises(WrittenMeanwhile):
        drafting.written(theirs, "goals", "ja", "こちら", opened)
    assert (
        drafting.text_of(drafting.written(theirs, "goals", "en", "Ours", stamp("")).chapters, "goals", "ja") == "あちら"
    )


def test_one_changed_letter_and_the_approval_is_gone() -> None:
    approved = drafting.approved(draft(goals="歩ける町"), BY, NOW)
    assert (approved.state, approved.approved_by) == ("approved", "山田花子 (企画課長)")
    again = drafting.written(approved, "goals", "ja", "走れる町", stamp("歩ける町"))
    assert (again.state, again.approved_by) == ("open", None)
    with pytest.raises(Conflict):
        drafting.published(again, "p1", {}, [], "", NOW)


def test_an_empty_draft_is_not_approved() -> None:
    with pytest.raises(Conflict):
        drafting.approved(draft(), BY, NOW)


def test_a_published_plan_holds_what_it_said_and_a_withdrawn_one_stands_no_more() -> None:
    plan, done = drafting.published(
        drafting.approved(draft(goals="歩ける町"), BY, NOW), "p1", {"at": "x"}, ["i1"], "v1", NOW
    )
    assert (done.state, done.ref_plan, plan.version, plan.record) == ("published", "p1", 1, {"at": "x"})
    assert drafting.standing([plan]) == plan
    gone = drafting.withdrawn(plan, "数字に誤り", BY, NOW)
    assert drafting.standing([gone, replace(plan, id="p0", version=0)]).id == "p0"  # type: ignore[union-attr]
    assert (gone.chapters, gone.record) == (plan.chapters, plan.record)
    with pytest.raises(BadRequestData):
        drafting.withdrawn(plan, "", BY, NOW)
    with pytest.raises(Conflict):
        drafting.withdrawn(gone, "もう一度", BY, NOW)


@given(st.text(), st.text())
def test_a_comparison_holds_both_texts_whole(before: str, after: str) -> None:
    found = pieces(before, after)
    assert "".join(p.text for p in found if p.kind != "in") == before
    assert "".join(p.text for p in found if p.kind != "out") == after
    assert all(p.text for p in found)


@given(st.text())
def test_sentences_put_together_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text


def test_a_sentence_that_was_changed_shows_only_its_words_and_a_new_one_as_a_whole() -> None:
    found = pieces("バスを三台に増やす。道を直す。", "バスを五台に増やす。道を直す。川を見守る。")
    assert [(p.kind, p.text) for p in found] == [
        ("same", "バスを"), ("out", "三"), ("in", "五"), ("same", "台に増やす。道を直す。"), ("in", "川を見守る。"),
    ]  # fmt: skip


def test_only_the_rows_of_a_table_that_differ_are_shown() -> None:
    def chapter(*rows: tuple[str, int]) -> Chapter:
        return Chapter("work", 4, "取組", (), "", False, False, (Table("表", ("取組", "年"), rows),))

    (found,) = compared(chapter(("川", 2026), ("道", 2027)), chapter(("川", 2026), ("道", 2028)))
    assert (found.out, found.into) == ((("道", 2027),), (("道", 2028),))
    assert compared(chapter(("川", 2026)), chapter(("川", 2026))) == ()


STAGED = st.lists(
    st.fixed_dictionaries(
        {"stage": st.sampled_from(STAGES), "from": st.integers(2020, 2035), "to": st.integers(2020, 2035)}
    ),
    max_size=6,
)


@given(st.lists(st.tuples(st.text(max_size=30), STAGED), max_size=6), st.integers(2018, 2038))
def test_every_stage_lies_on_the_map_and_none_hides_another(
    rows: list[tuple[str, list[dict[str, object]]]], year: int
) -> None:
    found = roadmap(rows, year)
    count = sum(len(stages) for _, stages in rows)
    if found is None:
        assert count == 0
        return
    assert sum(len(lane.bars) for lane in found.lanes) == count
    for lane in found.lanes:
        for number, bar in enumerate(lane.bars):
            assert bar.x >= LABEL
            assert bar.x + bar.width <= WIDTH + 0.2
            assert bar.height > 0
            assert bar.y + bar.height <= found.height
            for other in lane.bars[:number]:
                apart_in_time = bar.last < other.first or other.last < bar.first
                apart_in_height = abs(bar.y - other.y) >= min(bar.height, other.height) - 0.2
                assert apart_in_time or apart_in_height


def test_there_is_no_map_of_works_without_years() -> None:
    assert roadmap([("川", []), ("歩く", [{"stage": "pilot"}])], 2026) is None


def test_a_stage_that_ends_before_it_begins_is_named() -> None:
    with pytest.raises(BadRequestData, match="pilot") as refused:
        read_stages({"pilot-from": "2028", "pilot-to": "2026"})
    for language in LANGUAGES:
        words = Catalogue(language, "machinami.services.plan")
        stage = words.plain(f"plan.stage.{refused.value.facts['stage']}")
        assert stage in words.plain(str(refused.value.facts["key"]), stage=stage)
    with pytest.raises(BadRequestData, match="no year"):
        read_stages({"survey-from": "来年"})
    assert read_stages({"survey-to": "2026"}) == [{"stage": "survey", "from": 2026, "to": 2026, "state": "planned"}]


FORM = {
    "name": "川の見守り",
    "text": "夜も安心",
    "state": "going",
    "need n1": "yes",
    "kpi k1": "yes",
    "who-0": "消防団",
}


def test_a_work_is_what_the_form_says_and_its_other_language_stays() -> None:
    work = described(Initiative("i1", name=Words({"en": "River watch"})), FORM, "ja", "v1", {"n1": "disaster"})
    assert work.name == {"en": "River watch", "ja": "川の見守り"}
    assert (work.needs, work.kpis, work.roles) == (["n1"], ["k1"], [{"who": "消防団", "does": ""}])
    assert work.field == "disaster"


def test_a_change_of_a_work_is_taken_back_to_what_stood_before() -> None:
    before = described(Initiative("i1"), FORM, "ja", "", {})
    after = described(before, {**FORM, "state": "ended", "lead": "企画課"}, "ja", "", {})
    was, now = moved(before, after)
    assert (was, now) == ({"lead": None, "state": "going"}, {"lead": "企画課", "state": "ended"})
    assert brought_back(after, was) == before
    assert moved(before, before) == ({}, {})


def test_only_the_last_word_on_a_chapter_can_be_undone() -> None:
    open_draft = draft()
    log = [
        PlanDecision(f"x{n}", "written", None, chapter=chapter, ref_draft=Ref("d1"), decided_at=NOW.replace(minute=n))
        for n, chapter in enumerate(("goals", "goals", "work"))
    ]
    assert undoable(log, [open_draft]) == {"x1", "x2"}
    undone = PlanDecision("x9", "undone", None, ref_source=Ref("x1"), decided_at=NOW.replace(minute=9))
    assert undoable([*log, undone], [open_draft]) == {"x0", "x2"}
    assert undoable(log, []) == set()


def test_a_year_whose_running_costs_are_paid_by_grants_alone_is_said() -> None:
    costs = [
        CostItem("c1", year=2027, task="initial", amount=9_000_000),
        CostItem("c2", year=2027, task="cloud", amount=500_000),
        CostItem("c3", year=2028, task="staff", amount=300_000),
        CostItem("c4", amount=1),
    ]
    incomes = [
        IncomeItem("i1", year=2027, source="grant", amount=9_500_000),
        IncomeItem("i2", year=2028, source="town", amount=300_000),
    ]
    found = money(costs, incomes, {})
    assert (found["uncovered"], found["undated"]) == ([2027], 1)
    assert [(row["year"], row["balance"]) for row in found["years"]] == [(2027, 0), (2028, 0)]


amounts = st.lists(st.tuples(st.integers(2025, 2030), st.integers(0, 10**9), st.sampled_from(["a", "b"])), max_size=20)


@given(amounts, amounts)
def test_no_yen_is_lost_between_works_and_years(
    costs: list[tuple[int, int, str]], incomes: list[tuple[int, int, str]]
) -> None:
    spent = [
        CostItem(f"c{n}", year=y, amount=a, task="cloud", ref_initiative=Ref(w)) for n, (y, a, w) in enumerate(costs)
    ]
    earned = [IncomeItem(f"i{n}", year=y, amount=a, ref_initiative=Ref(w)) for n, (y, a, w) in enumerate(incomes)]
    found = money(spent, earned, {})
    balance = sum(a for _, a, _ in incomes) - sum(a for _, a, _ in costs)
    assert sum(row["balance"] for row in found["years"]) == balance
    assert sum(row["other"] - row["running"] for row in found["rows"]) == balance


def test_the_tables_are_plain_values_and_leave_out_what_has_ended() -> None:
    sources = Sources(
        needs=[CityNeed("n1", voices=2), CityNeed("n2", voices=3, ref_group=Ref("n1")), CityNeed("n3", state="closed")],
        initiatives=[Initiative("i1", needs=["n2"], state="going"), Initiative("i2", state="ended")],
        kpis=[KeyPerformanceIndicator("k1", current=Measured(4.5, NOW))],
    )
    found = record(sources, NOW)
    assert [(row["id"], row["voices"], row["works"]) for row in found["needs"]] == [("n1", 5, ["i1"])]
    assert [row["id"] for row in found["works"]] == ["i1"]
    assert (found["kpis"][0]["value"], found["kpis"][0]["at"]) == (4.5, "2026-11-21T09:00:00Z")
