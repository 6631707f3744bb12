"""Are all plans of a group listed that can be part of a whole plan, and do those go together that brute force joins?"""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.methods.test_maximal_covering import SIZES, allowed_choices, price_of, town

from machinami.methods.covering_floors import Floor, Floors, total
from machinami.methods.covering_plans import plans_of, together
from machinami.methods.covering_program import INFEASIBLE, SLACK, SOLVED, Wish, bases_of, worth_choosing
from machinami.methods.maximal_covering import fairest_covering


def covered(wish: Wish, choice: list[int], group: int) -> float:
    assert wish.groups is not None
    return float((wish.covers[choice].any(axis=0) & (wish.groups == group)) @ wish.weights)


def parted_price(wish: Wish, floor: Floor, choice: list[int]) -> float:
    return float(floor.prices[choice].sum() + floor.base_prices[np.unique(bases_of(wish)[0][choice])].sum())


@settings(max_examples=60)
@given(SIZES, st.integers(1, 5), st.integers(0, 3))
def test_a_group_s_plans_are_those_that_give_it_what_it_needs_and_cost_no_more_than_told(
    sizes: tuple[int, int, int], need: int, spare: int
) -> None:
    wish = replace(town(*sizes), budget=100.0)
    assert wish.groups is not None
    floors = Floors(wish, kept := worth_choosing(wish))
    for group, program in enumerate(floors.programs):
        needs = np.where(np.arange(len(floors.programs)) == group, float(need), 0.0)
        found = floors.at(needs, 10.0)
        if found is None:
            continue
        floor = found[0]
        listed = plans_of(wish, program, float(need), floor, floor.least + spare + SLACK, 10_000)
        assert listed is not None
        plans = {tuple(program.choices[row].tolist()) for row in listed}
        assert len(plans) == len(listed)
        good = [
            choice
            for choice in allowed_choices(wish)
            if set(choice) <= set(program.choices.tolist())
            and kept[choice].all()
            and covered(wish, choice, group) >= need
            and parted_price(wish, floor, choice) <= floor.least + spare + SLACK
        ]
        assert plans <= {tuple(choice) for choice in good}
        least = [one for one in good if not any(set(other) < set(one) for other in good)]
        assert {tuple(one) for one in least} <= plans


@settings(max_examples=60)
@given(SIZES, st.integers(0, 4))
def test_plans_of_groups_go_together_where_brute_force_finds_a_whole_plan(
    sizes: tuple[int, int, int], shifts: int
) -> None:
    wish = town(*sizes)
    assert wish.groups is not None
    count = int(wish.groups.max(initial=-1)) + 1
    needs = np.random.default_rng(sizes[2]).integers(0, 4, count).astype(float)
    floors = Floors(wish, worth_choosing(wish))
    wanting = np.flatnonzero(needs > 0).tolist()
    could = [
        choice
        for choice in allowed_choices(wish)
        if all(covered(wish, choice, group) >= needs[group] for group in wanting)
    ]
    rounds = floors.shifted(needs, [], shifts + 1, wish.budget + SLACK, 10.0)
    assert rounds or not could
    if not rounds or not wanting:
        return
    spare = wish.budget - total(rounds[-1]) + SLACK
    programs = [floors.programs[group] for group in wanting]
    plans = []
    for program, group, floor in zip(programs, wanting, rounds[-1], strict=True):
        listed = plans_of(wish, program, float(needs[group]), floor, floor.least + spare, 10_000)
        assert listed is not None
        plans.append(listed)
    told = together(wish, programs, plans, 10.0)
    found = told.chosen
    assert told.status in (SOLVED, INFEASIBLE)
    assert (found is not None) == bool(could)
    if found is not None:
        assert list(found) in could
        assert price_of(wish, found) <= wish.budget


@settings(max_examples=60)
@given(SIZES, st.integers(0, 4))
def test_going_beyond_what_groups_need_covers_as_much_as_brute_force_does(
    sizes: tuple[int, int, int], shifts: int
) -> None:
    wish = town(*sizes)
    assert wish.groups is not None
    wish = replace(wish, groups=np.maximum(wish.groups, 0))
    floors = Floors(wish, worth_choosing(wish))
    needs = np.ones(len(floors.programs))
    could = [
        float(wish.weights @ wish.covers[choice].any(axis=0))
        for choice in allowed_choices(wish)
        if all(covered(wish, choice, group) >= 1.0 for group in range(len(needs)))
    ]
    rounds = floors.shifted(needs, [], shifts + 1, wish.budget + SLACK, 10.0)
    assert rounds or not could
    if not rounds:
        return
    spare = wish.budget - total(rounds[-1]) + SLACK
    plans = []
    for program, floor in zip(floors.programs, rounds[-1], strict=True):
        listed = plans_of(wish, program, 1.0, floor, floor.least + spare, 10_000, beyond=True)
        assert listed is not None
        plans.append(listed)
    told = together(wish, floors.programs, plans, 10.0, beyond=True)
    assert (told.chosen is not None) == bool(could)
    if told.chosen is not None:
        assert float(wish.weights @ wish.covers[list(told.chosen)].any(axis=0)) == max(could) == -round(told.bound, 6)
        assert price_of(wish, told.chosen) <= wish.budget


def alike(count: int) -> Wish:
    """Choices that each cover a point of their own, so that very many plans are as good; half of them may be made."""
    return Wish(np.eye(count, dtype=bool), np.ones(count), np.ones(count), count / 2, np.arange(count) % 2)


def test_plans_that_are_too_many_are_not_listed() -> None:
    wish = alike(28)
    floors = Floors(wish, worth_choosing(wish))
    found = floors.at(np.array([7.0, 7.0]), 10.0)
    assert found is not None
    assert plans_of(wish, floors.programs[0], 7.0, found[0], 7.0, 3431) is None  # of 14 choices 7: 3,432
    listed = plans_of(wish, floors.programs[0], 7.0, found[0], 7.0, 100_000)
    assert listed is not None
    assert len(listed) == 3432


def test_the_fairest_plan_is_proved_where_plans_are_too_many_to_list() -> None:
    found = fairest_covering(alike(64))
    assert found.proven
    assert (found.value, found.shares.tolist()) == (32.0, [0.5, 0.5])
