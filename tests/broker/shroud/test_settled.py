"""Is a new key on the disk before what was sealed with it is acknowledged, also where data need not survive a loss of
power? A row that outlived its key could be read by nobody, and a plain one that it replaced would be lost."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.broker.shroud.test_at_rest import HANA, JIRO, MARKS, NOTE, NOW, WALK, WALKER, change, walk

from machinami.app.person_keys import PersonKeyFile
from machinami.broker.law import Law
from machinami.broker.private import Drawer
from machinami.broker.shroud.shrouded import Shrouded, shrouded
from machinami.foundation.errors import StoreUnavailable
from machinami.model.attribute import Attribute, Kind
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend


@dataclass
class Disk:
    """Brings files to the disk when it is let, and counts it; `broken` fails."""

    let: threading.Event = field(default_factory=threading.Event)
    asked: int = 0
    broken: bool = False

    def sync(self, file: int) -> None:
        """Bring a file to the disk."""
        self.asked += 1
        assert self.let.wait(10)
        if self.broken:
            raise OSError(5, "Input/output error")
        os.fsync(file)


@asynccontextmanager
async def sealed_town(folder: Path, disk: Disk) -> AsyncIterator[tuple[Shrouded, PersonKeyFile]]:
    """A town of the usual durability, with its keys on a disk of its own."""
    backend, law = open_backend(folder / "data", StoreSettings()), Law(lambda: NOW)
    keys = PersonKeyFile(folder / "keys" / "default.persons", True, sync=disk.sync)
    made = await shrouded(await backend.open("default"), law, keys)
    law.set_marks(MARKS)
    yield made, keys
    disk.broken = False
    disk.let.set()
    await backend.close()
    keys.close()


@contextmanager
def key_file(folder: Path, disk: Disk) -> Iterator[PersonKeyFile]:
    """A file with keys alone."""
    made = PersonKeyFile(folder / "town.persons", True, sync=disk.sync)
    yield made
    made.close()


async def until_asked(disk: Disk, count: int) -> None:
    """Wait until the disk was asked so often."""
    async with asyncio.timeout(10):
        while disk.asked < count:
            await asyncio.sleep(0)


async def test_what_is_sealed_with_a_new_key_is_acknowledged_when_the_key_is_on_the_disk(tmp_path: Path) -> None:
    disk = Disk()
    async with sealed_town(tmp_path, disk) as (town, keys):
        waiting = asyncio.ensure_future(town.transact(lambda tx: tx.write(change(None, walk(1)))))
        await until_asked(disk, 1)
        assert not waiting.done()
        assert keys.unsettled
        disk.let.set()
        await waiting

        assert not keys.unsettled
        await town.transact(lambda tx: tx.write(change(None, walk(2))))  # by the same key
        assert disk.asked == 1


async def test_many_who_wait_for_their_keys_share_what_the_disk_does(tmp_path: Path) -> None:
    disk = Disk()
    async with sealed_town(tmp_path, disk) as (town, _):
        people = [walk(number, f"urn:ngsi-ld:Person:{number}") for number in range(50)]
        waiting = [
            asyncio.ensure_future(town.transact(lambda tx, one=one: tx.write(change(None, one)))) for one in people
        ]
        await until_asked(disk, 1)
        disk.let.set()
        await asyncio.gather(*waiting)
        assert disk.asked <= 10


async def test_what_takes_the_place_of_something_waits_for_its_key_before_it_is_written(tmp_path: Path) -> None:
    disk = Disk()
    disk.let.set()
    async with sealed_town(tmp_path, disk) as (town, keys):
        await town.transact(lambda tx: tx.write(change(None, walk(1))))
        held = town.peek(walk(1).id)
        assert held is not None
        other = replace(held, attributes={**held.attributes, WALKER: (Attribute(Kind.RELATIONSHIP, JIRO),)})
        settled: list[bool] = []

        def work(tx: object) -> None:
            tx.write(change(held, other))  # type: ignore[attr-defined]
            settled.append(bool(keys.find(JIRO, WALK)) and not keys.unsettled)

        await town.transact(work)
        assert settled == [True]
        found = town.peek(walk(1).id)
        assert found is not None
        assert found.attributes[NOTE][0].value == held.attributes[NOTE][0].value


async def test_what_was_plain_is_sealed_only_with_a_key_that_is_on_the_disk(tmp_path: Path) -> None:
    disk = Disk()
    disk.let.set()
    async with sealed_town(tmp_path, disk) as (town, keys):
        await town.at_rest.transact(lambda tx: tx.write(change(None, walk(1))))
        assert await town.seal_what_was_there(NOW) == 1
        assert keys.find(HANA, WALK)
        assert not keys.unsettled


async def test_a_private_record_does_not_lose_what_it_was_for_a_key_that_is_not_there_yet(tmp_path: Path) -> None:
    disk = Disk()
    disk.let.set()
    async with sealed_town(tmp_path, disk) as (town, keys):
        settled: list[bool] = []

        def work(tx: object) -> None:
            Drawer(tx, "steps").put("shelf", "one", {"said": "plain"})  # type: ignore[arg-type]
            drawer = Drawer(tx, "steps", town.cipher)  # type: ignore[arg-type]
            drawer.put("shelf", "one", {"said": "sealed"}, about=HANA)
            settled.append(not keys.unsettled)

        await town.transact(work)
        assert settled == [True]


async def test_where_the_keys_cannot_be_kept_nothing_is_acknowledged(tmp_path: Path) -> None:
    disk = Disk(broken=True)
    disk.let.set()
    async with sealed_town(tmp_path, disk) as (town, _):
        with pytest.raises(StoreUnavailable, match="keys of persons cannot be kept"):
            await town.transact(lambda tx: tx.write(change(None, walk(1))))


async def test_a_key_that_came_while_another_was_brought_to_the_disk_is_brought_there_too(tmp_path: Path) -> None:
    disk = Disk()
    with key_file(tmp_path, disk) as keys:
        keys.obtain(HANA, WALK)
        first = asyncio.ensure_future(keys.settle())
        await until_asked(disk, 1)
        keys.obtain(JIRO, WALK)
        second = asyncio.ensure_future(keys.settle())
        disk.let.set()
        await asyncio.gather(first, second)

        assert (disk.asked, keys.unsettled, keys.made) == (2, False, 2)


def test_a_file_that_was_closed_owes_the_disk_nothing(tmp_path: Path) -> None:
    disk = Disk()
    with key_file(tmp_path, disk) as keys:
        keys.obtain(HANA, WALK)
    assert not keys.unsettled
