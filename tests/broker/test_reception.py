"""Is a flood of strangers held back, and nobody else?"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.broker.reception import HOUR, Reception, household
from machinami.foundation.errors import TooManyRequests

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)


def test_an_address_hands_in_so_much_an_hour_and_again_an_hour_later() -> None:
    desk = Reception(per_address=3, per_town=100)
    for minute in (0, 10, 20):
        desk.admit_stranger("192.0.2.1", NOW + timedelta(minutes=minute))
    with pytest.raises(TooManyRequests, match="30 minutes") as refused:
        desk.admit_stranger("192.0.2.1", NOW + timedelta(minutes=30))
    assert refused.value.facts["reception"] == "address"
    assert refused.value.facts["retryAfter"] == pytest.approx(1800, abs=2)
    desk.admit_stranger("192.0.2.2", NOW + timedelta(minutes=30))
    desk.admit_stranger("192.0.2.1", NOW + timedelta(minutes=61))
    assert desk.refused == 1


def test_in_a_disaster_ten_times_as_much_is_taken_and_then_as_much_as_ever() -> None:
    desk = Reception(per_address=2, per_town=3)
    for _ in range(20):
        desk.admit_stranger("192.0.2.1", NOW, in_disaster=True)
    with pytest.raises(TooManyRequests):
        desk.admit_stranger("192.0.2.1", NOW, in_disaster=True)
    for number in range(10):
        desk.admit_stranger(f"198.51.100.{number}", NOW, in_disaster=True)
    with pytest.raises(TooManyRequests, match="30 an hour"):
        desk.admit_stranger("203.0.113.1", NOW, in_disaster=True)
    with pytest.raises(TooManyRequests, match="3 an hour"):
        desk.admit_stranger("203.0.113.1", NOW)
    desk.admit_stranger("203.0.113.1", NOW + HOUR)


def test_without_a_bound_nothing_is_remembered() -> None:
    desk = Reception(per_address=0, per_town=0)
    for _ in range(100):
        desk.admit_stranger("192.0.2.1", NOW)
        desk.admit_person("urn:person:1", NOW)
    assert not desk._all
    assert not any(desk._by_address.values())


def test_many_addresses_together_fill_the_town_but_keep_out_nobody_who_is_signed_in() -> None:
    desk = Reception(per_address=3, per_town=5)
    for number in range(5):
        desk.admit_stranger(f"192.0.2.{number}", NOW)
    with pytest.raises(TooManyRequests, match="not signed in") as refused:
        desk.admit_stranger("192.0.2.77", NOW)
    assert refused.value.facts["reception"] == "town"
    desk.admit_person("urn:machinami:person:1", NOW)


def test_a_person_is_bounded_too_and_alone() -> None:
    desk = Reception(per_address=1, per_town=5)
    desk.admit_person("urn:machinami:person:1", NOW)
    with pytest.raises(TooManyRequests):
        desk.admit_person("urn:machinami:person:1", NOW)
    desk.admit_person("urn:machinami:person:2", NOW)


def test_no_bound_is_no_bound() -> None:
    desk = Reception(per_address=0, per_town=0)
    refused = 0
    for _ in range(1000):
        try:
            desk.admit_stranger("192.0.2.1", NOW)
        except TooManyRequests:
            refused += 1
    assert refused == 0


def test_addresses_of_one_household_count_as_one() -> None:
    assert household("2001:db8:1:2:3::4") == household("2001:db8:1:2:ffff::9") == "2001:db8:1:2::"
    assert household("2001:db8:1:3::4") != household("2001:db8:1:2::4")
    assert household("::ffff:192.0.2.1") == household("192.0.2.1") == "192.0.2.1"
    assert household("nobody known") == "nobody known"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 90)), max_size=60))
def test_in_no_hour_is_more_taken_than_may_be(asked: list[tuple[int, int]]) -> None:
    desk, taken, now = Reception(per_address=2, per_town=5), list[tuple[int, datetime]](), NOW
    for who, minutes in asked:
        now += timedelta(minutes=minutes)
        with suppress(TooManyRequests):
            desk.admit_stranger(f"192.0.2.{who}", now)
            taken.append((who, now))
    for _, end in taken:
        recent = [who for who, at in taken if end - HOUR < at <= end]
        assert len(recent) <= 5
        assert max(map(recent.count, recent)) <= 2
