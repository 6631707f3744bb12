"""How does a whole installation come back from an archive, or one town into an installation that is there?"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machinami.app.backups.house import bring_house, bring_keys, destroy_again
from machinami.app.backups.journal import last_place
from machinami.app.backups.restoring import Restored, bases, restore_town
from machinami.app.backups.vault import Vault
from machinami.app.configuration import read
from machinami.app.durable import copy_file, sync_folder
from machinami.app.keys import FOLDER as KEYS
from machinami.app.keys import ring_of
from machinami.app.sealing import KEY_FILE
from machinami.app.towns.carrying import beside, check_target, held, town_folder
from machinami.broker.town import DEFAULT_TOWN
from machinami.foundation.errors import AlreadyExists, NotFound, SettingsError
from machinami.model.town_name import check_town_name
from machinami.store.sqlite.backend import FILE
from machinami.store.sqlite.connection import is_plain

Drawing = Callable[[str], Callable[[int, int], None]]
ERASURES = "erasures"


@dataclass(slots=True)
class Brought:
    """What came back: the towns, how many keys (files), how many of them were destroyed again, which towns do not open
    yet for want of their key, and the erasures that they may not know of (by town)."""

    towns: list[Restored]
    keys: int
    destroyed: int
    locked: list[str]
    erased: dict[str, list[dict[str, Any]]]


def bring_back(
    vault: Vault, data: Path, only: str | None, at: float | None, keys: Path | None, draw: Drawing
) -> Brought:
    """Restore everything into a folder that is not there, or one town into one that has none of that name.

    keys: a folder whose keys are put in their place, where the archive has none. Nothing that is there is changed, and
    a folder that is made gets its name when it is complete. Raises NotFound, Damaged, SettingsError, AlreadyExists.
    """
    data = data.absolute()
    if only is not None and (data / "towns").is_dir():
        return _bring_into(vault, data, check_town_name(only), at, draw)
    folder, made = check_target(data), beside(data)
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(mode=0o700)
    try:
        wanted = towns_at(vault, at) if only is None else [check_town_name(only)]
        found = [restore_town(vault, one, _as(made, one, only), at, draw(one)) for one in wanted]
        bring_house(vault, _house(vault, found, at), made)
        number, gone = _bring_keys(vault, made, keys)
        if only is not None and only != DEFAULT_TOWN:
            _rename_keys(made, only)
        brought = Brought(found, number, gone, locked(made), erased_after(vault, found))
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    if folder.exists():
        folder.rmdir()
    made.rename(folder)
    sync_folder(folder.parent)
    return brought


def _as(made: Path, town: str, only: str | None) -> Path:
    """Where a town goes; one that is brought by itself is the default town of its folder, as when it is moved."""
    return town_folder(made, DEFAULT_TOWN if only is not None else town)


def towns_at(vault: Vault, at: float | None) -> list[str]:
    """The towns that there were at a moment. Raises NotFound where there is nothing."""
    if DEFAULT_TOWN not in vault.towns():
        raise NotFound(f"The archive {vault.folder} holds no whole copy yet")
    house = next(bases(vault, DEFAULT_TOWN, at, []), None)
    found = []
    for town in vault.towns():
        first = next(bases(vault, town, at, [], newest=False), None)
        is_new = first is not None and house is not None and first.at > house.at
        if first is not None and (house is None or is_new or town in house.house.get("towns", [town])):
            found.append(town)
    return found or [DEFAULT_TOWN]


def _house(vault: Vault, found: Sequence[Restored], at: float | None) -> dict[str, Any]:
    of_default = next((one.house for one in found if one.town == DEFAULT_TOWN), None)
    if of_default is None:
        base = next(bases(vault, DEFAULT_TOWN, at, []), None)
        of_default = {} if base is None else dict(base.house)
        files = of_default.get("files", {})  # the account of the platform is that of the installation, not of a town
        of_default["files"] = {name: kept for name, kept in files.items() if not name.startswith("platform/")}
    return of_default


def _bring_keys(vault: Vault, made: Path, keys: Path | None) -> tuple[int, int]:
    number = bring_keys(vault, made)
    if keys is not None:
        if not keys.is_dir():
            raise SettingsError(f"There is no folder {keys} with keys")
        named = keys / KEYS if (keys / KEYS).is_dir() else keys
        for one in sorted(named.iterdir()):
            if one.is_file():
                copy_file(one, made / KEYS / one.name)
                (made / KEYS / one.name).chmod(0o600)
                number += 1
        if (keys / KEY_FILE).exists():
            copy_file(keys / KEY_FILE, made / KEY_FILE)
            (made / KEY_FILE).chmod(0o600)
            number += 1
    return number, destroy_again(vault, made / KEYS)


def _rename_keys(made: Path, town: str) -> None:
    """Have the keys of one town be those of the default town of its folder, and leave those of the others away."""
    if not (made / KEYS).is_dir():
        return
    ring = ring_of(read(made))
    key = ring.key(town)
    for other in ring.towns:
        if other != DEFAULT_TOWN:
            ring.destroy(other)
    if key is not None:
        ring.put(DEFAULT_TOWN, key)
    for one in sorted((made / KEYS).iterdir()):
        if one.suffix in (".persons", ".pseudonyms"):
            if one.stem == town:
                one.rename(one.with_stem(DEFAULT_TOWN))
            elif one.stem != DEFAULT_TOWN or not (made / KEYS / f"{town}{one.suffix}").exists():
                one.unlink()


def _bring_into(vault: Vault, data: Path, town: str, at: float | None, draw: Drawing) -> Brought:
    if town_folder(data, town).exists():
        raise AlreadyExists(
            f"{data} has a town {town}; nothing was changed. Name another folder, or move that town away"
        )
    made = data / "restoring" / town
    shutil.rmtree(made.parent, ignore_errors=True)
    with held(town_folder(data, DEFAULT_TOWN) / FILE):  # else what runs would not know of it, nor of its key
        try:
            found = restore_town(vault, town, made, at, draw(town))
            found_keys = _keys_into(vault, data, town)
            town_folder(data, town).parent.mkdir(exist_ok=True)
            made.rename(town_folder(data, town))
            sync_folder(town_folder(data, town).parent)
        finally:
            shutil.rmtree(made.parent, ignore_errors=True)
    return Brought([found], found_keys, 0, [one for one in locked(data) if one == town], erased_after(vault, [found]))


def _keys_into(vault: Vault, data: Path, town: str) -> int:
    """Have the keys of one town beside those that are there."""
    made, number = data / "restoring" / "keys", 0
    if not bring_keys(vault, made):
        return 0
    came, settings = ring_of(read(made)), read(data)
    key, ring = came.key(town), ring_of(settings)
    if key is not None and ring.key(town) is None:
        ring.put(town, key)
        number += 1
    for ending in (".persons", ".pseudonyms"):
        source, target = made / KEYS / f"{town}{ending}", (settings.person_keys or data / KEYS) / f"{town}{ending}"
        if source.exists() and not target.exists():
            copy_file(source, target)
            target.chmod(0o600)
            number += 1
    return number


def locked(data: Path) -> list[str]:
    """The towns of a folder whose file is encrypted with a key that is not there."""
    ring = None
    found = []
    for file in sorted(data.glob(f"towns/*/{FILE}")):
        if not is_plain(file):
            ring = ring or ring_of(read(data))
            if ring.key(file.parent.name) is None:
                found.append(file.parent.name)
    return found


def erased_after(vault: Vault, found: Sequence[Restored]) -> dict[str, list[dict[str, Any]]]:
    """The erasures that the archive knows of, of towns that were restored as they were before the end of it."""
    told: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        last = last_place(vault, one.town)
        if last is not None and last.entry.number > one.record:
            told[one.town] = vault.read(f"towns/{one.town}/{ERASURES}") or []
    return told
