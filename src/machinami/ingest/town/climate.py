"""How warm, damp, windy and bright is it at the simulated town's weather station?

A course of the day and of the year, with spells of some days and clouds that come and go; where it rains the sky is
covered. Whatever the calendar says, the storm comes at the end of July, after three hot days: the town is there to show
what a summer asks of it. Nothing of it is made by the equations with which heat is worked out or forecast.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from machinami.ingest.town.noise import Floats, gaussian
from machinami.ingest.town.sensors import Minutes

KEY, JA, EN = "weather1", "街並気象観測所", "Machinami weather station"
NORTH = 34.99  # degrees, for the height of the sun
EAST_HOURS = 9.2  # how much earlier than in Greenwich it is noon
_CHANNELS = {"spell": 200, "cloud": 203, "wind": 206, "damp": 209}
_DAY = 1440
STORM_DAY = 210.0  # of the year: the end of July


class Climate(NamedTuple):
    """°C, 0 to 1, m/s at ten metres, W/m² of level ground, hPa."""

    temperature: Floats
    humidity: Floats
    wind: Floats
    sunshine: Floats
    pressure: Floats


def climate(seed: int, minutes: Minutes, raining: Floats, anchor: int) -> Climate:
    """Return the weather at minutes since 1970; raining: mm in the ten minutes before each; anchor: the minute just
    before the storm."""
    wet = np.clip(raining / 0.5, 0.0, 1.0)
    spell = _smooth(seed, "spell", minutes, 3 * _DAY)
    cloud = np.clip(0.45 + 0.3 * _smooth(seed, "cloud", minutes, 300), 0.05, 1.0)
    hot = _heat_wave((minutes - anchor) / _DAY)
    cloud = np.maximum(cloud * (1.0 - 0.8 * hot), 0.95 * wet)
    day = STORM_DAY + (minutes - anchor) / _DAY
    season = np.sin(2 * np.pi * (day - 110.0) / 365.2425)
    height = _sun(minutes, day)
    sunshine = 1050.0 * np.maximum(height, 0.0) ** 1.15 * (1.0 - 0.75 * cloud**1.5)
    hour = (minutes / 60.0 + EAST_HOURS) % 24
    swing = (1.0 - 0.6 * cloud) * 4.0 * np.cos(2 * np.pi * (hour - 14.5) / 24)
    temperature = 16.5 + 10.5 * season + 2.2 * spell * (1.0 - hot) + 4.5 * hot + swing - 2.0 * wet
    damp = 0.68 - 0.018 * swing + 0.06 * _smooth(seed, "damp", minutes, _DAY) + 0.25 * wet
    breeze = 1.2 + 1.6 * np.maximum(height, 0.0) + 0.5 * np.abs(_smooth(seed, "wind", minutes, 240))
    pressure = 1010.0 - 5.0 * season + 4.0 * _smooth(seed, "spell", minutes + 11 * _DAY, 2 * _DAY) - 3.0 * wet
    told = ((temperature, 1), (np.clip(damp, 0.2, 1.0), 2), (breeze, 1), (sunshine, 0), (pressure, 1))
    return Climate(*(np.asarray(np.round(values, digits), dtype=np.float64) for values, digits in told))


def _heat_wave(days: Floats) -> Floats:
    """How far the heat wave before the storm is there (0 to 1): it comes three days before and goes with the rain."""
    return np.asarray(np.clip(np.minimum((days + 3.5) / 0.5, (0.5 - days) / 0.4), 0.0, 1.0))


def _sun(minutes: Minutes, day: Floats) -> Floats:
    """The sine of the sun's height, by the declination of the day of the year alone."""
    tilt = np.radians(23.44) * np.sin(2 * np.pi * (day - 80.0) / 365.2425)
    turned = 2 * np.pi * ((minutes / 60.0 + EAST_HOURS) / 24 - 0.5)
    north = np.radians(NORTH)
    return np.asarray(np.sin(north) * np.sin(tilt) + np.cos(north) * np.cos(tilt) * np.cos(turned))


def _smooth(seed: int, kind: str, minutes: Minutes, width: int) -> Floats:
    """Noise of spread about 1 that changes over `width` minutes, the same however time is sliced."""
    number = minutes // width
    share = (minutes - number * width) / width
    ease = share * share * (3 - 2 * share)
    channel = _CHANNELS[kind]
    return (1 - ease) * gaussian(seed, channel, number) + ease * gaussian(seed, channel, number + 1)
