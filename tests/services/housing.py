"""A service in a real town over a real store, whose clock a test sets by hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path

from machinami.broker.broker import Broker, Ports
from machinami.broker.shroud.keys import PersonKeys
from machinami.broker.town import Town
from machinami.kit.city import City
from machinami.kit.compute import Compute
from machinami.kit.installed import read_manifest
from machinami.kit.roads import Roads
from machinami.store.files import FOLDER, FolderFiles
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.wire.recorded import RecordedWire


@cache
def computing() -> Compute:
    """The worker processes of all towns of these tests: to start and load one takes longer than what it computes."""
    return Compute()


@asynccontextmanager
async def housed(
    package: str,
    folder: Path,
    clock: Callable[[], datetime],
    keys: PersonKeys | None = None,
    roads: Roads | None = None,
) -> AsyncIterator[tuple[Town, City]]:
    """The only town of an open folder, and what a service sees of it. Nothing of it leaves but by `roads`; it keeps no
    subscription. keys: with which it seals what is about persons, if it does."""
    numbers = count(1)
    wire = RecordedWire()
    ports = Ports(
        open_backend(folder, StoreSettings()), wire, wire, clock, lambda: f"{next(numbers):06d}", _no_subscription,
        person_keys=None if keys is None else lambda town: keys,
        mapping_key=lambda _: b"the mapping key of a town in a test",
        files=lambda town: FolderFiles(folder / "towns" / town / FOLDER),
    )  # fmt: skip
    broker = Broker(ports)
    await broker.start()
    town = await broker.town(None)
    yield town, City(town, read_manifest(package), computing(), roads=roads)
    await broker.close()


def _no_subscription(document: object, context: object) -> object:
    raise AssertionError("these tests keep no subscription")
