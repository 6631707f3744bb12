"""Where does the sun stand, and how far away is it?

The low-precision formulas of the Astronomical Almanac: about 0.01° between 1950 and 2050. Meeus 1998, Astronomical
Algorithms, chapters 12, 13 and 25.
"""

from typing import NamedTuple

import numpy as np

from machinami.methods.series import Floats

J2000 = 946_728_000.0  # seconds since 1970 of 2000-01-01T12:00Z
DAY = 86_400.0
STANDARD_PRESSURE, STANDARD_CELSIUS = 1013.25, 15.0  # hPa, °C
CROSSOVER = 19.225  # °
SOLAR_CONSTANT = 1367.0
"""Irradiance of a surface that faces the sun above the atmosphere at its mean distance (W/m²)."""


class Sun(NamedTuple):
    """Cosine of the angle from the zenith (negative: it is down), angle from north by east (rad), distance (AU)."""

    cos_zenith: Floats
    azimuth: Floats
    distance: Floats


def sun_at(seconds: Floats, latitude: Floats | float, longitude: Floats | float) -> Sun:
    """Return where the sun is seen at times (s since 1970) from places (° north, ° east), lifted by the air."""
    days = (np.asarray(seconds, dtype=np.float64) - J2000) / DAY
    anomaly = np.radians((357.528 + 0.9856003 * days) % 360)
    mean_longitude = (280.460 + 0.9856474 * days) % 360
    ecliptic = np.radians(mean_longitude + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    tilt = np.radians(23.439 - 4e-7 * days)
    ascension = np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    sidereal = np.radians((280.46062 + 360.98564737 * days + longitude) % 360)
    hour_angle = sidereal - ascension
    north = np.radians(latitude)
    up = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour_angle)
    altitude = np.degrees(np.arcsin(np.clip(up, -1.0, 1.0)))
    east = -np.cos(declination) * np.sin(hour_angle)
    toward_north = np.cos(north) * np.sin(declination) - np.sin(north) * np.cos(declination) * np.cos(hour_angle)
    distance = 1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2 * anomaly)
    seen = np.sin(np.radians(altitude + refraction(altitude)))
    return Sun(seen, np.arctan2(east, toward_north) % (2 * np.pi), distance)


def refraction(altitude: Floats) -> Floats:
    """Return by how much (°) standard air lifts the sun at an altitude (°); nothing where it is well below the horizon.

    The Astronomical Almanac 1990, B62: one form below 19.225°, where both agree, the other above.
    """
    density = STANDARD_PRESSURE / (273.0 + STANDARD_CELSIUS)
    low = np.clip(altitude, -1.0, CROSSOVER)
    near = (0.1594 + low * (0.0196 + 0.00002 * low)) / (1.0 + low * (0.505 + 0.0845 * low))
    far = 0.00452 / np.tan(np.radians(np.clip(altitude, CROSSOVER, 89.999)))
    return np.where(altitude < -1.0, 0.0, density * np.where(altitude < CROSSOVER, near, far))
