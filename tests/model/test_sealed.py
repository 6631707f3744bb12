"""An entity that is sealed says what it would say if it had been taken apart."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import orjson
from hypothesis import given
from hypothesis import strategies as st
from tests.model.samples import entities, unhurried

from machinami.model.attribute import NO_ATTRIBUTES
from machinami.model.compaction import compact_entity
from machinami.model.context import core
from machinami.model.document import entity_from_document, entity_to_document
from machinami.model.entity import Entity
from machinami.model.kept_form import compact_document
from machinami.model.representation import Representation
from machinami.model.sealed import is_sealed, seal, sealed_document, sealed_types

NAMES = [field.name for field in fields(Entity)]


def _json(entity: Entity) -> bytes:
    return orjson.dumps(entity_to_document(entity))


@given(entities(), st.sampled_from(NAMES))
@unhurried
def test_a_sealed_entity_says_the_same_whatever_is_asked_first(entity: Entity, first: str) -> None:
    sealed = seal(entity.id, _json(entity))
    opened = entity_from_document(orjson.loads(_json(entity)))
    assert getattr(sealed, first) == getattr(opened, first)
    assert {name: getattr(sealed, name) for name in NAMES} == {name: getattr(opened, name) for name in NAMES}
    assert type(sealed) is Entity
    assert repr(sealed) == repr(opened)


@given(entities())
@unhurried
def test_the_types_of_a_sealed_entity_are_read_without_opening_it(entity: Entity) -> None:
    sealed = seal(entity.id, _json(entity))
    is_plain_to_see = sealed_types(sealed) is not None
    assert sealed.types == entity.types
    assert is_sealed(sealed) == is_plain_to_see


@given(entities())
@unhurried
def test_sealed_and_opened_entities_are_equal_either_way_round(entity: Entity) -> None:
    opened = entity_from_document(orjson.loads(_json(entity)))
    assert seal(entity.id, _json(entity)) == opened
    assert opened == seal(entity.id, _json(entity))
    assert seal(entity.id, _json(entity)) == seal(entity.id, _json(entity))
    assert seal(entity.id, _json(entity)) != replace(opened, id="urn:x:another")
    assert replace(seal(entity.id, _json(entity)), attributes=NO_ATTRIBUTES) == replace(
        opened, attributes=NO_ATTRIBUTES
    )


@given(entities())
@unhurried
def test_what_expires_is_never_sealed(entity: Entity) -> None:
    sealed = seal(entity.id, _json(entity))
    assert is_sealed(sealed) == (entity.expires_at is None)
    if is_sealed(sealed):
        assert sealed_document(sealed) == orjson.loads(_json(entity))
        assert is_sealed(sealed)


def test_threads_that_open_the_same_entity_see_the_same() -> None:
    entity = Entity("urn:x:1", ("urn:T",), scopes=("/a",))
    with ThreadPoolExecutor(8) as threads:
        for _ in range(200):
            sealed = seal(entity.id, _json(entity))
            found = threads.map(lambda name, one=sealed: getattr(one, name), NAMES * 2)
            assert list(found) == [getattr(entity, name) for name in NAMES * 2]


@given(entities(), st.sampled_from(("normalized", "simplified", "concise")))
@unhurried
def test_the_form_made_of_the_json_is_the_form_made_of_the_entity(entity: Entity, form) -> None:
    document = orjson.loads(_json(entity))
    written = compact_document(document, core(), Representation(form))
    if written is not None:
        expected = compact_entity(entity_from_document(document), core(), Representation(form))
        assert orjson.dumps(written) == orjson.dumps(expected)


def test_plain_readings_places_and_links_are_written_straight_from_the_json() -> None:
    document = {
        "i": "urn:x:1",
        "t": ["urn:T"],
        "s": ["/a"],
        "a": {
            "urn:p": [{"k": "P", "v": 1.5, "u": "GQ", "o": "2026-06-30T09:00:00.000000Z"}],
            "urn:r": [{"k": "R", "v": ["urn:x:2", "urn:x:3"], "o": "2026-06-30T09:00:00.500000Z"}],
            "urn:g": [{"k": "G", "v": {"type": "Point", "coordinates": [1, 2]}, "c": "2026-06-30T09:00:00.000000Z"}],
        },
    }
    for form in (Representation(), Representation("simplified")):
        written = compact_document(document, core(), form)
        assert written is not None
        assert orjson.dumps(written) == orjson.dumps(compact_entity(entity_from_document(document), core(), form))
    for other in (Representation("concise"), Representation(sys_attrs=True), Representation(lang="ja")):
        assert compact_document(document, core(), other) is None
