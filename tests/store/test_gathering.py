"""Those who write at once share a commit, and nobody waits for others without end."""

import asyncio
from pathlib import Path

from machinami.store.protocol import TownStore
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend


async def _write(town: TownStore, number: int) -> None:
    await town.transact(lambda tx: tx.put_record("note", str(number), {}))


async def test_works_of_turns_that_follow_each_other_share_a_commit(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    before = town.statistics()["commits"]
    writing = []
    for number in range(3):
        writing.append(asyncio.ensure_future(_write(town, number)))
        await asyncio.sleep(0)  # one turn of the loop
    await asyncio.gather(*writing)
    assert town.statistics()["commits"] < before + 3  # one, unless this machine was busy elsewhere meanwhile
    assert len(await town.records("note")) == 3
    await backend.close()


async def test_the_first_is_answered_although_others_keep_coming(tmp_path: Path) -> None:
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    first = asyncio.ensure_future(_write(town, 0))
    others = []
    async with asyncio.timeout(10):
        while not first.done():
            others.append(asyncio.ensure_future(_write(town, 1 + len(others))))
            await asyncio.sleep(0)
    await asyncio.gather(first, *others)
    assert len(await town.records("note")) == 1 + len(others)
    await backend.close()
