"""How is a town governed from its folder? The same requests, whether it runs (by its console) or not (within)."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from machinami.apis.governance.office import Office
from machinami.apis.releases.office import Press
from machinami.app.clock import utc_now
from machinami.app.configuration import read
from machinami.app.console import CONSOLE, console_routes
from machinami.app.identifying import make_identity
from machinami.app.keys import backend_of, ring_of
from machinami.app.knocking import TENANT, beside, documents
from machinami.app.person_keys import PersonKeyRing
from machinami.app.pressing import work_of
from machinami.app.running import fresh_id
from machinami.broker.audit import Audit
from machinami.broker.identity.identity import Event, Identity
from machinami.broker.law import Law
from machinami.broker.legal_records import load_law
from machinami.broker.policy import Policy
from machinami.broker.policy_rows import load, protect
from machinami.broker.shroud.shrouded import shrouded
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import InUse, SettingsError, TenantNotFound
from machinami.foundation.settings import Settings
from machinami.kit.compute import Compute
from machinami.kit.frame import Frame
from machinami.kit.http import Request, Response
from machinami.kit.routing import Router
from machinami.store.protocol import Backend
from machinami.store.settings import StoreSettings


class Governed(Protocol):
    """A town that is asked on behalf of who has its folder."""

    async def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> list[Any]:
        """The documents of the answer, one for each line. Raises MachinamiError where the town refuses."""
        ...


@asynccontextmanager
async def governed(folder: Path, name: str | None) -> AsyncIterator[Governed]:
    """The town in a folder, to be governed as long as the block lasts.

    Raises SettingsError where there is no such folder, TenantNotFound for a town that is not there, InUse where
    something else than a running town holds the folder.
    """
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}; make one with: machinami init {folder}")
    settings = read(folder)
    backend = backend_of(settings, ring_of(settings), StoreSettings(durability="full"))
    towns, compute = Stopped(backend, PersonKeyRing(settings)), Compute()
    try:
        try:
            await towns.open(settings)
        except InUse as held:
            async with beside(folder, held, name) as running:
                yield running
        else:
            office = Office(towns, towns.identity, lambda _: CONSOLE, Frame({}, utc_now))
            press = Press(towns, office.identify, office.frame, work_of(compute, settings.time_zone))
            yield _Within(Router(console_routes(office, press)), name)
    finally:
        compute.close()
        await towns.close()


class Stopped:
    """The towns of a folder that does not run, as far as they are governed."""

    identity: Identity

    def __init__(self, backend: Backend, persons: PersonKeyRing) -> None:
        self._backend = backend
        self._persons = persons
        self._towns: dict[str, Town] = {}
        self._audits: dict[str, Audit] = {}

    async def open(self, settings: Settings) -> None:
        """Open every town with its people. Raises InUse."""
        names = [DEFAULT_TOWN, *(found for found in await self._backend.towns() if found != DEFAULT_TOWN)]
        for name in names:
            policy = Policy()
            policy.law = Law(utc_now)
            at_rest = await self._backend.open(name, name == DEFAULT_TOWN)
            store = await shrouded(at_rest, policy.law, self._persons.of(name))
            await load_law(policy.law, store)
            await load(policy, store)
            policy.witness = self._audits[name] = Audit(store, policy, utc_now)
            self._towns[name] = Town(name, store, policy, utc_now, fresh_id, shroud=store)
            await self._audits[name].start()
        self.identity = make_identity(settings, self._protect, lambda: "")
        self.identity.listeners.append(self._note)
        await self.identity.open(list(self._towns.values()))

    async def _protect(self) -> None:
        for town in self._towns.values():
            await protect(town)
            await self._audits[town.name].start()

    def _note(self, event: Event) -> None:
        if not self._towns[event.town].policy.is_open:
            self._audits[event.town].happened(event.by, event.what, event.about, event.address)

    async def town(self, name: str | None) -> Town:
        """The town of this name. Raises TenantNotFound."""
        found = self._towns.get(name or DEFAULT_TOWN)
        if found is None:
            raise TenantNotFound(f"There is no town {name!r} here; there are: {', '.join(self._towns)}")
        return found

    def audit(self, town: Town) -> Audit:
        """The record of a town."""
        return self._audits[town.name]

    async def close(self) -> None:
        """Keep what waits, and let go of the folder."""
        for audit in self._audits.values():
            await audit.close()
        await self._backend.close()
        self._persons.close()


class _Within:
    """A town that does not run: asked in this process."""

    def __init__(self, router: Router, name: str | None) -> None:
        self._router = router
        self._headers = [(b"content-type", b"application/json")]
        self._headers += [(TENANT.encode(), name.encode())] if name else []

    async def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> list[Any]:
        """The documents of the answer."""
        match = self._router.match(method, quote(path, safe="/%"))
        said = b"" if body is None else json.dumps(body).encode()
        request = Request(method, path, urlencode(query or {}), self._headers, said, match.params)
        answer = match.route.handler(request)
        return documents((answer if isinstance(answer, Response) else await answer).body)
