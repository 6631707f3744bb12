"""Is what has fallen silent found in every town, however many things there are, at a cost that is bounded?"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from machinami.app.checkup.silence import Silence
from machinami.broker.broker import Broker, Ports
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.model.attribute import Attribute, Kind
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.entity import Entity
from machinami.model.principal import Principal
from machinami.model.subscription import Subscription
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.wire.recorded import RecordedWire

GAUGE, LEVEL = town_context().expand("RiverGauge"), town_context().expand("waterLevel")
START = datetime(2026, 6, 30, 9, tzinfo=UTC)
OFFICER = Principal("officer")


class Clock:
    """A clock that is set by hand."""

    now = START

    def __call__(self) -> datetime:
        return self.now


def _no_subscription(*_: object) -> Subscription:
    raise AssertionError("nobody subscribes here")


@contextlib.asynccontextmanager
async def _towns(folder: Path, *names: str) -> AsyncIterator[tuple[Clock, list[Town]]]:
    clock, numbers, wire = Clock(), count(1), RecordedWire()
    backend = open_backend(folder, StoreSettings())
    broker = Broker(Ports(backend, wire, wire, clock, lambda: f"{next(numbers):06d}", _no_subscription))
    await broker.start()
    towns = [await broker.town(None), *[await broker.town(name, create=True) for name in names]]
    yield clock, towns
    await broker.close()


def _name(number: int) -> str:
    return f"urn:ngsi-ld:RiverGauge:{number:04d}"


async def _report(town: Town, clock: Clock, numbers: Sequence[int], minutes: Sequence[float]) -> None:
    """Each of these gauges reports at each of these minutes after the start."""
    for minute in minutes:
        clock.now = at = START + timedelta(minutes=minute)
        for number in numbers:
            before = town.store.peek(_name(number))
            value = Attribute(Kind.PROPERTY, minute, observed_at=at, created_at=at, modified_at=at)
            after = Entity(_name(number), (GAUGE,), {LEVEL: (value,)}, created_at=at, modified_at=at)
            was = None if before is None else before.attributes[LEVEL][0]
            verb = Verb.CREATED if before is None else Verb.UPDATED
            parts = (AttributeChange(LEVEL, was, value),)
            change = Change(verb, after.id, after.types, before, after, parts, at, "officer")
            await town.store.transact(lambda tx, change=change: tx.write(change))  # type: ignore[misc]


async def _silent(silence: Silence, towns: Sequence[Town], clock: Clock) -> set[tuple[str, str]]:
    found, _ = await silence.look(towns, clock.now)
    return {(one.town, one.id) for one in found}


async def test_what_is_silent_is_found_in_every_town_and_no_more_once_it_reports(tmp_path: Path) -> None:
    async with _towns(tmp_path, "east") as (clock, towns):
        for town in towns:
            await _report(town, clock, [1, 2], range(0, 60, 5))
        for minute in range(60, 120, 5):
            await _report(towns[0], clock, [1, 2], [minute])
            await _report(towns[1], clock, [2], [minute])
        silence = Silence()
        found, seen = await silence.look(towns, clock.now)
        assert ([(one.town, one.id, one.type, one.usual) for one in found], seen) == (
            [("east", _name(1), "RiverGauge", 300.0)], 4)  # fmt: skip
        await _report(towns[1], clock, [1], [115])
        assert await _silent(silence, towns, clock) == set()
        clock.now += timedelta(minutes=30)
        assert len(await _silent(silence, towns, clock)) == 4
        assert await _silent(silence, towns[:1], clock) == {("default", _name(1)), ("default", _name(2))}


async def test_a_look_costs_the_same_however_many_there_are_and_a_round_finds_all(tmp_path: Path) -> None:
    async with _towns(tmp_path, "east") as (clock, towns):
        for town in towns:
            await _report(town, clock, range(30), range(0, 30, 5))
        clock.now += timedelta(hours=1)
        silence, asked = Silence(at_once=10), []
        for town in towns:
            town.store.find = _counted(town.store.find, asked)  # type: ignore[method-assign]
        found: set[tuple[str, str]] = set()
        for look in range(8):
            found = await _silent(silence, towns, clock)
            assert sum(asked) <= 30 * (look + 1)
        assert len(found) == 60
        assert (await silence.look(towns, clock.now))[1] == 60


def _counted(find, asked):  # type: ignore[no-untyped-def]
    def ask(query, page, now):  # type: ignore[no-untyped-def]
        asked.append(len(query.ids))
        return find(query, page, now)

    return ask


async def test_what_was_taken_away_is_not_silent(tmp_path: Path) -> None:
    async with _towns(tmp_path) as (clock, towns):
        await _report(towns[0], clock, [1], range(0, 60, 5))
        clock.now += timedelta(hours=1)
        silence = Silence()
        assert len(await _silent(silence, towns, clock)) == 1
        gone = towns[0].store.peek(_name(1))
        assert gone is not None
        change = Change(Verb.DELETED, gone.id, gone.types, gone, None, (), clock.now, "officer")
        await towns[0].store.transact(lambda tx: tx.write(replace(change)))
        assert await _silent(silence, towns, clock) == set()
