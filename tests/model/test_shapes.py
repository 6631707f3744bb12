"""An attribute with the members of many others is read as every other one is."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.samples import VOCAB

from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Kind
from machinami.model.context import core
from machinami.model.expansion import (
    ENTITY,
    INSTANCE,
    MERGE,
    PEER,
    TEMPORAL,
    UPDATE,
    Intake,
    expand_attribute,
    expand_entity,
)
from machinami.model.null import NULL
from machinami.model.shapes import read_common

CORE = core()
NINE = "2026-06-30T09:00:00Z"

places = st.sampled_from([[138.2, 35.2], [138, 35], [138.2], [138.2, 35.2, 4.0], [True, 35.2], ["138", "35"], 5, None])
points = st.fixed_dictionaries(
    {"type": st.sampled_from(["Point", "LineString", "Circle", 3])},
    optional={"coordinates": places, "crs": st.just("x")},
)
anything = st.sampled_from(
    [1, 1.0, True, 0, -3.5, 10**30, "high", "", NULL, None, [], [1], {}, {"a": None}, {"value": 1}]
)
uris = st.sampled_from(["urn:x:1", "http://x/y", "urn:", "x", "urn:x y", NULL, "urn:x:川", "urn:x:\u200b"])
moments = st.sampled_from(
    [NINE, "2026-06-30T09:00:00.25Z", "2026-06-30T09:00:00+09:00", "2026-06-30", "soon", NULL, "", "Z" * 50]
)
kinds = st.sampled_from(["Property", "GeoProperty", "Relationship", "ListProperty", "Point", "", "prop"])
bodies = st.fixed_dictionaries(
    {},
    optional={
        "type": kinds | anything,
        "value": anything | points,
        "object": uris | anything | st.lists(uris, max_size=2),
        "observedAt": moments | anything,
        "unitCode": st.sampled_from(["MTR", "", NULL]) | anything,
        "datasetId": uris | st.just("@none"),
        "accuracy": anything,
    },
).flatmap(lambda body: st.permutations(list(body.items())).map(dict))
intakes = st.sampled_from([ENTITY, UPDATE, MERGE, TEMPORAL, INSTANCE, PEER])


@given(bodies, intakes)
def test_what_is_read_at_once_is_what_a_closer_look_finds(body: dict[str, Any], intake: Intake) -> None:
    for _ in range(2):  # the reader is chosen at first, and remembered then
        found = read_common("level", body)
        if found is not None:
            assert repr((found,)) == repr(expand_attribute("level", body, CORE, intake))


@given(st.lists(bodies | anything, min_size=1, max_size=3), st.sampled_from([ENTITY, TEMPORAL, INSTANCE, PEER]))
def test_an_entity_is_read_as_its_attributes_one_by_one(several: list[Any], intake: Intake) -> None:
    attributes = {f"level{index}": body for index, body in enumerate(several)}
    document = {"id": "urn:x:1", "type": "Gauge", **attributes}

    def one_by_one() -> Any:
        return {VOCAB + name: expand_attribute(name, body, CORE, intake) for name, body in attributes.items()}

    assert _said(lambda: expand_entity(document, CORE, intake).attributes) == _said(one_by_one)


def _said(reading: Callable[[], Any]) -> str:
    try:
        return repr(reading())
    except BadRequestData as error:
        return error.detail


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"type": "Property", "value": 2.3}, Kind.PROPERTY),
        ({"value": "open"}, Kind.PROPERTY),
        ({"value": 2, "unitCode": "MTR", "observedAt": NINE}, Kind.PROPERTY),
        ({"observedAt": NINE, "type": "Property", "value": True, "unitCode": "MTR"}, Kind.PROPERTY),
        ({"type": "Relationship", "object": "urn:x:2"}, Kind.RELATIONSHIP),
        ({"object": "urn:x:2", "observedAt": NINE}, Kind.RELATIONSHIP),
        ({"type": "GeoProperty", "value": {"type": "Point", "coordinates": [138.2, 35.2]}}, Kind.GEO),
    ],
)
def test_what_most_documents_hold_is_read_at_once(body: dict[str, Any], kind: Kind) -> None:
    found = read_common("level", body)
    assert found is not None
    assert found.kind is kind


def test_names_without_end_leave_nothing_behind() -> None:
    for number in range(10_000):
        assert read_common(f"level{number}", {"value": number}) is not None
    assert read_common("x" * 100_000, {"value": 1}) is not None
