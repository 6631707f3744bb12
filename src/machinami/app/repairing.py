"""How are the files of a town that does not run looked through, and mended?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machinami.app.configuration import read
from machinami.app.keys import backend_of, ring_of
from machinami.foundation.errors import NotFound, SettingsError
from machinami.store.protocol import SET_ASIDE, TownStore, Transaction
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import SqliteBackend


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of mending one town: where the damaged file is kept, what was lost, how many rows there are by table,
    and what does not agree still."""

    kept: Path
    lost: list[str]
    rows: dict[str, int]
    left: list[str]


def backend(folder: Path) -> SqliteBackend:
    """The towns of a folder. Raises SettingsError where there is none."""
    if not (folder / "towns").is_dir():
        raise SettingsError(f"There are no towns in {folder}")
    settings = read(folder)
    return backend_of(settings, ring_of(settings), StoreSettings(durability="full"))


async def faults(folder: Path, name: str | None) -> dict[str, list[str]]:
    """What is wrong with each town, in sentences; none of it is changed. Raises InUse where it runs."""
    found = backend(folder)
    names = [name] if name else await found.towns()
    return {one: found.examine(one) for one in names}


async def mend(folder: Path, name: str) -> Mended:
    """Make a whole file of what can be read of a town's. Raises InUse where it runs, StoreUnavailable where nothing can
    be read: then everything stays as it was."""
    found = backend(folder)
    done = found.mend(name)
    return Mended(done.kept, [*done.lost, *(f"record {kind} {key}" for kind, key in done.records)], done.rows,
                  found.examine(name))  # fmt: skip


@asynccontextmanager
async def _opened(folder: Path, name: str) -> AsyncIterator[TownStore]:
    found = backend(folder)
    try:
        yield await found.open(name, create=False)
    finally:
        await found.close()


async def drop(folder: Path, name: str, kind: str, key: str) -> None:
    """Let go of a record that cannot be read, and of the note that it cannot. Raises NotFound."""

    def work(tx: Transaction) -> bool:
        return tx.delete_record(kind, key)

    async with _opened(folder, name) as store:
        gone = await store.transact(work)
        if not await _forget(store, kind, key) and not gone:
            raise NotFound(f"There is no record {kind} {key} in the town {name}")


async def put(folder: Path, name: str, kind: str, key: str, record: dict[str, Any]) -> None:
    """Put a record in the place of one that cannot be read."""
    async with _opened(folder, name) as store:
        await store.transact(lambda tx: tx.put_record(kind, key, record))
        await _forget(store, kind, key)


async def forget(folder: Path, name: str) -> int:
    """Let go of the notes of what was lost; how many there were."""
    async with _opened(folder, name) as store:
        notes = [note for note in await store.records(SET_ASIDE) if not note.startswith("now-")]
        await store.transact(lambda tx: [tx.delete_record(SET_ASIDE, note) for note in notes])
        return len(notes)


async def _forget(store: TownStore, kind: str, key: str) -> bool:
    kept = await store.records(SET_ASIDE)
    notes = [name for name, note in kept.items() if (note.get("kind"), note.get("record")) == (kind, key)]
    await store.transact(lambda tx: [tx.delete_record(SET_ASIDE, note) for note in notes])
    return bool(notes)
