"""Is a store of which everything is sealed still a store? It keeps the contract and finds the same."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from os import urandom
from pathlib import Path
from random import Random

import pytest
from tests.fakes.person_keys import PersonKeysInMemory
from tests.store.generated_policy import principal, rows

from machinami.broker.law import Law
from machinami.broker.shroud.cipher import Cipher
from machinami.broker.shroud.concerning import Concerns
from machinami.broker.shroud.shrouded import Shrouded
from machinami.model.entity import Entity
from machinami.model.guarding import guard_of, guarded
from machinami.model.legal import LegalClass, Mark
from machinami.model.matching import matches
from machinami.model.ordering import arrange
from machinami.model.policy import Deed, visible
from machinami.model.query import Page, Query, TypeIs
from machinami.store.conformance.acts import VOCABULARY, create
from machinami.store.conformance.contract import CHECKS, Check
from machinami.store.generated import NAMES, NOW, TYPES, entities
from machinami.store.generated_queries import queries
from machinami.store.memory import MemoryBackend
from machinami.store.protocol import Backend, TownStore
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

_WORDS = ("level", "label", "state", "title", "category", "series", "rain", "trip", "name", "location", "temperature")
MARKED = (*NAMES, *(VOCABULARY + word for word in _WORDS), "https://uri.etsi.org/ngsi-ld/location")


class SealedBackend:
    """Towns in which every attribute that the contract knows is personal."""

    def __init__(self, inner: Backend) -> None:
        self._inner = inner
        self._open: dict[str, Shrouded] = {}

    async def open(self, town: str, create: bool = True) -> TownStore:
        """The town, sealed."""
        if town not in self._open:
            store = await self._inner.open(town, create)
            law = Law(lambda: datetime.now(UTC))
            law.set_marks([Mark(LegalClass.PERSONAL, "", name) for name in MARKED])
            made = Shrouded(store, Cipher(PersonKeysInMemory(), urandom), Concerns(law))
            await made.load()
            self._open[town] = made
        return self._open[town]

    async def towns(self) -> Sequence[str]:
        """The towns that there are."""
        return await self._inner.towns()

    async def release(self, town: str) -> None:
        """Let a town go."""
        self._open.pop(town, None)
        await self._inner.release(town)

    async def close(self) -> None:
        """Close every town."""
        self._open.clear()
        await self._inner.close()


BACKENDS: dict[str, Callable[[Path], Backend]] = {
    "memory": lambda folder: MemoryBackend(),
    "sqlite, cold": lambda folder: open_backend(folder, StoreSettings(cache_entities=4, indexed=NAMES)),
}


@pytest.fixture(params=BACKENDS)
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    made = SealedBackend(BACKENDS[request.param](tmp_path))
    yield made
    await made.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_sealed_store_keeps_the_contract(check: Check, backend: Backend) -> None:
    await check(backend)


async def test_a_sealed_store_finds_what_the_queries_mean(backend: Backend) -> None:
    rng = Random(20261121)
    town = await backend.open("default")
    made = entities(rng, 60)
    await create(town, made)
    known = {entity.id: entity for entity in made}
    for query in [*queries(rng, 200, 60), *(Query(types=TypeIs(name)) for name in TYPES), Query()]:
        expected = list(arrange([e for e in made if matches(query, e, NOW, known.get)], query.order, NOW))
        for page in (Page(5, 0, True), Page(7, 3, False), Page(1000, 0, True)):
            found = await town.find(query, page, NOW)
            assert list(found.entities) == expected[page.offset : page.offset + page.limit], query
            assert found.count == (len(expected) if page.count else None)


async def test_what_is_sealed_is_found_through_a_guard_as_the_rows_say(backend: Backend) -> None:
    rng = Random(20261122)
    town = await backend.open("default")
    made = entities(rng, 60)
    await create(town, made)
    for query in queries(rng, 150, 60):
        policy, by = rows(rng), principal(rng)
        there: dict[str, Entity] = {e.id: e for one in made if (e := visible(policy, by, one)) is not None}
        expected = list(arrange([e for e in there.values() if matches(query, e, NOW, there.get)], query.order, NOW))
        found = await town.find(guarded(query, guard_of(policy, by, Deed.READ)), Page(9, 2, True), NOW)
        assert list(found.entities) == expected[2:11], query
        assert found.count == len(expected)
