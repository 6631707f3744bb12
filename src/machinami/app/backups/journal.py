"""What was committed in a town since its first copy? Records in files that are only ever added to.

A record brings the file from one commit to a later one: the pages that changed, each as it is last. It has its number,
when it was read, the last change of the town's log that it holds, and the digest of the record before it, so that
nothing can be left out or put in. A record that was not written to its end, as a crash leaves it, is none.
"""

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from struct import Struct, pack
from typing import Any, BinaryIO

import orjson

from machinami.app.backups.vault import Damaged, Vault
from machinami.store.sqlite.connection import PAGE

_HEAD = Struct(">4sII8s")
_SIGN = b"MREC"
_DIGEST = 32
_LARGEST = 64 << 20  # bytes of one file
_BUSY = 4 << 20  # bytes of a record that are not compressed: the town needs the processor more
_MOST = 1 << 31


@dataclass(frozen=True, slots=True)
class Entry:
    """The head of a record. at: seconds since 1970; seq: the last change of the town's log; size: pages that the file
    has; changed, files: how many pages, and files of services, are in it; fresh: what came before does
    not lead here; salts, frames: how far the write-ahead log was read."""

    number: int
    at: float
    seq: int
    size: int
    changed: int
    files: int
    fresh: bool
    salts: str
    frames: int
    before: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies: its head, its digest, its file, and where its content begins and how long it is."""

    entry: Entry
    digest: str
    file: Path
    start: int
    length: int
    end: int


def folder_of(vault: Vault, town: str) -> Path:
    """Where the records of a town lie."""
    return vault.folder / "towns" / town / "journal"


def files_of(vault: Vault, town: str) -> list[Path]:
    """The files with the records of a town, in order."""
    return sorted(folder_of(vault, town).glob("*.log"))


class Writing:
    """Adds records to the journal of a town; each run of the program begins a file."""

    def __init__(self, vault: Vault, town: str) -> None:
        self._vault = vault
        self._town = town
        self._file: BinaryIO | None = None
        self._bytes = 0
        self.last = last_place(vault, town)

    def add(self, entry: Entry, pages: dict[int, bytes], files: Any) -> int:
        """Add a record, on the disk when this returns; the bytes that it took. Raises OSError."""
        head = orjson.dumps(asdict(entry))
        numbers = pack(f">I{len(pages)}I", len(pages), *pages)
        content = b"".join((numbers, *pages.values(), orjson.dumps(files) if files else b""))
        kind, packed = self._vault.close_apart(content, head.decode(), squeeze=len(content) < _BUSY)
        length = len(kind) + len(packed)
        before = _HEAD.pack(_SIGN, len(head), length, _mark(head)) + head + kind
        digest = sha256(before)
        digest.update(packed)  # megabytes a second while a town is busy: nothing of it is put together anew
        size = len(before) + len(packed)
        if self._file is None or self._bytes + size > _LARGEST:
            self._begin(entry.number)
        assert self._file is not None
        start = self._file.tell()
        try:
            self._file.writelines((before, packed, digest.digest()))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError:
            self.close()  # what is half there ends its file; the next record begins another
            raise
        self._bytes += size
        path = Path(self._file.name)
        self.last = Place(entry, digest.hexdigest(), path, start + _HEAD.size + len(head), length, self._file.tell())
        return size

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self, number: int) -> None:
        self.close()
        path = folder_of(self._vault, self._town) / f"{number:010}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")
        self._bytes = 0


def places(file: Path, offset: int = 0) -> Iterator[Place]:
    """The heads of the records of a file, up to its end or to what is not whole; contents are not looked at."""
    with file.open("rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        while offset + _HEAD.size <= size:
            opened.seek(offset)
            sign, head, length, mark = _HEAD.unpack(opened.read(_HEAD.size))
            end = offset + _HEAD.size + head + length + _DIGEST
            if sign != _SIGN or length > _MOST or end > size:
                return
            start = offset + _HEAD.size + head
            said = opened.read(head)
            if _mark(said) != mark:
                return
            entry = Entry(**orjson.loads(said))
            opened.seek(end - _DIGEST)
            yield Place(entry, opened.read(_DIGEST).hex(), file, start, length, end)
            offset = end


def _mark(head: bytes) -> bytes:
    """By which a head is known to be whole without the rest of its record."""
    return sha256(head).digest()[:8]


def all_places(vault: Vault, town: str, first: int = 0, known: tuple[str, int] = ("", 0)) -> Iterator[Place]:
    """The heads of the records from a number on. Where a file ends badly the next one goes on. known: a file, and up to
    which byte it need not be read again."""
    files = files_of(vault, town)
    for file, following in zip(files, [*files[1:], None], strict=True):
        until = int(following.stem) if following else None
        if until is not None and until <= first:
            continue
        for place in places(file, known[1] if file.name == known[0] else 0):
            if until is not None and place.entry.number >= until:
                break
            if place.entry.number >= first:
                yield place


def last_place(vault: Vault, town: str) -> Place | None:
    """The last record that is whole."""
    for file in reversed(files_of(vault, town)):
        if found := deque(places(file), maxlen=1):
            return found[0]
    return None


def read_record(vault: Vault, place: Place) -> tuple[dict[int, bytes], Any]:
    """The pages of a record, and what became of the town's files. Raises Damaged."""
    entry, name = place.entry, f"{place.file.parent.parent.name}/journal/{place.file.name}"
    where = f"Record {entry.number} in towns/{name}"
    try:
        with place.file.open("rb") as opened:
            offset = place.end - _DIGEST
            head = len(orjson.dumps(asdict(entry)))
            begin = place.start - head - _HEAD.size
            opened.seek(begin)
            written = opened.read(offset - begin)
    except OSError as error:
        raise Damaged(f"{where} cannot be read: {error.strerror}", path=str(place.file)) from error
    if sha256(written).hexdigest() != place.digest:
        raise Damaged(f"{where} is damaged", path=str(place.file))
    said = written[_HEAD.size : _HEAD.size + head].decode()
    content = vault.open(written[place.start - begin :], said, where)
    count = int.from_bytes(content[:4])
    start = 4 + 4 * count
    pages = {
        int.from_bytes(content[4 + 4 * one : 8 + 4 * one]): content[start + one * PAGE : start + (one + 1) * PAGE]
        for one in range(count)
    }
    rest = content[start + count * PAGE :]
    return pages, orjson.loads(rest) if rest else None
