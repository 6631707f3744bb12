"""How hot was it at a station in each past hour, by all that it measured?"""

from collections.abc import Mapping, Sequence

import numpy as np

from machinami.methods.series import Floats, Grid, on_grid
from machinami.model.view import Measured
from machinami.model.vocabulary.weather import WeatherObserved
from machinami.services.heat.logic.now import USUAL_PRESSURE, worked_out
from machinami.services.heat.logic.panel import HOUR

ELEMENTS = ("temperature", "relativeHumidity", "windSpeed", "solarRadiation", "atmosphericPressure")
"""What a station measures, in the order in which its heat is worked out from it."""
Told = tuple[list[float], list[float]]


def told_by(past: Sequence[Measured]) -> Told:
    """The known values of a series, as (seconds since 1970, values)."""
    known = [(one.observed_at.timestamp(), one.value) for one in past if one.value is not None]
    return [at for at, _ in known], [value for _, value in known]


def past_heat(station: WeatherObserved, told: Mapping[str, Told]) -> Told:
    """The WBGT (°C) of each hour in which a station measured enough, as (seconds since 1970, values).

    `told` holds the past of each of `ELEMENTS`; without a pressure the usual one is taken.
    """
    moments = [at for name in ELEMENTS[:4] for at in told.get(name, ([], []))[0]]
    if not moments:
        return [], []
    first = int(min(moments)) // HOUR * HOUR
    grid = Grid(first, HOUR, int(max(moments) - first) // HOUR + 1)
    rows = np.stack([_hourly(grid, told.get(name, ([], []))) for name in ELEMENTS], axis=1)
    rows[:, 4] = np.where(np.isfinite(rows[:, 4]), rows[:, 4], USUAL_PRESSURE)
    seconds = grid.start + grid.step * np.arange(grid.steps, dtype=np.float64)
    heat, _ = worked_out(station, seconds, rows)
    known = np.isfinite(heat.wbgt)
    return seconds[known].tolist(), heat.wbgt[known].tolist()


def _hourly(grid: Grid, told: Told) -> Floats:
    if not told[0]:
        return np.full(grid.steps, np.nan)
    return on_grid(grid, np.array(told[0], dtype=np.int64), np.array(told[1], dtype=np.float64))
