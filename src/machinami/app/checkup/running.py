"""What does a running installation say of itself? What the checks judge, gathered while it serves."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from machinami.apis.operations.telling import document
from machinami.apis.status.shapes import Metric, Part
from machinami.app.backups.lending import Lending
from machinami.app.backups.scheduling import Backups
from machinami.app.checkup import machine
from machinami.app.checkup.backing import of_running
from machinami.app.checkup.bundle import bundle_of
from machinami.app.checkup.notes import Notes, load, save
from machinami.app.checkup.silence import Silence
from machinami.app.clock import utc_now
from machinami.app.lagging import Lagging
from machinami.app.watching import NAMED, Installation
from machinami.broker.subscriptions import Progress
from machinami.broker.town import Town
from machinami.foundation.settings import Settings
from machinami.foundation.urn import without_password
from machinami.kit.compute import Compute
from machinami.kit.desk import Concern
from machinami.model.checkup.checks import check_up, since_noticed
from machinami.model.checkup.contradictions import contradictions
from machinami.model.checkup.facts import (
    ClockFact,
    ContextFact,
    DiskFact,
    EndFact,
    Facts,
    FolderFact,
    JobFact,
    MemoryFact,
    PortFact,
    SourceFact,
    StoreFact,
    SubscriptionFact,
    WorkersFact,
)
from machinami.model.checkup.finding import Checkup, Severity
from machinami.model.checkup.forecast import Sample
from machinami.wire.exchange import Caller
from machinami.wire.reasons import known_cause

SECONDS = 60.0
_LOG = logging.getLogger("machinami.checkup")
_SLOW = 5  # looks: the clock elsewhere, and the size of the data are asked for once in so many
_NAMED = 300  # silent devices: when a line of many is cut, nobody reads them all


class Overseer:
    """Looks a running installation over, once a minute and when it is asked to, and keeps what it notes.

    concerns: what ends soon, of the default town; port: where the town is served.
    """

    def __init__(
        self,
        settings: Settings,
        version: str,
        watched: Installation,
        compute: Compute,
        caller: Caller,
        concerns: Callable[[], Sequence[Concern]],
        port: Callable[[], int],
        backups: Backups | None = None,
        lending: Lending | None = None,
        lagging: Lagging | None = None,
    ) -> None:
        self._settings = settings
        self._version = version
        self._watched = watched
        self._compute = compute
        self._caller = caller
        self._concerns = concerns
        self._port = port
        self._backups = backups
        self._lending = lending
        self._lagging = lagging
        self._notes: Notes | None = None
        self._silence = Silence()
        self._ticked: float | None = None
        self._looks = 0
        self._clock: ClockFact | None = None
        self._looking = asyncio.Lock()
        self._last: Checkup | None = None

    @property
    def notes(self) -> Notes:
        """What is noted, read once."""
        if self._notes is None:
            self._notes = load(self._settings.data)
        return self._notes

    @property
    def data(self) -> str:
        """The folder of the installation."""
        return str(self._settings.data.absolute())

    def growth(self) -> Sequence[Sample]:
        """What the data took on earlier days."""
        return self.notes.growth

    def disk(self) -> DiskFact | None:
        """The disk, and when it is full."""
        return machine.disk(self._settings.data, self.notes)

    def parts(self) -> list[Part]:
        """What is found stands on the page of operations; /health has each part's own word already."""
        return []

    def metrics(self) -> list[Metric]:
        """Disk, memory, workers, how far receivers are behind, and how many findings there are."""
        disk, memory = self.disk(), machine.memory()
        found = [
            Metric("workers", "Worker processes that there may be", self._compute.workers),
            Metric("workers_waiting", "Computations that wait for a worker", self._compute.waiting),
            Metric("workers_ended_total", "Workers that ended by themselves", self._compute.ended, "counter"),
        ]
        if disk is not None:
            found.append(Metric("disk_free_bytes", "What is free on the disk of the data", disk.free))
            found.append(Metric("disk_total_bytes", "The disk of the data", disk.total))
            if disk.forecast is not None and disk.forecast.days is not None:
                full = disk.forecast.days * 86_400
                found.append(Metric("disk_full_in_seconds", "When it is full if the data grow as they did", full))
        if memory is not None:
            found.append(Metric("memory_used_bytes", "Memory that the process takes", memory.used))
            found.append(Metric("memory_left_bytes", "Memory that the machine has left", memory.left))
        for town in self._watched.broker.towns:
            behind, labels = {one.id: one.behind for one in self._subscriptions(town)}, {"town": town.name}
            most = max(behind.values(), default=0)
            found.append(
                Metric("subscription_lag_most", "Changes that the last of all receivers is behind", most, labels=labels)
            )
            found += [
                Metric("subscription_lag", "Changes that a receiver is behind", count, labels={**labels, NAMED: name})
                for name, count in behind.items()
            ]
        for severity in Severity:
            count = sum(one.severity is severity for one in self._last.findings) if self._last is not None else 0
            labels = {"severity": severity.value}
            found.append(Metric("findings", "What machinami doctor finds", count, labels=labels))
        return found

    async def bundle(self, towns: Collection[str]) -> bytes:
        """What helps somebody else to help. towns: of which it names what they hold."""
        told = document((await self.examine(slowly=True)).named_of(towns), self.data)
        return await asyncio.to_thread(bundle_of, self._settings.data, told, self._version)

    async def look(self) -> None:
        """Look everything over, note what is noted, and say in the log what has become grave."""
        await self.examine(slowly=self._looks % _SLOW == 0)
        self._looks += 1

    async def examine(self, slowly: bool = False) -> Checkup:
        """How the installation fares now. slowly: ask also for what is dear to be told."""
        async with self._looking:
            now, notes = utc_now(), self.notes
            await self._beat(now, notes, slowly)
            facts = await self._facts(now, notes)
            found = check_up(facts)
            before = set(notes.noticed)
            notes.notice(now, [one.name for one in found.findings])
            for one in found.findings:
                if one.severity is Severity.GRAVE and one.name not in before:
                    _LOG.warning("checkup: %s", one.key)
            await asyncio.to_thread(save, self._settings.data, notes)
            self._last = since_noticed(found, notes.noticed)
            return self._last

    async def _beat(self, now: datetime, notes: Notes, slowly: bool) -> None:
        if self._ticked is None or slowly:
            neighbours = [url for town in self._watched.broker.towns for url in _neighbours(town)]
            self._clock = await machine.clock(self._settings, notes, self._caller, neighbours)
            notes.measure(now, await asyncio.to_thread(machine.used_by, self._settings.data))
        at = time.monotonic()
        if self._ticked is not None:
            notes.tick(now, at - self._ticked)
        else:
            notes.beat = now
        self._ticked = at

    async def _facts(self, now: datetime, notes: Notes) -> Facts:
        settings, broker = self._settings, self._watched.broker
        towns = broker.towns
        folders, disk, memory = await asyncio.to_thread(self._machine, notes)
        devices, seen = await self._silence.look(towns, now)
        jobs, count = self._jobs()
        return Facts(
            now=now,
            data=self.data,
            running=True,
            contradictions=contradictions(settings),
            stores=tuple(StoreFact(town.name, "damaged", town.store.damage) for town in towns if town.store.damage),
            towns=len(towns),
            clock=self._clock,
            disk=disk,
            folders=folders,
            devices=devices[:_NAMED],
            devices_unnamed=max(0, len(devices) - _NAMED),
            devices_seen=seen,
            subscriptions=tuple(one for town in towns for one in self._subscriptions(town)),
            sources=tuple(self._sources(towns)),
            contexts=tuple(ContextFact(without_password(url), *told) for url, told in broker.contexts.away.items()),
            contexts_kept=broker.contexts.count,
            port=PortFact(settings.host, self._port(), True),
            ends=tuple(EndFact(one.kind, one.until, one.name) for one in self._concerns()),
            backup=of_running(settings, self._backups),
            standbys=() if self._lending is None else self._lending.facts(),
            branches=() if self._lagging is None else tuple(self._lagging.facts()),
            set_aside=tuple(broker.set_aside),
            memory=memory,
            workers=WorkersFact(self._compute.workers, self._compute.waiting, self._compute.ended),
            jobs=jobs,
            jobs_seen=count,
        )

    def _machine(self, notes: Notes) -> tuple[tuple[FolderFact, ...], DiskFact | None, MemoryFact | None]:
        data = self._settings.data
        return machine.folders(self._settings), machine.disk(data, notes), machine.memory()

    def _subscriptions(self, town: Town) -> list[SubscriptionFact]:
        found, last = [], town.store.last_seq
        for box in self._watched.broker.notifier(town).outboxes:
            progress = box.progress
            name, receiver = box.subscription.id, without_password(box.subscription.notification.endpoint.uri)
            failing = failing_since(progress, self.notes.noticed.get(f"subscriptions {name}"))
            behind = last - progress.cursor if box.waiting or failing else 0
            reason = progress.last_reason if failing else ""
            found.append(SubscriptionFact(town.name, name, host_of(receiver), box.status, behind, failing, reason))
        return found

    def _sources(self, towns: Sequence[Town]) -> list[SourceFact]:
        found = []
        sources = self._watched.sources
        if sources is not None:
            for row, one in zip(self._settings.mqtt, sources.mqtt, strict=False):
                account = one.account
                found.append(SourceFact("mqtt", host_of(row.url), account.connected, _why(account.last_error or "")))
            for feed, poll in zip(self._settings.gtfs_realtime, sources.gtfs, strict=False):
                fault = poll.account.last_error
                found.append(SourceFact("feed", host_of(feed.url), not fault, _kind(fault)))
            found += [SourceFact("ended", name, False, _kind(why)) for name, why in sources.faults.items()]
        for town in towns:
            for source in town.sources.kept.values():
                address = host_of(without_password(source.registration.endpoint))
                found.append(SourceFact("neighbour", address, not source.failing, town=town.name))
        return found

    def _jobs(self) -> tuple[tuple[JobFact, ...], int]:
        every = [("default", job) for job in self._watched.jobs]
        every += [(town, job) for town, jobs in self._watched.elsewhere().items() for job in jobs]
        failed = [
            JobFact(town, job.name, _kind(job.health.last_error), job.health.failing_since, job.health.failures)
            for town, job in every
            if job.health.last_error
        ]
        failed += [JobFact("default", one.package, "left out", None) for one in self._watched.broken]
        return tuple(failed), len(every)


def failing_since(progress: Progress, noticed: datetime | None) -> datetime | None:
    """Since when a receiver does not take what it is told; None where it does."""
    if progress.last_failure is None or (progress.last_success and progress.last_success >= progress.last_failure):
        return None
    return progress.last_success or noticed or progress.last_failure


def _why(error: str) -> str:
    """Why a source is not reached, where that is known; else what kind of error it is."""
    return known_cause(error) or _kind(error)


def _kind(error: str) -> str:
    """What kind of error it is; its words may tell of what the town holds, and stand in the log alone."""
    return error.partition(":")[0]


def host_of(url: str) -> str:
    """Where a URL leads, without what it says besides: its path may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _neighbours(town: Town) -> list[str]:
    return [source.registration.endpoint for source in town.sources.kept.values() if not source.failing]
