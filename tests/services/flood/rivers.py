"""Which rivers do the tests of the flood service look at? Made-up ones, by rules the forecaster does not know."""

from datetime import UTC, datetime

import numpy as np

from machinami.services.flood.logic.record import Record

START = datetime(2025, 6, 1, tzinfo=UTC)


def storms(count: int, seed: int, chance: float = 0.01) -> np.ndarray:
    """Return rain per step: storms that begin by chance and last some hours."""
    rng = np.random.default_rng(seed)
    rain = np.zeros(count)
    for begin in np.flatnonzero(rng.random(count) < chance):
        length = int(rng.integers(2, 9))
        rain[begin : begin + length] += (
            rng.gamma(2.0, 2.0) * np.hanning(length + 2)[1:-1][: len(rain[begin : begin + length])]
        )
    return rain


def river(count: int = 3000, seed: int = 1, step: int = 3600, delay: int = 3, scale: float = 1.0) -> Record:
    """Return a river that answers rain `delay` steps later with a power law and falls by leaking."""
    rain = storms(count, seed)
    noise = np.random.default_rng(seed + 99).normal(0.0, 0.004, count)
    level = np.empty(count)
    store = 0.2
    for i in range(count):
        store = store * 0.93 + 0.02 * (rain[i - delay] if i >= delay else 0.0) + 0.004
        level[i] = 0.5 + 1.1 * store**0.8
    return Record(0, step, np.round((level + noise) * scale, 3), rain[None, :], ("upstream",))
