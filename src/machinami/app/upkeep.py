"""What is done again and again while an installation runs, whatever its services do?"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from machinami.app.checkup.running import SECONDS as LOOKED_OVER
from machinami.app.checkup.running import Overseer
from machinami.app.clock import utc_now
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
) -> list[Job]:
    """The jobs of the house itself. now: what time it is in town, by which its data grow old."""

    forgetting = Forgetting()

    async def sweep_all() -> None:
        for town in broker.towns:
            await sweep(town)
            await expire(town)
            await forgetting.look(town)
            await forget_expired(town)

    async def trim_logs() -> None:
        before = now() - timedelta(days=settings.log_days)
        for town in broker.towns:
            await trim(town, before, broker.cursors(town))

    jobs = [
        Job("who is signed in", identity.tidy, utc_now, _TIDIED),
        Job("log retention", trim_logs, now, _DAY),
        Job("what ends some day", keeping.look, utc_now, KEPT),
        Job("what is marked is sealed", partial(_seal_all, broker), utc_now, _SEALED),
        Job("what expires", sweep_all, now, SECONDS),
        Job("quotas", platform.measure, utc_now, _MEASURED),
        Job("retention of the past", Retaining(broker, settings.time_zone, now).look, now, RETAINED),
    ]
    if settings.context_days:
        jobs.append(Job("contexts", partial(_renew_contexts, settings, broker, now), utc_now, SOONEST.total_seconds()))
    if settings.mosquitto is not None:
        jobs.append(Job("keys for mosquitto", Ready(settings, identity, utc_now).keep, utc_now, TOLD))
    if settings.simulation is not None:
        release = practice(lambda: broker.open_town(None), work_of(compute, settings.time_zone))
        jobs.append(Job("release of invented people", release, utc_now, _PRACTISED))
    if overseer is not None:
        jobs.append(Job("checkup", overseer.look, utc_now, LOOKED_OVER))
    if forwarding is not None:
        jobs.append(Job("account elsewhere", forwarding.send, utc_now, SENT))
    return jobs


async def _renew_contexts(settings: Settings, broker: Broker, now: Callable[[], datetime]) -> None:
    await broker.contexts.renew(now() - timedelta(days=settings.context_days))


async def _seal_all(broker: Broker) -> None:
    for town in broker.towns:
        if town.shroud is not None:
            await town.shroud.seal_what_was_there(town.clock())
