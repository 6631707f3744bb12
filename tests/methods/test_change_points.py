"""Is a change of level found where it was planted, and none where there is only noise?"""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.change_points import stretches, usual_penalty
from machinami.methods.series import Floats


def cost(values: Floats, cuts: list[int], penalty: float) -> float:
    parts = [values[a:b] for a, b in pairwise([0, *cuts, len(values)])]
    return sum(float(((part - part.mean()) ** 2).sum()) for part in parts) + penalty * len(cuts)


def test_a_planted_change_is_found_with_its_levels() -> None:
    drawn = np.random.default_rng(1)
    values = np.concatenate([drawn.normal(10, 1, 40), drawn.normal(14, 1, 30), drawn.normal(11, 1, 50)])
    found = stretches(values)
    assert [stretch.start for stretch in found] == pytest.approx([0, 40, 70], abs=2)
    assert [stretch.mean for stretch in found] == pytest.approx([10, 14, 11], abs=0.6)
    assert found[-1].end == 120


def test_noise_is_seldom_divided() -> None:
    drawn = np.random.default_rng(2)
    divided = sum(len(stretches(drawn.normal(0, 1, 100))) > 1 for _ in range(200))
    assert divided / 200 < 0.05


@given(st.lists(st.integers(-20, 20), min_size=8, max_size=11), st.floats(0.5, 500))
def test_no_division_costs_less(whole: list[int], penalty: float) -> None:
    values = np.array(whole, float)
    found = [stretch.start for stretch in stretches(values, penalty, 2)][1:]
    every = [
        list(cuts)
        for count in range(4)
        for cuts in combinations(range(2, len(values) - 1), count)
        if all(b - a >= 2 for a, b in pairwise([0, *cuts, len(values)]))
    ]
    assert cost(values, found, penalty) <= min(cost(values, cuts, penalty) for cuts in every) + 1e-6


@given(st.integers(0, 1_000), st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_the_unit_of_the_values_does_not_matter(seed: int, factor: float, shift: float) -> None:
    values = np.random.default_rng(seed).normal(0, 1, 30) + np.repeat([0, 5], 15)
    starts = [stretch.start for stretch in stretches(values)]
    assert [stretch.start for stretch in stretches(values * factor + shift)] == starts


def test_what_never_moves_is_one_stretch_and_one_step_is_two() -> None:
    assert len(stretches(np.full(20, 3.0))) == 1
    assert usual_penalty(np.full(20, 3.0)) == 0
    assert [s.start for s in stretches(np.repeat([3.0, 4.0], 10))] == [0, 10]


def test_too_few_values_and_gaps_are_refused() -> None:
    for values in (np.arange(7.0), np.array([1.0] * 9 + [np.nan])):
        with pytest.raises(InputError, match="8 values"):
            stretches(values)
