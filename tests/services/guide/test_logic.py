"""Does the guide find the stage, the reasons and the next steps as its documents mean them?"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.model.view import Measured, Ref, Words
from machinami.model.vocabulary.circle import CityNeed, CostItem, IncomeItem, Initiative, KeyPerformanceIndicator, Pilot
from machinami.model.vocabulary.circle import Vision as TownVision
from machinami.model.vocabulary.office import Officer
from machinami.services.cases.logic.reading import key_of
from machinami.services.cases.service import library
from machinami.services.guide.logic.diagnosis import answered, conclusion, diagnose, standing, taken_back
from machinami.services.guide.logic.evidence import RULES, cautions, each, gather
from machinami.services.guide.logic.reading import GuidanceError, read_guidance
from machinami.services.guide.model import (
    Consortium,
    ConsortiumMember,
    Diagnosis,
    Evidence,
    GuideAnswer,
    Known,
    MenuChoice,
    Question,
)
from machinami.services.guide.service import guidance

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
BY = Officer("山田花子", "企画課長")
OWN = guidance()
BOOK = OWN.paths[0]
NOTHING = gather(Known())


def said(question: str, answer: str = "yes") -> GuideAnswer:
    return answered(None, question, answer, "", BY, NOW)


def found(*yes: str, known: Known | None = None) -> Diagnosis:
    return diagnose(BOOK, OWN.questions, {one: said(one) for one in yes}, gather(known or Known()))


def test_the_stages_are_those_of_the_documents() -> None:
    assert [stage.title["ja"] for stage in BOOK.stages] == [
        "初動", "準備", "計画（戦略）策定", "実証・実装", "定着・発展",
    ]  # fmt: skip
    assert [len(path.stages) for path in OWN.paths] == [5, 4, 5]
    assert [theme.id for theme in OWN.themes] == ["body", "money", "citizens", "os", "evaluation"]


def test_the_concept_has_three_principles_and_five_rules_in_both_versions() -> None:
    assert {one.id: (len(one.principles), len(one.rules)) for one in OWN.concepts} == {"2021": (3, 5), "2020": (3, 5)}
    titles = {one.id: one.rules[2].title["ja"] for one in OWN.concepts}
    assert "透明性" in titles["2021"]
    assert "透明性" not in titles["2020"]


def test_every_question_can_be_shown_answered_by_evidence_that_exists_and_leads_to_cases_that_exist() -> None:
    cases = {key_of(one.id) for one in library().cases}
    for question in OWN.questions.values():
        assert all(text[tongue].strip() for text in (question.text, question.step) for tongue in ("ja", "en"))
        assert question.sources
        assert not question.evidence or question.evidence in {*RULES, "flow", "services"}
        assert set(question.cases) <= cases
    assert all(set(theme.cases) <= cases for theme in OWN.themes)


def test_a_town_that_has_nothing_stands_at_the_beginning_with_three_steps() -> None:
    empty = found()
    assert (empty.number, empty.stage.id, empty.settled) == (1, "start", False)
    assert [one.question.id for one in empty.steps] == ["aim_clear", "team_across", "adviser"]
    assert [one.question.id for one in empty.holding] == ["aim_clear", "team_across"]


def test_what_decides_carries_a_town_to_the_next_stage_and_the_rest_does_not_hold_it() -> None:
    here = found("aim_clear", "team_across")
    assert here.stage.id == "prepare"
    assert [one.question.id for one in here.carried] == ["aim_clear", "team_across"]


def test_what_the_town_shows_needs_no_answer() -> None:
    known = Known(needs=[CityNeed("urn:n:1")], visions=[TownVision("urn:v:1", state="adopted")])
    assert found("aim_clear", "team_across", known=known).stage.id == "plan"


def test_a_draft_of_a_vision_is_a_part_of_it() -> None:
    assert gather(Known(visions=[TownVision("urn:v:1", state="draft")]))["vision"].state == "partly"


def test_what_is_closed_to_who_looks_is_not_said_to_be_missing() -> None:
    assert NOTHING["needs"].state == "closed"
    assert gather(Known(needs=[]))["needs"].state == "no"


def test_every_work_needs_a_payer_and_ended_ones_none() -> None:
    works = [Initiative("urn:i:1"), Initiative("urn:i:2"), Initiative("urn:i:3", state="ended")]
    costs = [
        CostItem("urn:c:1", payer="町", ref_initiative=Ref("urn:i:1")),
        CostItem("urn:c:2", ref_initiative=Ref("urn:i:2")),
    ]
    assert gather(Known(works=works, costs=costs))["payers"] == Evidence("partly", 1, 2)
    assert gather(Known(works=works))["payers"].state == "closed"


def test_an_indicator_without_a_value_is_not_measured() -> None:
    kpis = [KeyPerformanceIndicator("urn:k:1", current=Measured(None, NOW)), KeyPerformanceIndicator("urn:k:2")]
    assert gather(Known(kpis=kpis))["measured"] == Evidence("no", 0, 2)


def test_a_body_of_one_is_no_body_yet() -> None:
    body, one = Consortium("urn:b:1", rule="majority"), ConsortiumMember("urn:m:1", state="member")
    gone = ConsortiumMember("urn:m:2", state="left")
    assert gather(Known(bodies=[body], members=[one, gone]))["body"] == Evidence("partly", 1, 1)
    assert gather(Known(bodies=[body], members=[one, replace(gone, state="member")]))["body"].state == "yes"
    assert gather(Known(bodies=[], members=[]))["body"].state == "no"
    assert gather(Known(bodies=[body]))["rules"].state == "yes"


def test_rows_of_the_menu_that_are_decided_are_a_part_of_the_decision_on_a_city_os() -> None:
    rows = [MenuChoice("urn:c:1", "selected"), MenuChoice("urn:c:2", "")]
    assert gather(Known(choices=rows))["menu"] == Evidence("partly", 1, 1)


def test_income_from_grants_alone_does_not_last() -> None:
    grants = [IncomeItem("urn:m:1", source="grant")]
    assert gather(Known(incomes=grants))["other_income"].state == "no"
    assert [one.kind for one in cautions(Known(incomes=grants))] == ["grants_only"]


def test_a_pilot_without_operator_or_payer_is_a_caution_and_a_failed_one_is_none() -> None:
    pilots = [Pilot("urn:p:1", operator="町", state="running"), Pilot("urn:p:2", state="failed")]
    assert [(one.kind, one.theme, one.facts["count"]) for one in cautions(Known(pilots=pilots))] == [
        ("no_owner", "money", 1)
    ]


@pytest.mark.parametrize(
    ("answer", "shown", "state", "doubted"),
    [
        (None, "yes", "met", False),
        (None, "partly", "partly", False),
        (None, "no", "open", False),
        (None, "closed", "open", False),
        ("yes", "yes", "met", False),
        ("yes", "no", "said", True),
        ("yes", "closed", "said", False),
        ("no", "yes", "open", False),
        ("partly", "yes", "partly", False),
    ],
)
def test_a_persons_word_goes_before_the_record_and_is_marked_where_that_shows_nothing(
    answer: str | None, shown: str, state: str, doubted: bool
) -> None:
    question = Question("q", Words(ja="?"), Words(ja="!"), "plan", evidence="plan")
    one = standing(question, said("q", answer) if answer else None, Evidence(shown))  # type: ignore[arg-type]
    assert (one.state, one.doubted) == (state, doubted)


def test_an_answer_keeps_what_was_answered_before_and_can_be_taken_back_step_by_step() -> None:
    first = said("aim_clear", "no")
    second = answered(first, "aim_clear", "yes", "宣言に書いた", BY, NOW)
    assert [row["answer"] for row in second.revisions or []] == ["no"]
    back = taken_back(second, BY, NOW)
    assert (back.answer, [row["answer"] for row in back.revisions or []]) == ("no", ["no", "yes"])


def test_an_answer_taken_back_with_nothing_before_it_is_no_answer() -> None:
    back = taken_back(said("aim_clear"), BY, NOW)
    assert back.answer == ""
    assert found().number == diagnose(BOOK, OWN.questions, {"aim_clear": back}, NOTHING).number


def test_a_town_through_everything_is_told_so_and_has_no_step() -> None:
    done = found(*(question for stage in BOOK.stages for question in stage.asks))
    assert (done.settled, done.number, done.steps) == (True, 5, ())


def test_what_is_open_behind_is_named_after_what_lies_ahead() -> None:
    most = [question for stage in BOOK.stages for question in stage.asks if question != "staff_learn"]
    assert [one.question.id for one in found(*most).steps] == ["staff_learn"]


def test_the_conclusion_names_stage_reasons_and_steps() -> None:
    told = conclusion(BOOK, found("aim_clear"), NOW)
    assert (told.stage, told.total, told.reasons) == ("start", 5, ["team_across"])
    assert told.reached == Measured(1.0, NOW)


@given(st.sets(st.sampled_from([question for stage in BOOK.stages for question in stage.asks])))
def test_one_more_yes_never_takes_a_town_back(yes: set[str]) -> None:
    here = found(*yes).number
    assert all(found(*yes, one).number >= here for one in ("aim_clear", "plan_published", "measured"))


@given(st.lists(st.booleans()))
def test_each_is_yes_only_where_all_of_some_hold(rows: list[bool]) -> None:
    shown = each(rows, bool)
    assert (shown.state == "yes") == (bool(rows) and all(rows))
    assert (shown.have, shown.of) == (sum(rows), len(rows))


def test_files_that_do_not_fit_together_are_refused_with_the_place() -> None:
    path = (
        'id = "p"\nversion = "1"\ntitle = {ja = "a", en = "b"}\nsource = {ja = "a", en = "b"}\n[[stages]]\nid = "s"\n'
    )
    stage = 'title = {ja = "a", en = "b"}\naim = {ja = "a", en = "b"}\nasks = ["nobody"]\ndecides = []\n'
    with pytest.raises(GuidanceError, match="p, s: nobody knows the questions nobody"):
        read_guidance("questions = []", [path + stage], "themes = []", "versions = []")
