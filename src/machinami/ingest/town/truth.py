"""What really happened on the simulated rivers, before any sensor looked at it?"""

from __future__ import annotations

import numpy as np

from machinami.ingest.town.gauges import RainGauge
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.rainfall import rain
from machinami.ingest.town.runoff import STEP_SECONDS, Reach, initial, run

STEPS_PER_HOUR = round(3600 / STEP_SECONDS)
WARM_UP_HOURS = 240
_AHEAD = 12 * STEPS_PER_HOUR


class Truth:
    """Rain and levels from a fixed first hour on, computed as far as anyone has asked (hours from the anchor).

    It starts a while before ``first_hour`` so that the stores have forgotten how they were filled.
    """

    def __init__(
        self,
        seed: int,
        first_hour: int,
        reaches: tuple[Reach, ...],
        samples: list[Floats],
        gauges: tuple[RainGauge, ...],
    ) -> None:
        self._seed = seed
        self._reaches = reaches
        self._points = np.vstack([np.array([gauge.place for gauge in gauges]) / 1000.0, *samples])
        bounds = np.cumsum([len(gauges), *(len(sample) for sample in samples)])
        self._parts = [
            slice(0, len(gauges)),
            *(slice(a, b) for a, b in zip(bounds[:-1], bounds[1:], strict=True)),
        ]
        self._stores = [initial(reach) for reach in reaches]
        self.begin = first_hour - WARM_UP_HOURS
        self._rain = np.zeros((0, len(gauges)))
        self._areal = np.zeros((0, len(reaches)))
        self._flow = np.zeros((0, len(reaches)))
        self._areas = np.array([reach.slope.area for reach in reaches])

    def _reach(self, hour: float) -> None:
        """Compute on, so that everything is known until ``hour``."""
        steps = int(np.ceil((hour - self.begin) * STEPS_PER_HOUR)) + 2
        known = len(self._flow)
        if steps <= known:
            return
        steps = max(steps, known + _AHEAD)
        middle = self.begin + (np.arange(known, steps) + 0.5) / STEPS_PER_HOUR
        depth = rain(self._seed, self._points, middle) / STEPS_PER_HOUR
        areal = np.stack([depth[:, part].mean(axis=1) for part in self._parts[1:]], axis=1)
        flow, _ = run(self._reaches, self._stores, areal)
        self._rain = np.vstack([self._rain, depth[:, self._parts[0]]])
        self._areal = np.vstack([self._areal, areal])
        self._flow = np.vstack([self._flow, flow])

    def levels(self, hours: Floats) -> Floats:
        """Return true levels in metres above each gauge's zero, shape (hours, gauges)."""
        if not len(hours):
            return np.zeros((0, len(self._reaches)))
        self._reach(float(hours[-1]))
        first = max(0, int((hours[0] - self.begin) * STEPS_PER_HOUR) - 2)
        last = int((hours[-1] - self.begin) * STEPS_PER_HOUR) + 3
        clock = self.begin + (np.arange(first, min(last, len(self._flow))) + 1.0) / STEPS_PER_HOUR
        flow = self._flow[first:last]
        columns = [
            np.interp(hours, clock, reach.section.level(flow[:, number]))
            for number, reach in enumerate(self._reaches)
        ]
        return np.stack(columns, axis=1)

    def rain_totals(self, hours: Floats) -> Floats:
        """Return the rain in mm that fell at each rain gauge since the beginning, shape (hours, rain gauges)."""
        self._reach(float(hours.max(initial=self.begin)))
        return self._totals(self._rain, hours)

    def hourly_rain(self, first: float, count: int) -> Floats:
        """Return ``count`` hourly depths (mm) over the whole catchment from hour ``first`` on."""
        edges = first + np.arange(count + 1, dtype=np.float64)
        self._reach(float(edges[-1]))
        areal = (self._areal @ self._areas / self._areas.sum())[:, None]
        return np.asarray(np.diff(self._totals(areal, edges)[:, 0]))

    def _totals(self, depth: Floats, hours: Floats) -> Floats:
        clock = self.begin + np.arange(len(depth) + 1) / STEPS_PER_HOUR
        columns = [np.interp(hours, clock, np.concatenate([[0.0], np.cumsum(column)])) for column in depth.T]
        return np.stack(columns, axis=1)
