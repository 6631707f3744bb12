"""What does a document from outside say?"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.model.samples import VOCAB, entities, unhurried

from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Attribute, Kind
from machinami.model.compaction import compact_entity
from machinami.model.context import assemble, core
from machinami.model.entity import Entity
from machinami.model.expansion import (
    ENTITY,
    MERGE,
    PEER,
    TEMPORAL,
    UPDATE,
    Intake,
    expand_attribute,
    expand_entity,
    expand_fragment,
)
from machinami.model.null import NO_MOMENT, NULL, Absent
from machinami.model.representation import Representation

CORE = core()
NINE = datetime(2026, 6, 30, 9, tzinfo=UTC)
SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[3] / "shared"))


def expanded(intake: Intake = ENTITY, /, **attributes: Any) -> Entity:
    return expand_entity({"id": "urn:x:1", "type": "Gauge", **attributes}, CORE, intake)


def level(intake: Intake = ENTITY, /, *, body: Any) -> Attribute:
    (instance,) = expanded(intake, level=body).attributes[VOCAB + "level"]
    return instance


def complaint(intake: Intake = ENTITY, /, **members: Any) -> str:
    with pytest.raises(BadRequestData) as raised:
        expand_entity({"id": "urn:x:1", "type": "Gauge", **members}, CORE, intake)
    return raised.value.detail


def test_a_normalized_entity_is_read_with_expanded_names() -> None:
    entity = expanded(
        level={"type": "Property", "value": 2.3, "unitCode": "MTR", "observedAt": "2026-06-30T09:00:00Z"},
        scope="/Town/River",
    )
    assert entity.types == (VOCAB + "Gauge",)
    assert entity.scopes == ("/Town/River",)
    assert entity.attributes == {VOCAB + "level": (Attribute(Kind.PROPERTY, 2.3, observed_at=NINE, unit_code="MTR"),)}


KINDS = [
    ({"value": 3}, Kind.PROPERTY, 3),
    ({"object": "urn:x:2"}, Kind.RELATIONSHIP, "urn:x:2"),
    ({"object": ["urn:x:2", "urn:x:3"]}, Kind.RELATIONSHIP, ("urn:x:2", "urn:x:3")),
    (
        {"value": {"type": "Point", "coordinates": [1, 2]}},
        Kind.GEO,
        {"type": "Point", "coordinates": [1, 2]},
    ),
    ({"languageMap": {"ja": "川", "en": ["river", "stream"]}}, Kind.LANGUAGE, None),
    ({"vocab": "high"}, Kind.VOCAB, VOCAB + "high"),
    ({"vocab": ["high", "low"]}, Kind.VOCAB, (VOCAB + "high", VOCAB + "low")),
    ({"valueList": [1, 2]}, Kind.LIST, [1, 2]),
    (
        {"objectList": [{"object": "urn:x:2"}, {"object": "urn:x:3"}]},
        Kind.LIST_RELATIONSHIP,
        ("urn:x:2", "urn:x:3"),
    ),
    ({"objectList": ["urn:x:2"]}, Kind.LIST_RELATIONSHIP, ("urn:x:2",)),
    ({"json": {"a": None, "id": 4}}, Kind.JSON, {"a": None, "id": 4}),
]


@pytest.mark.parametrize(("body", "kind", "value"), KINDS)
def test_the_kind_is_known_from_the_type_or_from_the_member(body: Any, kind: Kind, value: Any) -> None:
    concise = level(body=body)
    assert concise.kind is kind
    assert concise.value == (value if value is not None else body["languageMap"])
    assert level(body={"type": kind.value, **body}) == concise


@pytest.mark.parametrize("value", [3, "text", True, [1, 2], [], {"street": "Main"}, [{"a": 1}], {}])
def test_a_bare_value_is_a_property(value: Any) -> None:
    assert level(body=value) == Attribute(Kind.PROPERTY, value)


def test_a_bare_geometry_is_a_geoproperty_also_as_text() -> None:
    point = {"type": "Point", "coordinates": [139.6, 35.6]}
    assert level(body=point) == Attribute(Kind.GEO, point)
    assert level(body={"type": "GeoProperty", "value": json.dumps(point)}) == Attribute(Kind.GEO, point)


def test_sub_attributes_of_any_form_are_read() -> None:
    instance = level(body={"value": 3, "accuracy": 0.1, "by": {"object": "urn:x:2", "since": {"value": 1}}})
    assert instance.attributes[VOCAB + "accuracy"] == (Attribute(Kind.PROPERTY, 0.1),)
    (by,) = instance.attributes[VOCAB + "by"]
    assert by.kind is Kind.RELATIONSHIP
    assert by.attributes[VOCAB + "since"][0].value == 1


def test_several_instances_are_told_apart_by_dataset_and_the_default_comes_first() -> None:
    entity = expanded(
        level=[
            {"type": "Property", "value": 1, "datasetId": "urn:x:a"},
            {"type": "Property", "value": 2, "datasetId": "@none"},
        ]
    )
    assert [(i.dataset_id, i.value) for i in entity.attributes[VOCAB + "level"]] == [(None, 2), ("urn:x:a", 1)]


def test_the_simplified_form_of_several_instances_is_read() -> None:
    entity = expanded(level={"dataset": {"urn:x:a": {"vocab": "high"}, "@none": 2}})
    default, other = entity.attributes[VOCAB + "level"]
    assert default == Attribute(Kind.PROPERTY, 2)
    assert other == Attribute(Kind.VOCAB, VOCAB + "high", "urn:x:a")


def test_a_temporal_entity_has_several_instances_of_one_dataset() -> None:
    bodies = [{"type": "Property", "value": v} for v in (1, 2)]
    assert len(expanded(TEMPORAL, level=bodies).attributes[VOCAB + "level"]) == 2
    assert "level[1]: this is the second instance with no datasetId" in complaint(level=bodies)


def test_in_a_simplified_document_every_object_is_a_value() -> None:
    simple = Intake(simplified=True)
    address = {"type": "PostalAddress", "value": 3}
    assert level(simple, body=address) == Attribute(Kind.PROPERTY, address)
    assert level(simple, body={"languageMap": {"en": "yes"}}).kind is Kind.LANGUAGE
    assert level(simple, body={"type": "Point", "coordinates": [1, 2]}).kind is Kind.GEO


def test_times_of_the_system_are_ignored_unless_a_peer_says_them() -> None:
    body = {"type": "Property", "value": 1, "createdAt": "2026-06-30T09:00:00Z", "instanceId": "urn:x:i"}
    assert level(body=body) == Attribute(Kind.PROPERTY, 1)
    assert level(PEER, body=body) == Attribute(Kind.PROPERTY, 1, created_at=NINE, instance_id="urn:x:i")
    peer = expanded(PEER, createdAt="2026-06-30T09:00:00Z")
    assert peer.created_at == NINE


def test_the_remaining_members_are_read() -> None:
    body = {"object": "urn:x:2", "objectType": "River", "expiresAt": "2026-06-30T09:00:00.5Z"}
    assert level(body=body) == Attribute(
        Kind.RELATIONSHIP,
        "urn:x:2",
        object_type=(VOCAB + "River",),
        expires_at=NINE.replace(microsecond=500_000),
    )
    assert level(body={"value": 1, "valueType": "Length"}).value_type == VOCAB + "Length"
    proof = expanded(ngsildproof={"type": "Property", "value": {"p": 1}, "entityIdSealed": "urn:x:1"})
    assert compact_entity(proof, CORE)["ngsildproof"]["entityIdSealed"] == "urn:x:1"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"id": "gauge"}, "id: 'gauge' is not a URI"),
    ({"id": None}, "id: None is not a URI"),
    ({"type": None}, "type: there is no type"),
    ({"type": []}, "type: there is no type"),
    ({"type": "Property", "value": 3}, "type: 'Property' is a type of attribute"),
    ({"type": "type"}, "type: 'type' is a word of JSON-LD"),
    ({"type": "Ga<ge"}, "'Ga<ge' in type cannot be a name"),
    ({"level": None}, "level: null cannot be a value"),
    ({"level": {"type": "Property", "value": None}}, "level.value: null cannot be a value"),
    ({"level": {"type": "Property", "value": {"a": [{"b": None}]}}}, "level.value.a[0].b: null cannot"),
    ({"level": {"type": "Property", "value": {"a": NULL}}}, "level.value.a: urn:ngsi-ld:null cannot"),
    ({"level": NULL}, "level: urn:ngsi-ld:null cannot"),
    ({"level": {"object": NULL}}, "level.object: urn:ngsi-ld:null cannot"),
    ({"level": {"languageMap": {"@none": NULL}}}, "level.languageMap: urn:ngsi-ld:null cannot"),
    ({"level": {"type": "Property"}}, "level: a Property needs the member value"),
    ({"level": {"observedAt": "2026-06-30T09:00:00Z"}}, "level: a Property needs the member value"),
    ({"level": {"type": "Prop", "value": 1}}, "level.type: 'Prop' is not a type of attribute"),
    ({"level": {"value": 1, "observedAt": "yesterday"}}, "level.observedAt: 'yesterday' is not a date-time"),
    ({"level": {"value": 1, "observedAt": "2026-06-30T18:00:00+09:00"}}, "level.observedAt: '2026-06-30T18"),
    ({"level": {"value": 1, "observedAt": {"value": 3}}}, "level.observedAt: {'value': 3} is not a date-time"),
    ({"level": [{"value": 1}, {"value": 2, "datasetId": "a"}]}, "level[1].datasetId: 'a' is not a URI"),
    ({"level": [{"value": 1}, 5]}, "level[1] is 5"),
    ({"level": {"value": 1, "unitCode": 5}}, "level.unitCode: 5 is not a text"),
    ({"level": {"object": "urn:x:1", "unitCode": "MTR"}}, "level.unitCode: a Relationship cannot have"),
    ({"level": {"value": 1, "object": "urn:x:1"}}, "level.object: a Property cannot have"),
    ({"level": {"value": 1, "previousValue": 0}}, "level.previousValue: a Property cannot have"),
    ({"level": {"value": 1, "@context": {}}}, "level.@context: a Property cannot have"),
    ({"level": {"object": "two words"}}, "level.object: 'two words' is not a URI"),
    ({"level": {"object": ["urn:x:1", 4]}}, "level.object[1]: 4 is not a URI"),
    ({"level": {"type": "GeoProperty", "value": 4}}, "level.value: this is not a GeoJSON geometry"),
    ({"level": {"type": "Point", "coordinates": [1]}}, "level.coordinates: [1] is not a position"),
    ({"level": {"type": "LineString", "coordinates": [[1, 2]]}}, "level.coordinates: a LineString has"),
    (
        {"level": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}},
        "level.coordinates: a ring",
    ),
    (
        {"level": {"type": "GeoProperty", "value": {"type": "GeometryCollection", "geometries": []}}},
        "level.value: this is not",
    ),
    ({"level": {"languageMap": {"english!": "x"}}}, "level.languageMap: 'english!' is not a language tag"),
    ({"level": {"languageMap": {"en": 4}}}, "level.languageMap.en: 4 is not a text"),
    ({"level": {"vocab": 4}}, "level.vocab: 4 is not a word"),
    ({"level": {"type": "ListProperty", "valueList": 4}}, "level.valueList: 4 is not a list"),
    ({"scope": "a//b"}, "scope[0]: 'a//b' is not a scope"),
    ({"bad name": 1}, "'bad name'"),
    ({"observedAt": "2026-06-30T09:00:00Z"}, "'observedAt' cannot name an attribute"),
    ({"ngsi-ld:observedAt": 1}, "'ngsi-ld:observedAt'"),
    ({"level": 1, VOCAB + "level": 2}, f"{VOCAB}level: this is the second attribute"),
]


@pytest.mark.parametrize(("members", "message"), WRONG)
def test_what_is_wrong_is_said_with_its_place(members: dict[str, Any], message: str) -> None:
    assert message in complaint(**members)


def test_a_document_that_is_no_object_is_refused() -> None:
    with pytest.raises(BadRequestData, match="must be a JSON object"):
        expand_entity([], CORE)  # type: ignore[arg-type]  # what a careless client sends


def test_attributes_cannot_be_nested_without_end() -> None:
    body: dict[str, Any] = {"value": 1}
    for _ in range(20):
        body = {"value": 1, "sub": body}
    assert "nested deeper" in complaint(level=body)
    value: Any = 1
    for _ in range(60):
        value = [value]
    assert "nested deeper" in complaint(level={"value": value})


def test_an_entity_may_have_an_attribute_named_value() -> None:
    assert expanded(value={"value": 3}).attributes["https://uri.etsi.org/ngsi-ld/hasValue"][0].value == 3


def test_a_null_literal_is_a_value() -> None:
    literal = {"@type": "@json", "@value": None}
    assert level(body={"value": literal}).value == literal


def test_a_users_context_gives_the_names() -> None:
    context = assemble({"level": "https://example.org/level", "high": "https://example.org/high"}, {}.get)
    entity = expand_entity({"id": "urn:x:1", "type": "Gauge", "level": {"vocab": "high"}}, context)
    assert entity.attributes == {"https://example.org/level": (Attribute(Kind.VOCAB, "https://example.org/high"),)}


def test_a_fragment_may_leave_out_id_type_and_values_and_may_remove() -> None:
    fragment = expand_fragment(
        {
            "level": {"type": "Property", "observedAt": "2026-06-30T09:00:00Z"},
            "gone": NULL,
            "part": {"unitCode": NULL, "by": NULL},
            "scope": NULL,
            "expiresAt": NULL,
        },
        CORE,
        MERGE,
    )
    assert fragment.types == ()
    assert fragment.scopes == (NULL,)
    assert fragment.expires_at is NO_MOMENT
    assert fragment.attributes[VOCAB + "level"][0].value is Absent.TYPED
    assert fragment.attributes[VOCAB + "gone"][0].value == NULL
    (part,) = fragment.attributes[VOCAB + "part"]
    assert part.value is Absent.UNTYPED
    assert part.unit_code == NULL
    assert part.attributes[VOCAB + "by"][0].value == NULL
    assert fragment.bare == {VOCAB + "gone"}


def test_null_inside_a_value_is_for_merges_only() -> None:
    document = {"level": {"value": {"a": NULL}}}
    assert expand_fragment(document, CORE, MERGE).attributes[VOCAB + "level"][0].value == {"a": NULL}
    with pytest.raises(BadRequestData, match=r"level\.value\.a"):
        expand_fragment(document, CORE, UPDATE)
    with pytest.raises(BadRequestData, match=r"level\.value\[0\]"):
        expand_fragment({"level": {"value": [NULL]}}, CORE, MERGE)


def test_the_body_of_one_attribute_may_be_only_sub_attributes() -> None:
    (part,) = expand_attribute("level", {"accuracy": 3, "@context": []}, CORE, UPDATE)
    assert part.value is Absent.UNTYPED
    assert part.attributes[VOCAB + "accuracy"][0].value == 3
    assert expand_attribute("level", {"value": 4}, CORE) == (Attribute(Kind.PROPERTY, 4),)


@given(entities(system=False))
@unhurried
def test_all_lossless_forms_of_an_entity_say_the_same(entity: Entity) -> None:
    for form in ("normalized", "concise"):
        document = compact_entity(entity, CORE, Representation(form, sys_attrs=True))
        assert repr(expand_entity(json.loads(json.dumps(document)), CORE)) == repr(entity), form


@given(entities(system=False))
@unhurried
def test_the_normalized_form_comes_back_as_it_was_sent(entity: Entity) -> None:
    document = compact_entity(replace(entity, expires_at=None), CORE)
    assert compact_entity(expand_entity(document, CORE), CORE) == document


def real_examples(ending: str) -> Iterator[tuple[Path, Any]]:
    for path in sorted((SHARED / "data" / "smartdatamodels").glob(f"dataModel.*/*/examples/{ending}")):
        with contextlib.suppress(ValueError):  # some published examples are not JSON
            yield path, json.loads(path.read_text("utf-8"))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_real_normalized_documents_survive_the_round_trip() -> None:
    read = refused = 0
    for path, document in real_examples("example-normalized.jsonld"):
        try:
            entity = expand_entity(document, CORE)
        except BadRequestData:
            refused += 1
            continue
        read += 1
        concise = compact_entity(entity, CORE, Representation("concise", sys_attrs=True))
        assert expand_entity(concise, CORE) == entity, path
        normalized = compact_entity(entity, CORE, Representation(sys_attrs=True))
        assert expand_entity(normalized, CORE) == entity, path
    assert read > 2 * refused


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_real_key_value_documents_are_read() -> None:
    simple = Intake(simplified=True)
    read = refused = 0
    for path, document in real_examples("example.jsonld"):
        try:
            entity = expand_entity(document, CORE, simple)
        except BadRequestData:
            refused += 1
            continue
        read += 1
        shown = compact_entity(entity, CORE, Representation("simplified"))
        assert expand_entity(shown, CORE, simple) == entity, path
    assert read > 3 * refused
