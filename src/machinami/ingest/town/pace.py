"""What time is it in the simulated town?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """A clock that starts ``lead`` before the real instant ``started``, stands still for ``paused`` and then runs
    ``speed`` times as fast.

    When it has caught up with the real time it stays with it; observed times never lie in the future.
    """

    started: datetime
    lead: timedelta
    speed: float
    paused: timedelta = timedelta(0)

    @property
    def begins(self) -> datetime:
        """The simulated instant at which the town comes to life: just before the coming storm."""
        return self.started - self.lead

    def at(self, real: datetime) -> datetime:
        """Return the simulated time at a real instant."""
        run = max(real - self.started - self.paused, timedelta(0))
        return min(real, self.begins + self.speed * run)

    def caught_up(self, real: datetime) -> bool:
        """Say whether the simulated time is the real time."""
        return self.at(real) == real

    def real_until(self, simulated: datetime, real: datetime) -> float:
        """Return the seconds from the instant ``real`` until the town's clock shows ``simulated``; 0 if it
        has."""
        missing = simulated - self.at(real)
        if missing <= timedelta(0):
            return 0.0
        reached = self.started + self.paused + (simulated - self.begins) / self.speed
        return max((max(reached, simulated) - real).total_seconds(), 0.0)
