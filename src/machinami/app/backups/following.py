"""How does a second machine stay ready to be the town? It follows an archive, which lies in a folder that both machines
see, or is taken from the running town over the network (`mirroring`), and takes over when it is told to.

Its folder holds every town as the last record left it; nobody opens them until then.
"""

import os
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from machinami.app.backups.bringing import towns_at
from machinami.app.backups.holding import seize
from machinami.app.backups.house import HELD, LEFT, MIRROR, STANDBY, bring_house, bring_keys, drop_keys
from machinami.app.backups.journal import all_places
from machinami.app.backups.mirroring import Mirror, Town
from machinami.app.backups.restoring import apply, bases, put_changes, restore_town, said
from machinami.app.backups.taking import until_path
from machinami.app.backups.vault import Damaged, Vault, open_vault
from machinami.app.configuration import FILE as SETTINGS
from machinami.app.durable import read_json, sync_folder, write_json
from machinami.app.keys import FOLDER as KEYS
from machinami.app.sealing import KEY_FILE
from machinami.app.towns.carrying import town_folder
from machinami.broker.town import DEFAULT_TOWN
from machinami.foundation.errors import InUse, MachinamiError, NotFound, SettingsError
from machinami.store.files import FOLDER as FILES
from machinami.store.sqlite.backend import FILE
from machinami.store.sqlite.lock import lock

SECONDS = 1.0
_LOCK, _WANTED = "standby.lock", "takeover.wanted"
_PATIENCE, _PAUSE = 30.0, 0.05
_REST = 15.0  # seconds for the last of what the former machine wrote


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
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._note()

    def _note(self) -> None:
        write_json(self._data / STANDBY, self._state, secret="town" in self._state)

    def step(self) -> Lag:
        """Take up what is new. What is damaged or missing is said, and waited for."""
        lag, before = Lag(0.0, 0, []), repr(self._state)
        self._pull(lag)
        try:
            self._follow_house()
            present = towns_at(self._vault, None)
            for town in present:
                self._follow(town, lag)
            self._leave([town for town in self._state["towns"] if town not in present])
        except (MachinamiError, OSError) as error:
            lag.faults.append(error.detail if isinstance(error, MachinamiError) else str(error))
        if repr(self._state) != before:
            self._note()
        now = time.time() + (self._mirror.ahead if self._mirror is not None else 0.0)
        for town, row in self._state["towns"].items():
            until = read_json(until_path(self._vault, town)) or {"at": row["at"], "seq": row["seq"], "record": 0}
            reached = until["at"] if until["record"] <= row["record"] else row["at"]
            lag.seconds = max(lag.seconds, now - reached)
            lag.changes += max(0, until["seq"] - row["seq"]) if until["record"] > row["record"] else 0
        if not self._state["towns"]:
            lag.faults.append("There is no whole copy in the archive yet")
        self.lag = lag
        return lag

    def _pull(self, lag: Lag) -> None:
        """Have what is new in the archive of the town here, as far as the town can be reached."""
        if self._mirror is None:
            return
        try:
            self._mirror.pull(self.lag.seconds, self.lag.changes)
        except (MachinamiError, OSError) as error:
            lag.faults.append(error.detail if isinstance(error, MachinamiError) else str(error))
        if self._mirror.fault:
            lag.faults.append(self._mirror.fault)
        if self._mirror.coming is not None:
            lag.coming = self._mirror.coming

    def _leave(self, gone: list[str]) -> None:
        """Lay towns aside that are not there any more: moved away, or not to be opened there, nobody knows here."""
        for town in gone:
            aside = self._data / LEFT / town
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
        row = self._state["towns"].get(town)
        if row is None:
            self._restore(town)
            return
        folder = town_folder(self._data, town)
        with (folder / FILE).open("r+b") as file:
            known = row.get("file", ""), row.get("end", 0)
            for place in all_places(self._vault, town, row["record"] + 1, known):
                entry = place.entry
                if entry.fresh or entry.number != row["record"] + 1 or entry.before != row["digest"]:
                    break
                put_changes(self._vault, apply(self._vault, place, file.fileno()), folder / FILES)
                row |= {"record": entry.number, "digest": place.digest, "at": entry.at, "seq": entry.seq}
                row |= {"file": place.file.name, "end": place.end}
            else:
                os.fsync(file.fileno())
                return
        if any(base.last > row["record"] for base in bases(self._vault, town, None, [])):
            self._restore(town)
        else:
            lag.faults.append(f"{town} waits for another whole copy: what comes next does not follow what is here")

    def _restore(self, town: str) -> None:
        made, folder = self._data / "restoring" / town, town_folder(self._data, town)
        shutil.rmtree(made, ignore_errors=True)
        found = restore_town(self._vault, town, made)
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
        sync_folder(folder.parent)
        row = {"record": found.record, "digest": found.digest, "at": found.at, "seq": found.seq}
        self._state["towns"][town] = row


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


@dataclass(frozen=True, slots=True)
class Takeover:
    """What came of it: until when the town is whole, which number the taking has (0: the archive was not there), and
    what is to be looked at."""

    until: str
    generation: int
    remarks: list[str]


def take_over(
    data: Path,
    vault: Vault | None,
    key_file: Path | None = None,
    mirror: Mirror | None = None,
    shared: Vault | None = None,
) -> Takeover:
    """Have the installation in a folder be the town from now on: a standby, or one that was restored.

    vault: the archive, None where it cannot be reached; then the former machine does not learn of it by itself. mirror:
    by which it was had from the former machine, which is told, if it can be reached; shared: the archive of that
    machine itself, where this one sees it, too. Raises SettingsError where the folder holds nothing yet.
    """
    state, until, made = read_json(data / STANDBY), "", None
    remarks: list[str] = []
    if state is not None:
        if vault is not None:
            standby = Standby(vault, data, key_file, mirror)
            made = _asked_for(standby, mirror, remarks) if mirror is not None else None
            remarks += [] if made is not None else standby.step().faults
            state = read_json(data / STANDBY)
        if not state["towns"]:
            raise SettingsError(f"{data} holds no town yet: {'; '.join(remarks) or 'nothing was followed'}")
        until = said(min(row["at"] for row in state["towns"].values()))
    elif not (data / "towns").is_dir():
        raise NotFound(f"{data} holds no town")
    if mirror is not None or (state is not None and "town" in state):
        generation = _seized(data, state["id"], made, shared)
    elif vault is not None:
        generation = int(seize(vault, data)["generation"])
    else:
        generation = 0
        (data / HELD).unlink(missing_ok=True)
        remarks.append("The archive is not there, so the former machine does not learn of this: see that it stays off")
    remarks += missing_keys(data)
    (data / STANDBY).unlink(missing_ok=True)
    shutil.rmtree(data / MIRROR, ignore_errors=True)
    sync_folder(data)
    return Takeover(until, generation, remarks)


def _asked_for(standby: Standby, mirror: Mirror, remarks: list[str]) -> dict[str, Any] | None:
    """Have the former machine give the town up, and take up what it wrote until then; what it says of it, None where it
    is not reached."""
    name = secrets.token_hex(8)
    try:
        made = mirror.give_up(name)
    except (MachinamiError, OSError) as error:
        told = error.detail if isinstance(error, MachinamiError) else str(error)
        remarks.append(f"The former machine does not learn of this ({told}): switch it off, or off the network")
        return None
    lag = standby.step()
    ends = time.monotonic() + _REST
    while (lag.changes or lag.faults) and time.monotonic() < ends:
        time.sleep(_PAUSE)
        lag = standby.step()
    remarks += lag.faults
    if lag.changes:
        remarks.append(f"{lag.changes} changes of the former machine did not come in time")
    with suppress(MachinamiError, OSError):  # it stops by itself, too
        mirror.stop_there(name)
    return made


def _seized(data: Path, archive: str, made: dict[str, Any] | None, shared: Vault | None) -> int:
    """Note that this machine is the town, as the former one noted already, or as its archive says from now on."""
    if made is None and shared is not None and shared.identity == archive:
        return int(seize(shared, data)["generation"])
    if made is None or not made["generation"]:
        (data / HELD).unlink(missing_ok=True)
        return 0
    write_json(data / HELD, {**made, "archive": archive})
    return int(made["generation"])


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
