"""The log is the outbox: nothing is lost when receivers fail or the town stops, and nobody waits for a dead one."""

import asyncio
from dataclasses import replace

from tests.broker.conftest import OFFICER, gauge, level, subscription

from machinami.broker import operations
from machinami.broker.subscriptions import PROGRESS
from machinami.model import parse
from machinami.model.context import core
from machinami.model.expansion import expand_entity
from machinami.model.linking import Join
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


async def test_a_value_that_is_written_again_as_it_was_is_no_change(town, house):
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    for value in (2.0, 2.0, 2.0, 3.0):
        await operations.update(town, ONE, level(value), OFFICER)

    assert values(await house.wire.until_sent(3)) == [1.5, 2.0, 3.0]


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
    progress = house.broker.subscription(town, "urn:s:1", OFFICER).progress
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
    assert list(house.broker.subscriptions(town, OFFICER)) == []


async def test_a_record_that_cannot_be_read_is_set_aside_and_the_town_starts(town, house):
    await town.store.transact(lambda tx: tx.put_record("subscription", "urn:s:bad", {"document": {}}))
    await house.close()

    again = await house.open()
    await operations.create(again, gauge(), OFFICER)

    assert "urn:s:bad" in house.broker.set_aside[0]
    assert operations.retrieve(again, ONE, OFFICER).id == ONE
    assert core().expand("Gauge") in operations.retrieve(again, ONE, OFFICER).types


async def test_the_default_is_to_tell_of_new_and_changed_attributes_not_of_deleted_ones(town, house):
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    await operations.delete(town, ONE, OFFICER)
    await operations.create(town, gauge(2), OFFICER)

    sent = await house.wire.until_sent(2)

    assert [one.document["data"][0]["id"] for one in sent] == [ONE, "urn:ngsi-ld:Gauge:2"]


async def test_every_trigger_fires_for_its_own_changes(town, house):
    expected = {
        "entityCreated": 1, "entityDeleted": 1, "attributeCreated": 1, "attributeUpdated": 2, "attributeDeleted": 1,
        "entityUpdated": 4,
    }  # fmt: skip
    for trigger in expected:
        one = subscription(f"urn:s:{trigger}", "Gauge", triggers=(trigger,))
        await house.broker.subscribe(town, one, OFFICER)
    await operations.create(town, gauge(), OFFICER)
    for value in (2.0, 3.0):
        await operations.update(town, ONE, level(value), OFFICER)
    await operations.delete(town, ONE, OFFICER)

    await house.wire.until_sent(sum(expected.values()))

    told = [one.document["subscriptionId"].removeprefix("urn:s:") for one in house.wire.sent]
    assert {trigger: told.count(trigger) for trigger in expected} == expected


async def test_a_deleted_entity_is_told_with_the_time_of_its_end(town, house):
    await operations.create(town, gauge(), OFFICER)
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge", triggers=("entityDeleted",)), OFFICER)
    house.clock.pass_seconds(60)
    await operations.delete(town, ONE, OFFICER)

    sent = await house.wire.until_sent(1)

    assert sent[0].document["data"] == [{"id": ONE, "type": "Gauge", "deletedAt": "2026-06-30T09:01:00Z"}]


async def test_a_condition_on_a_linked_entity_is_looked_up_here(town, house):
    condition = parse.parse_q("river{depth}>2", core())
    deep, shallow = (river(number, depth) for number, depth in ((1, 3.0), (2, 1.0)))
    for entity in (deep, shallow):
        await operations.create(town, entity, OFFICER)
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge", q=condition), OFFICER)
    await operations.create(town, at_river(1, shallow.id), OFFICER)
    await operations.create(town, at_river(2, deep.id), OFFICER)

    sent = await house.wire.until_sent(1)

    assert [one.document["data"][0]["id"] for one in sent] == ["urn:ngsi-ld:Gauge:2"]


async def test_linked_entities_are_told_along(town, house):
    await operations.create(town, river(1, 3.0), OFFICER)
    flat, inline = (
        replace(wish, notification=replace(wish.notification, join=Join(flat=wish.id == "urn:s:flat")))
        for wish in (subscription("urn:s:flat", "Gauge"), subscription("urn:s:inline", "Gauge"))
    )
    for wish in (flat, inline):
        await house.broker.subscribe(town, wish, OFFICER)
    await operations.create(town, at_river(1, "urn:ngsi-ld:River:1"), OFFICER)

    sent = {one.document["subscriptionId"]: one.document["data"] for one in await house.wire.until_sent(2)}

    assert [entity["id"] for entity in sent["urn:s:flat"]] == ["urn:ngsi-ld:Gauge:1", "urn:ngsi-ld:River:1"]
    assert sent["urn:s:inline"][0]["river"]["entity"]["depth"]["value"] == 3.0


async def test_a_subscriber_by_time_hears_of_all_that_match(town, house):
    for number in range(1, 4):
        await operations.create(town, gauge(number), OFFICER)
    await house.broker.subscribe(town, subscription("urn:s:1", "Gauge", time_interval=0.05), OFFICER)

    sent = await house.wire.until_sent(2)

    assert len(sent[0].document["data"]) == 3


async def test_notifications_in_json_ld_carry_their_context_in_every_entity_and_those_in_json_link_it(town, house):
    for kind in ("json", "ld+json", "geo+json"):
        wish = subscription(f"urn:s:{kind}", "Gauge")
        endpoint = replace(wish.notification.endpoint, accept=f"application/{kind}")
        await house.broker.subscribe(
            town, replace(wish, notification=replace(wish.notification, endpoint=endpoint)), OFFICER
        )
    await operations.create(town, gauge(), OFFICER)

    sent = {one.document["subscriptionId"]: one for one in await house.wire.until_sent(3)}

    plain, linked, geo = (sent[f"urn:s:{kind}"] for kind in ("json", "ld+json", "geo+json"))
    assert "rel=" in plain.headers["Link"]
    assert "@context" not in plain.document["data"][0]
    assert "Link" not in linked.headers
    assert linked.document["data"][0]["@context"] == core().core_url
    assert "Link" not in geo.headers
    assert geo.document["data"]["@context"] == core().core_url


def river(number: int, depth: float):
    return expand_entity({"id": f"urn:ngsi-ld:River:{number}", "type": "River", "depth": depth}, core())


def at_river(number: int, target: str):
    link = {"type": "Relationship", "object": target}
    return expand_entity({"id": f"urn:ngsi-ld:Gauge:{number}", "type": "Gauge", "river": link}, core())


async def test_who_has_nothing_to_be_told_holds_the_log_back_neither_while_the_town_runs_nor_after_a_crash(town, house):
    await house.broker.subscribe(town, subscription("urn:s:1", "Camera"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    await asyncio.gather(*(operations.update(town, ONE, level(float(n)), OFFICER) for n in range(1_200)))
    async with asyncio.timeout(20):
        while (await town.store.records(PROGRESS))["urn:s:1"]["cursor"] < 1_000:
            await asyncio.sleep(0.05)
    assert min(house.broker.cursors(town)) > 1_000


async def test_many_who_are_far_behind_hold_nobody_up_when_the_town_starts_again(town, house):
    for number in range(50):
        await house.broker.subscribe(town, subscription(f"urn:s:{number}", "Camera"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    await asyncio.gather(*(operations.update(town, ONE, level(float(n)), OFFICER) for n in range(900)))
    kept = await town.store.records(PROGRESS)
    await house.close()
    town = await house.open()
    for name, record in kept.items():  # as a crash would have left it
        await town.store.transact(lambda tx, name=name, record=record: tx.put_record(PROGRESS, name, record))
    house.broker, closing = None, house.broker
    await closing.close()
    town = await house.open()
    await house.broker.subscribe(town, subscription("urn:s:new", "Gauge"), OFFICER)
    await operations.update(town, ONE, level(-1.0), OFFICER)
    assert values(await house.wire.until_sent(1)) == [-1.0]
