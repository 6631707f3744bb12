"""What do the simulated town's instruments report between two instants?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from machinami.ingest.town.climate import KEY, climate
from machinami.ingest.town.coolness import coolness
from machinami.ingest.town.evacuation import Evacuation
from machinami.ingest.town.fleet import Fleet
from machinami.ingest.town.gauges import RainGauge, basin, rain_gauges
from machinami.ingest.town.geography import draw
from machinami.ingest.town.houses import House, houses
from machinami.ingest.town.inventory import AREA_ID, identifier, inventory
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.projection import Layers
from machinami.ingest.town.rainfall import outlook
from machinami.ingest.town.refuge import Refuge
from machinami.ingest.town.sensors import Minutes, faults_of, lost_rain, observed_levels, tipped
from machinami.ingest.town.streets import lattice
from machinami.ingest.town.terrain import Land, terrain
from machinami.ingest.town.truth import Truth
from machinami.model.reading import Reading

RAIN_STEP = timedelta(minutes=10)
FORECAST_STEP = timedelta(hours=1)
FORECAST_HOURS = 6
DEFAULT_DAYS = 60
WEATHER = (
    ("temperature", "CEL"),
    ("relativeHumidity", "C62"),
    ("windSpeed", "MTS"),
    ("solarRadiation", "D54"),
    ("atmosphericPressure", "A97"),
)
"""What the weather station says, in the order of `Climate`, with the units."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Town:
    """A simulated town: the same ``seed`` and ``anchor`` always give the same land, weather and readings.

    ``anchor`` is the instant just before the coming storm. Readings may be asked for from ``days`` before it
    on, without end; asking twice, or in other slices, gives the same readings.
    """

    def __init__(self, seed: int, anchor: datetime, days: int = DEFAULT_DAYS) -> None:
        self.seed = seed
        self.anchor = floor_to(anchor, RAIN_STEP)
        self.first = self.anchor - timedelta(days=days)
        self.land: Land = terrain(seed)
        self.gauges, reaches, samples = basin(self.land)
        self.rain_gauges: tuple[RainGauge, ...] = rain_gauges(self.land)
        self._truth = Truth(seed, -24 * days, reaches, samples, self.rain_gauges)
        self.refuge = Refuge(seed, self.anchor, self.land)
        self.evacuation = Evacuation(seed, self.anchor, self.land)
        self.fleet = Fleet(self.land, seed, self.anchor, self.first, self._hourly_rain)

    @cached_property
    def _layers(self) -> Layers:
        return draw(self.land)

    def layers(self) -> Layers:
        """Return the base map: GeoJSON feature collections by layer name, in WGS 84 longitude and
        latitude."""
        return self._layers

    def inventory(self) -> Sequence[Reading]:
        """Return what stands in the town and does not change: names, places, thresholds, shelters,
        districts."""
        return [
            *inventory(self.land, self.gauges, self.rain_gauges, self.first),
            *self.refuge.places(self.first),
            *self.evacuation.places(self.first),
            *self.fleet.timetable(self.first),
        ]

    def coolness(self) -> Sequence[Reading]:
        """Return where it is cool when the town comes to life, which officers may change from then on."""
        return list(coolness(self.land, self.anchor))

    @cached_property
    def houses(self) -> Sequence[House]:
        """The houses that are told of one by one."""
        return houses(self.land, lattice(self.land))

    def readings(self, start: datetime, end: datetime, step: timedelta = RAIN_STEP) -> Sequence[Reading]:
        """Return every reading observed in [start, end), in order of time.

        River gauges report at each multiple of ``step`` (whole minutes), rain gauges at each multiple of the
        larger of ``step`` and ten minutes, each giving the rain of the interval that ended then; a rain
        forecast is issued every hour, and the weather station reports at each hour.
        """
        start = max(start, self.first)
        found = list(self._level_readings(start, end, step))
        found.extend(self._rain_readings(start, end, max(step, RAIN_STEP)))
        for minute in _minutes(start, end, FORECAST_STEP).tolist():
            found.extend(self.rain_forecast(_EPOCH + timedelta(minutes=minute)))
        found.extend(self._weather_readings(start, end))
        found.extend(self.refuge.told(start, end))
        found.extend(self.evacuation.told(start, end))
        found.extend(self.fleet.told(start, end, step))
        found.sort(key=lambda reading: reading.observed_at)
        return found

    def rain_forecast(self, issued_at: datetime) -> Sequence[Reading]:
        """Return the forecast issued at the last full hour before ``issued_at``: six hourly depths in mm.

        The first depth is for the hour that begins with the issue.
        """
        issued = floor_to(issued_at, FORECAST_STEP)
        first = (issued - self.anchor) / FORECAST_STEP
        true = self._truth.hourly_rain(first - 2.0, FORECAST_HOURS + 4)
        depths = outlook(self.seed, int(issued.timestamp()) // 3600, true)
        values = [float(depth) for depth in depths]
        return [Reading(AREA_ID, "RainForecast", "hourlyPrecipitation", values, issued, "MMT", "ListProperty")]

    def true_levels(self, instants: Sequence[datetime]) -> Floats:
        """Return the levels in metres that perfect gauges would report, shape (instants, gauges)."""
        return self._truth.levels(np.array([(at - self.anchor) / FORECAST_STEP for at in instants]))

    def true_flows(self, instants: Sequence[datetime]) -> Floats:
        """Return the true discharges in m3/s at the river gauges, shape (instants, gauges)."""
        return self._truth.flows(np.array([(at - self.anchor) / FORECAST_STEP for at in instants]))

    def _hours(self, minutes: Minutes) -> Floats:
        anchor = (self.anchor - _EPOCH) / timedelta(minutes=1)
        return np.asarray((minutes - anchor) / 60.0)

    def _level_readings(self, start: datetime, end: datetime, step: timedelta) -> Iterator[Reading]:
        minutes = _minutes(start, end, step)
        hours = self._hours(minutes)
        true = self._truth.levels(hours)
        instants = [_EPOCH + timedelta(minutes=minute) for minute in minutes.tolist()]
        for number, gauge in enumerate(self.gauges):
            held = np.array([self._held(number, fault.start) for fault in faults_of(number)])
            said = observed_levels(self.seed, number, minutes, hours, true[:, number], held)
            entity = identifier("RiverGauge", gauge.key)
            for instant, level in zip(instants, said.tolist(), strict=True):
                if not math.isnan(level):
                    yield Reading(entity, "RiverGauge", "waterLevel", level, instant, "MTR")

    def _held(self, gauge: int, hour: float) -> float:
        """Return the level at which a gauge sticks that fails at ``hour``."""
        return float(self._truth.levels(np.array([max(hour, float(self._truth.begin))]))[0, gauge])

    def _rain_readings(self, start: datetime, end: datetime, step: timedelta) -> Iterator[Reading]:
        minutes = _minutes(start, end, step)
        hours = self._hours(minutes)
        width = step / FORECAST_STEP
        totals, before = self._truth.rain_totals(hours), self._truth.rain_totals(hours - width)
        instants = [_EPOCH + timedelta(minutes=minute) for minute in minutes.tolist()]
        for number, gauge in enumerate(self.rain_gauges):
            depth = tipped(totals[:, number], number) - tipped(before[:, number], number)
            lost = lost_rain(self.seed, number, minutes)
            entity = identifier("RainGauge", gauge.key)
            for instant, fallen, missing in zip(instants, depth.tolist(), lost.tolist(), strict=True):
                if not missing:
                    yield Reading(entity, "RainGauge", "precipitation", fallen, instant, "MMT")

    def _hourly_rain(self, seconds: Floats) -> Floats:
        """Return the mm that fell in the hour before each moment (seconds since 1970, ascending)."""
        hours = (seconds - self.anchor.timestamp()) / 3600.0
        return np.asarray((self._truth.rain_totals(hours) - self._truth.rain_totals(hours - 1.0)).mean(axis=1))

    def _weather_readings(self, start: datetime, end: datetime) -> Iterator[Reading]:
        minutes = _minutes(start, end, FORECAST_STEP)
        hours = self._hours(minutes)
        fallen = self._truth.rain_totals(hours) - self._truth.rain_totals(hours - RAIN_STEP / FORECAST_STEP)
        anchor = (self.anchor - _EPOCH) // timedelta(minutes=1)
        told = climate(self.seed, minutes, fallen[:, 0], anchor)
        entity = identifier("WeatherObserved", KEY)
        instants = [_EPOCH + timedelta(minutes=minute) for minute in minutes.tolist()]
        for (attribute, unit), values in zip(WEATHER, told, strict=True):
            for instant, value in zip(instants, values.tolist(), strict=True):
                yield Reading(entity, "WeatherObserved", attribute, value, instant, unit)


def history(town: Town, until: datetime, step: timedelta = RAIN_STEP) -> Iterator[Sequence[Reading]]:
    """Yield the town's readings from its first instant until ``until``, one day at a time."""
    start = town.first
    while start < until:
        end = min(start + timedelta(days=1), until)
        yield town.readings(start, end, step)
        start = end


def floor_to(instant: datetime, step: timedelta) -> datetime:
    """Return the last multiple of ``step`` since 1970 that is not after ``instant``, in UTC."""
    return _EPOCH + ((instant - _EPOCH) // step) * step


def _minutes(start: datetime, end: datetime, step: timedelta) -> Minutes:
    """Return the minutes since 1970 that are multiples of ``step`` in [start, end)."""
    width = step // timedelta(minutes=1)
    first = -((_EPOCH - start) // step) * width
    last = -((_EPOCH - end) // step) * width
    return np.arange(first, last, width, dtype=np.int64)
