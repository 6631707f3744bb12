"""What runs when a town runs? Puts store, broker, services, sources and pages together and starts them."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from machinami.apis.ngsild.routes import routes as ngsild_routes
from machinami.apis.ngsild.shapes import read_subscription
from machinami.apis.status.routes import routes as status_routes
from machinami.apis.status.shapes import Metric, Part
from machinami.app.sources import Sources
from machinami.broker.broker import Broker, Ports
from machinami.broker.policy import OpenTown
from machinami.broker.town import Town
from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import Settings
from machinami.kit.archive import Archive
from machinami.kit.carrier import Limits
from machinami.kit.city import City
from machinami.kit.compute import Compute
from machinami.kit.desk import Desk, House
from machinami.kit.http import Route
from machinami.kit.installed import Broken, Refresh, Service, installed
from machinami.kit.schedule import Job, stirring
from machinami.kit.server import Serving, serve
from machinami.model.town_terms import NAMESPACE
from machinami.portal.routes import routes as portal_routes
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.wire.http import HttpWire

try:
    import uvloop
except ImportError:  # not made for Windows
    uvloop = None  # type: ignore[assignment]

_LOG = logging.getLogger("machinami")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_DEFAULT_EVERY = 600.0
SIMULATED_NAME = {
    "ja": "街並町（模擬）",
    "en": "Machinami-cho (simulated)",
    "easy": "まちなみちょう（ほんものではありません）",
}


def utc_now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


def fresh_id() -> str:
    """A fresh unique text."""
    return uuid4().hex


class TownOS:
    """One running installation."""

    def __init__(self, settings: Settings, version: str) -> None:
        refuse_open_address(settings)
        self.settings = settings
        self.version = version
        self.jobs: list[Job] = []
        self.houses: list[House] = []
        self.broken: list[Broken] = []
        self._wire = HttpWire()
        self._compute = Compute()
        self._began = time.perf_counter()
        self._serving: Serving | None = None
        self.sources: Sources | None = None
        self.start_seconds = 0.0

    async def start(self) -> Serving:
        """Open the store, start everything and listen. Returns where it listens."""
        store = StoreSettings(durability=self.settings.durability, cache_entities=self.settings.cache_entities)
        backend = open_backend(self.settings.data, store)
        ports = Ports(backend, self._wire, self._wire, self.now, fresh_id, OpenTown(), read_subscription)
        self.broker = Broker(ports)
        await self.broker.start()
        town = await self.broker.town(None)
        self._start_services(town)
        self.sources = Sources(town, self.settings, utc_now)
        self.sources.start()
        self.routes = self._routes(town)
        limits = Limits(body=self.settings.body_limit)
        self._serving = await serve(
            self.routes, self.settings.host, self.settings.port, limits=limits, lane=self.settings.fast_lane
        )
        for job in self.jobs:
            job.start()
        self.start_seconds = time.perf_counter() - self._began
        return self._serving

    def now(self) -> datetime:
        """What time it is in town: in a simulated one, the time that its storm has reached."""
        simulation = self.sources.simulation if self.sources else None
        return simulation.now if simulation else utc_now()

    async def stop(self) -> None:
        """Finish what is under way, keep everything, and let go."""
        if self._serving is not None:
            await self._serving.stop()
        if self.sources is not None:
            await self.sources.stop()
        for job in self.jobs:
            await job.stop()
        self._compute.close()
        await self.broker.close()
        await self._wire.close()

    def _start_services(self, town: Town) -> None:
        services, broken = installed()
        self.broken = list(broken)
        for bad in self.broken:
            _LOG.error("the service %s is left out: %s", bad.package, bad.reason)
        for service in services:
            self._start_service(town, service)

    def _start_service(self, town: Town, service: Service) -> None:
        city = City(town, service.manifest, self._compute)
        name = service.manifest.id
        every = service.manifest.every.total_seconds() if service.manifest.every else _DEFAULT_EVERY
        job = Job(name, lambda: service.refresh(city, town.clock()), town.clock, every)
        town.store.on_commit(stirring(job, frozenset(NAMESPACE + use.type for use in service.manifest.triggers)))
        self.houses.append(House(service, city, job.health))
        self.jobs.append(job)
        if service.learn is not None:
            learn = service.learn
            work = partial(_learn, learn, city)
            self.jobs.append(Job(f"{name}: learning", work, town.clock, service.learn_every.total_seconds()))

    def _routes(self, town: Town) -> list[Route]:
        desk = self._desk(town)
        found = [*ngsild_routes(self.broker), *status_routes(self.version, self._parts, self._metrics)]
        found += portal_routes(desk)
        for house in self.houses:
            for faces in (house.service.page, house.service.api):
                if faces is not None:
                    found += faces.routes(house.city, desk)
        return found

    def _desk(self, town: Town) -> Desk:
        sources = self.sources
        settings = self.settings
        simulated = settings.simulation is not None
        return Desk(
            town_name=SIMULATED_NAME if simulated else settings.town_name,
            centre=settings.centre,
            zoom=settings.zoom,
            time_zone=settings.time_zone,
            simulated=simulated,
            version=self.version,
            clock=town.clock,
            archive=Archive(town),
            houses=lambda: self.houses,
            broken=lambda: self.broken,
            base_layers=sources.layers if sources else dict,
        )

    def _parts(self) -> list[Part]:
        parts = [Part("store", True, str(self.settings.data))]
        parts += [Part(f"service {job.name}", not job.health.last_error, job.health.last_error) for job in self.jobs]
        parts += [Part(f"service {bad.package}", False, bad.reason) for bad in self.broken]
        parts += [Part("set aside", False, row) for row in self.broker.set_aside]
        parts += [Part(f"source {n}", False, why) for n, why in (self.sources.faults if self.sources else {}).items()]
        return parts

    def _metrics(self) -> list[Metric]:
        found = [Metric("start_seconds", "Time from start to listening", self.start_seconds)]
        for town in self.broker.towns:
            labels = {"town": town.name}
            for name, value in town.store.statistics().items():
                found.append(Metric(f"store_{name}", "A figure of the town's store", value, labels=labels))
            boxes = self.broker.subscriptions(town)
            found.append(Metric("subscriptions", "Subscriptions", len(boxes), labels=labels))
            sent = sum(box.progress.times_sent for box in boxes)
            failed = sum(box.progress.times_failed for box in boxes)
            waiting = sum(box.waiting for box in boxes)
            found.append(Metric("notifications_sent_total", "Notifications sent", sent, "counter", labels))
            found.append(Metric("notifications_failed_total", "Notifications that failed", failed, "counter", labels))
            found.append(Metric("notifications_waiting", "Changes waiting to be told", waiting, labels=labels))
        return found


async def _learn(learn: Refresh, city: City) -> None:
    await learn(city, city.now())


def refuse_open_address(settings: Settings) -> None:
    """Refuse to serve a town without administrators to the network. Raises SettingsError saying why."""
    if settings.host not in _LOOPBACK:
        raise SettingsError(
            f"This town has no administrators yet, so anyone who can reach {settings.host} could change its data. "
            "It is served on 127.0.0.1 only. "
            "この街にはまだ管理者がいないため、127.0.0.1 でだけ動かせます。"
        )


def data_folder(path: Path) -> Path:
    """The folder, made if it is not there. Raises SettingsError where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The data folder {path} cannot be made: {error.strerror}") from error
    return path


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """The event loop to run on: uvloop where there is one (it needs about a third less CPU), else asyncio's own."""
    return asyncio.new_event_loop if uvloop is None else uvloop.new_event_loop
