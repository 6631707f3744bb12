"""Does the simulated town report floods, faults and all, and the same whenever it is asked?"""

import time
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ingest.town.towns import ANCHOR, SEEDS, past, town

from machinami.ingest.town.gauges import FAULTS
from machinami.ingest.town.simulate import Town, floor_to, history
from machinami.model.attribute import Kind

TEN = timedelta(minutes=10)


def levels(gauge: int, start: datetime, end: datetime, seed: int = 1) -> dict[datetime, float]:
    """Return what a gauge reported."""
    entity = f"urn:ngsi-ld:RiverGauge:machinami-{town(seed).gauges[gauge].key}"
    found = {}
    for reading in town(seed).readings(start, end):
        if reading.entity_id == entity and reading.attribute == "waterLevel":
            assert isinstance(reading.value, float)
            found[reading.observed_at] = reading.value
    return found


def test_the_same_seed_makes_the_same_town() -> None:
    other = Town(1, ANCHOR)
    start = ANCHOR - timedelta(days=3)
    assert list(other.readings(start, ANCHOR)) == list(town(1).readings(start, ANCHOR))
    assert other.layers() == town(1).layers()
    assert list(other.inventory()) == list(town(1).inventory())


def test_another_seed_makes_another_town() -> None:
    assert town(2).readings(ANCHOR - TEN, ANCHOR) != town(1).readings(ANCHOR - TEN, ANCHOR)
    assert town(2).layers()["river"] != town(1).layers()["river"]


@settings(deadline=None, max_examples=40)
@given(st.integers(-80_000, 3_000), st.integers(1, 400), st.integers(1, 400))
def test_readings_do_not_depend_on_how_they_are_asked_for(first: int, one: int, two: int) -> None:
    a = ANCHOR + timedelta(minutes=first)
    b, c = a + timedelta(minutes=one), a + timedelta(minutes=one + two)
    assert [*town().readings(a, b), *town().readings(b, c)] == list(town().readings(a, c))


def test_live_readings_by_the_minute_agree_with_history_by_ten_minutes() -> None:
    end = ANCHOR + timedelta(hours=1)
    by_minute = {
        (r.entity_id, r.attribute, r.observed_at): r.value for r in town().readings(ANCHOR, end, timedelta(minutes=1))
    }
    for reading in town().readings(ANCHOR, end):
        assert by_minute[reading.entity_id, reading.attribute, reading.observed_at] == reading.value
    assert len(by_minute) > 5 * 50


def test_the_level_has_no_jump_where_the_past_ends() -> None:
    instants = [ANCHOR + timedelta(minutes=minute) for minute in range(-120, 121)]
    steps = np.abs(np.diff(town().true_levels(instants), axis=0))
    assert steps.max() < 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_the_coming_storm_crosses_the_thresholds_one_after_another(seed: int) -> None:
    instants = [ANCHOR + timedelta(minutes=10 * step) for step in range(72)]
    true = town(seed).true_levels(instants)
    for number, gauge in enumerate(town(seed).gauges):
        marks = (gauge.attention, gauge.judgement, gauge.danger)
        crossed = [int(np.argmax(true[:, number] > mark)) for mark in marks]
        assert true[:, number].max() > gauge.judgement, gauge.key
        assert 0 < crossed[0] < crossed[1]
        assert gauge.attention < gauge.judgement < gauge.danger < gauge.bank
    bridge = town(seed).gauges[3]
    assert bridge.danger < true[:, 3].max() < bridge.bank
    assert 6 < int(np.argmax(true[:, 3] > bridge.attention)) < 24


@pytest.mark.parametrize("seed", SEEDS)
def test_the_past_has_at_least_four_floods(seed: int) -> None:
    instants = [town(seed).first + TEN * step for step in range(60 * 144)]
    true = town(seed).true_levels(instants)
    for number, gauge in enumerate(town(seed).gauges):
        above = true[:, number] > gauge.attention
        assert int((above[1:] & ~above[:-1]).sum()) >= 4, gauge.key


def test_the_river_is_low_before_the_storm() -> None:
    now = town().true_levels([ANCHOR])[0]
    for level, gauge in zip(now, town().gauges, strict=True):
        assert level < 0.5 * gauge.attention


def test_the_silent_gauge_is_silent_near_the_crest_and_speaks_again() -> None:
    fault = FAULTS[0]
    silence = ANCHOR + timedelta(hours=fault.start), ANCHOR + timedelta(hours=fault.end)
    assert levels(fault.gauge, *silence) == {}
    assert len(levels(fault.gauge, silence[1], silence[1] + timedelta(hours=2))) > 8


def test_the_stuck_gauge_repeats_itself_while_its_river_moves() -> None:
    fault = next(fault for fault in FAULTS if fault.kind == "stuck")
    stuck = levels(fault.gauge, ANCHOR + timedelta(hours=fault.start), ANCHOR + timedelta(hours=fault.end))
    assert len(stuck) > 50
    assert len(set(stuck.values())) == 1


def test_the_shifted_gauge_jumps_by_its_datum_and_back() -> None:
    fault = next(fault for fault in FAULTS if fault.kind == "shifted")
    start, end = ANCHOR + timedelta(hours=fault.start), ANCHOR + timedelta(hours=fault.end)
    said = levels(fault.gauge, start - 12 * TEN, end + 12 * TEN)
    true = dict(zip(said, town().true_levels(list(said))[:, fault.gauge], strict=True))
    inside = [said[at] - true[at] for at in said if start <= at < end]
    outside = [said[at] - true[at] for at in said if not start <= at < end]
    assert np.mean(inside) == pytest.approx(fault.by, abs=0.01)
    assert np.mean(outside) == pytest.approx(0.0, abs=0.01)


def test_levels_are_rounded_to_the_centimetre_and_some_are_lost() -> None:
    said = [reading for reading in past() if reading.attribute == "waterLevel"]
    assert all(round(reading.value, 2) == reading.value for reading in said if isinstance(reading.value, float))
    whole = 5 * 60 * 144
    silent = sum((fault.end - fault.start) * 6 for fault in FAULTS if fault.kind == "silent" and fault.start < 0)
    assert 0.985 * whole < len(said) + silent < 0.999 * whole


def test_rain_comes_in_half_millimetres_every_ten_minutes() -> None:
    said = [reading for reading in past() if reading.attribute == "precipitation"]
    assert {float(str(reading.value)) % 0.5 for reading in said} == {0.0}
    assert {reading.observed_at.minute % 10 for reading in said} == {0}
    assert max(float(str(reading.value)) for reading in said) > 4.0


def test_more_rain_falls_than_runs_off() -> None:
    start, hours = ANCHOR - timedelta(days=50), 50 * 24
    areas = [gauge.drains for gauge in town().gauges]
    depth = {}
    for reading in past():
        if reading.attribute == "precipitation" and reading.observed_at >= start:
            depth.setdefault(reading.entity_id, 0.0)
            depth[reading.entity_id] += float(str(reading.value))
    fallen = float(np.mean(list(depth.values()))) * areas[-1] * 1e3
    flow = town().true_flows([start + timedelta(hours=hour) for hour in range(hours)])[:, -1]
    assert 0.1 * fallen < float(flow.sum()) * 3600 < fallen


def test_the_forecast_is_issued_every_hour_for_six_hours() -> None:
    said = [r for r in town().readings(ANCHOR, ANCHOR + timedelta(hours=5)) if r.entity_type == "RainForecast"]
    assert [later.observed_at - sooner.observed_at for sooner, later in pairwise(said)] == [timedelta(hours=1)] * 4
    assert all(isinstance(r.value, list) and len(r.value) == 6 and min(r.value) >= 0 for r in said)


def test_every_reading_is_of_a_kind_that_the_model_knows() -> None:
    for reading in [*town().inventory(), *town().readings(ANCHOR, ANCHOR + TEN)]:
        assert reading.kind in set(Kind)
        assert reading.observed_at.utcoffset() == timedelta(0)


NAMELESS = (
    "ShelterReport", "Footway", "HazardZone", "MessageSubscriber", "TransitPattern", "TransitDelay", "GtfsService",
    "OriginDestinationFlow",
)  # fmt: skip
"""What nobody calls by a name: reports, pieces of street, ground, people who asked to be told, courses of buses."""


def test_everything_in_town_has_a_name_in_japanese_and_english_and_is_said_to_be_simulated() -> None:
    inventory = town().inventory()
    entities = {reading.entity_id for reading in inventory}
    assert {r.entity_id for r in inventory if r.attribute == "simulated" and r.value is True} == entities
    names = {r.entity_id: r.value for r in inventory if r.attribute == "name"}
    assert {r.entity_id for r in inventory if r.entity_type not in NAMELESS} <= set(names)
    assert all(isinstance(name, dict) and {"ja", "en"} <= set(name) for name in names.values())
    assert {r.entity_id for r in past()} <= entities


def test_a_town_is_ready_within_seconds() -> None:
    before = time.process_time()
    fresh = Town(11, ANCHOR)
    count = sum(len(day) for day in history(fresh, ANCHOR))
    told = time.process_time()
    fresh.layers()
    drawn = time.process_time()
    assert count > 90_000
    assert told - before < 2.5
    assert drawn - told < 1.5


def test_instants_are_floored_from_1970() -> None:
    assert floor_to(ANCHOR + timedelta(minutes=9, seconds=59), TEN) == ANCHOR
    assert floor_to(ANCHOR, TEN) == ANCHOR
