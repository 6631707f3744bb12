"""An entity of plain attributes, written without being taken apart, is what it would be if it had been."""

from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import apsw
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from machinami.model import patch
from machinami.model.attribute import NO_ATTRIBUTES, Attributes
from machinami.model.audit import entry_of
from machinami.model.change import Change, Verb
from machinami.model.context import core
from machinami.model.document import change_from_document, entity_from_document, entity_to_document
from machinami.model.entity import Entity
from machinami.model.expansion import ENTITY, Intake, expand_entity
from machinami.model.plain import Plain, names_in, plain_document, plain_of
from machinami.model.renewal import Renewal, changed_names, has_types_of
from machinami.model.sealed import excerpt, seal, sealed_document
from machinami.store.sqlite.boxes import boxes
from machinami.store.sqlite.discovery import Tallies, makeup_of, retell
from machinami.store.sqlite.encoded import Written, encode_change
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.pieces import Row
from machinami.store.sqlite.runs import is_deep
from machinami.store.sqlite.shapes import LogReader
from machinami.store.sqlite.values import ValueIndexes
from machinami.store.sqlite.waiting import rows_of

CORE = core()
unhurried = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
CLOSELY = Intake()  # says the same as ENTITY, but nothing is read at once for it
FILE = apsw.Connection(":memory:")
for table in ("name", "shape"):
    FILE.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, text TEXT)")
NAMES = Names(FILE)
MEMBERS = [member.name for member in fields(Entity)]

times = st.sampled_from(["2026-06-30T09:00:00Z", "2026-06-30T09:00:00.250Z"])
readings = st.fixed_dictionaries(
    {"value": st.sampled_from([1, 2.5, -0.0, 0, True, "open", "100%", 1 << 60, (1 << 63) + 5])},
    optional={"type": st.just("Property"), "unitCode": st.sampled_from(["MTR", "%"]), "observedAt": times},
)
links = st.fixed_dictionaries(
    {"object": st.sampled_from(["urn:x:1", "urn:x:2"])},
    optional={"type": st.just("Relationship"), "observedAt": times},
)
points = st.builds(
    lambda lon: {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [lon, 35.2]}},
    st.sampled_from([138.1, 138.2]),
)
odd = st.sampled_from(
    [
        5,
        {"value": [1, 2]},
        {"value": 1, "datasetId": "urn:x:d"},
        {"value": 1, "expiresAt": "2027-01-01T00:00:00Z"},
        {"value": 1, "accuracy": 0.5},
        [{"value": 1}, {"value": 2, "datasetId": "urn:x:d"}],
    ]
)
plain_bodies = st.dictionaries(st.sampled_from(["level", "rain", "gate"]), readings | links, max_size=4)
bodies = st.builds(
    lambda attributes, place: {**attributes, **({} if place is None else {"location": place})},
    plain_bodies | st.dictionaries(st.sampled_from(["level", "rain"]), readings | odd, max_size=2),
    st.none() | points,
)
heads = st.fixed_dictionaries(
    {"id": st.just("urn:x:1"), "type": st.sampled_from(["Gauge", ["Gauge", "Sensor"]])},
    optional={"scope": st.just("/a")},
)
documents = st.builds(lambda head, body: {**head, **body}, heads, bodies)


def _taken_apart(entity: Entity) -> Entity:
    """The same entity, of which nothing is plain any more."""
    return replace(entity, attributes=entity.attributes)


@given(documents, st.sampled_from(MEMBERS))
@unhurried
def test_what_is_read_at_once_is_what_a_closer_look_finds(document: dict[str, Any], first: str) -> None:
    for _ in range(2):  # the readers are chosen at first, and remembered then
        at_once, closely = expand_entity(document, CORE, ENTITY), expand_entity(document, CORE, CLOSELY)
        assert plain_of(closely) is None
        assert getattr(at_once, first) == getattr(closely, first)
        assert repr({m: getattr(at_once, m) for m in MEMBERS}) == repr({m: getattr(closely, m) for m in MEMBERS})
        assert type(at_once) is Entity


@given(documents, documents, documents, st.sampled_from(["plain", "sealed", "open"]), st.sampled_from([NOW, LATER]))
@unhurried
def test_what_follows_without_a_look_inside_is_what_the_rules_say(
    first: dict[str, Any], second: dict[str, Any], third: dict[str, Any], held: str, again: datetime
) -> None:
    made = patch.created(expand_entity(first, CORE), NOW)
    told = patch.created(expand_entity(first, CORE, CLOSELY), NOW)
    _agree(None, made, told, NOW)
    before, known = patch.created(expand_entity(first, CORE), NOW).entity, told.entity
    for document, now in ((second, again), (third, LATER + timedelta(seconds=5))):
        if held == "sealed":
            before = seal(before.id, orjson.dumps(entity_to_document(_taken_apart(before))))
        elif held == "open":
            before = _taken_apart(before)
        done = patch.replaced(before, expand_entity(document, CORE), now)
        told = patch.replaced(known, expand_entity(document, CORE, CLOSELY), now)
        kept = done.entity if type(done.changes) is Renewal else _taken_apart(done.entity)
        _agree(before, done, told, now)
        before, known = kept, told.entity


def _agree(before: Entity | None, done: patch.Patched, told: patch.Patched, now: datetime) -> None:
    """Whether both say the same, and are written as what says the same."""
    written = encode_change(_change(before, done, now), before)
    moved = is_deep(_change(before, done, now), _indexes())
    assert sorted(done.updated) == sorted(told.updated)
    assert repr(entity_from_document(_document(done.entity))) == repr(entity_from_document(_document(told.entity)))
    was = None if before is None else _document(before)
    assert repr(change_from_document(orjson.loads(written.log), was, 7).after) == repr(_later(told.entity))
    expected = encode_change(_change(before, told, now), before)
    assert _seen_from_outside(done.entity) == _seen_from_outside(told.entity)
    if type(done.changes) is Renewal:
        assert len(done.changes) == len(told.changes)
        assert list(map(repr, done.changes)) == list(map(repr, told.changes))
        assert done.changes == tuple(told.changes)
        assert repr(_rows(written)) == repr(_rows(expected))
        assert isinstance(written.doc, bytes)
        assert orjson.loads(written.doc) == _document(told.entity)
        _agree_as_values(_change(before, done, now), written.log)
        assert moved or not is_deep(_change(before, told, now), _indexes())


def _agree_as_values(change: Change, log: bytes) -> None:
    """Whether the change says the same where the log has no more of it than its values."""
    written = encode_change(change, change.before, shapes=NAMES.shapes)
    NAMES.written(NAMES.write(FILE))
    assert isinstance(written.doc, Plain)
    assert "a" not in orjson.loads(written.log)
    read = LogReader(FILE).read(written.log)
    assert read == orjson.loads(log)
    assert list(read["a"]["a"]) == list(orjson.loads(log)["a"]["a"])


def _rows(written: Written) -> list[Row]:
    return rows_of(written.remembered(3, 7), NAMES)


def _seen_from_outside(entity: Entity) -> tuple[object, ...]:
    """Where the indexes find it, without a look inside where that is not needed."""
    is_plain = plain_of(entity) is not None
    tallies: Tallies = Counter()
    retell(tallies, NAMES, Counter([makeup_of(entity)]))
    found = boxes(entity), tallies
    assert (plain_of(entity) is not None) is is_plain
    return found


def _later(entity: Entity) -> Entity:
    return entity_from_document(_document(entity))


def _document(entity: Entity) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(orjson.dumps(entity_to_document(_taken_apart(entity))))
    return document


def _change(before: Entity | None, done: patch.Patched, now: datetime) -> Change:
    verb = Verb.CREATED if before is None else Verb.UPDATED
    return Change(verb, done.entity.id, done.entity.types, before, done.entity, done.changes, now, "x")


def _indexes() -> ValueIndexes:
    indexes = ValueIndexes()
    indexes.numbers["https://uri.etsi.org/ngsi-ld/default-context/level"] = 1
    return indexes


def _gauge(level: float = 1.5) -> Entity:
    body = {"level": {"type": "Property", "value": level, "unitCode": "MTR"}, "gate": {"object": "urn:x:2"}}
    return expand_entity({"id": "urn:x:1", "type": "Gauge", **body}, CORE)


def test_a_plain_entity_stays_plain_from_write_to_write() -> None:
    entity = patch.created(_gauge(), NOW).entity
    for turn in range(1, 4):
        done = patch.replaced(entity, _gauge(turn), NOW + timedelta(seconds=turn))
        assert type(done.changes) is Renewal
        assert done.changes.steady
        change = _change(entity, done, LATER)
        encode_change(change, entity)
        assert not is_deep(change, ValueIndexes())
        assert is_deep(change, _indexes())  # the level is another one
        assert plain_of(entity) is not None
        entity = done.entity
    assert plain_of(entity) is not None
    assert entity.created_at == NOW
    assert entity.attributes["https://uri.etsi.org/ngsi-ld/default-context/gate"][0].created_at == NOW
    assert plain_of(entity) is None


def test_of_a_plain_entity_the_names_are_known_without_a_look_inside() -> None:
    names = ["https://uri.etsi.org/ngsi-ld/default-context/level", "https://uri.etsi.org/ngsi-ld/default-context/gate"]
    before = patch.created(_gauge(), NOW).entity
    done = patch.replaced(before, _gauge(2), LATER)
    change = _change(before, done, LATER)
    assert list(names_in(done.entity)) == list(changed_names(done.changes)) == names
    assert has_types_of(done.changes, before, done.entity)
    assert orjson.loads(entry_of(change))["attributes"] == names
    assert plain_of(before) is not None
    assert plain_of(done.entity) is not None
    assert list(names_in(_taken_apart(done.entity))) == list(changed_names(tuple(done.changes))) == names


def test_of_a_plain_entity_a_part_can_be_had_and_another_be_made() -> None:
    name = "https://uri.etsi.org/ngsi-ld/default-context/level"
    entity = patch.created(_gauge(), NOW).entity
    assert sealed_document(entity) == plain_document(entity) == _document(patch.created(_gauge(), NOW).entity)
    part: Attributes = excerpt(entity, [name]).attributes
    assert list(part) == [name]
    assert plain_of(entity) is not None
    assert replace(entity, attributes=NO_ATTRIBUTES).attributes == NO_ATTRIBUTES
    assert plain_of(entity) is not None
    assert entity == patch.created(_gauge(), NOW).entity
    assert entity != patch.created(_gauge(2), NOW).entity


@pytest.mark.parametrize("value", [(1 << 64) + 1, "\ud800"])
def test_what_json_cannot_say_is_refused_as_ever(value: Any) -> None:
    entity = expand_entity({"id": "urn:x:1", "type": "T", "level": {"value": value}}, CORE)
    done = patch.created(entity, NOW)
    with pytest.raises(Exception, match="cannot be kept"):
        encode_change(_change(None, done, NOW), None)
