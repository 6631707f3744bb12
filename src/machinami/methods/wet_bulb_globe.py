"""How hot is it for a body in the sun and the wind? The wet bulb globe temperature (WBGT, ISO 7243), in °C.

Two ways: the balance of heat of the natural wet bulb and of the black globe (Liljegren et al. 2008,
doi:10.1080/15459620802310770), and the formula by which the Ministry of the Environment of Japan estimates it from the
common weather elements (Ono & Tonouchi 2014, doi:10.11227/seikisho.50.147). All arguments may be arrays of one shape.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from machinami.methods.series import Floats
from machinami.methods.sun import SOLAR_CONSTANT

KELVIN = 273.15
STEFAN_BOLTZMANN = 5.6696e-8  # W/(m² K⁴)
HEAT_CAPACITY = 1003.5  # of air at constant pressure, J/(kg K)
MOLAR_AIR, MOLAR_WATER = 28.97, 18.015  # g/mol
GAS_OF_AIR = 8314.34 / MOLAR_AIR  # J/(kg K)
PRANDTL = HEAT_CAPACITY / (HEAT_CAPACITY + 1.25 * GAS_OF_AIR)
LOWEST_WIND = 0.13  # m/s: calm air still moves around a warm body
LOWEST_SUN = 0.00873  # cosine of the zenith angle below which the sun is not wholly above the horizon
CLEAREST = 0.85  # of what comes from the sun, the most that reaches the ground
GLOBE_WIDTH, GLOBE_EMISSIVITY, GLOBE_ALBEDO = 0.0508, 0.95, 0.05  # m, 1, 1
WICK_WIDTH, WICK_LENGTH, WICK_EMISSIVITY, WICK_ALBEDO = 0.007, 0.0254, 0.95, 0.4  # m, m, 1, 1
GROUND_EMISSIVITY, GROUND_ALBEDO = 0.999, 0.45
BEDINGFIELD_DREW = 0.56  # exponent of the ratio of Prandtl's and Schmidt's numbers at a wick
HALVINGS = 40  # of 200 K: to a thousandth of a millionth of a kelvin


class Heat(NamedTuple):
    """Temperatures in °C: wet bulb globe, natural wet bulb (in sun and wind), black globe."""

    wbgt: Floats
    wet_bulb: Floats
    globe: Floats


class Air(NamedTuple):
    """Air at two metres: temperature (K), vapour pressure (hPa), pressure (hPa), wind (m/s), and the heat that comes
    from the sky, as the temperature (K⁴) of a black body that surrounds it half with sky and half with ground."""

    temperature: Floats
    vapour: Floats
    pressure: Floats
    wind: Floats
    around: Floats


class Sunlight(NamedTuple):
    """Irradiance of level ground (W/m²), the share of it straight from the sun, cosine of the sun's zenith angle."""

    ground: Floats
    direct: Floats
    cos_zenith: Floats


def liljegren(air: Air, light: Sunlight) -> Heat:
    """Return the WBGT by the balance of heat, 0.7 wet bulb + 0.2 globe + 0.1 air; NaN where something is unknown."""
    with np.errstate(all="ignore"):
        globe = _globe(air, light) - KELVIN
        wet_bulb = _wet_bulb(air, light) - KELVIN
    return Heat(0.7 * wet_bulb + 0.2 * globe + 0.1 * (air.temperature - KELVIN), wet_bulb, globe)


def ono_tonouchi(celsius: Floats, humidity: Floats, wind: Floats, irradiance: Floats) -> Floats:
    """Return the WBGT as the Ministry of the Environment estimates it for places without a globe.

    Air temperature (°C), relative humidity (0 to 1), wind speed (m/s), irradiance of level ground (W/m²).
    """
    percent, kilowatt = 100 * humidity, irradiance / 1000
    damp = 0.0374 * percent + 0.00292 * celsius * percent
    return np.asarray(0.735 * celsius + damp + 7.619 * kilowatt - 4.557 * kilowatt**2 - 0.0572 * wind - 4.064)


def air_of(celsius: Floats, humidity: Floats, pressure: Floats, wind: Floats) -> Air:
    """Put what a weather station says into what the balance needs: °C, 0 to 1, hPa, m/s at two metres."""
    kelvin = np.asarray(celsius, dtype=np.float64) + KELVIN
    vapour = humidity * saturation(kelvin)
    sky = 0.575 * np.maximum(vapour, 0.0) ** 0.143  # Brutsaert's form as in Oke 1987, p. 373
    around = 0.5 * (sky + GROUND_EMISSIVITY) * kelvin**4
    return Air(kelvin, vapour, np.asarray(pressure, dtype=np.float64), np.maximum(wind, LOWEST_WIND), around)


def sunlight(irradiance: Floats, cos_zenith: Floats, distance: Floats) -> Sunlight:
    """Part what a pyranometer says (W/m²) into straight and scattered light; more than can be is cut.

    `distance` is that of the sun in AU. Liljegren et al. 2008, equations 13 and 14.
    """
    above = np.where(cos_zenith >= LOWEST_SUN, SOLAR_CONSTANT * cos_zenith / distance**2, 0.0)
    up = above > 0
    clear = np.where(up, np.minimum(np.maximum(irradiance, 0.0) / np.where(up, above, 1.0), CLEAREST), 0.0)
    lit = np.maximum(clear, 1e-3)  # below, nothing comes straight
    direct = np.where(clear > 0, np.clip(np.exp(3.0 - 1.34 * lit - 1.65 / lit), 0.0, 0.9), 0.0)
    return Sunlight(np.where(up, clear * above, np.maximum(irradiance, 0.0)), direct, np.asarray(cos_zenith))


def saturation(kelvin: Floats) -> Floats:
    """Return the vapour pressure over water (hPa) of saturated moist air. Buck 1981, equation 3."""
    return np.asarray(1.004 * 6.1121 * np.exp(17.502 * (kelvin - KELVIN) / (kelvin - 32.18)))


def _globe(air: Air, light: Sunlight) -> Floats:
    """The temperature (K) at which a black globe gives off as much heat as it takes in."""
    high = np.maximum(light.cos_zenith, LOWEST_SUN)
    beam = light.direct * (0.5 / high - 1.0) + 1.0 + GROUND_ALBEDO
    taken = air.around + light.ground * beam * (1.0 - GLOBE_ALBEDO) / (2.0 * STEFAN_BOLTZMANN * GLOBE_EMISSIVITY)

    def surplus(globe: Floats) -> Floats:
        film = 0.5 * (globe + air.temperature)
        lost = _around_sphere(film, air) * (globe - air.temperature) / (STEFAN_BOLTZMANN * GLOBE_EMISSIVITY)
        return np.asarray(taken - lost - globe**4)

    return _balanced(surplus, air.temperature)


def _wet_bulb(air: Air, light: Sunlight) -> Floats:
    """The temperature (K) at which a wet wick in the sun loses by evaporation what it takes in."""
    high = np.maximum(light.cos_zenith, LOWEST_SUN)
    slant = np.sqrt(np.maximum(1.0 - high**2, 0.0)) / high
    ends = 0.25 * WICK_WIDTH / WICK_LENGTH
    lit = (1.0 - light.direct) * (1.0 + ends) + light.direct * (slant / np.pi + ends) + GROUND_ALBEDO
    from_sun = (1.0 - WICK_ALBEDO) * light.ground * lit

    def surplus(wick: Floats) -> Floats:
        film = 0.5 * (wick + air.temperature)
        rays = STEFAN_BOLTZMANN * WICK_EMISSIVITY * (air.around - wick**4) + from_sun
        density = 100 * air.pressure / (GAS_OF_AIR * film)
        schmidt = _viscosity(film) / (density * _diffusivity(film, air.pressure))
        pressure = saturation(wick)
        dried = (pressure - air.vapour) / (air.pressure - pressure) * (PRANDTL / schmidt) ** BEDINGFIELD_DREW
        cooled = _evaporation(film) / (HEAT_CAPACITY * MOLAR_AIR / MOLAR_WATER) * dried
        return np.asarray(air.temperature - cooled + rays / _around_cylinder(film, air) - wick)

    return _balanced(surplus, air.temperature)


def _balanced(surplus: Callable[[Floats], Floats], air: Floats) -> Floats:
    """Where a surplus of heat that falls with the temperature is none: between 60 K below and 140 K above the air."""
    low, high = air - 60.0, air + 140.0
    known = np.isfinite(surplus(air))
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        warmer = surplus(middle) > 0
        low, high = np.where(warmer, middle, low), np.where(warmer, high, middle)
    return np.where(known, 0.5 * (low + high), np.nan)


def _viscosity(kelvin: Floats) -> Floats:
    """Of air, kg/(m s). Bird, Stewart & Lightfoot 1960, p. 23."""
    collision = (kelvin / 97.0 - 2.9) / 0.4 * -0.034 + 1.048
    return np.asarray(2.6693e-6 * np.sqrt(MOLAR_AIR * kelvin) / (3.617**2 * collision))


def _conductivity(kelvin: Floats) -> Floats:
    """Of air, W/(m K). Bird, Stewart & Lightfoot 1960, p. 257."""
    return np.asarray((HEAT_CAPACITY + 1.25 * GAS_OF_AIR) * _viscosity(kelvin))


def _diffusivity(kelvin: Floats, pressure: Floats) -> Floats:
    """Of water vapour in air, m²/s. Bird, Stewart & Lightfoot 1960, p. 505: critical points of air and of water."""
    critical = (36.4 * 218.0) ** (1 / 3) * (132.0 * 647.3) ** (5 / 12) * np.sqrt(1 / MOLAR_AIR + 1 / MOLAR_WATER)
    atmospheres = pressure / 1013.25
    return np.asarray(3.640e-4 * (kelvin / np.sqrt(132.0 * 647.3)) ** 2.334 * critical / atmospheres * 1e-4)


def _evaporation(kelvin: Floats) -> Floats:
    """The heat that evaporating water takes, J/kg: a line through 283 and 313 K."""
    return np.asarray(2.4073e6 - (313.15 - kelvin) / 30.0 * 71_100.0)


def _reynolds(width: float, kelvin: Floats, air: Air) -> Floats:
    return np.asarray(air.wind * 100 * air.pressure / (GAS_OF_AIR * kelvin) * width / _viscosity(kelvin))


def _around_sphere(kelvin: Floats, air: Air) -> Floats:
    """Heat carried off by moving air, W/(m² K). Bird, Stewart & Lightfoot 1960, p. 409."""
    nusselt = 2.0 + 0.6 * np.sqrt(_reynolds(GLOBE_WIDTH, kelvin, air)) * PRANDTL**0.3333
    return np.asarray(nusselt * _conductivity(kelvin) / GLOBE_WIDTH)


def _around_cylinder(kelvin: Floats, air: Air) -> Floats:
    """The same for a long cylinder across the wind. Bedingfield & Drew 1950, equation 32."""
    nusselt = 0.281 * _reynolds(WICK_WIDTH, kelvin, air) ** 0.6 * PRANDTL ** (1 - BEDINGFIELD_DREW)
    return np.asarray(nusselt * _conductivity(kelvin) / WICK_WIDTH)
