"""Does who subscribes here hear of what changes at registered sources, once and under its own name? (5.8.1.4, 5.8.6)"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from tests.fakes.neighbours import FakeNeighbours, given
from tests.running import running

from machinami.wire.exchange import Answer
from machinami.wire.protocol import Delivery
from machinami.wire.recorded import RecordedWire

WISH = "urn:ngsi-ld:Subscription:mine"
ONE = "urn:ngsi-ld:Gauge:1"
SOURCE = "http://there.test"
TOLD = "/ngsi-ld/ex/remote-notify"


@dataclass
class City:
    """A running broker, what it believes to send, and the sources that it believes to ask."""

    session: aiohttp.ClientSession
    url: str
    wire: RecordedWire
    others: FakeNeighbours

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        root = "" if path == TOLD else "/ngsi-ld/v1"
        async with self.session.request(method, self.url + root + path, json=body, headers=headers) as answer:
            text = await answer.read()
            return answer.status, orjson.loads(text) if text else None

    async def register(self, name: str = "urn:r:1", endpoint: str = SOURCE, **members: Any) -> None:
        """Register a source of gauges."""
        information = [{"entities": [{"type": "Gauge"}]}]
        document = {"id": name, "type": "ContextSourceRegistration", "endpoint": endpoint, "information": information}
        status, told = await self.ask("POST", "/csourceRegistrations", {**document, **members})
        assert status == 201, told

    async def subscribe(self, notification: dict[str, Any] | None = None, **members: Any) -> None:
        """Subscribe to gauges."""
        shown = {"endpoint": {"uri": "http://subscriber.test/"}, **(notification or {})}
        document = {"id": WISH, "type": "Subscription", "entities": [{"type": "Gauge"}], "notification": shown}
        status, told = await self.ask("POST", "/subscriptions", {**document, **members})
        assert status == 201, told

    async def copy(self, number: int = 1) -> dict[str, Any]:
        """The copy that a source was given."""
        call = (await self.others.until_called("POST", number))[number - 1]
        document: dict[str, Any] = orjson.loads(call.body)
        return document

    async def tell(self, name: str, *data: dict[str, Any], notification_id: str = "urn:n:1") -> int:
        """A source tells of changes."""
        notification = {"id": notification_id, "type": "Notification", "subscriptionId": name, "data": list(data)}
        return (await self.ask("POST", TOLD, notification))[0]


@asynccontextmanager
async def opened(folder: Path, others: FakeNeighbours, split: bool = False) -> AsyncIterator[City]:
    folder.mkdir(exist_ok=True)
    town_of = running(folder, caller=others, alias="here", split_entities=split)
    async with town_of as town, aiohttp.ClientSession() as session:
        yield City(session, town.serving.url, town.wire, others)


def obliging() -> FakeNeighbours:
    """A source that does what it is asked."""
    return FakeNeighbours({"http://": lambda call: Answer({"POST": 201, "GET": 200}.get(call.method, 204), {}, b"")})


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    async with opened(tmp_path / "here", obliging()) as found:
        yield found


def gauge(reading: float, **members: Any) -> dict[str, Any]:
    return {"id": ONE, "type": "Gauge", "level": {"type": "Property", "value": reading}, **members}


async def test_a_source_is_given_a_copy_no_wider_than_its_registration(city: City) -> None:
    information = [{"entities": [{"type": "Gauge", "idPattern": "urn:.*:1"}], "propertyNames": ["level", "name"]}]
    await city.register(information=information)
    await city.subscribe(
        {"attributes": ["level"]}, entities=[{"type": "Gauge,Shelter"}], q="level>2", watchedAttributes=["level", "x"]
    )

    copy = await city.copy()

    assert copy["entities"] == [{"type": "Gauge", "idPattern": "urn:.*:1"}]
    assert (copy["watchedAttributes"], copy["q"]) == (["level"], "level>2")
    assert copy["notification"]["endpoint"]["uri"] == city.url + TOLD
    assert copy["notification"]["attributes"] == ["level", "name"]
    assert "subscriber.test" not in orjson.dumps(copy).decode()
    call = city.others.calls[0]
    assert (call.url, call.headers["Via"]) == (SOURCE + "/ngsi-ld/v1/subscriptions", "1.1 here")


async def test_what_a_source_tells_reaches_the_subscriber_as_if_it_were_from_here(city: City) -> None:
    await city.register(information=[{"entities": [{"type": "Gauge"}], "propertyNames": ["level", "name"]}])
    await city.subscribe({"attributes": ["level", "secret"], "format": "simplified"})
    copy = await city.copy()

    secret = {"type": "Property", "value": "x"}
    assert await city.tell(copy["id"], gauge(7, name=secret, secret=secret), {**gauge(1), "type": "Shelter"}) == 200

    (sent,) = await city.wire.until_sent(1)
    assert sent.uri == "http://subscriber.test/"
    assert sent.document["subscriptionId"] == WISH
    assert sent.document["data"] == [{"id": ONE, "type": "Gauge", "level": 7}]


async def test_what_is_told_under_an_unknown_name_reaches_nobody(city: City) -> None:
    await city.register()
    await city.subscribe()
    copy = await city.copy()
    assert await city.tell(WISH, gauge(7)) == 404
    assert await city.tell(copy["id"], {"type": "Gauge"}) == 400
    assert (await city.ask("POST", TOLD, {"type": "Thing"}))[0] == 400
    assert await city.tell(copy["id"], gauge(8)) == 200
    (sent,) = await city.wire.until_sent(1)
    assert sent.document["data"][0]["level"]["value"] == 8


async def test_a_deletion_there_is_told_as_one_here_is(city: City) -> None:
    await city.register()
    await city.subscribe(notificationTrigger=["entityDeleted", "attributeDeleted"])
    copy = await city.copy()
    assert copy["notificationTrigger"] == ["entityDeleted", "attributeDeleted"]
    await city.tell(copy["id"], {"id": ONE, "type": "Gauge", "deletedAt": "2026-06-30T09:00:00Z"})
    await city.tell(copy["id"], {"id": ONE, "type": "Gauge", "level": "urn:ngsi-ld:null"})
    first, second = await city.wire.until_sent(2)
    assert first.document["data"] == [{"id": ONE, "type": "Gauge", "deletedAt": "2026-06-30T09:00:00Z"}]
    assert second.document["data"][0]["level"]["value"] == "urn:ngsi-ld:null"


async def test_what_an_attribute_was_before_is_passed_on(city: City) -> None:
    await city.register()
    await city.subscribe({"showChanges": True})
    copy = await city.copy()
    assert copy["notification"]["showChanges"] is True
    changed = {"type": "Property", "value": 7, "previousValue": 6}
    await city.tell(copy["id"], gauge(7, level=changed))
    (sent,) = await city.wire.until_sent(1)
    assert sent.document["data"] == [gauge(7, level=changed)]


async def test_copies_come_change_and_go_with_the_registration(city: City) -> None:
    await city.subscribe(entities=[{"type": "Gauge,Shelter"}])
    await city.register()
    copy = await city.copy()
    assert copy["entities"] == [{"type": "Gauge"}]

    information = [{"entities": [{"type": "Gauge"}, {"type": "Shelter"}]}]
    await city.ask("PATCH", "/csourceRegistrations/urn:r:1", {"information": information})
    (patched,) = await city.others.until_called("PATCH")
    assert patched.url.endswith(copy["id"])
    assert orjson.loads(patched.body)["entities"] == [{"type": "Gauge"}, {"type": "Shelter"}]

    await city.ask("PATCH", "/csourceRegistrations/urn:r:1", {"endpoint": "http://moved.test"})
    (gone,) = await city.others.until_called("DELETE")
    assert gone.url == f"{SOURCE}/ngsi-ld/v1/subscriptions/{copy['id']}"
    assert (await city.others.until_called("POST", 2))[1].url.startswith("http://moved.test")

    await city.ask("DELETE", "/csourceRegistrations/urn:r:1")
    gone = (await city.others.until_called("DELETE", 2))[1]
    assert gone.url.startswith("http://moved.test")


async def test_copies_change_and_go_with_the_subscription(city: City) -> None:
    await city.register()
    await city.subscribe(q="level>2")
    copy = await city.copy()
    await city.ask("PATCH", f"/subscriptions/{WISH}", {"q": "urn:ngsi-ld:null", "isActive": False})
    (patched,) = await city.others.until_called("PATCH")
    told = orjson.loads(patched.body)
    assert (told["q"], told["isActive"]) == ("urn:ngsi-ld:null", False)
    await city.ask("DELETE", f"/subscriptions/{WISH}")
    (gone,) = await city.others.until_called("DELETE")
    assert gone.url.endswith(copy["id"])
    assert await city.tell(copy["id"], gauge(7)) == 404


async def test_a_source_that_takes_no_changes_is_given_a_new_copy(city: City) -> None:
    await city.register(operations=["createSubscription", "deleteSubscription"])
    await city.subscribe()
    await city.copy()
    await city.ask("PATCH", f"/subscriptions/{WISH}", {"q": "level>2"})
    assert (await city.copy(2))["q"] == "level>2"
    assert [call.method for call in city.others.calls] == ["POST", "DELETE", "POST"]


async def test_a_source_that_is_away_holds_up_nobody_and_is_said_to_be(tmp_path: Path) -> None:
    others = FakeNeighbours()
    async with opened(tmp_path / "here", others) as city:
        await city.register()
        await city.subscribe()
        await others.until_called("POST")
        await city.ask("POST", "/entities", gauge(1))
        await city.wire.until_sent(1)
        _, (behind,) = await city.ask("GET", "/csourceSubscriptions")
        assert behind["notification"]["status"] == "failed"
        assert "urn:r:1: nobody is there" in behind["notification"]["lastFailureReason"]
        assert (await city.ask("GET", f"/csourceSubscriptions/{behind['id']}"))[1] == behind

        others.answers["http://"] = lambda _: Answer(201)
        again = (await others.until_called("POST", 2))[1]
        assert orjson.loads(again.body)["id"] == (await city.copy())["id"]
        await city.ask("DELETE", f"/subscriptions/{WISH}")
        assert (await city.ask("GET", "/csourceSubscriptions"))[1] == []


async def test_what_two_sources_tell_of_one_change_is_told_once(city: City) -> None:
    await city.register()
    await city.register("urn:r:2", "http://other.test")
    await city.subscribe()
    first, second = (await city.copy(1))["id"], (await city.copy(2))["id"]
    at = "2026-06-30T09:00:00Z"
    await city.tell(first, gauge(7, modifiedAt=at))
    await city.tell(second, gauge(7, modifiedAt=at))
    await city.tell(second, gauge(8, modifiedAt=at))
    sent = await city.wire.until_sent(2)
    assert [one.document["data"][0]["level"]["value"] for one in sent] == [7, 8]


async def test_split_entities_are_put_together_before_they_are_judged(city: City) -> None:
    fuji = gauge(1, name={"type": "Property", "value": "Fuji"})
    city.others.answers = {
        SOURCE: lambda _: Answer(201),
        "http://other.test": lambda call: given(fuji) if call.method == "GET" else Answer(201),
    }
    await city.register()
    await city.register("urn:r:2", "http://other.test")
    await city.subscribe(splitEntities=True, q='level>5;name=="Fuji"')
    copy = await city.copy()
    assert "q" not in copy
    assert copy["splitEntities"] is True
    first = next(call for call in city.others.calls if call.url.startswith(SOURCE))
    name = orjson.loads(first.body)["id"]
    at = "2026-06-30T09:00:00Z"
    low, high = ({"type": "Property", "value": value, "modifiedAt": at} for value in (4, 6))
    await city.tell(name, gauge(4, level=low))
    await city.tell(name, gauge(6, level=high))
    (sent,) = await city.wire.until_sent(1)
    told = sent.document["data"][0]
    assert (told["level"]["value"], told["name"]["value"]) == (6, "Fuji")
    asked = [call.url for call in city.others.calls if call.method == "GET"]
    assert all(url.startswith("http://other.test") for url in asked)  # not the one that told


async def test_where_entities_are_split_subscriptions_that_do_not_say_so_mean_it_too(tmp_path: Path) -> None:
    others = FakeNeighbours({SOURCE: lambda call: given(gauge(7)) if call.method == "GET" else Answer(201)})
    for restart in (False, True):
        async with opened(tmp_path / "here", others, split=True) as city:
            if not restart:
                await city.register()
                await city.subscribe(q="level>5")
                copy = await city.copy()
                assert (copy["splitEntities"], "q" in copy) == (True, False)
            name = {"type": "Property", "value": f"Fuji {restart}"}
            await city.ask("POST", f"/entities/{ONE}/attrs", {"name": name})
            await city.ask("POST", "/entities", {"id": ONE, "type": "Gauge", "name": name})
            (sent,) = await city.wire.until_sent(1)
            told = sent.document["data"][0]
            assert (told["level"]["value"], told["name"]["value"]) == (7, f"Fuji {restart}")
    async with opened(tmp_path / "other", obliging(), split=True) as city:
        await city.register()
        await city.subscribe(q="level>5", splitEntities=False)
        assert (await city.copy())["q"] == "level>5"


async def test_a_change_of_a_part_that_is_here_is_judged_with_the_parts_that_are_there(city: City) -> None:
    city.others.answers = {SOURCE: lambda call: given(gauge(7)) if call.method == "GET" else Answer(201)}
    await city.register()
    await city.subscribe(splitEntities=True, q="level>5")
    await city.copy()
    await city.ask("POST", "/entities", {"id": ONE, "type": "Gauge", "name": {"type": "Property", "value": "Fuji"}})
    (sent,) = await city.wire.until_sent(1)
    assert sent.document["data"][0]["level"]["value"] == 7


async def test_a_subscription_does_not_go_in_circles(city: City) -> None:
    await city.register(contextSourceAlias="there")
    await city.register("urn:r:2", "http://other.test", contextSourceAlias="other")
    document = {"id": WISH, "type": "Subscription", "entities": [{"type": "Gauge"}]}
    document["notification"] = {"endpoint": {"uri": "http://there.test/told"}}
    assert (await city.ask("POST", "/subscriptions", document, Via="1.1 there, 1.1 here"))[0] == 508
    assert (await city.ask("POST", "/subscriptions", document, Via="1.1 there"))[0] == 201
    (call,) = await city.others.until_called("POST")
    assert call.url.startswith("http://other.test")
    assert call.headers["Via"] == "1.1 there, 1.1 here"


async def test_a_local_subscription_is_nobody_elses(city: City) -> None:
    await city.register()
    await city.subscribe(localOnly=True)
    await city.ask("POST", "/subscriptions", {
        "id": WISH + "2", "type": "Subscription", "entities": [{"type": "*"}],
        "notification": {"endpoint": {"uri": "http://subscriber.test/"}},
    })  # fmt: skip
    await city.ask("POST", "/entities", gauge(1))
    await city.wire.until_sent(2)
    assert city.others.calls == []
    assert (await city.ask("GET", "/csourceSubscriptions"))[1] == []


async def test_copies_and_what_was_told_outlast_a_restart(tmp_path: Path) -> None:
    others = obliging()
    async with opened(tmp_path / "here", others) as city:
        city.wire.answer = lambda _: Delivery(False, 503, "not now")
        await city.register()
        await city.subscribe()
        copy = await city.copy()
        assert await city.tell(copy["id"], gauge(7)) == 200
        await city.wire.until_sent(1)

    others.calls.clear()
    others.answers["http://"] = lambda call: Answer(201 if call.method == "POST" else 404)  # it has forgotten all
    async with opened(tmp_path / "here", others) as city:
        (sent,) = await city.wire.until_sent(1)
        assert sent.document["data"][0]["level"]["value"] == 7
        again = await city.copy()
        assert again["id"] == copy["id"]
        assert again["notification"]["endpoint"]["uri"] == city.url + TOLD


async def test_what_is_told_again_after_a_restart_is_passed_on_once(tmp_path: Path) -> None:
    others = obliging()
    at = "2026-06-30T09:00:00Z"
    async with opened(tmp_path / "here", others) as city:
        await city.register()
        await city.register("urn:r:2", "http://other.test")
        await city.subscribe()
        first, second = (await city.copy(1))["id"], (await city.copy(2))["id"]
        await city.tell(first, gauge(1), notification_id="urn:n:1")
        await city.tell(first, gauge(2, modifiedAt=at), notification_id="urn:n:2")
        await city.wire.until_sent(2)
    async with opened(tmp_path / "here", others) as city:
        assert await city.tell(first, gauge(1), notification_id="urn:n:1") == 200  # nobody heard that it was taken
        assert await city.tell(second, gauge(1), notification_id="urn:n:3") == 200
        assert await city.tell(first, gauge(2, modifiedAt=at), notification_id="urn:n:4") == 200
        assert await city.tell(first, gauge(1), notification_id="urn:n:5") == 200  # it is meant: it was so again
        assert await city.tell(first, gauge(3), notification_id="urn:n:1") == 200  # a name alone makes no double
        sent = await city.wire.until_sent(2)
        assert [one.document["data"][0]["level"]["value"] for one in sent] == [1, 3]


async def test_a_notification_that_is_sent_again_bears_the_same_name(tmp_path: Path) -> None:
    others = obliging()
    async with opened(tmp_path / "here", others) as city:
        city.wire.answer = lambda _: Delivery(False, 503, "not now")
        await city.register()
        await city.subscribe()
        copy = await city.copy()
        await city.ask("POST", "/entities", {**gauge(1), "id": "urn:ngsi-ld:Gauge:here"})
        await city.tell(copy["id"], gauge(7))
        before = {one.document["data"][0]["id"]: one.document["id"] for one in await city.wire.until_sent(3)}
        assert len(before) == 2
        assert len({one.document["id"] for one in city.wire.sent}) == 2
    async with opened(tmp_path / "here", others) as city:
        after = {one.document["data"][0]["id"]: one.document["id"] for one in await city.wire.until_sent(2)}
        assert after == before


async def test_a_subscription_that_ended_while_its_source_was_away_ends_there_later(tmp_path: Path) -> None:
    others = obliging()
    async with opened(tmp_path / "here", others) as city:
        await city.register()
        await city.subscribe()
        copy = await city.copy()
        others.answers.clear()
        await city.ask("DELETE", "/csourceRegistrations/urn:r:1")
        await others.until_called("DELETE")

    others = obliging()
    async with opened(tmp_path / "here", others):
        (gone,) = await others.until_called("DELETE")
        assert gone.url.endswith(copy["id"])


async def test_what_relationships_lead_to_at_sources_is_shown_in_notifications(city: City) -> None:
    shelter = {"id": "urn:s:1", "type": "Shelter", "room": {"type": "Property", "value": 40}}
    city.others.answers = {SOURCE: lambda call: given(shelter) if call.method == "GET" else Answer(201)}
    await city.register(information=[{"entities": [{"type": "Gauge"}, {"type": "Shelter"}]}])
    await city.subscribe({"join": "inline"})
    near = {"type": "Relationship", "object": "urn:s:1", "objectType": "Shelter"}
    await city.ask("POST", "/entities", gauge(1, near=near))
    await city.tell((await city.copy())["id"], gauge(2, near=near))
    for sent in await city.wire.until_sent(2):
        assert sent.document["data"][0]["near"]["entity"]["room"]["value"] == 40
