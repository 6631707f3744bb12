"""Do the tools for series, regression, trees and verification do what their names say?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from machinami.methods.regression import mixture, onto_simplex, ridge, standard_of, standardised
from machinami.methods.series import (
    Grid,
    band_sum,
    exponential_mean,
    grid_over,
    lagged,
    last_known,
    on_grid,
    trailing_minimum,
    usual_step,
)
from machinami.methods.verification import coverage, episodes, improvement, score_warnings

FLOATS = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e3, 1e3))


def test_the_usual_step_is_the_commonest() -> None:
    assert usual_step(np.array([0, 600, 1200, 3000, 3600])) == 600


def test_values_go_to_the_nearest_step_and_rain_adds_up() -> None:
    seconds = np.array([0, 610, 1190, 2400])
    values = np.array([1.0, 2.0, 3.0, 4.0])
    grid = grid_over(seconds, 600)
    assert grid == Grid(0, 600, 5)
    assert np.array_equal(on_grid(grid, seconds, values), [1, 2, 3, np.nan, 4], equal_nan=True)
    hourly = Grid(0, 3600, 1)
    assert on_grid(hourly, seconds, values, adding=True)[0] == 6.0


@given(FLOATS, st.integers(1, 70))
def test_the_trailing_minimum_is_the_minimum_of_what_trails(values: np.ndarray, window: int) -> None:
    expected = [values[max(0, i - window + 1) : i + 1].min() for i in range(len(values))]
    assert trailing_minimum(values, window).tolist() == expected


@given(FLOATS, st.integers(-5, 5), st.integers(0, 6))
def test_a_band_is_the_sum_of_its_steps(values: np.ndarray, near: int, width: int) -> None:
    found = band_sum(values, near, near + width)
    for i in range(len(values)):
        steps = [values[i - k] for k in range(near, near + width) if 0 <= i - k < len(values)]
        assert found[i] == pytest.approx(sum(steps), abs=1e-6)


@given(FLOATS, st.integers(-70, 70))
def test_a_lag_there_and_back_keeps_what_is_left(values: np.ndarray, steps: int) -> None:
    back = lagged(lagged(values, steps), -steps)
    known = np.isfinite(back)
    assert np.array_equal(back[known], values[known])


def test_a_short_gap_is_bridged_and_a_long_one_stays() -> None:
    values = np.array([1.0, np.nan, np.nan, np.nan, 2.0])
    assert np.array_equal(last_known(values, 2), [1, 1, 1, np.nan, 2], equal_nan=True)


def test_the_exponential_mean_of_a_constant_is_the_constant() -> None:
    assert exponential_mean(np.array([3.0, np.nan, 3.0]), 5.0) == pytest.approx([3.0, 3.0, 3.0])


def test_ridge_without_penalty_finds_the_line() -> None:
    table = np.random.default_rng(1).normal(size=(200, 3))
    truth = np.array([1.0, -2.0, 0.5])
    assert ridge(table, table @ truth, 0.0) == pytest.approx(truth)
    assert np.abs(ridge(table, table @ truth, 10.0)).sum() < np.abs(truth).sum()


def test_a_missing_explanation_counts_as_the_mean() -> None:
    table = np.array([[1.0], [3.0], [np.nan]])
    assert standardised(table, standard_of(table)).ravel().tolist() == [-1.0, 1.0, 0.0]


@given(arrays(np.float64, 4, elements=st.floats(-3, 3)), st.floats(0.5, 2.0))
def test_weights_are_never_negative_nor_too_many(weights: np.ndarray, most: float) -> None:
    nearest = onto_simplex(weights, most)
    assert (nearest >= 0).all()
    assert nearest.sum() <= most + 1e-9


def test_a_mixture_finds_the_member_that_knows_and_leaves_out_noise() -> None:
    rng = np.random.default_rng(2)
    target = rng.normal(size=500)
    members = np.column_stack([target + 0.1 * rng.normal(size=500), rng.normal(size=500)])
    weights = mixture(members, target, np.array([0.5, 0.5]), 1.0)
    assert weights[0] > 0.9
    assert weights[1] < 0.05


def test_an_improvement_is_the_share_of_error_that_is_gone() -> None:
    assert improvement(np.array([1.0, -1.0, np.nan]), np.array([2.0, 2.0, 9.0])) == pytest.approx(0.5)
    assert np.isnan(improvement(np.zeros(3), np.zeros(3)))


def test_coverage_leaves_out_what_was_not_measured() -> None:
    assert coverage(np.array([1.0, 5.0, np.nan]), np.zeros(3), np.full(3, 2.0)) == 0.5


def test_runs_with_short_gaps_are_one_episode() -> None:
    above = np.array([0, 1, 1, 0, 1, 0, 0, 0, 1], dtype=bool)
    assert episodes(above, 1) == [(1, 4), (8, 8)]
    assert episodes(np.zeros(3, dtype=bool), 1) == []


def test_a_flood_warned_of_is_a_hit_with_its_lead_and_an_empty_warning_is_false() -> None:
    observed = np.zeros(60)
    observed[30:35] = 2.0
    warned = np.zeros(60, dtype=bool)
    warned[[28, 29, 30]] = True
    warned[50] = True
    score = score_warnings(observed, warned, 1.0, 3, 3, 4)
    assert (score.detected, score.false, score.lead) == (1.0, 0.5, 2.0)
    assert (score.floods, score.warnings) == (1, 2)


def test_a_flood_that_nobody_saw_coming_is_a_miss() -> None:
    observed = np.zeros(30)
    observed[20:22] = 2.0
    score = score_warnings(observed, observed > 5, 1.0, 3, 3, 4)
    assert score.detected == 0.0
    assert np.isnan(score.lead)
