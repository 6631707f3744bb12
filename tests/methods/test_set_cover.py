"""Is the cheapest cover the cheapest one?"""

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import sparse

from machinami.foundation.errors import InputError
from machinami.methods.set_cover import cheapest_cover


@given(st.integers(1, 7), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_no_other_cover_is_cheaper(sets: int, points: int, seed: int) -> None:
    drawn = np.random.default_rng(seed)
    covers, costs = drawn.random((sets, points)) < 0.5, drawn.integers(0, 5, sets).astype(float)
    assume(covers.any(axis=0).all())
    every = chain.from_iterable(combinations(range(sets), size) for size in range(sets + 1))
    least = min(costs[list(choice)].sum() for choice in every if covers[list(choice)].any(axis=0).all())
    found = cheapest_cover(sparse.csr_array(covers), costs)
    assert found.proven
    assert found.cost == pytest.approx(least) == found.bound
    assert covers[list(found.chosen)].any(axis=0).all()


def test_a_point_in_no_set_is_named() -> None:
    with pytest.raises(InputError, match="point 1 is in no set"):
        cheapest_cover(sparse.csr_array(np.array([[1, 0]])), np.ones(1))


def test_a_cost_that_is_none_is_an_error() -> None:
    with pytest.raises(InputError, match="one finite cost"):
        cheapest_cover(sparse.csr_array(np.ones((1, 1))), np.array([np.nan]))
