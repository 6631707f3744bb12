"""What is written while a town is killed, and what of it was acknowledged? Several clients, each of another kind.

Every client writes only to what is its own, one request after the other, and never asks twice: what it was told to be
done must be there, what it was told nothing of may be there or not, and nothing may be there that it never asked for.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp

BASE = "/ngsi-ld/v1"
BATCH = 20
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


def name(kind: str, number: int | str) -> str:
    """The id of an entity, or of a subscription."""
    return f"urn:ngsi-ld:{kind}:{number}"


def prop(value: object, **more: str) -> dict[str, Any]:
    """A Property."""
    return {"type": "Property", "value": value, **more}


@dataclass
class Known:
    """What the clients know. sure: there (True) or not there (False); open: asked for, and not answered."""

    sure: dict[str, bool] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    values: dict[str, list[int]] = field(default_factory=dict)  # acknowledged updates, by entity
    maybe: dict[str, set[int]] = field(default_factory=dict)  # asked for, and not answered
    batches: list[int] = field(default_factory=list)
    past: dict[str, list[int]] = field(default_factory=dict)  # acknowledged instances of the past, by entity
    acknowledged: int = 0


class Refused(AssertionError):
    """The town answered with an error."""


class Client:
    """One connection to a town; numbers go on over its lives."""

    def __init__(self, known: Known, numbers: Iterator[int]) -> None:
        self.known = known
        self.numbers = numbers

    async def run(self, url: str) -> None:
        """Write until the town is gone."""
        async with aiohttp.ClientSession(url) as session:
            try:
                while True:
                    await self.step(session)
            except (aiohttp.ClientError, OSError):
                return

    async def step(self, session: aiohttp.ClientSession) -> None:
        """One thing done."""
        raise NotImplementedError

    async def ask(self, session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> None:
        """Ask, and come back when it is done. Raises Refused."""
        async with session.request(method, BASE + path, json=body) as answer:
            if answer.status >= 300:
                raise Refused(f"{method} {path}: {answer.status} {await answer.text()}")
            await answer.read()
        self.known.acknowledged += 1

    async def put(self, session: aiohttp.ClientSession, method: str, path: str, body: Any, what: str) -> None:
        """Ask for something to be there, or, with DELETE, not to be there any more."""
        self.known.open.add(what)
        await self.ask(session, method, path, body)
        self.known.open.discard(what)
        self.known.sure[what] = method != "DELETE"


class Creator(Client):
    """Creates entities, and deletes every third of them."""

    async def step(self, session: aiohttp.ClientSession) -> None:
        number = next(self.numbers)
        what = name("Lamp", number)
        await self.put(session, "POST", "/entities", {"id": what, "type": "Lamp", "level": prop(number)}, what)
        if number % 3 == 0:
            await self.put(session, "DELETE", f"/entities/{what}", None, what)


class Updater(Client):
    """Gives one entity ever new values, by PATCH and by upsert in turns."""

    def __init__(self, known: Known, numbers: Iterator[int], gauge: str) -> None:
        super().__init__(known, numbers)
        self.gauge = gauge

    async def step(self, session: aiohttp.ClientSession) -> None:
        number = next(self.numbers)
        maybe = self.known.maybe.setdefault(self.gauge, set())
        maybe.add(number)
        if self.gauge in self.known.values and number % 2:
            await self.ask(session, "PATCH", f"/entities/{self.gauge}/attrs", {"level": prop(number)})
        else:
            body = [{"id": self.gauge, "type": "Gauge", "level": prop(number)}]
            await self.ask(session, "POST", "/entityOperations/upsert?options=update", body)
        maybe.discard(number)
        self.known.values.setdefault(self.gauge, []).append(number)


class Batcher(Client):
    """Gives twenty entities the same new value in one request: all of them have it, or none."""

    async def step(self, session: aiohttp.ClientSession) -> None:
        number = next(self.numbers)
        body = [{"id": name("Bin", n), "type": "Bin", "fill": prop(number)} for n in range(BATCH)]
        await self.ask(session, "POST", "/entityOperations/upsert", body)
        self.known.batches.append(number)


class Historian(Client):
    """Adds readings of long ago to the past of one entity."""

    async def step(self, session: aiohttp.ClientSession) -> None:
        number, what = next(self.numbers), name("Well", 0)
        at = f"{_BEGIN + timedelta(minutes=number):%Y-%m-%dT%H:%M:00Z}"
        body = {"id": what, "type": "Well", "depth": [prop(number, observedAt=at)]}
        await self.ask(session, "POST", "/temporal/entities", body)
        self.known.past.setdefault(what, []).append(number)


class Subscriber(Client):
    """Takes subscriptions, and ends every second of them."""

    async def step(self, session: aiohttp.ClientSession) -> None:
        number = next(self.numbers)
        what = name("Subscription", number)
        endpoint = {"uri": "http://127.0.0.1:9/"}  # nothing of this type is ever written, so nobody is told
        body = {"id": what, "type": "Subscription", "entities": [{"type": "Nothing"}]}
        body["notification"] = {"endpoint": endpoint}
        await self.put(session, "POST", "/subscriptions", body, what)
        if number % 2:
            await self.put(session, "DELETE", f"/subscriptions/{what}", None, what)
        await asyncio.sleep(0.02)  # they are few where there are entities


def clients(known: Known) -> list[Client]:
    """One of each kind, and several who update."""
    lamps = [Creator(known, count(1_000_000 * n)) for n in range(2)]
    gauges = [Updater(known, count(1), name("Gauge", n)) for n in range(4)]
    return [*lamps, *gauges, Batcher(known, count(1)), Historian(known, count(1)), Subscriber(known, count(1))]
