"""Is a gauge that cannot be believed said to be so, and one that can be left in peace?"""

from datetime import UTC, datetime, timedelta

from machinami.services.flood.logic.quality import Level, Surroundings, examine, mean_rain
from machinami.services.flood.model import Sample, Settings

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
STEP = timedelta(minutes=10)


def series(*values: float | None, ending: datetime = NOW) -> list[Level]:
    return [Level(ending - STEP * (len(values) - 1 - n), value) for n, value in enumerate(values)]


def rain(*depths: float) -> list[Sample]:
    return [Sample(NOW - STEP * (len(depths) - 1 - n), depth) for n, depth in enumerate(depths)]


def judged(readings: list[Level], around: Surroundings | None = None, unit: str | None = "MTR"):
    return examine(readings, unit, around or Surroundings(), Settings(), NOW)


def test_a_gauge_that_speaks_and_moves_is_believed() -> None:
    quality = judged(series(0.4, 0.41, 0.42, 0.44))
    assert quality.known
    assert [one.value for one in quality.trusted] == [0.4, 0.41, 0.42, 0.44]


def test_a_gauge_that_has_never_spoken_is_unknown() -> None:
    assert judged([]).fault == "never"


def test_a_silent_gauge_is_said_to_be_silent_and_since_when() -> None:
    quality = judged(series(0.4, 0.5, ending=NOW - timedelta(minutes=50)))
    assert quality.fault == "silent"
    assert quality.reasons[0].facts == {"since": (NOW - timedelta(minutes=50)).isoformat(), "minutes": 50}


def test_a_value_marked_as_missing_is_a_gap_and_not_a_zero() -> None:
    quality = judged(series(0.4, None, 0.5))
    assert quality.known
    assert len(quality.trusted) == 2
    assert judged(series(0.4, None, None, None, None, None)).fault == "silent"


def test_a_flat_line_while_rain_falls_is_stuck() -> None:
    flat = series(*[0.8] * 20)
    assert judged(flat, Surroundings(rain=rain(*[1.0] * 20))).fault == "stuck"


def test_a_flat_line_while_neighbours_move_is_stuck() -> None:
    moving = [Sample(NOW - STEP * n, 1.0 - 0.02 * n) for n in range(20)][::-1]
    assert judged(series(*[0.8] * 20), Surroundings(neighbours=[moving])).fault == "stuck"


def test_a_flat_line_in_dry_weather_is_a_calm_river() -> None:
    assert judged(series(*[0.8] * 20)).known


DRY = Surroundings(rain=rain(*[0.0] * 12))


def test_a_datum_that_shifts_in_dry_weather_is_a_jump() -> None:
    quality = judged(series(0.4, 0.4, 0.41, 0.79, 0.79, 0.78), DRY)
    assert quality.fault == "jump"
    assert quality.rising_doubt
    assert quality.reasons[0].facts["metres"] == 0.38


def test_a_jump_in_centimetres_is_measured_in_metres() -> None:
    assert judged(series(40, 40, 41, 79, 79, 78), DRY, "CMT").fault == "jump"
    assert judged(series(40, 41, 43, 46, 49, 52), DRY, "CMT").known


def test_a_steep_rise_is_not_doubted_where_nothing_else_is_known() -> None:
    assert judged(series(0.4, 0.4, 0.41, 0.79, 1.2, 1.6)).known


def test_a_datum_that_falls_is_doubted_even_where_nothing_else_is_known() -> None:
    quality = judged(series(0.8, 0.8, 0.4, 0.4))
    assert quality.fault == "jump"
    assert not quality.rising_doubt


def test_a_steep_rise_in_heavy_rain_is_a_flood_and_no_fault() -> None:
    around = Surroundings(rain=rain(4, 4, 4, 4, 4, 4))
    assert judged(series(0.4, 0.4, 0.41, 0.79, 1.2, 1.6), around).known


def test_a_steep_rise_that_the_neighbours_share_is_no_fault() -> None:
    neighbour = [Sample(r.at, (r.value or 0) + 0.3) for r in series(0.4, 0.4, 0.41, 0.79, 1.2, 1.6)]
    assert judged(series(0.4, 0.4, 0.41, 0.79, 1.2, 1.6), Surroundings(neighbours=[neighbour])).known


def test_a_jump_that_is_undone_is_forgotten() -> None:
    assert judged(series(0.4, 0.4, 0.8, 0.81, 0.41, 0.4)).known


def test_a_single_spike_is_left_out_and_noted() -> None:
    quality = judged(series(0.4, 0.41, 2.9, 0.42, 0.42))
    assert quality.known
    assert 2.9 not in [one.value for one in quality.trusted]
    assert quality.reasons[0].kind == "spike"


def test_a_value_that_no_river_can_have_is_out_of_range() -> None:
    assert judged(series(0.4, 0.41, 999.0)).fault == "range"
    assert judged(series(0.4, 999.0, 0.41)).known


def test_mean_rain_leaves_out_gauges_that_are_silent_or_negative() -> None:
    at = NOW - STEP
    found = mean_rain({"a": [Sample(at, 2.0), Sample(NOW, 4.0)], "b": [Sample(NOW, 0.0)], "c": [Sample(NOW, -9999.0)]})
    assert found == [(at, 2.0), (NOW, 2.0)]
