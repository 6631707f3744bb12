"""Is a record replayed at its pace, and never from the future?"""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from machinami.app.sending import Pace

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
START = datetime(2023, 6, 25, tzinfo=UTC)


def test_an_hour_at_sixty_times_its_pace_takes_a_minute() -> None:
    pace = Pace(NOW, START, START + timedelta(hours=1), 60.0)
    assert pace.due(START) == NOW
    assert pace.due(START + timedelta(hours=1)) == NOW + timedelta(minutes=1)
    assert START + timedelta(hours=1) + pace.shift == NOW + timedelta(minutes=1)


@given(
    st.timedeltas(timedelta(0), timedelta(days=900)),
    st.floats(1, 1e5),
    st.floats(0, 1),
)
def test_no_reading_is_observed_after_it_is_sent(length: timedelta, speed: float, share: float) -> None:
    pace = Pace(NOW, START, START + length, speed)
    recorded = START + length * share
    assert recorded + pace.shift <= pace.due(recorded) + timedelta(milliseconds=1)
