"""Is a figure judged against the way from its baseline to its target, whatever is better and whatever is not known?"""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.model.view import Measured
from machinami.model.vocabulary.circle import KeyPerformanceIndicator
from machinami.services.indicators.logic.way import Sample, Way, end_of, judge

NOW = datetime(2026, 6, 30, tzinfo=UTC)
FIRST = Sample(datetime(2026, 1, 1, tzinfo=UTC), 40.0)


def kpi(value: float | None, **more: Any) -> KeyPerformanceIndicator:
    """An indicator that shall rise from 100 at the end of 2024 to 200 at the end of 2028, with this value now."""
    current = None if value is None else Measured(value, NOW)
    usual: dict[str, Any] = {
        "direction": "up",
        "baseline": 100.0,
        "baseline_year": 2024,
        "target": {"kind": "value", "low": 200.0},
        "target_years": {"from": 2028, "to": 2028, "fiscal": False},
    }
    return KeyPerformanceIndicator("urn:ngsi-ld:KeyPerformanceIndicator:x", current=current, **{**usual, **more})


def stands(value: float | None, first: Sample | None = None, **more: Any) -> Way:
    """How such an indicator stands."""
    return judge(kpi(value, **more), NOW, first, 0.1)


@pytest.mark.parametrize(
    ("value", "state"),
    [(None, "unmeasured"), (200, "reached"), (250, "reached"), (140, "on_path"), (129, "on_path"), (100, "off_path")],
)
def test_a_figure_that_shall_rise_is_judged_by_the_way_to_its_target(value: float | None, state: str) -> None:
    assert stands(value).state == state


def test_what_is_expected_by_now_lies_on_the_line() -> None:
    found = stands(140)
    assert found.expected == pytest.approx(100 + 100 * 546 / 1461)
    assert (found.start, found.start_is, found.goal, found.end_on) == (100, "baseline", 200, "2028-12-31")


def test_a_figure_that_shall_fall_is_off_where_it_rises() -> None:
    falling = {"direction": "down", "baseline": 85.8, "target": {"kind": "value", "low": 83.5}}
    assert stands(84.8, **falling).state == "on_path"
    assert stands(86.5, **falling).state == "off_path"
    assert stands(83.5, **falling).state == "reached"


def test_a_figure_that_shall_stay_in_a_range_is_reached_within() -> None:
    within = {"direction": "range", "target": {"kind": "range", "low": 40.0, "high": 60.0}, "baseline": 50.0}
    assert stands(45, **within).state == "reached"
    assert stands(66, **within).state == "off_path"
    assert stands(39, **within).state == "on_path"


def test_a_rate_is_of_the_baseline() -> None:
    assert stands(119, target={"kind": "rate", "low": 20}).goal == pytest.approx(120)
    assert stands(119, target={"kind": "rate", "low": 10, "per": "year"}).goal == pytest.approx(100 * 1.1**4)
    assert stands(119, baseline=None, target={"kind": "rate", "low": 20}).why == "no_baseline"


def test_the_first_measured_value_stands_in_for_an_unknown_baseline() -> None:
    found = stands(60, FIRST, baseline=None, baseline_year=None, target={"kind": "value", "low": 47.2})
    assert (found.state, found.start, found.start_is) == ("reached", 40.0, "first")
    found = stands(40, FIRST, baseline=None, baseline_year=None)
    assert (found.state, found.start_on) == ("off_path", "2026-01-01")


def test_without_a_year_or_a_target_nothing_is_judged() -> None:
    assert (stands(140, target=None).state, stands(140, target=None).why) == ("no_target", "none")
    for years in (None, {}):
        assert (stands(140, target_years=years).state, stands(140, target_years=years).why) == ("no_target", "no_year")
    assert stands(200, target_years=None).state == "reached"
    assert stands(140, baseline=None).why == "no_baseline"


def test_after_the_last_year_what_is_not_reached_is_overdue() -> None:
    found = stands(199, target_years={"from": 2024, "to": 2025, "fiscal": False})
    assert (found.state, found.why) == ("off_path", "overdue")


def test_a_fiscal_year_ends_in_march() -> None:
    fiscal = kpi(1, target_years={"to": 2025, "fiscal": True})
    assert str(end_of(fiscal)) == "2026-03-31"
    assert str(end_of(kpi(1, target_years={"from": 2025}))) == "2025-12-31"
    assert end_of(kpi(1, target_years=None)) is None


def test_what_is_known_stands_in_the_row_and_nothing_else() -> None:
    assert stands(None).row() == {"why": "never"}
    assert stands(140, target=None).row() == {"why": "none"}


@given(st.floats(-1e4, 1e4), st.floats(0, 1e3))
def test_a_better_figure_never_stands_worse(value: float, better: float) -> None:
    order = ["off_path", "on_path", "reached"]
    assert order.index(stands(value + better).state) >= order.index(stands(value).state)
    down = {"direction": "down", "target": {"kind": "value", "low": 50.0}}
    assert order.index(stands(value - better, **down).state) >= order.index(stands(value, **down).state)
