"""In how many days does a stock run out, as a range that holds?"""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.shortage import (
    LONGEST,
    Lot,
    Need,
    chance_short,
    days_until,
    exceeds,
    first_out,
    left_at,
    prior,
    seen,
    usable,
)

NEED = Need(100.0)


def test_the_chance_is_that_of_the_negative_binomial_law() -> None:
    draws = np.random.default_rng(1)
    asked = draws.negative_binomial(80.0 / 2.0, 1.0 / 3.0, 40_000)
    assert exceeds(np.array([80.0]), 3.0, np.array([85.0]))[0] == pytest.approx((asked >= 85).mean(), abs=0.01)


def test_a_range_lies_around_stock_over_use_and_narrows_with_what_was_seen() -> None:
    before = days_until([Lot(300.0)], NEED, prior(NEED))
    after = days_until([Lot(300.0)], NEED, seen(prior(NEED), NEED, 3.0, 300.0))
    assert before.low < after.low < 3.0 < after.high < before.high


def test_who_used_twice_as_much_runs_out_twice_as_soon() -> None:
    told = days_until([Lot(300.0)], NEED, seen(prior(NEED), NEED, 20.0, 4_000.0))
    assert told.middle == pytest.approx(1.5, rel=0.1)


def test_what_expires_before_it_is_used_does_not_count() -> None:
    assert usable([Lot(100.0, 0.5), Lot(50.0)], 100.0, 2.0) == 100.0
    assert usable([Lot(100.0, 0.5), Lot(50.0, 0.5)], 100.0, 2.0) == 50.0
    assert usable([Lot(100.0), Lot(50.0)], 100.0, 2.0) == 150.0
    fresh, old = (days_until([Lot(300.0, day)], NEED, prior(NEED)) for day in (math.inf, 1.0))
    assert old.high == pytest.approx(1.0, abs=0.01)
    assert old.high < fresh.low
    assert left_at([Lot(100.0, 0.5), Lot(150.0)], 100.0, 1.0) == 100.0


def test_nothing_is_gone_at_once_and_what_nobody_uses_lasts() -> None:
    assert days_until([], NEED, prior(NEED)) == (0.0, 0.0, 0.0)
    assert days_until([Lot(5.0)], Need(0.0), prior(NEED)).low == LONGEST


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 9)), min_size=1, max_size=5), st.floats(1, 300))
def test_the_chance_of_a_shortage_never_falls_with_time(lots: list[tuple[float, float]], daily: float) -> None:
    held, need = [Lot(*lot) for lot in lots], Need(daily)
    chances = [chance_short(held, need, prior(need), day) for day in (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)]
    assert all(b >= a - 1e-9 for a, b in pairwise(chances))


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 9)), max_size=5), st.floats(0, 200))
def test_what_is_taken_out_and_what_is_left_is_what_there_was(lots: list[tuple[float, float]], amount: float) -> None:
    left, short = first_out([Lot(*lot) for lot in lots], amount)
    there = sum(quantity for quantity, _ in lots)
    assert sum(lot.quantity for lot in left) + amount - short == pytest.approx(there)
    assert short == pytest.approx(max(0.0, amount - there))


def test_less_than_nothing_cannot_have_been_used() -> None:
    with pytest.raises(InputError):
        seen(prior(NEED), NEED, 1.0, -1.0)
