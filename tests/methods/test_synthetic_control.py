"""Is a mixture of other places found again where one was planted, and none where places have gaps?"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.synthetic_control import Case, effects, mixed, mixed_by, placebo_share


def planted(seed: int, weights: list[float]) -> Case:
    """A place that is just a mixture of five others, in traits and past."""
    drawn = np.random.default_rng(seed)
    others, pasts = drawn.normal(10, 3, (4, 5)), drawn.normal(100, 20, (8, 5))
    share = np.array(weights)
    return Case(others @ share, others, pasts @ share, pasts)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_a_planted_mixture_is_found_again(seed: int) -> None:
    wanted = [0.6, 0.0, 0.4, 0.0, 0.0]
    found = mixed(planted(seed, wanted))
    assert found.weights == pytest.approx(wanted, abs=0.01)
    assert found.error < 0.5


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_weights_are_shares_also_where_nothing_fits(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    case = Case(drawn.normal(0, 1, 3), drawn.normal(5, 2, (3, 4)), drawn.normal(0, 1, 6), drawn.normal(9, 1, (6, 4)))
    found = mixed(case)
    assert found.weights.min() >= 0
    assert found.weights.sum() == pytest.approx(1.0)
    assert found.importance.sum() == pytest.approx(1.0)


def test_traits_of_known_importance_make_the_same_mixture() -> None:
    case = planted(6, [0.6, 0.0, 0.4, 0.0, 0.0])
    found = mixed(case)
    again = mixed_by(case, found.importance * 3)
    assert again.weights == pytest.approx(found.weights)
    assert again.importance == pytest.approx(found.importance)
    assert again.error == pytest.approx(found.error)


def test_what_came_beside_the_mixture_is_the_effect() -> None:
    case = planted(3, [0.5, 0.5, 0.0, 0.0, 0.0])
    later = np.random.default_rng(4).normal(100, 20, (3, 5))
    mixture = mixed(case)
    outcome = later @ np.array([0.5, 0.5, 0.0, 0.0, 0.0]) + 7.0
    assert effects(mixture, outcome, later) == pytest.approx(np.full(3, 7.0), abs=1.0)


def test_the_unit_of_a_trait_does_not_matter() -> None:
    case = planted(5, [0.2, 0.3, 0.5, 0.0, 0.0])
    factor = np.array([1.0, 1000.0, 0.001, 1.0])
    other = replace(case, traits=case.traits * factor, other_traits=case.other_traits * factor[:, None])
    assert mixed(other).weights == pytest.approx(mixed(case).weights, abs=1e-3)


def test_the_place_that_departs_most_is_the_only_one_so_far_out() -> None:
    before, after = np.full(10, 1.0), np.array([9.0, *range(1, 9), 2.5])
    assert placebo_share(before, after) == 0.1
    assert placebo_share(before, after[::-1]) > 0.1


def test_gaps_and_a_single_other_are_refused() -> None:
    case = planted(1, [0.5, 0.5, 0.0, 0.0, 0.0])
    with pytest.raises(InputError, match="gaps"):
        mixed(replace(case, past=np.full(8, np.nan)))
    with pytest.raises(InputError, match="two other places"):
        mixed(replace(case, other_traits=case.other_traits[:, :1], other_pasts=case.other_pasts[:, :1]))
