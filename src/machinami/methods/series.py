"""How does one handle evenly spaced series of measurements that have gaps?

Every series here is a one-dimensional array on a regular time grid, oldest first; NaN means "not measured".
Lags, bands and time constants are counted in steps of the grid.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Grid(NamedTuple):
    """A regular time grid: seconds since 1970 of the first step, seconds per step, number of steps."""

    start: int
    step: int
    steps: int


def usual_step(seconds: NDArray[np.int64]) -> int:
    """Return the commonest spacing (s) of ascending distinct times; ValueError with fewer than two times."""
    gaps = np.diff(seconds)
    if gaps.size == 0:
        raise ValueError("a step needs at least two different times")
    lengths, counts = np.unique(gaps, return_counts=True)
    return int(lengths[np.argmax(counts)])


def grid_over(seconds: NDArray[np.int64], step: int) -> Grid:
    """Return the grid of `step` seconds that starts at the first time and reaches the last."""
    first, last = int(seconds[0]), int(seconds[-1])
    return Grid(first, step, round((last - first) / step) + 1)


def on_grid(grid: Grid, seconds: NDArray[np.int64], values: Floats, adding: bool = False) -> Floats:
    """Put values on the nearest step of a grid: the last value of a step wins, or all of it is added up.

    `adding` is for amounts per interval (rain); levels take the last value. Steps without a value are NaN.
    """
    placed = np.full(grid.steps, np.nan)
    index = np.rint((seconds - grid.start) / grid.step).astype(np.int64)
    keep = (index >= 0) & (index < grid.steps) & np.isfinite(values)
    if adding:
        total = np.zeros(grid.steps)
        np.add.at(total, index[keep], values[keep])
        placed[index[keep]] = total[index[keep]]
    else:
        placed[index[keep]] = values[keep]
    return placed


def last_known(values: Floats, longest: int) -> Floats:
    """Carry each value forward over a gap of at most `longest` steps; longer gaps stay NaN after that."""
    index = np.where(np.isfinite(values), np.arange(len(values)), -1)
    index = np.maximum.accumulate(index)
    age = np.arange(len(values)) - index
    known = (index >= 0) & (age <= longest)
    return np.where(known, values[np.maximum(index, 0)], np.nan)


def lagged(values: Floats, steps: int) -> Floats:
    """Return the series as it was `steps` earlier (negative: later); the ends are NaN."""
    moved = np.full_like(values, np.nan)
    if abs(steps) >= len(values):
        return moved
    if steps > 0:
        moved[steps:] = values[:-steps]
    elif steps < 0:
        moved[:steps] = values[-steps:]
    else:
        moved[:] = values
    return moved


def band_sum(values: Floats, nearest: int, farthest: int) -> Floats:
    """Add up what fell between `farthest` (exclusive) and `nearest` (inclusive) steps ago.

    `band_sum(rain, 0, 6)` is the rain of the last six steps, `band_sum(rain, -6, 0)` that of the next six.
    Steps that were not measured, and those beyond the ends, count as nothing.
    """
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    now = np.arange(1, len(values) + 1)
    upper = np.clip(now - nearest, 0, len(values))
    lower = np.clip(now - farthest, 0, len(values))
    return np.asarray(total[upper] - total[lower])


def exponential_mean(values: Floats, time_constant: float) -> Floats:
    """Return the exponentially forgetting mean (time constant in steps); a gap holds the last value."""
    keep = float(np.exp(-1.0 / max(time_constant, 1e-9)))
    mean = np.empty_like(values)
    state, known = np.nan, values.tolist()
    for i, value in enumerate(known):
        if value == value:
            state = value if state != state else keep * state + (1.0 - keep) * value
        mean[i] = state
    return mean


def trailing_minimum(values: Floats, window: int) -> Floats:
    """Return the lowest value of the last `window` steps including this one (NaN while none is known).

    Runs in O(n) (van Herk's two passes), so that a month-long window costs no more than an hour.
    """
    count = len(values)
    window = max(1, min(window, count))
    blocks = -(-count // window)
    padded = np.full(blocks * window, np.inf)
    padded[:count] = np.where(np.isfinite(values), values, np.inf)
    table = padded.reshape(blocks, window)
    forward = np.minimum.accumulate(table, axis=1).ravel()
    backward = np.minimum.accumulate(table[:, ::-1], axis=1)[:, ::-1].ravel()
    start = np.arange(count) - window + 1
    reach = np.where(start >= 0, backward[np.maximum(start, 0)], np.inf)
    lowest = np.minimum(forward[:count], reach)
    return np.where(np.isfinite(lowest), lowest, np.nan)
