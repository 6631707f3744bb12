"""How do readings that come when they come make a regular record?"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from machinami.methods.series import Floats, Grid, grid_over, on_grid, usual_step
from machinami.services.flood.logic.record import Record
from machinami.services.flood.model import Sample

FINEST_STEP = 600
"""Readings that come more often than every ten minutes are thinned: a river does not change faster."""


class Series(NamedTuple):
    """Readings in order of time: seconds since 1970, and values. Plain lists travel cheaply to a worker."""

    seconds: list[int]
    values: list[float]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> "Series":
        """The readings as a series, one per moment (the last one said)."""
        points = sorted({int(s.at.timestamp()): float(s.value) for s in samples}.items())
        return cls([at for at, _ in points], [value for _, value in points])


def gather(
    level: Series,
    rain: Mapping[str, Series],
    step: int = 0,
    coming: Sequence[float] = (),
    coming_from: int = 0,
) -> Record | None:
    """Put readings on the grid of the level's usual step (s, at least ten minutes), or of `step`.

    None with fewer than two readings. `rain` maps gauge ids to depths per interval ending at each time; the ids'
    order is that of the columns. `coming` is forecast rain (mm) in each hour from `coming_from` (s) on: it stands
    in for every gauge.
    """
    if len(level.seconds) < 2:
        return None
    seconds = np.array(level.seconds, dtype=np.int64)
    step = step or max(usual_step(seconds), FINEST_STEP)
    first = seconds[0] // step * step
    grid = grid_over(np.array([first, max(seconds[-1], first)], dtype=np.int64), step)
    known = grid.steps
    if coming:
        grid = grid._replace(steps=max(known, (coming_from + 3600 * len(coming) - grid.start) // step + 1))
    columns = [laid(grid, samples) for samples in rain.values()]
    table = np.stack(columns) if columns else np.zeros((0, grid.steps))
    if coming:
        table = with_coming(table, grid, coming, max(coming_from, grid.start + (known - 1) * step), coming_from)
    return Record(grid.start, step, on_grid(grid, seconds, np.array(level.values)), table, tuple(rain))


def laid(grid: Grid, samples: Series) -> Floats:
    """Put the rain of one gauge on the grid, adding up what falls into one step.

    A gauge that reports less often than the level has its rain spread evenly over the steps it covers.
    """
    if not samples.seconds:
        return np.full(grid.steps, np.nan)
    seconds: NDArray[np.int64] = np.array(samples.seconds, dtype=np.int64)
    values = np.array(samples.values, dtype=np.float64)
    each = max(1, round(usual_step(seconds) / grid.step)) if len(seconds) > 1 else 1
    if each == 1:
        return on_grid(grid, seconds, values, adding=True)
    offsets = np.arange(each, dtype=np.int64) * grid.step
    spread = (seconds[:, None] - offsets[None, :]).ravel()
    return on_grid(grid, spread, np.repeat(values / each, each), adding=True)


def with_coming(table: Floats, grid: Grid, coming: Sequence[float], after: int, issued: int) -> Floats:
    """Write forecast rain, hourly from `issued` on, into every column's steps after `after` (both in s)."""
    filled = table.copy()
    ends = grid.start + np.arange(grid.steps, dtype=np.int64) * grid.step
    hours = (ends - issued - 1) // 3600
    ahead = (ends > after) & (hours >= 0) & (hours < len(coming))
    filled[:, ahead] = np.array(coming, dtype=np.float64)[hours[ahead]] * (grid.step / 3600)
    return filled
