"""An entity is said in the words of an earlier version of NGSI-LD (4.3.6.8), and loses no more than it must."""

from hypothesis import given
from hypothesis import strategies as st
from tests.model.generated import some_entities

from machinami.model.compaction import compact_entity
from machinami.model.conformance import CURRENT, conformant, conformed, conformed_body, read_version
from machinami.model.context import core
from machinami.model.representation import Representation

BOAT = {
    "id": "urn:b:1",
    "type": ["Boat", "Vehicle"],
    "scope": "/Harbour",
    "expiresAt": "2027-01-01T00:00:00Z",
    "name": {"type": "LanguageProperty", "languageMap": {"ja": "舟", "en": "boat"}},
    "state": {"type": "VocabProperty", "vocab": "moored", "observedAt": "2026-01-01T00:00:00Z"},
    "papers": {"type": "JsonProperty", "json": {"a": [1]}},
    "legs": {"type": "ListProperty", "valueList": [1, 2]},
    "crew": {"type": "ListRelationship", "objectList": [{"object": "urn:p:1"}, {"object": "urn:p:2"}]},
    "berth": {"type": "Relationship", "object": "urn:q:1", "objectType": "Berth"},
    "speed": [
        {"type": "Property", "value": 3, "datasetId": "urn:gps", "unitCode": "KNT"},
        {"type": "Property", "value": 4, "valueType": "xsd:int", "by": {"type": "VocabProperty", "vocab": "log"}},
    ],
}


def test_what_came_later_is_said_in_the_plainer_way_of_1_5():
    said = conformed(BOAT, (1, 5))

    assert said["type"] == ["Boat", "Vehicle"]
    assert said["scope"] == "/Harbour"
    assert "expiresAt" not in said
    assert said["name"] == BOAT["name"]
    assert said["state"] == {"type": "Property", "value": "moored", "observedAt": "2026-01-01T00:00:00Z"}
    assert said["papers"] == {"type": "Property", "value": {"a": [1]}}
    assert said["legs"] == {"type": "Property", "value": [1, 2]}
    assert said["crew"] == {"type": "Relationship", "object": ["urn:p:1", "urn:p:2"]}
    assert said["berth"] == {"type": "Relationship", "object": "urn:q:1"}
    assert said["speed"][0] == BOAT["speed"][0]
    assert said["speed"][1] == {"type": "Property", "value": 4, "by": {"type": "Property", "value": "log"}}


def test_1_0_has_one_type_one_instance_and_no_scope():
    said = conformed(BOAT, (1, 0))

    assert said["type"] == "Boat"
    assert "scope" not in said
    assert said["name"] == {"type": "Property", "value": {"ja": "舟", "en": "boat"}}
    assert said["state"] == {"type": "Property", "value": "moored"}
    assert said["speed"] == {"type": "Property", "value": 4, "by": {"type": "Property", "value": "log"}}


def test_the_past_keeps_all_instances_of_one_dataset():
    past = {"id": "urn:b:1", "type": "Boat", "speed": [*BOAT["speed"], {"type": "Property", "value": 5}]}

    assert [one["value"] for one in conformed(past, (1, 0))["speed"]] == [4, 5]


def test_concise_attributes_are_told_by_their_members():
    said = conformed({"id": "urn:b:1", "type": "Boat", "state": {"vocab": "moored"}, "level": 3}, (1, 5))

    assert said == {"id": "urn:b:1", "type": "Boat", "state": {"value": "moored"}, "level": 3}


def test_the_body_of_one_attribute_is_one_attribute():
    assert conformed_body({"type": "VocabProperty", "vocab": "x"}, (1, 5)) == {"type": "Property", "value": "x"}


def test_versions_are_read_and_those_that_never_were_are_not_promised():
    assert read_version("1.10") == (1, 10)
    assert read_version("1") is None
    assert read_version("١.٢") is None
    assert conformant((0, 9)) is None
    assert conformant((2, 0)) == CURRENT
    assert conformant((1, 2)) == (1, 2)


@given(entities=some_entities(), minor=st.integers(0, 9), form=st.sampled_from(["normalized", "concise"]))
def test_what_conforms_needs_no_second_change(entities, minor, form):
    for entity in entities:
        said = conformed(compact_entity(entity, core(), Representation(form=form)), (1, minor))

        assert conformed(said, (1, minor)) == said
