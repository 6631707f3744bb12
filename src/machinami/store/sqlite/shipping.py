"""Which pages of a town's file were changed since somebody last asked? Read from SQLite's write-ahead log.

The log holds every page as a commit left it, encrypted where the town is. What is committed is told by the index that
SQLite keeps beside it (https://sqlite.org/walformat.html, 2), and stays where it is until the log begins anew. That
happens only when all of it was moved into the file: whoever copies it before each move (`Follower`) misses nothing.
"""

from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Protocol

from machinami.foundation.errors import StoreUnavailable
from machinami.store.sqlite.connection import PAGE

_INDEX = Struct("=IIIBBHIIII8s8s")  # as in memory; the salts are the bytes that the log has
_HEAD, _FRAME = 32, 24
_VERSION = 3_007_000
_TRIES = 100
_AT_ONCE = 256  # frames


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a log was read. salts: which log it is; frames: how many of its frames; pages: how many the file has
    after them."""

    salts: bytes = b""
    frames: int = 0
    pages: int = 0

    def is_next_after(self, earlier: "Mark") -> bool:
        """Whether the log of this mark is the one that began when the earlier one had been moved."""
        one, other = (int.from_bytes(mark.salts[:4]) for mark in (self, earlier))
        return bool(earlier.salts) and one == (other + 1) % (1 << 32)


class Follower(Protocol):
    """Who copies what is committed, page by page. Both are called beside the event loop."""

    def ship(self) -> None:
        """Copy all that is committed by now; called before it is moved. Never raises."""
        ...

    def let_go(self) -> None:
        """The file was closed, and holds everything."""
        ...


def observe(path: Path) -> Mark:
    """What is committed by now, of a file that is open. Raises StoreUnavailable where its index is of another form."""
    try:
        with path.with_name(path.name + "-shm").open("rb", buffering=0) as index:
            for _ in range(_TRIES):
                index.seek(0)
                told = index.read(2 * 48)
                if len(told) == 96 and told[:48] == told[48:]:  # else a commit is writing it just now
                    break
            else:
                raise StoreUnavailable(f"The index of {path.name}-wal cannot be read", path=str(path))
    except FileNotFoundError:
        return Mark()
    version, _, _, ready, _, size, frames, pages, _, _, salts, _ = _INDEX.unpack(told[:48])
    if not ready or not frames:
        return Mark()
    if version != _VERSION or size != PAGE:
        raise StoreUnavailable(f"{path.name}-wal is of another form than this version knows", path=str(path))
    return Mark(salts, frames, pages)


def changed_pages(path: Path, after: int, until: Mark) -> dict[int, bytes]:
    """The pages of the frames of a log after a number, each as it is last. Raises StoreUnavailable where the log began
    anew meanwhile."""
    found: dict[int, bytes] = {}
    size = _FRAME + PAGE
    if until.frames > after:
        with path.with_name(path.name + "-wal").open("rb") as log:
            log.seek(_HEAD + after * size)
            for start in range(after, until.frames, _AT_ONCE):
                wanted = min(_AT_ONCE, until.frames - start) * size
                read = log.read(wanted)
                if len(read) < wanted:
                    raise StoreUnavailable(f"{path.name}-wal is shorter than its index says", path=str(path))
                for place in range(0, wanted, size):
                    if read[place + 8 : place + 16] != until.salts:
                        raise StoreUnavailable(f"{path.name}-wal began anew while it was read", path=str(path))
                    number = int.from_bytes(read[place : place + 4])
                    found[number] = read[place + _FRAME : place + size]
    return found
