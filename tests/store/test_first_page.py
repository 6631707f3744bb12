"""A damaged first page, which says where all others are, costs nothing as long as its copy is there."""

import random
from pathlib import Path

import pytest
from tests.store.test_damage import FILLED, filled

from machinami.foundation.errors import StoreUnavailable
from machinami.model.query import Page, Query, TypeIs
from machinami.store.conformance.acts import GAUGE, NOW, create, gauge
from machinami.store.settings import StoreSettings
from machinami.store.sqlite import first_page
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.connection import PAGE

KEY = b"k" * 32


def damage(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(random.Random(length).randbytes(length))


@pytest.mark.parametrize(("start", "length"), [(0, PAGE), (0, 16), (100, 600), (16, 84)])
@pytest.mark.parametrize("key", [None, KEY])
async def test_a_town_starts_with_all_it_had(tmp_path: Path, start: int, length: int, key: bytes | None) -> None:
    def opened():
        return open_backend(tmp_path, StoreSettings(), lambda town, new: key)

    town = await (first := opened()).open("default")
    await create(town, [gauge(n, level=n, text="x" * 400) for n in range(200)])
    await first.close()
    path = tmp_path / "towns" / "default" / "town.sqlite"
    assert first_page.place(path).read_bytes() == path.read_bytes()[:PAGE]
    damage(path, start, length)
    damaged = path.read_bytes()[:PAGE]
    town = await (second := opened()).open("default")
    found = await town.find(Query(types=TypeIs(GAUGE)), Page(1_000), NOW)
    assert [one.id for one in found.entities] == [gauge(n).id for n in range(200)]
    assert await town.disagreements() == []
    await create(town, [gauge(999, level=1)])
    await second.close()
    assert [one.read_bytes() for one in path.parent.glob("*.damaged-*-first")] == [damaged]
    assert second.examine("default") == []


async def test_without_the_copy_nothing_is_changed_and_no_empty_town_takes_its_place(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    first_page.place(path).unlink()
    damage(path, 0, PAGE)
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="first page"):
        await open_backend(tmp_path, StoreSettings()).open("default")
    assert path.read_bytes() == before
    assert open_backend(tmp_path, StoreSettings()).examine("default")


async def test_a_copy_that_is_old_is_good_enough(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    old = first_page.place(path).read_bytes()
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    await create(town, [gauge(n, level=n, text="y" * 400) for n in range(FILLED, 2 * FILLED)])
    await backend.close()
    first_page.place(path).write_bytes(old)
    damage(path, 0, PAGE)
    town = await (second := open_backend(tmp_path, StoreSettings())).open("default")
    found = await town.find(Query(types=TypeIs(GAUGE)), Page(1_000), NOW)
    assert len(found.entities) == 2 * FILLED - 1
    await second.close()
