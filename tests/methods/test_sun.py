"""Does the sun stand where an almanac says it does?"""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.sun import refraction, sun_at


def altitude(when: datetime, north: float, east: float) -> float:
    return float(np.degrees(np.arcsin(sun_at(np.array(when.timestamp()), north, east).cos_zenith)))


def test_at_noon_of_midsummer_the_sun_is_overhead_on_the_tropic() -> None:
    assert altitude(datetime(2024, 6, 20, 12, 2, tzinfo=UTC), 23.44, 0.0) == pytest.approx(90, abs=0.2)


def test_at_noon_of_midwinter_tokyo_sees_the_sun_at_its_colatitude_less_the_tilt() -> None:
    noon = datetime(2024, 12, 21, 2, 39, tzinfo=UTC)  # 11:39 in Tokyo, which lies east of its meridian
    assert altitude(noon, 35.68, 139.77) == pytest.approx(90 - 35.68 - 23.44, abs=0.1)


def test_in_the_morning_it_stands_in_the_east_and_in_the_evening_in_the_west() -> None:
    seconds = np.array([datetime(2024, 3, 20, hour, tzinfo=UTC).timestamp() for hour in (8, 16)])
    morning, evening = np.degrees(sun_at(seconds, 45.0, 0.0).azimuth)
    assert 90 < morning < 180 < evening < 270


def test_it_is_nearest_in_january() -> None:
    days = np.array([datetime(2024, month, 4, tzinfo=UTC).timestamp() for month in (1, 7)])
    near, far = sun_at(days, 0.0, 0.0).distance
    assert near == pytest.approx(0.9833, abs=2e-4)
    assert far == pytest.approx(1.0167, abs=2e-4)


def test_the_air_lifts_the_sun_by_half_a_degree_at_the_horizon_and_not_at_all_overhead() -> None:
    low, high, under = refraction(np.array([0.0, 90.0, -5.0]))
    assert low == pytest.approx(0.56, abs=0.03)
    assert high == pytest.approx(0, abs=1e-4)
    assert under == 0


@given(st.floats(0, 4e9), st.floats(-90, 90), st.floats(-180, 180))
def test_wherever_and_whenever_the_sun_is_somewhere(seconds: float, north: float, east: float) -> None:
    sun = sun_at(np.array(seconds), north, east)
    assert -1 <= sun.cos_zenith <= 1
    assert 0 <= sun.azimuth < 2 * np.pi + 1e-9
    assert 0.98 < sun.distance < 1.02
