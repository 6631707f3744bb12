"""What is known of the heat at several places, hour by hour, side by side?"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from machinami.methods.series import Floats, Grid, lagged, on_grid

HOUR = 3600
DAY = 24


class Panel(NamedTuple):
    """WBGT (°C) by hour and place, (hours, places), NaN where unknown; `start` in seconds since 1970."""

    start: int
    places: tuple[str, ...]
    values: Floats

    @property
    def hours(self) -> int:
        """How many hours there are."""
        return len(self.values)

    def until(self, hour: int) -> "Panel":
        """What was known before the hour of this number."""
        return Panel(self.start, self.places, self.values[:hour])


def panel_of(series: Mapping[str, tuple[Sequence[float] | Floats, Sequence[float] | Floats]]) -> Panel:
    """Put series of (seconds since 1970, °C) on common hours; the last value within an hour stands."""
    known = {place: np.asarray(seconds, dtype=np.int64) for place, (seconds, _) in series.items() if len(seconds)}
    if not known:
        return Panel(0, (), np.zeros((0, 0)))
    first = min(int(seconds.min()) for seconds in known.values()) // HOUR * HOUR
    last = max(int(seconds.max()) for seconds in known.values())
    grid = Grid(first, HOUR, (last - first + HOUR // 2) // HOUR + 1)
    columns = [on_grid(grid, known[place], np.asarray(series[place][1], dtype=np.float64)) for place in known]
    return Panel(first, tuple(known), np.stack(columns, axis=1))


def usual(values: Floats, hours: int) -> Floats:
    """Return the mean of the last `hours` including this one, column by column; NaN where less than half is known."""
    known = np.isfinite(values)
    sums = np.cumsum(np.where(known, values, 0.0), axis=0)
    counts = np.cumsum(known, axis=0)
    total = sums - shifted(sums, hours, 0.0)
    count = counts - shifted(counts, hours, 0)
    return np.where(count * 2 >= hours, total / np.maximum(count, 1), np.nan)


def shifted(values: Floats, rows: int, before: float) -> Floats:
    """Return a table as it was `rows` rows earlier, with `before` where nothing was."""
    moved = np.full_like(values, before)
    moved[rows:] = values[:-rows] if rows else values
    return moved


def yesterday(panel: Panel, place: int, ahead: int) -> Floats:
    """Return what was known last, at each hour, of the hour of the day that is `ahead` hours away."""
    return lagged(panel.values[:, place], -ahead % DAY)
