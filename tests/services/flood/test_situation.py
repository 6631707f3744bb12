"""What is gathered, when is learning worth it, and what is near a gauge?"""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from machinami.model.view import MeasuredList, Point, Ref
from machinami.model.vocabulary.alerts import Alert, in_force
from machinami.model.vocabulary.places import Shelter
from machinami.model.vocabulary.water import RainForecast, RainGauge, RiverGauge
from machinami.services.flood.logic.gathering import Series, gather
from machinami.services.flood.logic.promotion import average, due, useful, worth_it
from machinami.services.flood.logic.situation import (
    coming_rain,
    near_rain,
    near_shelters,
    steps_of,
    told_level,
)
from machinami.services.flood.model import HorizonScore, ModelScore, Sample, WaterLevelForecast

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
GAUGE = RiverGauge("urn:g", location=Point(138.2, 35.0))


def every_ten_minutes(count: int, ending: datetime = NOW) -> Series:
    return Series.of([Sample(ending - timedelta(minutes=10 * (count - 1 - n)), float(n)) for n in range(count)])


def test_readings_by_the_minute_are_thinned_to_ten_minutes() -> None:
    minutes = Series.of([Sample(NOW + timedelta(minutes=n), float(n)) for n in range(61)])
    record = gather(minutes, {})
    assert record is not None
    assert (record.step, record.count) == (600, 7)


def test_one_reading_makes_no_record() -> None:
    assert gather(every_ten_minutes(1), {}) is None


def test_forecast_rain_fills_the_steps_after_the_last_reading_only() -> None:
    rain = {"urn:r": Series.of([Sample(NOW - timedelta(minutes=10), 3.0), Sample(NOW, 2.0)])}
    record = gather(every_ten_minutes(3), rain, coming=(6.0, 12.0), coming_from=SECONDS - 1800)
    assert record is not None
    assert record.rain[0][1:3].tolist() == [3.0, 2.0]
    assert record.rain[0][3:6].tolist() == [1.0, 1.0, 1.0]
    assert record.rain[0][6:12].tolist() == [2.0] * 6
    assert np.isnan(record.level[3:]).all() if record.count > 3 else True


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=60))
def test_levels_come_back_from_the_grid(values: list[float]) -> None:
    series = Series([SECONDS + 600 * n for n in range(len(values))], values)
    record = gather(series, {})
    assert record is not None
    assert record.level.tolist() == values


def test_a_forecast_of_rain_is_used_while_it_is_fresh() -> None:
    fresh = RainForecast("urn:f", hourly_precipitation=MeasuredList((1.0, 2.0), NOW - timedelta(hours=1), "MMT"))
    old = RainForecast("urn:o", hourly_precipitation=MeasuredList((9.0,), NOW - timedelta(hours=9), "MMT"))
    assert coming_rain([old, fresh], NOW) == ((1.0, 2.0), SECONDS - 3600)
    assert coming_rain([old], NOW) == ((), 0)
    assert coming_rain([RainForecast("urn:e")], NOW) == ((), 0)


def test_the_nearest_shelters_come_first_and_far_ones_not_at_all() -> None:
    places = {"urn:far": 35.2, "urn:near": 35.001, "urn:close": 35.01}
    shelters = [Shelter(name, location=Point(138.2, lat)) for name, lat in places.items()]
    assert [s.id for s in near_shelters(GAUGE, [*shelters, Shelter("urn:nowhere")])] == ["urn:near", "urn:close"]
    assert near_shelters(RiverGauge("urn:x"), shelters) == []


def test_the_nearest_eight_rain_gauges_explain_a_river_gauge() -> None:
    gauges = [RainGauge(f"urn:{n}", location=Point(138.2, 35.0 + 0.01 * n)) for n in range(12)]
    assert near_rain(GAUGE, gauges) == [f"urn:{n}" for n in range(8)]


def test_an_old_forecast_says_nothing() -> None:
    rows = [{"hours": 6.0, "at": (NOW + timedelta(hours=2)).isoformat(), "low": 1.0, "middle": 1.2, "high": 1.4}]
    issued = NOW - timedelta(hours=4)
    forecast = WaterLevelForecast("urn:w", Ref("urn:g"), issued, rows)
    assert steps_of(forecast, NOW, timedelta(minutes=40)) == ()
    assert len(steps_of(forecast, issued, timedelta(minutes=40))) == 1
    assert steps_of(None, NOW, timedelta(minutes=40)) == ()


def test_only_what_is_published_and_not_expired_is_in_force() -> None:
    def alert(state: str, hours: int) -> Alert:
        until = NOW + timedelta(hours=hours)
        return Alert(f"urn:{state}", warning_level=3, ref_gauge=Ref("urn:g"), state=state, valid_to=until)

    alerts = [alert("published", 1), alert("withdrawn", 1), alert("superseded", 1)]
    assert [a.state for a in in_force(alerts, NOW)] == ["published"]
    assert told_level(alerts, "urn:g", NOW) == 3
    assert told_level(alerts, "urn:other", NOW) == 0
    assert told_level([alert("published", -1)], "urn:g", NOW) == 0


def test_a_model_is_due_at_first_then_daily_and_sooner_while_there_are_few_rows() -> None:
    def trained(rows: int, ago: timedelta) -> ModelScore:
        return ModelScore("urn:m", trained_at=NOW - ago, rows=rows)

    assert due(None, NOW)
    assert not due(trained(9_000, timedelta(hours=3)), NOW)
    assert due(trained(9_000, timedelta(days=1)), NOW)
    assert due(trained(1_200, timedelta(minutes=11)), NOW)


def test_learning_waits_for_enough_readings_that_reach_the_present() -> None:
    assert worth_it(None, every_ten_minutes(1_000), NOW)
    assert not worth_it(None, every_ten_minutes(999), NOW)
    assert not worth_it(None, every_ten_minutes(2_000, NOW - timedelta(days=3)), NOW)
    last = ModelScore("urn:m", trained_at=NOW - timedelta(hours=1), rows=1_000)
    assert not worth_it(last, every_ten_minutes(1_100), NOW)
    assert worth_it(last, every_ten_minutes(1_250), NOW)


def test_only_forecasters_that_beat_persistence_are_useful() -> None:
    good, bad = HorizonScore(1.0, False, 0.08, 0.1, 0.9, 50), HorizonScore(6.0, False, 0.12, 0.1, 0.9, 50)
    still = HorizonScore(2.0, False, 0.0, 0.0, 1.0, 50)
    assert useful([good, bad, still], 0.0) == [good]
    assert useful([good], 0.25) == []
    assert average([good, bad]) < average([good])
    assert average([]) == float("-inf")
