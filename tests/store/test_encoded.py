"""Is a change that is written in one pass the change that comes back?"""

from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.samples import attributes, entities, moments, unhurried

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import to_micros
from machinami.model.attribute import Attribute, Kind
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.document import change_from_document, entity_from_document, entity_to_document
from machinami.model.entity import Entity
from machinami.store.sqlite.encoded import Fragments, encode_change, entity_json, to_columns

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)


@given(entities(), attributes(), moments, st.sampled_from(Verb))
@unhurried
def test_a_change_comes_back_as_it_was_kept(entity: Entity, others, at: datetime, verb: Verb) -> None:
    after = replace(entity, attributes={**entity.attributes, **others})
    differences = tuple(
        AttributeChange(name, (entity.attributes.get(name) or (None,))[0], instances[0])
        for name, instances in others.items()
    )
    before = None if verb is Verb.CREATED else entity
    change = Change(verb, entity.id, entity.types, before, after, differences, at, "urn:x:somebody", 7)
    fragments = Fragments(8)
    for _ in range(2):  # the second time some of it is remembered
        written = encode_change(change, fragments)
        assert repr(change_from_document(orjson.loads(written.log), 7)) == repr(change)
        assert repr(entity_from_document(orjson.loads(written.doc))) == repr(after)


@given(entities())
@unhurried
def test_the_bytes_of_an_entity_say_what_its_document_says(entity: Entity) -> None:
    assert orjson.loads(entity_json(entity)) == orjson.loads(orjson.dumps(entity_to_document(entity)))


def test_a_change_writes_what_did_not_change_once() -> None:
    same, old, new = (Attribute(Kind.PROPERTY, v) for v in ("same", 1, True))
    before = Entity("urn:x:1", ("T",), {"same": (same,), "level": (old,)})
    after = replace(before, attributes={"same": (same,), "level": (new,)})
    change = Change(Verb.UPDATED, "urn:x:1", ("T",), before, after, (AttributeChange("level", old, new),), NOW, "x")
    document = orjson.loads(encode_change(change, Fragments(8)).log)
    assert document["b"]["a"] == {"same": 0, "level": [{"k": "P", "v": 1}]}
    assert document["d"] == [["level", 0, 0]]
    assert change_from_document(document, 1).after.attributes["level"][0].value is True


def test_a_plain_reading_needs_no_text_in_the_history() -> None:
    reading = Attribute(Kind.PROPERTY, 2.5, observed_at=NOW, modified_at=NOW)
    assert to_columns(reading) == (to_micros(NOW), 1, 0, None, to_micros(NOW), 2.5, None)
    assert to_columns(replace(reading, unit_code="MTR"))[-1] == b'{"k":"P","u":"MTR"}'


def test_the_mark_of_a_deletion_stands_at_its_own_moment() -> None:
    mark = Attribute(Kind.PROPERTY, "urn:ngsi-ld:null", observed_at=NOW)
    later = NOW.replace(hour=10)
    time, observed, deleted, *_, doc = to_columns(mark, later)
    assert (time, observed, deleted) == (to_micros(later), 0, 1)
    assert b"2026-06-30T09:00:00.000000Z" in (doc or b"")


def test_what_json_cannot_say_is_refused() -> None:
    for value in (1 << 70, "\ud800", {1, 2}):
        entity = Entity("urn:x:1", ("T",), {"level": (Attribute(Kind.PROPERTY, value),)})
        with pytest.raises(BadRequestData):
            entity_json(entity)
