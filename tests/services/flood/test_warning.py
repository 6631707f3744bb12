"""Does a warning level rise at once, fall with care, and never flap?"""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.hysteresis import Rule, Watch
from machinami.model.expectation import Step
from machinami.services.flood.logic.warning import (
    Judgement,
    chance_above,
    expected_level,
    judge,
    level_at,
    unknown,
    watch_forecast,
    watch_levels,
)
from machinami.services.flood.model import Sample, Settings, Thresholds

START = datetime(2026, 6, 30, tzinfo=UTC)
STEP = timedelta(minutes=10)
MARKS = Thresholds(1.0, 1.5, 2.0, 3.0)
RULE = Rule(confirm=2, margin=0.1, lower_after=timedelta(minutes=60), gap=timedelta(minutes=40))


def series(*values: float, begin: int = 0) -> list[Sample]:
    return [Sample(START + STEP * (begin + n), value) for n, value in enumerate(values)]


def after(*values: float) -> Watch:
    return watch_levels(Watch(), series(*values), MARKS, RULE)


def test_levels_are_those_of_the_guideline() -> None:
    assert [level_at(v, MARKS) for v in (0.99, 1.0, 1.5, 2.0, 3.0, 9.0)] == [0, 2, 3, 4, 5, 5]


def test_a_mark_that_is_not_set_is_skipped() -> None:
    assert level_at(2.5, Thresholds(attention=1.0, bank=3.0)) == 2
    assert level_at(2.5, Thresholds()) == 0


def test_one_reading_above_a_mark_is_not_yet_a_warning() -> None:
    assert after(0.9, 1.2).level == 0


def test_two_readings_in_a_row_raise_it_at_once() -> None:
    assert after(0.9, 1.2, 1.3).level == 2


def test_a_fast_rise_is_raised_to_what_both_readings_confirm() -> None:
    assert after(0.9, 1.2, 2.4).level == 2
    assert after(0.9, 1.6, 2.4).level == 3
    assert after(0.9, 1.6, 2.4, 2.5).level == 4


def test_it_does_not_fall_while_within_the_margin() -> None:
    assert after(1.2, 1.2, *[0.95] * 50).level == 2


def test_it_falls_when_it_stayed_below_the_margin_long_enough() -> None:
    assert after(1.2, 1.2, *[0.8] * 6).level == 2
    assert after(1.2, 1.2, *[0.8] * 7).level == 0


def test_it_falls_only_to_the_highest_level_that_was_held_on_the_way() -> None:
    assert after(2.2, 2.2, 1.8, *[1.45] * 6).level == 3


def test_coming_back_above_the_margin_starts_the_wait_anew() -> None:
    assert after(1.2, 1.2, *[0.8] * 5, 1.05, *[0.8] * 6).level == 2


def test_time_without_readings_does_not_count_for_a_fall() -> None:
    before = after(1.2, 1.2, 0.8)
    later = watch_levels(before, series(0.8, begin=40), MARKS, RULE)
    assert later.level == 2


def test_readings_already_seen_change_nothing() -> None:
    once = after(1.2, 1.2, 0.8, 0.8)
    assert watch_levels(once, series(1.2, 1.2, 0.8, 0.8), MARKS, RULE) == once


def test_a_watch_survives_being_kept_as_json() -> None:
    watch = after(1.2, 1.2, 0.8)
    assert Watch.of(watch.row()) == watch


@given(st.lists(st.floats(0.0, 3.5), min_size=1, max_size=120))
def test_it_never_falls_within_the_hour_after_the_water_was_at_the_mark(values: list[float]) -> None:
    watch, touched = Watch(), dict.fromkeys((2, 3, 4, 5), START - STEP * 100)
    for one in series(*values):
        before = watch.level
        watch = watch_levels(watch, [one], MARKS, RULE)
        for level in touched:
            if level_at(one.value, MARKS, RULE.margin) >= level:
                touched[level] = one.at
        if watch.level < before:
            assert one.at - touched[before] >= RULE.lower_after


@given(st.lists(st.floats(0.0, 3.5), min_size=1, max_size=120))
def test_it_is_never_above_what_was_seen_nor_below_what_two_readings_confirm(values: list[float]) -> None:
    watch = Watch()
    for n, one in enumerate(series(*values)):
        watch = watch_levels(watch, [one], MARKS, RULE)
        assert watch.level <= max(level_at(v, MARKS) for v in values[: n + 1])
        if n:
            assert watch.level >= min(level_at(v, MARKS) for v in values[n - 1 : n + 1])


@given(st.lists(st.floats(0.0, 3.5), min_size=1, max_size=60), st.integers(0, 60))
def test_how_readings_are_cut_into_batches_does_not_matter(values: list[float], cut: int) -> None:
    points = series(*values)
    halves = watch_levels(watch_levels(Watch(), points[:cut], MARKS, RULE), points[cut:], MARKS, RULE)
    assert halves == watch_levels(Watch(), points, MARKS, RULE)


def step(hours: int, low: float, middle: float, high: float) -> Step:
    return Step(START + timedelta(hours=hours), low, middle, high)


def test_the_chance_follows_the_interval() -> None:
    one = step(1, 1.0, 1.5, 2.5)
    assert chance_above(1.5, one) == 0.5
    assert round(chance_above(2.5, one), 3) == 0.05
    assert round(chance_above(1.0, one), 3) == 0.95
    assert chance_above(1.5, step(1, 1.5, 1.5, 1.5)) == 1.0
    assert chance_above(1.6, step(1, 1.5, 1.5, 1.5)) == 0.0


def test_an_expected_danger_level_means_level_three_and_an_expected_overflow_four() -> None:
    assert expected_level([step(2, 1.8, 2.1, 2.4)], MARKS, 0.5)[0] == 3
    assert expected_level([step(2, 2.8, 3.1, 3.4)], MARKS, 0.5)[0] == 4


def test_a_forecast_never_says_that_the_river_overflows() -> None:
    assert expected_level([step(1, 8.0, 9.0, 10.0)], MARKS, 0.5)[0] == 4


def test_reasons_name_the_mark_the_time_and_the_chance() -> None:
    _, reasons = expected_level([step(1, 0.5, 0.8, 0.95), step(2, 0.9, 1.2, 1.5)], MARKS, 0.5)
    assert [r.facts["mark"] for r in reasons] == ["attention"]
    assert reasons[0].facts["at"] == (START + timedelta(hours=2)).isoformat()
    assert 0.5 < reasons[0].facts["probability"] < 1.0


def test_a_lower_probability_warns_earlier() -> None:
    steps = [step(3, 0.6, 0.9, 1.4)]
    assert expected_level(steps, MARKS, 0.5)[0] == 0
    assert expected_level(steps, MARKS, 0.3)[0] == 2


def test_one_forecast_alone_does_not_raise_the_level() -> None:
    steps = [step(2, 0.9, 1.2, 1.5)]
    first = watch_forecast(Watch(), START, steps, MARKS, 0.5, RULE)
    second = watch_forecast(first, START + STEP, steps, MARKS, 0.5, RULE)
    assert (first.level, second.level) == (0, 2)


def test_the_higher_of_seen_and_expected_counts() -> None:
    points, steps = series(1.2, 1.2), [step(2, 1.9, 2.2, 2.5)]
    said = judge(points, steps, MARKS, Watch(level=2), Watch(level=3), Settings())
    assert (said.level, said.observed) == (3, 2)
    assert {reason.kind for reason in said.reasons} == {"passed", "expected"}


def test_a_gauge_that_cannot_be_believed_has_no_level_at_all() -> None:
    assert unknown(()) == Judgement(None, None, None, ())
