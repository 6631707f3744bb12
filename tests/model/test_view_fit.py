"""Is an entity that does not fit a view told apart from one that does, down to the inside of its values?"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypedDict

import pytest

from machinami.broker.contexts import town_context
from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.view import from_entity

CONTEXT = town_context()


class Row(TypedDict, total=False):
    """A row of a roadmap."""

    stage: str
    year: int


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
