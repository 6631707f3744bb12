"""Is what there is shared out so that the worst-off is as well off as can be?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.fair_allocation import Sharing, islands, pro_rata, share_by_need, share_fairly

INF = np.inf


def sharing(stock: list[list[float]], need: list[list[float]], limit: list[list[float]]) -> Sharing:
    ways = np.array(limit)
    return Sharing(np.array(stock), np.array(need), ways, np.ones(ways.shape), np.ones(len(stock[0])))


def test_the_depot_that_reaches_a_cut_off_place_keeps_its_goods_for_it() -> None:
    one = sharing([[10.0], [10.0]], [[10.0], [10.0]], [[INF, INF], [INF, 0.0]])
    assert share_fairly(one).worst == 0.0
    assert share_by_need(one).worst > 0.2
    assert pro_rata(one).worst > 0.4


def test_after_the_worst_off_the_next_is_looked_after_and_then_the_cost() -> None:
    one = sharing([[6.0]], [[4.0], [4.0], [4.0]], [[0.0, INF, INF]])
    found = share_fairly(one)
    assert found.unmet[:, 0].tolist() == [1.0, 0.25, 0.25]
    near = Sharing(
        np.array([[4.0], [4.0]]), np.array([[4.0]]), np.full((2, 1), INF), np.array([[9.0], [1.0]]), np.ones(1)
    )
    assert share_fairly(near).amounts[:, 0, 0].tolist() == [0.0, 4.0]


def test_a_narrow_way_carries_no_more_than_it_can() -> None:
    found = share_fairly(sharing([[10.0, 10.0]], [[8.0, 8.0]], [[6.0]]))
    assert found.amounts.sum() == 6.0
    assert found.unmet.ravel().tolist() == [0.625, 0.625]


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_nobody_gives_what_they_do_not_have_and_nobody_gets_more_than_they_need(seed: int) -> None:
    draws = np.random.default_rng(seed)
    depots, places, items = draws.integers(1, 4, 3)
    ways = draws.choice([0.0, 3.0, INF], (depots, places))
    one = Sharing(
        draws.integers(0, 6, (depots, items)).astype(float), draws.integers(0, 7, (places, items)).astype(float), ways,
        draws.random((depots, places)), draws.choice([0.5, 1.0], items),
    )  # fmt: skip
    fair = share_fairly(one, 2)
    for found in (fair, share_by_need(one)):
        assert (found.amounts.sum(axis=1) <= one.stock + 1e-9).all()
        assert (found.amounts.sum(axis=0) <= one.need + 1e-9).all()
        assert ((found.amounts * one.weight).sum(axis=2) <= one.limit + 1e-9).all()
    assert fair.worst <= share_by_need(one).worst + 1e-9
    assert fair.worst <= pro_rata(one).worst + 1e-9


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="same depots"):
        share_fairly(sharing([[1.0]], [[1.0, 2.0]], [[1.0]]))
    with pytest.raises(InputError, match="less than nothing"):
        share_fairly(sharing([[-1.0]], [[1.0]], [[1.0]]))


def test_a_closed_road_makes_two_islands() -> None:
    assert islands(["a", "b", "c"], [("a", "b"), ("b", "c")]) == {"a": 0, "b": 0, "c": 0}
    assert islands(["a", "b", "c"], [("b", "c"), ("c", "x")]) == {"a": 0, "b": 1, "c": 1}
