"""When is the disk full, and is it said as people say it?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.model.checkup.forecast import Sample, forecast, span_of

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def grown(per_day: float, days: int, odd: dict[int, int] | None = None) -> list[Sample]:
    return [
        Sample(BEGIN + timedelta(days=day), int(10**9 + per_day * day) + (odd or {}).get(day, 0)) for day in range(days)
    ]


@given(st.integers(10**4, 10**10), st.integers(4, 200), st.integers(1, 10**12))
def test_steady_growth_fills_the_disk_when_division_says_so(per_day: int, days: int, free: int) -> None:
    found = forecast(grown(per_day, days), free)
    assert found.per_day == pytest.approx(per_day, rel=1e-3)
    assert found.days is None or found.days == pytest.approx(free / per_day, rel=1e-3)


@given(st.integers(10, 60), st.integers(0, 9), st.integers(-(10**9), 10**12))
def test_one_odd_day_moves_the_forecast_little(days: int, which: int, by: int) -> None:
    calm, odd = forecast(grown(10**6, days), 10**9), forecast(grown(10**6, days, {which: by}), 10**9)
    assert calm.days is not None
    assert odd.days == pytest.approx(calm.days, rel=0.02)


@given(st.integers(10, 120), st.integers(1, 9), st.integers(10**8, 10**13))
def test_an_import_is_no_growth(days: int, which: int, by: int) -> None:
    found = forecast(grown(10**6, days, dict.fromkeys(range(which, days), by)), 10**9)
    assert found.per_day == pytest.approx(10**6, rel=0.02)


def test_days_without_a_look_are_no_jump() -> None:
    samples = [one for day, one in enumerate(grown(10**6, 60)) if not 10 < day < 40]
    assert forecast(samples, 10**9).per_day == pytest.approx(10**6, rel=0.01)


@pytest.mark.parametrize(("net", "years"), [(0, 1_000), (2, 13)])
def test_months_that_are_condensed_again_and_again_count(net: int, years: float) -> None:
    """20 MB a day, of which a month gives back 600, or all but 60."""
    used = [10**9 + 10**6 * (20 * (day % 30) + 30 * net * (day // 30)) for day in range(360)]
    found = forecast([Sample(BEGIN + timedelta(days=day), one) for day, one in enumerate(used)], 10**10)
    assert found.per_day is not None
    assert found.per_day / 10**6 == pytest.approx(net, abs=0.3)
    assert found.days is None or found.days / 365.25 == pytest.approx(years, rel=0.2) or net == 0


def test_data_that_shrink_or_stay_never_fill_the_disk() -> None:
    assert forecast(grown(0, 30), 10**9).days is None
    assert forecast(grown(-(10**6), 30), 10**9).days is None


@pytest.mark.parametrize("samples", [[], grown(10**6, 1), grown(10**6, 2)])
def test_too_short_a_time_says_nothing(samples: list[Sample]) -> None:
    found = forecast(samples, 10**9)
    assert (found.per_day, found.days) == (None, None)


@pytest.mark.parametrize(
    ("days", "said"),
    [(0.1, ("hours", 2)), (0.01, ("hours", 1)), (1, ("days", 1)), (59, ("days", 59)), (426, ("months", 14)),
     (800, ("years", 2))],
)  # fmt: skip
def test_a_span_is_said_in_one_unit(days: float, said: tuple[str, int]) -> None:
    assert span_of(days) == said
