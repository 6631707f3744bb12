"""Do the least costs of single groups, added up, never come to more than a whole plan costs?"""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.methods.test_maximal_covering import SIZES, allowed_choices, price_of, town

from machinami.methods.covering_floors import PARTS, Floors, parted
from machinami.methods.covering_program import worth_choosing


@settings(max_examples=40)
@given(SIZES, st.integers(1, 4))
def test_floors_never_ask_for_more_than_the_cheapest_plan_costs_however_costs_are_parted(
    sizes: tuple[int, int, int], rounds: int
) -> None:
    wish = replace(town(*sizes), budget=100.0)
    assert wish.groups is not None
    count = int(wish.groups.max(initial=-1)) + 1
    kept = worth_choosing(wish)
    floors = Floors(wish, kept)
    drawn = np.random.default_rng(sizes[2])
    needs = drawn.integers(0, 4, count).astype(float)
    inside = [wish.groups == group for group in range(count)]
    prices = [
        price_of(wish, choice)
        for choice in allowed_choices(wish)
        if all(
            (wish.covers[choice].any(axis=0) & one) @ wish.weights >= need
            for one, need in zip(inside, needs, strict=True)
        )
    ]
    for tries in range(rounds):
        found = floors.at(needs, 10.0)
        if found is None:
            assert not prices
            return
        if prices:
            assert sum(one.least for one in found) <= min(prices) + 1e-6
        floors.shift(found, needs, tries)
        assert (floors.parts().choices.sum(axis=0) <= PARTS).all()
        assert (floors.parts().choices >= 0).all()


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_a_cost_is_parted_whole_and_nobody_pays_for_what_they_do_not_see(rows: int, columns: int, seed: int) -> None:
    seen = np.random.default_rng(seed).integers(0, 4, (rows, columns)).astype(float)
    parts = parted(seen)
    assert (parts.sum(axis=0) == np.where(seen.sum(axis=0) > 0, PARTS, 0)).all()
    assert (parts >= 0).all()
    assert (parts[:, seen.sum(axis=0) > 0][seen[:, seen.sum(axis=0) > 0] == 0] == 0).all()


def test_a_choice_that_another_on_its_base_outdoes_is_needless() -> None:
    wish = replace(
        town(3, 3, 1), covers=np.array([[1, 1, 0], [1, 0, 0], [1, 1, 0]], dtype=bool), weights=np.ones(3),
        costs=np.array([1.0, 1.0, 1.0]), budget=3.0, forbidden=None, bases=np.array([0, 0, 0]),
        base_costs=np.zeros(1),
    )  # fmt: skip
    assert worth_choosing(wish).tolist() == [True, False, False]
