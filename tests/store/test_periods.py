"""Do periods follow each other without gap, whatever their length?"""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.instant import to_micros
from machinami.model.query import Duration
from machinami.store.periods import Periods

MOMENTS = st.integers(0, to_micros(datetime(9998, 1, 1, tzinfo=UTC)))
LENGTHS = st.builds(Duration, st.integers(0, 10**12), st.floats(0, 1e20)).filter(lambda length: length != Duration())
SHORT = st.builds(Duration, st.integers(0, 40), st.floats(0, 1e7)).filter(lambda one: one.months or one.seconds > 1)


def _at(text: str) -> int:
    return to_micros(datetime.fromisoformat(text))


@given(MOMENTS, MOMENTS, LENGTHS | SHORT)
def test_a_moment_lies_in_its_period(first: int, second: int, length: Duration) -> None:
    origin, at = min(first, second), max(first, second)
    periods = Periods(origin, length)
    number = periods.number(at)
    assert to_micros(periods.begin(number)) <= at
    assert at < to_micros(periods.begin(number + 1))


def test_a_month_ends_with_the_calendars() -> None:
    periods = Periods(_at("2026-01-31T06:00:00+00:00"), Duration(months=1))
    assert [periods.begin(n).day for n in range(5)] == [31, 28, 31, 30, 31]
    assert periods.number(_at("2026-02-28T05:59:59+00:00")) == 0
    assert periods.number(_at("2026-02-28T06:00:00+00:00")) == 1


def test_months_and_days_add_up() -> None:
    periods = Periods(_at("2026-01-01T00:00:00+00:00"), Duration(12, 86_400))
    assert [periods.begin(n).isoformat()[:10] for n in range(3)] == ["2026-01-01", "2027-01-02", "2028-01-03"]
