"""How do the pages look? The real portal over a real store that holds the simulated town, with made-up rivers.

`python -m tests.fakes.preview PORT [SCENE]` serves it for eyes; the tests of the pages use the same.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path

from tests.fakes import scenes
from tests.fakes.flood import FakeFlood

from machinami.apis.ngsild.routes import routes as ngsild_routes
from machinami.broker.broker import Broker, Ports
from machinami.broker.town import Town
from machinami.ingest.town.simulate import Town as SimulatedTown
from machinami.kit.archive import Archive
from machinami.kit.city import City, Intake
from machinami.kit.compute import Compute
from machinami.kit.desk import Desk, House
from machinami.kit.http import Route
from machinami.kit.installed import Broken, read_manifest
from machinami.kit.schedule import Health
from machinami.kit.server import serve
from machinami.portal.routes import routes as portal_routes
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.wire.recorded import RecordedWire

SEED = 7
NAMES = {"ja": "街並町（模擬）", "en": "Machinami-cho (simulated)", "easy": "街並町（ほんものではありません）"}


@cache
def simulated_town() -> SimulatedTown:
    """The simulated town, drawn once."""
    return SimulatedTown(SEED, scenes.NOW, days=2)


async def fill(town: Town) -> None:
    """Put the simulated town's things and its last hours into the store."""
    intake = Intake(town, read_manifest("machinami.ingest.town", "ingest"))
    made = simulated_town()
    await intake.deliver(made.inventory())
    await intake.deliver(made.readings(scenes.NOW - timedelta(hours=6), scenes.NOW))


class Preview:
    """A town with its pages, served on a free port while it is open."""

    def __init__(self, folder: Path, scene: str = "storm") -> None:
        self.folder = folder
        self.flood = FakeFlood(scene)
        self.url = ""
        self.broken: Sequence[Broken] = ()

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator["Preview"]:
        """Serve until the block ends."""
        numbers = count(1)
        wire = RecordedWire()
        backend = open_backend(self.folder, StoreSettings())
        broker = Broker(
            Ports(backend, wire, wire, lambda: scenes.NOW, lambda: f"{next(numbers):08d}", _no_subscription)
        )
        await broker.start()
        town = await broker.town(None)
        if self.flood.scene != "empty":
            await fill(town)
        serving = await serve(self.routes(town, broker), port=port)
        self.url = serving.url
        try:
            yield self
        finally:
            await serving.stop()
            await broker.close()

    def routes(self, town: Town, broker: Broker) -> list[Route]:
        """The pages as the app puts them together."""
        service = self.flood.service()
        house = House(service, City(town, service.manifest, Compute()), Health())
        empty = self.flood.scene == "empty"
        desk = Desk(
            NAMES,
            (138.2, 34.99),
            12.0,
            "Asia/Tokyo",
            not empty,
            "0.1.0",
            lambda: scenes.NOW,
            Archive(town),
            lambda: [house],
            lambda: self.broken,
            dict if empty else simulated_town().layers,
        )
        return [*ngsild_routes(broker), *portal_routes(desk), *self.flood.routes(house.city, desk)]


def _no_subscription(document: object, context: object) -> object:
    raise AssertionError("these tests keep no subscription")


async def main(port: int, scene: str) -> None:
    """Serve until stopped."""
    with tempfile.TemporaryDirectory() as folder:
        async with Preview(Path(folder), scene).open(port) as preview:
            print(preview.url, flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "storm"))
