"""The way on foot is the soonest one, goes round what is closed, and counts what is steep."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.walking import (
    Line,
    Network,
    by_relaxing,
    main_part,
    metres_between,
    nearest_corner,
    network,
    soonest,
    tobler,
    walked,
    way_from,
)

STEP = 0.001


def corner(place: int) -> tuple[float, float]:
    return (138.2 + STEP * (place % 4), 35.0 + STEP * (place // 4))


def tried_one_by_one(net: Network, seconds: Sequence[float], goals: Sequence[int], start: int) -> float:
    """The least time of all ways that pass no corner twice."""
    pieces: dict[tuple[int, int], float] = {}
    for a, b, cost in zip(net.start, net.end, seconds, strict=True):
        pieces[int(a), int(b)] = min(cost, pieces.get((int(a), int(b)), math.inf))
    others = [c for c in range(len(net.corners)) if c != start]
    best = 0.0 if start in goals else math.inf
    for length in range(1, len(others) + 1):
        for rest in itertools.permutations(others, length):
            if rest[-1] in goals:
                best = min(best, sum(pieces.get(step, math.inf) for step in itertools.pairwise((start, *rest))))
    return best


streets = st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=4), min_size=1, max_size=6)


@given(streets, st.data())
def test_no_way_of_all_that_there_are_is_sooner(lines: list[list[int]], data: st.DataObject) -> None:
    net = network([[corner(place) for place in line] for line in lines])
    goals = data.draw(st.sets(st.integers(0, len(net.corners) - 1), min_size=1)) if len(net.corners) else set()
    seconds = np.array(data.draw(st.lists(st.floats(0.1, 99), min_size=len(net.start), max_size=len(net.start))))
    found = soonest(net, seconds, sorted(goals))
    for start in range(len(net.corners)):
        assert found.seconds[start] == pytest.approx(tried_one_by_one(net, seconds.tolist(), sorted(goals), start))


@given(st.integers(0, 10_000))
def test_the_quick_search_is_the_slow_one(seed: int) -> None:
    chance = np.random.default_rng(seed)
    lines: list[Line] = [[corner(int(p)) for p in chance.integers(0, 40, chance.integers(2, 6))] for _ in range(25)]
    net = network(lines, [chance.uniform(0, 60, len(line)).tolist() for line in lines])
    seconds = tobler(net.metres, net.rise)
    closed = chance.random(len(seconds)) < 0.2
    goals = [int(g) for g in chance.integers(0, len(net.corners), 2)]
    found = soonest(net, seconds, goals, closed)
    assert found.seconds == pytest.approx(by_relaxing(net, seconds, goals, closed))
    for start in range(len(net.corners)):
        path = way_from(found, start)
        assert bool(path) == math.isfinite(found.seconds[start])
        if path:
            assert path[0] == start
            assert path[-1] in goals
    assert walked(net, seconds, found, closed) == pytest.approx(found.seconds, abs=1e-3)


def test_a_closed_way_is_gone_round() -> None:
    net = network([[corner(0), corner(1)], [corner(0), corner(4), corner(5), corner(1)]])
    seconds = tobler(net.metres, net.rise)
    start, goal = (nearest_corner(net, corner(place))[0] for place in (0, 1))
    assert len(way_from(soonest(net, seconds, [goal]), start)) == 2
    assert len(way_from(soonest(net, seconds, [goal], net.line == 0), start)) == 4
    assert way_from(soonest(net, seconds, [goal], np.ones(len(seconds), bool)), start) == []


def test_who_stands_beside_a_piece_that_leads_nowhere_stands_at_the_next_street() -> None:
    net = network([[corner(0), corner(1), corner(2)], [corner(9), corner(13)]])
    place = corner(9)
    assert nearest_corner(net, place)[1] == pytest.approx(0.0)
    assert nearest_corner(net, place, main_part(net))[1] > 100


def test_up_is_slower_than_down_and_a_gentle_fall_is_quickest() -> None:
    length = np.full(4, 100.0)
    up, flat, gentle, steep = tobler(length, np.array([20.0, 0.0, -5.0, -40.0])).tolist()
    assert gentle == pytest.approx(60.0)  # 6 km/h on a fall of 5 %
    assert gentle < flat < up
    assert steep > flat
    assert flat == pytest.approx(100 / (6 / 3.6 * math.exp(-0.175)))


def test_heights_make_one_direction_longer_than_the_other() -> None:
    net = network([[corner(0), corner(1)]], [[0.0, 20.0]])
    there, back = tobler(net.metres, net.rise).tolist()
    assert there > back


def test_metres_are_those_of_the_globe() -> None:
    assert metres_between((138.0, 35.0), (138.0, 36.0)) == pytest.approx(111_195, rel=1e-3)
    assert metres_between((138.0, 35.0), (139.0, 35.0)) == pytest.approx(91_085, rel=2e-3)


def test_without_streets_there_is_no_corner() -> None:
    net = network([])
    assert nearest_corner(net, corner(0)) == (-1, math.inf)
    assert len(soonest(net, net.metres, []).seconds) == 0
