"""Where are the keys that seal what a town knows about persons, and how is one destroyed for good?

One file a town, of slots of one size: a slot is overwritten in place when its key is destroyed, so that no older state
of the file stays behind beside it. The file names nobody: whose key it is can be found out by who has their name alone.
It may lie outside of the data folder (`[store] person_keys`); then no copy of the folder holds any key.
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from machinami.app.durable import copy_file, destroy, sync_folder
from machinami.app.keys import FOLDER
from machinami.app.mapping_keys import ENDING as MAPPING
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import SettingsError, StoreUnavailable
from machinami.foundation.settings import Settings

ENDING = ".persons"
_SIGN = b"machinami persons 1\n".ljust(32, b"\0")
_SECRET, _DIGEST, _KEY = 32, 16, 32
_SLOT = 2 * _DIGEST + _KEY
_HEAD = len(_SIGN) + _SECRET
_NONE = bytes(_SLOT)


class PersonKeyFile:
    """The keys of the persons of one town; the file is made with the first of them.

    apart: whether it lies outside of the data folder. sync: brings a file to the disk.
    """

    def __init__(
        self,
        path: Path,
        apart: bool,
        draw: Callable[[int], bytes] = secrets.token_bytes,
        sync: Callable[[int], None] = os.fsync,
    ) -> None:
        self.path = path
        self._is_apart = apart
        self._draw = draw
        self._sync = sync
        self._written = self._settled = 0  # how many keys were ever put in, and how many of them are on the disk
        self._under_way: asyncio.Future[None] | None = None
        self._file = -1
        self._secret = b""
        self._slots: list[bytes | None] = []
        self._by_place: dict[bytes, int] = {}
        self._of: dict[bytes, list[int]] = {}
        if path.exists():
            self._open()

    def _open(self) -> None:
        self._file = _opened(self.path, self._draw)
        content = os.pread(self._file, os.fstat(self._file).st_size, 0)
        self._secret = content[len(_SIGN) : _HEAD]
        if not content.startswith(_SIGN) or len(content) < _HEAD:
            raise SettingsError(f"{self.path} does not hold the keys of persons; put it back from a copy")
        for start in range(_HEAD, len(content) - _SLOT + 1, _SLOT):
            slot = content[start : start + _SLOT]
            self._take(None if slot == _NONE else slot)

    def _take(self, slot: bytes | None) -> int:
        self._slots.append(slot)
        number = len(self._slots)
        if slot is not None:
            self._by_place[slot[: 2 * _DIGEST]] = number
            self._of.setdefault(slot[:_DIGEST], []).append(number)
        return number

    @property
    def origin(self) -> str:
        """Which keys these are; empty where there are none."""
        return blake2b(b"origin", digest_size=_DIGEST, key=self._secret).hexdigest() if self._secret else ""

    @property
    def apart(self) -> bool:
        """Whether the keys lie outside of the data folder."""
        return self._is_apart

    def __len__(self) -> int:
        return len(self._by_place)

    def obtain(self, person: str, scope: str) -> int:
        """The number of the key; a new one, that is in the file when this returns, where there is none."""
        if self._file < 0:
            self._open()
        place = self._digest(person) + self._digest(scope)
        known = self._by_place.get(place)
        return self._put(place + self._draw(_KEY)) if known is None else known

    def _put(self, slot: bytes) -> int:
        number = self._take(slot)
        os.pwrite(self._file, slot, _HEAD + (number - 1) * _SLOT)
        self._written += 1
        return number

    @property
    def made(self) -> int:
        """How many keys were made here since it was opened."""
        return self._written

    @property
    def unsettled(self) -> bool:
        """Whether a new key is not on the disk yet."""
        return self._settled < self._written

    async def settle(self) -> None:
        """Wait until every key that there is now is on the disk; all who wait share one sync. Raises
        StoreUnavailable."""
        wanted = self._written
        while self._settled < wanted:
            if self._under_way is None or self._under_way.done():
                self._under_way = asyncio.get_running_loop().run_in_executor(None, self._bring, self._written)
            await asyncio.shield(self._under_way)

    def settle_now(self) -> None:
        """The same at once."""
        if self._settled < self._written:
            self._bring(self._written)

    def _bring(self, written: int) -> None:
        try:
            self._sync(self._file)
        except OSError as error:
            if self._settled < written:  # closing brings all of it to the disk as well
                raise StoreUnavailable(f"The keys of persons cannot be kept: {error.strerror}") from error
        self._settled = max(self._settled, written)

    def find(self, person: str, scope: str | None = None) -> Sequence[int]:
        """The numbers of the keys that a person has, of one scope or of all."""
        whose = self._digest(person)
        if scope is None:
            return list(self._of.get(whose, ()))
        number = self._by_place.get(whose + self._digest(scope))
        return [] if number is None else [number]

    def key(self, number: int) -> bytes | None:
        """The key; None where it was destroyed, or never was here."""
        slot = self._slots[number - 1] if 0 < number <= len(self._slots) else None
        return None if slot is None else slot[2 * _DIGEST :]

    def destroy(self, numbers: Sequence[int]) -> int:
        """Overwrite keys, on the disk as well, and forget them; how many there were."""
        gone = 0
        for number in numbers:
            slot = self._slots[number - 1] if 0 < number <= len(self._slots) else None
            if slot is not None:
                for content in (self._draw(_SLOT), _NONE):
                    os.pwrite(self._file, content, _HEAD + (number - 1) * _SLOT)
                    os.fsync(self._file)
                self._slots[number - 1] = None
                del self._by_place[slot[: 2 * _DIGEST]]
                self._of[slot[:_DIGEST]].remove(number)
                gone += 1
        return gone

    def close(self) -> None:
        """Bring everything to the disk and let go of the file."""
        if self._file >= 0:
            os.fsync(self._file)
            self._settled = self._written
            os.close(self._file)
            self._file = -1

    def _digest(self, text: str) -> bytes:
        return blake2b(text.encode(), digest_size=_DIGEST, key=self._secret).digest()


class PersonKeyRing:
    """The keys of the persons of every town of an installation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[str, PersonKeyFile] = {}

    def of(self, town: str) -> PersonKeyFile:
        """Those of one town."""
        if town not in self._open:
            self._open[town] = PersonKeyFile(place_of(self._settings, town), is_apart(self._settings))
        return self._open[town]

    async def leave(self, town: Town) -> None:
        """Let go of the file of a town that is let go."""
        self.release(town.name)

    def release(self, town: str) -> None:
        """Let go of a file."""
        held = self._open.pop(town, None)
        if held is not None:
            held.close()

    def carry(self, town: str, folder: Path) -> None:
        """Have the keys of a town go along in a folder that serves it as its default town."""
        self.release(town)
        _copy(place_of(self._settings, town), place_of(Settings(folder), DEFAULT_TOWN))

    def take(self, town: str, settings: Settings) -> None:
        """Have here the keys that came with the default town of another folder."""
        self.release(town)
        _copy(place_of(settings, DEFAULT_TOWN), place_of(self._settings, town))

    def destroy(self, town: str) -> None:
        """Destroy all keys of a town."""
        self.release(town)
        for ending in (ENDING, MAPPING):
            destroy(place_of(self._settings, town).with_suffix(ending))

    def close(self) -> None:
        """Let go of all files."""
        for town in list(self._open):
            self.release(town)


def _copy(source: Path, target: Path) -> None:
    """Have both files of a town somewhere else: the keys of its persons, and that of their pseudonyms."""
    for ending in (ENDING, MAPPING):
        if source.with_suffix(ending).exists():
            copy_file(source.with_suffix(ending), target.with_suffix(ending))
            target.with_suffix(ending).chmod(0o600)


def _opened(path: Path, draw: Callable[[int], bytes]) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingsError(f"The keys of persons cannot be kept in {path}: {error.strerror}") from error
    if not os.fstat(handle).st_size:
        os.pwrite(handle, _SIGN + draw(_SECRET), 0)
        os.fsync(handle)
        sync_folder(path.parent)
        sync_folder(path.parent.parent)  # the folder may be as new as the file
    return handle


def place_of(settings: Settings, town: str) -> Path:
    """The file with the keys of a town's persons."""
    return (settings.person_keys or settings.data / FOLDER) / f"{town}{ENDING}"


def is_apart(settings: Settings) -> bool:
    """Whether the keys of persons lie outside of the data folder."""
    if settings.person_keys is None:
        return False
    folder, data = os.path.realpath(settings.person_keys), os.path.realpath(settings.data)
    return folder != data and not folder.startswith(data + os.sep)


def destroyed_in(path: Path) -> dict[str, Any]:
    """Which keys of a file were destroyed, by their numbers, and of which file that is. It opens nothing."""
    content = path.read_bytes()
    slots = range(_HEAD, len(content) - _SLOT + 1, _SLOT)
    gone = [number for number, start in enumerate(slots, 1) if content[start : start + _SLOT] == _NONE]
    return {"file": blake2b(content[:_HEAD], digest_size=_DIGEST).hexdigest(), "gone": gone}


def destroy_in(path: Path, said: Mapping[str, Any]) -> int:
    """Destroy the keys in a copy of a file that were destroyed in the file; how many there were."""
    present = destroyed_in(path)
    if present["file"] != said["file"]:
        raise SettingsError(f"{path} holds other keys than those of this town; put back the ones that belong to it")
    again = sorted(set(said["gone"]) - set(present["gone"]))
    size = path.stat().st_size
    handle = os.open(path, os.O_RDWR)
    try:
        for number in again:
            place = _HEAD + (number - 1) * _SLOT
            if place + _SLOT <= size:
                os.pwrite(handle, _NONE, place)
        os.fsync(handle)
    finally:
        os.close(handle)
    return len(again)
