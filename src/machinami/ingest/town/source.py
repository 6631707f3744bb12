"""How do the simulated town's readings reach the city: first its past, then the storm as it comes?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from machinami.ingest.town.cameras import cameras
from machinami.ingest.town.circle import circle
from machinami.ingest.town.houses import stand
from machinami.ingest.town.pace import Pace
from machinami.ingest.town.simulate import DEFAULT_DAYS, RAIN_STEP, Town, floor_to, history
from machinami.ingest.town.street import street
from machinami.ingest.town.walkers import walkers
from machinami.model.reading import Reading

Deliver = Callable[[Sequence[Reading]], Awaitable[None]]
Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a town may set; see manifest.toml for units, ranges and help."""

    seed: int = 1
    days: int = DEFAULT_DAYS
    lead_hours: float = 5.0
    speed: float = 150.0
    live_minutes: int = 1


class Simulation:
    """A simulated town that lives: it delivers what it is, what has been, and then what happens.

    ``deliver`` is awaited for every batch, so a slow city slows the town and loses nothing. The town starts to live
    when its past is told: on a slow machine no gauge falls silent meanwhile. ``anchor`` brings back a town that lived
    before: the same land and weather, its storm in the past, readings from ``resume`` on.
    """

    def __init__(
        self,
        settings: Settings,
        deliver: Deliver,
        clock: Clock,
        sleep: Sleep,
        anchor: datetime | None = None,
        resume: datetime | None = None,
    ) -> None:
        self._deliver = deliver
        self._clock = clock
        self._sleep = sleep
        lead = timedelta(hours=settings.lead_hours if anchor is None else 0.0)
        self._pace = Pace(clock(), lead, max(settings.speed, 1.0))
        self.town = Town(settings.seed, anchor or self._pace.begins, settings.days)
        self._reached = resume or self.town.anchor
        self._resumed = self._lives = resume is not None
        self._live_step = timedelta(minutes=settings.live_minutes)

    @property
    def now(self) -> datetime:
        """The time in the town."""
        return self._pace.at(self._clock()) if self._lives else self._pace.begins

    async def tell_past(self) -> int:
        """Deliver what stands in the town and, unless it resumes, all readings before now; return how
        many."""
        told = await self._tell(self.town.inventory())
        if self._resumed:
            return told
        for day in history(self.town, self.town.anchor + _TICK):
            await self._deliver(day)
            told += len(day)
        told += await self._tell(
            [
                *self.town.coolness(),
                *stand(self.town.houses, self.town.anchor),
                *circle(self.town.anchor.astimezone(_ZONE).date(), self.town.anchor),
                *street(self.town.land, self.town.anchor, _ZONE),
            ]
        )
        told += await self._tell(
            walkers(self.town.seed, self.town.anchor.astimezone(_ZONE).date(), _ZONE, self.town.anchor)
        )
        told += await self._tell(cameras(self.town.land, self.town.houses, self.town.anchor))
        self._pace = replace(self._pace, paused=self._clock() - self._pace.started)
        self._lives = True
        return told

    async def _tell(self, readings: Iterable[Reading]) -> int:
        """Deliver what stands, in parts none of which is taken for a past; return how many readings."""
        rows, told = iter(readings), 0
        while part := list(islice(rows, _PART)):
            await self._deliver(part)
            told += len(part)
        return told

    async def step(self) -> Sequence[Reading]:
        """Wait until the next readings are due, deliver and return them."""
        real = self._clock()
        near = self._pace.caught_up(real) and real - self._reached <= 2 * RAIN_STEP
        step = self._live_step if near else RAIN_STEP
        due = floor_to(self._reached, step) + step
        await self._sleep(self._pace.real_until(due, real))
        reached = min(max(due, floor_to(self.now, step)), due + _LONGEST_BATCH)
        readings = self.town.readings(self._reached + _TICK, reached + _TICK, step)
        self._reached = reached
        await self._tell(readings)  # also what many hours held: a report or an alert among it must stand
        return readings

    async def run(self) -> None:
        """Tell the past, then live until cancelled."""
        await self.tell_past()
        while True:
            await self.step()


_ZONE = ZoneInfo("Asia/Tokyo")  # the simulated town lies in Japan
_PART = 1_000  # a longer batch is taken for a past, which goes into the history alone

# After a long pause the town catches up a day at a time.
_LONGEST_BATCH = timedelta(days=1)

# Readings are asked for after the last instant told, up to and with the instant reached.
_TICK = timedelta(seconds=1)
