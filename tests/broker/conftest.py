"""A broker over a real store in a temporary folder, with a recorded wire and a clock that is set by hand."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from machinami.broker.broker import Broker, Ports
from machinami.broker.town import Town
from machinami.model.context import core
from machinami.model.entity import Entity
from machinami.model.expansion import Fragment, expand_entity, expand_fragment
from machinami.model.principal import Principal
from machinami.model.query import TypeIs
from machinami.model.subscription import Endpoint, EntitySelector, NotificationParams, Subscription
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.wire.recorded import RecordedWire

OFFICER = Principal("officer")
START = datetime(2026, 6, 30, 9, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class House:
    """One installation under test."""

    folder: Path
    wire: RecordedWire
    clock: Clock
    broker: Broker | None = None
    reader: Callable[..., Subscription] | None = None

    async def open(self) -> Town:
        numbers = count(1)
        backend = open_backend(self.folder, StoreSettings())
        ports = Ports(
            backend,
            self.wire,
            self.wire,
            self.clock,
            lambda: f"{next(numbers):06d}",
            self.reader or read_subscription,
        )
        self.broker = Broker(ports)
        await self.broker.start()
        return await self.broker.town(None)

    async def close(self) -> None:
        if self.broker is not None:
            await self.broker.close()
            self.broker = None


def read_subscription(document, context):
    """Subscriptions of these tests keep nothing but a type and an address."""
    return subscription(document["id"], document["type"], document["uri"])


def subscription(name: str, kind: str, uri: str = "http://receiver.invalid/", **members: object) -> Subscription:
    selector = EntitySelector(types=TypeIs(core().expand(kind)))
    return Subscription(
        name,
        NotificationParams(Endpoint(uri)),
        (selector,),
        document={"id": name, "type": kind, "uri": uri},
        **members,
    )


def gauge(number: int = 1, level: float = 1.5) -> Entity:
    return expand_entity(
        {"id": f"urn:ngsi-ld:Gauge:{number}", "type": "Gauge", "level": {"type": "Property", "value": level}}, core()
    )


def level(value: float) -> Fragment:
    return expand_fragment({"level": {"type": "Property", "value": value}}, core())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    found = House(tmp_path, RecordedWire(), Clock())
    yield found
    await found.close()


@pytest.fixture
async def town(house: House) -> Town:
    return await house.open()
