"""What of an archive is kept, and for how long? What leads to every moment of the last days; no piece too many."""

import shutil
from itertools import pairwise
from typing import Any

from machinami.app.backups.journal import all_places, files_of, read_record
from machinami.app.backups.taking import base_name, base_numbers, until_path
from machinami.app.backups.vault import Damaged, Vault
from machinami.app.durable import read_json

_LEFT_HALF = 86_400.0  # seconds after which what a crash left half is removed


def prune(vault: Vault, keep_seconds: float, now: float, present: list[str]) -> int:
    """Remove what no moment of the last seconds needs, and towns that are gone that long; how many files went.

    The last base stays whatever its age. Where a base cannot be read no piece is removed: it may be needed to mend it.
    """
    before, gone = now - keep_seconds, 0
    for town in vault.towns():
        until = read_json(until_path(vault, town)) or {"at": now}
        if town not in present and until["at"] < before:
            shutil.rmtree(vault.folder / "towns" / town)
            gone += 1
        else:
            gone += _prune_town(vault, town, before)
    try:
        needed = {name for town in vault.towns() for name in _needed(vault, town)}
    except Damaged:
        return gone
    for path in vault.pieces():
        is_half = path.suffix == ".new" and path.stat().st_mtime < now - _LEFT_HALF
        # a piece that is put just now belongs to no base yet
        if is_half or (path.suffix == "" and path.name not in needed and path.stat().st_mtime < before):
            path.unlink()
            gone += 1
    return gone


def _prune_town(vault: Vault, town: str, before: float) -> int:
    kept: list[dict[str, Any]] = []
    numbers = base_numbers(vault, town)
    gone = 0
    for number in reversed(numbers):
        try:
            base = vault.read(base_name(town, number))
        except Damaged:
            continue
        if kept and kept[-1]["at"] <= before:  # one that is older than that leads to every moment since
            (vault.folder / base_name(town, number)).unlink()
            gone += 1
        else:
            kept.append(base)
    if not kept:
        return gone
    first = min(base["first"] for base in kept)
    files = files_of(vault, town)
    for file, following in pairwise(files):
        if int(following.stem) <= first:
            file.unlink()
            gone += 1
    return gone


def _needed(vault: Vault, town: str) -> set[str]:
    """The pieces that a town's bases and records name. Raises Damaged."""
    found: set[str] = set()
    for number in base_numbers(vault, town):
        base = vault.read(base_name(town, number))
        found.update(base["pieces"])
        found.update(name for _, _, names in base["files"].values() for name in names)
        found.update(name for _, names in base["house"].get("files", {}).values() for name in names)
    for place in all_places(vault, town):
        if place.entry.files:
            _, files = read_record(vault, place)
            found.update(name for kept in (files or {}).values() if kept is not None for name in kept[2])
    return found
