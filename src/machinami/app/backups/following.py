"""How does a second machine stay ready to be the town? It follows an archive, which lies in a folder that both machines
see, or is taken from the running town over the network (`mirroring`), and takes over when it is told to (`succeeding`).

Its folder holds every town as the last record left it; nobody opens them until then.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from machinami.app.backups.bringing import towns_at
from machinami.app.backups.house import LEFT, MIRROR, STANDBY, bring_house, bring_keys, drop_keys
from machinami.app.backups.journal import all_places
from machinami.app.backups.mirroring import Mirror, Town
from machinami.app.backups.restoring import apply, bases, known_records, put_changes, restore_town
from machinami.app.backups.taking import until_path
from machinami.app.backups.vault import Damaged, Vault, open_vault
from machinami.app.configuration import FILE as SETTINGS
from machinami.app.durable import read_json, sync_folder, write_json
from machinami.app.keys import FOLDER as KEYS
from machinami.app.sealing import KEY_FILE
from machinami.app.towns.carrying import town_folder
from machinami.broker.town import DEFAULT_TOWN
from machinami.foundation.errors import InUse, MachinamiError, SettingsError
from machinami.store.files import FOLDER as FILES
from machinami.store.sqlite.backend import FILE
from machinami.store.sqlite.lock import lock

SECONDS = 1.0
_LOCK, _WANTED = "standby.lock", "takeover.wanted"
_PATIENCE, _PAUSE = 30.0, 0.05
_VAIN = 300.0  # seconds until a whole copy that could not be restored is tried again


@dataclass(slots=True)
class Lag:
    """What a standby is behind: seconds since the last moment that it has everything of, and changes that it has not.
    faults: why it does not go on; coming: how much of a whole copy is here, while one is on its way."""

    seconds: float
    changes: int
    faults: list[str]
    coming: tuple[int, int] | None = None


class Standby:
    """A folder that follows an archive. mirror: by which that is had, where it is in no folder that both see."""

    def __init__(self, vault: Vault, data: Path, key_file: Path | None, mirror: Mirror | None = None) -> None:
        self._vault = vault
        self._data = data
        self._mirror = mirror
        self.lag = Lag(0.0, 0, [])
        state = read_json(data / STANDBY)
        if state is None:
            if _holds_something(data):
                raise SettingsError(f"{data} holds something else; name a folder that is not there yet")
            state = {"archive": str(vault.folder), "id": vault.identity, "towns": {}, "base": 0}
            state["key"] = str(key_file.absolute()) if key_file else ""
            if mirror is not None:
                state |= {"archive": mirror.town.url, "town": _kept(mirror.town)}
        elif state["id"] != vault.identity:
            raise SettingsError(f"{data} follows another archive, {state['archive']}")
        self._state: dict[str, Any] = state
        self._keys_seen = 0
        self._vain: dict[str, tuple[int, float]] = {}  # the whole copies that could not be restored, and when
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._note()

    def _note(self) -> None:
        write_json(self._data / STANDBY, self._state, secret="town" in self._state)

    def step(self) -> Lag:
        """Take up what is new. What is damaged or missing is said, and waited for."""
        lag, before = Lag(0.0, 0, []), repr(self._state)
        self._pull(lag)
        with _told(lag):
            self._follow_house()
        with _told(lag):
            present = towns_at(self._vault, None)
            for town in present:
                with _told(lag):  # what is damaged of one holds up no other
                    self._follow(town, lag)
            self._leave([town for town in self._state["towns"] if town not in present])
        if repr(self._state) != before:
            self._note()
        now = time.time() + (self._mirror.ahead if self._mirror is not None else 0.0)
        for town, row in self._state["towns"].items():
            until = self._until(town)
            reached = until["at"] if until["record"] <= row["record"] else row["at"]
            lag.seconds = max(lag.seconds, now - reached)
            lag.changes += max(0, until["seq"] - row["seq"]) if until["record"] > row["record"] else 0
        if not self._state["towns"]:
            lag.faults.append("There is no whole copy in the archive yet")
        self.lag = lag
        return lag

    def lacking(self, last: Mapping[str, int] | None) -> dict[str, int]:
        """How many changes of which towns are not here. last: the last one of each that was ever written; None: as far
        as the archive knows."""
        found = {}
        if last is None:
            last = {town: self._until(town)["seq"] for town in self._state["towns"]}
        for town, seq in last.items():
            row = self._state["towns"].get(town, {"record": -1, "seq": 0})
            until = self._until(town)
            found[town] = seq - (until["seq"] if until["record"] <= row["record"] else row["seq"])
        return {town: changes for town, changes in found.items() if changes > 0}

    def name(self) -> str:
        """As whom this machine takes over: the same, however often it asks."""
        if "name" not in self._state:
            self._state["name"] = secrets.token_hex(8)
            self._note()
        return str(self._state["name"])

    def _until(self, town: str) -> dict[str, Any]:
        row = self._state["towns"].get(town, {"at": 0.0, "seq": 0})
        return read_json(until_path(self._vault, town)) or {"at": row["at"], "seq": row["seq"], "record": 0}

    def _pull(self, lag: Lag) -> None:
        """Have what is new in the archive of the town here, as far as the town can be reached."""
        if self._mirror is None:
            return
        with _told(lag):
            self._mirror.pull(self.lag.seconds, self.lag.changes)
        if self._mirror.fault:
            lag.faults.append(self._mirror.fault)
        if self._mirror.coming is not None:
            lag.coming = self._mirror.coming

    def _leave(self, gone: list[str]) -> None:
        """Lay towns aside that are not there any more: moved away, or not to be opened there, nobody knows here."""
        for town in gone:
            aside = self._data / LEFT / town
            if town_folder(self._data, town).exists():  # else it was broken off after this
                shutil.rmtree(aside, ignore_errors=True)
                aside.parent.mkdir(mode=0o700, exist_ok=True)
                town_folder(self._data, town).rename(aside)
            del self._state["towns"][town]

    def _follow_house(self) -> None:
        base = next(bases(self._vault, DEFAULT_TOWN, None, []), None)
        if base is not None and base.number != self._state["base"]:
            files = base.house.get("files", {})
            own = (self._data / SETTINGS).exists()  # where this machine has settings of its own, they stay
            bring_house(
                self._vault, {"files": {n: k for n, k in files.items() if not (own and n == SETTINGS)}}, self._data
            )
            self._state["base"] = base.number
        index = self._vault.folder / "keys" / "index"
        written = index.stat().st_mtime_ns if index.exists() else 0
        if written != self._keys_seen:
            bring_keys(self._vault, self._data)
            drop_keys(self._vault, self._data)
            self._keys_seen = written

    def _follow(self, town: str, lag: Lag) -> None:
        row, folder = self._state["towns"].get(town), town_folder(self._data, town)
        if row is None or not (folder / FILE).exists():
            self._restore(town)
            return
        with (folder / FILE).open("r+b") as file:
            leads_on = self._take_up(town, row, file.fileno(), folder / FILES)
            os.fsync(file.fileno())
        if leads_on and row["record"] >= known_records(self._vault, town):
            return
        newest = next(bases(self._vault, town, None, []), None)
        number, tried = self._vain.get(town, (0, 0.0))
        is_vain = newest is not None and newest.number == number and time.monotonic() - tried < _VAIN
        if newest is not None and newest.last > row["record"] and not is_vain:
            self._vain[town] = newest.number, time.monotonic()
            self._restore(town)
            del self._vain[town]
        else:
            lag.faults.append(f"{town} waits for another whole copy: what comes next does not follow what is here")

    def _take_up(self, town: str, row: dict[str, Any], file: int, files: Path) -> bool:
        """Bring a town to where the records lead; whether each of them follows the one before."""
        known = row.get("file", ""), row.get("end", 0)
        for place in all_places(self._vault, town, row["record"] + 1, known):
            entry = place.entry
            if entry.fresh or entry.number != row["record"] + 1 or entry.before != row["digest"]:
                return False
            put_changes(self._vault, apply(self._vault, place, file), files)
            row |= {"record": entry.number, "digest": place.digest, "at": entry.at, "seq": entry.seq}
            row |= {"file": place.file.name, "end": place.end}
        return True

    def _restore(self, town: str) -> None:
        made, folder = self._data / "restoring" / town, town_folder(self._data, town)
        shutil.rmtree(made, ignore_errors=True)
        found = restore_town(self._vault, town, made)
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        before = made.with_name(f"{town}.before")
        shutil.rmtree(before, ignore_errors=True)
        if folder.exists():
            folder.rename(before)
        made.rename(folder)
        sync_folder(folder.parent)
        shutil.rmtree(before, ignore_errors=True)
        row = {"record": found.record, "digest": found.digest, "at": found.at, "seq": found.seq}
        self._state["towns"][town] = row


@contextmanager
def _told(lag: Lag) -> Iterator[None]:
    """Have what goes wrong in the block be said, and waited for."""
    try:
        yield
    except (MachinamiError, OSError) as error:
        lag.faults.append(error.detail if isinstance(error, MachinamiError) else str(error))


def _holds_something(data: Path) -> bool:
    own = (_WANTED, SETTINGS, MIRROR)
    return data.exists() and any(one.name not in own and not one.name.startswith(_LOCK) for one in data.iterdir())


def hold(data: Path) -> apsw.Connection:
    """Have nobody else follow, or take over, in this folder meanwhile. Raises InUse."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return lock(data / _LOCK)


def hold_for_takeover(data: Path) -> apsw.Connection:
    """The same, where a standby that runs is told to end first. Raises InUse where it does not."""
    if not data.is_dir():
        raise SettingsError(f"There is no folder {data}")
    wanted = data / _WANTED
    wanted.touch()
    until = time.monotonic() + _PATIENCE
    try:
        while True:
            try:
                return hold(data)
            except InUse:
                if time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)
    finally:
        wanted.unlink(missing_ok=True)


def is_wanted(data: Path) -> bool:
    """Whether somebody wants to take over in a folder."""
    return (data / _WANTED).exists()


def refuse_standby(data: Path) -> None:
    """Raise SettingsError where a folder follows an archive: two machines that write are two towns."""
    state = read_json(data / STANDBY)
    if state is not None:
        raise SettingsError(
            f"{data} is a standby of {state['archive']}. "
            f"To have it be the town from now on: machinami takeover --data {data}"
        )


def reached(data: Path) -> tuple[str, float] | None:
    """What a folder follows, and until when it has everything (0: nothing yet); None where it follows nothing."""
    state = read_json(data / STANDBY)
    if state is None:
        return None
    archive = data / MIRROR if "town" in state else Path(state["archive"])
    found = []
    for town, row in state["towns"].items():
        until = read_json(archive / "towns" / town / "until.json") or {"at": row["at"], "record": row["record"]}
        found.append(until["at"] if until["record"] <= row["record"] else row["at"])
    return state["archive"], min(found, default=0.0)


def missing_keys(data: Path) -> list[str]:
    """What has to be brought by hand where the archive is open, and holds no keys."""
    if (data / KEY_FILE).exists() or not (data / "towns").is_dir():
        return []
    return [f"The archive is open, so the keys are not in it: put {KEY_FILE} and {KEYS}/ of the town into {data}"]


def archive_of(data: Path, folder: Path | None, key_file: Path | None) -> Vault | None:
    """The archive that a standby follows, or that is named; None where it cannot be reached."""
    state = read_json(data / STANDBY) or {}
    place = folder or (Path(state["archive"]) if state and "town" not in state else None)
    key = key_file or (Path(state["key"]) if state.get("key") else None)
    if place is None:
        return None
    try:
        return open_vault(place, key)
    except (MachinamiError, OSError, Damaged):
        return None


def mirror_of(data: Path, key_file: Path | None, version: str) -> Mirror | None:
    """By which a standby follows a running town; None where it follows a folder, or nothing."""
    state = read_json(data / STANDBY) or {}
    if "town" not in state:
        return None
    kept = state["town"]
    town = Town(kept["url"], kept["key"], Path(kept["ca_file"]) if kept["ca_file"] else None, kept["plain"])
    return Mirror(town, data / MIRROR, key_file or (Path(state["key"]) if state["key"] else None), version)


def _kept(town: Town) -> dict[str, Any]:
    """How a town is reached, for the takeover: who has this folder has the town already."""
    return {"url": town.url, "key": town.key, "ca_file": str(town.ca_file or ""), "plain": town.plain}
