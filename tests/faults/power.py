"""A file layer that knows what would be on the disk if the power went now, and can be full or read-only.

Everything is written through to the real files, so that the town under test notices nothing. Beside that, what was
synced is kept apart from what was only written. `lose_power` makes a folder as it is found after the machine went off:
what was synced is there, and of every later write nothing, all, or a part.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

BASE, NAME = "unix", "faults"


@dataclass
class _Disk:
    """One file: what is surely on the disk, and what was written since."""

    synced: bytearray = field(default_factory=bytearray)
    later: list[tuple[int, bytes | None]] = field(default_factory=list)  # None: cut off here

    def sync(self) -> None:
        for at, data in self.later:
            _apply(self.synced, at, data)
        self.later.clear()

    def found(self, draw: random.Random) -> bytes:
        """What is found of it after the power was lost."""
        content = bytearray(self.synced)
        for at, data in self.later:
            kept = draw.choice(("nothing", "all", "part"))
            if data is None or kept == "all":
                _apply(content, at, data)
            elif kept == "part":
                _apply(content, at, data[: draw.randrange(len(data) + 1)])
        return bytes(content)


def _apply(content: bytearray, at: int, data: bytes | None) -> None:
    if data is None:
        del content[at:]
        return
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    content[at : at + len(data)] = data


class Power(apsw.VFS):
    """The layer, for every connection that is opened while it is there. refusal: what every write gets; None: none."""

    def __init__(self) -> None:
        self.disks: dict[str, _Disk] = {}
        self.refusal: type[apsw.Error] | None = None
        super().__init__(NAME, BASE, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        """A file of the layer below, watched."""
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Forget the file."""
        self.disks.pop(filename, None)
        super().xDelete(filename, syncdir)

    def lose_power(self, folder: Path, found: Path, draw: random.Random) -> None:
        """Make a folder as it is found afterwards; the shared memory beside a file is gone."""
        for name, disk in self.disks.items():
            path = Path(name)
            if path.suffix != ".lock" and path.is_relative_to(folder):
                there = found / path.relative_to(folder)
                there.parent.mkdir(parents=True, exist_ok=True)
                there.write_bytes(disk.found(draw))


class _File(apsw.VFSFile):
    def __init__(self, power: Power, name: Any, flags: list[int]) -> None:
        self._power = power
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._disk = power.disks.setdefault(path, _Disk()) if path else _Disk()
        super().__init__(BASE, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        if self._power.refusal is not None:
            raise self._power.refusal("refused by the test")
        self._disk.later.append((offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._disk.later.append((newsize, None))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._disk.sync()
