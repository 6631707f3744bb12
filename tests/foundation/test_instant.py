"""Moments are written one way, whether they come as datetimes or as microseconds."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from machinami.foundation.instant import EPOCH, format_instant, format_micros, from_micros, to_micros

MOMENTS = some.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=some.just(UTC))


@given(MOMENTS)
def test_microseconds_are_written_as_their_moment_is(moment):
    assert format_micros(to_micros(moment)) == format_instant(moment)


@given(MOMENTS)
def test_no_moment_is_lost_in_microseconds(moment):
    assert from_micros(to_micros(moment)) == moment


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (1_500_000, "1970-01-01T00:00:01.500000Z"),
        (86_399_000_000, "1970-01-01T23:59:59Z"),
    ],
)
def test_fractions_are_written_only_where_there_are_any(micros, text):
    assert format_micros(micros) == text
    assert from_micros(micros) >= EPOCH or micros < 0
