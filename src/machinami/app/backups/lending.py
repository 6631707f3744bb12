"""What does a running town give a second machine that follows it over the network? Its archive, as far as it is needed.

What is given is the newest whole copy of each town and the records from there on, as they lie in the archive: who reads
it needs the key of the archive as anybody does who has its folder.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from machinami.apis.standby.port import FILE, Follower
from machinami.apis.status.shapes import Metric, Part
from machinami.app.backups.house import FOLLOWERS
from machinami.app.backups.journal import files_of
from machinami.app.backups.scheduling import Backups
from machinami.app.backups.taking import base_name, base_numbers, until_path
from machinami.app.backups.vault import Vault
from machinami.app.durable import read_json, write_json
from machinami.foundation.errors import Conflict, NotFound, StoreUnavailable
from machinami.foundation.settings import Settings
from machinami.kit.desk import Concern
from machinami.model.checkup.facts import StandbyFact

MOST = 4 << 20  # bytes of one answer
SILENT = 60.0  # seconds after which a second machine that does not ask fares ill
_SOON = 600.0  # seconds after which somebody must know
_FOLLOWERS, _PATIENCE = 16, 20.0
_NOTHING = (
    "This town is copied nowhere, and a second machine follows its copy. Write into machinami.toml, and start again: "
    '[backup] to = "archive" (a folder; one on another disk is better) and key_file = "/path/backup.key" (with a key, '
    "the keys of the town are copied, too)"
)
T = TypeVar("T")


@dataclass(slots=True)
class Known:
    """A second machine that asked. at: when it did last, in seconds since 1970."""

    follower: Follower
    at: float


class Lending:
    """The archive of an installation, for second machines. is_key: whether a key still opens the town."""

    def __init__(
        self,
        settings: Settings,
        backups: Backups | None,
        version: str,
        is_key: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._backups = backups
        self._version = version
        self._is_key = is_key
        self._clock = clock
        self._thread = ThreadPoolExecutor(2, "standby")  # an archive that hangs holds up nothing else
        self._firsts: dict[str, tuple[int, int]] = {}
        self._followers: dict[tuple[str, str], Known] | None = None

    # what is asked

    async def look(self, follower: Follower) -> Mapping[str, Any]:
        """What the archive holds that a second machine needs."""
        backups = self._copied()
        backups.note_asked()
        try:
            found = await self._beside(lambda: self._index(backups.vault()))
        except FileNotFoundError as error:
            raise StoreUnavailable("Something of the archive was let go meanwhile; ask again") from error
        known, who = self._known(), (follower.name, follower.key)  # machines may be called the same
        is_new = who not in known
        if is_new and len(known) >= _FOLLOWERS:
            raise Conflict(f"{_FOLLOWERS} machines follow this town already")
        known[who] = Known(follower, self._clock())
        if is_new:
            await self._beside(self._note)
        return {"version": self._version, "now": self._clock(), **found}

    async def part(self, name: str, start: int) -> bytes:
        """What a file of the archive holds from a byte on, at most `MOST`."""
        backups = self._copied()
        backups.note_asked()
        if not FILE.fullmatch(name):
            raise NotFound(f"The archive gives no {name[:100]!r}")
        try:
            return await self._beside(lambda: _read(backups.vault().folder / name, start))
        except FileNotFoundError:
            raise NotFound(f"The archive has no {name} any more") from None

    async def give_up(self, holder: str, done: bool) -> Mapping[str, Any]:
        """Have another machine be the town."""
        backups = self._copied()
        if done:
            backups.stop_for(holder)
            return {}
        return await backups.give_up(holder)

    def _copied(self) -> Backups:
        if self._backups is None:
            raise Conflict(_NOTHING)
        return self._backups

    async def _beside(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(loop.run_in_executor(self._thread, work), _PATIENCE)
        except TimeoutError:
            raise StoreUnavailable("The archive does not answer") from None
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreUnavailable(f"The archive cannot be read: {error.strerror}") from error

    def _index(self, vault: Vault) -> dict[str, Any]:
        documents = [vault.folder / name for name in ("archive.json", "archive-again.json")]
        documents += [one for one in sorted((vault.folder / "keys").glob("*")) if one.suffix != ".new"]
        towns = {}
        for town in vault.towns():
            until = read_json(until_path(vault, town))  # before the journal is looked at, which then holds as much
            bases = base_numbers(vault, town)
            journal = self._needed(vault, town, bases[-1]) if bases else []
            towns[town] = {
                "until": until,
                "base": bases[-1] if bases else 0,
                "journal": {one.name: one.stat().st_size for one in journal},
            }
            documents += [one for one in (vault.folder / "towns" / town / "erasures",) if one.exists()]
        told = {}
        for one in documents:
            facts = one.stat()
            told[one.relative_to(vault.folder).as_posix()] = [facts.st_size, facts.st_mtime_ns]
        return {"archive": vault.identity, "documents": told, "towns": towns}

    def _needed(self, vault: Vault, town: str, number: int) -> list[Path]:
        """The files with the records that the newest whole copy needs, and those after it."""
        known = self._firsts.get(town)
        if known is None or known[0] != number:
            known = self._firsts[town] = number, int(vault.read(base_name(town, number))["first"])
        files = files_of(vault, town)
        over = {file for file, following in pairwise(files) if int(following.stem) <= known[1]}
        return [file for file in files if file not in over]

    # who follows

    def _known(self) -> dict[tuple[str, str], Known]:
        if self._followers is None:
            kept = read_json(self._settings.data / FOLLOWERS) or []
            found = [Known(Follower(**one["follower"]), one["at"]) for one in kept]
            self._followers = {(one.follower.name, one.follower.key): one for one in found}
        for who in [who for who in self._followers if not self._is_key(who[1])]:
            del self._followers[who]
        return self._followers

    def _note(self) -> None:
        kept = list((self._followers or {}).values())
        write_json(self._settings.data / FOLLOWERS, [asdict(one) for one in kept])

    def facts(self) -> tuple[StandbyFact, ...]:
        """The second machines as the checkup sees them."""
        now = self._clock()
        return tuple(
            StandbyFact(
                name,
                one.follower.seconds + now - one.at,
                one.follower.changes,
                datetime.fromtimestamp(one.at, UTC),
                "" if one.follower.version == self._version else one.follower.version,
            )
            for (name, _), one in sorted(self._known().items())
        )

    def parts(self) -> list[Part]:
        """How far each second machine is behind."""
        return [
            Part(f"standby {one.name}", one.seconds < SILENT, f"{one.seconds:.1f} s and {one.changes} changes behind")
            for one in self.facts()
        ]

    def metrics(self) -> list[Metric]:
        """The same in figures."""
        found = []
        for one in self.facts():
            labels = {"standby": one.name}
            found.append(Metric("standby_lag_seconds", "What a second machine is behind", one.seconds, labels=labels))
            changes = "Changes that a second machine had not yet when it asked last"
            found.append(Metric("standby_lag_changes", changes, one.changes, labels=labels))
        return found

    def concerns(self) -> list[Concern]:
        """The second machines that are too far behind to take over."""
        return [Concern("standby", one.asked, one.name) for one in self.facts() if one.seconds > _SOON]

    def close(self) -> None:
        """Ask the archive nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _read(path: Path, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(MOST)
