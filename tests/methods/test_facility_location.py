"""Do the few places stand where no other choice is better?"""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.facility_location import p_median

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 7), st.integers(0, 2**32 - 1))


def town(places: int, sites: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole distances, some of them equal, and whole weights, some of them 0."""
    drawn = np.random.default_rng(seed)
    return drawn.integers(0, 9, (places, sites)).astype(float), drawn.integers(0, 4, places).astype(float)


@given(SIZES, st.data())
def test_no_other_choice_is_nearer(sizes: tuple[int, int, int], data: st.DataObject) -> None:
    distances, weights = town(*sizes)
    count = data.draw(st.integers(1, sizes[1]))
    best = min(
        float(weights @ distances[:, list(choice)].min(axis=1)) for choice in combinations(range(sizes[1]), count)
    )
    found = p_median(distances, count, weights)
    assert found.proved
    assert found.value == pytest.approx(best)
    assert found.bound <= best + 1e-6
    assert len(found.sites) == count


def test_one_site_at_the_middle_of_a_street() -> None:
    street = np.arange(5.0)
    assert p_median(np.abs(street[:, None] - street[None, :]), 1).sites == (2,)


def test_more_sites_than_there_are_is_an_error_that_says_so() -> None:
    with pytest.raises(InputError, match="ask for 1 to 2"):
        p_median(np.ones((3, 2)), 3)


def test_a_distance_that_is_none_is_an_error() -> None:
    with pytest.raises(InputError, match="finite numbers"):
        p_median(np.array([[1.0, np.nan]]), 1)


def test_a_weight_too_few_is_an_error() -> None:
    with pytest.raises(InputError, match="each of the 2 places"):
        p_median(np.ones((2, 2)), 1, np.ones(1))
