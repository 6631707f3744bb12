"""Shares and their differences come with the range that chance leaves them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from machinami.methods.proportions import difference, wilson


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    # Newcombe 1998, table II, method 10
    [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 20), 0.6791, 1.0)],
)
def test_the_difference_is_the_published_one(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    found = difference(*counts)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


@given(st.integers(0, 300), st.integers(1, 300))
def test_wilson_is_what_scipy_says(hits: int, more: int) -> None:
    of = hits + more - 1 or 1
    found, known = wilson(hits, of), binomtest(hits, of).proportion_ci(0.95, "wilson")
    assert found.low == pytest.approx(known.low, abs=1e-9)
    assert found.high == pytest.approx(known.high, abs=1e-9)


def test_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2 is no share"):
        wilson(3, 2)
