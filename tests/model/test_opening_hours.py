"""Is a place open when its hours say so, over midnight and on days on which it is closed?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.model.opening_hours import DAYS, closing, is_open, next_opening, parse_hours

FRIDAY = datetime(2026, 7, 24, tzinfo=UTC)
HOURS = ["Mo-Fr 09:00-17:00", "Sa 10:00-12:30"]


def at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    return FRIDAY + timedelta(days=days, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        (at(8, 59), False),
        (at(9), True),
        (at(16, 59), True),
        (at(17), False),
        (at(12, 0, 1), True),
        (at(12, 0, 2), False),
    ],
)
def test_it_is_open_from_when_it_opens_until_it_closes(moment: datetime, there: bool) -> None:
    assert is_open(HOURS, moment) is there


def test_the_next_opening_is_said_and_when_it_closes() -> None:
    assert next_opening(HOURS, at(18)) == at(10, 0, 1)
    assert next_opening(HOURS, at(13, 0, 1)) == at(9, 0, 3)
    assert next_opening([], at(9)) is None
    assert closing(HOURS, at(10)) == at(17)
    assert closing(HOURS, at(8)) is None


def test_it_is_closed_on_a_day_off() -> None:
    assert not is_open(HOURS, at(10), ["2026-07-24"])
    assert next_opening(HOURS, at(8), ["2026-07-24"]) == at(10, 0, 1)


def test_hours_over_midnight_end_on_the_next_day() -> None:
    night = ["Fr 20:00-06:00"]
    assert is_open(night, at(5, 59, 1))
    assert not is_open(night, at(6, 0, 1))
    assert closing(night, at(23)) == at(6, 0, 1)


def test_without_days_it_is_every_day_and_days_may_go_over_the_end_of_the_week() -> None:
    assert parse_hours("00:00-24:00").days == frozenset(range(7))
    assert parse_hours("Sa-Mo 09:00-10:00").days == {5, 6, 0}


@pytest.mark.parametrize("wrong", ["", "always", "Mo 9-17", "Mo 25:00-26:00", "Xx 09:00-10:00", "Mo-Tu-We 09:00-10:00"])
def test_what_are_no_hours_is_refused_with_a_form_and_counts_for_nothing(wrong: str) -> None:
    with pytest.raises(BadRequestData):
        parse_hours(wrong)
    assert not is_open([wrong], at(10))


@given(
    st.lists(st.sampled_from(DAYS), min_size=1, max_size=3),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.integers(0, 14 * 1440),
)
def test_it_opens_when_the_next_opening_comes(days: list[str], begin: int, length: int, later: int) -> None:
    end = (begin + length) % 1440
    row = f"{','.join(days)} {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    now = FRIDAY + timedelta(minutes=later)
    coming = next_opening([row], now)
    assert coming is not None
    assert is_open([row], coming)
    until = closing([row], now)
    assert (until is not None) == is_open([row], now)
