"""The end of the log is told from memory as the file tells it, and takes no more of it than its bound."""

import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from machinami.model.change import Change
from machinami.store.conformance.acts import GAUGE, LEVEL, create, end, gauge, observe, reading
from machinami.store.protocol import TownStore
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.log_at_hand import LogAtHand

SMALL = 60_000  # bytes: some eighty commits
ONE = gauge(1).id


@pytest.fixture(params=["normal", "full"])
async def towns(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sequence[TownStore]]:
    """Two towns in which the same happens: with some of the log at hand, and with nothing of it."""
    backends = [
        open_backend(tmp_path / str(size), StoreSettings(durability=request.param, log_bytes=size))
        for size in (SMALL, 0)
    ]
    yield [await backend.open("default") for backend in backends]
    for backend in backends:
        await backend.close()


async def _live(town: TownStore, seed: int) -> None:
    draw = random.Random(seed)
    await create(town, [gauge(number, level=0, label="x") for number in range(5)])
    for step in range(1, 120):
        entity_id = gauge(draw.randrange(5)).id
        if town.peek(entity_id) is None:
            await create(town, [gauge(int(entity_id[-1]), level=step)])
        elif draw.random() < 0.1:
            await end(town, entity_id)
        else:
            await observe(town, entity_id, LEVEL, reading(step, step))


async def test_who_follows_the_log_is_told_the_same_from_memory_as_from_the_file(towns: Sequence[TownStore]) -> None:
    for town in towns:
        await _live(town, 7)
    at_hand, filed = towns
    whole = await filed.changes(0, 1_000)
    assert await at_hand.changes(0, 1_000) == whole
    last = whole[-1].seq
    for after in (*range(0, last, 13), *range(last - 30, last + 2)):
        for limit in (1, 5, 200):
            assert await at_hand.changes(after, limit) == await filed.changes(after, limit)


async def test_what_was_trimmed_is_not_at_hand(towns: Sequence[TownStore]) -> None:
    for town in towns:
        await _live(town, 3)
        last = town.last_seq
        await town.trim_log(last - 4)
        assert [change.seq for change in await town.changes(0, 100)] == list(range(last - 4, last + 1))
        await town.trim_log(last + 1)
        assert [change.seq for change in await town.changes(0, 100)] == [last]


async def test_works_of_one_commit_are_told_one_by_one(towns: Sequence[TownStore]) -> None:
    for town in towns:
        await create(town, [gauge(number, level=number) for number in range(9)])
        assert [change.seq for change in await town.changes(3, 4)] == [4, 5, 6, 7]
        assert {change.types for change in await town.changes(0, 100)} == {(GAUGE,)}


def _change(seq: int) -> Change:
    there = gauge(1, level=seq)
    return Change("updated", ONE, there.types, None, there, (), reading(0, 0).observed_at, "", seq)  # type: ignore[arg-type]


def test_no_more_is_held_than_the_bound() -> None:
    log = LogAtHand(100_000)
    for seq in range(1, 1_000):
        log.hear([_change(seq)], 400, 0)
        assert log.weight <= 100_000
    assert 50 <= log.count < 100


def test_a_commit_that_is_larger_than_the_bound_is_not_held() -> None:
    log = LogAtHand(100_000)
    log.hear([_change(1)], 400, 0)
    log.hear([_change(2)], 4_000_000, 0)
    assert (log.count, log.weight) == (0, 0)
