"""Does the compiled form of the law say what its plain meaning says, entity by entity and in every store?"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.consent.worlds import World, world

from machinami.broker.policy import Rights
from machinami.model.document import entity_to_document
from machinami.model.entity import Entity
from machinami.model.guarding import guard_of, guarded, guarded_past
from machinami.model.judging import judge
from machinami.model.lawful import Asked, visible
from machinami.model.matching import matches, seen
from machinami.model.ordering import arrange
from machinami.model.policy import Deed
from machinami.model.query import Page, Query, TemporalQuery, TypeIs
from machinami.model.sealed import is_sealed, seal
from machinami.model.sight import WHOLE, Span
from machinami.store.conformance.acts import create
from machinami.store.generated import NOW, TYPES
from machinami.store.generated_queries import queries
from machinami.store.memory import MemoryBackend
from machinami.store.protocol import Backend
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

_PAGES = (Page(5, 0, True), Page(4, 2, False), Page(1000, 0, True))


def plainly(found: World, entity: Entity) -> Entity | None:
    """What of the entity there is for who asks."""
    return visible(found.rows, found.code, Asked(found.by, entity, NOW))


@given(st.integers(0, 2**32))
def test_a_veiled_guard_shows_what_the_law_says(seed: int) -> None:
    found = world(Random(seed))
    veil = found.law.veil(found.by)
    guard = guard_of(found.rows, found.by, Deed.READ, veil)
    rights = Rights(found.rows, found.by, None, found.law if found.law.marks else None)
    for entity in found.entities:
        expected = plainly(found, entity)
        shown = entity if guard is None else seen(guard, entity)
        assert shown == expected
        assert rights.seen(entity) == expected


def _says_by_types(found: World, rights: Rights) -> int:
    """Hold what types say by themselves to the plain meaning; of how many entities they say that all may be read."""
    clear = 0
    for entity in found.entities:
        said = rights.clears(entity)
        assert rights.clears(_sealed(entity)) == said
        sealed = _sealed(entity)
        was_sealed = is_sealed(sealed)
        assert rights.clears(sealed) == said
        assert is_sealed(sealed) == was_sealed
        if said:
            clear += 1
            assert plainly(found, entity) == entity
            assert not found.law.is_personal(entity)
            assert rights.sight(entity, Span(0, 1)) == WHOLE
    return clear


def _sealed(entity: Entity) -> Entity:
    return seal(entity.id, orjson.dumps(entity_to_document(entity)))


def _says_of_queries(found: World, rights: Rights, asked: Sequence[Query]) -> int:
    """The same of queries; of how many the types say that all that is found may be read."""
    known = {entity.id: entity for entity in found.entities}
    clear = [query for query in asked if rights.finds_clear(query)]
    for query in clear:
        narrowed = guarded(query, rights.guard(Deed.READ))
        for entity in found.entities:
            fits = matches(query, entity, NOW, known.get)
            assert fits == matches(narrowed, entity, NOW, known.get)
            if fits:
                assert plainly(found, entity) == entity
                assert not found.law.is_personal(entity)
    return len(clear)


@given(st.integers(0, 2**32))
def test_what_types_say_by_themselves_is_what_the_law_says_whatever_is_written_later(seed: int) -> None:
    rng = Random(seed)
    found = world(rng)
    asked = [*queries(rng, 4, len(found.entities)), *(Query(types=TypeIs(name)) for name in TYPES)]
    rights = Rights(found.rows, found.by, None, found.law)
    for number in range(4):
        _says_by_types(found, rights)
        _says_of_queries(found, rights, asked)
        kinds = tuple(rng.sample(TYPES, 2))  # the law may come to be about types that it was not about before
        later = replace(rng.choice(found.entities), id=f"urn:later:{number}", types=kinds)
        found.law.meet(later.types, later.attributes)
        found = replace(found, entities=[*found.entities, later])


def test_types_say_by_themselves_of_many_that_all_of_them_may_be_read_and_not_of_all() -> None:
    rng, whole, entities, clear, asked = Random(20261121), 0, 0, 0, 0
    for _ in range(100):
        found = world(rng)
        rights = Rights(found.rows, found.by, None, found.law)
        kinds = [Query(types=TypeIs(name)) for name in TYPES]
        whole, entities = whole + _says_by_types(found, rights), entities + len(found.entities)
        clear, asked = clear + _says_of_queries(found, rights, kinds), asked + len(kinds)
    assert 20 < whole < 0.9 * entities
    assert 10 < clear < 0.9 * asked


@given(st.integers(0, 2**32))
def test_a_veiled_query_means_what_the_law_says(seed: int) -> None:
    rng = Random(seed)
    found = world(rng)
    known = {entity.id: entity for entity in found.entities}
    there = {one.id: one for entity in found.entities if (one := plainly(found, entity)) is not None}
    guard = guard_of(found.rows, found.by, Deed.READ, found.law.veil(found.by))
    for query in queries(rng, 4, len(found.entities)):
        asked = guarded(query, guard)
        expected = {one.id for one in there.values() if matches(query, one, NOW, there.get)}
        assert {e.id for e in found.entities if matches(asked, e, NOW, known.get)} == expected
        fits = judge(asked, NOW, known.get)
        assert {e.id for e in found.entities if fits(e)} == expected


BACKENDS = {
    "memory": lambda folder: MemoryBackend(),
    "sqlite": lambda folder: open_backend(folder, StoreSettings()),
    "sqlite, in threads": lambda folder: open_backend(
        folder, StoreSettings(step_limit=1, loop_candidates=0, indexed=("https://town.example/level",))
    ),
}


@pytest.mark.parametrize("kind", BACKENDS)
async def test_a_store_finds_through_a_veil_what_the_law_says_and_counts_no_more(kind: str, tmp_path: Path) -> None:
    rng, partly = Random(20261122), 0
    for number in range(12):
        found = world(rng, 40)
        backend: Backend = BACKENDS[kind](tmp_path / str(number))
        town = await backend.open("default")
        await create(town, found.entities)
        guard = guard_of(found.rows, found.by, Deed.READ, found.law.veil(found.by))
        there = {one.id: one for entity in found.entities if (one := plainly(found, entity)) is not None}
        for query in [*queries(rng, 25, 40), *(Query(types=TypeIs(name)) for name in TYPES), Query()]:
            expected: Sequence[Entity] = arrange(
                [one for one in there.values() if matches(query, one, NOW, there.get)], query.order, NOW
            )
            partly += 0 < len(expected) < len(found.entities)
            for page in _PAGES:
                got = await town.find(guarded(query, guard), page, NOW)
                assert list(got.entities) == list(expected)[page.offset : page.offset + page.limit], query
                assert got.count == (len(expected) if page.count else None)
        past = await town.find_past(guarded_past(Query(), guard), TemporalQuery(), Page(1000), NOW)
        assert {one.id for one in past.entities} <= there.keys()
        await backend.close()
    assert partly > 20
