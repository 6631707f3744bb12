"""How does a service begin in a town? With its handle, and the jobs that keep it at work."""

from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.kit.city import City
from machinami.kit.compute import Compute
from machinami.kit.desk import House
from machinami.kit.installed import Service
from machinami.kit.schedule import Job, ending, stirring

_DEFAULT_EVERY = 600.0


def started(town: Town, service: Service, compute: Compute, time_zone: str) -> tuple[House, list[Job]]:
    """The service in the town, and its jobs, which are still to be started: it is stirred by what triggers it."""
    manifest = service.manifest
    city = City(town, manifest, compute, time_zone)
    every = manifest.every.total_seconds() if manifest.every else _DEFAULT_EVERY
    job = Job(manifest.id, lambda: service.refresh(city, town.clock()), town.clock, every)
    expand = town_context().expand
    town.store.on_commit(stirring(job, frozenset(expand(use.type) for use in manifest.triggers)))
    town.policy.listeners.append(ending(job, frozenset(row.id for row in manifest.personal)))
    jobs = [job]
    if service.learn is not None:
        learn, pause = service.learn, service.learn_every.total_seconds()
        jobs.append(Job(f"{manifest.id}: learning", lambda: learn(city, city.now()), town.clock, pause))
    return House(service, city, job.health), jobs
