"""How is the archive of a running installation kept up to date? Every second what is committed, now and then a base."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from machinami.apis.status.shapes import Metric, Part
from machinami.app.backups import house
from machinami.app.backups.bringing import ERASURES
from machinami.app.backups.holding import HOLDER, TakenOver, claim, holder, note_given_up, now_said, pass_to, said_to
from machinami.app.backups.house import KeyCopy
from machinami.app.backups.pruning import prune
from machinami.app.backups.rehearsing import last_rehearsal
from machinami.app.backups.restoring import said
from machinami.app.backups.taking import Base, State, TownCopy
from machinami.app.backups.vault import Vault, open_vault
from machinami.app.clock import utc_now
from machinami.app.durable import write_json
from machinami.broker.erasure import ERASURE
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import Conflict, InputError, MachinamiError, StoreUnavailable
from machinami.foundation.settings import Settings
from machinami.kit.desk import Concern
from machinami.kit.schedule import Job
from machinami.store.sqlite.backend import SqliteBackend
from machinami.store.sqlite.town import SqliteTown

SECONDS = 1.0
_LOOKED_AT = 300.0  # seconds between two looks at how the last rehearsal went, and after a base that failed
_GIVEN, _LONGEST = 20.0, 600.0  # seconds without a word of who takes over, and in all, after which the town stops
_SOON = 600.0  # seconds without a copy after which somebody must know
_ELSEWHERE = "Another machine is this town from now on; ask there"
_LOG = logging.getLogger("machinami.backup")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Where copies go, with which key, how often there is a base, and how long each moment is kept (seconds)."""

    folder: Path
    key_file: Path | None = None
    every: float = 86_400.0
    keep: float = 30 * 86_400.0


def target_of(settings: Settings) -> Target | None:
    """What the settings say of it; None where nothing is copied."""
    if settings.backup_to is None:
        return None
    return Target(settings.backup_to, settings.backup_key, settings.backup_every, settings.backup_days * 86_400.0)


class Backups:
    """The copies of the towns of one installation."""

    def __init__(self, settings: Settings, target: Target, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._target = target
        self._clock = clock
        self._vault: Vault | None = None
        self._keys = KeyCopy(settings)
        self._stores: dict[str, SqliteTown] = {}
        self._erasures: dict[str, int] = {}
        self._making: asyncio.Task[None] | None = None
        self._retried = self._looked = 0.0
        self._given_to = self._given_at = ""
        self._asked = self._stops = 0.0
        self._loose: set[asyncio.Future[None]] = set()
        self.copies: dict[str, TownCopy] = {}
        self.fault = ""
        self.rehearsed: dict[str, Any] | None = None
        self.taken_over = asyncio.Event()

    # the archive

    def vault(self) -> Vault:
        """The archive, which this installation writes to. Raises SettingsError, TakenOver, OSError."""
        if self._vault is None:
            vault = open_vault(self._target.folder, self._target.key_file, make=True)
            claim(vault, self._settings.data)
            self._vault = vault
        return self._vault

    def demand_hold(self) -> None:
        """Raise TakenOver where another machine is the town by now. An archive that is away stops nobody."""
        try:
            self.vault()
        except TakenOver:
            raise
        except (MachinamiError, OSError) as error:
            _LOG.error("there is no backup for now: %s", error)
            self.fault = str(error)

    def _may_write(self, vault: Vault) -> bool:
        return holder(vault) == claim(vault, self._settings.data)

    # the towns

    def attend(self, backend: SqliteBackend) -> None:
        """Copy every town that is opened from now on."""
        backend.opened.append(self.follow)

    def follow(self, name: str, store: SqliteTown) -> None:
        """Copy a town that is open."""
        path = self._settings.data / "towns" / name / "town.sqlite"
        copy = TownCopy(self.vault, name, path, self._clock, lambda: store.last_seq, self._may_write)
        self._stores[name], self.copies[name] = store, copy
        store.checkpointer.follower = copy
        if self._given_to:  # begun meanwhile: nobody there would know of it
            self._loose.add(asyncio.ensure_future(store.cease(_ELSEWHERE)))

    async def part(self, town: Town) -> None:
        """A town is let go; what was copied of it stays where it is."""
        self.copies.pop(town.name, None)
        self._stores.pop(town.name, None)

    # what is done again and again

    def jobs(self) -> list[Job]:
        """What keeps the archive up to date."""
        found = [Job("backup", self.look, utc_now, SECONDS)]
        if self._settings.backup_rehearse:
            found.append(Job("rehearsal of the backup", self.rehearse_in_time, utc_now, _LOOKED_AT))
        return found

    async def look(self) -> None:
        """Have the archive know what is committed; begin a base where one is due."""
        if self._given_to:
            return
        try:
            await asyncio.to_thread(self._look_at_keys)
            self.fault = ""
        except TakenOver as error:
            if not self._given_to:  # else it has to be given the rest first
                self.fault = error.detail
                self.taken_over.set()
            return
        except (MachinamiError, OSError) as error:
            self.fault = str(error)
            return
        for copy in list(self.copies.values()):
            await asyncio.to_thread(copy.ship)
        await self._note_erasures()
        now = self._clock()
        if self._making is None and now - self._retried > _LOOKED_AT and any(map(self._is_due, self.copies.values())):
            self._retried = now
            self._making = asyncio.create_task(self._make_due())
            self._making.add_done_callback(self._made)
        if now - self._looked > _LOOKED_AT:
            self._looked = now
            self.rehearsed = await asyncio.to_thread(last_rehearsal, self.vault())

    def _look_at_keys(self) -> None:
        vault = self.vault()
        if not self._may_write(vault):
            raise TakenOver()
        self._keys.look(vault)

    def _is_due(self, copy: TownCopy) -> bool:
        return copy.needs_base or self._clock() - copy.state.base_at >= self._target.every

    async def _make_due(self) -> None:
        for name in sorted(self.copies):
            if self._is_due(self.copies[name]):
                await self._make_base(name, lambda done, of: None)
        await self._prune()

    def _made(self, task: asyncio.Task[None]) -> None:
        self._making = None
        if not task.cancelled():
            error = task.exception()
            if error is None:
                self._retried = 0.0
            else:
                self.fault = str(error)
                _LOG.error("a base cannot be made: %s", error)

    async def _note_erasures(self) -> None:
        """Keep the accounts of erasures where a restore of an earlier moment finds them."""
        for name, store in list(self._stores.items()):
            accounts = await store.records(ERASURE)
            if self._erasures.get(name) != len(accounts):
                kept = [_account(one) for one in accounts.values()]
                await asyncio.to_thread(self.vault().write, f"towns/{name}/{ERASURES}", kept)
                self._erasures[name] = len(accounts)

    # another machine is the town

    async def give_up(self, name: str) -> dict[str, Any]:
        """Take no more writes, copy what there is, and note that a machine of this name is the town from now on; what
        the archive says of it then (generation 0: it is away), the last change of each town, so that who takes over
        knows what did not come, and whether it was noted here, too. Who asks first is the town; another one is told who
        that is. The town stops when that machine has everything (`stop_for`), or asks for nothing any more."""
        if self._given_to not in ("", name):
            return {"generation": 0, "holder": self._given_to, "at": self._given_at, "last": {}}
        self.note_asked()
        if not self._given_to:
            self._given_to, self._given_at = name, now_said()
            self.fault = said_to(self._given_at)
            self._stops = asyncio.get_running_loop().time() + _LONGEST
            self._stop_when_quiet()
        noted = await asyncio.to_thread(self._note_given_up)
        for store in list(self._stores.values()):
            await store.cease(_ELSEWHERE)
        last = {town: store.last_seq for town, store in self._stores.items()}
        for copy in list(self.copies.values()):
            await asyncio.to_thread(copy.ship)
        try:
            made = await asyncio.to_thread(self._pass_on, name)
        except (MachinamiError, OSError) as error:
            _LOG.error("the archive does not learn who has taken over: %s", error)
            made = {"generation": 0, "holder": name, "at": self._given_at}
        return {**made, "last": last, "noted": noted}

    def _note_given_up(self) -> bool:
        """Note it before anything else; whether that went well. A full disk is a reason to be given up, not to stay."""
        try:
            note_given_up(self._settings.data, self._given_at)
        except OSError as error:
            _LOG.error("that this machine was given up cannot be noted: %s", error)
            return False
        return True

    def _pass_on(self, name: str) -> dict[str, Any]:
        vault = self.vault()
        self._keys.look(vault)
        made = holder(vault)
        if made is None or made["holder"] != name:  # else it asks again, as the answer was lost
            made = pass_to(vault, name)
            write_json(vault.folder / HOLDER, made)
        return made

    def note_asked(self) -> None:
        """A second machine took something: it is given time for the rest."""
        self._asked = asyncio.get_running_loop().time()

    def _stop_when_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        left = min(self._asked + _GIVEN, self._stops) - loop.time()
        if left <= 0:
            self.taken_over.set()
        else:
            loop.call_later(left, self._stop_when_quiet)

    def stop_for(self, name: str) -> None:
        """Stop now: who took over has everything. Raises Conflict for anybody else."""
        if not self._given_to or name != self._given_to:
            raise Conflict("Nobody of this name has taken over")
        self.taken_over.set()

    # a base, and a rehearsal

    async def make(self, progress: Progress = lambda town, done, of: None) -> list[Base]:
        """A base of every town, now. Raises StoreUnavailable, SettingsError, TakenOver."""
        if self._making is not None:
            raise StoreUnavailable("A base is being made just now; it will be complete in a while")
        await asyncio.to_thread(self._look_at_keys)
        await self._note_erasures()
        found = [await self._make_base(name, partial(progress, name)) for name in sorted(self.copies)]
        await self._prune()
        return found

    async def _make_base(self, name: str, progress: Callable[[int, int], None]) -> Base:
        def gather(vault: Vault) -> dict[str, Any]:
            return house.gather(vault, self._settings, sorted(self.copies)) if name == DEFAULT_TOWN else {}

        return await asyncio.to_thread(self.copies[name].base, gather, progress)

    async def _prune(self) -> None:
        await asyncio.to_thread(prune, self.vault(), self._target.keep, self._clock(), sorted(self.copies))

    def left_out(self) -> list[Path]:
        """The keys that are not in the archive."""
        return house.left_out(self.vault(), self._settings)

    async def rehearse(self) -> None:
        """Rehearse in a process of its own, as it looks at everything. Raises InputError where it does not go well."""
        words = ["rehearse", str(self._target.folder), "--keys", str(self._settings.data)]
        if self._target.key_file is not None:
            words += ["--key-file", str(self._target.key_file)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "machinami", *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            raise
        self.rehearsed = await asyncio.to_thread(last_rehearsal, self.vault())
        if process.returncode:
            raise InputError(f"The rehearsal of the backup failed: {output.decode(errors='replace')[-2000:]}")

    async def rehearse_in_time(self) -> None:
        """Rehearse when there is something to, and the last rehearsal is as long ago as the settings say."""
        if self.fault or not self.copies or any(copy.needs_base for copy in self.copies.values()):
            return
        last = self.rehearsed or await asyncio.to_thread(last_rehearsal, self.vault())
        due = self._clock() - self._settings.backup_rehearse * 86_400.0
        if last is None or last["at"] <= said(due):
            await self.rehearse()

    async def close(self) -> None:
        """Break off a base that is being made."""
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)

    def states(self) -> Mapping[str, State]:
        """How the copies fare, by town."""
        return {name: copy.state for name, copy in sorted(self.copies.items())}

    def parts(self) -> list[Part]:
        """How it stands with each town's copy, and with the last rehearsal."""
        found = [Part("backup", not self.fault, self.fault)] if self.fault else []
        for name, state in self.states().items():
            when = f"until {said(state.until)}, last base {said(state.base_at)}" if state.base else "no base yet"
            found.append(Part(f"backup of {name}", not state.fault and bool(state.base), state.fault or when))
        if self.rehearsed is not None:
            well = not self.rehearsed["faults"]
            when = f"{self.rehearsed['at']}: {'; '.join(self.rehearsed['faults']) or 'restored and whole'}"
            found.append(Part("rehearsal of the backup", well, when))
        return found

    def concerns(self) -> list[Concern]:
        """What an administrator must see to: nothing is copied, or the last copy could not be restored."""
        found, now = [], self._clock()
        for name, state in self.states().items():
            if (state.until and (self.fault or state.fault) and now - state.until > _SOON) or (
                not state.until and self.fault
            ):
                found.append(Concern("backup", datetime.fromtimestamp(state.until or now, UTC), name))
        if self.rehearsed is not None and self.rehearsed["faults"]:
            found.append(Concern("rehearsal", datetime.fromisoformat(self.rehearsed["at"])))
        return found

    def metrics(self) -> list[Metric]:
        """The figures of each town's copy."""
        now, found = self._clock(), []
        for name, state in self.states().items():
            labels = {"town": name}
            if state.until:
                found.append(
                    Metric("backup_lag_seconds", "What the archive is behind", now - state.until, labels=labels)
                )
            if state.base:
                age = now - state.base_at
                found.append(Metric("backup_base_age_seconds", "Age of the last whole copy", age, labels=labels))
            found.append(Metric("backup_bytes_total", "Written to the archive", state.taken, "counter", labels))
        if self.rehearsed is not None:
            well = float(not self.rehearsed["faults"])
            found.append(Metric("backup_rehearsed_well", "Whether the last rehearsal went well", well))
        return found

    def told(self, bases: Sequence[Base]) -> dict[str, Any]:
        """What came of making bases, for who asked for it."""
        rows = [
            {**{name: value for name, value in asdict(one).items() if name in ("number", "seq", "size", "taken")},
             "town": town, "until": said(one.at)}
            for town, one in zip(sorted(self.copies), bases, strict=True)
        ]  # fmt: skip
        sealed = self.vault().is_sealed
        return {
            "archive": str(self._target.folder),
            "sealed": sealed,
            "towns": rows,
            "apart": [str(p) for p in self.left_out()],
        }


def _account(row: Mapping[str, Any]) -> dict[str, Any]:
    """Of an account of an erasure, what is needed to do it again."""
    scopes = sorted({part.get("attribute") or part["type"] for part in row["erased"]})
    return {"id": row["id"], "people": row["people"], "types": scopes}
