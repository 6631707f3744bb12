"""A document tells the past of an entity in any of its forms, and what it may not say is refused with its place."""

import pytest

from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Kind
from machinami.model.context import core
from machinami.model.names import SCOPE
from machinami.model.temporal_document import (
    expand_additions,
    expand_evolution,
    expand_instance,
    temporal_name,
)

HEAD = {"id": "urn:g:1", "type": "Gauge"}
TEN, NOON = "2026-06-30T10:00:00Z", "2026-06-30T12:00:00Z"
NULL = "urn:ngsi-ld:null"
LEVEL = core().expand("level")


def told(**members):
    return expand_evolution({**HEAD, **members}, core())


def rows(evolution):
    return [(one.value.kind, one.value.value, one.value.observed_at.hour) for one in evolution.instances]


def test_an_attribute_has_many_instances_of_one_dataset():
    found = told(level=[{"value": 1, "observedAt": TEN}, {"value": 2, "observedAt": NOON}])

    assert rows(found) == [(Kind.PROPERTY, 1, 10), (Kind.PROPERTY, 2, 12)]
    assert {one.name for one in found.instances} == {LEVEL}


@pytest.mark.parametrize(
    ("series", "kind", "value"),
    [
        ({"type": "Property", "values": [[1, TEN]]}, Kind.PROPERTY, 1),
        ({"values": [[1, TEN]]}, Kind.PROPERTY, 1),
        ({"type": "GeoProperty", "values": [[{"type": "Point", "coordinates": [1, 2]}, TEN]]}, Kind.GEO, None),
        ({"objects": [["urn:a:1", TEN]]}, Kind.RELATIONSHIP, "urn:a:1"),
        ({"languageMaps": [[{"languageMap": {"ja": "川"}}, TEN]]}, Kind.LANGUAGE, {"ja": "川"}),
        ({"valueLists": [[[1, 2], TEN]]}, Kind.LIST, [1, 2]),
        ({"objectLists": [[["urn:a:1"], TEN]]}, Kind.LIST_RELATIONSHIP, ("urn:a:1",)),
        ({"jsons": [[{"json": {"a": 1}}, TEN]]}, Kind.JSON, {"a": 1}),
    ],
    ids=str,
)
def test_series_of_pairs_are_instances_of_their_kind(series, kind, value):
    ((found, content, hour),) = rows(told(level=series))

    assert (found, hour) == (kind, 10)
    assert value is None or content == value


def test_several_series_are_of_several_datasets():
    found = told(level=[{"values": [[1, TEN]]}, {"values": [[2, TEN]], "datasetId": "urn:d:1"}])

    assert [(one.value.value, one.value.dataset_id) for one in found.instances] == [(1, None), (2, "urn:d:1")]


def test_an_object_that_only_looks_like_a_series_is_a_value():
    (one,) = told(level={"values": [1, 2]}).instances

    assert one.value.value == {"values": [1, 2]}


def test_the_scope_of_the_head_is_plain_and_the_past_of_the_scope_is_not():
    assert told(scope=["/a", "/b"]).scopes == ("/a", "/b")
    found = told(
        scope=[
            {"type": "Property", "value": ["/a", "/b"], "observedAt": TEN},
            {"type": "Property", "value": NULL, "deletedAt": NOON},
        ]
    )
    assert found.scopes == ()
    assert [(one.name, one.value.value, one.is_deletion) for one in found.instances] == [
        (SCOPE, ["/a", "/b"], False),
        (SCOPE, NULL, True),
    ]
    assert found.instances[1].deleted_at.hour == 12


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"type": "Gauge"}, "id"),
        ({"id": "urn:g:1"}, "type"),
        ({**HEAD, "level": NULL}, "level"),
        ({**HEAD, "expiresAt": NULL}, "expiresAt"),
        ({**HEAD, "level": [{"value": 1, "observedAt": "2026-06-30T10:00:00+09:00"}]}, "level"),
        ({**HEAD, "level": [{"type": "Property", "values": [1]}]}, "level.values"),
        ({**HEAD, "level": [{"type": "Property", "value": 1, "sub": {"type": "Property", "value": NULL}}]}, "level"),
        ({**HEAD, "scope": [{"type": "Property", "value": "9bad"}]}, "scope"),
        ({**HEAD, "scope": [{"type": "Property", "value": "/a", "unitCode": "MTR"}]}, "scope"),
        ({**HEAD, "scope": [{"type": "Relationship", "object": "urn:a:1"}]}, "scope"),
        ({**HEAD, "scope": ["/a", {"type": "Property", "value": "/b"}]}, "scope"),
    ],
    ids=str,
)
def test_what_a_past_may_not_say_is_refused_with_its_place(document, place):
    with pytest.raises(BadRequestData) as caught:
        expand_evolution(document, core())

    assert place in str(caught.value)


def test_additions_need_neither_id_nor_type():
    found = expand_additions({"level": [{"value": 1, "observedAt": TEN}]}, core())

    assert (found.id, found.types, len(found.instances)) == (None, (), 1)


@pytest.mark.parametrize(
    "document",
    [
        {"type": "Property", "value": 5, "observedAt": TEN},
        {"value": 5, "observedAt": TEN},
        {"level": [{"type": "Property", "value": 5, "observedAt": TEN}]},
        {"level": {"values": [[5, TEN]]}},
        {LEVEL: {"value": 5, "observedAt": TEN}},
    ],
    ids=str,
)
def test_one_instance_comes_by_itself_or_under_its_name(document):
    found = expand_instance("level", LEVEL, document, core())

    assert (found.value, found.observed_at.hour) == (5, 10)


@pytest.mark.parametrize(
    "document", [{"level": []}, {"level": [{"value": 1}, {"value": 2}]}, {"value": NULL}, {"level": NULL}], ids=str
)
def test_no_instance_and_two_are_refused(document):
    with pytest.raises(BadRequestData):
        expand_instance("level", LEVEL, document, core())


def test_the_scope_has_a_name_in_the_past_and_other_members_have_none():
    assert temporal_name("scope", core()) == SCOPE
    with pytest.raises(BadRequestData):
        temporal_name("createdAt", core())
    assert expand_instance("scope", SCOPE, {"type": "Property", "value": "/a"}, core()).value == "/a"
