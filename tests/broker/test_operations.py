"""Writes are rules inside one transaction: they see what is there, lose nothing, and say clearly what is wrong."""

import asyncio

import pytest
from tests.broker.conftest import OFFICER, gauge, level

from machinami.broker import batch, discovery, operations
from machinami.foundation.errors import AlreadyExists, NotFound
from machinami.model.context import core
from machinami.model.expansion import expand_fragment
from machinami.model.plain import plain_of
from machinami.model.query import Page, Query, TypeIs

LEVEL = core().expand("level")
ONE = "urn:ngsi-ld:Gauge:1"


async def test_an_entity_that_was_created_can_be_retrieved(town):
    await operations.create(town, gauge(), OFFICER)

    found = operations.retrieve(town, ONE, OFFICER)

    assert found.get(LEVEL).value == 1.5
    assert found.created_at == found.modified_at == town.clock()


async def test_an_entity_cannot_be_created_twice(town):
    await operations.create(town, gauge(), OFFICER)

    with pytest.raises(AlreadyExists, match="urn:ngsi-ld:Gauge:1"):
        await operations.create(town, gauge(level=9.9), OFFICER)

    assert operations.retrieve(town, ONE, OFFICER).get(LEVEL).value == 1.5


async def test_writes_at_the_same_moment_do_not_lose_each_other(town):
    await operations.create(town, gauge(), OFFICER)
    fragments = [expand_fragment({f"a{n}": {"type": "Property", "value": n}}, core()) for n in range(50)]

    await asyncio.gather(*(operations.append(town, ONE, fragment, True, OFFICER) for fragment in fragments))

    found = operations.retrieve(town, ONE, OFFICER)
    assert {core().compact(name) for name in found.attributes} == {"level", *(f"a{n}" for n in range(50))}


async def test_a_deleted_entity_is_gone_and_deleting_it_again_says_so(town):
    await operations.create(town, gauge(), OFFICER)
    await operations.delete(town, ONE, OFFICER)

    with pytest.raises(NotFound):
        operations.retrieve(town, ONE, OFFICER)
    with pytest.raises(NotFound, match="urn:ngsi-ld:Gauge:1"):
        await operations.delete(town, ONE, OFFICER)


async def test_each_entity_of_a_batch_succeeds_or_fails_by_itself(town):
    await operations.create(town, gauge(2), OFFICER)

    outcomes = await batch.create_all(town, [gauge(1), gauge(2), gauge(3)], OFFICER)

    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert isinstance(outcomes[1].error, AlreadyExists)
    found = await operations.query(town, Query(types=TypeIs(core().expand("Gauge"))), Page(count=True), OFFICER)
    assert found.count == 3


async def test_what_is_plain_is_written_without_a_look_inside(house):
    town = await house.open()
    await operations.create(town, gauge(1), OFFICER)
    house.clock.pass_seconds(1)

    await batch.upsert_all(town, [gauge(1, 2.0), gauge(2)], replace=True, by=OFFICER)
    house.clock.pass_seconds(1)
    await operations.replace(town, ONE, gauge(1, 3.0), OFFICER)

    for entity in map(town.store.peek, (ONE, "urn:ngsi-ld:Gauge:2")):
        assert plain_of(entity) is not None
    assert operations.retrieve(town, ONE, OFFICER).get(LEVEL).value == 3.0


async def test_an_upsert_says_which_entities_are_new(town):
    await operations.create(town, gauge(1), OFFICER)

    outcomes = await batch.upsert_all(town, [gauge(1, 2.0), gauge(2, 3.0)], replace=True, by=OFFICER)

    assert [outcome.created for outcome in outcomes] == [False, True]
    assert operations.retrieve(town, ONE, OFFICER).get(LEVEL).value == 2.0


async def test_types_and_attributes_in_use_are_discovered(town):
    await batch.create_all(town, [gauge(1), gauge(2)], OFFICER)

    (summary,) = await discovery.types(town, OFFICER)
    (attribute,) = await discovery.attributes(town, OFFICER)

    assert (summary.type, summary.entity_count) == (core().expand("Gauge"), 2)
    assert (attribute.name, attribute.count, attribute.kinds) == (LEVEL, 2, ("Property",))


async def test_an_update_of_an_attribute_that_changes_nothing_else_keeps_the_creation_time(town, house):
    await operations.create(town, gauge(), OFFICER)
    created = house.clock.now
    house.clock.pass_seconds(60)

    await operations.update(town, ONE, level(1.7), OFFICER)

    found = operations.retrieve(town, ONE, OFFICER)
    assert (found.created_at, found.modified_at) == (created, house.clock.now)
    assert (found.get(LEVEL).created_at, found.get(LEVEL).modified_at) == (created, house.clock.now)
