"""With which keys are the towns' files encrypted, and how is one destroyed for good?

Each town has a data key. They lie sealed in `keys/towns.json`; the master key that opens them lies in a file that may
be kept elsewhere (`[store] key_file`). When a key is destroyed the master key is renewed as well, so that a copy of the
sealed keys that somebody made before opens with no master key that is left.
"""

import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from machinami.app.durable import destroy, read_json, write_json, write_whole
from machinami.broker.identity.seal import Seal
from machinami.foundation.errors import SettingsError, StoreUnavailable
from machinami.foundation.settings import Settings
from machinami.store.files import FOLDER as FILES
from machinami.store.files import FolderFiles
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import SqliteBackend, open_backend

FOLDER, SEALED, MASTER = "keys", "towns.json", "master.key"
_SIZE = 32


class KeyRing:
    """The keys of the towns in a data folder."""

    def __init__(self, data: Path, key_file: Path | None = None, draw: Callable[[int], bytes] = secrets.token_bytes):
        self._sealed = data / FOLDER / SEALED
        self._master = key_file or data / FOLDER / MASTER
        self._draw = draw
        kept = read_json(self._sealed) or {}
        self._keys: dict[str, bytes] = {}
        if kept:
            self._open(kept)

    @property
    def towns(self) -> list[str]:
        """The towns that have a key."""
        return sorted(self._keys)

    @property
    def folder(self) -> Path:
        """Where the sealed keys are."""
        return self._sealed.parent

    def key(self, town: str) -> bytes | None:
        """The key of a town, None where it has none."""
        return self._keys.get(town)

    def make(self, town: str) -> bytes:
        """The key of a town; a new one where it has none."""
        if town not in self._keys:
            self.put(town, self._draw(_SIZE))
        return self._keys[town]

    def put(self, town: str, key: bytes) -> None:
        """Keep a key that came with its town."""
        self._keys[town] = key
        self._write(self._current())

    def fingerprint(self, town: str) -> str:
        """What says which key it is and opens nothing; empty where there is none."""
        key = self._keys.get(town)
        return "" if key is None else sha256(b"machinami town key" + key).hexdigest()[:32]

    def destroy(self, town: str) -> None:
        """Destroy a key, and renew the master key, so that no earlier copy of the sealed keys opens either."""
        if self._keys.pop(town, None) is None:
            return
        present, fresh = self._current(), self._draw(_SIZE)
        if not self._keys:
            destroy(self._sealed)
            destroy(self._master)
            return
        write_whole(self._master, fresh + present, secret=True)  # a crash from here on finds both
        self._write(fresh)
        write_whole(self._master, fresh, secret=True)

    def _current(self) -> bytes:
        if not self._master.exists():
            write_whole(self._master, self._draw(_SIZE), secret=True)
        return self._masters()[0]

    def _masters(self) -> list[bytes]:
        content = self._master.read_bytes()
        if not content or len(content) % _SIZE:
            raise SettingsError(f"{self._master} does not hold a key of {_SIZE} bytes; put it back from a copy")
        return [content[start : start + _SIZE] for start in range(0, len(content), _SIZE)]

    def _open(self, kept: dict[str, str]) -> None:
        if not self._master.exists():
            raise SettingsError(f"The towns of this folder are encrypted, and {self._master} is not there; put it back")
        masters = self._masters()
        for master in masters:
            seal = Seal(master, self._draw)
            try:
                self._keys = {town: seal.open(bytes.fromhex(sealed), town) for town, sealed in kept.items()}
            except StoreUnavailable:
                continue
            if len(masters) > 1:  # a renewal was broken off
                self._write(masters[0])
                write_whole(self._master, masters[0], secret=True)
            return
        raise SettingsError(
            f"The keys of the towns do not open with {self._master}; put back the one that belongs to them"
        )

    def _write(self, master: bytes) -> None:
        seal = Seal(master, self._draw)
        sealed = {town: seal.close(key, town).hex() for town, key in sorted(self._keys.items())}
        write_json(self._sealed, sealed, secret=True)


def backend_of(settings: Settings, ring: KeyRing, store: StoreSettings | None = None) -> SqliteBackend:
    """The towns of a folder, each opened with its key; a new one has a key where the settings say so."""

    def key(town: str, new: bool) -> bytes | None:
        return ring.make(town) if new and settings.encrypted else ring.key(town)

    chosen = store or StoreSettings(
        durability=settings.durability,
        cache_entities=settings.cache_entities,
        waiting_works=settings.waiting_writes,
        read_seconds=settings.query_seconds,
    )
    return open_backend(settings.data, replace(chosen, log_past=settings.branch is not None), key)


def files_of(settings: Settings, ring: KeyRing, town: str) -> FolderFiles:
    """The files of a town's services, sealed by a key that is derived from the town's."""
    return FolderFiles(settings.data / "towns" / town / FILES, lambda: ring.key(town))


def ring_of(settings: Settings) -> KeyRing:
    """The keys of an installation."""
    return KeyRing(settings.data, settings.key_file)


def is_apart(settings: Settings) -> bool:
    """Whether the master key lies outside of the data folder, so that a copy of the folder does not hold it."""
    if settings.key_file is None:
        return False
    return not os.path.realpath(settings.key_file).startswith(os.path.realpath(settings.data) + os.sep)
