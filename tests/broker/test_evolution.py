"""The past is told, mended and forgotten without touching the present, and nobody is told of it as news."""

from datetime import timedelta

import pytest
from tests.broker.conftest import OFFICER, START, gauge, level, subscription

from machinami.broker import evolution, history, operations
from machinami.broker.history import Span
from machinami.foundation.errors import NotFound
from machinami.model.attribute import Attribute, Kind
from machinami.model.context import core
from machinami.model.query import TemporalQuery
from machinami.model.temporal_document import Evolution, expand_additions, expand_evolution

LEVEL = core().expand("level")
ONE = "urn:ngsi-ld:Gauge:1"


def past(*values: float, **more: object) -> Evolution:
    """A level that was observed once an hour, the first time a day before the clock starts."""
    begin = START - timedelta(days=1)
    rows = [
        {"value": value, "observedAt": (begin + timedelta(hours=hour)).isoformat()[:19] + "Z"}
        for hour, value in enumerate(values)
    ]
    return expand_evolution({"id": ONE, "type": "Gauge", "level": rows, **more}, core())


async def instances(town, name: str = LEVEL):
    return await history.instances(town, [ONE], [name], TemporalQuery(), OFFICER)


async def values(town) -> list[object]:
    return [one.value.value for one in await instances(town)]


async def test_a_past_is_told_of_what_was_never_there(town):
    assert await evolution.tell(town, ONE, past(1, 2), OFFICER)
    assert not await evolution.tell(town, ONE, past(3), OFFICER)

    assert sorted(await values(town)) == [1, 2, 3]
    assert operations.peek(town, ONE, OFFICER) is None
    found = await history.retrieve_past(town, ONE, Span(None, TemporalQuery()), OFFICER)
    assert found.entity.types == (core().expand("Gauge"),)


async def test_what_is_told_was_entered_now(town):
    await evolution.tell(town, ONE, past(1), OFFICER)

    (one,) = await instances(town)
    assert (one.value.created_at, one.value.modified_at) == (START, START)
    assert one.value.instance_id


async def test_the_present_stays_and_nobody_is_told(town, house):
    await operations.create(town, gauge(), OFFICER)
    present = operations.retrieve(town, ONE, OFFICER)
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge"), OFFICER)

    await evolution.tell(town, ONE, past(7, 8), OFFICER)
    named = (await instances(town))[0].value.instance_id
    await evolution.replace_instance(town, ONE, LEVEL, named, Attribute(Kind.PROPERTY, 70), OFFICER)
    await evolution.forget_instance(town, ONE, LEVEL, (await instances(town))[0].value.instance_id, OFFICER)
    assert operations.retrieve(town, ONE, OFFICER) == present

    await operations.update(town, ONE, level(2.0), OFFICER)
    (told,) = await house.wire.until_sent(1)
    assert told.document["data"][0]["level"]["value"] == 2.0


async def test_an_entity_that_is_there_gains_the_types_that_its_past_has(town):
    await operations.create(town, gauge(), OFFICER)

    await evolution.tell(town, ONE, past(1, type=["Gauge", "Sensor"]), OFFICER)

    types = operations.retrieve(town, ONE, OFFICER).types
    assert [core().compact(name) for name in types] == ["Gauge", "Sensor"]


async def test_additions_need_something_to_add_to(town):
    told = expand_additions({"level": [{"value": 1, "observedAt": "2026-06-29T09:00:00Z"}]}, core())
    with pytest.raises(NotFound, match=ONE):
        await evolution.add(town, ONE, told, OFFICER)

    await evolution.tell(town, ONE, past(), OFFICER)
    await evolution.add(town, ONE, told, OFFICER)
    assert await values(town) == [1]


async def test_a_replaced_instance_keeps_its_name_and_when_it_was_entered(town, house):
    await evolution.tell(town, ONE, past(1, 2), OFFICER)
    (first, _) = await instances(town)
    house.clock.pass_seconds(60)
    named = first.value.instance_id
    new = Attribute(Kind.PROPERTY, 9, observed_at=START + timedelta(days=1))

    await evolution.replace_instance(town, ONE, LEVEL, named, new, OFFICER)

    moved = (await instances(town))[-1].value
    assert (moved.value, moved.instance_id, moved.observed_at) == (9, named, new.observed_at)
    assert (moved.created_at, moved.modified_at) == (START, START + timedelta(seconds=60))
    (logged,) = await town.store.changes(0, 10)
    assert logged.by == OFFICER.id
    assert (logged.attributes[0].before.value, logged.attributes[0].after.value) == (1, 9)


async def test_what_is_not_there_can_be_neither_mended_nor_forgotten(town):
    with pytest.raises(NotFound, match=ONE):
        await evolution.forget(town, ONE, OFFICER)
    with pytest.raises(NotFound, match=ONE):
        await evolution.forget_instance(town, ONE, LEVEL, "urn:i:1", OFFICER)
    await evolution.tell(town, ONE, past(1), OFFICER)
    with pytest.raises(NotFound, match="urn:i:1"):
        await evolution.forget_instance(town, ONE, LEVEL, "urn:i:1", OFFICER)
    with pytest.raises(NotFound, match="with the dataset urn:d:1"):
        await evolution.forget_attribute(town, ONE, LEVEL, OFFICER, "urn:d:1")


async def test_the_present_outlives_its_past(town):
    await operations.create(town, gauge(), OFFICER)

    await evolution.forget(town, ONE, OFFICER)

    assert await values(town) == []
    assert operations.retrieve(town, ONE, OFFICER).get(LEVEL).value == 1.5


async def test_a_deletion_that_is_told_without_a_time_was_observed_or_is_now(town):
    null = {"type": "Property", "value": "urn:ngsi-ld:null"}
    rows = [null, {**null, "observedAt": "2026-06-01T00:00:00Z"}, {**null, "deletedAt": "2026-05-01T00:00:00Z"}]

    await evolution.tell(town, ONE, expand_evolution({"id": ONE, "type": "Gauge", "level": rows}, core()), OFFICER)

    assert [one.deleted_at.isoformat()[:10] for one in await instances(town)] == [
        "2026-05-01",
        "2026-06-01",
        "2026-06-30",
    ]
