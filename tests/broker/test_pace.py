"""Can one who asks too often be told to wait, while the others are answered?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.broker.pace import Pace
from machinami.foundation.errors import TooManyRequests


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def answered(pace: Pace, who: str, times: int) -> int:
    """How many of so many requests are answered."""
    done = 0
    for _ in range(times):
        try:
            pace.admit(who)
        except TooManyRequests:
            continue
        done += 1
    return done


def test_each_has_a_second_saved_up_and_nobody_elses() -> None:
    clock = Clock()
    pace = Pace(10, clock)
    assert [answered(pace, who, 25) for who in ("one", "two")] == [10, 10]
    clock.now = 0.5
    assert answered(pace, "one", 25) == 5
    clock.now = 60.0
    assert answered(pace, "one", 25) == 10


def test_what_is_forgiven_counts_no_more_and_saves_up_nothing() -> None:
    pace = Pace(10, Clock())
    for _ in range(100):
        pace.admit("one")
        pace.forgive("one")
    pace.forgive("nobody")
    assert answered(pace, "one", 25) == 10


def test_who_is_refused_is_told_when_to_come_again() -> None:
    pace = Pace(1, Clock())
    pace.admit("one")
    with pytest.raises(TooManyRequests) as refused:
        pace.admit("one")
    assert (refused.value.facts["retryAfter"], refused.value.facts["limit"]) == (1, 1)


@given(st.lists(st.floats(0, 0.5), max_size=60), st.integers(1, 20))
def test_never_more_is_answered_than_the_bound_and_one_second_allow(waits: list[float], bound: int) -> None:
    clock = Clock()
    pace, done = Pace(bound, clock), 0
    for wait in waits:
        clock.now += wait
        done += answered(pace, "one", 2)
    assert done <= bound * (clock.now + 1) + 1e-6


def test_however_many_come_what_is_known_of_them_is_bounded() -> None:
    clock = Clock()
    pace = Pace(5, clock)
    for at in range(60_000):
        clock.now += 0.0001
        pace.admit(str(at))
    assert len(pace._left) <= 20_001
    assert answered(pace, "59999", 9) == 4  # who asked just now is known still
