"""Does the forecaster learn, keep and say what an officer may expect, on rivers made for the purpose?"""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.services.flood.rivers import START, river

from machinami.foundation.errors import InputError
from machinami.services.flood.logic.features import describe, scales_of
from machinami.services.flood.logic.forecast import hindcast
from machinami.services.flood.logic.gathering import Series, gather
from machinami.services.flood.logic.hindsight import adapted, calm_share, known_errors
from machinami.services.flood.logic.live import Task, forecast, forecast_all
from machinami.services.flood.logic.outlook import TrainedModel
from machinami.services.flood.logic.record import Record, judge_columns
from machinami.services.flood.logic.retraining import retrain
from machinami.services.flood.logic.stored import from_bytes, to_bytes
from machinami.services.flood.logic.training import carried, floods_seen, proven, train, trust
from machinami.services.flood.model import Sample

HOURS = (1.0, 3.0)


@pytest.fixture(scope="module")
def trained() -> tuple[Record, TrainedModel]:
    record = river()
    return record, train(record.until(2200), HOURS, (False, True), seed=7)


def test_a_trained_model_beats_persistence_on_a_river_it_was_made_for(trained: tuple[Record, TrainedModel]) -> None:
    record, model = trained
    for outlook in model.outlooks:
        past = hindcast(model, outlook, record, 2200)
        steps = record.steps(outlook.hours)
        later = np.append(record.level[2200 + steps :], np.full(steps, np.nan))
        error, naive = later - past.level, later - record.level[2200:]
        assert np.nanmean(error**2) < 0.8 * np.nanmean(naive**2)


def test_an_interval_never_crosses_its_level_and_covers_most(trained: tuple[Record, TrainedModel]) -> None:
    record, model = trained
    for outlook in model.outlooks:
        past = hindcast(model, outlook, record, 2200)
        assert (past.low <= past.level).all()
        assert (past.high >= past.level).all()
        steps = record.steps(outlook.hours)
        later, past_level = record.level[2200 + steps :], len(record.level) - 2200 - steps
        inside = (later >= past.low[:past_level]) & (later <= past.high[:past_level])
        assert 0.8 < inside.mean() < 0.98


def test_the_same_record_gives_the_same_model() -> None:
    record = river(900, seed=5)
    assert to_bytes(train(record, (2.0,), (False,), 7)) == to_bytes(train(record, (2.0,), (False,), 7))


def test_a_model_kept_as_text_says_the_same(trained: tuple[Record, TrainedModel]) -> None:
    record, model = trained
    again = from_bytes(to_bytes(model))
    for ours, theirs in zip(model.outlooks, again.outlooks, strict=True):
        assert np.array_equal(hindcast(model, ours, record, 2500).level, hindcast(again, theirs, record, 2500).level)


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b'{"format":"other"}', b"\x80\x04pickle"])
def test_a_damaged_model_is_refused(damage: bytes) -> None:
    with pytest.raises(InputError, match="train it anew"):
        from_bytes(damage)


def test_no_outcome_after_the_training_leaks_into_it() -> None:
    record = river(1200, seed=3)
    spoiled = replace(record, level=np.append(record.level[:1000], record.level[1000:] * 50 + 7))
    assert to_bytes(train(record.until(1000), (3.0,), (True,), 7)) == to_bytes(
        train(spoiled.until(1000), (3.0,), (True,), 7)
    )


def test_a_forecast_does_not_know_what_comes(trained: tuple[Record, TrainedModel]) -> None:
    record, model = trained
    dry = next(o for o in model.outlooks if not o.coming)
    changed = replace(record, level=record.level.copy(), rain=record.rain.copy())
    changed.level[2601:] += 3.0
    changed.rain[:, 2601:] = 80.0
    assert hindcast(model, dry, record, 2200).level[400] == hindcast(model, dry, changed, 2200).level[400]
    assert hindcast(model, dry, record, 2200).high[400] == hindcast(model, dry, changed, 2200).high[400]


def test_the_unit_of_the_level_does_not_matter() -> None:
    metres, centimetres = river(1500, seed=8), river(1500, seed=8, scale=100.0)
    said = []
    for record in (metres, centimetres):
        model = train(record.until(1000), (2.0,), (False,), 7)
        said.append(hindcast(model, model.outlooks[0], record, 1000).level)
    assert np.allclose(said[0] * 100, said[1], atol=1.5)


def test_a_river_without_rain_columns_is_forecast_from_its_levels() -> None:
    record = replace(river(1500, seed=4), rain=np.zeros((0, 1500)), names=())
    model = train(record.until(1000), (1.0,), (False,), 7)
    assert np.isfinite(hindcast(model, model.outlooks[0], record, 1000).level).all()


def test_gaps_in_level_and_rain_are_lived_with() -> None:
    record = river(1500, seed=4)
    record.level[100:160] = np.nan
    record.level[1100:1103] = np.nan
    record.rain[0, 500:700] = np.nan
    model = train(record.until(1000), (1.0,), (False,), 7)
    past = hindcast(model, model.outlooks[0], record, 1000)
    assert np.isnan(past.level[100:103]).all()
    assert np.isfinite(past.level[110:]).all()


def test_a_dead_calm_river_is_forecast_to_stay() -> None:
    record = Record(0, 600, np.full(1200, 0.42), np.zeros((1, 1200)), ("dry",))
    model = train(record, (1.0,), (False, True), 7)
    past = hindcast(model, model.outlooks[0], record, 1000)
    assert np.allclose(past.level, 0.42)


def test_a_column_that_is_never_dry_is_not_taken_for_rain() -> None:
    values = np.stack([river(1000).rain[0], np.full(1000, 7.9)])
    judged = judge_columns(Record(0, 600, np.zeros(1000), values, ("rain", "d00010150ee")))
    assert [column.kind for column in judged] == ["rain", "signal"]


def terms(record: Record) -> dict[str, np.ndarray]:
    """Every explanation of a record by its name."""
    columns = judge_columns(record)
    cases = describe(record, columns, scales_of(record, columns), 0)
    return dict(zip(cases.names, cases.table.T, strict=True))


def test_a_shower_over_one_gauge_is_told_from_rain_over_all_of_them() -> None:
    rain = np.zeros((4, 400))
    rain[:, 100] = 3.0
    rain[0, 300] = 3.0
    rain[1:3, 200], rain[0, 200] = np.nan, 3.0
    found = terms(Record(0, 3600, np.zeros(400), rain, ("a", "b", "c", "d")))
    assert found["worst0-1"][100] == found["worst0-1"][300] == 3.0
    assert found["extent0-1"][100] == 1.0
    assert found["extent0-1"][300] == 0.25
    assert found["extent0-1"][200] == 0.5
    assert found["extent1-2"][101] == 1.0
    assert "extent0-1" not in terms(Record(0, 3600, np.zeros(400), rain[:1], ("a",)))


def test_one_flood_is_trusted_less_than_eight() -> None:
    one = np.zeros(100 * 48)
    one[500:520] = 1.0
    eight = np.zeros(100 * 48)
    for begin in range(0, 8 * 480, 480):
        eight[begin : begin + 20] = 1.0
    windows = np.arange(len(one)) // 48
    assert floods_seen(one, windows) == pytest.approx(1.0)
    assert floods_seen(eight, windows) == pytest.approx(8.0)
    assert trust(1.0) < 0.2
    assert trust(8.0) > 0.99


def test_skill_that_rests_on_one_event_is_not_taken_for_proven() -> None:
    rng = np.random.default_rng(3)
    target, windows = rng.normal(0.0, 1.0, 4800), np.arange(4800) // 48
    assert proven(target + rng.normal(0.0, 0.5, 4800), target, windows) > 0.7
    assert proven(rng.normal(0.0, 1.0, 4800), target, windows) < 0.1
    lucky = rng.normal(0.0, 1.0, 4800)
    lucky[:48] = target[:48] = 12.0 * target[:48]
    lucky[48:96] = -10.0 * (target[48:96])
    assert proven(lucky, target, windows) < 0.3
    assert proven(-target, target, windows) == 0.0
    assert proven(np.zeros(4800), target, windows) == 0.0


def test_calm_forecasts_that_turn_out_wrong_are_given_up_and_stirred_ones_are_not() -> None:
    said, came, calm = np.full(2000, 0.5), np.zeros(2000), np.zeros(2000, dtype=np.int64)
    share = calm_share(said, came, calm, 0.25, 6, 144.0)
    assert share[0] == 1.0
    assert share[-1] < 0.3
    assert (np.diff(share) <= 1e-12).all()
    assert (calm_share(said, came, calm + 1, 0.25, 6, 144.0) == 1.0).all()
    assert (calm_share(said, said, calm, 0.25, 6, 144.0) == 1.0).all()


def test_an_error_counts_only_once_it_is_known_and_a_gap_counts_as_none() -> None:
    rows = np.array([0, 1, 2, 5, 6, 7, 8])
    error = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0, 7.0])
    assert known_errors(error, rows, 3).tolist() == [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0]
    assert known_errors(error, rows, 99).tolist() == [0.0] * 7
    assert known_errors(error[:0], rows[:0], 3).size == 0


def test_an_error_is_carried_on_as_far_as_it_comes_again_on_a_calm_and_on_a_stirred_river() -> None:
    rng = np.random.default_rng(3)
    before, fresh = rng.normal(0.0, 1.0, 9600), rng.normal(0.0, 1.0, 9600)
    windows, stir = np.arange(9600) // 48, np.where(np.arange(9600) % 96 < 72, 0.2, 4.0)
    assert carried(before, 0.4 * before + fresh, stir, windows) == pytest.approx([0.4] * 3, abs=0.05)
    assert carried(before, fresh, stir, windows) == pytest.approx([0.0] * 3, abs=0.05)
    calm_only = np.where(stir < 1.0, 0.4 * before, 0.0) + fresh
    assert carried(before, calm_only, stir, windows) == pytest.approx([0.4, 0.0, 0.0], abs=0.05)
    assert (carried(before, -before, stir, windows) == 0.0).all()
    assert (carried(np.zeros(9600), fresh, stir, windows) == 0.0).all()


def test_one_flood_in_which_an_error_came_again_proves_little() -> None:
    rng = np.random.default_rng(4)
    before, error = rng.normal(0.0, 1.0, 4800), rng.normal(0.0, 1.0, 4800)
    before[:48] = error[:48] = 10.0 * error[:48]
    assert (carried(before, error, np.full(4800, 4.0), np.arange(4800) // 48) < 0.2).all()


def test_intervals_follow_errors_only_once_they_are_known() -> None:
    rng = np.random.default_rng(5)
    band, regime = np.tile([-1.0, 1.0], (3, 1)), np.zeros(4000, dtype=np.int64)
    score = rng.normal(0.0, 3.0, 4000)
    said = adapted(band, regime, score, 12)
    assert (said[:12] == band[0]).all()
    inside = (score >= said[:, 0]) & (score <= said[:, 1])
    assert 0.87 < inside[1000:].mean() < 0.95
    changed = np.where(np.arange(4000) < 3000, score, 99.0)
    assert np.array_equal(adapted(band, regime, changed, 12)[:3012], said[:3012])


def test_readings_that_come_when_they_come_make_a_regular_record() -> None:
    level = [Sample(START + timedelta(minutes=10 * i, seconds=20), 1.0 + i) for i in range(6) if i != 3]
    rain = {"a": [Sample(START + timedelta(hours=1), 6.0), Sample(START + timedelta(hours=2), 0.0)]}
    record = gather(Series.of(level), {name: Series.of(found) for name, found in rain.items()})
    assert record is not None
    assert record.step == 600
    assert np.isnan(record.level[3])
    assert np.nansum(record.rain) == pytest.approx(5.0)


def test_a_live_forecast_is_what_the_hindcast_said(trained: tuple[Record, TrainedModel]) -> None:
    record, model = trained
    said = forecast(model, record.until(2500), False, 0.5)
    assert len(said) == 2
    dry = next(o for o in model.outlooks if not o.coming and o.hours == 3.0)
    assert said[1].middle == pytest.approx(hindcast(model, dry, record, 2400).level[99])


def test_a_rain_forecast_lifts_the_forecast_by_the_trust_put_in_it(trained: tuple[Record, TrainedModel]) -> None:
    record, model = trained
    level = np.append(record.level[:2500], np.full(6, np.nan))
    rain = np.append(record.rain[:, :2500], np.full((1, 6), 30.0), axis=1)
    storm = Record(0, 3600, level, rain, record.names)
    said = {}
    for belief in (0.0, 0.5, 1.0):
        said[belief] = forecast(model, storm, True, belief)[1].middle
    assert said[0.0] < said[0.5] < said[1.0]
    assert said[0.5] == pytest.approx((said[0.0] + said[1.0]) / 2)


def series(record: Record) -> Series:
    return Series([record.start + record.step * i for i in range(record.count)], record.level.tolist())


def test_learning_anew_gives_a_model_with_its_scores_of_the_held_out_quarter() -> None:
    record = river(2000, seed=6)
    rain = {"upstream": Series(series(record).seconds, record.rain[0].tolist())}
    done = retrain(series(record), rain, thorough=False, improvement_needed=0.0)
    assert {s.hours for s in done.scores} == {1.0, 2.0, 3.0, 6.0}
    assert all(0 < s.cases <= 500 for s in done.scores)
    assert all(s.rmse < s.persistence_rmse for s in done.used)
    kept = from_bytes(done.model)
    assert {(o.hours, o.coming) for o in kept.outlooks} == {(s.hours, s.uses_rain) for s in done.used}


def test_forecasters_that_do_not_improve_enough_are_left_out() -> None:
    record = river(1000, seed=6)
    done = retrain(series(record), {}, thorough=False, improvement_needed=0.9)
    assert done.scores
    assert (done.model, done.used) == (b"", ())


def test_several_gauges_are_forecast_from_their_last_readings() -> None:
    record = river(2000, seed=6)
    rain = {"upstream": Series(series(record).seconds, record.rain[0].tolist())}
    done = retrain(series(record), rain, thorough=False, improvement_needed=0.0)
    tasks = [Task("urn:a", done.model, series(record)), Task("urn:b", done.model, Series([], []))]
    found = forecast_all(tasks, rain, 0.5)
    assert list(found) == ["urn:a"]
    issued, steps = found["urn:a"]
    assert int(issued.timestamp()) == record.start + record.step * (record.count - 1)
    assert all(step.at > issued for step in steps)
