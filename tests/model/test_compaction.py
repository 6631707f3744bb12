"""What does an entity look like outside?"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.samples import entities, unhurried

from machinami.model.attribute import Attribute, Kind
from machinami.model.compaction import compact_attribute, compact_entity, to_feature
from machinami.model.context import assemble, core
from machinami.model.entity import Entity
from machinami.model.expansion import Intake, expand_entity
from machinami.model.linking import Links
from machinami.model.null import NULL
from machinami.model.representation import Representation, best_language
from machinami.model.temporal_form import aggregated_entity, temporal_entity

CORE = core()
NINE = datetime(2026, 6, 30, 9, tzinfo=UTC)
POINT = {"type": "Point", "coordinates": [139.6, 35.6]}
GAUGE: dict[str, Any] = {
    "id": "urn:x:1",
    "type": "Gauge",
    "scope": "/Town",
    "level": {
        "type": "Property",
        "value": 2.3,
        "observedAt": "2026-06-30T09:00:00Z",
        "unitCode": "MTR",
        "accuracy": {"type": "Property", "value": 0.1},
    },
    "location": {"type": "GeoProperty", "value": POINT},
    "river": {"type": "Relationship", "object": "urn:x:2", "objectType": "River"},
    "name": {"type": "LanguageProperty", "languageMap": {"ja": "川", "en": "river", "fr-CH": "fleuve"}},
    "state": {"type": "VocabProperty", "vocab": "high"},
    "steps": {"type": "ListProperty", "valueList": [1, 2]},
    "next": {"type": "ListRelationship", "objectList": [{"object": "urn:x:3"}, {"object": "urn:x:4"}]},
    "raw": {"type": "JsonProperty", "json": {"id": 1}},
}


def gauge(**members: Any) -> Entity:
    return expand_entity({**GAUGE, **members}, CORE)


def shown(entity: Entity | None = None, **wishes: Any) -> dict[str, Any]:
    return compact_entity(entity or gauge(), CORE, Representation(**wishes))


def test_the_normalized_form_is_what_was_sent_in_wire_order() -> None:
    assert shown() == GAUGE
    assert list(shown())[:4] == ["id", "type", "scope", "level"]


def test_the_concise_form_leaves_out_what_can_be_inferred() -> None:
    concise = shown(form="concise")
    assert concise["level"] == {
        "value": 2.3,
        "observedAt": "2026-06-30T09:00:00Z",
        "unitCode": "MTR",
        "accuracy": 0.1,
    }
    assert concise["location"] == POINT
    assert concise["river"] == {"object": "urn:x:2", "objectType": "River"}
    assert concise["next"] == {"objectList": ["urn:x:3", "urn:x:4"]}
    assert concise["state"] == {"vocab": "high"}


@pytest.mark.parametrize("value", [{"type": "Day"}, {"value": 3}, [{"value": 3}], POINT, {"dataset": {}}])
def test_a_concise_value_that_would_be_misread_is_wrapped(value: Any) -> None:
    entity = gauge(level={"type": "Property", "value": value})
    concise = shown(entity, form="concise")
    assert concise["level"]["value"] == value
    assert expand_entity(concise, CORE) == entity


def test_a_concise_object_that_cannot_be_misread_is_bare() -> None:
    assert shown(gauge(level={"value": {"street": "Main"}}), form="concise")["level"] == {"street": "Main"}


def test_the_simplified_form_is_values_only() -> None:
    assert shown(form="simplified") == {
        "id": "urn:x:1",
        "type": "Gauge",
        "scope": "/Town",
        "level": 2.3,
        "location": POINT,
        "river": "urn:x:2",
        "name": {"languageMap": {"ja": "川", "en": "river", "fr-CH": "fleuve"}},
        "state": {"vocab": "high"},
        "steps": [1, 2],
        "next": ["urn:x:3", "urn:x:4"],
        "raw": {"json": {"id": 1}},
    }


def test_several_instances_are_a_list_or_simplified_by_dataset() -> None:
    entity = gauge(level=[{"value": 1}, {"value": 2, "datasetId": "urn:x:a"}])
    assert shown(entity)["level"] == [
        {"type": "Property", "value": 1},
        {"type": "Property", "value": 2, "datasetId": "urn:x:a"},
    ]
    assert shown(entity, form="simplified")["level"] == {"dataset": {"@none": 1, "urn:x:a": 2}}
    chosen = shown(entity, datasets=("urn:x:a",))
    assert chosen["level"] == {"type": "Property", "value": 2, "datasetId": "urn:x:a"}
    assert "river" not in chosen
    assert shown(entity, datasets=("@none",))["level"] == {"type": "Property", "value": 1}


def test_system_times_are_shown_only_if_wanted() -> None:
    entity = replace(gauge(), created_at=NINE, modified_at=NINE, expires_at=NINE)
    document = shown(entity, sys_attrs=True)
    assert document["createdAt"] == document["modifiedAt"] == document["expiresAt"] == "2026-06-30T09:00:00Z"
    assert "createdAt" not in shown(entity)


def test_attributes_are_chosen_by_attrs_pick_and_omit() -> None:
    level, river = CORE.expand("level"), CORE.expand("river")
    assert list(shown(attrs=(level,))) == ["id", "type", "scope", "level"]
    assert list(shown(pick={level: {}, "id": {}})) == ["id", "level"]
    assert list(shown(pick={level: {}})) == ["level"]
    assert "level" not in shown(omit={level: {}, "scope": {}})
    assert "scope" not in shown(omit={level: {}, "scope": {}})
    assert "river" in shown(omit={river: {level: {}}})


@pytest.mark.parametrize(
    ("wish", "tag"),
    [
        ("en", "en"),
        ("EN-gb", "en"),
        ("fr", "fr-CH"),
        ("de,ja;q=0.5", "ja"),
        ("en;q=0.1,ja;q=0.9", "ja"),
        ("*", "ja"),
        ("xx", "ja"),
        ("de;q=x,en", "en"),
    ],
)
def test_a_language_filter_turns_a_language_property_into_a_property(wish: str, tag: str) -> None:
    texts = GAUGE["name"]["languageMap"]
    assert shown(lang=wish)["name"] == {"type": "Property", "value": texts[tag], "lang": tag}
    assert shown(lang=wish, form="simplified")["name"] == texts[tag]
    assert shown(lang=wish, form="concise")["name"] == {"value": texts[tag], "lang": tag}


def test_without_a_match_the_default_language_serves() -> None:
    assert best_language("de", {"en": "x", "@none": "y"}) == "@none"


def test_linked_entities_stand_inside_where_they_are_found() -> None:
    river = Entity("urn:x:2", (CORE.expand("River"),), {CORE.expand("length"): (Attribute(Kind.PROPERTY, 9),)})

    links = Links(lambda target: river if target in ("urn:x:2", "urn:x:4") else None)
    inside = {"id": "urn:x:2", "type": "River", "length": {"type": "Property", "value": 9}}
    full = compact_entity(gauge(), CORE, Representation(), links)
    assert full["river"]["entity"] == inside
    assert full["next"]["entityList"] == [inside]
    simple = compact_entity(gauge(), CORE, Representation("simplified"), links)
    assert simple["river"] == {"id": "urn:x:2", "type": "River", "length": 9}
    assert simple["next"][0] == "urn:x:3"
    picked = Representation("simplified", pick={CORE.expand("river"): {CORE.expand("length"): {}}})
    assert compact_entity(gauge(), CORE, picked, links) == {"river": {"length": 9}}


def test_a_feature_has_the_chosen_geometry_or_null() -> None:
    feature = to_feature(gauge(), CORE)
    assert feature["id"] == "urn:x:1"
    assert feature["type"] == "Feature"
    assert feature["geometry"] == POINT
    assert feature["properties"]["type"] == "Gauge"
    assert feature["properties"]["location"] == GAUGE["location"]
    assert "id" not in feature["properties"]
    assert to_feature(gauge(), CORE, geometry_property=CORE.expand("elsewhere"))["geometry"] is None
    simple = to_feature(gauge(), CORE, Representation("simplified"))
    assert simple["properties"]["location"] == POINT


def test_the_geometry_is_taken_from_the_wanted_dataset() -> None:
    other = {"type": "Point", "coordinates": [0, 0]}
    entity = gauge(location=[{"value": POINT}, {"value": other, "datasetId": "urn:x:a"}])
    assert to_feature(entity, CORE)["geometry"] == POINT
    assert to_feature(entity, CORE, Representation(datasets=("urn:x:a",)))["geometry"] == other


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Kind.PROPERTY, NULL),
        (Kind.RELATIONSHIP, NULL),
        (Kind.LANGUAGE, {"@none": NULL}),
        (Kind.LIST, [NULL]),
        (Kind.JSON, NULL),
    ],
)
def test_each_kind_has_its_way_to_say_deleted(kind: Kind, written: Any) -> None:
    document = compact_attribute("x", (Attribute(kind, NULL),), CORE, Representation(lang="en"))
    assert written in document.values()


@dataclass
class Told:
    attribute: str
    value: Attribute
    deleted_at: datetime | None = None


@dataclass
class Bucket:
    start: datetime
    end: datetime
    values: dict[str, Any]


def at(hour: int) -> datetime:
    return NINE.replace(hour=hour)


def test_the_evolution_is_a_list_of_instances_or_pairs_of_value_and_time() -> None:
    level, name = CORE.expand("level"), CORE.expand("name")
    past = [
        Told(level, Attribute(Kind.PROPERTY, 1, observed_at=at(9), instance_id="urn:x:i")),
        Told(level, Attribute(Kind.PROPERTY, 2, observed_at=at(10))),
        Told(level, Attribute(Kind.PROPERTY, 2, created_at=at(9)), deleted_at=at(11)),
        Told(name, Attribute(Kind.LANGUAGE, {"en": "yes"}, modified_at=at(9))),
    ]
    entity = replace(gauge(), scopes=())
    full = temporal_entity(entity, past, CORE)
    assert full["level"] == [
        {"type": "Property", "value": 1, "observedAt": "2026-06-30T09:00:00Z", "instanceId": "urn:x:i"},
        {"type": "Property", "value": 2, "observedAt": "2026-06-30T10:00:00Z"},
        {"type": "Property", "value": NULL, "deletedAt": "2026-06-30T11:00:00Z"},
    ]
    assert temporal_entity(entity, past, CORE, "temporalValues") == {
        "id": "urn:x:1",
        "type": "Gauge",
        "level": {
            "type": "Property",
            "values": [
                [1, "2026-06-30T09:00:00Z"],
                [2, "2026-06-30T10:00:00Z"],
                [NULL, "2026-06-30T11:00:00Z"],
            ],
        },
        "name": {
            "type": "LanguageProperty",
            "languageMaps": [[{"languageMap": {"en": "yes"}}, "2026-06-30T09:00:00Z"]],
        },
    }
    concise = temporal_entity(entity, past[:2], CORE, "concise")
    assert concise["level"][1] == {"value": 2, "observedAt": "2026-06-30T10:00:00Z"}
    assert list(temporal_entity(entity, past, CORE, representation=Representation(pick={level: {}}))) == ["level"]


def test_aggregates_are_shown_by_method_with_their_periods() -> None:
    periods = [Bucket(at(9), at(10), {"avg": 2.5, "max": 3}), Bucket(at(10), at(11), {"avg": None, "max": 4})]
    aggregates = {CORE.expand("level"): (Kind.PROPERTY, periods)}
    document = aggregated_entity(replace(gauge(), scopes=()), aggregates, ["avg", "max"], CORE)
    nine, ten, eleven = (f"2026-06-30T{hour:02}:00:00Z" for hour in (9, 10, 11))
    assert document["level"] == {
        "type": "Property",
        "avg": [[2.5, nine, ten]],
        "max": [[3, nine, ten], [4, ten, eleven]],
    }


def test_the_names_are_those_of_the_context_that_is_asked_for() -> None:
    context = assemble({"height": CORE.expand("level")}, {}.get)
    assert "height" in compact_entity(gauge(), context)


@given(entities(system=False), st.sampled_from(["en", "ja,fr;q=0.2", "*"]))
@unhurried
def test_a_simplified_document_is_read_back_with_the_same_values(entity: Entity, lang: str) -> None:
    document = compact_entity(entity, CORE, Representation("simplified"))
    again = expand_entity(document, CORE, Intake(simplified=True))
    assert compact_entity(again, CORE, Representation("simplified", lang=lang)) == compact_entity(
        entity, CORE, Representation("simplified", lang=lang)
    )


def test_one_of_several_instances_is_an_object_in_the_concise_form_too() -> None:
    several = [{"type": "Property", "value": []}, {"type": "Property", "value": 2, "datasetId": "urn:x:d"}]
    entity = expand_entity({"id": "urn:x:1", "type": "T", "level": several}, CORE)
    concise = compact_entity(entity, CORE, Representation("concise"))
    assert concise["level"] == [{"value": []}, {"value": 2, "datasetId": "urn:x:d"}]
    assert expand_entity(concise, CORE) == entity
