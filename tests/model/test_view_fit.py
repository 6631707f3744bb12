"""Is an entity that does not fit a view told apart from one that does, down to the inside of its values?"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, TypedDict

import pytest

from machinami.broker.contexts import town_context
from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.view import Day, Measured, Moment, Year, from_entity

CONTEXT = town_context()


class Row(TypedDict, total=False):
    """A row of a roadmap."""

    stage: str
    year: int


class Done(TypedDict):
    """A row whose words are of a kind."""

    state: Annotated[str, ("", "yes", "no")]
    at: Moment


@dataclass(frozen=True, slots=True)
class Marked:
    """A view whose texts and numbers are of a kind, and one that must be there."""

    TYPE: ClassVar[str] = "ActionPlan"
    id: str
    name: str
    raised_on: Day | None = None
    year: Year | None = None
    revisions: Annotated[list[dict[str, Any]], list[Done]] | None = None


@dataclass(frozen=True, slots=True)
class Gauge:
    """A view that measures."""

    TYPE: ClassVar[str] = "RiverGauge"
    id: str
    water_level: Measured | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A view with insides."""

    TYPE: ClassVar[str] = "ActionPlan"
    id: str
    state: Literal["draft", "adopted"] | None = None
    needs: list[str] | None = None
    stages: list[Row] | None = None
    roles: dict[str, float] | None = None
    chapters: dict[str, object] | None = None
    voices: int | None = None


def entity(name: str, value: Any) -> Entity:
    """An entity with one attribute."""
    kind = Kind.JSON if isinstance(value, list | dict) else Kind.PROPERTY
    held = {CONTEXT.expand(name): (Attribute(kind, value),)}
    return Entity("urn:ngsi-ld:ActionPlan:1", (CONTEXT.expand("ActionPlan"),), held)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "draft"),
        ("needs", []),
        ("needs", ["a"]),
        ("stages", [{"stage": "pilot"}, {"more": None}]),
        ("roles", {"a": 1, "b": 0.5}),
        ("chapters", {"goals": [{}, None, 1]}),
        ("voices", 3),
    ],
)
def test_what_fits_is_read(name: str, value: Any) -> None:
    assert getattr(from_entity(Plan, entity(name, value), CONTEXT), name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "burnt"),
        ("state", 1),
        ("needs", ["a", 1]),
        ("needs", {"a": 1}),
        ("stages", [{"stage": 1}]),
        ("stages", ["pilot"]),
        ("roles", {"a": "x"}),
        ("roles", {"a": True}),
        ("voices", "3"),
        ("voices", True),
    ],
)
def test_what_does_not_fit_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(BadRequestData, match=name):
        from_entity(Plan, entity(name, value), CONTEXT)


NOON = "2026-06-30T03:00:00Z"


def marked(**said: Any) -> Marked:
    """The view of an entity that says this."""
    held = {CONTEXT.expand(name): (Attribute(Kind.PROPERTY, value),) for name, value in said.items()}
    return from_entity(Marked, Entity("urn:ngsi-ld:ActionPlan:1", (CONTEXT.expand("ActionPlan"),), held), CONTEXT)


def test_a_day_a_year_and_rows_of_a_kind_are_read() -> None:
    rows = [{"state": "", "at": NOON}, {"state": "yes", "at": NOON, "more": 1}]
    found = marked(name="a", raisedOn="2026-06-30", year=2026, revisions=rows)
    assert found == Marked("urn:ngsi-ld:ActionPlan:1", "a", "2026-06-30", 2026, rows)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        *(("raisedOn", text, "day") for text in ("2026-13-41", "20260630", NOON, "", "9999-12-31", 5)),
        *(("year", number, "year") for number in (0, 10**18, True, "2026", 1.5)),
        *(("revisions", [row], "list") for row in ({"state": "yes"}, {"state": "x", "at": NOON}, "yes")),
        ("revisions", [{"state": "yes", "at": "soon"}], "list"),
    ],
)
def test_what_is_of_no_such_kind_is_told_apart_and_what_would_fit_is_said(name: str, value: Any, wanted: str) -> None:
    with pytest.raises(BadRequestData) as refused:
        marked(name="a", **{name: value})
    facts = refused.value.facts
    assert (facts["attribute"], facts["wanted"], facts["found"]) == (name, wanted, repr(value)[:60])


def test_a_measured_value_of_no_day_of_any_clock_is_told_by_its_moment() -> None:
    late = Attribute(Kind.PROPERTY, 2.1, observed_at=datetime(9999, 12, 31, 23, tzinfo=UTC))
    gauge = Entity("urn:ngsi-ld:RiverGauge:1", (CONTEXT.expand("RiverGauge"),), {CONTEXT.expand("waterLevel"): (late,)})
    with pytest.raises(BadRequestData) as refused:
        from_entity(Gauge, gauge, CONTEXT)
    assert (refused.value.facts["wanted"], refused.value.facts["found"]) == ("dated", "9999-12-31T23:00:00Z")


@pytest.mark.parametrize("said", [{}, {"name": None}])
def test_what_must_be_there_is_said_to_be_missing(said: dict[str, Any]) -> None:
    with pytest.raises(BadRequestData, match="name of urn:ngsi-ld:ActionPlan:1 is missing") as refused:
        marked(**said)
    assert refused.value.facts["found"] is None
