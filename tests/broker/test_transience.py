"""What expires goes in time, subscribers hear of it, and what lasts stays."""

from dataclasses import replace
from datetime import timedelta

from tests.broker.conftest import OFFICER, START, gauge, subscription

from machinami.broker import operations
from machinami.broker.transience import sweep
from machinami.model.attribute import Attribute, Kind
from machinami.model.context import core

ONE = "urn:ngsi-ld:Gauge:1"
FLOW, LEVEL = core().expand("flow"), core().expand("level")
SOON = START + timedelta(seconds=5)


def passing(value: float) -> Attribute:
    return Attribute(Kind.PROPERTY, value, dataset_id="urn:x:passing", expires_at=SOON)


async def test_an_attribute_goes_when_its_time_has_come_and_not_before(town, house):
    lasting = Attribute(Kind.PROPERTY, 1)
    made = gauge()
    made = replace(made, attributes={**made.attributes, FLOW: (lasting, passing(2))})
    await operations.create(town, made, OFFICER)

    assert await sweep(town) == 0
    house.clock.pass_seconds(5)
    assert await sweep(town) == 1

    entity = operations.retrieve(town, ONE, OFFICER)
    assert [instance.value for instance in entity.attributes[FLOW]] == [1]
    assert LEVEL in entity.attributes
    assert await sweep(town) == 0


async def test_a_subscriber_hears_that_an_entity_has_expired(town, house):
    await house.broker.subscribe(
        town, replace(subscription("urn:s:1", "Gauge"), triggers=frozenset({"entityDeleted"})), OFFICER
    )
    await operations.create(town, replace(gauge(), expires_at=SOON), OFFICER)
    house.clock.pass_seconds(6)

    assert await sweep(town) == 1

    sent = await house.wire.until_sent(1)
    assert sent[0].document["data"][0]["id"] == ONE
    assert [change.by for change in await town.store.changes(1, 9)] == ["system"]


async def test_what_is_given_more_time_stays(town, house):
    await operations.create(town, replace(gauge(1), expires_at=SOON), OFFICER)
    await operations.create(town, replace(gauge(2), expires_at=SOON), OFFICER)
    later = START + timedelta(days=1)
    await operations.replace(town, ONE, replace(gauge(1), expires_at=later), OFFICER)
    house.clock.pass_seconds(6)

    assert await sweep(town) == 1

    assert operations.retrieve(town, ONE, OFFICER).expires_at == later
