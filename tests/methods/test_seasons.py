"""Are planted seasons found again, and is a series without any left as it is?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.seasons import without_seasons


@given(st.integers(2, 13), st.integers(2, 6), st.integers(0, 1_000))
def test_planted_seasons_upon_a_line_are_found_exactly(period: int, rounds: int, seed: int) -> None:
    figure = np.random.default_rng(seed).normal(0, 3, period)
    figure -= figure.mean()
    line = 5 + 0.3 * np.arange(period * rounds)
    found = without_seasons(line + np.resize(figure, len(line)), period)
    assert found is not None
    assert found.figure == pytest.approx(figure, abs=1e-9)
    assert found.adjusted == pytest.approx(line, abs=1e-9)
    assert found.figure.sum() == pytest.approx(0, abs=1e-9)


def test_strong_seasons_matter_and_noise_has_none_that_do() -> None:
    drawn = np.random.default_rng(3)
    noise = drawn.normal(0, 1, 96)
    weak, strong = (without_seasons(noise + np.resize(size * np.sin(np.arange(12)), 96), 12) for size in (0.0, 4.0))
    assert weak is not None
    assert strong is not None
    assert (weak.matter, strong.matter) == (False, True)


def test_one_season_alone_cannot_be_told_from_a_trend() -> None:
    assert without_seasons(np.arange(23.0), 12) is None
    assert without_seasons(np.arange(24.0), 12) is not None


def test_gaps_and_no_period_are_refused() -> None:
    with pytest.raises(InputError, match="period"):
        without_seasons(np.arange(9.0), 1)
    with pytest.raises(InputError, match="gaps"):
        without_seasons(np.array([1.0, np.nan, 2.0, 3.0]), 2)
