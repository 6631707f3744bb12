"""A notification says what is, what is gone and, where it is wanted, what was before (ETSI GS CIM 009, 5.8.6)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from machinami.model import patch
from machinami.model.change import Change, Verb
from machinami.model.compaction import compact_entity
from machinami.model.context import core
from machinami.model.expansion import expand_entity, expand_fragment
from machinami.model.representation import Representation
from machinami.model.subscription import Endpoint, NotificationParams, Subscription
from machinami.model.telling import shown, told

START = datetime(2026, 6, 30, 9, tzinfo=UTC)
LATER = START + timedelta(minutes=1)
NULL = "urn:ngsi-ld:null"
PLACE = {"type": "Point", "coordinates": [138.25, 34.87]}
KINDS = {
    "level": {"type": "Property", "value": 1.5},
    "river": {"type": "Relationship", "object": "urn:ngsi-ld:River:1"},
    "location": {"type": "GeoProperty", "value": PLACE},
    "label": {"type": "LanguageProperty", "languageMap": {"ja": "水位計", "en": "gauge"}},
    "state": {"type": "VocabProperty", "vocab": "open"},
    "raw": {"type": "JsonProperty", "json": {"a": [None]}},
    "row": {"type": "ListProperty", "valueList": [1, 2]},
    "bridges": {"type": "ListRelationship", "objectList": [{"object": "urn:b:1"}]},
}
PREVIOUS = {
    "level": ("value", "previousValue", NULL),
    "river": ("object", "previousObject", NULL),
    "location": ("value", "previousValue", NULL),
    "label": ("languageMap", "previousLanguageMap", {"@none": NULL}),
    "state": ("vocab", "previousVocab", NULL),
    "raw": ("json", "previousJson", NULL),
    "row": ("valueList", "previousValueList", [NULL]),
    "bridges": ("objectList", "previousObjectList", [NULL]),
}


def gauge(**attributes):
    return patch.created(expand_entity({"id": "urn:g:1", "type": "Gauge", **attributes}, core()), START).entity


def change(before, after, verb=Verb.UPDATED, seq=1):
    types = (after or before).types
    return Change(verb, "urn:g:1", types, before, after, patch.difference(before, after), LATER, "officer", seq)


def updated(before, **attributes):
    return patch.appended(before, expand_fragment(attributes, core()), True, LATER).entity


def without(before, *names):
    expanded = {core().expand(name) for name in names}
    return replace(before, attributes={n: v for n, v in before.attributes.items() if n not in expanded})


def said(*changes, form="normalized", triggers=("attributeDeleted",), **wish):
    params = NotificationParams(Endpoint("http://r.test/"), form=form, **wish)
    watched = tuple(core().expand(name) for name in wish.pop("watched", ()))
    subscription = Subscription("urn:s:1", params, watched_attributes=watched, triggers=triggers)
    what = told(changes)
    assert what is not None
    return compact_entity(
        shown(what, subscription, core()), core(), Representation(form=form, sys_attrs=params.sys_attrs)
    )


@pytest.mark.parametrize("name", KINDS)
def test_an_attribute_that_is_gone_is_said_to_be_null_in_the_way_of_its_kind(name):
    before = gauge(**KINDS)
    member, _, null = PREVIOUS[name]

    document = said(change(before, without(before, name)))

    assert document[name] == {"type": KINDS[name]["type"], member: null}
    assert document.keys() == {"id", "type", *KINDS}


@pytest.mark.parametrize("name", KINDS)
def test_with_show_changes_it_is_said_what_an_attribute_was(name):
    before = gauge(**KINDS)
    member, previous, _ = PREVIOUS[name]
    was = KINDS[name][member]

    document = said(change(before, without(before, name)), show_changes=True)

    assert document[name][previous] == was


@pytest.mark.parametrize("form", ["simplified", "concise"])
def test_where_nothing_else_is_to_be_said_the_bare_null_is_enough(form):
    before = gauge(**KINDS)

    document = said(change(before, without(before, "label", "river", "level")), form=form)

    assert (document["label"], document["river"], document["level"]) == (NULL, NULL, NULL)


def test_a_changed_value_comes_with_the_one_before():
    before = gauge(level=KINDS["level"])

    document = said(change(before, updated(before, level=2.0)), show_changes=True)

    assert document["level"] == {"type": "Property", "value": 2.0, "previousValue": 1.5}


def test_a_new_value_has_none_before():
    before = gauge()

    assert said(change(before, updated(before, level=2.0)), show_changes=True)["level"] == {
        "type": "Property",
        "value": 2.0,
    }


def test_in_the_concise_form_a_value_with_one_before_is_an_object():
    before = gauge(location=KINDS["location"], level=1.5)
    moved = {"type": "Point", "coordinates": [138.0, 35.0]}

    document = said(change(before, updated(before, location=moved)), form="concise", show_changes=True)

    assert document["location"] == {"value": moved, "previousValue": PLACE}
    assert document["level"] == 1.5


def test_several_changes_are_told_as_one_with_the_first_value_before():
    first = gauge(level=1.0)
    second, third = updated(first, level=2.0), updated(first, level=3.0)

    document = said(change(first, second), change(second, third, seq=2), show_changes=True)

    assert document["level"]["value"] == 3.0
    assert document["level"]["previousValue"] == 1.0


def test_one_instance_that_is_gone_is_named_and_the_others_stay():
    before = gauge(level=[{"value": 1.0}, {"value": 2.0, "datasetId": "urn:d:2"}])
    name = core().expand("level")
    after = replace(before, attributes={name: before.attributes[name][:1]})

    document = said(change(before, after))

    assert document["level"] == [
        {"type": "Property", "value": 1.0},
        {"type": "Property", "value": NULL, "datasetId": "urn:d:2"},
    ]
    assert said(change(before, after), form="simplified")["level"] == {"dataset": {"@none": 1.0, "urn:d:2": NULL}}


def test_an_attribute_that_is_gone_with_all_its_instances_is_said_once():
    before = gauge(level=[{"value": 1.0}, {"value": 2.0, "datasetId": "urn:d:2"}])

    assert said(change(before, without(before, "level")))["level"] == {"type": "Property", "value": NULL}


def test_of_a_deleted_entity_nothing_but_its_head_is_left():
    before = gauge(**KINDS)

    assert said(change(before, None, Verb.DELETED), triggers=("entityDeleted",)) == {"id": "urn:g:1", "type": "Gauge"}


def test_who_waits_for_deleted_attributes_hears_of_them_when_the_entity_goes():
    before = gauge(level=1.5, river=KINDS["river"])

    document = said(change(before, None, Verb.DELETED), sys_attrs=True)

    assert document["level"]["value"] == NULL
    assert document["level"]["deletedAt"] == "2026-06-30T09:01:00Z"
    assert document["river"]["object"] == NULL


def test_with_show_changes_a_deleted_entity_is_told_with_all_that_it_was():
    before = gauge(**KINDS)

    document = said(change(before, None, Verb.DELETED), triggers=("entityDeleted",), show_changes=True)

    assert document["level"] == {"type": "Property", "value": NULL, "previousValue": 1.5}
    assert document.keys() == {"id", "type", *KINDS}
