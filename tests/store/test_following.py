"""State and history follow the log at a distance, and nobody sees that they do."""

import random
import shutil
from pathlib import Path

import apsw
import pytest

from machinami.model.change import Change
from machinami.model.entity import Entity
from machinami.model.query import Page, Query, TemporalQuery, TypeIs
from machinami.store.conformance.acts import (
    GAUGE,
    LABEL,
    LEVEL,
    LOCATION,
    NOW,
    at,
    create,
    creation,
    deletion,
    end,
    gauge,
    observe,
    reading,
    removal,
    update,
    write,
)
from machinami.store.memory import MemoryBackend
from machinami.store.protocol import TownStore
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.connection import migrate, migrations, open_connection

EVERYTHING = TemporalQuery()


def _place(step: int) -> dict[str, object]:
    return {"type": "Point", "coordinates": [138 + step / 1_000, 35.0]}


def _next_change(draw: random.Random, before: Entity | None, number: int, step: int) -> Change:
    if before is None:
        return creation(gauge(number, draw.choice([(GAUGE,), (GAUGE, LABEL)]), level=step, label=f"l{step}"))
    act = draw.random()
    if act < 0.15:
        return deletion(before)
    if act < 0.25 and LABEL in before.attributes:
        return removal(before, LABEL)
    name = draw.choice([LEVEL, LEVEL, LEVEL, LABEL])
    return update(before, name, reading(step, step, expires_at=draw.choice([None, None, at(step + 10_000)])))


async def _live(towns: list[TownStore], seed: int) -> None:
    """The same random life in all towns."""
    draw = random.Random(seed)
    there: dict[int, Entity | None] = dict.fromkeys(range(6))
    step = 0
    while step < 300:
        works: list[Change] = []
        for _ in range(draw.choice([1, 1, 1, 7, 40])):
            number = draw.choice([0, 0, 0, 0, 1, 2, 3, 4, 5])
            works.append(_next_change(draw, there[number], number, step))
            there[number] = works[-1].after
            step += 1
        for town in towns:
            await write(town, *works)


async def _end_all(towns: list[TownStore], seed: int) -> None:
    for town in towns:
        for number in range(6):
            if town.peek(gauge(number).id) is not None:
                await end(town, gauge(number).id)


async def _all_of(town: TownStore) -> tuple[object, ...]:
    found = await town.find(Query(types=TypeIs(LABEL)), Page(100, 0, True), NOW)
    ids = [gauge(number).id for number in range(6)]
    past = [(i.entity_id, i.attribute, i.value.value) for i in await town.instances(ids, None, EVERYTHING)]
    return (
        [town.peek(entity_id) for entity_id in ids],
        [entity.id for entity in found.entities],
        found.count,
        await town.types(),
        [repr(change) for change in await town.changes(0, 10_000)],
        past,
        list(town.expiring(at(20_000), 100)),
        town.statistics()["entities"],
    )


@pytest.mark.parametrize("durability", ["normal", "full"])
@pytest.mark.parametrize("seed", range(4))
async def test_a_town_that_was_killed_is_what_it_was(tmp_path: Path, seed: int, durability: str) -> None:
    backend, memory = (
        open_backend(tmp_path / "town", StoreSettings(durability=durability, log_bytes=0)),
        MemoryBackend(),
    )
    town, plain = await backend.open("default"), await memory.open("default")
    for stretch, lived in enumerate((_live, _end_all)):
        await lived([town, plain], seed)
        shutil.copytree(tmp_path / "town", tmp_path / f"copy{stretch}")
        assert await _all_of(town) == await _all_of(plain)
        assert await town.disagreements() == []
        expected = await _all_of(town)
        again = open_backend(tmp_path / f"copy{stretch}", StoreSettings(durability=durability, log_bytes=0))
        copy = await again.open("default")
        assert await _all_of(copy) == expected
        assert await copy.disagreements() == []
        await again.close()
    await backend.close()


@pytest.mark.parametrize("log_bytes", [0, 1 << 24], ids=["from the file", "at hand"])
async def test_a_change_is_told_with_the_entity_before_it_from_wherever_the_log_is_read(
    tmp_path: Path, log_bytes: int
) -> None:
    backend = open_backend(tmp_path, StoreSettings(log_bytes=log_bytes))
    town = await backend.open("default")
    await create(town, [gauge(1, level=0, label="x"), gauge(2, level=0)])
    for step in range(1, 60):
        await observe(town, gauge(1).id, LEVEL, reading(step, step))
    whole = await town.changes(0, 1_000)
    for after in (0, 2, 3, 17, 18, 19, 40, 60):
        assert await town.changes(after, 5) == whole[after : after + 5]
    assert [change.before.attributes[LEVEL][0].value for change in whole[2:] if change.before] == list(range(59))
    await backend.close()


@pytest.mark.parametrize("log_bytes", [0, 1 << 24], ids=["from the file", "at hand"])
async def test_what_stays_of_a_log_that_is_trimmed_is_told_as_before(tmp_path: Path, log_bytes: int) -> None:
    backend = open_backend(tmp_path, StoreSettings(log_bytes=log_bytes))
    town = await backend.open("default")
    await create(town, [gauge(1, level=0, label="x")])
    for step in range(1, 50):
        await observe(town, gauge(1).id, LEVEL, reading(step, step))
    whole = await town.changes(0, 1_000)
    assert await town.trim_log(31) == 30
    assert await town.changes(0, 1_000) == whole[30:]
    assert await town.trim_log(1_000) == 19
    await observe(town, gauge(1).id, LEVEL, reading(50, 50))
    last, newest = await town.changes(0, 1_000)
    assert last == whole[-1]
    assert newest.before == last.after
    assert await town.disagreements() == []
    await backend.close()


async def test_what_moved_is_found_at_once_where_it_is(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings(indexed=(LEVEL,)))
    town = await backend.open("default")
    await create(town, [gauge(1, level=1, label="x")])
    query = Query(types=TypeIs(GAUGE))
    for step in range(1, 20):
        entity = town.peek(gauge(1).id)
        assert entity is not None
        await write(town, update(entity, LOCATION, reading(_place(step), step)))
        await create(town, [gauge(1 + step, level=step)])
        found = await town.find(query, Page(100, 0, True), NOW)
        assert found.count == 1 + step
        assert found.entities[0].attributes[LOCATION][0].value == _place(step)
    await backend.close()


async def test_a_file_of_the_form_before_that_was_left_by_a_crash_loses_nothing(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    await create(town, [gauge(1, level=0)])
    for step in (1, 2, 3):
        await observe(town, gauge(1).id, LEVEL, reading(step, step))
    expected = await town.instances([gauge(1).id], None, EVERYTHING)
    await backend.close()
    connection = apsw.Connection(str(tmp_path / "towns" / "default" / "town.sqlite"))
    connection.execute("DELETE FROM history WHERE serial >= 3 << 20")
    connection.execute("UPDATE settled SET seq = 2")
    connection.close()
    town = await backend.open("default")
    assert await town.instances([gauge(1).id], None, EVERYTHING) == expected
    assert await town.disagreements() == []
    await backend.close()


def test_the_state_of_a_file_of_the_form_before_is_up_to_its_log(tmp_path: Path) -> None:
    path = tmp_path / "town.db"
    connection = open_connection(path, StoreSettings(), write=True)
    migrate(connection, path, migrations()[:7])
    connection.executemany("INSERT INTO log (seq, doc) VALUES (?, ?)", [(7, b"{}"), (8, b"{}")])
    connection.execute("UPDATE settled SET seq = 7")

    migrate(connection, path, migrations())

    assert connection.execute("SELECT seq, state FROM settled").fetchall() == [(7, 8)]
    connection.close()
