"""What really happened on the simulated rivers, before any sensor looked at it?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from machinami.ingest.town.gauges import RainGauge
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.rainfall import rain
from machinami.ingest.town.runoff import STEP_SECONDS, Reach, initial, run

STEPS_PER_HOUR = round(3600 / STEP_SECONDS)
WARM_UP_HOURS = 240
_AHEAD = 12 * STEPS_PER_HOUR


class Truth:
    """Rain and levels from a fixed first hour on, computed as far as anyone has asked (hours from the
    anchor).

    It starts a while before ``first_hour``, so that the stores have forgotten how they were filled.
    """

    def __init__(
        self,
        seed: int,
        first_hour: int,
        reaches: tuple[Reach, ...],
        samples: list[Floats],
        gauges: tuple[RainGauge, ...],
    ) -> None:
        self.begin = first_hour - WARM_UP_HOURS
        self._seed = seed
        self._reaches = reaches
        self._points = np.vstack([np.array([gauge.place for gauge in gauges]) / 1000.0, *samples])
        bounds = np.cumsum([len(gauges), *(len(sample) for sample in samples)]).tolist()
        self._gauged = len(gauges)
        self._parts = [slice(a, b) for a, b in pairwise(bounds)]
        self._stores = [initial(reach) for reach in reaches]
        self._areas = np.array([reach.slope.area for reach in reaches])
        self._flow = np.zeros((0, len(reaches)))
        self._total = np.zeros((1, len(gauges) + 1))

    def _compute_until(self, hour: float) -> None:
        steps = int(np.ceil((hour - self.begin) * STEPS_PER_HOUR)) + 2
        known = len(self._flow)
        if steps <= known:
            return
        steps = max(steps, known + _AHEAD)
        middle = self.begin + (np.arange(known, steps) + 0.5) / STEPS_PER_HOUR
        depth = rain(self._seed, self._points, middle) / STEPS_PER_HOUR
        areal = np.stack([depth[:, part].mean(axis=1) for part in self._parts], axis=1)
        flow, _ = run(self._reaches, self._stores, areal)
        whole = areal @ self._areas / self._areas.sum()
        fallen = np.column_stack([depth[:, : self._gauged], whole])
        self._total = np.vstack([self._total, self._total[-1] + np.cumsum(fallen, axis=0)])
        self._flow = np.vstack([self._flow, flow])

    def levels(self, hours: Floats) -> Floats:
        """Return true levels in metres above each gauge's zero, shape (hours, gauges); ``hours`` must increase."""
        flow = self.flows(hours)
        columns = [reach.section.level(flow[:, number]) for number, reach in enumerate(self._reaches)]
        return np.stack(columns, axis=1)

    def flows(self, hours: Floats) -> Floats:
        """Return true discharges in m3/s, shape (hours, gauges); ``hours`` must increase."""
        if not len(hours):
            return np.zeros((0, len(self._reaches)))
        first, last = self._window(hours)
        flow = self._flow[first:last]
        clock = self.begin + (first + np.arange(len(flow)) + 1.0) / STEPS_PER_HOUR
        return np.stack([np.interp(hours, clock, column) for column in flow.T], axis=1)

    def rain_totals(self, hours: Floats) -> Floats:
        """Return the mm of rain that fell at each rain gauge since the beginning, shape (hours, rain
        gauges)."""
        return self._totals(hours)[:, :-1]

    def hourly_rain(self, first: float, count: int) -> Floats:
        """Return ``count`` hourly depths (mm) over the whole catchment from hour ``first`` on."""
        return np.asarray(np.diff(self._totals(first + np.arange(count + 1, dtype=np.float64))[:, -1]))

    def _totals(self, hours: Floats) -> Floats:
        if not len(hours):
            return np.zeros((0, self._total.shape[1]))
        first, last = self._window(hours)
        total = self._total[first:last]
        clock = self.begin + (first + np.arange(len(total))) / STEPS_PER_HOUR
        return np.stack([np.interp(hours, clock, column) for column in total.T], axis=1)

    def _window(self, hours: Floats) -> tuple[int, int]:
        """Compute as far as ``hours`` reach, and return the range of steps that surrounds them."""
        self._compute_until(float(hours[-1]))
        first = max(0, int((hours[0] - self.begin) * STEPS_PER_HOUR) - 2)
        return first, int((hours[-1] - self.begin) * STEPS_PER_HOUR) + 3
