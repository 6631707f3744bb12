"""A running server with the real store, for tests that look from outside."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from machinami.apis.consent.routes import routes as consent_routes
from machinami.apis.erasure.routes import routes as erasure_routes
from machinami.apis.ngsild.parameters import Paging
from machinami.apis.ngsild.relaying import PATH as RELAYED
from machinami.apis.ngsild.routes import routes
from machinami.apis.ngsild.subscription_documents import read_subscription
from machinami.apis.pseudonyms.routes import routes as pseudonym_routes
from machinami.app.person_keys import PersonKeyFile
from machinami.broker.broker import Broker, Ports
from machinami.kit.carrier import Limits
from machinami.kit.http import Route
from machinami.kit.server import Serving, serve
from machinami.kit.viewing import Identify, anyone
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.wire.exchange import Caller, Unconnected
from machinami.wire.recorded import RecordedWire

EARLY = datetime(2026, 6, 30, 9, tzinfo=UTC)


class Clock:
    """A clock that tests move; it also moves by itself, a millisecond at each look."""

    def __init__(self, now: datetime = EARLY) -> None:
        self._micros = count(1_000, 1_000)
        self._base = now

    def __call__(self) -> datetime:
        """Now."""
        return datetime.fromtimestamp(self._base.timestamp() + next(self._micros) / 1e6, UTC)


@dataclass(frozen=True, slots=True)
class Running:
    """A running server, its broker, and the network that it believes to have."""

    serving: Serving
    broker: Broker
    wire: RecordedWire
    routes: list[Route]


@contextlib.asynccontextmanager
async def running(
    folder: Path,
    lane: bool = True,
    paging: Paging | None = None,
    caller: Caller | None = None,
    alias: str = "machinami-test",
    identify: Identify = anyone,
    split_entities: bool = False,
    store: StoreSettings | None = None,
    key: bytes | None = None,
) -> AsyncIterator[Running]:
    """Serve the NGSI-LD face over a store in this folder. key: with which its towns are encrypted."""
    numbers = count(1)
    wire = RecordedWire()
    keys: dict[str, PersonKeyFile] = {}
    ports = Ports(
        open_backend(folder, store or StoreSettings(), lambda town, new: key),
        wire,
        wire,
        Clock(),
        lambda: f"{next(numbers):08x}",
        read_subscription,
        caller or Unconnected(),
        alias,
        split_entities,
        person_keys=lambda town: keys.setdefault(town, PersonKeyFile(folder / "keys" / f"{town}.persons", False)),
        mapping_key=lambda town: f"{alias} {town}".encode().ljust(32, b"."),
    )
    broker = Broker(ports)
    await broker.start()
    rows = routes(broker, identify, paging or Paging())
    every = [*rows, *consent_routes(broker, identify), *erasure_routes(broker, identify)]
    every += pseudonym_routes(broker, identify, caller or Unconnected())
    serving = await serve(every, limits=Limits(body=1_000_000), lane=lane)
    await broker.open_to_sources(serving.url + RELAYED)
    try:
        yield Running(serving, broker, wire, rows)
    finally:
        await serving.stop()
        await broker.close()
        for held in keys.values():
            held.close()
