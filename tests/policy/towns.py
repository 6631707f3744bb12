"""A protected town as tests see it: everybody asks over HTTP with a header that says who they are."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from tests.running import Running, running

from machinami.kit.http import Request
from machinami.model.policy import Row
from machinami.model.policy_document import read_row
from machinami.model.principal import ANONYMOUS, Principal, Role
from machinami.wire.exchange import Caller

ROOT = "/ngsi-ld/v1"
DEFAULT = "https://uri.etsi.org/ngsi-ld/default-context/"
PEOPLE: Mapping[str, Principal] = {
    "nobody": ANONYMOUS,
    **{
        role.value: Principal(f"urn:person:{role}", frozenset({role}), None, None, 2, 2)
        for role in Role
    },
    "weak officer": Principal("urn:person:weak", frozenset({Role.OFFICER})),
    "gauge": Principal("urn:program:gauge", identity_assurance=1, authentication_assurance=1),
    "reader": Principal("urn:program:reader", frozenset({Role.OFFICER}), None, None, 2, 2, frozenset({"read"})),
}  # fmt: skip


def identify(request: Request) -> Principal:
    """Who the header says."""
    return PEOPLE[request.header(b"x-who") or "nobody"]


def row(row_id: str, who: str, deeds: list[str], **more: Any) -> Row:
    """A row of the policy, with short names of the default context."""
    document = {"id": row_id, "who": who, "deeds": deeds, **more}
    return read_row(document, lambda name: name if ":" in name else DEFAULT + name)


@dataclass(frozen=True, slots=True)
class Told:
    """One answer."""

    status: int
    body: Any
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Protected:
    """A protected town, and how anybody asks it."""

    town: Running
    session: aiohttp.ClientSession

    async def ask(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Told:
        """What somebody is answered."""
        data = None if body is None else orjson.dumps(body)
        fields = {"x-who": who, **({"Content-Type": "application/json"} if data else {}), **headers}
        async with self.session.request(method, ROOT + path, data=data, headers=fields) as answer:
            text = (await answer.read()).decode()
            return Told(answer.status, orjson.loads(text) if text else None, dict(answer.headers), text)


@contextlib.asynccontextmanager
async def protected(
    folder: Path, *rows: Row, lane: bool = True, caller: Caller | None = None
) -> AsyncIterator[Protected]:
    """A protected town with these rows besides those of a new town."""
    async with running(folder, lane, caller=caller, identify=identify) as town:
        await town.broker.protect()
        house = await town.broker.town(None)
        house.policy.set_rows((*(house.policy.kept or ()), *rows))
        url = f"http://127.0.0.1:{town.serving.port}"
        async with aiohttp.ClientSession(url, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Protected(town, session)
