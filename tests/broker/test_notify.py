"""The log is the outbox: nothing is lost when receivers fail or the town stops, and nobody waits for a dead one."""

import asyncio

from tests.broker.conftest import OFFICER, gauge, level, subscription

from machinami.broker import operations
from machinami.model.context import core
from machinami.wire.protocol import Delivery

ONE = "urn:ngsi-ld:Gauge:1"


def values(sent) -> list[float]:
    return [entity["level"]["value"] for one in sent for entity in one.document["data"]]


async def test_a_subscriber_hears_of_every_change_in_order(town, house):
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    for value in (2.0, 3.0, 4.0):
        await operations.update(town, ONE, level(value), OFFICER)

    sent = await house.wire.until_sent(4)

    assert values(sent) == [1.5, 2.0, 3.0, 4.0]
    assert {one.document["subscriptionId"] for one in sent} == {"urn:s:1"}


async def test_a_subscriber_does_not_hear_of_other_types_or_of_what_was_before(town, house):
    await operations.create(town, gauge(1), OFFICER)
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge"), OFFICER)
    await house.broker.subscribe(town, subscription("urn:s:2", "Camera"), OFFICER)
    await operations.create(town, gauge(2), OFFICER)

    sent = await house.wire.until_sent(1)
    await asyncio.sleep(0)

    assert [one.document["data"][0]["id"] for one in sent] == ["urn:ngsi-ld:Gauge:2"]


async def test_a_receiver_that_fails_gets_the_same_notification_again_and_none_is_lost(town, house):
    refusals = [Delivery(False, 500, "the receiver answered 500")]
    house.wire.answer = lambda _: refusals.pop() if refusals else Delivery(True, 200)
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    await operations.update(town, ONE, level(2.0), OFFICER)

    sent = await house.wire.until_sent(3)

    assert values(sent) == [1.5, 1.5, 2.0]
    progress = house.broker.subscription(town, "urn:s:1").progress
    assert (progress.times_failed, progress.last_reason) == (1, "")


async def test_a_dead_receiver_delays_no_other(town, house):
    house.wire.answer = lambda sent: Delivery(sent.uri != "http://dead.invalid/", None, "no answer")
    await house.broker.subscribe(town, subscription("urn:s:dead", "Gauge", "http://dead.invalid/"), OFFICER)
    await house.broker.subscribe(town, subscription("urn:s:alive", "Gauge", "http://alive.invalid/"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    for value in (2.0, 3.0):
        await operations.update(town, ONE, level(value), OFFICER)

    await house.wire.until_sent(4)

    alive = [one for one in house.wire.sent if one.uri == "http://alive.invalid/"]
    assert values(alive) == [1.5, 2.0, 3.0]


async def test_what_could_not_be_told_before_a_stop_is_told_after_the_next_start(town, house):
    house.wire.answer = lambda _: Delivery(False, None, "no answer")
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    await house.wire.until_sent(1)
    await operations.update(town, ONE, level(2.0), OFFICER)
    await house.close()
    house.wire.sent.clear()
    house.wire.answer = lambda _: Delivery(True, 200)

    await house.open()
    sent = await house.wire.until_sent(2)

    assert values(sent) == [1.5, 2.0]


async def test_more_changes_than_memory_holds_are_read_from_the_log(town, house):
    house.wire.gate.clear()
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    await asyncio.gather(*(operations.update(town, ONE, level(float(n)), OFFICER) for n in range(2_500)))
    house.wire.gate.set()

    sent = await house.wire.until_sent(2_501, seconds=60)

    assert values(sent) == [1.5, *map(float, range(2_500))]


async def test_throttling_tells_the_latest_state_when_its_period_is_over(town, house):
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge", throttling=0.2), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    await house.wire.until_sent(1)
    for value in (2.0, 3.0, 4.0):
        await operations.update(town, ONE, level(value), OFFICER)
    house.clock.pass_seconds(0.1)

    sent = await house.wire.until_sent(2)

    assert values(sent) == [1.5, 4.0]


async def test_a_subscription_that_is_forgotten_hears_nothing_more(town, house):
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    await house.wire.until_sent(1)
    await house.broker.unsubscribe(town, "urn:s:1", OFFICER)
    await operations.update(town, ONE, level(2.0), OFFICER)

    assert len(house.wire.sent) == 1
    assert list(house.broker.subscriptions(town)) == []


async def test_a_record_that_cannot_be_read_is_set_aside_and_the_town_starts(town, house):
    await town.store.transact(lambda tx: tx.put_record("subscription", "urn:s:bad", {"document": {}}))
    await house.close()

    again = await house.open()
    await operations.create(again, gauge(), OFFICER)

    assert "urn:s:bad" in house.broker.set_aside[0]
    assert operations.retrieve(again, ONE, OFFICER).id == ONE
    assert core().expand("Gauge") in operations.retrieve(again, ONE, OFFICER).types
