"""Who subscribes to sources hears which match when it does so, and of each change after that (5.11)."""

import pytest
from tests.broker.conftest import OFFICER, START, House

from machinami.apis.ngsild.subscription_documents import read_subscription
from machinami.broker import registrations
from machinami.broker.source_subscriptions import Reason, reason_for
from machinami.foundation.errors import AlreadyExists, NotFound
from machinami.model.context import core
from machinami.model.registration import Registration
from machinami.model.registration_reading import read_registration
from machinami.model.subscription import Subscription
from machinami.wire.protocol import Delivery

SOURCE = "urn:ngsi-ld:ContextSourceRegistration:1"
WISH = "urn:ngsi-ld:Subscription:1"


def source(*types: str, **members: object) -> Registration:
    information = [{"entities": [{"type": name}], "propertyNames": ["level", "name"]} for name in types]
    document = {"id": SOURCE, "type": "ContextSourceRegistration", "endpoint": "http://other.test"}
    return read_registration({**document, "information": information, **members}, core())


def wish(**members: object) -> Subscription:
    document = {"id": WISH, "type": "Subscription", "entities": [{"type": "Gauge"}]}
    notification = {"endpoint": {"uri": "http://receiver.test/"}}
    return read_subscription({**document, "notification": notification, **members}, core())


def told(sent) -> list[tuple[str, list[str]]]:
    return [(one.document["triggerReason"], [row["id"] for row in one.document["data"]]) for one in sent]


async def test_a_subscriber_hears_of_a_source_that_comes_changes_leaves_and_returns(town, house):
    desk = house.broker.source_subscriptions
    await desk.subscribe(town, wish(), OFFICER)
    await registrations.register(town, source("Gauge"), OFFICER)
    await registrations.reregister(town, source("Gauge", "Camera"), OFFICER)
    await registrations.reregister(town, source("Camera"), OFFICER)
    await registrations.reregister(town, source("Gauge"), OFFICER)
    await registrations.deregister(town, SOURCE, OFFICER)

    sent = await house.wire.until_sent(5)

    reasons = ["newlyMatching", "updated", "noLongerMatching", "newlyMatching", "noLongerMatching"]
    assert told(sent) == [(reason, [SOURCE]) for reason in reasons]
    assert {one.document["type"] for one in sent} == {"ContextSourceNotification"}


async def test_a_subscriber_hears_at_once_of_the_sources_that_are_there(town, house):
    await registrations.register(town, source("Gauge", "Camera"), OFFICER)
    await house.broker.source_subscriptions.subscribe(town, wish(), OFFICER)

    sent = await house.wire.until_sent(1)

    assert told(sent) == [("newlyMatching", [SOURCE])]
    information = sent[0].document["data"][0]["information"]
    assert [row["entities"] for row in information] == [[{"type": ["Gauge"]}]]  # only what matches (5.11.7)


async def test_who_asks_for_other_things_hears_nothing(town, house):
    desk = house.broker.source_subscriptions
    place = {"georel": "within", "geometry": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
    others = (
        wish(id="urn:s:type", entities=[{"type": "Camera"}]),
        wish(id="urn:s:attribute", watchedAttributes=["depth"],
             notification={"attributes": ["depth"], "endpoint": {"uri": "http://receiver.test/"}}),
        wish(id="urn:s:time", temporalQ={"timerel": "after", "timeAt": "2020-01-01T00:00:00Z"}),
        wish(id="urn:s:place", geoQ=place),
        wish(id="urn:s:filter", csf='operator=="nobody"'),
        wish(id="urn:s:paused", isActive=False),
    )  # fmt: skip
    for other in others:
        await desk.subscribe(town, other, OFFICER)
    await desk.subscribe(town, wish(), OFFICER)
    await registrations.register(town, source("Gauge", operator="town"), OFFICER)

    sent = await house.wire.until_sent(1)
    await registrations.deregister(town, SOURCE, OFFICER)
    sent = await house.wire.until_sent(2)

    assert {one.document["subscriptionId"] for one in sent} == {WISH}


async def test_a_changed_subscription_is_told_what_matches_it_now(town, house):
    desk = house.broker.source_subscriptions
    await desk.subscribe(town, wish(entities=[{"type": "Camera"}]), OFFICER)
    await registrations.register(town, source("Gauge"), OFFICER)
    await desk.resubscribe(town, wish(), OFFICER)

    assert told(await house.wire.until_sent(1)) == [("newlyMatching", [SOURCE])]


async def test_after_a_new_start_what_matches_is_told_again(house: House):
    town = await house.open()
    await registrations.register(town, source("Gauge"), OFFICER)
    await house.broker.source_subscriptions.subscribe(town, wish(), OFFICER)
    await house.wire.until_sent(1)
    await house.close()
    house.reader = read_subscription

    town = await house.open()
    sent = await house.wire.until_sent(2)

    assert told(sent)[1] == ("newlyMatching", [SOURCE])
    assert house.broker.source_subscriptions.subscription(town, WISH, OFFICER).progress.times_sent == 2


async def test_a_subscriber_by_time_hears_of_all_that_match_at_once_and_again(town, house):
    await registrations.register(town, source("Gauge"), OFFICER)
    await house.broker.source_subscriptions.subscribe(town, wish(timeInterval=0.05), OFFICER)

    assert told(await house.wire.until_sent(3))[2] == ("newlyMatching", [SOURCE])


async def test_how_the_notifications_fare_is_kept(town, house):
    house.wire.answer = lambda _: Delivery(False, 500, "the receiver answered 500")
    desk = house.broker.source_subscriptions
    await desk.subscribe(town, wish(), OFFICER)
    await registrations.register(town, source("Gauge"), OFFICER)
    await house.wire.until_sent(1)
    await desk.resubscribe(town, wish(isActive=False), OFFICER)

    box = desk.subscription(town, WISH, OFFICER)

    assert (box.progress.times_sent, box.progress.times_failed, box.status) == (1, 1, "paused")
    assert box.progress.last_failure == START


async def test_a_subscription_has_its_own_id_and_can_be_forgotten(town, house):
    desk = house.broker.source_subscriptions
    await desk.subscribe(town, wish(), OFFICER)
    with pytest.raises(AlreadyExists):
        await desk.subscribe(town, wish(), OFFICER)

    await desk.unsubscribe(town, WISH, OFFICER)

    with pytest.raises(NotFound):
        desk.subscription(town, WISH, OFFICER)
    assert list(desk.subscriptions(town, OFFICER)) == []


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (False, False, None),
        (False, True, Reason.NEWLY_MATCHING),
        (True, True, Reason.UPDATED),
        (True, False, Reason.NO_LONGER_MATCHING),
    ],
)
def test_every_change_has_its_reason(before, after, reason):
    assert reason_for(before, after) is reason
