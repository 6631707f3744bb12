"""Series as pictures and tables: a silence is never drawn over."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from machinami.kit.charts import Chart, Line, payload, spark, table, trend, with_gaps
from machinami.model.expectation import Step

START = datetime(2026, 9, 14, tzinfo=UTC)
STEP = timedelta(minutes=10)


def every_ten_minutes(*values: float | None, skip: int = 0) -> list[tuple[datetime, float | None]]:
    """Readings every ten minutes, `skip` steps left out after the third."""
    return [(START + STEP * (n + (skip if n > 2 else 0)), value) for n, value in enumerate(values)]


def test_a_silence_puts_a_gap_into_the_line() -> None:
    shown = with_gaps(every_ten_minutes(1, 1, 1, 2, 2, skip=5))
    assert [value for _, value in shown] == [1, 1, 1, None, 2, 2]
    assert len(spark(every_ten_minutes(1, 1, 1, 2, 2, skip=5)).paths) == 2


def test_one_late_reading_is_no_silence() -> None:
    assert None not in [value for _, value in with_gaps(every_ten_minutes(1, 1, 1, 2, 2, skip=1))]


def test_a_line_runs_on_from_readings_by_the_hour_to_those_that_came_every_ten_minutes() -> None:
    hour = timedelta(hours=1)
    old = [(START + hour * n, float(n)) for n in range(24) if n != 15]
    new = [(START + hour * 24 + STEP * n, float(n)) for n in range(300) if not 100 <= n < 106]
    shown = with_gaps([*old, *new])
    silences = [at for at, value in shown if value is None]
    assert silences == [START + hour * 24 + STEP * 100]  # one missed hour is a late reading; six of ten minutes are not
    days = [(START + timedelta(days=n), 1.0) for n in range(-60, 0)]
    assert None not in [value for _, value in with_gaps([*days, *old])]


def test_nothing_known_is_an_empty_picture() -> None:
    assert spark([]).last is None
    assert spark(every_ten_minutes(None, None)).paths == ()
    assert with_gaps([]) == []


def test_which_way_a_river_goes() -> None:
    assert trend(every_ten_minutes(1.0, 1.1, 1.2)) == "rising"
    assert trend(every_ten_minutes(1.2, 1.1, 1.0)) == "falling"
    assert trend(every_ten_minutes(1.0, 1.001, 1.002)) == "steady"
    assert trend(every_ten_minutes(1.0)) == "unknown"
    assert trend([]) == "unknown"


def test_rain_between_readings_makes_no_gap_but_a_silence_does() -> None:
    observed = every_ten_minutes(1, 1, 1, 2, 2, skip=5)
    rain = [(START + STEP * n / 2, 0.5) for n in range(20)]
    drawn = payload(Chart("t", "m", observed, START, rain=rain), {}, "Asia/Tokyo")
    times, between = drawn["time"], drawn["between"]
    assert isinstance(times, list)
    assert isinstance(between, list)
    joined = {(times[index] - START.timestamp()) / 600 for index in between}
    assert joined >= {0.5, 1.5, 8.5}
    assert not joined & {3, 4, 5, 6, 7}
    assert len(times) == len(set(times)) == len(drawn["observed"])  # type: ignore[arg-type]


def test_a_chart_names_its_zone_once_unless_the_clocks_change_within_it() -> None:
    def names(start: datetime) -> object:
        points = [(start + STEP * n, 1.0) for n in range(20)]
        return payload(Chart("t", "m", points, start), {}, "Europe/Paris")["zone_names"]

    assert names(datetime(2026, 7, 1, tzinfo=UTC)) == ["CEST"]
    assert names(datetime(2026, 3, 29, 0, 0, tzinfo=UTC)) == ["CET"] * 6 + ["CEST"] * 14


def test_the_forecast_starts_where_observations_end_and_is_never_thinned() -> None:
    ahead = [Step(START + timedelta(hours=9 + n), 1, 2, 3) for n in range(4)]
    chart = Chart("t", "m", every_ten_minutes(*[1.0] * 40), START, ahead, (Line("bank", 3, 5),))
    rows = table(chart)
    assert rows[39].low == rows[39].middle == rows[39].high == 1.0
    thinned = table(chart, 10)
    assert len(thinned) <= 14
    assert [row.middle for row in thinned[-4:]] == [2, 2, 2, 2]
    assert thinned[-5].at == chart.observed[-1][0]


@given(st.lists(st.one_of(st.none(), st.floats(-5, 50)), min_size=1, max_size=60))
def test_a_spark_stays_in_its_box(values: list[float | None]) -> None:
    drawn = spark([(START + STEP * n, value) for n, value in enumerate(values)], (Line("x", 3.0, 2),))
    numbers = [float(part) for path in drawn.paths for pair in path[1:].split(" L") for part in pair.split(",")]
    assert all(0 <= x <= drawn.width for x in numbers[::2])
    assert all(0 <= y <= drawn.height for y in numbers[1::2])
