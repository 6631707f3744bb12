"""Which tables does a timetable in a ZIP file hold? Bounded: a file cannot make the reader swell or wander."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import NamedTuple

from machinami.foundation.errors import InputError

MOST_FILES = 200
MOST_BYTES = 1_000_000_000
MOST_RATIO = 200  # of a table of numbers as text, which packs well; a bomb is beyond a thousand
SMALL = 1_000_000  # a small file may pack as well as it likes


class Limits(NamedTuple):
    """How much an archive may hold: files, bytes of all of them unpacked, and times that one may be unpacked."""

    files: int = MOST_FILES
    size: int = MOST_BYTES
    ratio: int = MOST_RATIO


def tables_in(data: bytes, limits: Limits = Limits()) -> Mapping[str, bytes]:  # noqa: B008 (a constant value)
    """The .txt tables of an archive by file name; a folder around them is allowed. Raises InputError saying why not."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise InputError(f"the file is no ZIP archive ({error}); a timetable by GTFS is one") from None
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > limits.files:
        raise InputError(f"the archive holds {len(entries)} files; {limits.files} are read at most")
    found: dict[str, bytes] = {}
    for entry in (entry for entry in entries if entry.filename.lower().endswith(".txt")):
        _demand_sound(entry, limits)
        name = entry.filename.replace("\\", "/").rpartition("/")[2].lower()
        if name in found:
            raise InputError(f"the archive holds two files {name}; keep one timetable in one archive")
        if sum(map(len, found.values())) + entry.file_size > limits.size:
            raise InputError(f"the archive unpacks to more than {limits.size:,} bytes; split the timetable")
        found[name] = _unpacked(archive, entry)
    return found


def _demand_sound(entry: zipfile.ZipInfo, limits: Limits) -> None:
    parts = entry.filename.replace("\\", "/").split("/")
    if entry.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        raise InputError(f"the archive names a file outside itself: {entry.filename!r}; it is not read")
    if entry.flag_bits & 1:
        raise InputError(f"{entry.filename} is encrypted; unpack and pack it without a password")
    if entry.file_size > SMALL and entry.file_size > limits.ratio * max(entry.compress_size, 1):
        raise InputError(
            f"{entry.filename} unpacks to {entry.file_size:,} bytes from {entry.compress_size:,}: no table"
        )


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise InputError(f"{entry.filename} cannot be unpacked: {error}; the archive is damaged") from None
