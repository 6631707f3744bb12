"""What does the machine itself say: its disk, memory, clock, folders and ports?"""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from stat import S_IMODE, S_IRWXO

from machinami.app.checkup.notes import Notes
from machinami.app.clock import utc_now
from machinami.foundation.settings import Settings
from machinami.model.checkup.facts import ClockFact, DiskFact, FolderFact, MemoryFact, PortFact
from machinami.model.checkup.forecast import forecast
from machinami.wire.exchange import Call, Caller
from machinami.wire.ntp import ask_ntp

_PATIENCE = 3.0
_KIB = 1024


def used_by(folder: Path) -> int:
    """The bytes that the files of a folder take; what goes away meanwhile is not counted."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                continue
    return total


def disk(data: Path, notes: Notes) -> DiskFact | None:
    """The disk of the data folder, and when it is full if the data grow as they did."""
    try:
        found = shutil.disk_usage(data)
    except OSError:
        return None
    last = notes.growth[-1].used if notes.growth else 0
    return DiskFact(found.free, found.total, last, forecast(notes.growth, found.free))


def folders(settings: Settings) -> tuple[FolderFact, ...]:
    """The folders of the data and of the keys that cannot be used, or that others can look into."""
    data = settings.data
    found = []
    wanted = [data, data / "towns", *sorted(data.glob("towns/*/")), data / "keys"]
    for path in wanted:
        if not path.exists():
            if path == data:
                found.append(FolderFact(str(path), "missing"))
        elif not os.access(path, os.R_OK | os.X_OK):
            found.append(FolderFact(str(path), "unreadable"))
        elif not _takes(path):
            found.append(FolderFact(str(path), "unwritable"))
    secret = [*data.glob("towns/*/"), data / "keys", data / "identity.key", settings.certificate_key]
    if sys.platform != "win32":
        for one in secret:
            if one is not None and one.exists() and S_IMODE(one.stat().st_mode) & S_IRWXO:
                found.append(FolderFact(str(one), "open"))
    return tuple(found)


def _takes(folder: Path) -> bool:
    """Whether a file can be made in it: asked by making one, as rights alone do not say so of a read-only disk."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def port(host: str, number: int) -> PortFact:
    """Whether a town could be served on this port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError:
            return PortFact(host, number, False)
    return PortFact(host, number, True)


def memory() -> MemoryFact | None:
    """What this process takes, and what it may; None on a system that does not say so."""
    try:
        status = dict(_lines(Path("/proc/self/status")))
        machine = dict(_lines(Path("/proc/meminfo")))
        used = int(status["VmRSS"].split()[0]) * _KIB
        total = int(machine["MemTotal"].split()[0]) * _KIB
        left = int(machine["MemAvailable"].split()[0]) * _KIB
    except (OSError, KeyError, ValueError, IndexError):
        return None
    bound = _bound()
    if bound is not None and bound < total:
        return MemoryFact(used, bound, min(left, bound - used))
    return MemoryFact(used, total, left)


def _lines(path: Path) -> list[tuple[str, str]]:
    rows = (line.partition(":") for line in path.read_text(encoding="ascii", errors="replace").splitlines())
    return [(name, value) for name, _, value in rows]


def _bound() -> int | None:
    """What the group of processes may take (cgroup v2), where it is bounded."""
    try:
        said = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        return None if said == "max" else int(said)
    except (OSError, ValueError):
        return None


async def clock(settings: Settings, notes: Notes, caller: Caller, neighbours: Sequence[str]) -> ClockFact:
    """The clock against one elsewhere: the NTP server that the settings name, else neighbours that answer, else the
    disk that holds the data, which may be another machine's."""
    now = utc_now()
    behind = 0.0 if notes.beat is None else max(0.0, (notes.beat - now).total_seconds())
    jumped, at = notes.jump or (0.0, None)
    silent = ""
    if settings.ntp:
        ahead = await ask_ntp(settings.ntp, _PATIENCE)
        if ahead is not None:
            return ClockFact(ahead, settings.ntp, "", jumped, at, behind)
        silent = settings.ntp
    for url in neighbours[:3]:
        ahead = await _by_http(caller, url)
        if ahead is not None:
            return ClockFact(ahead, url, silent, jumped, at, behind)
    return ClockFact(_by_disk(settings.data), "disk", silent, jumped, at, behind)


async def _by_http(caller: Caller, url: str) -> float | None:
    """By how many seconds this clock is ahead of a web server's, whose Date has whole seconds (RFC 9110, 6.6.1)."""
    before = utc_now()
    answer = await caller.call(Call("HEAD", url, timeout=_PATIENCE, limit=1_000))
    after = utc_now()
    try:
        there = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return None
    middle = before + (after - before) / 2
    ahead = (middle - there).total_seconds() - 0.5
    return ahead if abs(ahead) > 1.0 + (after - before).total_seconds() / 2 else 0.0


def _by_disk(data: Path) -> float | None:
    """The same by the time that a file made now bears."""
    try:
        with tempfile.NamedTemporaryFile(dir=data) as made:
            return _now_seconds(utc_now()) - os.fstat(made.fileno()).st_mtime
    except OSError:
        return None


def _now_seconds(at: datetime) -> float:
    return at.timestamp()
