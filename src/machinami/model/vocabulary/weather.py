"""Typed views of the weather as stations say it, and of the heat that follows from it."""

from dataclasses import dataclass
from typing import ClassVar

from machinami.model.view import Measured, Point, Ref, Words


@dataclass(frozen=True, slots=True)
class WeatherObserved:
    """A weather station (Smart Data Models, dataModel.Weather): what it measured last, each with its time.

    temperature °C, relative_humidity 0 to 1, wind_speed m/s at `wind_height` m (10 where nothing is said),
    solar_radiation W/m² of level ground, atmospheric_pressure hPa.
    """

    TYPE: ClassVar[str] = "WeatherObserved"
    id: str
    name: Words | None = None
    location: Point | None = None
    temperature: Measured | None = None
    relative_humidity: Measured | None = None
    wind_speed: Measured | None = None
    wind_height: float | None = None
    solar_radiation: Measured | None = None
    atmospheric_pressure: Measured | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class WbgtObserved:
    """The wet bulb globe temperature (暑さ指数, °C) of a place, measured or worked out from its weather.

    method: measured, liljegren (balance of heat) or ono_tonouchi (the ministry's formula).
    """

    TYPE: ClassVar[str] = "WbgtObserved"
    id: str
    name: Words | None = None
    location: Point | None = None
    wbgt: Measured | None = None
    globe_temperature: Measured | None = None
    method: str | None = None
    ref_station: Ref | None = None
    simulated: bool | None = None
