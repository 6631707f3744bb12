"""How does a service begin in a town? With its handle, and the jobs that keep it at work."""

from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.kit.city import City
from machinami.kit.desk import House
from machinami.kit.installed import Service
from machinami.kit.schedule import Job, Triggers, ending
from machinami.kit.switches import Switches
from machinami.model.vocabulary.switches import switch_id

_DEFAULT_EVERY = 600.0


def started(
    town: Town, service: Service, city: City, switches: Switches, triggers: Triggers
) -> tuple[House, list[Job]]:
    """The service in the town, and its jobs, which are still to be started: it is stirred by what triggers it, and when
    the town says how it stands, and does nothing while it is off."""
    manifest = service.manifest

    def is_on() -> bool:
        return switches.is_on(manifest.id)

    async def refresh() -> None:
        if is_on():
            await service.refresh(city, town.clock())

    every = manifest.every.total_seconds() if manifest.every else _DEFAULT_EVERY
    job = Job(manifest.id, refresh, town.clock, every)
    triggers.add(job, map(town_context().expand, [use.type for use in manifest.triggers]), switch_id(manifest.id))
    town.policy.listeners.append(ending(job, frozenset(row.id for row in manifest.personal)))
    jobs = [job]
    if service.learn is not None:
        learn, pause = service.learn, service.learn_every.total_seconds()

        async def practise() -> None:
            if is_on():
                await learn(city, city.now())

        jobs.append(Job(f"{manifest.id}: learning", practise, town.clock, pause))
    return House(service, city, job.health, is_on), jobs
