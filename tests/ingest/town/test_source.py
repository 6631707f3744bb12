"""Does the simulated town tell its past, then live at its pace, and never speak from the future?"""

import asyncio
import tomllib
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.ingest.town import source
from machinami.ingest.town.circle import circle
from machinami.ingest.town.pace import Pace
from machinami.ingest.town.simulate import Town
from machinami.ingest.town.source import Settings, Simulation
from machinami.ingest.town.street import street
from machinami.model.reading import Reading

START = datetime(2026, 9, 1, 12, 3, 20, tzinfo=UTC)
MANIFEST = tomllib.loads(Path(source.__file__).with_name("manifest.toml").read_text(encoding="utf-8"))


class FakeTime:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = START

    def clock(self) -> datetime:
        """Return the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.now += timedelta(seconds=seconds)


class FakeCity:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []

    async def deliver(self, readings: Sequence[Reading]) -> None:
        """Take readings."""
        self.readings.extend(readings)


def alive(settings: Settings, **more: datetime) -> tuple[Simulation, FakeTime, FakeCity]:
    time, city = FakeTime(), FakeCity()
    return Simulation(settings, city.deliver, time.clock, time.sleep, **more), time, city


@given(*map(st.floats, (0.0, 1.0, 0.0, 0.0, 0.0), (48.0, 3600.0, 600.0, 1e5, 1e4)))
def test_the_towns_clock_never_runs_back_and_never_ahead(
    lead: float, speed: float, paused: float, real: float, on: float
) -> None:
    pace = Pace(START, timedelta(hours=lead), speed, timedelta(seconds=paused))
    sooner, later = START + timedelta(seconds=real), START + timedelta(seconds=real + on)
    assert pace.at(sooner) <= pace.at(later) <= later
    assert pace.real_until(pace.at(sooner), sooner) == 0.0


def test_a_fast_town_catches_up_and_then_keeps_the_time() -> None:
    pace = Pace(START, timedelta(hours=5), 150.0)
    assert pace.at(START) == START - timedelta(hours=5)
    assert not pace.caught_up(START + timedelta(seconds=100))
    assert pace.caught_up(START + timedelta(seconds=121))
    ahead = START + timedelta(hours=1)
    assert pace.real_until(ahead, START + timedelta(minutes=30)) == 1800.0


async def test_the_past_is_told_without_a_gap_before_life_begins() -> None:
    simulation, _, city = alive(Settings(days=2))
    told = await simulation.tell_past()
    await simulation.step()
    assert told < len(city.readings)
    observed = sorted({r.observed_at for r in city.readings if r.attribute == "waterLevel"})
    assert {b - a for a, b in pairwise(observed)} == {timedelta(minutes=10)}
    assert observed[0] == simulation.town.anchor - timedelta(days=2)


async def test_no_time_passes_in_town_while_a_slow_machine_takes_in_its_past() -> None:
    time, city, shown = FakeTime(), FakeCity(), set()

    async def deliver(readings: Sequence[Reading]) -> None:
        await time.sleep(5)
        shown.add(simulation.now)
        await city.deliver(readings)

    simulation = Simulation(Settings(days=1), deliver, time.clock, time.sleep)
    await simulation.tell_past()
    assert time.now > START + timedelta(seconds=60)
    assert shown == {simulation.now}
    readings = await simulation.step()
    assert {r.observed_at for r in readings} == {simulation.town.anchor + timedelta(minutes=10)}


async def test_a_visitor_sees_danger_within_three_minutes() -> None:
    simulation, time, city = alive(Settings(days=1))
    await simulation.tell_past()
    bridge = simulation.town.gauges[3]
    entity = f"urn:ngsi-ld:RiverGauge:machinami-{bridge.key}"
    while not any(r.entity_id == entity and float(str(r.value)) > bridge.judgement for r in await simulation.step()):
        assert time.now - START < timedelta(minutes=3)
    assert max(reading.observed_at for reading in city.readings) <= time.now


async def test_after_catching_up_levels_come_every_minute_and_none_comes_twice() -> None:
    simulation, time, city = alive(Settings(days=1))
    await simulation.tell_past()
    while time.now < START + timedelta(minutes=20):
        await simulation.step()
        assert max(reading.observed_at for reading in city.readings) <= time.now
    seen = [(r.entity_id, r.attribute, r.observed_at) for r in city.readings if r.attribute != "name"]
    assert len(seen) == len(set(seen))
    last = [r.observed_at for r in city.readings if r.attribute == "waterLevel"][-40:]
    assert {b - a for a, b in pairwise(last)} <= {timedelta(0), timedelta(minutes=1)}


async def test_a_town_that_lived_before_goes_on_where_it_stopped() -> None:
    first, _, before = alive(Settings(days=1))
    await first.tell_past()
    for _ in range(6):
        await first.step()
    reached = max(reading.observed_at for reading in before.readings)
    again, time, after = alive(Settings(days=1), anchor=first.town.anchor, resume=reached)
    told = await again.tell_past()
    assert told == len(again.town.inventory())
    while time.now < START + timedelta(minutes=3):
        await again.step()
    news = after.readings[told:]
    assert min(reading.observed_at for reading in news) == reached + timedelta(minutes=10)
    both = [*before.readings, *news]
    expected = first.town.readings(first.town.first, reached + timedelta(seconds=1))
    assert [r for r in before.readings if r.attribute == "waterLevel"] == [
        r for r in expected if r.attribute == "waterLevel"
    ]
    assert len({(r.entity_id, r.attribute, r.observed_at) for r in both}) == len(both)


async def test_a_running_town_stops_when_it_is_told_to() -> None:
    city = FakeCity()
    simulation = Simulation(Settings(days=1), city.deliver, lambda: START, asyncio.sleep)
    task = asyncio.create_task(simulation.run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert city.readings


def test_the_manifest_says_the_same_settings_as_the_code() -> None:
    said = {name: setting["default"] for name, setting in MANIFEST["settings"].items()}
    assert said == {field.name: field.default for field in fields(Settings)}


async def test_the_manifest_declares_exactly_what_the_town_writes() -> None:
    simulation, _, city = alive(Settings(days=1))
    await simulation.tell_past()
    town = simulation.town
    written: dict[str, set[str]] = {}
    for reading in [*city.readings, *town.readings(town.anchor, town.anchor + timedelta(days=1))]:
        written.setdefault(reading.entity_type, set()).add(reading.attribute)
    assert written == {row["type"]: set(row["attributes"]) for row in MANIFEST["writes"]}


async def test_what_was_planned_and_decided_comes_in_batches_that_are_no_past() -> None:
    """A longer batch of readings that lie hours back goes into the history alone, and nothing of it would stand."""
    batches: list[Sequence[Reading]] = []

    async def deliver(readings: Sequence[Reading]) -> None:
        batches.append(readings)

    simulation = Simulation(Settings(days=1), deliver, lambda: START, asyncio.sleep)
    await simulation.tell_past()
    told = {one.entity_type for batch in batches for one in batch}
    assert {"Initiative", "CostItem", "Consortium", "BudgetRound", "WellBeingSurvey", "RiverGauge"} <= told
    facts = {(one.entity_id, one.attribute) for one in simulation.town.inventory()}
    facts |= {(one.entity_id, one.attribute) for one in circle(START.astimezone(ZoneInfo("Asia/Tokyo")).date(), START)}
    assert ("urn:ngsi-ld:RiverGauge:machinami-minami-seki", "dangerLevel") in facts
    long = [one for batch in batches if len(batch) > 1_000 for one in batch]
    assert [one for one in long if (one.entity_id, one.attribute) in facts] == []


async def test_a_town_that_catches_up_tells_what_its_staff_said_meanwhile_as_news() -> None:
    batches: list[Sequence[Reading]] = []

    async def deliver(readings: Sequence[Reading]) -> None:
        batches.append(readings)

    anchor, resume = START - timedelta(hours=30), START - timedelta(hours=29)
    simulation = Simulation(Settings(days=1), deliver, lambda: START, asyncio.sleep, anchor, resume)
    await simulation.tell_past()
    batches.clear()
    told = await simulation.step()
    assert sum(len(batch) for batch in batches) == len(told) > 1_000
    assert max(len(batch) for batch in batches) <= 1_000
    assert "ShelterReport" in {one.entity_type for one in told}


def test_whatever_stands_in_the_town_can_be_written_down_as_json() -> None:
    town = Town(1, START, 2)
    zone = ZoneInfo("Asia/Tokyo")
    day = START.astimezone(zone).date()
    for row in (*town.inventory(), *town.coolness(), *circle(day, START), *street(town.land, START, zone)):
        value = dict(row.value) if isinstance(row.value, dict) else row.value
        assert orjson.dumps(value), (row.entity_id, row.attribute)
