"""What runs when a town runs? Puts store, broker, services, sources and pages together and starts them."""

import asyncio
import gc
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from os import urandom

from machinami.apis.identity.asking import Asking
from machinami.apis.ngsild.relaying import PATH as RELAYED
from machinami.apis.ngsild.subscription_documents import read_subscription
from machinami.app.backups.asking import routes as backup_routes
from machinami.app.backups.following import refuse_standby
from machinami.app.backups.holding import TakenOver, refuse_given_up
from machinami.app.backups.lending import Lending
from machinami.app.backups.scheduling import Backups, target_of
from machinami.app.bounds import (
    limits_of,
    mailer_of,
    oldest_of,
    origin_of,
    pace_of,
    reception_of,
    room_of,
    shown_to_brokers,
    targets_of,
)
from machinami.app.checkup.running import Overseer
from machinami.app.clock import utc_now
from machinami.app.configuration import set_to
from machinami.app.console import Console, open_console
from machinami.app.copying import SECONDS as COPIED
from machinami.app.copying import Copying
from machinami.app.deciding import concerns_of
from machinami.app.declaring import declare
from machinami.app.faces import Faces
from machinami.app.forwarding import Forwarding
from machinami.app.identifying import (
    accounting,
    admit_guest,
    make_identity,
    opens,
    refuse_open_address,
    seal_of,
)
from machinami.app.keeping import Keeping, hsts_of, tls_of
from machinami.app.keys import KeyRing, backend_of, files_of, ring_of
from machinami.app.lagging import Lagging
from machinami.app.mapping_keys import mapping_key
from machinami.app.observing import Observing
from machinami.app.person_keys import PersonKeyRing
from machinami.app.relief import Relief
from machinami.app.sources import SIMULATED_NAME, Sources
from machinami.app.starting import started
from machinami.app.tenants import Tenant, Tenants
from machinami.app.towns.platform import Platform
from machinami.app.towns.record import Record
from machinami.app.upkeep import delivering_of, upkeep
from machinami.app.watching import Installation
from machinami.broker.broker import Broker, Ports
from machinami.broker.hearing import Hearing
from machinami.broker.identity.tokens import Tokens
from machinami.broker.inheritance import hand_over
from machinami.broker.records import is_simulated
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.settings import Settings
from machinami.kit.appearance import Appearance
from machinami.kit.archive import Archive
from machinami.kit.city import City, manifest_rows
from machinami.kit.compute import Compute
from machinami.kit.desk import Desk, House
from machinami.kit.disaster import Disaster
from machinami.kit.gate import Gate
from machinami.kit.http import Request, Route
from machinami.kit.installed import Broken, Service, installed, read_manifest
from machinami.kit.roads import OpenRoads
from machinami.kit.schedule import Job, Triggers
from machinami.kit.server import Serving, serve
from machinami.kit.switches import Switches
from machinami.kit.viewing import wanted_for
from machinami.model.principal import Principal
from machinami.wire.carriers import Carriers
from machinami.wire.exchange import HttpCaller
from machinami.wire.http import HttpWire
from machinami.wire.mqtt import MqttPublisher

_LOG = logging.getLogger("machinami")
INGEST = ("machinami.ingest.csv", "machinami.ingest.gtfs", "machinami.ingest.mqtt", "machinami.ingest.town")
_GARBAGE = (50_000, 200, 50)  # entities at hand are many and hold no cycles: looking through them often is in vain


def fresh_id() -> str:
    """A fresh unique text."""
    return urandom(16).hex()


class TownOS:
    """One running installation."""

    def __init__(self, settings: Settings, version: str) -> None:
        self.settings = settings
        self.version = version
        self.houses: list[House] = []
        self.routes: list[Route] = []
        targets = targets_of(settings)
        self._wire = HttpWire(settings.ca_file, targets)
        self._caller = HttpCaller(self._wire.trust, targets)
        self._compute = Compute(settings.workers)
        self._mailer = mailer_of(settings, self._wire.trust)
        self._roads = OpenRoads(self._wire, self._mailer, settings.mail.sender, lambda: self.address)
        self._began = time.perf_counter()
        self._serving: Serving | None = None
        self._console: Console | None = None
        ring = ring_of(settings)
        self._person_keys = PersonKeyRing(settings)
        self._backend = backend_of(settings, ring)
        target = target_of(settings)
        self.backups = Backups(settings, target) if target is not None else None
        self._observing = Observing(settings, version, self._caller)
        self._observing.attend(self._backend)
        self._carriers = Carriers(self._wire, MqttPublisher(shown_to_brokers(settings, self._wire.trust), targets))
        self.broker = Broker(self._ports(ring))
        self._relief = Relief(settings)
        self.watched = Installation(settings.data, self.broker, relief=self._relief)
        self.identity = make_identity(settings, self.broker.protect, lambda: self.address)
        self.identity.listeners.append(accounting(self.broker))
        self.identity.handovers.append(lambda _, leaver, heir: hand_over(self.broker, leaver, heir))
        self.keeping = Keeping(settings, self.identity, utc_now)
        self.platform = Platform(settings, self.broker, self.identity, ring, Record(settings.data), self._person_keys)
        self.lending = Lending(settings, self.backups, version, lambda who: opens(self.identity, who))
        self.hearing, self._delivering = Hearing(), delivering_of(settings)
        self.lagging = Lagging(self.hearing, self._delivering)
        self.overseer = Overseer(
            settings, version, self.watched, self._compute, self._caller, concerns_of(self.keeping, self.broker),
            lambda: self._serving.port if self._serving else settings.port, self.backups, self.lending, self.lagging,
        )  # fmt: skip
        self._forwarding = Forwarding(settings, self.broker) if settings.account_to else None
        self.gate = Gate(settings.trust_proxy)
        self.asking = Asking(self.identity, Tokens(self.identity), settings.trust_proxy, pace_of(settings))
        self.faces = Faces(
            settings, version, self.broker, self.asking, self.platform, self.gate, self.watched, self._compute,
            self._caller, lambda: self._services, self.identify, self.overseer, self.lending, self.hearing,
        )  # fmt: skip
        self.tenants = Tenants(
            self.platform, self.gate, self._start_tenant, lambda tenant: self.faces.of(tenant, self._default_desk)
        )
        self.watched.elsewhere = lambda: {name: tenant.jobs for name, tenant in self.tenants.open.items()}

    def _ports(self, ring: KeyRing) -> Ports:
        """What the broker needs of the machine."""
        settings = self.settings
        return Ports(
            self._backend, self._wire, self._observing.sender(self._carriers), self.now, fresh_id, read_subscription,
            self._observing.caller(self._caller), settings.alias, settings.split_entities, settings.context_bytes,
            lambda name: self.platform.quota(name), seal_of(settings), self._person_keys.of,
            partial(mapping_key, settings), partial(reception_of, settings), partial(files_of, settings, ring),
            oldest_of(settings),
        )  # fmt: skip

    async def start(self, quiet: bool = False) -> Serving:
        """Open the store, start everything and listen. Returns where it listens.

        quiet: only to see whether it starts: nothing is told to anybody or copied anywhere, and no service is at work.
        """
        refuse_standby(self.settings.data)
        refuse_given_up(self.settings.data)
        if self.backups is not None and not quiet:
            self.backups.demand_hold()
            self.backups.attend(self._backend)
        town = await self._open_towns(quiet)
        await self._begin(town)
        self.tenants.quiet = quiet
        for one in self.broker.towns:
            await self.tenants.join(one)
        await self._listen()
        if not quiet:
            await self.broker.open_to_sources(self.address + RELAYED)
            for job in self.watched.jobs:
                job.start()
        gc.freeze()
        gc.set_threshold(*_GARBAGE)
        self.watched.start_seconds = time.perf_counter() - self._began
        assert self._serving is not None
        return self._serving

    async def _open_towns(self, quiet: bool) -> Town:
        """Open every town, and know who may come in. Returns the default one."""
        await self._backend.open(DEFAULT_TOWN)  # nobody else has the folder from here on
        self.platform.recover()
        await self.broker.start(quiet)
        town = await self.broker.town(None)
        await self.identity.open(self.broker.towns)
        for one in self.broker.towns:
            await self.hearing.load(one)
        self.broker.joining.append(self.identity.admit)
        self.broker.leaving.append(self.identity.forget)
        await self.platform.settle()
        self.broker.attend(lambda name, by: self.identity.of(name).present(by))
        await self.asking.tokens.load(town.store)
        refuse_open_address(self.settings, self.identity.has_administrators)
        return town

    async def _begin(self, town: Town) -> None:
        """Have services, upkeep, backups and sources of data begin, and know what the pages are."""
        self._start_services(town)
        await declare(town, self._services, town.is_default and self.settings.simulation is not None)
        self.broker.joining.append(self.tenants.join)
        self.broker.leaving.append(self.tenants.leave)
        house = self.identity, self.keeping, self.platform, self.now, self._compute, self._forwarding, self.overseer
        self.broker.joining.append(self.hearing.load)
        self.broker.leaving.append(self.hearing.forget)
        self.watched.jobs += upkeep(self.settings, self.broker, *house, self._delivering)
        self.watched.others.append(self.lagging)
        self._start_backups()
        manifests = [house.service.manifest for house in self.houses]
        sources = Sources(town, self.settings, utc_now, manifests, targets_of(self.settings))
        self.watched.sources = sources
        sources.start()
        self._default_desk = self._desk(town, sources, await self._simulated(town))
        self.routes = self.faces.routes(self._default_desk)
        copying = Copying(
            self.settings.data,
            lambda: self.faces.copied(self._default_desk, self.tenants.open),
            self.tenants.hosts,
            self.settings.time_zone,
        )
        self.watched.jobs.append(Job("copies of the light pages", copying.keep, utc_now, COPIED))
        self._observing.start(self.watched, self.overseer)

    async def _listen(self) -> None:
        """Listen, at the address of the settings and at the console."""
        desk = self._default_desk
        told = self.settings
        await self._relief.come_back()
        self._serving = await serve(
            map(self._observing.route, self.routes), told.host, told.port, limits=limits_of(told), lane=told.fast_lane,
            tls=tls_of(told), hsts=hsts_of(told), proxied=told.trust_proxy, bounds=room_of(told),
        )  # fmt: skip
        self.watched.room = self._serving.room
        self._relief.start(self._serving.listener)
        self.keeping.attend(self._serving.encryption)
        self._console = await open_console(
            self.settings.data, self.faces.office(desk), self.faces.press(desk), self.platform,
            self.faces.deliveries(desk), self.overseer,
            backup_routes(self.settings, self.backups, self._backend, self.broker),
        )  # fmt: skip

    @property
    def address(self) -> str:
        """Where others find this installation."""
        return self.settings.address or (self._serving.url if self._serving else "")

    def identify(self, request: Request) -> Principal:
        """Who stands behind a request."""
        return wanted_for(self.asking.principal(request), request)

    @property
    def first_link(self) -> str:
        """Where the first administrator is made, with the code of this machine; no browser sends what follows a #."""
        return f"/first#{self.identity.first_code}"

    async def admit_guest(self) -> None:
        """Have everyone at this machine be signed in as an administrator: for a throw-away town."""
        await admit_guest(self.identity)

    def now(self) -> datetime:
        """What time it is in town: in a simulated one, the time that its storm has reached."""
        sources = self.watched.sources
        simulation = sources.simulation if sources else None
        return simulation.now if simulation else utc_now()

    async def stop(self) -> None:
        """Finish what is under way, keep everything, and let go."""
        self._relief.stop()
        if self._console is not None:
            await self._console.close()
        if self._serving is not None:
            await self._serving.stop()
        if self.watched.sources is not None:
            await self.watched.sources.stop()
        for job in self.watched.jobs:
            await job.stop()
        if self.backups is not None:
            await self.backups.close()
        self.lending.close()
        await self.tenants.close()
        if self._forwarding is not None:
            await self._forwarding.close()
        await self.identity.tidy()
        self._compute.close()
        if hasattr(self.broker, "shared_subscriptions"):  # else it never began
            await self.broker.close()
        else:
            await self._backend.close()
        self._person_keys.close()
        await self._carriers.close()
        await self._caller.close()
        if self._mailer is not None:
            await self._mailer.close()

    def _start_backups(self) -> None:
        if self.backups is not None:
            self.watched.others += [self.backups, self.lending]
            self.watched.jobs += self.backups.jobs()
            self.broker.leaving.append(self.backups.part)

    async def wait_until(self, stop: asyncio.Event) -> None:
        """Wait until it is to stop. Raises TakenOver where another machine is the town from now on."""
        ends = [asyncio.ensure_future(stop.wait())]
        if self.backups is not None:
            ends.append(asyncio.ensure_future(self.backups.taken_over.wait()))
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for one in ends:
            one.cancel()
        if self.backups is not None and self.backups.taken_over.is_set():
            raise TakenOver(f"{self.backups.fault}. This machine has stopped, so that nobody writes to two towns")

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """The services to be started, and those that cannot be."""
        return installed()

    def _start_services(self, town: Town) -> None:
        services, broken = self.services()
        manifests = [service.manifest for service in services] + [read_manifest(name, "ingest") for name in INGEST]
        self.broker.lend([row for manifest in manifests for row in manifest_rows(manifest)])
        self.watched.broken = broken
        for bad in broken:
            _LOG.error("the service %s is left out: %s", bad.package, bad.reason)
        self._services = services
        self._switches = Switches(town)
        triggers = Triggers(town)
        for service in services:
            self._start_service(town, service, self.houses, self.watched.jobs, self._switches, triggers)

    async def _start_tenant(self, tenant: Tenant) -> None:
        triggers = Triggers(tenant.town)
        for service in self._services:
            self._start_service(tenant.town, service, tenant.houses, tenant.jobs, tenant.switches, triggers)
        await declare(tenant.town, self._services)

    def _start_service(
        self,
        town: Town,
        service: Service,
        houses: list[House],
        jobs: list[Job],
        switches: Switches,
        triggers: Triggers,
    ) -> None:
        city = City(town, service.manifest, self._compute, self.settings.time_zone, self._roads)
        house, its_jobs = started(town, service, city, switches, triggers)
        houses.append(house)
        jobs += its_jobs

    async def _simulated(self, town: Town) -> bool:
        """Whether the town runs on simulated data, or has ever: they are in its folder still."""
        return self.settings.simulation is not None or await is_simulated(town)

    def _desk(self, town: Town, sources: Sources, simulated: bool) -> Desk:
        settings = self.settings
        if settings.simulation is not None:
            settings = replace(settings, town_name=SIMULATED_NAME)
        return Desk(
            town_name=settings.town_name,
            centre=settings.centre,
            zoom=settings.zoom,
            time_zone=settings.time_zone,
            simulated=simulated,
            version=self.version,
            clock=town.clock,
            archive=Archive(town),
            houses=lambda: [house for house in self.houses if house.is_on()],
            broken=lambda: self.watched.broken,
            base_layers=sources.layers,
            set_to=set_to(settings),
            identify=self.identify,
            concerns=concerns_of(self.keeping, self.broker, self.backups, self.lending),
            certificate_until=lambda: self.keeping.until,
            appearance=Appearance(town),
            oversees=self.faces.oversees,
            origin=origin_of(self.settings),
            person=self.asking.called,
            resting=lambda: [house for house in self.houses if not house.is_on()],
            switches=self._switches,
            disaster=Disaster(town),
        )
