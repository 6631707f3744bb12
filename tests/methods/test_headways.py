"""Are departures chosen so that people wait least, as exactly as trying all of them, and as the closed form says?"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.headways import (
    Chain,
    Group,
    Lines,
    best_line,
    improved,
    least_possible,
    propose,
    sums_of,
    waiting,
)
from machinami.methods.series import Floats

HOURS = 32


def rates(*by_hour: float) -> Floats:
    """People by hour from midnight on, of one demand."""
    found = np.zeros((1, HOURS))
    found[0, : len(by_hour)] = by_hour
    return found


def single(starts: list[int], demand: Floats, shift: int, length: int = 10) -> Lines:
    """One line whose people all wait where it begins."""
    at = np.array(starts, dtype=np.int64)
    group = Group({0: np.zeros(len(at), np.int64)}, int(at[0]), int(at[-1]), demand)
    return Lines((at,), (np.full(len(at), length),), (), (group,), shift, 1)


def test_waiting_is_half_the_headway_where_people_come_evenly() -> None:
    lines = single([0, 20, 40, 60], rates(60.0), 0)
    sums = sums_of(lines, [1.0])
    assert waiting(lines, lines.starts, sums) == pytest.approx(60 * 10.0)


def test_even_demand_makes_even_headways() -> None:
    lines = single([0, 5, 40, 60], rates(60.0), 30)
    assert best_line(lines, lines.starts, 0, sums_of(lines, [1.0])).tolist() == [0, 20, 40, 60]


def test_headways_follow_one_over_the_root_of_demand() -> None:
    # Four times as many people in the second half: twice as many departures an hour (the square-root rule).
    starts = [round(number * 600 / 30) for number in range(31)]
    lines = replace(single(starts, rates(*[30.0] * 5, *[120.0] * 5), 150), least=1)
    wide = replace(lines, starts=(lines.starts[0],))
    wide.starts[0].setflags(write=False)
    found = _unbound(wide)
    early, late = (found < 300).sum(), (found >= 300).sum()
    assert late / early == pytest.approx(2.0, abs=0.25)


def _unbound(lines: Lines) -> np.ndarray:  # type: ignore[type-arg]
    """The best starts where the longest gap is not bound: today's line has one gap as long as the rule may ask for."""
    starts = lines.starts[0].copy()
    starts[1:-1] += np.array([20 if number % 2 else 0 for number in range(1, len(starts) - 1)])
    found = best_line(replace(lines, starts=(starts,)), (starts,), 0, sums_of(lines, [1.0]))
    return np.asarray(found)


@given(
    st.lists(st.integers(0, 40), min_size=4, max_size=5, unique=True),
    st.lists(st.integers(1, 90), min_size=1, max_size=1),
)
def test_one_line_is_as_good_as_trying_all_departures(starts: list[int], demand: list[int]) -> None:
    starts = sorted(starts)
    lines = single(starts, rates(float(demand[0]), 20.0), 3)
    sums = sums_of(lines, [1.0])
    found = best_line(lines, lines.starts, 0, sums)
    longest, best = max(np.diff(starts)) + lines.slack, np.inf
    windows = [range(max(0, at - 3), at + 4) for at in starts[1:-1]]
    for middle in product(*windows):
        tried = np.array([starts[0], *middle, starts[-1]])
        gaps = np.diff(tried)
        if gaps.min() >= 1 and gaps.max() <= longest:
            best = min(best, waiting(lines, (tried,), sums))
    assert waiting(lines, (found,), sums) == pytest.approx(best)


def two_lines(demand: Floats) -> Lines:
    """Two lines that serve the same people at almost the same times."""
    first, second = np.array([0, 30, 60, 90, 120]), np.array([0, 32, 62, 92, 120])
    none = np.zeros(5, np.int64)
    both = Group({0: none, 1: none}, 0, 120, demand)
    return Lines((first, second), (np.full(5, 10), np.full(5, 10)), (), (both,), 14, 1)


def test_lines_that_serve_the_same_people_are_spread() -> None:
    lines = two_lines(rates(60.0, 60.0))
    sums = sums_of(lines, [1.0])
    found = improved(lines, lines.starts, [1.0], 6)
    assert waiting(lines, found, sums) < 0.7 * waiting(lines, lines.starts, sums)


def test_a_vehicle_keeps_its_order_and_its_pause() -> None:
    demand = rates(10.0, 100.0)
    group = Group({0: np.zeros(4, np.int64)}, 0, 90, demand)
    lines = Lines(
        (np.array([0, 30, 60, 90]), np.array([15, 45])), (np.full(4, 10), np.full(2, 10)),
        (Chain(((0, 1), (1, 1)), (3,)),), (group,), 20, 1,
    )  # fmt: skip
    found = improved(lines, lines.starts, [1.0], 3)
    assert found[0][1] + 10 + 3 <= found[1][1]


def test_no_proposal_is_worse_under_any_demand() -> None:
    peak = np.zeros((3, HOURS))
    peak[0, :3], peak[1, :3], peak[2, :3] = (200, 10, 10), (80, 80, 80), (10, 10, 200)
    starts = np.array([0, 10, 25, 45, 70, 100, 135, 179])
    group = Group({0: np.zeros(8, np.int64)}, 0, 179, peak)
    lines = Lines((starts,), (np.full(8, 5),), (), (group,), 15, 2)
    found = propose(lines)
    assert all(then <= today + 1e-9 for today, then in zip(found.today, found.then, strict=True))
    assert found.gain >= 0.0


def test_where_nothing_is_better_today_stands() -> None:
    lines = single([0, 20, 40, 60], rates(60.0), 10)
    found = propose(lines)
    assert found.starts[0].tolist() == [0, 20, 40, 60]
    assert found.gain == 0.0


@given(
    st.lists(st.integers(0, 40), min_size=2, max_size=3, unique=True).map(sorted),
    st.lists(st.integers(0, 40), min_size=3, max_size=4, unique=True).map(sorted),
    st.lists(st.integers(0, 90), min_size=1, max_size=1),
)
def test_no_retiming_has_people_wait_less_than_the_bound(one: list[int], two: list[int], demand: list[int]) -> None:
    ends = min(one[0], two[0]), max(one[-1], two[-1]) + 5
    offsets = {0: np.zeros(len(one), np.int64), 1: np.full(len(two), 5)}
    both = Group(offsets, *ends, rates(float(demand[0]), 20.0))
    alone = Group({1: offsets[1]}, two[0] + 5, two[-1] + 5, rates(30.0, 10.0))
    starts = (np.array(one), np.array(two))
    lines = Lines(starts, (np.full(len(one), 9), np.full(len(two), 9)), (), (both, alone), shift=2)
    sums = sums_of(lines, [1.0])
    moves = [
        [(0,) if number in (0, len(held) - 1) else range(-2, 3) for number in range(len(held))] for held in (one, two)
    ]
    tried = [
        waiting(lines, (starts[0] + np.array(left), starts[1] + np.array(right)), sums)
        for left, right in product(product(*moves[0]), product(*moves[1]))
    ]
    assert least_possible(lines, sums) <= min(tried) + 1e-6
    only = replace(lines, groups=(alone,))
    best = min(
        waiting(only, (starts[0], starts[1] + np.array(right)), sums_of(only, [1.0])) for right in product(*moves[1])
    )
    assert least_possible(only, sums_of(only, [1.0])) == pytest.approx(best)  # of one line alone it is exact
