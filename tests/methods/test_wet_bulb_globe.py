"""Is it as hot as the published way of reckoning says, and as it must be by the laws of heat?"""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.sun import sun_at
from machinami.methods.wet_bulb_globe import Heat, Sunlight, air_of, liljegren, ono_tonouchi, sunlight

CELSIUS = st.floats(-5, 42)
HUMIDITY = st.floats(0.05, 1)
WIND = st.floats(0, 12)


def heat(celsius: float, humidity: float, wind: float, sun: float, high: float = 0.8, pressure: float = 1005) -> Heat:
    light = sunlight(np.array(sun), np.array(high), np.array(1.0))
    return liljegren(air_of(np.array(celsius), np.array(humidity), np.array(pressure), np.array(wind)), light)


def test_a_hot_noon_in_kanto_is_as_the_published_program_says() -> None:
    noon = np.array(datetime(2019, 8, 1, 4, tzinfo=UTC).timestamp())
    sun = sun_at(noon, 36.0, 140.0)
    light = sunlight(np.array(900.0), sun.cos_zenith, sun.distance)
    found = liljegren(air_of(np.array(33.0), np.array(0.5), np.array(1005.0), np.array(2.0)), light)
    assert found.wbgt == pytest.approx(31.392, abs=0.05)
    assert found.globe == pytest.approx(48.265, abs=0.1)
    assert found.wet_bulb == pytest.approx(26.342, abs=0.05)


def test_the_ministrys_formula_at_a_round_point() -> None:
    said = ono_tonouchi(np.array(30.0), np.array(0.6), np.array(1.0), np.array(800.0))
    by_hand = 0.735 * 30 + 0.0374 * 60 + 0.00292 * 30 * 60 + 7.619 * 0.8 - 4.557 * 0.64 - 0.0572 - 4.064
    assert said == pytest.approx(by_hand)
    assert 27 < said < 29


def test_both_ways_agree_within_two_degrees_on_a_summer_day() -> None:
    for celsius, humidity, wind, sun in ((28, 0.7, 2, 300), (33, 0.55, 2, 800), (26, 0.9, 1, 0)):
        balance = heat(celsius, humidity, wind, sun).wbgt
        said = ono_tonouchi(np.array(celsius), np.array(humidity), np.array(wind), np.array(sun))
        assert balance == pytest.approx(float(said), abs=2)


@given(CELSIUS, HUMIDITY, WIND, st.floats(50, 900))
def test_more_sun_is_never_cooler(celsius: float, humidity: float, wind: float, sun: float) -> None:
    shade, lit = heat(celsius, humidity, wind, 0.0), heat(celsius, humidity, wind, sun)
    assert lit.wbgt >= shade.wbgt
    assert lit.globe >= celsius - 5


@given(CELSIUS, st.floats(0.05, 0.9), WIND, st.floats(0, 900))
def test_damper_air_is_never_cooler(celsius: float, humidity: float, wind: float, sun: float) -> None:
    assert heat(celsius, humidity + 0.1, wind, sun).wbgt >= heat(celsius, humidity, wind, sun).wbgt


@given(CELSIUS, HUMIDITY, WIND, st.floats(0, 1200), st.floats(-1, 1))
def test_whatever_the_weather_there_is_a_figure(
    celsius: float, humidity: float, wind: float, sun: float, high: float
) -> None:
    found = heat(celsius, humidity, wind, sun, high)
    assert np.isfinite(found.wbgt)
    assert -60 < found.wbgt < 80


def test_what_is_not_known_gives_no_figure() -> None:
    assert np.isnan(heat(float("nan"), 0.5, 1, 0).wbgt)
    assert np.isnan(heat(30, float("nan"), 1, 0).wbgt)


def test_a_pyranometer_that_says_more_than_the_sun_gives_is_cut() -> None:
    light = sunlight(np.array(2000.0), np.array(0.5), np.array(1.0))
    assert light.ground == pytest.approx(0.85 * 1367 * 0.5)
    assert 0 < light.direct <= 0.9


def test_before_sunrise_nothing_comes_straight_from_the_sun() -> None:
    assert sunlight(np.array(5.0), np.array(-0.1), np.array(1.0)) == Sunlight(5.0, 0.0, -0.1)
