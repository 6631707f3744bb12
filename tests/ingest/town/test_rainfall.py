"""Is the simulated weather the same however it is asked for, and is its forecast useful but wrong?"""

import numpy as np
import pytest

from machinami.ingest.town.rainfall import BLOCK_HOURS, outlook, rain

POINTS = np.array([[0.0, 0.0], [-3.0, 4.0], [3.0, -2.0]])


def test_any_stretch_of_weather_may_be_asked_for_first() -> None:
    hours = np.arange(-30.0, 60.0, 0.25)
    whole = rain(7, POINTS, hours)
    parts = np.vstack([rain(7, POINTS, hours[:100]), rain(7, POINTS, hours[100:])])
    assert np.allclose(whole, parts)
    assert (whole >= 0.0).all()


@pytest.mark.parametrize("seed", range(8))
def test_dry_days_come_before_the_coming_storm_and_the_storm_comes_within_hours(seed: int) -> None:
    hours = np.arange(-24.0, 12.0, 0.1)
    depth = rain(seed, POINTS, hours).mean(axis=1) * 0.1
    assert depth[hours < 0].sum() < 2.0
    assert depth[(hours > 0) & (hours < 7)].sum() > 60.0


@pytest.mark.parametrize("block", [-6, 0, 5, 300])
def test_every_block_of_ten_days_has_a_flood_storm(block: int) -> None:
    hours = np.arange(block * BLOCK_HOURS, (block + 1) * BLOCK_HOURS, 0.1)
    depth = rain(3, POINTS, hours).mean(axis=1) * 0.1
    daily = depth[: len(depth) // 240 * 240].reshape(-1, 240).sum(axis=1)
    assert daily.max() > 50.0
    assert (daily < 1.0).sum() >= 3


def test_the_forecast_is_better_than_no_rain_and_worse_than_the_truth() -> None:
    hours = np.arange(-24 * 60.0, 0.0, 0.1)
    hourly = rain(5, POINTS, hours).mean(axis=1).reshape(-1, 10).mean(axis=1)
    starts = range(2, len(hourly) - 9)
    said = np.array([outlook(5, start, hourly[start - 2 : start + 8]) for start in starts])
    true = np.array([hourly[start : start + 6] for start in starts])
    error = np.sqrt(((said - true) ** 2).mean(axis=0))
    nothing = np.sqrt((true**2).mean(axis=0))
    assert (error > 0.1 * nothing).all()
    assert (error < 0.9 * nothing).all()
    assert error[5] > error[0]
