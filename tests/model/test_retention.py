"""Is the past condensed as its rule says, so that sums stay what they were and doing it again changes nothing?"""

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Attribute, Kind
from machinami.model.found import Instance
from machinami.model.retention import (
    EVERY_TYPE,
    Rule,
    Step,
    Thinned,
    as_they_came,
    bucket_of,
    is_due,
    is_reading,
    month_of,
    read_rule,
    rule_for,
    step_of,
    sum_of,
    thin,
)

TOKYO = ZoneInfo("Asia/Tokyo")
BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
NUMBERS = st.one_of(st.integers(-1_000, 1_000), st.floats(-1e6, 1e6, allow_nan=False))
READINGS = st.lists(
    st.tuples(st.integers(0, 60 * 24 * 3), NUMBERS, st.sampled_from([None, "urn:d:1"])), min_size=1, max_size=60
)


def instance(name: int, minute: int, number: object, dataset: str | None = None, **more: object) -> Instance:
    at = BEGIN + timedelta(minutes=minute)
    value = Attribute(
        Kind.PROPERTY, number, dataset, at, "MTR", modified_at=at, instance_id=f"urn:i:{name}", **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return Instance("urn:g", "level", value)


def applied(past: list[Instance], groups: list[Thinned], new: int = 10_000) -> list[Instance]:
    """The past after it was thinned, each new instance with a name."""
    gone = {name for one in groups for name in one.gone}
    made = [one for group in groups for one in group.made]
    named = [
        Instance(one.entity_id, one.attribute, Attribute(**{**_members(one.value), "instance_id": f"urn:i:{new + at}"}))
        for at, one in enumerate(made)
    ]
    return sorted(
        [one for one in past if one.value.instance_id not in gone] + named, key=lambda one: one.value.observed_at
    )


def _members(value: Attribute) -> dict[str, object]:
    return {name: getattr(value, name) for name in Attribute.__slots__ if not name.startswith("_")}


def told(past: list[Instance]) -> tuple[int, float, float, float, float]:
    whole = sum_of(past[0].value)
    for one in past[1:]:
        whole = whole.joined(sum_of(one.value))
    return whole.count, whole.mean * whole.count, whole.low, whole.high, whole.spread


@given(READINGS, st.sampled_from([Step.HOUR, Step.DAY]))
def test_each_hour_or_day_is_one_reading_and_sums_are_what_they_were(rows: list, step: Step) -> None:
    past = sorted((instance(at, *row) for at, row in enumerate(rows)), key=lambda one: one.value.observed_at)
    after = applied(past, thin(past, step, TOKYO))
    buckets = Counter((bucket_of(one.value.observed_at, step, TOKYO), one.value.dataset_id) for one in after)
    assert set(buckets.values()) == {1}
    assert all(step_of(one.value) is step for one in after)
    before_, after_ = told(past), told(after)
    assert before_[0] == after_[0]
    assert (before_[2], before_[3]) == (after_[2], after_[3])
    assert math.isclose(before_[1], after_[1], rel_tol=1e-9, abs_tol=1e-3)
    assert math.isclose(before_[4], after_[4], rel_tol=1e-6, abs_tol=1.0)
    assert thin(after, step, TOKYO) == []


@given(READINGS)
def test_by_the_hour_and_then_by_the_day_is_as_by_the_day_at_once(rows: list) -> None:
    past = [instance(at, *row) for at, row in enumerate(rows)]
    straight = applied(past, thin(past, Step.DAY, TOKYO))
    hourly = applied(past, thin(past, Step.HOUR, TOKYO))
    daily = applied(hourly, thin(hourly, Step.DAY, TOKYO), 20_000)

    def key(one: Instance) -> tuple[datetime, str]:
        return one.value.observed_at, one.value.dataset_id or ""  # type: ignore[return-value]

    assert sorted(map(key, daily)) == sorted(map(key, straight))
    for one, other in zip(sorted(daily, key=key), sorted(straight, key=key), strict=True):
        assert sum_of(one.value).count == sum_of(other.value).count
        assert math.isclose(one.value.value, other.value.value, rel_tol=1e-9, abs_tol=1e-6)


def test_what_comes_late_joins_what_was_condensed() -> None:
    past = [instance(0, 5, 1.0), instance(1, 15, 3.0)]
    after = applied(past, thin(past, Step.HOUR, TOKYO))
    again = applied([*after, instance(2, 25, 8.0)], thin([*after, instance(2, 25, 8.0)], Step.HOUR, TOKYO), 20_000)
    (one,) = again
    assert (one.value.value, sum_of(one.value).count, one.value.observed_at) == (4.0, 3, BEGIN)


def test_what_is_no_plain_reading_stays_as_it_is() -> None:
    noted = {"note": (Attribute(Kind.PROPERTY, "flood"),)}
    odd = [
        instance(0, 0, "closed"),
        instance(1, 1, True),
        instance(2, 2, None),
        instance(3, 3, 1.0, attributes=noted),
        instance(4, 4, 1.0, value_type="xsd:thing"),
        Instance("urn:g", "level", Attribute(Kind.PROPERTY, 1.0, instance_id="urn:i:5")),
        Instance("urn:g", "level", instance(6, 6, 1.0).value, BEGIN),
        Instance("urn:g", "at", Attribute(Kind.RELATIONSHIP, "urn:x", observed_at=BEGIN, instance_id="urn:i:7")),
    ]
    assert not any(map(is_reading, odd))
    assert all(thin(odd, step, TOKYO) == [] for step in Step)
    assert as_they_came(odd) == []


def test_a_day_is_that_of_the_town() -> None:
    past = [instance(0, 14 * 60 + 59, 1.0), instance(1, 15 * 60, 2.0)]  # 23:59 and 0:00 in Tokyo
    after = applied(past, thin(past, Step.DAY, TOKYO))
    assert [one.value.observed_at for one in after] == [BEGIN - timedelta(hours=9), BEGIN + timedelta(hours=15)]


def test_never_forgets_every_reading_and_nothing_else() -> None:
    past = [instance(0, 0, 1.0), instance(1, 1, "closed"), instance(2, 2, 3)]
    assert [one.value.value for one in applied(past, thin(past, Step.NOTHING, TOKYO))] == ["closed"]


@given(st.integers(0, 5_000))
def test_a_month_takes_its_steps_in_their_order(days: int) -> None:
    rule = Rule(100, 1_000, 3_000)
    now = BEGIN + timedelta(days=days)
    step = rule.step(BEGIN, now)
    limits = [(3_000, Step.NOTHING), (1_000, Step.DAY), (100, Step.HOUR), (0, Step.RAW)]
    assert step is next(one for least, one in limits if days >= least)
    assert Rule(None, None, None).step(BEGIN, now) is Step.RAW
    assert Rule(100, None, None).step(BEGIN, now) in (Step.RAW, Step.HOUR)


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_pass_is_due_when_and_only_when_a_month_has_come_to_its_next_step(first: int, later: int) -> None:
    rules = {EVERY_TYPE: Rule(100, 200, None)}
    last, now = BEGIN + timedelta(days=first), BEGIN + timedelta(days=first + later)
    months = [month_of(BEGIN - timedelta(days=31 * back), TOKYO) for back in range(-15, 10)]
    rule = rules[EVERY_TYPE]
    moved = any(rule.step(one.end, last) is not rule.step(one.end, now) for one in months)
    assert is_due(rules, last, now, TOKYO) == moved


@pytest.mark.parametrize(
    "record",
    [
        {"rawDays": 3},
        {"rawDays": 400.5},
        {"rawDays": True},
        {"rawDays": 400, "hourlyDays": 300},
        {"rawDays": None, "hourlyDays": 300},
        {"rawDays": 400, "hourlyDays": None, "dailyDays": 4_000},
        {"rawDays": "a year"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(record: dict) -> None:
    with pytest.raises(BadRequestData):
        read_rule(record)


def test_a_rule_is_read_back_as_it_was_kept_and_of_several_the_longest_holds() -> None:
    short, long = Rule(100, 200, 300, False), Rule(400, None, None)
    assert read_rule(short.to_record()) == short
    assert read_rule(Rule().to_record()) == Rule()
    rules = {EVERY_TYPE: Rule(), "a": short, "b": long}
    assert rule_for(rules, ["a"]) is short
    assert rule_for(rules, ["a", "b", "c"]) is long
    assert rule_for(rules, ["c"]) == Rule()


def test_months_are_those_of_the_calendar_of_the_town() -> None:
    month = month_of(datetime(2026, 12, 31, 15, tzinfo=UTC), TOKYO)
    assert (month.name, month.begin.year, month.end.month) == ("2027-01", 2027, 2)
    assert [key for key, _ in groupby([month_of(BEGIN, TOKYO).name])] == ["2026-05"]
