"""How hot is it now, by what each station says, and what does that mean for people?"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from machinami.methods.series import Floats
from machinami.methods.sun import sun_at
from machinami.methods.wet_bulb_globe import Heat, air_of, liljegren, ono_tonouchi, sunlight
from machinami.methods.wind_profile import wind_at_body
from machinami.model.view import Measured, Ref
from machinami.model.vocabulary.weather import WbgtObserved, WeatherObserved
from machinami.services.heat.model import Level, Method, Settings

BOUNDS = (21.0, 25.0, 28.0, 31.0)
"""°C at which caution, warning, severe warning and danger begin: 環境省「熱中症環境保健マニュアル 2022」; below, 0."""
USUAL_PRESSURE = 1013.25  # hPa: a tenth of it moves the WBGT by less than a tenth of a degree
USUAL_WIND_HEIGHT = 10.0  # m, that of most stations of a meteorological service
TOGETHER = timedelta(minutes=30)  # what was measured further apart is not of one moment
DIGITS = 1


def level_of(wbgt: float) -> Level:
    """Name what a WBGT (°C) means: 0 almost safe to 4 danger."""
    levels: tuple[Level, ...] = (0, 1, 2, 3, 4)
    return levels[sum(wbgt >= bound for bound in BOUNDS)]


def observe(stations: Sequence[WeatherObserved], known: Sequence[WbgtObserved]) -> list[WbgtObserved]:
    """Work out the WBGT of every station that says enough for it and has said something new."""
    last = {one.id: one.wbgt.observed_at for one in known if one.wbgt}
    found = [one for one in map(observed, stations) if one is not None]
    return [one for one in found if one.wbgt and last.get(one.id) != one.wbgt.observed_at]


def observed(station: WeatherObserved) -> WbgtObserved | None:
    """Work out the WBGT of a station from what it measured last; None where that is not enough, or of no one moment."""
    told = (station.temperature, station.relative_humidity, station.wind_speed, station.solar_radiation)
    if any(one is None or one.value is None for one in told):
        return None
    moments = [one.observed_at for one in told if one]
    if max(moments) - min(moments) > TOGETHER:
        return None
    at = max(moments)
    pressure = station.atmospheric_pressure.value if station.atmospheric_pressure else None
    values = [one.value if one else None for one in told]
    rows = np.array([[*values, USUAL_PRESSURE if pressure is None else pressure]], dtype=np.float64)
    heat, method = worked_out(station, np.array([at.timestamp()]), rows)
    wbgt, globe = float(heat.wbgt[0]), float(heat.globe[0])
    if not np.isfinite(wbgt):
        return None
    return WbgtObserved(
        id=place_of(station),
        name=station.name,
        location=station.location,
        wbgt=Measured(round(wbgt, DIGITS), at, "CEL"),
        globe_temperature=Measured(round(globe, DIGITS), at, "CEL") if np.isfinite(globe) else None,
        method=method,
        ref_station=Ref(station.id),
        simulated=station.simulated,
    )


def place_of(station: WeatherObserved) -> str:
    """The name of the entity that says how hot it is at a station."""
    return f"urn:ngsi-ld:{WbgtObserved.TYPE}:{station.id.rpartition(':')[2]}"


def worked_out(station: WeatherObserved, seconds: Floats, rows: Floats) -> tuple[Heat, Method]:
    """Return the heat at times (s since 1970) at a station, and by which way.

    `rows` are (times, 5): °C, humidity 0 to 1, wind m/s, sunshine W/m², pressure hPa. By the balance of heat where it
    is known where the station stands; else by the ministry's formula, which needs no position of the sun.
    """
    celsius, humidity, wind, light, pressure = rows.T
    if station.location is None:
        none = np.full(len(rows), np.nan)
        return Heat(ono_tonouchi(celsius, humidity, wind, light), none, none), "ono_tonouchi"
    sun = sun_at(seconds, station.location.lat, station.location.lon)
    near = wind_at_body(wind, station.wind_height or USUAL_WIND_HEIGHT, light, sun.cos_zenith > 0)
    lit = sunlight(light, sun.cos_zenith, sun.distance)
    return liljegren(air_of(celsius, humidity, pressure, near), lit), "liljegren"


def lacking(station: WeatherObserved) -> tuple[str, ...]:
    """Name the attributes for want of which the WBGT of a station cannot be told."""
    told = {
        "temperature": station.temperature,
        "relativeHumidity": station.relative_humidity,
        "windSpeed": station.wind_speed,
        "solarRadiation": station.solar_radiation,
    }
    return tuple(name for name, one in told.items() if one is None or one.value is None)


def is_silent(place: WbgtObserved, settings: Settings, now: datetime) -> bool:
    """Tell whether the WBGT of a place is older than the town's limit, or was never told."""
    if place.wbgt is None or place.wbgt.value is None:
        return True
    return now - place.wbgt.observed_at > timedelta(minutes=settings.silent_minutes)
