"""Is what the past of a figure tells found, and said to be too little where it is?"""

from datetime import UTC, datetime, timedelta

import numpy as np

from machinami.services.indicators.logic.past import daily, look
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
