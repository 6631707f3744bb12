"""Typed views of what stands at a river and in the rain: gauges, rain gauges, rain forecasts."""

from dataclasses import dataclass
from typing import ClassVar

from machinami.model.view import Measured, MeasuredList, Point, Words


@dataclass(frozen=True, slots=True)
class RiverGauge:
    """A water level gauge (水位計). Levels are in the unit of `water_level`, above the gauge's own zero.

    attention_level 氾濫注意水位, evacuation_judgement_level 避難判断水位, danger_level 氾濫危険水位,
    bank_level 堤防天端: the four thresholds of the gauge, each may be unknown.
    """

    TYPE: ClassVar[str] = "RiverGauge"
    id: str
    name: Words | None = None
    location: Point | None = None
    river: Words | None = None
    water_level: Measured | None = None
    attention_level: float | None = None
    evacuation_judgement_level: float | None = None
    danger_level: float | None = None
    bank_level: float | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class RainGauge:
    """A rain gauge (雨量計): `precipitation` is the depth in mm of the interval that ends at its observed time."""

    TYPE: ClassVar[str] = "RainGauge"
    id: str
    name: Words | None = None
    location: Point | None = None
    precipitation: Measured | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class RainForecast:
    """A forecast of rain (降水予測): `hourly_precipitation` is mm in each hour from its observed time on."""

    TYPE: ClassVar[str] = "RainForecast"
    id: str
    name: Words | None = None
    hourly_precipitation: MeasuredList | None = None
    simulated: bool | None = None
