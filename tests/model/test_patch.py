"""What does a write make of an entity?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from tests.model.samples import attributes, entities, unhurried

from machinami.foundation.errors import BadRequestData, NotFound
from machinami.model import patch
from machinami.model.attribute import Attribute, Kind
from machinami.model.compaction import compact_entity
from machinami.model.context import core
from machinami.model.entity import Entity
from machinami.model.expansion import MERGE, UPDATE, Fragment, expand_attribute, expand_entity, expand_fragment
from machinami.model.merging import merged_json
from machinami.model.names import SCOPE
from machinami.model.null import NULL
from machinami.model.patch import Patched
from machinami.model.reading import Reading

CORE = core()
THEN = datetime(2026, 6, 30, 9, tzinfo=UTC)
NOW = THEN + timedelta(hours=1)
LEVEL, RAIN = CORE.expand("level"), CORE.expand("rain")


def entity(**members: Any) -> Entity:
    """An entity that was created THEN."""
    return patch.created(expand_entity({"id": "urn:x:1", "type": "Gauge", **members}, CORE), THEN).entity


def fragment(**members: Any) -> Fragment:
    return expand_fragment(members, CORE, MERGE)


def update(**members: Any) -> Fragment:
    return expand_fragment(members, CORE, UPDATE)


def body(document: Any) -> tuple[Attribute, ...]:
    return expand_attribute("level", document, CORE, UPDATE)


def shown(patched: Patched) -> dict[str, Any]:
    document = compact_entity(patched.entity, CORE)
    del document["id"]
    return document


def prop(value: Any, **members: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, **members}


OLD = entity(
    level=[prop(1, unitCode="MTR", accuracy=prop(0.1)), prop(2, datasetId="urn:x:a")],
    location={"type": "Point", "coordinates": [1, 2]},
    scope="/Town",
)


def test_a_new_entity_and_everything_in_it_was_made_now() -> None:
    done = patch.created(expand_entity({"id": "urn:x:1", "type": "T", "level": prop(1, sub=2)}, CORE), NOW)
    (instance,) = done.entity.attributes[LEVEL]
    (sub,) = instance.attributes[CORE.expand("sub")]
    for thing in (done.entity, instance, sub):
        assert thing.created_at == thing.modified_at == NOW
    assert done.updated == (LEVEL,)
    assert done.changes == (patch.AttributeChange(LEVEL, None, instance),)


def test_appending_overwrites_keeps_created_and_leaves_the_others_alone() -> None:
    done = patch.appended(OLD, fragment(level=prop(7), rain=3, type="Sensor", scope="/River"), True, NOW)
    default, other = done.entity.attributes[LEVEL]
    assert (default.value, default.created_at, default.modified_at, default.unit_code) == (7, THEN, NOW, None)
    assert other is OLD.attributes[LEVEL][1]
    assert done.entity.attributes[RAIN][0].created_at == NOW
    assert (done.entity.created_at, done.entity.modified_at) == (THEN, NOW)
    assert shown(done)["type"] == ["Gauge", "Sensor"]
    assert done.entity.scopes == ("/River",)
    assert done.updated == (LEVEL, RAIN)
    assert [(c.name, c.before and c.before.value, c.after and c.after.value) for c in done.changes] == [
        (LEVEL, 1, 7),
        (RAIN, None, 3),
    ]


def test_appending_without_overwriting_reports_what_exists() -> None:
    done = patch.appended(OLD, fragment(level=prop(7), rain=3, scope="/River"), False, NOW)
    assert done.entity.attributes[LEVEL] is OLD.attributes[LEVEL]
    assert [left.name for left in done.not_updated] == [LEVEL]
    assert "exists already" in done.not_updated[0].reason
    assert done.updated == (RAIN,)
    assert done.entity.scopes == ("/Town", "/River")


def test_a_new_default_instance_comes_before_those_of_datasets() -> None:
    old = entity(level=prop(1, datasetId="urn:x:a"))
    done = patch.appended(old, fragment(level=prop(2)), True, NOW)
    assert [i.dataset_id for i in done.entity.attributes[LEVEL]] == [None, "urn:x:a"]


def test_updating_replaces_adds_and_removes() -> None:
    done = patch.updated(OLD, update(level=prop(NULL, datasetId="urn:x:a"), rain=prop(4), gone=prop(NULL)), NOW)
    assert [i.value for i in done.entity.attributes[LEVEL]] == [1]
    assert done.entity.attributes[RAIN][0].value == 4
    assert [(left.name, left.reason) for left in done.not_updated] == [
        (CORE.expand("gone"), "it does not exist, so it cannot be removed")
    ]
    with pytest.raises(BadRequestData, match="has no value"):
        patch.updated(OLD, update(level={"type": "Property", "unitCode": "CMT"}), NOW)


def test_updating_sets_a_scope_only_where_there_is_one() -> None:
    assert patch.updated(OLD, update(scope="/River"), NOW).entity.scopes == ("/River",)
    bare = entity(level=1)
    assert patch.updated(bare, update(scope="/River"), NOW).entity == bare


def test_a_partial_update_keeps_the_members_it_does_not_name() -> None:
    done = patch.partially_updated(OLD, LEVEL, body({"value": 9, "by": prop("me")}), NOW)
    assert shown(done)["level"][0] == prop(9, unitCode="MTR", accuracy=prop(0.1), by=prop("me"))
    only_unit = patch.partially_updated(OLD, LEVEL, body({"unitCode": "CMT", "datasetId": "urn:x:a"}), NOW)
    assert shown(only_unit)["level"][1] == prop(2, unitCode="CMT", datasetId="urn:x:a")


def test_a_partial_update_removes_what_is_null() -> None:
    done = patch.partially_updated(OLD, LEVEL, body({"unitCode": NULL, "accuracy": NULL}), NOW)
    assert shown(done)["level"][0] == prop(1)
    gone = patch.partially_updated(OLD, LEVEL, body({"type": "Property", "value": NULL}), NOW)
    assert [i.value for i in gone.entity.attributes[LEVEL]] == [2]


def test_a_partial_update_needs_the_attribute_and_keeps_its_kind() -> None:
    with pytest.raises(NotFound, match="urn:x:b"):
        patch.partially_updated(OLD, LEVEL, body({"value": 1, "datasetId": "urn:x:b"}), NOW)
    with pytest.raises(NotFound):
        patch.partially_updated(OLD, RAIN, body({"value": 1}), NOW)
    for other in ({"object": "urn:x:2"}, {"type": "Relationship", "observedAt": "2026-06-30T09:00:00Z"}):
        with pytest.raises(BadRequestData, match="cannot become a Relationship"):
            patch.partially_updated(OLD, LEVEL, body(other), NOW)


def test_a_replaced_entity_keeps_only_the_time_it_was_created() -> None:
    new = expand_entity({"id": "urn:x:1", "type": "Pump", "level": prop(5)}, CORE)
    done = patch.replaced(OLD, new, NOW)
    assert shown(done) == {"type": "Pump", "level": prop(5)}
    assert (done.entity.created_at, done.entity.modified_at) == (THEN, NOW)
    assert {(c.name, c.after is None) for c in done.changes} == {
        (LEVEL, False),
        (LEVEL, True),
        (CORE.expand("location"), True),
    }


def test_a_replaced_attribute_may_change_its_kind_but_must_exist() -> None:
    done = patch.replaced_attribute(OLD, LEVEL, expand_attribute("level", {"object": "urn:x:2"}, CORE), NOW)
    first = done.entity.attributes[LEVEL][0]
    assert (first.kind, first.created_at, first.modified_at) == (Kind.RELATIONSHIP, THEN, NOW)
    with pytest.raises(NotFound):
        patch.replaced_attribute(OLD, RAIN, (Attribute(Kind.PROPERTY, 1),), NOW)


def test_a_merge_goes_into_values_and_sub_attributes() -> None:
    old = entity(address=prop({"street": "A", "city": "B", "geo": {"x": 1}}, by=prop(1, unitCode="MTR"), gone=prop(2)))
    done = patch.merged(
        old,
        fragment(address=prop({"street": "C", "city": NULL, "geo": {"y": 2}}, by={"unitCode": "CMT"}, gone=NULL)),
        NOW,
    )
    assert shown(done)["address"] == prop({"street": "C", "geo": {"x": 1, "y": 2}}, by=prop(1, unitCode="CMT"))


def test_a_merge_of_null_removes_and_of_new_adds_without_its_nulls() -> None:
    done = patch.merged(OLD, fragment(level=NULL, rain={"value": {"a": 1, "b": NULL}}, unknown=NULL), NOW)
    assert [i.value for i in done.entity.attributes[LEVEL]] == [2]
    assert done.entity.attributes[RAIN][0].value == {"a": 1}
    assert CORE.expand("unknown") not in done.entity.attributes
    assert patch.merged(OLD, fragment(scope=NULL), NOW).entity.scopes == ()


def test_a_merge_of_a_language_map_adds_and_removes_languages() -> None:
    old = entity(name={"languageMap": {"ja": "川", "en": "river"}})
    done = patch.merged(old, fragment(name={"languageMap": {"en": NULL, "fr": "rivière"}}), NOW)
    assert shown(done)["name"]["languageMap"] == {"ja": "川", "fr": "rivière"}
    emptied = patch.merged(old, fragment(name={"languageMap": {"en": NULL, "ja": NULL}}), NOW)
    assert emptied.entity.attributes == {}


RESHAPED = [
    ({"object": "urn:x:2"}, "urn:x:3", {"type": "Relationship", "object": "urn:x:3"}),
    ({"object": "urn:x:2"}, ["urn:x:3"], {"type": "Relationship", "object": ["urn:x:3"]}),
    (
        {"languageMap": {"ja": "川"}},
        "river",
        {"type": "LanguageProperty", "languageMap": {"ja": "川", "en": "river"}},
    ),
    ({"valueList": [1]}, [2, 3], {"type": "ListProperty", "valueList": [2, 3]}),
    (
        {"objectList": ["urn:x:2"]},
        ["urn:x:3"],
        {"type": "ListRelationship", "objectList": [{"object": "urn:x:3"}]},
    ),
    ({"json": {"a": 1}}, {"b": 2}, {"type": "JsonProperty", "json": {"a": 1, "b": 2}}),
    ({"vocab": "high"}, "urn:x:low", {"type": "VocabProperty", "vocab": "urn:x:low"}),
    (
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Point", "coordinates": [3, 4]},
        {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [3, 4]}},
    ),
]


@pytest.mark.parametrize(("before", "bare", "after"), RESHAPED)
def test_a_bare_value_takes_the_kind_of_the_attribute_it_is_merged_into(before: Any, bare: Any, after: Any) -> None:
    done = patch.merged(entity(thing=before), fragment(thing=bare), NOW, lang="en")
    assert shown(done)["thing"] == after


def test_a_bare_value_that_does_not_fit_is_refused() -> None:
    with pytest.raises(BadRequestData, match="is a Relationship"):
        patch.merged(entity(thing={"object": "urn:x:2"}), fragment(thing=4), NOW)


def test_a_merge_with_a_common_time_moves_only_what_had_a_time() -> None:
    old = entity(level=prop(1, observedAt="2026-06-30T08:00:00Z"), rain=prop(1))
    done = patch.merged(old, fragment(level=2, rain=2), NOW, observed_at=NOW)
    assert done.entity.attributes[LEVEL][0].observed_at == NOW
    assert done.entity.attributes[RAIN][0].observed_at is None
    explicit = fragment(level=prop(3, observedAt="2026-06-30T09:00:00Z"))
    assert patch.merged(old, explicit, NOW, NOW).entity.attributes[LEVEL][0].observed_at == THEN


def test_an_attribute_is_removed_by_instance_or_altogether() -> None:
    def values(dataset: str | None, every: bool) -> list[Any]:
        done = patch.without_attribute(OLD, LEVEL, dataset, every, NOW)
        return [i.value for i in done.entity.attributes.get(LEVEL, ())]

    assert values(None, False) == [2]
    assert values("urn:x:a", False) == [1]
    assert values(None, True) == []
    assert patch.without_attribute(OLD, SCOPE, None, False, NOW).entity.scopes == ()
    for name, dataset, every in ((LEVEL, "urn:x:b", False), (RAIN, None, True)):
        with pytest.raises(NotFound):
            patch.without_attribute(OLD, name, dataset, every, NOW)


def test_the_same_observation_twice_changes_nothing() -> None:
    seen = prop(1, observedAt="2026-06-30T08:00:00Z", accuracy=prop(0.1))
    old = entity(level=seen)
    assert patch.appended(old, fragment(level=seen), True, NOW).entity is old
    assert patch.appended(old, fragment(level={**seen, "value": True}), True, NOW).changes != ()
    again = patch.appended(entity(level=prop(1)), fragment(level=prop(1)), True, NOW)
    assert again.entity.attributes[LEVEL][0].modified_at == NOW


def test_a_fragment_without_anything_changes_nothing() -> None:
    assert patch.merged(OLD, Fragment(), NOW).entity is OLD
    assert patch.appended(OLD, Fragment(types=OLD.types), True, NOW).entity is OLD


def test_a_reading_is_an_attribute() -> None:
    reading = Reading("urn:x:1", "Gauge", "level", 2.5, THEN, "MTR")
    assert patch.attribute_of(reading) == Attribute(Kind.PROPERTY, 2.5, observed_at=THEN, unit_code="MTR")


def test_the_examples_of_the_merge_patch_rfc_hold() -> None:
    cases = [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b", "b": "c"}, {"a": NULL}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": NULL}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({}, {"a": {"bb": {"ccc": NULL}}}, {"a": {"bb": {}}}),
    ]
    for old, change, result in cases:
        assert merged_json(old, change) == result


def test_one_and_true_are_different() -> None:
    one, true = (Entity("urn:x:1", ("T",), {"a": (Attribute(Kind.PROPERTY, [v]),)}) for v in (1, True))
    assert len(patch.difference(one, true)) == 1
    assert patch.difference(one, one) == ()


@given(entities(), entities())
@unhurried
def test_entities_differ_exactly_where_their_attributes_do(one: Entity, other: Entity) -> None:
    assert patch.difference(one, one) == ()
    assert (patch.difference(one, other) == ()) == (
        {n: {repr(i) for i in v} for n, v in one.attributes.items()}
        == {n: {repr(i) for i in v} for n, v in other.attributes.items()}
    )
    assert {c.name for c in patch.difference(one, None)} == set(one.attributes)
    assert all(c.before is None for c in patch.difference(None, other))


@given(entities(system=False), attributes(system=False))
@unhurried
def test_merging_twice_is_merging_once(one: Entity, more: Any) -> None:
    old = patch.created(one, THEN).entity
    part = Fragment(attributes=more)
    once = patch.merged(old, part, NOW).entity
    assert patch.merged(once, part, NOW).entity == once


@given(entities(system=False), attributes(system=False))
@unhurried
def test_what_a_write_reports_is_what_differs(one: Entity, more: Any) -> None:
    old = patch.created(one, THEN).entity
    for done in (
        patch.appended(old, Fragment(attributes=more), True, NOW),
        patch.merged(old, Fragment(attributes=more), NOW),
        patch.replaced(old, replace(one, attributes=more), NOW),
    ):
        reported = {(c.name, (c.after or c.before).dataset_id) for c in done.changes}
        found = {(c.name, (c.after or c.before).dataset_id) for c in patch.difference(old, done.entity)}
        assert reported == found
