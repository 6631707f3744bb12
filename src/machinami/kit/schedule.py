"""When does a service run? By its interval, and soon after the data that it reads have changed."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.broker.town import Town
from machinami.model.change import Change, types_of
from machinami.model.consent import IN_FORCE, Consent

Work = Callable[[], Awaitable[None]]
_LOG = logging.getLogger("machinami.schedule")


@dataclass(slots=True)
class Health:
    """How a job fares: when it last ran, how long it took, and what went wrong last, if anything, since when."""

    last_run: datetime | None = None
    last_seconds: float = 0.0
    runs: int = 0
    failures: int = 0
    last_error: str = ""
    failing_since: datetime | None = None


class Job:
    """One recurring piece of work: every `every` seconds, and `settle` seconds after a trigger at the latest.

    It never runs twice at once; triggers that come meanwhile make one more run. A failing run is reported (once
    while it fails for the same reason) and tried again at the next time; it stops nobody else.
    """

    def __init__(
        self,
        name: str,
        work: Work,
        clock: Callable[[], datetime],
        every: float,
        settle: float = 1.0,
    ) -> None:
        self.name = name
        self.health = Health()
        self._work = work
        self._clock = clock
        self._every = every
        self._settle = settle
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the first run comes at once."""
        self._task = asyncio.create_task(self._run())

    def stir(self) -> None:
        """Say that there is something new."""
        self._stirred.set()

    def surround(self, around: Callable[[str, Work], Work]) -> None:
        """Have each run be done within something else, such as a span of a trace."""
        self._work = around(self.name, self._work)

    async def stop(self) -> None:
        """Stop, even in the middle of a run."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._stirred.clear()
            began = loop.time()
            try:
                await self._work()
                if self.health.failing_since is not None:
                    _LOG.info("%s works again", self.name)
                self.health.last_error, self.health.failing_since = "", None
            except Exception as error:
                self.health.failures += 1
                self.health.failing_since = self.health.failing_since or self._clock()
                said = f"{type(error).__name__}: {error}"
                if said != self.health.last_error:  # once, however long it lasts: what is told each second is not read
                    _LOG.exception("%s failed; it is tried again at its next time", self.name)
                self.health.last_error = said
            self.health.runs += 1
            self.health.last_run = self._clock()
            self.health.last_seconds = loop.time() - began
            try:
                async with asyncio.timeout(self._every):
                    await self._stirred.wait()
                await asyncio.sleep(self._settle)
            except TimeoutError:
                pass


class Triggers:
    """Which jobs are stirred by what a commit of a town has changed? All are asked of at once: services are many."""

    def __init__(self, town: Town) -> None:
        self._jobs: defaultdict[str, list[Job]] = defaultdict(list)
        town.store.on_commit(self._hear)

    def add(self, job: Job, types: Iterable[str], entity_id: str) -> None:
        """Stir the job when an entity of one of these types (expanded), or this entity, has changed."""
        for name in (*types, entity_id):
            self._jobs[name].append(job)

    def _hear(self, changes: Sequence[Change]) -> None:
        heard = {change.entity_id for change in changes}.union(*types_of(changes))
        for name in heard & self._jobs.keys():
            for job in self._jobs[name]:
                job.stir()


def ending(job: Job, purposes: frozenset[str]) -> Callable[[Consent], None]:
    """A listener that stirs the job when a consent to one of its purposes has ended: what was kept on it goes."""

    def hear(consent: Consent) -> None:
        if consent.state not in IN_FORCE and consent.terms.purpose in purposes:
            job.stir()

    return hear
