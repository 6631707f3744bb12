"""Where are the files of a town that are no entities, such as photos? In its folder, sealed where the town is."""

import asyncio
import os
import re
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from machinami.foundation.errors import BadRequestData, StoreUnavailable

FOLDER = "files"
SEALED = b"machinami sealed file 1\n"
_NONCE = 12
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}(\.[a-z0-9]{1,8})?")
Key = Callable[[], bytes | None]


class Files(Protocol):
    """Named contents, each owned by one service. A name is put whole or not at all."""

    async def put(self, owner: str, name: str, content: bytes) -> None:
        """Keep a content under a name, in the place of one that is there."""
        ...

    async def put_over(self, owner: str, name: str, content: bytes) -> None:
        """The same, where what is there is destroyed: at every moment the one or the other is there, whole."""
        ...

    async def get(self, owner: str, name: str) -> bytes | None:
        """The content; None if there is none of that name. Raises StoreUnavailable where it cannot be read."""
        ...

    async def drop(self, owner: str, name: str) -> bool:
        """Destroy a content; False if there was none."""
        ...

    async def names(self, owner: str) -> list[str]:
        """The names that an owner has, in order."""
        ...

    async def stamps(self, owner: str) -> dict[str, int]:
        """The names that an owner has, each with a number that is another one when its content is put anew."""
        ...

    def used_bytes(self) -> int:
        """What all of it takes."""
        ...


def checked_name(name: str) -> str:
    """The name, if a file may be called so. Raises BadRequestData."""
    if not _NAME.fullmatch(name):
        raise BadRequestData(f"{name[:100]!r} is no name of a file: a-z, 0-9, _ and -, and one dot", name=name[:100])
    return name


class FolderFiles:
    """Files in a folder, one below it for each owner. key: what seals them, asked for each time, since a town may get
    one later; None: they lie as they are. A file that lies open in a town with a key was put there by nobody of ours,
    and is not read."""

    def __init__(self, folder: Path, key: Key = lambda: None) -> None:
        self._folder = folder
        self._key = key
        self._used: int | None = None

    async def put(self, owner: str, name: str, content: bytes) -> None:
        """Keep a content durably."""
        await asyncio.to_thread(self._put, owner, name, content)

    async def put_over(self, owner: str, name: str, content: bytes) -> None:
        """Keep a content durably, and overwrite what was there."""
        await asyncio.to_thread(self._put, owner, name, content, True)

    async def get(self, owner: str, name: str) -> bytes | None:
        """The content, opened."""
        return await asyncio.to_thread(self._get, owner, name)

    async def drop(self, owner: str, name: str) -> bool:
        """Overwrite and remove a file."""
        return await asyncio.to_thread(self._drop, owner, name)

    async def names(self, owner: str) -> list[str]:
        """The names in an owner's folder; what a crash left half is none."""
        folder = self._folder / checked_name(owner)
        return sorted(one.name for one in folder.glob("*") if _NAME.fullmatch(one.name)) if folder.is_dir() else []

    async def stamps(self, owner: str) -> dict[str, int]:
        """The names in an owner's folder, with when each was written."""
        return await asyncio.to_thread(self._stamps, owner)

    def _stamps(self, owner: str) -> dict[str, int]:
        folder, found = self._folder / checked_name(owner), {}
        if folder.is_dir():
            for one in os.scandir(folder):
                if _NAME.fullmatch(one.name):
                    with suppress(FileNotFoundError):  # dropped just now
                        found[one.name] = one.stat().st_mtime_ns
        return found

    def used_bytes(self) -> int:
        """What the files take, counted once and kept up from then on."""
        if self._used is None:
            self._used = sum(one.stat().st_size for one in self._folder.rglob("*") if one.is_file())
        return self._used

    def _put(self, owner: str, name: str, content: bytes, destroy: bool = False) -> None:
        path = self._path(owner, name)
        written = _sealed(self._key(), path, content)
        before = path.stat().st_size if path.exists() else 0
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if destroy and path.exists():
            _destroy(path, lambda: _write(path, written))
        else:
            _write(path, written)
        self._used = self.used_bytes() if self._used is None else self._used + len(written) - before

    def _get(self, owner: str, name: str) -> bytes | None:
        path = self._path(owner, name)
        try:
            kept = path.read_bytes()
        except FileNotFoundError:
            return None
        return _opened(self._key(), path, kept)

    def _drop(self, owner: str, name: str) -> bool:
        path = self._path(owner, name)
        if not path.exists():
            return False
        self._used = self.used_bytes() - path.stat().st_size
        _destroy(path)
        return True

    def _path(self, owner: str, name: str) -> Path:
        return self._folder / checked_name(owner) / checked_name(name)


class MemoryFiles:
    """Files of a town that lives in memory alone."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], bytes] = {}
        self._put = 0
        self._stamped: dict[tuple[str, str], int] = {}

    async def put(self, owner: str, name: str, content: bytes) -> None:
        """Keep a content."""
        self._put += 1
        self._held[(checked_name(owner), checked_name(name))] = content
        self._stamped[(owner, name)] = self._put

    async def put_over(self, owner: str, name: str, content: bytes) -> None:
        """The same: memory keeps nothing."""
        await self.put(owner, name, content)

    async def get(self, owner: str, name: str) -> bytes | None:
        """The content."""
        return self._held.get((owner, name))

    async def drop(self, owner: str, name: str) -> bool:
        """Forget a content."""
        return self._held.pop((owner, name), None) is not None

    async def names(self, owner: str) -> list[str]:
        """The names of an owner."""
        return sorted(name for whose, name in self._held if whose == owner)

    async def stamps(self, owner: str) -> dict[str, int]:
        """The names of an owner, each with the number of when it was put."""
        return {name: self._stamped[whose, name] for whose, name in self._held if whose == owner}

    def used_bytes(self) -> int:
        """What all of it takes."""
        return sum(map(len, self._held.values()))


def seal_files(folder: Path, key: bytes) -> int:
    """Seal what lies open in the folder of a town that gets a key; how many there were. Can be called again after a
    crash: what is sealed already stays."""
    found = [one for one in sorted(folder.glob("*/*")) if one.is_file() and not one.name.endswith(".new")]
    open_ones = [path for path in found if not path.read_bytes().startswith(SEALED)]
    for path in open_ones:
        content = path.read_bytes()
        kept = path.with_name(path.name + ".open")
        os.replace(path, kept)  # so that what was open is overwritten, and not only let go
        _write(path, _sealed(key, path, content))
        _destroy(kept)
    return len(open_ones)


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"machinami files of a town").derive(key))


def _about(path: Path) -> bytes:
    """What a sealed file is bound to: its owner and its name, so that none can stand in for another."""
    return f"{path.parent.name}/{path.name}".encode()


def _sealed(key: bytes | None, path: Path, content: bytes) -> bytes:
    if key is None:
        return content
    nonce = os.urandom(_NONCE)
    return SEALED + nonce + _cipher(key).encrypt(nonce, content, _about(path))


def _opened(key: bytes | None, path: Path, kept: bytes) -> bytes:
    if key is None and not kept.startswith(SEALED):
        return kept
    if key is None or not kept.startswith(SEALED):
        raise StoreUnavailable(f"The file {path.name} is not kept as this town keeps its files")
    sealed = kept[len(SEALED) :]
    try:
        return _cipher(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _about(path))
    except (InvalidTag, ValueError) as error:
        raise StoreUnavailable(f"The file {path.name} was changed, or does not belong to this town") from error


def _write(path: Path, content: bytes) -> None:
    made = path.with_name(f"{path.name}.{sha256(os.urandom(8)).hexdigest()[:8]}.new")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(made, path)
    _sync(path.parent)


def _destroy(path: Path, instead: Callable[[], None] | None = None) -> None:
    """Remove a file, or have another one instead, and then overwrite what it held: whatever is killed when, nothing of
    that name is half overwritten. A disk may keep what was written before all the same (docs/towns.md)."""
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        if os.name != "nt":  # Windows lets go of no name that is open
            _let_go(path, instead)
        file.write(os.urandom(size))
        file.flush()
        os.fsync(file.fileno())
    if os.name == "nt":
        _let_go(path, instead)


def _let_go(path: Path, instead: Callable[[], None] | None) -> None:
    if instead is None:
        path.unlink()
        _sync(path.parent)
    else:
        instead()


def _sync(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
