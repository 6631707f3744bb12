"""How does a town come to know its neighbours? Introduces other brokers to a running town, and says which it knows."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from machinami.app.visiting import NOBODY, Pass, connected, exchange, refused
from machinami.foundation.errors import InputError
from machinami.model.registration_reading import TYPE

_ROOT = "/ngsi-ld/v1"
_TIMEOUT = aiohttp.ClientTimeout(total=20)
_START = "urn:ngsi-ld:ContextSourceRegistration:neighbour:"
# A neighbour that is slow or away shall cost an answer little: it is given this long, and after a failure this rest.
_MANAGEMENT = {"timeout": 2_000, "cooldown": 10_000}
_SUBSCRIBING = [f"{verb}Subscription" for verb in ("create", "update", "retrieve", "delete")]
_OPERATIONS = ["retrieveOps", "queryBatch", "retrieveTemporal", "queryTemporal", *_SUBSCRIBING]
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another broker that a town knows: its registration's id, its name, where it is, its types, and how it fares."""

    id: str
    name: str
    url: str
    types: tuple[str, ...]
    status: str


class Place:
    """A broker, as one who introduces sees it. tenant: the town of it that is meant; shown: who asks there."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, tenant: str | None = None, shown: Pass = NOBODY
    ) -> None:
        if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
            raise InputError(f"{url!r} is no address; write it as http://127.0.0.1:1026")
        self.url = url.rstrip("/").removesuffix(_ROOT)
        self._session = session
        self.shown = shown
        self._headers = {**({"NGSILD-Tenant": tenant} if tenant else {}), **shown.fields(url)}

    async def ask(self, method: str, path: str, document: object = None) -> tuple[int, Any]:
        """Status and JSON of an answer. Raises StoreUnavailable where there is none."""
        return await exchange(self._session, method, f"{self.url}{_ROOT}{path}", document, self._headers)

    async def types(self) -> list[str]:
        """The types of what it holds itself."""
        status, body = await self.ask("GET", "/types?local=true")
        names = body.get("typeList") if isinstance(body, dict) else None
        if status != 200 or not isinstance(names, list):
            raise refused(f"{self.url}{_ROOT}/types", status, body, self.shown)
        return [name for name in names if isinstance(name, str)]

    async def alias(self) -> str | None:
        """What it calls itself among brokers; None if it does not say so."""
        status, body = await self.ask("GET", "/info/sourceIdentity")
        name = body.get("contextSourceAlias") if status == 200 and isinstance(body, dict) else None
        return name if isinstance(name, str) and name else None


@asynccontextmanager
async def introducing(shown: Pass = NOBODY) -> AsyncIterator[aiohttp.ClientSession]:
    """The connections that an introduction needs."""
    async with connected(shown, _TIMEOUT) as session:
        yield session


async def introduce(
    town: Place, other: Place, name: str | None, types: Sequence[str], tenant: str | None, onward: bool
) -> Neighbour:
    """Have the town ask the other for these types (none: all that it has now). Doing it again brings the types up to
    date. onward: also for what the other knows from its own neighbours. Raises InputError."""
    alias = await other.alias()
    if alias is not None and alias == await town.alias():
        raise InputError(f"{other.url} is this very town; introduce another one")
    wanted = list(types) or await other.types()
    if not wanted:
        raise InputError(f"{other.url} holds nothing yet; name the types that it will have with --type")
    document = _registration(other, alias, name, wanted, tenant, onward)
    status, body = await town.ask("POST", "/csourceRegistrations", document)
    if status == 409:
        status, body = await town.ask("PATCH", f"/csourceRegistrations/{quote(document['id'], safe=':')}", document)
    if status not in (201, 204):
        raise refused(town.url, status, body, town.shown)
    return _neighbour(document)


async def known(town: Place) -> list[Neighbour]:
    """The other brokers that the town knows, however they came to be known."""
    found: list[Neighbour] = []
    while True:
        path = f"/csourceRegistrations?local=true&limit={_PAGE}&offset={len(found)}"
        status, body = await town.ask("GET", path)
        if status != 200 or not isinstance(body, list):
            raise refused(town.url, status, body, town.shown)
        found += [_neighbour(row) for row in body if isinstance(row, dict)]
        if len(body) < _PAGE:
            return found


async def forget(town: Place, which: str) -> Neighbour:
    """Have the town forget a neighbour, named by its name, address or id. Raises InputError."""
    wanted = which.rstrip("/").removesuffix(_ROOT)
    every = await known(town)
    matching = [one for one in every if wanted in (one.id, one.name, one.url)]
    if len(matching) != 1:
        names = ", ".join(one.name for one in every) or "nobody"
        raise InputError(f"{which!r} names {len(matching)} neighbours; this town knows {names}")
    status, body = await town.ask("DELETE", f"/csourceRegistrations/{quote(matching[0].id, safe=':')}")
    if status != 204:
        raise refused(town.url, status, body, town.shown)
    return matching[0]


def _registration(
    other: Place, alias: str | None, name: str | None, types: Sequence[str], tenant: str | None, onward: bool
) -> dict[str, Any]:
    which = hashlib.sha256(f"{other.url} {tenant or ''}".encode()).hexdigest()[:16]
    document: dict[str, Any] = {
        "id": _START + which,
        "type": TYPE,
        "registrationName": name or urlsplit(other.url).netloc.rpartition("@")[2],
        "endpoint": other.url,
        "information": [{"entities": [{"type": one} for one in types]}],
        "mode": "inclusive",
        "operations": _OPERATIONS,
        "management": {**_MANAGEMENT, "localOnly": not onward},
    }
    if alias is not None:
        document["contextSourceAlias"] = alias
    if tenant is not None:
        document["tenant"] = tenant
    credential = other.shown.fields(other.url)
    if credential:
        document["contextSourceInfo"] = [{"key": name, "value": value} for name, value in credential.items()]
    return document


def _neighbour(row: Mapping[str, Any]) -> Neighbour:
    types: dict[str, None] = {}
    for info in row.get("information", ()):
        for entity in info.get("entities", ()):
            listed = entity.get("type", [])
            types.update(dict.fromkeys(listed if isinstance(listed, list) else [listed]))
    name = row.get("registrationName") or row["id"]
    return Neighbour(row["id"], name, row["endpoint"].rstrip("/"), tuple(types), row.get("status", ""))
