"""What is done again and again while an installation runs, whatever its services do?"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from machinami.app.checkup.running import SECONDS as LOOKED_OVER
from machinami.app.checkup.running import Overseer
from machinami.app.clock import utc_now
from machinami.app.delivering import SECONDS as DELIVERED
from machinami.app.delivering import Delivering
from machinami.app.forwarding import SECONDS as SENT
from machinami.app.forwarding import Forwarding
from machinami.app.keeping import SECONDS as KEPT
from machinami.app.keeping import Keeping
from machinami.app.mosquitto import SECONDS as TOLD
from machinami.app.mosquitto import Ready
from machinami.app.practising import practice
from machinami.app.pressing import work_of
from machinami.app.retaining import SECONDS as RETAINED
from machinami.app.retaining import Retaining
from machinami.app.towns.platform import Platform
from machinami.broker.broker import Broker
from machinami.broker.consents import expire
from machinami.broker.forgetting import Forgetting
from machinami.broker.identity.identity import Identity
from machinami.broker.registrations import forget_expired
from machinami.broker.renewal import SOONEST
from machinami.broker.retention import trim
from machinami.broker.transience import SECONDS, sweep
from machinami.foundation.settings import Settings
from machinami.kit.compute import Compute
from machinami.kit.schedule import Job
from machinami.wire.exchange import HttpCaller
from machinami.wire.http import trusting
from machinami.wire.targets import Targets

_DAY = 86_400.0
_SEALED = 10.0
_TIDIED, _MEASURED, _PRACTISED = 60.0, 1.0, 30.0


def upkeep(
    settings: Settings,
    broker: Broker,
    identity: Identity,
    keeping: Keeping,
    platform: Platform,
    now: Callable[[], datetime],
    compute: Compute,
    forwarding: Forwarding | None = None,
    overseer: Overseer | None = None,
    delivering: Delivering | None = None,
) -> list[Job]:
    """The jobs of the house itself. now: what time it is in town, by which its data grow old."""

    forgetting = Forgetting()

    async def sweep_all() -> None:
        for town in broker.towns:
            await sweep(town)
            await expire(town)
            await forgetting.look(town)
            await forget_expired(town)

    jobs = [
        Job("who is signed in", identity.tidy, utc_now, _TIDIED),
        Job("log retention", partial(_trim_logs, settings, broker, now, delivering), now, _DAY),
        Job("what ends some day", keeping.look, utc_now, KEPT),
        Job("what is marked is sealed", partial(_seal_all, broker), utc_now, _SEALED),
        Job("what expires", sweep_all, now, SECONDS),
        Job("quotas", platform.measure, utc_now, _MEASURED),
    ]
    if delivering is not None:
        jobs.append(Job("delivery to the centre", partial(_deliver, broker, delivering), utc_now, DELIVERED))
    if settings.context_days:
        jobs.append(Job("contexts", partial(_renew_contexts, settings, broker, now), utc_now, SOONEST.total_seconds()))
    if settings.mosquitto is not None:
        jobs.append(Job("keys for mosquitto", Ready(settings, identity, utc_now).keep, utc_now, TOLD))
    if settings.simulation is not None:
        release = practice(lambda: broker.open_town(None), work_of(compute, settings.time_zone))
        jobs.append(Job("release of invented people", release, utc_now, _PRACTISED))
    jobs += _looking_ahead(settings, broker, now, overseer)
    if forwarding is not None:
        jobs.append(Job("account elsewhere", forwarding.send, utc_now, SENT))
    return jobs


def delivering_of(settings: Settings) -> Delivering | None:
    """What delivers to the centre, where the settings name one."""
    return Delivering(settings.branch, partial(_line, settings)) if settings.branch else None


def _line(settings: Settings) -> HttpCaller:
    """The line to the centre, which the settings name and no client, so that it may lie in the own network."""
    return HttpCaller(lambda: trusting(settings.ca_file), Targets(private=True, plain=settings.plain_targets))


async def _trim_logs(
    settings: Settings, broker: Broker, now: Callable[[], datetime], delivering: Delivering | None
) -> None:
    before = now() - timedelta(days=settings.log_days)
    for town in broker.towns:
        needed = broker.cursors(town) + ([delivering.cursor(town)] if delivering and town.is_default else [])
        await trim(town, before, needed)


async def _deliver(broker: Broker, delivering: Delivering) -> None:
    town = broker.open_town(None)
    if town is not None:
        await delivering.deliver(town)


async def _renew_contexts(settings: Settings, broker: Broker, now: Callable[[], datetime]) -> None:
    await broker.contexts.renew(now() - timedelta(days=settings.context_days))


def _looking_ahead(
    settings: Settings, broker: Broker, now: Callable[[], datetime], overseer: Overseer | None
) -> list[Job]:
    """What sees to it that the disk lasts, and says in time what will not."""
    found = [Job("retention of the past", Retaining(broker, settings.time_zone, now).look, now, RETAINED)]
    if overseer is not None:
        found.append(Job("checkup", overseer.look, utc_now, LOOKED_OVER))
    return found


async def _seal_all(broker: Broker) -> None:
    for town in broker.towns:
        if town.shroud is not None:
            await town.shroud.seal_what_was_there(town.clock())
