"""How long must somebody wait who guesses? Each miss beyond the free ones doubles the wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Misses:
    """How often it failed in a row, and when last."""

    count: int = 0
    last: datetime | None = None


def missed(before: Misses, now: datetime) -> Misses:
    """After one more miss; a day without one begins anew."""
    if before.last is not None and now - before.last > timedelta(days=1):
        return Misses(1, now)
    return Misses(before.count + 1, now)


def wait(misses: Misses, free: int, now: datetime) -> timedelta:
    """How long the next attempt must still wait; zero where it need not."""
    beyond = misses.count - free
    if beyond < 0 or misses.last is None:
        return timedelta()
    pause = min(LONGEST, timedelta(seconds=2 ** min(beyond, 20)))
    return max(timedelta(), misses.last + pause - now)
