"""Does a query with a guard find what the rows of the policy say, page by page, in every store?"""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from tests.model.generated import ENTITY_COUNT, one_query, seeds, some_entities
from tests.store.generated_policy import principal, rows

from machinami.model.entity import Entity
from machinami.model.guarding import guard_of, guarded
from machinami.model.judging import judge
from machinami.model.matching import matches, seen
from machinami.model.ordering import arrange
from machinami.model.policy import Deed, Row, permits, visible
from machinami.model.principal import Principal
from machinami.model.query import Page, Query, TypeIs
from machinami.store.conformance.acts import create
from machinami.store.generated import NOW, TYPES, entities
from machinami.store.generated_queries import queries
from machinami.store.memory import MemoryBackend
from machinami.store.protocol import Backend
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

_PAGES = (Page(5, 0, True), Page(7, 3, False), Page(1000, 0, True), Page(0, 0, True))


def plainly(town: Sequence[Entity], policy: Sequence[Row], by: Principal, query: Query) -> list[Entity]:
    """What the query finds in the town as if all that is hidden were not there."""
    there = {one.id: one for entity in town if (one := visible(policy, by, entity)) is not None}
    found = [entity for entity in there.values() if matches(query, entity, NOW, there.get)]
    return list(arrange(found, query.order, NOW))


@given(some_entities(), one_query(), seeds)
def test_a_guarded_query_means_what_the_rows_say(town: list[Entity], query: Query, seed: int) -> None:
    rng = Random(seed)
    policy, by = rows(rng), principal(rng)
    known = {entity.id: entity for entity in town}
    asked = guarded(query, guard_of(policy, by, Deed.READ))
    expected = {entity.id for entity in plainly(town, policy, by, query)}
    assert {e.id for e in town if matches(asked, e, NOW, known.get)} == expected
    fits = judge(asked, NOW, known.get)
    assert {e.id for e in town if fits(e)} == expected


@given(some_entities(), seeds)
def test_a_guard_lets_of_every_deed_be_done_what_the_rows_permit(town: list[Entity], seed: int) -> None:
    rng = Random(seed)
    policy, by = rows(rng), principal(rng)
    for deed in Deed:
        guard = guard_of(policy, by, deed)
        for entity in town:
            extent = permits(policy, by, deed, entity)
            allowed = entity if guard is None else seen(guard, entity)
            assert (allowed is None) == (extent is None)
            if allowed is not None and extent is not None:
                whole = extent.every or extent.names >= entity.attributes.keys()
                assert allowed == (entity if whole else entity.keeping(extent.names))


BACKENDS = {
    "memory": lambda folder: MemoryBackend(),
    "sqlite": lambda folder: open_backend(folder, StoreSettings()),
    "sqlite, in threads": lambda folder: open_backend(
        folder, StoreSettings(step_limit=1, loop_candidates=0, indexed=("https://town.example/level",))
    ),
}


@pytest.fixture(params=BACKENDS)
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    made = BACKENDS[request.param](tmp_path)
    yield made
    await made.close()


async def test_a_store_finds_through_a_guard_what_the_rows_say_and_counts_no_more(backend: Backend) -> None:
    rng = Random(20261121)
    town = await backend.open("default")
    made = entities(rng, 60)
    await create(town, made)
    asked = [*queries(rng, 250, ENTITY_COUNT), *(Query(types=TypeIs(name)) for name in TYPES), Query()]
    partly = 0
    for query in asked:
        policy, by = rows(rng), principal(rng)
        expected = plainly(made, policy, by, query)
        partly += 0 < len(expected) < len(made)
        for page in _PAGES:
            found = await town.find(guarded(query, guard_of(policy, by, Deed.READ)), page, NOW)
            part = expected[page.offset : page.offset + page.limit]
            assert list(found.entities) == part, (query, policy, by)
            assert found.count == (len(expected) if page.count else None)
    assert partly > len(asked) / 10
