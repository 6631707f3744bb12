"""A protected town whose residents have data about themselves, as tests see it."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from tests.approving import approve
from tests.running import Running, running

from machinami.broker.broker import Broker
from machinami.broker.town import Town
from machinami.kit.http import Request
from machinami.kit.viewing import wanted_for
from machinami.model.policy_document import read_row
from machinami.model.principal import ANONYMOUS, Principal, Role
from machinami.wire.exchange import Caller

ROOT = "/ngsi-ld/v1"
DEFAULT = "https://uri.etsi.org/ngsi-ld/default-context/"
STEPS, WEIGHT, ABOUT, WALK, PERSON = (DEFAULT + name for name in ("steps", "weight", "walker", "Walk", "Resident"))
UNTIL = "2027-06-30T00:00:00Z"
TEXTS = {"ja": "歩いた数を見ます", "en": "We look at your steps", "easy": "あるいた かずを みます"}
RECIPIENTS = ("program:urn:program:walking", "role:officer", "person:urn:person:clerk")
KNOWN: Mapping[str, Principal] = {
    "nobody": ANONYMOUS,
    "anna": Principal("urn:person:anna", frozenset({Role.RESIDENT}), None, None, 2, 2),
    "ben": Principal("urn:person:ben", frozenset({Role.RESIDENT}), None, None, 2, 2),
    "walking": Principal("urn:program:walking", frozenset({Role.SERVICE}), None, None, 2, 2),
    "clerk": Principal("urn:person:clerk", frozenset({Role.OFFICER}), None, None, 2, 2),
    "administrator": Principal("urn:person:administrator", frozenset({Role.ADMINISTRATOR}), None, None, 2, 2),
    "neighbour": Principal("urn:program:neighbour", frozenset({Role.NEIGHBOUR}), None, None, 2, 2),
}


def identify(request: Request) -> Principal:
    """Who the header says, with the purpose that they say."""
    return wanted_for(KNOWN[request.header(b"x-who") or "nobody"], request)


@dataclass(frozen=True, slots=True)
class Told:
    """One answer."""

    status: int
    body: Any
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Consenting:
    """The town, and how anybody asks it. purpose: for which they say that they want data; "": for none."""

    running: Running
    session: aiohttp.ClientSession

    @property
    def broker(self) -> Broker:
        """The door."""
        return self.running.broker

    async def house(self) -> Town:
        """The town as the broker has it."""
        return await self.broker.town(None)

    async def ask(
        self, who: str, method: str, path: str, body: Any = None, purpose: str = "walking", **more: str
    ) -> Told:
        """What somebody is answered."""
        fields = {"x-who": who, **({"Machinami-Purpose": purpose} if purpose else {}), **more}
        if body is not None:
            fields["Content-Type"] = "application/json"
        data = None if body is None else orjson.dumps(body)
        async with self.session.request(method, path, data=data, headers=fields) as answer:
            text = (await answer.read()).decode()
            return Told(answer.status, orjson.loads(text) if text else None, text, dict(answer.headers))

    async def done(self, who: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What somebody is answered who is not refused."""
        told = await self.ask(who, method, path, body, **more)
        assert told.status < 300, told
        return told.body

    async def consent(self, who: str = "anna", **more: Any) -> str:
        """A consent to steps being given to the walking service; its id."""
        return str((await self.done(who, "POST", "/consents", {**CONSENT, **more}))["id"])


CONSENT = {
    "recipients": ["program:urn:program:walking"],
    "purpose": "walking",
    "until": UNTIL,
    "types": [WALK],
    "attributes": [STEPS],
    "text": "1",
    "language": "ja",
}


def walk(number: int, walker: str, **attributes: Any) -> dict[str, Any]:
    """What somebody walked on a day."""
    document: dict[str, Any] = {
        "id": f"urn:x:walk:{number}",
        "type": "Walk",
        "walker": {"type": "Relationship", "object": KNOWN[walker].id},
    }
    for name, value in {"steps": 1000 + number, "weight": 60 + number, **attributes}.items():
        document[name] = {"type": "Property", "value": value, "observedAt": f"2026-06-{10 + number}T08:00:00Z"}
    return document


@contextlib.asynccontextmanager
async def consenting(folder: Path, lane: bool = True, caller: Caller | None = None) -> AsyncIterator[Consenting]:
    """A protected town in which walks and residents are personal, and a program may read all that the law lets it."""
    async with running(folder, lane, caller=caller, identify=identify) as found:
        await found.broker.protect()
        house = await found.broker.town(None)
        everything = ["read", "subscribe"]
        rows = [
            {"id": "walking", "who": "program:urn:program:walking", "deeds": everything},
            {"id": "neighbours", "who": "role:neighbour", "deeds": everything},
        ]
        house.policy.set_rows((*(house.policy.kept or ()), *map(read_row, rows)))
        url = f"http://127.0.0.1:{found.serving.port}"
        async with aiohttp.ClientSession(url, cookie_jar=aiohttp.DummyCookieJar()) as session:
            town = Consenting(found, session)
            await approve(house, "walking", RECIPIENTS, (WALK, PERSON))
            await town.done("administrator", "POST", "/purposes", {"id": "walking", "texts": TEXTS})
            await town.done(
                "administrator", "POST", "/legal-classes", {"class": "personal", "type": WALK, "subject": ABOUT}
            )
            await town.done("administrator", "POST", "/legal-classes", {"class": "personal", "type": PERSON})
            for number, walker in enumerate(("anna", "ben", "anna")):
                await town.done("administrator", "POST", f"{ROOT}/entities", walk(number, walker))
            yield town


def as_of(who: str, purpose: str | None = "walking") -> Principal:
    """Somebody with a purpose."""
    return replace(KNOWN[who], purpose=purpose)
