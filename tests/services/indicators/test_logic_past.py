"""Is what the past of a figure tells found, and said to be too little where it is?"""

from datetime import UTC, datetime, timedelta

import numpy as np

from machinami.services.indicators.book.drawings import control_chart
from machinami.services.indicators.logic.past import control, daily, look
from machinami.services.indicators.logic.way import Sample

START = datetime(2026, 1, 1, 3, tzinfo=UTC)
ZONE = "Asia/Tokyo"


def days(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[Sample]:
    return [Sample(START + timedelta(days=day), float(value)) for day, value in enumerate(values)]


def noise(count: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.random.default_rng(4).normal(50, 1, count)


def test_too_few_days_are_said_to_be_too_few() -> None:
    (found,) = look(days(noise(7)), ZONE)
    assert (found.kind, found.facts["count"]) == ("too_few", 7)
    assert look([], ZONE)[0].kind == "too_few"


def test_a_steady_figure_is_steady_within_its_limits() -> None:
    (found,) = look(days(noise(60)), ZONE)
    assert found.kind == "steady"
    assert found.values["low"] < 50 < found.values["high"]


def test_a_change_of_level_is_dated_and_the_new_level_is_what_is_usual_now() -> None:
    found = look(days(noise(60) + np.repeat([0, 8], 30)), ZONE)
    assert [one.kind for one in found] == ["changed", "steady"]
    assert found[0].facts["on"] == "2026-01-31"
    assert found[1].values["low"] > 53


def test_a_value_far_out_on_the_last_day_is_news() -> None:
    values = noise(40)
    values[-1] = 70
    assert [one.kind for one in look(days(values), ZONE)] == ["beyond_above"]


def test_weekdays_that_differ_are_taken_out_first() -> None:
    week = np.resize([0, 0, 0, 0, 0, 9, 9], 70)
    found = look(days(noise(70) + week), ZONE)
    assert [one.kind for one in found] == ["weekly", "steady"]
    assert found[1].values["high"] - found[1].values["low"] < 12


def test_a_day_of_the_town_has_one_value_its_last() -> None:
    evening = Sample(START + timedelta(hours=11), 9.0)  # 23:00 in Japan, the same day
    assert [value for _, value in daily([*days(noise(1)), evening], ZONE)] == [9.0]


def test_the_control_chart_begins_anew_where_the_level_changed() -> None:
    drawn = np.random.default_rng(3)
    values = [*drawn.normal(10, 1, 30), *drawn.normal(20, 1, 30)]
    found = control(days(np.array(values)), ZONE)
    assert found is not None
    first, second = found.levels
    assert (first.start, first.end, second.end) == (0, second.start, 60)
    assert abs(second.start - 30) <= 2
    assert first.low < 10 < first.high < 20 < second.high
    assert not found.adjusted
    drawing = control_chart(found, "件")
    assert drawing is not None
    assert (len(drawing.levels), drawing.adjusted) == (2, "")
    assert control(days(np.array(values[:7])), ZONE) is None


def test_strong_weekdays_are_taken_out_of_the_control_chart() -> None:
    drawn = np.random.default_rng(4)
    values = [100 + 30 * (day % 7 >= 5) + drawn.normal(0, 1) for day in range(42)]
    found = control(days(np.array(values)), ZONE)
    assert found is not None
    assert found.adjusted
    assert max(found.values) - min(found.values) < 12 < max(found.measured) - min(found.measured)
    assert len(found.signals) <= 3
