"""What was read of the past is read again without the disk, and never later than it is true."""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.found import Instance, Readings, Series
from machinami.model.query import TemporalQuery, TimeRelation
from machinami.store.conformance.acts import (
    GAUGE,
    LABEL,
    LEVEL,
    at,
    create,
    end,
    gauge,
    observe,
    reading,
    removal,
    write,
)
from machinami.store.memory import MemoryBackend
from machinami.store.protocol import TownStore, Transaction
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.store.sqlite.history import Stretch
from machinami.store.sqlite.series_at_hand import SeriesAtHand
from machinami.store.timeline import readings

ONE = gauge(1).id
EVERY = TemporalQuery()


@pytest.fixture(params=["normal", "full"])
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TownStore]:
    backend = open_backend(tmp_path, StoreSettings(durability=request.param))
    found = await backend.open("default")
    await create(found, [gauge(1, level=reading(0, 0)), gauge(2, level=reading(9, 0))])
    yield found
    await backend.close()


async def past(town: TownStore, entity_id: str = ONE) -> list[float | int]:
    """The levels of a gauge, as they are read in columns and as they are read one by one."""
    series = await town.series([entity_id], [LEVEL], EVERY, 100)
    one_by_one = [instance.value.value for instance in await town.instances([entity_id], [LEVEL], EVERY)]
    numbers = [number for one in series if one.readings is not None for number in one.readings.numbers]
    assert numbers + [i.value.value for one in series for i in one.instances] == one_by_one
    return numbers


async def test_a_series_is_at_hand_until_its_entity_changes(town: TownStore) -> None:
    await observe(town, ONE, LEVEL, reading(1, 1))
    (first,) = await town.series([ONE], [LEVEL], EVERY, 100)
    await observe(town, gauge(2).id, LEVEL, reading(8, 1))
    (again,) = await town.series([ONE], [LEVEL], EVERY, 100)
    assert again.readings is first.readings
    assert await past(town, gauge(2).id) == [9, 8]

    await observe(town, ONE, LEVEL, reading(2, 2))

    assert await past(town) == [0, 1, 2]
    assert (await town.series([ONE], [LEVEL], replace(EVERY, last_n=1), 100))[0].readings == Readings([_at(2)], [2])
    assert (await town.series([ONE], [LEVEL], EVERY, 2))[0].readings == Readings([_at(0), _at(1)], [0, 1])


def _at(minute: float) -> int:
    return int(at(minute).timestamp() * 1_000_000)


async def _correct(town: TownStore) -> None:
    (first, *_) = await town.instances([ONE], [LEVEL], EVERY)
    entity = town.peek(ONE)
    assert isinstance(entity, Entity)
    assert first.value.instance_id is not None
    change = replace(removal(entity, LEVEL), after=None, attributes=(), types=(GAUGE,))
    name, after = first.value.instance_id, replace(first.value, value=7)
    assert await town.transact(lambda tx: tx.correct(ONE, LEVEL, name, after, replace(change, after=entity)))


def _work(work: Callable[[Transaction], object]) -> Callable[[TownStore], object]:
    return lambda town: town.transact(work)


EDITS = {
    "filled in": (_work(lambda tx: tx.add_history(Instance(ONE, LEVEL, reading(5, -1)))), [5, 0]),
    "forgotten": (_work(lambda tx: tx.remove_history(ONE, LEVEL)), []),
    "corrected": (_correct, [7]),
}


@pytest.mark.parametrize("edit", EDITS)
async def test_nobody_is_given_what_was_edited_since(town: TownStore, edit: str) -> None:
    assert await past(town) == [0]
    act, expected = EDITS[edit]

    await act(town)

    assert await past(town) == expected


async def test_a_work_that_failed_changes_nothing_of_what_is_read(town: TownStore) -> None:
    assert await past(town) == [0]

    def fail(tx: Transaction) -> None:
        tx.add_history(Instance(ONE, LEVEL, reading(5, -1)))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await town.transact(fail)
    assert await past(town) == [0]


async def test_what_is_marked_as_gone_is_read_as_gone(town: TownStore) -> None:
    assert await past(town) == [0]
    await end(town, ONE)
    series = await town.series([ONE], [LEVEL], EVERY, 100)
    assert len(series[0].instances) == 2
    await write(town, removal(_entity(town.peek(gauge(2).id)), LEVEL))
    assert len((await town.series([gauge(2).id], [LEVEL], EVERY, 100))[0].instances) == 2


def _entity(entity: Entity | None) -> Entity:
    assert entity is not None
    return entity


def _stretch(number: int, limit: int = 100) -> Stretch:
    return Stretch((gauge(number).id,), (LEVEL,), EVERY, limit)


def _series(number: int, count: int) -> Sequence[Series]:
    return [Series(gauge(number).id, LEVEL, readings=Readings(range(count), range(count)))]


def _question(draw: random.Random) -> tuple[list[str], TemporalQuery, int]:
    relation = draw.choice([None, *TimeRelation])
    first = draw.randrange(-5, 30)
    end = at(first + draw.randrange(1, 30)) if relation is TimeRelation.BETWEEN else None
    temporal = TemporalQuery(
        relation,
        None if relation is None else at(first),
        end,
        draw.choice(["observedAt", "observedAt", "observedAt", "modifiedAt", "createdAt"]),
        draw.choice([None, None, 1, 5]),
        draw.choice([None, None, None, ("@none",)]),
    )
    return draw.choice([[LEVEL], [LEVEL], [LABEL, LEVEL]]), temporal, draw.choice([3, 100])


async def _told(town: TownStore, question: tuple[list[str], TemporalQuery, int]) -> list[Any]:
    found = await town.series([ONE], *question)
    columns = [(one.attribute, list(one.readings.pairs())) for one in found if one.readings is not None]
    assert len(columns) == len(found)
    for one in found:
        assert one.readings is not None
        assert one.readings.pairs() == Readings(one.readings.moments, one.readings.numbers).pairs()
    return columns


@pytest.mark.parametrize("seed", range(12))
async def test_a_part_of_what_is_at_hand_is_what_would_be_read(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    memory, sqlite = MemoryBackend(), open_backend(tmp_path, StoreSettings())
    towns = [await memory.open("default"), await sqlite.open("default")]
    for town in towns:
        await create(town, [gauge(1, level=reading(0, 0), label=reading(9, 0))])
    for step in range(1, 25):
        minute, name = draw.randrange(0, 25), draw.choice([LEVEL, LEVEL, LABEL])
        value = reading(step, minute) if draw.random() < 0.8 else Attribute(Kind.PROPERTY, step, modified_at=at(step))
        for town in towns:
            await observe(town, ONE, name, value)
    for _ in range(60):
        question = _question(draw)
        assert await _told(towns[1], question) == await _told(towns[0], question)
    await sqlite.close()


async def test_a_series_that_grew_is_only_read_on(town: TownStore) -> None:
    for number in range(1, 5):
        await observe(town, ONE, LEVEL, reading(number, number))
    asked = TemporalQuery(TimeRelation.AFTER, at(1), last_n=3)
    (first,) = await town.series([ONE], [LEVEL], asked, 100)
    assert first.readings is not None
    first.readings.pairs()
    await observe(town, ONE, LEVEL, reading(5, 5))
    (grown,) = await town.series([ONE], [LEVEL], asked, 100)
    assert grown.readings == Readings([_at(3), _at(4), _at(5)], [3, 4, 5])
    assert grown.readings.pairs()[0] is first.readings.pairs()[1]
    await observe(town, ONE, LEVEL, reading(6, 3.5))  # told late
    (anew,) = await town.series([ONE], [LEVEL], asked, 100)
    assert anew.readings == Readings([_at(3.5), _at(4), _at(5)], [6, 4, 5])


async def _shown(town: TownStore, question: tuple[list[str], TemporalQuery, int]) -> list[Any]:
    """The numbers and moments of an answer, in whichever way they come."""
    found: list[Any] = []
    for one in await town.series([ONE], *question):
        columns = one.readings or readings(one.instances, question[1].property)
        bare = [(i.deleted_at, replace(i.value, instance_id=None)) for i in one.instances]
        found.append((one.attribute, bare if columns is None else list(columns.pairs())))
    return found


async def _happen(draw: random.Random, step: int, town: TownStore) -> None:
    """What may become of a gauge: mostly one reading more, sometimes a late one, an edit, or its end."""
    what, minute = draw.random(), draw.randrange(step + 1)
    name = draw.choice([LEVEL, LEVEL, LABEL])
    if town.peek(ONE) is None:
        await create(town, [gauge(1, level=reading(step, step))])
    elif what < 0.6:
        await observe(town, ONE, name, reading(step, step))
    elif what < 0.75:
        await observe(town, ONE, name, reading(step, minute))
    elif what < 0.8:
        await observe(town, ONE, name, Attribute(Kind.PROPERTY, step, modified_at=at(step)))
    elif what < 0.85:
        await observe(town, ONE, name, Attribute(Kind.PROPERTY, f"text {step}", observed_at=at(step)))
    elif what < 0.92:
        await town.transact(lambda tx: tx.add_history(Instance(ONE, name, reading(step, minute))))
    elif what < 0.96:
        await town.transact(lambda tx: tx.remove_history(ONE, name))
    else:
        await end(town, ONE)


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_between_two_questions_the_second_is_told_what_is_so(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    memory, sqlite = MemoryBackend(), open_backend(tmp_path, StoreSettings())
    towns = [await memory.open("default"), await sqlite.open("default")]
    for town in towns:
        await create(town, [gauge(1, level=reading(0, 0), label=reading(9, 0))])
    questions = [_question(draw) for _ in range(12)]
    for step in range(1, 60):
        chance = draw.random()
        for town in towns:
            await _happen(random.Random(chance), step, town)
        for question in draw.sample(questions, 3):
            assert await _shown(towns[1], question) == await _shown(towns[0], question)
    await sqlite.close()


def test_few_readings_stay_at_hand_those_that_were_asked_for_last() -> None:
    kept = SeriesAtHand(100)
    for number in range(1, 6):
        kept.keep(_stretch(number), _series(number, 30))
        kept.keep(_stretch(number), _series(number, 30))
    assert [number for number in range(1, 6) if kept.find(_stretch(number)) is not None] == [3, 4, 5]
    kept.keep(_stretch(9), _series(9, 1_000))
    assert kept.find(_stretch(9)) is None


def test_one_who_asks_for_ever_other_stretches_fills_no_memory() -> None:
    kept = SeriesAtHand()
    for limit in range(1, 200):
        kept.keep(_stretch(1, limit), _series(1, limit))  # of each there may be more
    assert 1 <= sum(kept.find(_stretch(1, limit)) is not None for limit in range(1, 200)) <= 16
