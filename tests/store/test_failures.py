"""A store that cannot go on says why, loses nothing that it promised, and goes on when it can."""

import asyncio
from pathlib import Path

import apsw
import pytest

from machinami.foundation.errors import StoreUnavailable
from machinami.model.change import Change
from machinami.model.query import Page, Query, TypeIs
from machinami.store.conformance.acts import GAUGE, LEVEL, NOW, create, end, gauge, observe, reading
from machinami.store.protocol import TownStore
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.connection import migrate, migrations


@pytest.mark.parametrize("durability", ["normal", "full"])
async def test_a_full_disk_fails_the_commit_by_name_and_later_ones_succeed(tmp_path: Path, durability: str) -> None:
    backend = open_backend(tmp_path, StoreSettings(durability=durability, max_bytes=400_000))
    town = await backend.open("default")
    await create(town, [gauge(0, level=0)])
    kept, reason = await _fill(town)
    assert "no space left" in reason
    assert town.peek(gauge(kept + 1).id) is None
    assert town.last_seq == kept + 1
    assert await town.disagreements() == []
    await backend.close()
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    await create(town, [gauge(kept + 1, level=1)])
    found = await town.find(Query(types=TypeIs(GAUGE)), Page(1, 0, True), NOW)
    assert found.count == kept + 2
    assert await town.disagreements() == []
    await backend.close()


async def _fill(town: TownStore) -> tuple[int, str]:
    """Create large gauges until the store refuses; the number of the last one it took, and what it said."""
    for number in range(1, 10_000):
        try:
            await create(town, [gauge(number, text="x" * 5_000)])
        except StoreUnavailable as error:
            return number - 1, error.detail
    raise AssertionError("the disk is never full")


async def test_all_works_of_a_commit_fail_while_the_file_is_held_and_succeed_afterwards(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    await create(town, [gauge(0, level=0)])
    other = apsw.Connection(str(tmp_path / "towns" / "default" / "town.sqlite"))
    other.execute("BEGIN IMMEDIATE")
    works = [create(town, [gauge(n, level=n)]) for n in (1, 2, 3)]
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
    assert town.peek(gauge(1).id) is None
    other.execute("ROLLBACK")
    other.close()
    await create(town, [gauge(1, level=1, never_seen_before=1)])
    assert town.last_seq == 2
    assert await town.disagreements() == []
    await backend.close()


async def test_while_the_file_is_held_the_newest_are_known_by_their_id_and_found_afterwards(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    await create(town, [gauge(0, level=0)])
    everything = Query(types=TypeIs(GAUGE))
    assert len((await town.find(everything, Page(), NOW)).entities) == 1
    await create(town, [gauge(1, level=1)])
    await create(town, [gauge(2, level=2)])
    other = apsw.Connection(str(tmp_path / "towns" / "default" / "town.sqlite"))
    other.execute("BEGIN IMMEDIATE")
    assert town.peek(gauge(2).id) == gauge(2, level=2)
    assert gauge(2).id not in [entity.id for entity in (await town.find(everything, Page(), NOW)).entities]
    other.execute("ROLLBACK")
    other.close()
    assert len((await town.find(everything, Page(), NOW)).entities) == 3
    assert await town.disagreements() == []
    await backend.close()


async def test_a_town_is_open_in_one_process_only(tmp_path: Path) -> None:
    first, second = open_backend(tmp_path, StoreSettings()), open_backend(tmp_path, StoreSettings())
    await first.open("default")
    with pytest.raises(StoreUnavailable, match="another process"):
        await second.open("default")
    await first.close()
    await second.open("default")
    await second.close()


async def test_a_file_of_a_later_form_is_refused_and_left_alone(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    await create(await backend.open("default"), [gauge(0, level=0)])
    await backend.close()
    path = tmp_path / "towns" / "default" / "town.sqlite"
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA user_version = {len(migrations()) + 1}")
    connection.close()
    with pytest.raises(StoreUnavailable, match="later version"):
        await open_backend(tmp_path, StoreSettings()).open("default")


def test_a_step_that_fails_leaves_the_file_in_its_old_form(tmp_path: Path) -> None:
    path = tmp_path / "town.sqlite"
    connection = apsw.Connection(str(path))
    migrate(connection, path, migrations())
    with pytest.raises(StoreUnavailable, match="cannot be brought from form"):
        migrate(connection, path, [*migrations(), "CREATE TABLE more (x); CREATE TABLE name (x)"])
    assert connection.execute("PRAGMA user_version").fetchall() == [(len(migrations()),)]
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'more'").fetchall() == [(0,)]
    connection.close()


async def test_a_listener_that_fails_stops_neither_the_store_nor_other_listeners(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    heard: list[Change] = []
    said: list[str] = []

    def fail(changes: object) -> None:
        raise RuntimeError("deaf")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context["message"]))
    town.on_commit(fail)
    town.on_commit(heard.extend)
    await create(town, [gauge(0, level=0)])
    assert len(heard) == 1
    assert said == ["a listener of the store failed"]
    await backend.close()


async def test_a_cancelled_wait_does_not_disturb_the_works_beside_it(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    waiting = asyncio.ensure_future(create(town, [gauge(0, level=0)]))
    await asyncio.sleep(0)
    waiting.cancel()
    await create(town, [gauge(1, level=0)])
    assert town.peek(gauge(1).id) is not None
    await backend.close()


async def test_what_is_queued_is_committed_on_close(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings(durability="full"))
    town = await backend.open("default")
    works = [asyncio.ensure_future(create(town, [gauge(n, level=n)])) for n in range(50)]
    await asyncio.sleep(0)
    await backend.close()
    await asyncio.gather(*works)
    backend = open_backend(tmp_path, StoreSettings())
    assert (await backend.open("default")).last_seq == 50
    await backend.close()


async def test_the_past_of_a_deleted_entity_survives_a_restart(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    await create(town, [gauge(1, level=0), gauge(2, level=0)])
    await end(town, gauge(2).id)
    await backend.close()
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    await create(town, [gauge(2, level=7)])
    await observe(town, gauge(2).id, LEVEL, reading(8, 1))
    assert town.statistics()["entities"] == 2
    found = await town.find(Query(), Page(), NOW)
    assert [e.id for e in found.entities] == [gauge(1).id, gauge(2).id]
    assert await town.disagreements() == []
    await backend.close()


async def test_a_question_to_a_town_that_is_being_closed_is_refused_by_name(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    await create(town, [gauge(0, level=0)])
    await backend.close()
    with pytest.raises(StoreUnavailable, match="being closed"):
        await town.find(Query(types=TypeIs(GAUGE)), Page(1, 0, True), NOW)
