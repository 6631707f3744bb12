"""Is a planted effect found again, with an interval that covers it, and is a drift before it noticed?"""

import numpy as np
import pytest

from machinami.foundation.errors import InputError
from machinami.methods.difference_in_differences import difference_in_differences
from machinami.methods.series import Floats


def towns(seed: int, effect: float = 0.0, drift: float = 0.0, places: int = 20, own: int = 8) -> Floats:
    """Places (n, 12) of unlike level with noise and a common wave; the first `own` get an effect from step 6 on."""
    drawn = np.random.default_rng(seed)
    values = drawn.normal(50, 10, (places, 1)) + np.sin(np.arange(12)) + drawn.normal(0, 1, (places, 12))
    values[:own, 6:] += effect
    values[:own] += drift * np.arange(12)
    return values


def marks(places: int = 20, own: int = 8) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    return np.arange(places) < own


def test_without_noise_the_effect_is_exact() -> None:
    values = np.array([[1.0, 2, 3, 9], [5, 6, 7, 8], [0, 1, 2, 8], [5, 6, 7, 8]])
    found = difference_in_differences(values, np.array([True, False, True, False]), 3)
    assert found.effect.value == pytest.approx(5)
    assert found.drift.value == pytest.approx(0)
    assert (found.treated, found.others) == (2, 2)


def test_the_interval_covers_a_planted_effect_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(300):
        gap = difference_in_differences(towns(seed, 2.0), marks(), 6).effect
        assert gap.low is not None
        assert gap.high is not None
        covered += gap.low <= 2.0 <= gap.high
    assert 0.92 <= covered / 300 <= 0.98


def test_a_drift_before_is_noticed_and_carried_on() -> None:
    found = difference_in_differences(towns(1, 0.0, 0.5), marks(), 6)
    assert found.drift.value == pytest.approx(0.5, abs=0.2)
    assert found.drift.p is not None
    assert found.drift.p < 0.01
    assert found.effect.value == pytest.approx(3.0, abs=1.0)
    assert found.carried == pytest.approx(0.0, abs=1.2)


def test_of_one_place_there_is_an_effect_without_an_interval() -> None:
    found = difference_in_differences(towns(2, 3.0, own=1), marks(own=1), 6)
    assert found.effect.value == pytest.approx(3.0, abs=2)
    assert (found.effect.low, found.effect.p) == (None, None)


def test_places_that_are_all_alike_leave_no_doubt() -> None:
    found = difference_in_differences(np.array([[0.0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 0, 0]]), marks(4, 2), 2)
    assert (found.effect.value, found.effect.p, found.drift.p) == (1.0, 0.0, 1.0)


def test_what_cannot_be_compared_is_refused() -> None:
    for values, own, began in ((towns(1), 20, 6), (towns(1), 0, 6), (towns(1), 8, 1), (towns(1), 8, 12)):
        with pytest.raises(InputError):
            difference_in_differences(values, marks(own=own), began)
    gaps = towns(1)
    gaps[3, 3] = np.nan
    with pytest.raises(InputError, match="gaps"):
        difference_in_differences(gaps, marks(), 6)
