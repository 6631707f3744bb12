"""How does the command line reach the towns of a folder, whether they run or not? Who has the folder has the console.

Where nothing runs, the folder is opened; where it runs, its console is asked.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from machinami.app.clock import utc_now
from machinami.app.configuration import read
from machinami.app.console import CONSOLE, TOWNS
from machinami.app.identifying import make_identity
from machinami.app.keys import backend_of, ring_of
from machinami.app.knocking import beside
from machinami.app.person_keys import PersonKeyRing
from machinami.app.towns.acts import do
from machinami.app.towns.platform import Platform
from machinami.app.towns.record import Record
from machinami.broker.broker import Broker, Ports
from machinami.foundation.errors import InUse, SettingsError
from machinami.model.context import Context
from machinami.model.subscription import Subscription
from machinami.store.settings import StoreSettings
from machinami.wire.carriers import Carriers
from machinami.wire.http import HttpWire
from machinami.wire.mqtt import MqttPublisher
from machinami.wire.targets import Targets

Read = Callable[[dict[str, Any], Context], Subscription]


@asynccontextmanager
async def opened(folder: Path, read_subscription: Read) -> AsyncIterator[Platform]:
    """The platform of a folder that does not run. Raises InUse where it does."""
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}; make one with: machinami init {folder}")
    settings = read(folder)
    ring, record, persons = ring_of(settings), Record(folder), PersonKeyRing(settings)
    backend = backend_of(settings, ring, StoreSettings(durability="full"))
    wire = HttpWire(None, Targets(False))
    carriers = Carriers(wire, MqttPublisher(wire.trust, Targets(False)))
    platform: Platform

    def fresh() -> str:
        return os.urandom(16).hex()

    ports = Ports(
        backend, wire, carriers, utc_now, fresh, read_subscription,
        quota=lambda name: platform.quota(name), person_keys=persons.of,
    )  # fmt: skip
    broker = Broker(ports)
    identity = make_identity(settings, broker.protect, lambda: settings.address)
    platform = Platform(settings, broker, identity, ring, record, persons)
    try:
        await backend.open("default")  # nobody else has the folder from here on
        platform.recover()
        await broker.start()
        await identity.open(broker.towns)
        broker.joining.append(identity.admit)
        broker.leaving.append(identity.forget)
        await platform.settle()
        yield platform
    finally:
        await identity.tidy()
        if hasattr(broker, "contexts"):
            await broker.close()
        else:
            await backend.close()
        persons.close()
        await carriers.close()


def ask(folder: Path, act: str, told: Mapping[str, Any], read_subscription: Read) -> Any:
    """Have something done with the towns of a folder, whether it runs or not."""

    async def run() -> Any:
        try:
            async with opened(folder, read_subscription) as platform:
                return await do(platform, act, told, CONSOLE)
        except InUse as held:
            async with beside(folder, held) as running:
                return (await running.ask("POST", f"{TOWNS}/{act}", dict(told)))[0]

    return asyncio.run(run())
