"""How hard does it rain at a place and an instant in the simulated town?

Storm cells drift over the hills. What falls in each block of ten days depends only on the seed and on the
block's number, so the weather has no beginning and no end and any stretch of it may be asked for first.
Time is in hours from the anchor: the instant at which the coming storm is still below the horizon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from machinami.ingest.town.noise import Floats, generator

BLOCK_HOURS = 240.0
COMING_STORM_STARTS = 0.1
_CENTRE = np.array([[-3.0, 4.5], [0.0, 4.5], [3.0, 3.5], [-2.0, 1.0], [2.0, 1.0], [0.0, -1.5]])


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of weather: ranges from which one event of it is drawn."""

    hours: tuple[float, float]
    total_mm: tuple[float, float]
    cells: tuple[int, int]
    reach_km: tuple[float, float]
    life_hours: tuple[float, float]
    spread_km: float
    even: float


FLOOD = Kind((7.0, 14.0), (110.0, 170.0), (26, 44), (2.2, 5.0), (0.4, 1.1), 6.0, 0.25)
COMING = Kind((4.6, 5.0), (118.0, 130.0), (44, 52), (2.6, 5.0), (0.4, 0.8), 3.6, 0.5)
FRONT = Kind((6.0, 18.0), (12.0, 55.0), (14, 30), (3.0, 7.0), (0.5, 1.5), 8.0, 0.5)
SHOWER = Kind((0.8, 2.5), (4.0, 24.0), (3, 6), (1.2, 2.6), (0.2, 0.5), 5.0, 0.0)
DRIZZLE = Kind((4.0, 12.0), (1.0, 7.0), (5, 9), (5.0, 9.0), (0.8, 2.0), 8.0, 0.8)


@dataclass(frozen=True, slots=True)
class Cells:
    """Storm cells: one row each of hour of the peak, x, y at the peak (km), drift (km/h), reach, life,
    mm/h."""

    rows: Floats

    def rate(self, points: Floats, hours: Floats) -> Floats:
        """Return mm/h with shape (hours, points) at points (n, 2) in km; ``hours`` must increase."""
        rain = np.zeros((len(hours), len(points)))
        for peak, x, y, drift_x, drift_y, reach, life, strength in self.rows:
            first, last = np.searchsorted(hours, (peak - 3.5 * life, peak + 3.5 * life))
            if first == last:
                continue
            since = hours[first:last, None] - peak
            away = (points[:, 0] - x - drift_x * since) ** 2 + (points[:, 1] - y - drift_y * since) ** 2
            rain[first:last] += strength * np.exp(-0.5 * (away / reach**2 + (since / life) ** 2))
        lift = 1.0 + 0.045 * np.clip(points[:, 1] + 2.0, -2.0, 8.0)
        return np.asarray(np.where(rain < 0.08, 0.0, rain) * lift)


def _event(rng: np.random.Generator, kind: Kind, start: float) -> Floats:
    """Draw the cells of one event; their strengths are scaled so that the catchment gets the drawn total."""
    hours = rng.uniform(*kind.hours)
    count = int(rng.integers(kind.cells[0], kind.cells[1] + 1))
    heading = rng.uniform(0.0, 0.5 * math.pi)
    speed = rng.uniform(6.0, 22.0, count)
    peak = start + hours * rng.beta(2.2, 2.0, count)
    life = rng.uniform(*kind.life_hours, count)
    columns = [
        peak, rng.normal(0.0, kind.spread_km, count), rng.normal(2.0, kind.spread_km, count),
        speed * math.cos(heading), speed * math.sin(heading),
        rng.uniform(*kind.reach_km, count), life, rng.gamma(2.0, 1.0, count),
    ]  # fmt: skip
    mean = float(np.mean(columns[7]))
    broad = [start + 0.5 * hours, 0.0, 2.0, 0.0, 0.0, 22.0, hours / 5.0, mean * kind.even]
    cells = np.vstack([np.stack(columns, axis=1), broad])
    clock = np.arange(start - 8.0, start + hours + 8.0, 0.1)
    fallen = float(Cells(cells).rate(_CENTRE, clock).mean(axis=1).sum() * 0.1)
    cells[:, 7] *= rng.uniform(*kind.total_mm) / max(fallen, 1e-6)
    return cells


def _begins(rng: np.random.Generator, block: int) -> tuple[float, list[tuple[Kind, float]]]:
    """Return the hour of the block's flood storm, and its lesser events with their hours."""
    lesser = [(FRONT, 1), (SHOWER, 3), (DRIZZLE, 2)]
    drawn = [(kind, float(rng.uniform(2.0, BLOCK_HOURS - 22.0))) for kind, count in lesser for _ in range(count)]
    if block == 0:
        return COMING_STORM_STARTS, [(kind, hour) for kind, hour in drawn if hour > 36.0]
    if block == -1:
        flood = float(rng.uniform(20.0, 110.0))
        return flood, [(kind, hour) for kind, hour in drawn if hour < 190.0]
    return float(rng.uniform(12.0, BLOCK_HOURS - 40.0)), drawn


def weather(seed: int, block: int) -> Cells:
    """Return the storm cells of one block of ten days; block 0 starts at the anchor with the coming storm."""
    rng = generator(seed, 3, block)
    flood, lesser = _begins(rng, block)
    start = block * BLOCK_HOURS
    events = [_event(rng, COMING if block == 0 else FLOOD, start + flood)]
    events += [_event(rng, kind, start + hour) for kind, hour in lesser]
    return Cells(np.vstack(events))


def rain(seed: int, points: Floats, hours: Floats) -> Floats:
    """Return mm/h with shape (hours, points) at points in km from the town's centre; ``hours`` must
    increase."""
    first = math.floor((hours[0] - 24.0) / BLOCK_HOURS)
    last = math.floor((hours[-1] + 24.0) / BLOCK_HOURS)
    return np.asarray(sum(weather(seed, block).rate(points, hours) for block in range(first, last + 1)))


def outlook(seed: int, issue: int, hourly: Floats) -> Floats:
    """Return an imperfect forecast made from the true hourly rain ``hourly`` (mm) around the coming hours.

    ``hourly`` starts two hours before the first hour forecast and ends two hours after the last. The
    forecast is late or early, too wet or too dry, and smeared over neighbouring hours, more so the further
    ahead it looks.
    """
    rng = generator(seed, 4, issue)
    lead = np.arange(1, len(hourly) - 3, dtype=np.float64)
    late = float(np.clip(rng.normal(0.0, 0.5), -1.0, 1.0))
    hour = np.arange(len(hourly), dtype=np.float64)
    shifted = np.interp(hour - late * (hour / hour[-1]), hour, hourly)
    smear = np.minimum(0.12 * lead, 0.6)
    beside = 0.5 * (shifted[1:-3] + shifted[3:-1])
    blurred = (1.0 - smear) * shifted[2:-2] + smear * beside
    wrong = np.exp(rng.normal(-0.05, 0.18) + 0.11 * np.cumsum(rng.normal(0.0, 1.0, len(lead))))
    return np.asarray(np.round(np.maximum(blurred * wrong, 0.0) * 2.0) / 2.0)
