"""Are costs shared as the closed forms of known games say?"""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.apportionment import apportioned, rounded
from machinami.methods.cooperative_games import (
    game,
    greatest_excess,
    nucleolus,
    sampled_shapley,
    separable_costs_remaining_benefits,
    shapley,
)
from machinami.methods.series import Floats

COSTS = st.lists(st.floats(0, 1e6), min_size=1, max_size=7)


def airport(needs: list[float]) -> Floats:
    """A runway costs what the longest of those who use it needs."""
    return game(len(needs), lambda group: max(needs[i] for i in group))


def bankruptcy(estate: float, claims: list[float]) -> Floats:
    """What is left to a group when all others are paid in full, as a game of costs."""
    return game(len(claims), lambda group: -max(0.0, estate - sum(claims) + sum(claims[i] for i in group)))


def talmud(estate: float, claims: list[float]) -> Floats:
    """The rule of the Talmud: up to half of the claims, equal gains up to half of each; beyond it, equal losses."""
    halves = np.array(claims) / 2
    if estate <= halves.sum():
        return equal_up_to(estate, halves)
    return np.array(claims) - equal_up_to(sum(claims) - estate, halves)


def equal_up_to(amount: float, most: Floats) -> Floats:
    """Equal awards, none above its most, that sum to the amount."""
    order, given_, left = np.argsort(most), np.zeros(len(most)), amount
    for rank, i in enumerate(order):
        given_[i] = min(most[i], left / (len(most) - rank))
        left -= given_[i]
    return given_


@given(COSTS)
@settings(deadline=None)
def test_the_shapley_value_of_an_airport_is_that_of_littlechild_and_owen(needs: list[float]) -> None:
    order = np.argsort(needs, kind="stable")
    steps = np.diff(np.concatenate([[0.0], np.array(needs)[order]]))
    wanted = np.empty(len(needs))
    wanted[order] = np.cumsum(steps / np.arange(len(needs), 0, -1))
    assert shapley(airport(needs)) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.floats(-1e3, 1e3), min_size=2**n - 1, max_size=2**n - 1)))
@settings(max_examples=40, deadline=None)
def test_the_shapley_value_is_the_mean_over_all_orders(values: list[float]) -> None:
    costs = np.array([0.0, *values])
    partners = len(costs).bit_length() - 1
    total, orders = np.zeros(partners), list(permutations(range(partners)))
    for order in orders:
        joined = 0
        for i in order:
            total[i] += costs[joined | 1 << i] - costs[joined]
            joined |= 1 << i
    assert shapley(costs) == pytest.approx(total / len(orders), abs=1e-8)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=6), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_the_nucleolus_of_a_bankruptcy_is_the_rule_of_the_talmud(claims: list[int], percent: int) -> None:
    estate, owed = sum(claims) * percent / 100, [float(claim) for claim in claims]
    assert -nucleolus(bankruptcy(estate, owed)) == pytest.approx(talmud(estate, owed), abs=1e-6)


@given(COSTS)
@settings(max_examples=40, deadline=None)
def test_no_group_pays_more_than_alone_where_that_can_be(needs: list[float]) -> None:
    costs = airport(needs)  # such a game has a core
    assert greatest_excess(costs, nucleolus(costs)) <= 1e-7 * max(1.0, *needs)


def test_a_dear_group_shows_in_the_excess() -> None:
    costs = game(2, lambda group: {(0,): 10.0, (1,): 4.0, (0, 1): 12.0}[group])
    assert greatest_excess(costs, np.array([6.0, 6.0])) == 2.0
    assert shapley(costs) == pytest.approx([9.0, 3.0])
    assert separable_costs_remaining_benefits(costs) == pytest.approx([9.0, 3.0])


def test_drawn_orders_come_near_the_exact_value_and_sum_to_the_whole() -> None:
    needs = [3.0, 8.0, 8.0, 20.0]
    drawn = sampled_shapley(4, lambda group: max(needs[i] for i in group), 4000, np.random.default_rng(1))
    assert drawn.sum() == pytest.approx(20.0)
    assert drawn == pytest.approx(shapley(airport(needs)), abs=0.3)


@pytest.mark.parametrize("costs", [[0.0], [0.0, 1.0, 2.0], [1.0, 2.0], [0.0, np.nan]])
def test_what_is_no_game_is_refused(costs: list[float]) -> None:
    with pytest.raises(InputError):
        shapley(np.array(costs))


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(sum))
def test_shares_sum_to_the_yen_and_stay_beside_the_exact_ones(total: int, weights: list[int]) -> None:
    shares = apportioned(total, weights)
    assert sum(shares) == total
    assert all(abs(s - Fraction(total) * w / sum(weights)) < 1 for s, w in zip(shares, weights, strict=True))


def test_the_yen_that_is_left_goes_to_who_stands_first_among_equals() -> None:
    assert apportioned(100, [1, 1, 1]) == [34, 33, 33]
    assert rounded([Fraction(1, 2), Fraction(-1, 2)], 0) == [1, -1]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_an_amount_is_not_split_by_nothing(weights: list[int]) -> None:
    with pytest.raises(InputError):
        apportioned(10, weights)
