"""What of the past (and of a rain forecast) can explain how much a river will rise?

Nothing here carries the absolute level or a sum since the beginning: gauges drift and are re-levelled, and
such columns then act as a calendar (measured: far worse than persistence).
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from machinami.methods.series import (
    Floats,
    band_sum,
    exponential_mean,
    lagged,
    last_known,
    trailing_minimum,
)
from machinami.services.flood.logic.record import Column, Record

LEVEL_LAGS = (0.0, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0)
RAIN_BANDS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0, 24.0, 48.0)
WORST_BANDS = (0.0, 0.5, 1.0, 2.0, 4.0)
GAUGE_BANDS = (0.0, 1.0, 3.0)
COMING_BANDS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 9.0, 12.0, 24.0)
WETNESS = (12.0, 48.0, 168.0)
BASE_DAYS = 14.0
BRIDGE_HOURS = 2.0


class Scales(NamedTuple):
    """Sizes measured in training: the mean step of the level, its spread, and what counts as stirred."""

    mean_step: float
    step_spread: float
    activity_high: float
    rain_high: float


class Cases(NamedTuple):
    """One row per time: explanations, and three states of the river that members are scaled by.

    activity: recent mean step of the level; height: level above its two-week low; stir: how far the river or
    the rain is above what is usual (1 = the 85th percentile of training).
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    table: Floats
    activity: Floats
    height: Floats
    stir: Floats


def scales_of(record: Record, columns: tuple[Column, ...]) -> Scales:
    """Measure the sizes of a training record."""
    step = np.diff(record.level)
    known = step[np.isfinite(step)]
    mean_step = float(np.abs(known).mean()) if known.size else 0.0
    spread = float(known.std()) if known.size else 0.0
    tiny = 1e-9 + 1e-6 * float(np.nanstd(record.level)) if np.isfinite(record.level).any() else 1e-9
    scales = Scales(max(mean_step, tiny), max(spread, tiny), 1.0, 1.0)
    activity = activity_of(record, scales)
    recent = recent_rain(record, columns)
    positive = recent[recent > 0]
    return scales._replace(
        activity_high=max(float(np.nanquantile(activity, 0.85)), tiny),
        rain_high=float(np.quantile(positive, 0.5)) if positive.size else np.inf,
    )


def activity_of(record: Record, scales: Scales) -> Floats:
    """Return the recent mean absolute step of the level (six hours' memory), never zero."""
    step = np.abs(np.diff(record.level, prepend=record.level[:1]))
    recent = exponential_mean(step, record.steps(6.0))
    return np.nan_to_num(recent, nan=scales.mean_step) + scales.mean_step


def height_of(record: Record, scales: Scales) -> Floats:
    """Return the level above its lowest of the last two weeks, never zero: a state that datum drift spares."""
    level = last_known(record.level, record.steps(BRIDGE_HOURS))
    height = level - trailing_minimum(record.level, record.steps(24 * BASE_DAYS))
    return np.nan_to_num(height) + 2.0 * scales.step_spread


def mean_rain(record: Record, columns: tuple[Column, ...]) -> Floats:
    """Return the mean over the rain gauges that report at each step (0 where none does)."""
    gauges = record.rain[[c.kind == "rain" for c in columns]] if columns else record.rain[:0]
    known = np.isfinite(gauges)
    total = np.where(known, gauges, 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1))


def recent_rain(record: Record, columns: tuple[Column, ...]) -> Floats:
    """Return the mean rain of the last three hours."""
    return band_sum(mean_rain(record, columns), 0, record.steps(3.0))


def bands(hours: tuple[float, ...], step: int) -> list[tuple[int, int]]:
    """Return the bands between the given hours as pairs of steps, without those shorter than a step."""
    edges = sorted({round(h * 3600 / step) for h in hours})
    return list(pairwise(edges))


def describe(record: Record, columns: tuple[Column, ...], scales: Scales, coming: int) -> Cases:
    """Return the explanations for every time of a record; `coming` steps of future rain are known (0: none)."""
    found: dict[str, tuple[str, Floats]] = {}
    found.update(level_terms(record, scales))
    found.update(rain_terms(record, columns, coming))
    found.update(signal_terms(record, columns))
    activity, height = activity_of(record, scales), height_of(record, scales)
    stir = activity / scales.activity_high
    if columns:
        mean = mean_rain(record, columns)
        near = band_sum(mean, -coming, record.steps(3.0))
        stir = np.maximum(stir, near / scales.rain_high)
    table = np.column_stack([values for _, values in found.values()])
    groups = tuple(group for group, _ in found.values())
    return Cases(tuple(found), groups, table, activity, height, stir)


def level_terms(record: Record, scales: Scales) -> dict[str, tuple[str, Floats]]:
    """Return level differences between successive lags, and the distance to the level's own recent mean."""
    level = last_known(record.level, record.steps(BRIDGE_HOURS))
    found: dict[str, tuple[str, Floats]] = {}
    lags = sorted({record.steps(h) if h else 0 for h in LEVEL_LAGS} | {1})
    for near, far in pairwise(lags):
        group = "level" if far <= record.steps(6.0) else "slow"
        found[f"level{near}-{far}"] = (group, lagged(level, near) - lagged(level, far))
    found["above_mean"] = ("slow", level - exponential_mean(record.level, record.steps(48.0)))
    found["height"] = ("state", height_of(record, scales))
    found["activity"] = ("state", activity_of(record, scales))
    return found


def rain_terms(record: Record, columns: tuple[Column, ...], coming: int) -> dict[str, tuple[str, Floats]]:
    """Return rain in bands of lag: mean and worst gauge, each gauge coarsely, extent, wetness, and what is coming.

    The extent is the share of reporting gauges that it falls on: rain over most of them lasts longer than a shower
    over one, so it says something of the rain to come, which is not known.
    """
    gauges = [record.rain[i] for i, c in enumerate(columns) if c.kind == "rain"]
    if not gauges:
        return {}
    found: dict[str, tuple[str, Floats]] = {}
    ahead = [(-far, -near) for near, far in bands(COMING_BANDS, record.step) if far <= coming]
    mean = mean_rain(record, columns)
    for near, far in bands(RAIN_BANDS, record.step) + ahead:
        found[f"rain{near}-{far}"] = ("rain", band_sum(mean, near, far))
    for hours in WETNESS:
        found[f"wetness{hours:g}"] = ("wetness", exponential_mean(mean, record.steps(hours)))
    if len(gauges) == 1:
        return found
    fallen = np.stack(gauges)
    worst = np.nan_to_num(fallen).max(axis=0)
    extent = (fallen > 0).sum(axis=0) / np.maximum(np.isfinite(fallen).sum(axis=0), 1)
    for near, far in bands(WORST_BANDS, record.step) + ahead:
        found[f"worst{near}-{far}"] = ("worst", band_sum(worst, near, far))
        found[f"extent{near}-{far}"] = ("extent", band_sum(extent, near, far))
    soon = [(-min(coming, record.steps(2.0)), 0)] if coming else []
    for position, gauge in enumerate(gauges):
        for near, far in bands(GAUGE_BANDS, record.step) + soon:
            found[f"gauge{position}:{near}-{far}"] = ("gauge", band_sum(gauge, near, far))
    return found


def signal_terms(record: Record, columns: tuple[Column, ...]) -> dict[str, tuple[str, Floats]]:
    """Return, for columns that are not rain (inflow, an upstream level), their recent differences only."""
    found: dict[str, tuple[str, Floats]] = {}
    for position, column in enumerate(columns):
        if column.kind != "signal":
            continue
        values = last_known(record.rain[position], record.steps(BRIDGE_HOURS))
        for near, far in bands((0.0, 0.5, 1.0, 2.0, 3.0, 6.0), record.step):
            found[f"signal{position}:{near}-{far}"] = ("signal", lagged(values, near) - lagged(values, far))
    return found
