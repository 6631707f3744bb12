"""Are the limits those of the textbook, is noise left in peace, and is a change heard?"""

import numpy as np
import pytest

from machinami.foundation.errors import InputError
from machinami.methods.control_chart import control_chart


def test_the_limits_are_the_mean_and_2_66_moving_ranges() -> None:
    values = np.array([10.0, 12, 11, 13, 9, 10, 12, 11])
    ranges = [2, 1, 2, 4, 1, 2, 1]
    found = control_chart(values)
    assert found.mean == 11
    assert found.high - found.mean == pytest.approx(2.66 * np.mean(ranges), rel=1e-3)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)
    assert found.signals == ()


def test_one_value_far_out_is_a_signal() -> None:
    values = np.array([10.0, 12, 11, 13, 9, 10, 12, 11, 10, 30])
    (signal,) = control_chart(values, 9).signals
    assert (signal.at, signal.rule, signal.above) == (9, "beyond", True)


def test_eight_on_one_side_are_a_signal_at_the_eighth() -> None:
    before = [10.0, 12, 10, 12, 10, 12, 10, 12]
    found = control_chart(np.array([*before, *[10.9] * 8]), 8)
    assert [(s.at, s.rule, s.above) for s in found.signals] == [(15, "run", False)]


def test_two_of_three_and_four_of_five_are_signals() -> None:
    before = [10.0, 12, 10, 12, 10, 12, 10, 12]
    sigma = control_chart(np.array(before)).sigma
    two = control_chart(np.array([*before, 11 + 2.2 * sigma, 11, 11 + 2.2 * sigma]), 8)
    assert [s.rule for s in two.signals] == ["two_of_three"]
    four = control_chart(np.array([*before, *[11 + 1.2 * sigma] * 4]), 8)
    assert [s.rule for s in four.signals] == ["four_of_five"]


def test_what_never_moved_signals_only_what_moves() -> None:
    assert control_chart(np.full(12, 5.0)).signals == ()
    assert [s.at for s in control_chart(np.array([5.0] * 12 + [5.1]), 12).signals] == [12]


def test_noise_is_left_in_peace_beyond_the_limits() -> None:
    drawn = np.random.default_rng(7)
    rounds = [control_chart(drawn.normal(100, 5, 60)) for _ in range(200)]
    beyond = sum(s.rule == "beyond" for chart in rounds for s in chart.signals)
    assert beyond / (200 * 60) < 0.01


def test_too_few_values_and_gaps_are_refused() -> None:
    for values in (np.arange(7.0), np.array([1.0] * 9 + [np.nan])):
        with pytest.raises(InputError, match="8 values"):
            control_chart(values)
