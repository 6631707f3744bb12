"""Does what the simulated town planned hang together: nothing points to what is not there, and every word is a term?"""

from datetime import UTC, date, datetime
from itertools import groupby

import pytest

from machinami.broker.contexts import town_context
from machinami.foundation.errors import BadRequestData
from machinami.ingest.town.circle import circle, told
from machinami.model.reading import Reading
from machinami.model.town_terms import TERMS
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import CityNeed
from machinami.services.indicators.logic.formula import parse_formula

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


def test_the_town_has_six_figures_whose_formulas_can_be_read() -> None:
    formulas = values("KeyPerformanceIndicator", "formula")
    assert len(formulas) == 6
    for row in formulas:
        assert parse_formula(str(row.value), town_context()) is not None
    with pytest.raises(BadRequestData):
        parse_formula("share(", town_context())


def test_one_pilot_passed_and_one_failed_and_both_were_decided() -> None:
    assert sorted(str(row.value) for row in values("Pilot", "state")) == ["failed", "in_operation"]
    assert len(values("GateDecision", "verdict")) == 4
    assert all(isinstance(row.value, Words) and len(row.value) == 2 for row in values("Pilot", "lessons"))


@pytest.mark.parametrize(("day", "year"), [("2026-03-31", 2025), ("2026-04-01", 2026)])
def test_the_years_stand_around_the_fiscal_year_in_which_the_town_begins(day: str, year: int) -> None:
    rows = circle(date.fromisoformat(day), AT)
    spent = {row.value for row in rows if (row.entity_type, row.attribute) == ("CostItem", "year")}
    assert spent == set(range(year - 1, year + 5))


def test_a_view_is_told_as_what_its_values_are() -> None:
    need = CityNeed("urn:ngsi-ld:CityNeed:1", Words(ja="川"), voices=3, ref_vision=Ref("urn:ngsi-ld:Vision:1"))
    kinds = {row.attribute: (row.kind, row.value) for row in told(need, AT)}
    assert kinds == {
        "simulated": ("Property", True),
        "name": ("LanguageProperty", {"ja": "川"}),
        "voices": ("Property", 3),
        "refVision": ("Relationship", "urn:ngsi-ld:Vision:1"),
    }
