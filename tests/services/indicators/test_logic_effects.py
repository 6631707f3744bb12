"""What does a comparison of places say: is a planted effect found, and is it said where nothing can be told?"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.services.indicators.logic.effects import (
    STEPS,
    Series,
    Step,
    estimate,
    following,
    read_table,
    step_of,
    stepped,
)
from machinami.services.indicators.logic.way import Sample

MONTHS = [date(2024, month, 1) for month in range(1, 13)] + [date(2025, month, 1) for month in range(1, 13)]
BEGAN, TODAY = date(2025, 1, 1), date(2026, 6, 1)


def town(seed: int, places: int, treated: int, effect: float, drift: float = 0.0) -> list[Series]:
    """Places that share a wave; the first of them get an effect from 2025 on, and drift before and after."""
    drawn = np.random.default_rng(seed)
    wave = drawn.normal(0, 1, len(MONTHS)).cumsum()
    found = []
    for number in range(places):
        values = 50 + drawn.normal(0, 4) + wave + drawn.normal(0, 0.5, len(MONTHS))
        if number < treated:
            values = values + drift * np.arange(len(MONTHS)) + np.where(np.arange(len(MONTHS)) >= 12, effect, 0)
        found.append(Series(f"p{number}", f"町{number}", dict(zip(MONTHS, map(float, values), strict=True))))
    return found


def kinds(rows: Sequence[dict[str, object]]) -> set[object]:
    return {row["kind"] for row in rows}


def test_an_effect_at_several_places_is_found_with_its_interval() -> None:
    places = town(1, 12, 5, 6.0)
    told = estimate(places[:5], places[5:], BEGAN, "month", TODAY)
    assert (told.method, told.before, len(told.steps)) == ("difference", 12, 24)
    assert told.low is not None
    assert told.high is not None
    assert 0 < told.low < 6.0 < told.high
    assert kinds(told.findings) == {"chance_excludes", "drift_none"}


def test_where_nothing_was_done_the_interval_includes_nothing() -> None:
    places = town(2, 12, 5, 0.0)
    assert "chance_includes" in kinds(estimate(places[:5], places[5:], BEGAN, "month", TODAY).findings)


def test_places_that_went_another_way_before_are_not_believed() -> None:
    places = town(3, 12, 5, 0.0, drift=0.5)
    (moved,) = [
        row for row in estimate(places[:5], places[5:], BEGAN, "month", TODAY).findings if row["kind"] == "drift_found"
    ]
    assert moved["value"] == pytest.approx(0.5, abs=0.2)
    assert abs(float(moved["carried"])) < 2.0


def test_one_place_is_compared_with_a_mixture_and_every_other_is_tried_too() -> None:
    places = town(4, 12, 1, 6.0)
    told = estimate(places[:1], places[1:], BEGAN, "month", TODAY)
    assert told.method == "mixture"
    assert told.effect == pytest.approx(6.0, abs=1.0)
    assert sum(told.weights) == pytest.approx(1.0)
    assert told.high is not None
    assert told.effect > told.high
    assert {"placebo_few", "fit_good", "difference"} <= kinds(told.findings)


def test_with_few_places_it_is_said_that_chance_cannot_be_told() -> None:
    places = town(5, 5, 1, 6.0)
    assert "no_interval" in kinds(estimate(places[:1], places[1:3], BEGAN, "month", TODAY).findings)
    assert "placebo_cannot" in kinds(estimate(places[:1], places[1:], BEGAN, "month", TODAY).findings)


def test_the_step_in_which_it_began_and_those_with_gaps_are_left_out() -> None:
    places = town(6, 6, 3, 2.0)
    holed = Series("h", "穴", {day: value for day, value in places[5].values.items() if day.month != 6})
    told = estimate(places[:3], [*places[3:5], holed], date(2025, 1, 15), "month", TODAY)
    assert date(2025, 1, 1) not in told.steps
    assert {"kind": "gaps", "count": 2} in told.findings
    early = estimate(places[:3], places[3:], BEGAN, "month", date(2025, 12, 15))
    assert early.steps[-1] == date(2025, 11, 1)


def test_too_few_steps_are_said_with_how_many_there_are() -> None:
    places = town(7, 4, 2, 1.0)
    with pytest.raises(InputError, match="in 1 whole steps before"):
        estimate(places[:2], places[2:], date(2024, 2, 1), "month", TODAY)
    with pytest.raises(InputError, match="one without"):
        estimate(places[:2], [], BEGAN, "month", TODAY)


def test_a_pasted_table_becomes_series_and_a_line_that_is_none_is_named() -> None:
    found = read_table("町,期間,値\n隣の町,2025-04,41.2\n隣の町\t2025-05\t42\n海の町;2025;7\n", "month")
    assert [(one.name, one.values) for one in found] == [
        ("隣の町", {date(2025, 4, 1): 41.2, date(2025, 5, 1): 42.0}), ("海の町", {date(2025, 4, 1): 7.0}),
    ]  # fmt: skip
    with pytest.raises(InputError, match="Line 2"):
        read_table("A,2025-04,1\nA,often,2", "month")


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.sampled_from(STEPS))
def test_every_day_is_in_one_step_and_steps_follow_each_other(day: date, step: Step) -> None:
    start = step_of(day, step)
    assert start <= day < following(start, step)
    assert step_of(following(start, step), step) == following(start, step)


def test_values_are_those_of_the_days_of_the_town() -> None:
    late = datetime(2025, 3, 31, 16, tzinfo=UTC)  # the first of April in Japan
    assert stepped([Sample(late, 1.0), Sample(late, 3.0)], "month", "Asia/Tokyo") == {date(2025, 4, 1): 2.0}
