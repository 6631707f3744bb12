"""A bad row or page stops no town: what can be read is there, what cannot is named, and the damaged file is kept."""

import random
from pathlib import Path

import apsw
import pytest

from machinami.model.query import Page, Query, TemporalQuery, TypeIs
from machinami.store.conformance.acts import GAUGE, LEVEL, NOW, create, end, gauge, observe, reading
from machinami.store.protocol import SET_ASIDE
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.connection import PAGE

FILLED = 300


async def filled(folder: Path) -> Path:
    """The file of a town with many entities, their past, and records."""
    backend = open_backend(folder, StoreSettings())
    town = await backend.open("default")
    await create(town, [gauge(n, level=n, text="x" * 400) for n in range(FILLED)])
    for n in range(0, FILLED, 3):
        await observe(town, gauge(n).id, LEVEL, reading(n + 0.5, 5))
    await end(town, gauge(1).id)
    await town.transact(lambda tx: [tx.put_record("note", f"{n:03}", {"n": n}) for n in range(100)])
    assert await town.disagreements() == []
    await backend.close()
    return folder / "towns" / "default" / "town.sqlite"


def change(path: Path, sql: str, *values: object) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(sql, values).fetchall()
    connection.close()


async def test_a_record_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    change(await filled(tmp_path), "UPDATE record SET doc = ? WHERE key = '007'", b'{"n": 7')
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    assert sorted(one["n"] for one in (await town.records("note")).values()) == [n for n in range(100) if n != 7]
    assert list((await town.records(SET_ASIDE)).values()) == [{"kind": "note", "record": "007"}]
    await town.transact(lambda tx: tx.put_record("note", "007", {"n": 7}))
    assert len(await town.records("note")) == 100
    await backend.close()


async def test_a_change_of_the_log_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    change(await filled(tmp_path), "UPDATE log SET doc = ? WHERE seq = 5", b"\x00garbled")
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    numbers = [one.seq for one in await town.changes(0, 1_000)]
    assert numbers == [n for n in range(1, town.last_seq + 1) if n != 5]
    await backend.close()


async def test_a_bad_change_after_a_crash_does_not_stop_the_start(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    change(path, "UPDATE settled SET seq = 0, state = 0")  # as if all of it waited
    change(path, "DELETE FROM entity; DELETE FROM entity_type; DELETE FROM history; DELETE FROM tally")
    change(path, "UPDATE log SET doc = ? WHERE seq = 5", b"{")
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    found = await town.find(Query(types=TypeIs(GAUGE)), Page(1_000), NOW)
    assert len(found.entities) == FILLED - 2
    await backend.close()


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_page_is_garbled_the_town_starts_and_says_what_it_lost(tmp_path: Path, seed: int) -> None:
    path = await filled(tmp_path)
    draw = random.Random(seed)
    data = bytearray(path.read_bytes())
    pages = len(data) // PAGE
    for _ in range(2):
        start = draw.randrange(1, pages) * PAGE
        data[start : start + PAGE] = draw.randbytes(PAGE)
    path.write_bytes(bytes(data))
    damaged = bytes(data)
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    kept = list(path.parent.glob("town.sqlite.damaged-*"))
    notes = await town.records(SET_ASIDE)
    if kept:
        assert next(one.read_bytes() for one in kept if one.suffix != ".wal")[:PAGE] == damaged[:PAGE]
        assert notes
        await whole(town)
    await backend.close()


async def test_a_file_whose_tables_are_garbled_is_read_out_and_the_log_tells_the_state(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    connection = apsw.Connection(str(path))
    ((root,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'tally'").fetchall()
    ((entities,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entity'").fetchall()
    connection.close()
    with path.open("r+b") as file:
        for page in (root, entities):
            file.seek((page - 1) * PAGE)
            file.write(random.Random(page).randbytes(PAGE))
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    found = await town.find(Query(types=TypeIs(GAUGE)), Page(1_000), NOW)
    assert [entity.id for entity in found.entities] == [gauge(n).id for n in range(FILLED) if n != 1]
    three = town.peek(gauge(3).id)
    assert three is not None
    assert three.attributes[LEVEL][0].value == 3.5
    series = await town.instances([gauge(3).id], [LEVEL], TemporalQuery())
    assert [one.value.value for one in series] == [3, 3.5]
    assert town.statistics()["entities"] == FILLED - 1
    assert any("entity" in one.get("what", "") for one in (await town.records(SET_ASIDE)).values())
    await whole(town)
    await backend.close()


async def whole(town) -> None:
    """Everything that is there fits together, and more can be written."""
    found = await town.disagreements()
    assert [one for one in found if "instances" not in one and "the log goes from" not in one] == []
    await create(town, [gauge(9_999, level=1)])
    assert town.peek(gauge(9_999).id) is not None
