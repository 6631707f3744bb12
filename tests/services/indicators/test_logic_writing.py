"""Is a form read as it was meant, and are people warned of what a figure does not say?"""

from typing import Any

import pytest

from machinami.model.view import Words
from machinami.model.vocabulary.circle import KeyPerformanceIndicator
from machinami.services.indicators.logic.chain import ACROSS, BOX, TALL, circular, draw, wrapped
from machinami.services.indicators.logic.writing import cautions, read_definition
from machinami.services.indicators.model import Definition

from .towns import CONTEXT

OTHER = "urn:ngsi-ld:KeyPerformanceIndicator:other"
FORM = {
    "name_ja": "開いている避難所の割合", "name_en": "Open shelters", "level": "output", "kind": "required",
    "direction": "up", "unit": "%", "formula": '100 * share(Shelter where state=="open")', "counting_ja": "夜 8 時の数",
    "baseline": "1,200.5", "baseline_year": "2024", "target": "range", "low": "40", "high": "60", "year_from": "2026",
    "year_to": "2028", "fiscal": "yes", f"leads:{OTHER}": "yes", "leads:urn:gone": "yes", "is_goal": "yes",
}  # fmt: skip


def read(**more: str) -> tuple[Definition, dict[str, str]]:
    found, faults = read_definition({**FORM, **more}, "urn:x", CONTEXT, {OTHER})
    return found, {name: fault.kind for name, fault in faults.items()}


def test_a_whole_form_becomes_an_indicator() -> None:
    found, faults = read()
    assert faults == {}
    assert found.name == {"ja": "開いている避難所の割合", "en": "Open shelters"}
    assert (found.baseline, found.baseline_year, found.is_goal) == (1200.5, 2024, True)
    assert found.target == {"kind": "range", "low": 40.0, "high": 60.0}
    assert found.target_years == {"from": 2026, "to": 2028, "fiscal": True}
    assert found.leads_to == [OTHER]


def test_what_is_left_empty_is_not_known() -> None:
    found, faults = read_definition({"name_ja": "x"}, "urn:x", CONTEXT, ())
    assert faults == {}
    assert (found.baseline, found.target, found.target_years, found.formula, found.leads_to) == (None,) * 5


@pytest.mark.parametrize(
    ("field", "text", "kind"),
    [
        ("name_ja", " ", "empty"), ("formula", "wealth(x)", "formula"), ("baseline", "twelve", "number"),
        ("baseline", "nan", "number"), ("baseline_year", "24", "year"), ("year_to", "2025", "years"),
        ("high", "39", "order"), ("year_from", "２０２６", "year"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(field: str, text: str, kind: str) -> None:
    _, faults = read(**({"name_en": ""} if field == "name_ja" else {}), **{field: text})
    assert faults == {field: kind}


def test_a_target_needs_a_number_and_a_rate_may_be_for_each_year() -> None:
    assert read(target="value", low="", high="")[1] == {"low": "no_number"}
    assert read(target="rate", low="10", high="", per_year="yes")[0].target == {
        "kind": "rate", "low": 10.0, "per": "year"
    }  # fmt: skip
    assert read(year_from="", year_to="2027")[0].target_years == {"from": 2027, "to": 2027, "fiscal": True}


def warned(**more: Any) -> list[str]:
    usual: dict[str, Any] = {
        "name": Words({"ja": "x"}), "level": "outcome", "counting": Words({"ja": "y"}),
        "formula": "max(capacity of Shelter)",
    }  # fmt: skip
    return cautions(Definition("urn:x", **{**usual, **more}), CONTEXT)


def test_people_are_warned_of_what_a_figure_does_not_say() -> None:
    assert warned() == []
    assert warned(level="output") == ["count_is_not_use", "leads_nowhere"]
    assert warned(formula="count(Shelter)") == ["duplicates"]
    assert warned(formula=None, counting=None) == ["survey_design", "no_counting"]
    assert warned(baseline=1.0) == ["same_conditions"]
    assert warned(target={"kind": "value", "low": 1}) == ["no_baseline", "no_year"]
    assert warned(name=Words({"ja": "API の呼び出し"})) == ["api_calls"]
    assert warned(name=Words({"en": "Active users"})) == ["break_down"]
    assert warned(formula='count(Pilot where state=="passed")') == ["pilot_rate"]


def kpi(name: str, level: str, *leads: str) -> KeyPerformanceIndicator:
    return KeyPerformanceIndicator(name, level=level, leads_to=list(leads) or None)


def test_the_logic_model_goes_from_what_is_put_in_to_what_becomes_of_it() -> None:
    drawn = draw([kpi("c", "impact"), kpi("a", "output", "b", "gone"), kpi("b", "outcome", "c")], {})
    assert [(box.id, box.x) for box in drawn.boxes] == [("a", 0), ("b", BOX + ACROSS), ("c", 2 * (BOX + ACROSS))]
    assert [(lead.start, lead.end, lead.back) for lead in drawn.leads] == [("a", "b", False), ("b", "c", False)]


def test_what_belongs_together_stands_at_one_height_and_nothing_lies_on_another() -> None:
    rows = [kpi(f"o{n}", "output", f"r{4 - n}") for n in range(5)] + [kpi(f"r{n}", "outcome") for n in range(5)]
    drawn = draw(rows, {})
    heights = {box.id: box.y for box in drawn.boxes}
    assert all(heights[f"o{n}"] == heights[f"r{4 - n}"] for n in range(5))
    assert len({(box.x, box.y) for box in drawn.boxes}) == 10


def test_a_lead_past_a_column_goes_through_the_gap_between_boxes() -> None:
    drawn = draw([kpi("a", "input", "c"), kpi("b", "output", "c"), kpi("c", "impact")], {})
    (far,) = (lead for lead in drawn.leads if lead.start == "a")
    gap = next(box.y for box in drawn.boxes if box.id == "a") + TALL
    assert int(far.path.split(" H")[0].rpartition(" ")[2]) > gap


def test_a_circle_is_found_and_a_lead_back_is_drawn_below() -> None:
    assert circular({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == ["a", "b", "c"]
    assert circular({"a": ["b"], "b": ["c"]}) == []
    assert draw([kpi("a", "outcome", "b"), kpi("b", "output")], {}).leads[0].back


def test_a_name_is_wrapped_by_the_width_of_its_letters() -> None:
    assert wrapped("徒歩・公共交通で来街する人の割合") == ("徒歩・公共交通で来街す", "る人の割合")
    assert wrapped("People who know where to go") == ("People who know where", "to go")
    assert wrapped("x" * 100)[-1].endswith("…")
    assert len(wrapped("字" * 100)) == 3
    assert draw([], {}).boxes == ()
