"""Can the last backup be restored? It is, into a place of its own, read from end to end, and removed again."""

import asyncio
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from machinami.app.backups.bringing import Drawing, bring_back
from machinami.app.backups.restoring import said
from machinami.app.backups.vault import Damaged, Vault
from machinami.app.configuration import read
from machinami.app.keys import KeyRing, ring_of
from machinami.app.towns.carrying import town_folder
from machinami.foundation.errors import MachinamiError
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import FILE, open_backend
from machinami.store.sqlite.connection import is_plain

RESULT = "rehearsed"


@dataclass(slots=True)
class Rehearsal:
    """How it went. at: when; until: the moment that was restored; towns: what each had; faults: what is not as it
    should be, none where all is well."""

    at: str
    until: str
    seconds: float
    bytes: int
    towns: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether the last backup can be restored."""
        return not self.faults


def rehearse(vault: Vault, keys: Path | None, place: Path | None, draw: Drawing) -> Rehearsal:
    """Restore the last backup below a place (None: where temporary files go), look at all of it, and note how it was.

    keys: the data folder whose keys open the towns, where the archive has none.
    """
    began = time.monotonic()
    found = Rehearsal(said(time.time()), "", 0.0, 0)
    folder = Path(tempfile.mkdtemp(prefix="machinami-rehearsal-", dir=place))
    try:
        brought = bring_back(vault, folder / "restored", None, None, None, draw)
        found.until = said(min(one.at for one in brought.towns))
        settings = read(keys) if keys is not None else None
        for one in brought.towns:
            found.bytes += one.bytes
            found.faults += [f"{one.town}: {fault}" for fault in one.salvaged]
            ring = ring_of(settings) if settings is not None else ring_of(read(folder / "restored"))
            asyncio.run(_look(found, folder / "restored", one.town, ring, one.seq))
    except MachinamiError as error:
        found.faults.append(error.detail)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found.seconds = round(time.monotonic() - began, 1)
    vault.write(RESULT, asdict(found))
    return found


async def _look(found: Rehearsal, data: Path, town: str, ring: KeyRing, seq: int) -> None:
    if not is_plain(town_folder(data, town) / FILE) and ring.key(town) is None:
        found.faults.append(f"{town} is encrypted, and its key is neither in the archive nor named (--keys DATA)")
        return
    backend = open_backend(data, StoreSettings(), lambda name, new: ring.key(name))
    try:
        store = await backend.open(town, create=False)
        found.faults += [f"{town}: {fault}" for fault in await store.disagreements()]
        if store.last_seq < seq:
            found.faults.append(f"{town} ends with change {store.last_seq}, and change {seq} was there")
        held = await store.inventory()
        found.towns[town] = {"entities": held.entities, "past": held.instances, "changes": store.last_seq}
    finally:
        await backend.close()


def last_rehearsal(vault: Vault) -> dict[str, Any] | None:
    """How the last rehearsal went; None where there was none."""
    try:
        kept = vault.read(RESULT)
    except Damaged:
        return None
    return kept if isinstance(kept, dict) else None
