"""A town that is copied: the store for real, an archive beside it, and a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from machinami.app.backups.journal import all_places
from machinami.app.backups.restoring import Restored, restore_town
from machinami.app.backups.taking import Base, TownCopy
from machinami.app.backups.vault import Vault, open_vault
from machinami.store.files import FolderFiles
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.town import SqliteTown

SMALL = StoreSettings(checkpoint_bytes=64 * 1024)  # so that the log is moved, and begins anew, often
KIND = "test"


@dataclass(slots=True)
class Copied:
    """A town in a folder, with its copy. now: the clock."""

    folder: Path
    key: bytes | None = None
    key_file: Path | None = None
    now: float = 1_000_000.0
    permitted: bool = True
    copies: list[TownCopy] = field(default_factory=list)

    @property
    def archive(self) -> Path:
        """Where copies go."""
        return self.folder / "archive"

    @property
    def file(self) -> Path:
        """The file of the town."""
        return self.folder / "data" / "towns" / "default" / "town.sqlite"

    @property
    def files(self) -> FolderFiles:
        """The files of its services."""
        return FolderFiles(self.file.parent / "files", lambda: self.key)

    def vault(self) -> Vault:
        """The archive."""
        return open_vault(self.archive, self.key_file, make=True)

    @asynccontextmanager
    async def opened(self, settings: StoreSettings = SMALL, follow: bool = True) -> AsyncIterator[SqliteTown]:
        """The town, copied as long as it is open where `follow`."""
        backend = open_backend(self.folder / "data", settings, lambda town, new: self.key)

        def attach(name: str, town: SqliteTown) -> None:
            copy = TownCopy(
                self.vault, name, self.file, lambda: self.now, lambda: town.last_seq, lambda vault: self.permitted
            )
            self.copies.append(copy)
            town.checkpointer.follower = copy

        if follow:
            backend.opened.append(attach)
        try:
            yield await backend.open("default")
        finally:
            await backend.close()

    async def ship(self) -> float:
        """Have all that is committed copied; the moment by which it is restored again."""
        self.now += 1.0
        at = self.now
        await asyncio.to_thread(self.copies[-1].ship)
        self.now += 1.0  # what is written from here on is later
        return at

    async def base(self) -> Base:
        """Copy the whole."""
        self.now += 1.0
        return await asyncio.to_thread(self.copies[-1].base, lambda vault: {})

    def restore(self, at: float | None = None, name: str = "restored") -> Restored:
        """Put the town as it was into a folder of its own."""
        return restore_town(self.vault(), "default", self.folder / name / "towns" / "default", at)

    async def held(self, at: float | None = None, name: str = "restored") -> dict[str, Any]:
        """What the restored town holds; it is removed again. Asserts that it is whole."""
        self.restore(at, name)
        return await self.look(self.folder / name)

    async def look(self, folder: Path) -> dict[str, Any]:
        """What the town in another data folder holds. Asserts that it is whole."""
        backend = open_backend(folder, StoreSettings(), lambda town, new: self.key)
        try:
            town = await backend.open("default", create=False)
            assert await town.disagreements() == []
            return await town.records(KIND)
        finally:
            await backend.close()

    def records(self) -> int:
        """How many records the archive has."""
        return sum(1 for _ in all_places(self.vault(), "default"))


async def put(town: SqliteTown, key: str, value: Any) -> None:
    """Write, and wait until it is acknowledged."""
    await town.transact(lambda tx: tx.put_record(KIND, key, {"value": value}))
