"""Meetings that nobody would rather swap: stable in every case, and the best that there is for those who ask."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.stable_matching import Pair, blocking_pairs, match

Case = tuple[list[list[int]], list[int], list[list[int]], list[int]]


@st.composite
def cases(draw: st.DrawFn, most: int = 8, places: int = 4) -> Case:
    """Two sides, each of which ranks some of the other, with places from none to several."""
    askers, hosts = draw(st.integers(0, most)), draw(st.integers(0, most))

    def side(own: int, others: int) -> tuple[list[list[int]], list[int]]:
        wished = [draw(st.permutations(range(others)))[: draw(st.integers(0, others))] for _ in range(own)]
        return [list(one) for one in wished], draw(st.lists(st.integers(0, places), min_size=own, max_size=own))

    return (*side(askers, hosts), *side(hosts, askers))


@given(cases())
@settings(max_examples=300, deadline=None)
def test_no_pair_would_rather_meet_and_nobody_meets_more_than_it_can(case: Case) -> None:
    askers, ask_places, hosts, host_places = case
    pairs = match(*case)
    assert blocking_pairs(pairs, *case) == []
    assert len(set(pairs)) == len(pairs)
    assert all(host in askers[i] and i in hosts[host] for i, host in pairs)
    assert all(sum(a == i for a, _ in pairs) <= places for i, places in enumerate(ask_places))
    assert all(sum(h == j for _, h in pairs) <= places for j, places in enumerate(host_places))


@pytest.mark.long
def test_none_of_ten_thousand_matching_days_has_a_pair_that_would_rather_meet() -> None:
    draws = np.random.default_rng(2026)

    def side(own: int, others: int) -> tuple[list[list[int]], list[int]]:
        named = [int(draws.integers(0, others + 1)) for _ in range(own)]
        wished = [[int(n) for n in draws.permutation(others)[:count]] for count in named]
        return wished, [int(n) for n in draws.integers(0, 5, own)]

    for _ in range(10_000):
        askers, hosts = (int(n) for n in draws.integers(1, 13, 2))
        case = (*side(askers, hosts), *side(hosts, askers))
        assert blocking_pairs(match(*case), *case) == []


def stable_ones(case: Case) -> list[list[Pair]]:
    """Every stable matching, found by trying all."""
    askers, ask_places, hosts, host_places = case
    possible = [(i, host) for i, wished in enumerate(askers) for host in wished if i in hosts[host]]
    found = []
    for size in range(len(possible) + 1):
        for pairs in combinations(possible, size):
            fits = all(sum(a == i for a, _ in pairs) <= n for i, n in enumerate(ask_places))
            fits = fits and all(sum(h == j for _, h in pairs) <= n for j, n in enumerate(host_places))
            if fits and not blocking_pairs(list(pairs), *case):
                found.append(list(pairs))
    return found


def ranks_met(i: int, pairs: list[Pair], wished: list[int]) -> list[int]:
    """The ranks of those whom an asker meets, the best first."""
    return sorted(wished.index(host) for a, host in pairs if a == i)


@given(cases(most=3, places=2))
@settings(deadline=None)
def test_of_all_stable_matchings_it_is_the_best_for_every_asker(case: Case) -> None:
    found, every = match(*case), stable_ones(case)
    assert found in [sorted(pairs) for pairs in every]
    for i, wished in enumerate(case[0]):
        mine = ranks_met(i, found, wished)
        for pairs in every:
            theirs = ranks_met(i, pairs, wished)
            assert len(mine) == len(theirs)
            assert all(a <= b for a, b in zip(mine, theirs, strict=True))


def test_each_meets_its_first_choice_where_wishes_do_not_clash() -> None:
    assert match([[0, 1], [1, 0]], [1, 1], [[0, 1], [1, 0]], [1, 1]) == [(0, 0), (1, 1)]


def test_who_asks_gets_the_better_of_two_stable_matchings() -> None:
    assert match([[0, 1], [1, 0]], [1, 1], [[1, 0], [0, 1]], [1, 1]) == [(0, 0), (1, 1)]


def test_a_pair_that_both_want_blocks() -> None:
    assert blocking_pairs([(0, 1)], [[0, 1]], [1], [[0], [0]], [1, 1]) == [(0, 0)]


@pytest.mark.parametrize(
    "case", [([[0]], [], [[0]], [1]), ([[0, 0]], [1], [[0]], [1]), ([[1]], [1], [[0]], [1]), ([[0]], [-1], [[0]], [1])]
)
def test_wishes_that_name_nobody_are_refused(case: Case) -> None:
    with pytest.raises(InputError):
        match(*case)
