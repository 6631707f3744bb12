"""Is a change that is written in one pass the change that comes back?"""

from dataclasses import replace
from datetime import UTC, datetime

import apsw
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.samples import attributes, entities, moments, unhurried

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import to_micros
from machinami.model.attribute import Attribute, Kind
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.document import (
    attribute_to_document,
    change_from_document,
    entity_from_document,
    entity_to_document,
)
from machinami.model.entity import Entity
from machinami.store.sqlite.encoded import Written, encode_change, entity_json, to_columns, write_instance

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)


def read_change(seq: int, doc: bytes, was: str | None) -> Change:
    """The change that a row of the log holds."""
    return change_from_document(orjson.loads(doc), None if was is None else orjson.loads(was), seq)


def kept(before: Entity | None, written: Written) -> tuple[str | None, Entity, Change]:
    """What SQLite makes of a change: the entity before, the entity after, and the change as the log has it."""
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE entity (doc BLOB)")
    if before is not None:
        connection.execute("INSERT INTO entity VALUES (jsonb(?))", (entity_json(before),))
    ((was,),) = connection.execute("SELECT (SELECT json(doc) FROM entity)").fetchall()
    form = "SELECT json(jsonb(?))" if written.whole else "SELECT json(jsonb_patch(doc, ?)) FROM entity"
    ((doc,),) = connection.execute(form, (written.doc,)).fetchall()
    return was, entity_from_document(orjson.loads(doc)), read_change(7, written.log, was)


@given(entities(), attributes(), st.booleans(), st.sampled_from(["head", "time", ""]), moments, st.sampled_from(Verb))
@unhurried
def test_a_change_comes_back_as_it_was_kept(
    entity: Entity, others, one_goes: bool, moved: str, at: datetime, verb: Verb
) -> None:
    attributes = {**entity.attributes, **others}
    if one_goes and set(entity.attributes) - set(others):
        del attributes[min(set(entity.attributes) - set(others))]
    after = replace(entity, attributes=attributes)
    if moved == "time":
        after = replace(after, modified_at=at)
    if moved == "head":
        after = replace(after, types=("Other",), scopes=(), modified_at=at, expires_at=None)
    differences = tuple(
        AttributeChange(name, (entity.attributes.get(name) or (None,))[0], instances[0])
        for name, instances in others.items()
    )
    before = None if verb is Verb.CREATED else entity
    change = Change(verb, entity.id, entity.types, before, after, differences, at, "urn:x:somebody", 7)
    for held in (before, None):  # with what the store holds, only the difference is written
        _, state, logged = kept(before, encode_change(change, held))
        assert repr(logged) == repr(change)
        assert repr(state) == repr(after)


@given(entities())
@unhurried
def test_the_bytes_of_an_entity_say_what_its_document_says(entity: Entity) -> None:
    assert orjson.loads(entity_json(entity)) == orjson.loads(orjson.dumps(entity_to_document(entity)))


@given(attributes())
@unhurried
def test_an_instance_of_pieces_says_what_its_document_says(of_an_entity) -> None:
    for instance in (one for instances in of_an_entity.values() for one in instances):
        text, _, (*_, number, rest) = write_instance(instance)
        said = orjson.loads(orjson.dumps(attribute_to_document(instance)))
        assert orjson.loads(text) == said
        timeless = {member: inner for member, inner in said.items() if member not in ("o", "c", "m")}
        assert {**({} if number is None else {"v": number}), **orjson.loads(rest or b'{"k":"P"}')} == timeless


def test_a_change_writes_what_changed_and_nothing_else() -> None:
    same, old, new = (Attribute(Kind.PROPERTY, v) for v in ("same", 1, True))
    before = Entity("urn:x:1", ("T",), {"same": (same,), "old": (old,), "level": (old,)}, modified_at=NOW)
    after = replace(before, attributes={"same": before.attributes["same"], "level": (new,)})
    change = Change(Verb.UPDATED, "urn:x:1", ("T",), before, after, (AttributeChange("level", old, new),), NOW, "x")
    written = encode_change(change, before)
    document = orjson.loads(written.log)
    assert document["p"] == {"a": {"level": [{"k": "P", "v": True}], "old": None}}
    assert document["d"] == [["level", 0, 0]]  # as it does not tell that the other one goes
    assert read_change(1, written.log, entity_json(before).decode()).after.attributes["level"][0].value is True


def test_the_end_of_an_entity_without_attributes_is_kept_as_well() -> None:
    before = Entity("urn:x:1", ("T",))
    change = Change(Verb.DELETED, "urn:x:1", ("T",), before, None, (), NOW, "x", 1)
    assert read_change(1, encode_change(change, before).log, entity_json(before).decode()) == change


def test_a_plain_reading_needs_no_text_in_the_history() -> None:
    reading = Attribute(Kind.PROPERTY, 2.5, observed_at=NOW, modified_at=NOW)
    assert to_columns(reading) == (to_micros(NOW), (1, 0, None, to_micros(NOW), 2.5, None))
    assert to_columns(replace(reading, unit_code="MTR"))[1][-1] == b'{"k":"P","u":"MTR"}'


def test_the_mark_of_a_deletion_stands_at_its_own_moment() -> None:
    mark = Attribute(Kind.PROPERTY, "urn:ngsi-ld:null", observed_at=NOW)
    later = NOW.replace(hour=10)
    time, (observed, deleted, *_, doc) = to_columns(mark, later)
    assert (time, observed, deleted) == (to_micros(later), 0, 1)
    assert b"2026-06-30T09:00:00.000000Z" in (doc or b"")


def test_what_json_cannot_say_is_refused() -> None:
    for value in (1 << 70, "\ud800", {1, 2}):
        entity = Entity("urn:x:1", ("T",), {"level": (Attribute(Kind.PROPERTY, value),)})
        with pytest.raises(BadRequestData):
            entity_json(entity)
