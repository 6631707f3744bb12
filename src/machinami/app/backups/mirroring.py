"""How does a second machine have the archive of a town at hand, of which it knows no more than the town's address?

It asks the town every second what there is, and takes what it has not: records from where its own end, and of a whole
copy the pieces that it lacks, a few at a time, so that what was broken off goes on where it was. What it takes lies in
a folder that is an archive, too, with as much of it as a second machine needs.
"""

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from machinami.apis.standby.port import FILE, Follower
from machinami.apis.standby.routes import LOOK, PART, TAKEOVER
from machinami.app.backups.holding import TakenOver
from machinami.app.backups.journal import folder_of, places
from machinami.app.backups.taking import base_name, base_numbers, bases_folder, until_path, write_light
from machinami.app.backups.vault import DESCRIPTION, PIECES, Damaged, Vault, open_vault
from machinami.app.durable import destroy, sync_folder, write_whole
from machinami.app.visiting import Pass, connected, exchange, refused
from machinami.foundation.errors import InputError, MachinamiError, SettingsError, StoreUnavailable
from machinami.model.town_name import check_town_name

_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=5, sock_read=25)
_SLICE = 2.0  # seconds for pieces of a whole copy, before records are looked at again
_AT_ONCE = 4
_BUSY, _PAUSE = 30, 1.0


@dataclass(frozen=True, slots=True)
class Town:
    """The running town that is followed. key: shown where the town has people; plain: whether it may cross a network
    in the clear, as the settings of this machine say."""

    url: str
    key: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    plain: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What is shown. Raises SettingsError where others could read the key."""
        if self.plain and self.key is not None:
            return {"Authorization": f"Bearer {self.key}"}
        return Pass(self.key, self.ca_file).fields(self.url)


class Mirror:
    """What a second machine has of the archive of a running town.

    ahead: by how many seconds the clock there is before the one here; coming: how many pieces of a whole copy are here,
    of how many, None where none is on its way; version: which release runs there.
    """

    def __init__(self, town: Town, folder: Path, key_file: Path | None, version: str) -> None:
        self.town = town
        self.folder = folder
        self.ahead = 0.0
        self.coming: tuple[int, int] | None = None
        self.version = version
        self.there = ""
        self._key_file = key_file
        self._headers = town.headers
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._session: aiohttp.ClientSession | None = None
        self._seen: dict[str, list[int]] = {}
        self._ends: dict[Path, tuple[int, str]] = {}  # where the last whole record ends that was looked at
        self._vault: Vault | None = None

    @property
    def has_archive(self) -> bool:
        """Whether something was taken before."""
        return (self.folder / DESCRIPTION).exists()

    @property
    def fault(self) -> str:
        """What keeps this machine from taking over well, though it follows."""
        if self.there and self.there != self.version:
            return f"{self.town.url} runs machinami {self.there}, this machine has {self.version}: install the same one"
        return ""

    def vault(self) -> Vault:
        """What is here, opened. Raises SettingsError."""
        if self._vault is None:
            self._vault = open_vault(self.folder, self._key_file)
            self._vault.fetch = self._fetch
        return self._vault

    def _fetch(self, name: str) -> None:
        """Take a piece that a record names: a file of a service. Where it is not to be had, who reads it misses it."""
        with suppress(MachinamiError, FileNotFoundError):
            self._runner.run(self._take_piece(self.vault(), name))

    def pull(self, seconds: float, changes: int) -> None:
        """Take what is new; a whole copy bit by bit. seconds, changes: what this machine is behind, which the town
        shows. Raises StoreUnavailable where the town is away, InputError where it refuses, SettingsError."""
        self._runner.run(
            self._pull(Follower(socket.gethostname()[:60] or "standby", "", seconds, changes, self.version))
        )

    def give_up(self, holder: str) -> dict[str, Any]:
        """Have the town write no more, and say who it is from now on. Raises as `pull`, and TakenOver where another
        machine asked first: it is the town."""
        try:
            told = self._runner.run(self._post(TAKEOVER, {"holder": holder}))
        except StoreUnavailable:  # the line may have been cut in between: once more, by the same name
            told = self._runner.run(self._post(TAKEOVER, {"holder": holder}))
        if not isinstance(told, dict) or not told.keys() >= {"holder", "at", "generation"}:
            raise self._unlike()
        if told["holder"] != holder:
            raise TakenOver(
                f"Another machine took over from {self.town.url} at {told['at']}, so this one is not needed, and stays "
                "as it is. To have it be the town all the same: switch that machine off, and take over again"
            )
        return told

    def stop_there(self, holder: str) -> None:
        """Say that everything is here, so that the town there stops at once."""
        self._runner.run(self._post(TAKEOVER, {"holder": holder, "done": True}))

    def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            self._session = None
            self._runner.run(self._stack.aclose())
        self._runner.close()

    # what is asked

    async def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            shown = Pass(self.town.key, self.town.ca_file)
            self._session = await self._stack.enter_async_context(connected(shown, _TIMEOUT))
        return self._session

    async def _post(self, path: str, document: Mapping[str, Any]) -> Any:
        url = self.town.url + path
        status, body = await exchange(await self._open(), "POST", url, document, self._headers)
        if status == 404:
            raise InputError(f"{url} is not there: is this the address of a town, with a release that can be followed?")
        if status == 403:
            raise InputError(f"{url} answered 403: {body.get('detail') if isinstance(body, dict) else 'nothing more'}")
        if status != 200:
            raise refused(url, status, body, Pass(self.town.key))
        return body

    def _unlike(self) -> StoreUnavailable:
        return StoreUnavailable(f"{self.town.url} answers, but not as a town does: is something else in between?")

    async def _part(self, name: str, start: int = 0) -> bytes:
        """Bytes of a file from a place on. Raises FileNotFoundError where it is gone there."""
        if not FILE.fullmatch(name):
            raise StoreUnavailable(f"{self.town.url} names a file that belongs into no archive: {name[:100]!r}")
        session, url = await self._open(), f"{self.town.url}{PART}?name={quote(name)}&from={start}"
        try:
            for _ in range(_BUSY):
                async with session.get(url, headers=self._headers, allow_redirects=False) as answer:
                    content = await answer.read()
                if answer.status not in (429, 503):
                    break
                await asyncio.sleep(_PAUSE)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise StoreUnavailable(f"{self.town.url} cannot be reached: {type(error).__name__}") from error
        if answer.status == 404:
            raise FileNotFoundError(name)
        if answer.status != 200:
            raise refused(url, answer.status, None, Pass(self.town.key))
        return content

    async def _whole(self, name: str) -> bytes:
        found = b""
        while part := await self._part(name, len(found)):
            found += part
        return found

    # what is taken

    async def _pull(self, follower: Follower) -> None:
        before = time.time()
        told = asdict(follower)
        del told["key"]
        found = await self._post(LOOK, told)
        if not isinstance(found, dict) or not found.keys() >= {"now", "version", "archive", "documents", "towns"}:
            raise self._unlike()
        self.ahead, self.there = found["now"] - (before + time.time()) / 2, found["version"]
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._demand_same(found["archive"])
            await self._take_documents(found["documents"])
            vault, self.coming = self.vault(), None
            for town, row in found["towns"].items():
                check_town_name(town)
                await self._take_records(vault, town, row)
            until = time.monotonic() + _SLICE
            for town, row in found["towns"].items():
                if row["base"]:
                    await self._take_base(vault, town, row["base"], until)
        except FileNotFoundError as error:  # let go there meanwhile: the next look tells what there is instead
            raise StoreUnavailable(f"{error} was let go meanwhile") from error
        if self.coming is None:
            _tidy(vault, found["towns"])

    def _demand_same(self, identity: str) -> None:
        if self.has_archive and self.vault().identity != identity:
            raise SettingsError(f"{self.folder.parent} follows another archive than that of {self.town.url}")

    async def _take_documents(self, there: Mapping[str, list[int]]) -> None:
        for name in sorted(there, key=lambda one: one == "keys/index"):  # which tells of all others
            if self._seen.get(name) != there[name] or not (self.folder / name).exists():
                content = await self._whole(name)
                write_whole(self.folder / name, content, secret=name.startswith("keys/"))
                self._seen[name] = there[name]
        for one in (self.folder / "keys").glob("*"):
            if f"keys/{one.name}" not in there:
                destroy(one)  # what was destroyed there is destroyed here

    async def _take_records(self, vault: Vault, town: str, row: Mapping[str, Any]) -> None:
        folder = folder_of(vault, town)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, size in sorted(row["journal"].items()):
            path = folder / name
            if not path.exists() or path.stat().st_size != size:
                await self._take_journal(path, f"towns/{town}/journal/{name}", size)
        if row["until"] is not None:
            write_light(until_path(vault, town), row["until"])

    async def _take_journal(self, path: Path, inner: str, size: int) -> None:
        """Take what was added to a file with records, after the last whole one that is here and there; anew where that
        is another one there, as a town that was killed while it wrote begins such a file again."""
        here, digest = self._ends.pop(path, (0, "")) if path.exists() else (0, "")
        for place in places(path, here) if path.exists() else ():
            here, digest = place.end, place.digest
        known = bytes.fromhex(digest)
        part = await self._part(inner, here - len(known))
        if not part.startswith(known):
            here, part = 0, await self._part(inner)
        elif known:
            self._ends[path] = here, digest
            part = part[len(known) :]
        with path.open("r+b" if path.exists() else "wb") as file:
            file.truncate(here)
            file.seek(here)
            while part:
                file.write(part)
                here += len(part)
                part = await self._part(inner, here) if here < size else b""
            file.flush()
            os.fsync(file.fileno())

    async def _take_base(self, vault: Vault, town: str, number: int, until: float) -> None:
        name = base_name(town, number)
        if number in base_numbers(vault, town):
            return
        kept = await self._whole(name)
        base = orjson.loads(vault.unpack(kept, name, name))
        wanted = list(dict.fromkeys(_pieces_of(base)))
        missing = [one for one in wanted if not vault.has_piece(one)]
        while missing and time.monotonic() < until:
            some, missing = missing[:_AT_ONCE], missing[_AT_ONCE:]
            await asyncio.gather(*(self._take_piece(vault, one) for one in some))
        if missing:
            done, of = self.coming or (0, 0)
            self.coming = done + len(wanted) - len(missing), of + len(wanted)
            return
        bases_folder(vault, town).mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(vault.folder / name, kept)

    async def _take_piece(self, vault: Vault, name: str) -> None:
        inner = f"{PIECES}/{name[:2]}/{name}"
        content = await self._whole(inner)
        whole, digest = content[:-32], content[-32:]
        if sha256(whole).digest() != digest:
            raise Damaged(f"{inner} is damaged in the archive of {self.town.url}", path=inner)
        write_whole(vault.folder / inner, content)


def _pieces_of(base: Mapping[str, Any]) -> list[str]:
    files = [name for _, _, names in base["files"].values() for name in names]
    house = [name for _, names in base["house"].get("files", {}).values() for name in names]
    return [*base["pieces"], *files, *house]


def _tidy(vault: Vault, towns: Mapping[str, Any]) -> None:
    """Let go of what leads to nothing that is needed, as the town there would not give it any more."""
    gone: list[Path] = []
    needed: set[str] = set()
    for town in vault.towns():
        row = towns.get(town, {"base": 0, "journal": {}})
        bases = base_numbers(vault, town)
        gone += [vault.folder / base_name(town, one) for one in bases if one != row["base"]]
        gone += [one for one in folder_of(vault, town).glob("*.log") if one.name not in row["journal"]]
    if not gone:
        return
    for one in gone:
        one.unlink()
    for town in vault.towns():
        for number in base_numbers(vault, town):
            needed |= set(_pieces_of(vault.read(base_name(town, number))))
    for one in vault.pieces():
        if one.name not in needed:
            one.unlink()
    sync_folder(vault.folder)


def shown_progress(coming: tuple[int, int]) -> str:
    """How much of a whole copy is here, in words."""
    return f"The whole copy is coming: {coming[0] * 100 // max(coming[1], 1)} %"
