"""What a store keeps in memory and in its log is bounded by its settings, and an index comes when it is missed."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import orjson

from machinami.model.context import core
from machinami.model.expansion import expand_entity
from machinami.model.query import Compare, Literal, Operator, Page, Query, TypeIs
from machinami.model.query import Path as AttributePath
from machinami.store.conformance.acts import GAUGE, LEVEL, NOW, create, gauge, observe, reading
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.hot import Hot, HotEntities


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def test_the_entities_at_hand_are_bounded_by_number_and_by_size() -> None:
    by_number, by_size = HotEntities(100, 1 << 30), HotEntities(1 << 30, 100_000)
    for number in range(10_000):
        hot = Hot(gauge(number), number, number, 1_000)
        by_number.put(hot)
        by_size.put(hot)
    assert len(by_number) <= 100
    assert len(by_size) <= 22


def test_entities_into_which_somebody_has_looked_are_counted_for_what_they_take_then() -> None:
    text = '{"id": "urn:x:%d", "type": "Gauge", "level": {"type": "Property", "value": 1.5}}'
    entities = [expand_entity(orjson.loads(text % number), core()) for number in range(900)]
    closed, opened = HotEntities(1 << 30, 1_000_000), HotEntities(1 << 30, 1_000_000)
    for number, one in enumerate(entities):
        closed.put(Hot(one, number, number, 200))
    for number, one in enumerate(entities):
        opened.put(Hot(one, number, number, 200))
        assert one.attributes
    assert len(closed) == 900
    assert len(opened) <= 1_000_000 / (200 + 900 + 4 * 200)


def test_what_is_used_often_stays_at_hand_as_the_same_object() -> None:
    hot = HotEntities(100, 1 << 30)
    often = Hot(gauge(0), 0, 0, 100)
    hot.put(often)
    for number in range(1, 1_000):
        hot.put(Hot(gauge(number), number, number, 100))
        assert hot.get(often.entity.id) is often
        assert hot.at(0) is often
    hot.drop(often.entity.id)
    assert hot.get(often.entity.id) is None
    assert hot.at(0) is None


async def test_an_entity_is_the_same_object_until_it_changes(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    await create(town, [gauge(1, level=1)])
    first = town.peek(gauge(1).id)
    (found,) = (await town.find(Query(types=TypeIs(GAUGE)), Page(), NOW)).entities
    assert found is first
    await observe(town, gauge(1).id, LEVEL, reading(2, 1))
    assert town.peek(gauge(1).id) is not first
    await backend.close()


async def test_an_attribute_that_was_looked_for_in_vain_is_indexed(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings(index_after=100, loop_candidates=10))
    town = await backend.open("default")
    await create(town, [gauge(n, level=n) for n in range(500)])
    query = Query(q=Compare(AttributePath((LEVEL,)), Operator.GREATER, (Literal(498),)))
    assert len((await town.find(query, Page(), NOW)).entities) == 1
    await _until(lambda: town.statistics()["indexed_attributes"] == 1)
    assert len((await town.find(query, Page(), NOW)).entities) == 1
    await backend.close()
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    assert town.statistics()["indexed_attributes"] == 1
    await observe(town, gauge(3).id, LEVEL, reading(999, 1))
    assert len((await town.find(query, Page(), NOW)).entities) == 2
    await backend.close()


async def test_an_index_in_making_goes_on_after_a_restart_and_misses_no_change(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    await create(await backend.open("default"), [gauge(n, level=n) for n in range(950)])
    await backend.close()
    settings = StoreSettings(indexed=(LEVEL,), slice_seconds=0)
    backend = open_backend(tmp_path, settings)
    town = await backend.open("default")
    await observe(town, gauge(900).id, LEVEL, reading(-5, 1))
    await observe(town, gauge(1).id, LEVEL, reading(-6, 1))
    await backend.close()
    backend = open_backend(tmp_path, settings)
    town = await backend.open("default")
    await _until(lambda: town.statistics()["indexes_in_making"] == 0)
    query = Query(q=Compare(AttributePath((LEVEL,)), Operator.LESS, (Literal(0),)))
    assert [e.id for e in (await town.find(query, Page(), NOW)).entities] == [gauge(1).id, gauge(900).id]
    assert (await town.find(query, Page(), NOW)).entities[0].attributes[LEVEL][0].value == -6
    await backend.close()


async def test_the_write_ahead_log_does_not_grow_without_bound(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings(checkpoint_bytes=1 << 20, slice_seconds=0))
    town = await backend.open("default")
    largest = 0
    log = tmp_path / "towns" / "default" / "town.sqlite-wal"
    for turn in range(60):
        works = [create(town, [gauge(100 * turn + n, text="x" * 4_000)]) for n in range(100)]
        await asyncio.gather(*works)
        largest = max(largest, log.stat().st_size)
    assert town.statistics()["checkpoints"] > 0
    assert largest < 24 << 20
    assert town.statistics()["file_bytes"] > 24 << 20
    await backend.close()
