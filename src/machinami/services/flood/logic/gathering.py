"""How do readings that come when they come make a regular record?"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from machinami.methods.series import Floats, Grid, grid_over, on_grid, usual_step
from machinami.services.flood.logic.record import Record
from machinami.services.flood.model import Sample


def gather(
    level: Sequence[Sample],
    rain: Mapping[str, Sequence[Sample]],
    step: int = 0,
    coming: Sequence[float] = (),
    coming_from: datetime | None = None,
) -> Record | None:
    """Put readings on the grid of the level's usual step (s), or of `step`; None with fewer than two readings.

    `rain` maps gauge ids to depths per interval ending at each time; the ids' order is that of the columns.
    `coming` is forecast rain (mm) in each hour from `coming_from` on: it stands in for every gauge.
    """
    points = sorted({s.at: s.value for s in level}.items())
    if len(points) < 2:
        return None
    seconds = np.array([int(at.timestamp()) for at, _ in points], dtype=np.int64)
    values = np.array([value for _, value in points], dtype=np.float64)
    step = step or usual_step(seconds)
    grid = grid_over(seconds, step)
    if coming and coming_from is not None:
        end = int(coming_from.timestamp()) + 3600 * len(coming)
        grid = grid._replace(steps=max(grid.steps, (end - grid.start) // step + 1))
    columns = [laid(grid, samples) for samples in rain.values()]
    table = np.stack(columns) if columns else np.zeros((0, grid.steps))
    if coming and coming_from is not None:
        table = with_coming(table, grid, coming, coming_from)
    return Record(grid.start, step, on_grid(grid, seconds, values), table, tuple(rain))


def laid(grid: Grid, samples: Sequence[Sample]) -> Floats:
    """Put the rain of one gauge on the grid, adding up what falls into one step.

    A gauge that reports less often than the level has its rain spread evenly over the steps it covers.
    """
    points = sorted({s.at: s.value for s in samples}.items())
    if not points:
        return np.full(grid.steps, np.nan)
    seconds = np.array([int(at.timestamp()) for at, _ in points], dtype=np.int64)
    values = np.array([value for _, value in points], dtype=np.float64)
    each = max(1, round(usual_step(seconds) / grid.step)) if len(points) > 1 else 1
    if each == 1:
        return on_grid(grid, seconds, values, adding=True)
    offsets = np.arange(each, dtype=np.int64) * grid.step
    spread = (seconds[:, None] - offsets[None, :]).ravel()
    return on_grid(grid, spread, np.repeat(values / each, each), adding=True)


def with_coming(table: Floats, grid: Grid, coming: Sequence[float], start: datetime) -> Floats:
    """Write forecast rain into the steps after `start` of every column."""
    filled = table.copy()
    share = grid.step / 3600
    first = int(start.timestamp())
    for position in range(grid.steps):
        hour = (grid.start + position * grid.step - first - 1) // 3600
        if grid.start + position * grid.step > first and 0 <= hour < len(coming):
            filled[:, position] = coming[hour] * share
    return filled
