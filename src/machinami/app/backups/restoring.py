"""How does a town come out of an archive as it was at a moment, or as much of it as is not damaged?"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from machinami.app.backups.journal import Place, all_places, read_record
from machinami.app.backups.taking import Base, Files, base_name, base_numbers, until_path
from machinami.app.backups.vault import PIECE, Damaged, Vault, place_in
from machinami.app.durable import read_json, sync_folder
from machinami.foundation.errors import AlreadyExists, NotFound
from machinami.foundation.instant import format_instant
from machinami.store.files import FOLDER as FILES
from machinami.store.sqlite.backend import FILE
from machinami.store.sqlite.connection import PAGE

Progress = Callable[[int, int], None]
Changes = dict[str, list[Any] | None]
"""What became of files of services: by owner/name, as `Files` has it, None: gone."""


@dataclass(slots=True)
class Restored:
    """What came out: the moment and the last change of the log that it holds, the record it ends with, its bytes, how
    long it took, and what was damaged and could be gone round (salvaged). house: the files of the installation."""

    town: str
    at: float
    seq: int
    record: int
    base: int
    bytes: int
    seconds: float
    files: Files
    digest: str = ""
    salvaged: list[str] = field(default_factory=list)
    house: dict[str, Any] = field(default_factory=dict)


def said(at: float) -> str:
    """A moment as it is said to people, and as it is taken from them."""
    return format_instant(datetime.fromtimestamp(at, UTC))


def restore_town(
    vault: Vault, town: str, folder: Path, at: float | None = None, progress: Progress = lambda done, of: None
) -> Restored:
    """Put a town as it was at a moment (None: the last that there is) into a folder that is not there.

    The nearest base before it is taken; where that is damaged, one before it and more records. Raises NotFound where
    nothing is that old, Damaged where it cannot be had, saying what can.
    """
    began = time.monotonic()
    faults: list[str] = []
    if folder.exists():
        raise AlreadyExists(f"{folder} is there already; nothing was changed")
    for base in bases(vault, town, at, faults):
        try:
            found = _build(vault, town, folder, base, at, progress)
        except Damaged as error:
            _clear(folder)
            faults.append(error.detail)
        except BaseException:
            _clear(folder)
            raise
        else:
            found.salvaged, found.seconds = faults + found.salvaged, time.monotonic() - began
            return found
    if not faults:
        first = next(bases(vault, town, None, [], newest=False), None)
        when = "" if first is None else f"; its first whole copy is of {said(first.at)}"
        raise NotFound(f"There is no copy of the town {town} from that time{when}")
    raise Damaged(f"{town} cannot be had as it was then: {'; '.join(dict.fromkeys(faults))}. {_instead(vault, town)}")


def bases(vault: Vault, town: str, at: float | None, faults: list[str], newest: bool = True) -> Iterator[Base]:
    """The bases that were complete by a moment, the last one first (or the first). faults: takes what is damaged."""
    for number in sorted(base_numbers(vault, town), reverse=newest):
        try:
            kept = vault.read(base_name(town, number))
        except Damaged as error:
            faults.append(error.detail)
            continue
        if kept is not None and (at is None or kept["at"] <= at):
            yield Base(**kept)


def leading(
    vault: Vault, town: str, base: Base, at: float | None = None, faults: list[str] | None = None
) -> Iterator[Place]:
    """The records that lead from a base to a moment, each following the one before it. faults: is told where they lead
    no further, as nothing was copied for a while. Raises Damaged where one is missing or changed."""
    before: Place | None = None
    told = [] if faults is None else faults
    for place in all_places(vault, town, base.first):
        entry = place.entry
        is_beyond = entry.number > base.last and (entry.fresh or (at is not None and entry.at > at))
        if is_beyond:
            if at is None or entry.at <= at:
                reached = before.entry.at if before else base.at
                told.append(f"Nothing was copied between {said(reached)} and {said(entry.at)}")
            return
        expected = base.first if before is None else before.entry.number + 1
        if entry.number != expected or (before is not None and entry.before != before.digest):
            raise Damaged(f"Record {expected} of towns/{town}/journal is damaged or missing")
        before = place
        yield place
    last = before.entry.number if before else base.first - 1
    is_there = at is not None and before is not None and before.entry.at >= at and last >= base.last
    if not is_there and last < max(base.last, known_records(vault, town)):
        raise Damaged(f"Record {last + 1} of towns/{town}/journal is damaged or missing")


def known_records(vault: Vault, town: str) -> int:
    """How many records there must be at least."""
    try:
        return int((read_json(until_path(vault, town)) or {}).get("record", 0))
    except (ValueError, AttributeError):
        return 0  # it is written in haste, and says nothing that is not elsewhere


def _build(vault: Vault, town: str, folder: Path, base: Base, at: float | None, progress: Progress) -> Restored:
    (folder / FILES).parent.mkdir(parents=True, mode=0o700)
    found = Restored(town, base.at, base.seq, base.last, base.number, base.size, 0.0, dict(base.files))
    found.house = base.house
    with (folder / FILE).open("wb") as file:
        for number, name in enumerate(base.pieces):
            file.write(vault.piece(name))
            progress(min((number + 1) * PIECE, base.size), base.size)
        for place in leading(vault, town, base, at, found.salvaged):
            _add(found, place, apply(vault, place, file.fileno()))
        file.flush()
        os.fsync(file.fileno())
    put_files(vault, found.files, folder / FILES)
    sync_folder(folder)
    return found


def _add(found: Restored, place: Place, files: Changes) -> None:
    entry = place.entry
    found.at, found.seq, found.record, found.bytes = max(found.at, entry.at), entry.seq, entry.number, entry.size * PAGE
    found.digest = place.digest
    for name, kept in files.items():
        if kept is None:
            found.files.pop(name, None)
        else:
            found.files[name] = kept


def apply(vault: Vault, place: Place, file: int) -> Changes:
    """Bring a file to where a record leads; what became of the files of services. Raises Damaged."""
    pages, files = read_record(vault, place)
    for number in sorted(pages):
        _write_at(file, pages[number], (number - 1) * PAGE)
    os.ftruncate(file, place.entry.size * PAGE)
    return files or {}


def _write_at(file: int, content: bytes, place: int) -> None:
    os.lseek(file, place, os.SEEK_SET)
    while content:
        content = content[os.write(file, content) :]


def put_files(vault: Vault, files: Files, folder: Path) -> None:
    """Have the files of a town's services in a folder, and no others."""
    put_changes(vault, dict(files), folder)
    for one in folder.glob("*/*"):
        if one.relative_to(folder).as_posix() not in files:
            one.unlink()


def put_changes(vault: Vault, changes: Changes, folder: Path) -> None:
    """Have files of services come and go."""
    for name, kept in changes.items():
        path = place_in(folder, name)
        if kept is None:
            path.unlink(missing_ok=True)
            continue
        _, written, pieces = kept
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(vault.content(pieces))
        os.utime(path, ns=(written, written))


def _clear(folder: Path) -> None:
    """Remove what was half built; nothing else was there."""
    for one in sorted(folder.rglob("*"), reverse=True):
        one.rmdir() if one.is_dir() else one.unlink()
    if folder.exists():
        folder.rmdir()


def _instead(vault: Vault, town: str) -> str:
    """What can still be had, in one sentence: the last moment before the damage, and the first after it."""
    best: float | None = None
    for base in bases(vault, town, None, []):
        if not _pieces_whole(vault, base):
            continue
        last, reached = base.at, 0
        try:
            for place in leading(vault, town, base):
                read_record(vault, place)
                last = max(last, place.entry.at) if place.entry.number >= base.last else last
                reached = place.entry.number
        except Damaged:
            if not base.pieces or reached < base.last:
                continue
        best = last if best is None else max(best, last)
        break
    if best is None:
        return "Nothing of it can be had from this archive."
    return f"What was until {said(best)} can be had: --at {said(best)}"


def _pieces_whole(vault: Vault, base: Base) -> bool:
    try:
        for name in base.pieces:
            vault.piece(name)
    except Damaged:
        return False
    return True
