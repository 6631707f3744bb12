"""The simulated town that several tests look at; made once for each seed."""

from datetime import UTC, datetime
from functools import lru_cache

from machinami.ingest.town.simulate import Town, history
from machinami.model.reading import Reading

ANCHOR = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
SEEDS = (1, 2)


@lru_cache(maxsize=8)
def town(seed: int = 1) -> Town:
    """Return the town of a seed, anchored at a fixed instant."""
    return Town(seed, ANCHOR)


@lru_cache(maxsize=4)
def past(seed: int = 1) -> tuple[Reading, ...]:
    """Return sixty days of readings."""
    return tuple(reading for day in history(town(seed), ANCHOR) for reading in day)
