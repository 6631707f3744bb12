"""How does the installation fare? Gathers what every part says of itself for /health and /metrics."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from machinami.apis.status.shapes import Metric, Part
from machinami.app.relief import Relief
from machinami.app.sources import Sources
from machinami.broker.broker import Broker
from machinami.broker.town import Town
from machinami.kit.installed import Broken
from machinami.kit.room import Room
from machinami.kit.schedule import Job
from machinami.model.quota import write_quota

NAMED = "subscription"  # the label of a figure that names what a town holds


class Faring(Protocol):
    """A part of an installation that says itself how it fares."""

    def parts(self) -> list[Part]:
        """In words."""
        ...

    def metrics(self) -> list[Metric]:
        """In figures."""
        ...


@dataclass(slots=True)
class Installation:
    """The parts of a running installation that can say how they fare. elsewhere: the jobs of the towns besides the
    default one, by town; others: further parts that say how they fare; relief: who stands in for it; room: what its
    clients take."""

    data: Path
    broker: Broker
    jobs: list[Job] = field(default_factory=list)
    broken: Sequence[Broken] = ()
    sources: Sources | None = None
    others: list[Faring] = field(default_factory=list)
    start_seconds: float = 0.0
    elsewhere: Callable[[], Mapping[str, Sequence[Job]]] = dict
    relief: Relief | None = None
    room: Room | None = None


def parts(installation: Installation) -> list[Part]:
    """Every part with its own word; what is wrong says so."""
    found = [Part("store", True, str(installation.data))]
    damaged = [(town.name, town.store.damage) for town in installation.broker.towns if town.store.damage]
    found += [Part(f"file of the town {name}", False, damage) for name, damage in damaged]
    for job in installation.jobs:
        found.append(Part(f"job {job.name}", not job.health.last_error, _kind(job)))
    for town, jobs in installation.elsewhere().items():
        found += [Part(f"job {job.name} of {town}", not job.health.last_error, _kind(job)) for job in jobs]
    found += [Part(f"service {bad.package}", False, bad.reason) for bad in installation.broken]
    if installation.relief is not None and installation.relief.fault:
        found.append(Part("stand-in", False, installation.relief.fault))
    found += [Part("set aside", False, row) for row in installation.broker.set_aside]
    for told in installation.others:
        found += told.parts()
    sources = installation.sources
    if sources is not None:
        found += [Part(f"source {name}", False, why) for name, why in sources.faults.items()]
        for source in sources.mqtt:
            account = source.account
            found.append(Part("mqtt", account.connected, account.last_error or f"{account.readings} readings"))
        for feed in sources.gtfs:
            found.append(Part("gtfs", not feed.account.last_error, f"{feed.account.readings} readings"))
    return found


def _kind(job: Job) -> str:
    """What kind of error a job ended in last; its words may tell of what the town holds, and stand in the log alone."""
    return job.health.last_error.partition(":")[0]


def metrics(installation: Installation, named: Collection[str]) -> list[Metric]:
    """Every figure of every town. named: the towns of which it may be told what they hold, thing by thing."""
    found = [Metric("start_seconds", "Time from start to listening", installation.start_seconds)]
    for town in installation.broker.towns:
        found += _of_town(installation, town)
    found += _of_clients(installation.room) if installation.room else []
    every = [({"job": job.name}, job) for job in installation.jobs]
    every += [({"job": job.name, "town": town}, job) for town, jobs in installation.elsewhere().items() for job in jobs]
    for labels, job in every:
        found.append(Metric("job_runs_total", "Runs of a job", job.health.runs, "counter", labels))
        found.append(Metric("job_failures_total", "Failed runs of a job", job.health.failures, "counter", labels))
        found.append(Metric("job_seconds", "How long the last run took", job.health.last_seconds, labels=labels))
    for told in installation.others:
        found += told.metrics()
    found = [one for one in found if NAMED not in one.labels or one.labels["town"] in named]
    return sorted(found, key=lambda metric: metric.name)  # the format wants the rows of a name together


def _of_clients(room: Room) -> list[Metric]:
    bounds = room.bounds
    rows = (
        ("connections", "Connections that are open", room.connections, bounds.connections),
        ("works", "Requests whose answers are awaited", room.works, bounds.works),
        ("body_bytes", "Bytes of bodies that are held", room.held, bounds.held),
        ("unread_bytes", "Bytes of answers that are not read", room.unread, bounds.unread),
    )
    found = [Metric(f"http_{name}", words, value) for name, words, value, _ in rows]
    found += [
        Metric("http_bound", "The most that is taken", bound, labels={"kind": name}) for name, _, _, bound in rows
    ]
    return found + [
        Metric("http_refusals_total", "Connections and requests that were refused or cut off", times, "counter",
               {"kind": kind})
        for kind, times in sorted(room.refused.items())
    ]  # fmt: skip


def _of_town(installation: Installation, town: Town) -> list[Metric]:
    labels = {"town": town.name}
    boxes = installation.broker.notifier(town).outboxes
    found = [
        Metric(f"store_{name}", "A figure of the town's store", value, labels=labels)
        for name, value in town.store.statistics().items()
    ]
    found.append(Metric("subscriptions", "Subscriptions", len(boxes), labels=labels))
    for name, words, total in (
        ("sent", "Notifications sent", sum(box.progress.times_sent for box in boxes)),
        ("failed", "Notifications that failed", sum(box.progress.times_failed for box in boxes)),
    ):
        found.append(Metric(f"notifications_{name}_total", words, total, "counter", labels))
    bounds = write_quota(town.meter.quota)
    found += [
        Metric("quota", "What a town may take", bound, labels={**labels, "kind": kind})
        for kind, bound in bounds.items()
        if bound is not None
    ]
    found += [
        Metric("quota_refusals_total", "What a full town was refused", times, "counter", {**labels, "kind": kind})
        for kind, times in town.meter.refused.items()
    ]
    found.append(Metric("store_used_bytes", "What the data of a town take", town.store.used_bytes(), labels=labels))
    waiting = sum(box.waiting for box in boxes)
    found.append(Metric("notifications_waiting", "Changes waiting to be told", waiting, labels=labels))
    return found
