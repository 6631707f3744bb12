"""Does what the simulated town planned hang together: nothing points to what is not there, and every word is a term?"""

from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

import pytest

from machinami.broker.contexts import town_context
from machinami.foundation.errors import BadRequestData
from machinami.ingest.town import circle_street as street
from machinami.ingest.town.circle import circle, told
from machinami.ingest.town.circle_choices import BANDS, BUDGET
from machinami.model.attribute import Attribute, Kind
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.reading import Reading
from machinami.model.town_terms import TERMS
from machinami.model.view import Ref, Words, attribute_names, from_entity
from machinami.model.vocabulary.circle import CityNeed
from machinami.services.indicators.logic.formula import parse_formula
from machinami.services.money.model import CostShare
from machinami.services.participation.logic import wellbeing
from machinami.services.participation.model import BudgetRound, ProposalComment, WellBeingSurvey
from machinami.services.partnership.logic.voting import count
from machinami.services.partnership.model import KINDS, ConsortiumMember, is_shown

AT = datetime(2026, 11, 21, 3, tzinfo=UTC)
ROWS = circle(date(2026, 11, 21), AT)
IDS = {row.entity_id for row in ROWS}


def values(kind: str, attribute: str) -> list[Reading]:
    """What is told of one attribute."""
    return [row for row in ROWS if (row.entity_type, row.attribute) == (kind, attribute)]


def test_nothing_points_to_what_is_not_there() -> None:
    pointed = [str(row.value) for row in ROWS if row.kind == "Relationship"]
    for kind, attribute in (("Initiative", "needs"), ("Initiative", "kpis"), ("ActionPlan", "initiatives"),
                            ("KeyPerformanceIndicator", "leadsTo")):  # fmt: skip
        for row in values(kind, attribute):
            assert isinstance(row.value, list)
            pointed += row.value
    assert len(pointed) > 40
    assert set(pointed) <= IDS


def test_every_word_is_a_term_and_every_thing_is_said_to_be_simulated() -> None:
    assert {row.attribute for row in ROWS} | {row.entity_type for row in ROWS} <= TERMS.keys()
    for entity, rows in groupby(ROWS, lambda row: row.entity_id):
        assert [row.value for row in rows if row.attribute == "simulated"] == [True], entity


def test_the_town_has_six_figures_and_those_of_its_street_whose_formulas_can_be_read() -> None:
    formulas = values("KeyPerformanceIndicator", "formula")
    assert len(formulas) == 6 + len(street.FIGURES)
    for row in formulas:
        assert parse_formula(str(row.value), town_context()) is not None
    with pytest.raises(BadRequestData):
        parse_formula("share(", town_context())


def test_one_pilot_passed_and_one_failed_and_both_were_decided() -> None:
    assert sorted(str(row.value) for row in values("Pilot", "state")) == ["failed", "in_operation", "running"]
    assert len(values("GateDecision", "verdict")) == 5
    assert all(isinstance(row.value, Words) and len(row.value) == 2 for row in values("Pilot", "lessons"))


def test_a_pilot_stands_at_a_gate_with_an_estimate_of_its_effect_and_what_it_is_worth() -> None:
    (effect,), (low,), (high,) = (values("EffectEstimate", name) for name in ("effect", "low", "high"))
    assert isinstance(low.value, float)
    assert isinstance(effect.value, float)
    assert isinstance(high.value, float)
    assert low.value < effect.value < high.value
    assert low.value < 190 < high.value, "what places to rest add in the invented figures"
    (found,) = values("EffectEstimate", "findings")
    assert isinstance(found.value, list)
    assert [row["kind"] for row in found.value] == ["chance_excludes", "drift_none"]
    (series,) = values("EffectEstimate", "series")
    assert isinstance(series.value, dict)
    assert {len(series.value[name]) for name in ("steps", "treated", "others")} == {10}


def test_a_review_of_the_plan_was_sent_and_answered() -> None:
    (review,), (answer,) = values("PlanReview", "state"), values("PlanAnswer", "refReview")
    assert review.value == "sent"
    assert str(answer.value) == review.entity_id


@pytest.mark.parametrize(("day", "year"), [("2026-03-31", 2025), ("2026-04-01", 2026)])
def test_the_years_stand_around_the_fiscal_year_in_which_the_town_begins(day: str, year: int) -> None:
    rows = circle(date.fromisoformat(day), AT)
    spent = {row.value for row in rows if (row.entity_type, row.attribute) == ("CostItem", "year")}
    assert spent == set(range(year - 1, year + 5))


def test_what_the_services_read_of_the_body_and_of_choices_is_what_they_can_show() -> None:
    """Every view of a service takes what is told, and its page would show it."""
    context = town_context()
    found: dict[str, list[Any]] = {}
    kinds: tuple[type[Any], ...] = (*KINDS.values(), BudgetRound, WellBeingSurvey, ProposalComment, CostShare)
    for kind in kinds:
        for entity_id in {row.entity_id for row in ROWS if row.entity_type == kind.TYPE}:
            attributes = [row for row in ROWS if row.entity_id == entity_id]
            view = from_entity(kind, entity_of(entity_id, attributes, context), context)
            assert view.simulated is True
            assert {row.attribute for row in attributes} <= set(attribute_names(kind)), kind.TYPE
            found.setdefault(kind.TYPE, []).append(view)
    assert all(is_shown(one) for kind in KINDS for one in found[kind])
    assert {one.role for one in found["ConsortiumMember"]} == {"chair", "member", "observer"}
    assert sorted(one.state for one in found["SolutionMatch"]) == ["ended", "met", "pilot"]


def test_the_vote_of_the_consortium_is_what_its_rule_says_and_holds_a_dissent() -> None:
    members = [
        ConsortiumMember(row.entity_id, state="member", role=str(row.value))
        for row in values("ConsortiumMember", "role")
    ]
    (votes,) = (row.value for row in values("Resolution", "votes"))
    assert isinstance(votes, dict)
    found = count(votes, members, "majority", 50)
    assert (found.outcome, found.yes, found.no, found.abstain) == ("passed", 3, 1, 1)
    assert {str(row.value) for row in values("Resolution", "state")} == {"passed"}


def test_the_round_was_counted_by_the_rule_of_the_town_and_answers_keep_to_the_frame() -> None:
    closed = next(row.entity_id for row in values("BudgetRound", "state") if row.value == "closed")
    outcome = next(row.value for row in values("BudgetRound", "outcome") if row.entity_id == closed)
    assert isinstance(outcome, dict)
    chosen = [row["id"] for row in outcome["projects"] if row["how"] != "none"]
    assert 0 < len(chosen) < len(outcome["projects"])
    assert outcome["spent"] <= BUDGET
    (results,) = (row.value for row in values("WellBeingSurvey", "results"))
    assert isinstance(results, dict)
    assert results["frame"] == wellbeing.VERSION
    assert set(BANDS) < set(wellbeing.BANDS)
    for name, told_ in results["questions"].items():
        least, most = wellbeing.SCALES[name]
        assert all(least <= mean <= most for mean in (told_["mean"], *told_["bands"].values()))
    shares = next(row.value for row in values("CostShare", "members"))
    assert isinstance(shares, list)
    assert sum(one["share"] for one in shares) == 1_440_000


def entity_of(entity_id: str, rows: list[Reading], context: Context) -> Entity:
    """The entity that readings make."""
    made = {context.expand(row.attribute): (Attribute(Kind(row.kind), row.value),) for row in rows}
    return Entity(entity_id, (context.expand(rows[0].entity_type),), made)


def test_a_view_is_told_as_what_its_values_are() -> None:
    need = CityNeed("urn:ngsi-ld:CityNeed:1", Words(ja="川"), voices=3, ref_vision=Ref("urn:ngsi-ld:Vision:1"))
    kinds = {row.attribute: (row.kind, row.value) for row in told(need, AT)}
    assert kinds == {
        "simulated": ("Property", True),
        "name": ("LanguageProperty", {"ja": "川"}),
        "voices": ("Property", 3),
        "refVision": ("Relationship", "urn:ngsi-ld:Vision:1"),
    }


def test_a_share_is_told_in_per_cent_and_so_is_its_target() -> None:
    units = {row.entity_id: str(row.value) for row in values("KeyPerformanceIndicator", "unit")}
    for row in values("KeyPerformanceIndicator", "formula"):
        if "share(" in str(row.value) or "Share" in str(row.value) or "Met of" in str(row.value):
            assert units.get(row.entity_id) in ("%", "P1"), row.entity_id
            assert str(row.value).startswith("100 * "), row.value


def test_a_review_says_by_when_the_target_is() -> None:
    (reasons,) = values("PlanReview", "reasons")
    for reason in reasons.value:  # type: ignore[union-attr]
        assert date.fromisoformat(str(reason["end_on"])) > AT.date()  # type: ignore[index]
