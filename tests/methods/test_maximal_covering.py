"""Does no other choice cover more, within its budget and with each group's share?"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.covering_program import Wish
from machinami.methods.maximal_covering import fairest_covering, greedy_covering, maximal_covering, shares_of

SIZES = st.tuples(st.integers(1, 7), st.integers(1, 9), st.integers(0, 2**32 - 1))


def town(choices: int, points: int, seed: int) -> Wish:
    drawn = np.random.default_rng(seed)
    return Wish(
        drawn.random((choices, points)) < 0.4,
        drawn.integers(0, 4, points).astype(float),
        drawn.integers(1, 4, choices).astype(float),
        float(drawn.integers(1, 8)),
        drawn.integers(-1, 3, points),
        forbidden=drawn.random(choices) < 0.2,
        bases=(bases := drawn.integers(0, 3, choices)),
        base_costs=drawn.integers(0, 3, int(bases.max()) + 1).astype(float),
        most=2,
    )


def allowed_choices(wish: Wish) -> list[list[int]]:
    """Every choice that may be made, one by one: another way than the one under test."""
    assert wish.bases is not None
    count = len(wish.costs)
    free = [one for one in range(count) if wish.forbidden is None or not wish.forbidden[one]]
    every = chain.from_iterable(combinations(free, size) for size in range(len(free) + 1))
    return [
        list(choice)
        for choice in every
        if price_of(wish, choice) <= wish.budget
        and all([wish.bases[one] for one in choice].count(base) <= wish.most for base in range(3))
    ]


def price_of(wish: Wish, choice: Sequence[int]) -> float:
    assert wish.bases is not None
    assert wish.base_costs is not None
    used = {int(wish.bases[one]) for one in choice}
    return float(sum(wish.costs[one] for one in choice) + sum(wish.base_costs[base] for base in used))


def covered_by(wish: Wish, choice: list[int]) -> float:
    return float(wish.weights @ wish.covers[choice].any(axis=0))


@given(SIZES)
def test_no_other_choice_covers_more(sizes: tuple[int, int, int]) -> None:
    wish = town(*sizes)
    best = max(covered_by(wish, choice) for choice in allowed_choices(wish))
    found = maximal_covering(wish)
    assert found.proven
    assert found.value == pytest.approx(best) == found.bound
    assert list(found.chosen) in allowed_choices(wish)
    assert found.cost == pytest.approx(price_of(wish, found.chosen))


@given(SIZES)
def test_going_step_by_step_is_never_better(sizes: tuple[int, int, int]) -> None:
    wish = town(*sizes)
    greedy = greedy_covering(wish)
    assert list(greedy.chosen) in allowed_choices(wish)
    assert greedy.value <= maximal_covering(wish).value + 1e-9 <= greedy.bound + 1e-6


@given(SIZES, st.integers(0, 5))
def test_more_budget_never_covers_less(sizes: tuple[int, int, int], more: int) -> None:
    wish = town(*sizes)
    richer = replace(wish, budget=wish.budget + more)
    assert maximal_covering(richer).value >= maximal_covering(wish).value - 1e-9


@given(SIZES)
def test_the_worst_off_group_has_as_much_as_can_be(sizes: tuple[int, int, int]) -> None:
    wish = town(*sizes)
    assert wish.forbidden is not None
    free = ~wish.forbidden & (wish.costs <= wish.budget)
    could = shares_of(np.asarray(wish.covers[free].any(axis=0)), wish.weights, wish.groups) > 0

    def told(choice: list[int]) -> tuple[float, float]:
        shares = shares_of(np.asarray(wish.covers[choice].any(axis=0)), wish.weights, wish.groups)
        return float(np.min(shares, where=could, initial=1.0)), covered_by(wish, choice)

    best = max(told(choice) for choice in allowed_choices(wish))
    found = fairest_covering(wish)
    assert found.proven
    assert told(list(found.chosen)) == pytest.approx(best)


@settings(max_examples=40)
@given(SIZES, st.sampled_from([0.5, 0.1, 0.001]), st.booleans())
def test_the_fairest_plan_is_that_of_all_plans_whatever_weights_are_multiples_of(
    sizes: tuple[int, int, int], unit: float, apart: bool
) -> None:
    wish = town(*sizes)
    wish = replace(wish, weights=wish.weights * unit, shares=np.full(int(np.max(wish.groups)) + 1, 0.2 * apart))  # type: ignore[arg-type]
    assert wish.forbidden is not None
    assert wish.shares is not None
    free = ~wish.forbidden & (wish.costs <= wish.budget)
    could = shares_of(np.asarray(wish.covers[free].any(axis=0)), wish.weights, wish.groups) > 0
    told = [
        (float(np.min(shares, where=could, initial=1.0)), covered_by(wish, choice))
        for choice in allowed_choices(wish)
        if (
            np.nan_to_num(shares := shares_of(np.asarray(wish.covers[choice].any(axis=0)), wish.weights, wish.groups))
            >= wish.shares * ~np.isnan(shares) - 1e-9
        ).all()
    ]
    if not told:
        with pytest.raises(InputError, match="least share"):
            fairest_covering(wish)
        return
    found = fairest_covering(wish)
    shares = shares_of(found.covered, wish.weights, wish.groups)
    assert found.proven
    assert (float(np.min(shares, where=could, initial=1.0)), found.value) == pytest.approx(max(told), rel=1e-9)


@settings(max_examples=25)
@given(SIZES)
def test_the_search_ends_with_weights_of_any_kind(sizes: tuple[int, int, int]) -> None:
    wish = town(*sizes)
    odd = replace(wish, weights=wish.weights * np.pi / 7)
    least, same = (np.nanmin(np.append(fairest_covering(one).shares, 1.0)) for one in (odd, wish))
    assert least == pytest.approx(same, abs=0.01)


def test_a_district_has_its_least_share_though_others_cover_more() -> None:
    wish = Wish(
        np.array([[True, True, True, False], [False, False, False, True]]),
        np.ones(4), np.ones(2), 1.0, np.array([0, 0, 0, 1]),
    )  # fmt: skip
    assert maximal_covering(wish).chosen == (0,)
    fair = Wish(wish.covers, wish.weights, wish.costs, 1.0, wish.groups, np.array([0.0, 1.0]))
    assert maximal_covering(fair).chosen == (1,)


def test_a_share_that_cannot_be_had_is_said() -> None:
    wish = Wish(np.array([[True, False]]), np.ones(2), np.ones(1), 1.0, np.array([0, 1]), np.array([0.0, 0.5]))
    with pytest.raises(InputError, match="ask for less, or pay more"):
        maximal_covering(wish)


def test_nothing_is_chosen_without_money() -> None:
    found = maximal_covering(Wish(np.ones((2, 3), dtype=bool), np.ones(3), np.ones(2), 0.0))
    assert (found.chosen, found.value, found.proven) == ((), 0.0, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"weights": np.array([1.0])}, "weight"), ({"budget": -1.0}, "budget"), ({"costs": np.array([np.nan])}, "cost"),
     ({"groups": np.array([0])}, "group"), ({"shares": np.array([2.0])}, "share")],
)  # fmt: skip
def test_numbers_that_do_not_fit_are_named(change: dict[str, Any], said: str) -> None:
    whole = Wish(np.ones((1, 2), dtype=bool), np.ones(2), np.ones(1), 1.0)
    with pytest.raises(InputError, match=said):
        maximal_covering(replace(whole, **change))
