"""Notifications are numbered, grow too old, can be held, tested and told again, and it can be asked why."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.broker.conftest import OFFICER, START, gauge, level, subscription

from machinami.broker import operations
from machinami.broker.subscriptions import Progress
from machinami.broker.tending import Tending
from machinami.broker.untold import Untold, with_untold
from machinami.foundation.errors import NotFound
from machinami.model import parse
from machinami.model.context import core
from machinami.wire.protocol import Delivery

ONE, SUB = "urn:ngsi-ld:Gauge:1", "urn:s:1"
DEAD = Delivery(False, 503, "the receiver answered 503")


def values(sent) -> list[float]:
    return [entity["level"]["value"] for one in sent for entity in one.document["data"]]


def numbers(sent) -> list[int]:
    return [int(one.headers["Notification-Number"]) for one in sent]


def aged(seconds: float, name: str = SUB):
    found = subscription(name, "Gauge")
    endpoint = replace(found.notification.endpoint, max_age=seconds, cooldown_ms=1)
    return replace(found, notification=replace(found.notification, endpoint=endpoint))


async def until(met, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not met():
            await asyncio.sleep(0.005)


async def test_notifications_are_numbered_without_a_gap_and_one_that_is_told_again_bears_its_number(town, house):
    await house.broker.subscribe(town, subscription(SUB, "Gauge"), OFFICER)
    refusals = [DEAD]
    house.wire.answer = lambda _: refusals.pop() if refusals else Delivery(True, 200)
    await operations.create(town, gauge(), OFFICER)
    for value in (2.0, 2.0, 3.0):  # one of them is no change
        await operations.update(town, ONE, level(value), OFFICER)
    await house.wire.until_sent(4)
    await until(lambda: house.broker.subscription(town, SUB, OFFICER).progress.number == 3)
    await house.close()
    town = await house.open()
    await operations.update(town, ONE, level(4.0), OFFICER)
    sent = await house.wire.until_sent(5)
    assert numbers(sent) == [1, 1, 2, 3, 4]
    assert sent[0].document["id"] == sent[1].document["id"]


async def test_what_grows_too_old_is_given_up_and_told_again_when_it_is_wanted_under_its_id_and_number(town, house):
    house.wire.answer = lambda _: DEAD
    await house.broker.subscribe(town, aged(60), OFFICER)
    tending = Tending(house.broker)
    await operations.create(town, gauge(), OFFICER)
    for value in (2.0, 3.0):
        await operations.update(town, ONE, level(value), OFFICER)
    first = (await house.wire.until_sent(1))[0]
    house.clock.pass_seconds(61)
    await tending.hold(town, SUB, False, OFFICER)  # tried again at once
    await until(lambda: tending.one(town, SUB, OFFICER).untold == 3)
    state = tending.one(town, SUB, OFFICER)
    assert (state.state, state.behind) == ("failing", 0)
    (stretch,) = state.outbox.progress.untold
    assert (stretch.number, stretch.count, stretch.since, stretch.reason) == (1, 3, START, DEAD.reason)
    tried = len(house.wire.sent)

    house.wire.answer = lambda _: Delivery(True, 200)
    await operations.update(town, ONE, level(4.0), OFFICER)
    await house.wire.until_sent(tried + 1)
    assert tending.one(town, SUB, OFFICER).state == "untold"
    assert await tending.tell_again(town, SUB, OFFICER) == 3
    sent = (await house.wire.until_sent(tried + 4))[tried:]
    assert values(sent) == [4.0, 1.5, 2.0, 3.0]
    assert numbers(sent) == [4, 1, 2, 3]
    assert sent[1].document["id"] == first.document["id"]
    await until(lambda: tending.one(town, SUB, OFFICER).state == "well")


async def test_a_replay_that_fails_keeps_what_is_left_and_a_restart_keeps_it_too(town, house):
    house.wire.answer = lambda _: DEAD
    await house.broker.subscribe(town, aged(1), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    for value in (2.0, 3.0):
        await operations.update(town, ONE, level(value), OFFICER)
    house.clock.pass_seconds(2)
    tending = Tending(house.broker)
    await until(lambda: tending.one(town, SUB, OFFICER).untold == 3)
    answers = [DEAD, Delivery(True, 200)]
    house.wire.answer = lambda _: answers.pop() if answers else DEAD
    await tending.tell_again(town, SUB, OFFICER)
    await until(lambda: tending.one(town, SUB, OFFICER).untold == 2)
    await house.close()
    town = await house.open()
    tending, tried = Tending(house.broker), len(house.wire.sent)
    house.wire.answer = lambda _: Delivery(True, 200)
    await tending.tell_again(town, SUB, OFFICER)
    await until(lambda: tending.one(town, SUB, OFFICER).untold == 0)
    assert values(house.wire.sent[tried:]) == [2.0, 3.0]
    assert numbers(house.wire.sent[tried:]) == [2, 3]


async def test_what_is_too_old_is_tried_once_where_the_receiver_is_not_known_to_fail(town, house):
    await house.broker.subscribe(town, aged(60), OFFICER)
    await house.broker.subscription(town, SUB, OFFICER).hold(True)
    await operations.create(town, gauge(), OFFICER)
    house.clock.pass_seconds(600)
    await house.broker.subscription(town, SUB, OFFICER).hold(False)
    assert values(await house.wire.until_sent(1)) == [1.5]


async def test_a_held_subscription_loses_nothing_over_a_restart_and_goes_on_in_order(town, house):
    await house.broker.subscribe(town, subscription(SUB, "Gauge"), OFFICER)
    tending = Tending(house.broker)
    await tending.hold(town, SUB, True, OFFICER)
    await operations.create(town, gauge(), OFFICER)
    await house.close()
    town = await house.open()
    tending = Tending(house.broker)
    await operations.update(town, ONE, level(2.0), OFFICER)
    state = tending.one(town, SUB, OFFICER)
    assert (state.state, state.outbox.status, house.wire.sent) == ("held", "paused", [])
    await tending.hold(town, SUB, False, OFFICER)
    assert values(await house.wire.until_sent(2)) == [1.5, 2.0]


async def test_a_test_tells_of_something_that_matches_has_no_number_and_wakes_what_waits(town, house):
    house.wire.answer = lambda _: DEAD
    await operations.create(town, gauge(7, 9.5), OFFICER)
    await house.broker.subscribe(town, subscription(SUB, "Gauge"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    await house.wire.until_sent(1)
    tending = Tending(house.broker)
    assert (await tending.test(town, SUB, OFFICER)).reason == DEAD.reason
    house.wire.answer = lambda _: Delivery(True, 200)
    assert (await tending.test(town, SUB, OFFICER)).ok
    sent = (await house.wire.until_sent(4, seconds=0.9))[-3:]  # the pause before the next try would be a second
    assert ":test-" in sent[1].document["id"]
    assert values(sent) == [9.5, 9.5, 1.5]
    assert "Notification-Number" not in sent[1].headers


async def test_why_names_the_condition_that_was_not_met(town, house):
    tending, context = Tending(house.broker), core()
    wish = subscription(SUB, "Gauge", q=parse.parse_q("level>2", context))
    wish = replace(wish, watched_attributes=(context.expand("level"),))
    await house.broker.subscribe(town, wish, OFFICER)
    await operations.create(town, gauge(), OFFICER)
    found = await tending.why(town, SUB, ONE, None, OFFICER)
    assert found.outcome == "unconcerned"
    assert [one.name for one in found.conditions if not one.met] == ["q"]
    await operations.update(town, ONE, level(3.0), OFFICER)
    await house.wire.until_sent(1)
    await until(lambda: house.broker.subscription(town, SUB, OFFICER).progress.number == 1)
    told = await tending.why(town, SUB, ONE, None, OFFICER)
    assert told.outcome == "told"
    assert all(one.met for one in told.conditions)
    await operations.update(town, ONE, level(3.0), OFFICER)  # as it was
    again = await tending.why(town, SUB, ONE, None, OFFICER)
    assert [one.name for one in again.conditions if not one.met] == ["triggers"]
    assert (await tending.why(town, SUB, ONE, told.change.seq, OFFICER)).outcome == "told"
    with pytest.raises(NotFound):
        await tending.why(town, SUB, "urn:ngsi-ld:Gauge:none", None, OFFICER)
    with pytest.raises(NotFound):
        await tending.why(town, "urn:s:none", ONE, None, OFFICER)


async def test_what_another_kind_of_thing_does_is_no_reason(town, house):
    await house.broker.subscribe(town, subscription(SUB, "Camera"), OFFICER)
    await operations.create(town, gauge(), OFFICER)
    found = await Tending(house.broker).why(town, SUB, ONE, None, OFFICER)
    assert [one.name for one in found.conditions if not one.met] == ["entities"]


def stretch(number: int) -> Untold:
    return Untold(number * 10, number * 10, number, 1, START, START + timedelta(seconds=number), "no answer")


@given(st.sets(st.integers(1, 2_000), max_size=300))
def test_stretches_hold_every_number_that_was_given_up_in_bounded_room(given_up):
    known: list[Untold] = []
    for number in sorted(given_up):
        known = with_untold(known, stretch(number))
    assert len(known) <= 100
    held = {number for one in known for number in range(one.number, one.number + one.count)}
    assert given_up <= held
    assert len(held) == sum(one.count for one in known)
    for one in known:
        assert (one.first, one.last) == (one.number * 10, (one.number + one.count - 1) * 10)
    assert [Untold.from_record(one.to_record()) for one in known] == known
    assert Progress.from_record(Progress(untold=known).to_record()).untold == known
