"""Is a password inside the address of a receiver or of a source told to nobody, and kept where it is used?"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.running import Running, running

from machinami.broker import registrations
from machinami.model.credentials import MASK
from machinami.model.principal import Principal, Role

ROOT = "/ngsi-ld/v1"
SECRET = "sesame-7731"
MQTT, HTTP = f"mqtt://clerk:{SECRET}@127.0.0.1:1/t", f"http://clerk:{SECRET}@127.0.0.1:1"
ADMIN = Principal("urn:person:admin", frozenset({Role.ADMINISTRATOR}), None, None, 3, 3)
SUBSCRIPTION = {
    "id": "urn:s:1",
    "type": "Subscription",
    "entities": [{"type": "Gauge"}],
    "notification": {"endpoint": {"uri": MQTT}},
}
REGISTRATION = {
    "id": "urn:r:1",
    "type": "ContextSourceRegistration",
    "information": [{"entities": [{"type": "Rain"}]}],
    "endpoint": HTTP,
}


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Running, aiohttp.ClientSession]]:
    async with running(tmp_path) as found, aiohttp.ClientSession(found.serving.url) as session:
        yield found, session


async def told(session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any, str]:
    """The status, the document and the text of an answer."""
    async with session.request(method, ROOT + path, json=body) as answer:
        text = await answer.text()
        return answer.status, (await answer.json(content_type=None)) if text else None, text


async def uri(found: Running) -> str:
    """Where notifications really go."""
    town = await found.broker.town(None)
    return found.broker.subscription(town, "urn:s:1", ADMIN).subscription.notification.endpoint.uri


async def test_a_subscription_shows_who_connects_and_no_password_and_goes_on_with_it(
    opened: tuple[Running, aiohttp.ClientSession],
) -> None:
    found, session = opened
    assert (await told(session, "POST", "/subscriptions", SUBSCRIPTION))[0] == 201
    for path in ("/subscriptions/urn:s:1", "/subscriptions"):
        status, _, text = await told(session, "GET", path)
        assert status == 200
        assert SECRET not in text
        assert f"mqtt://clerk:{MASK}@127.0.0.1:1/t" in text
    shown = (await told(session, "GET", "/subscriptions/urn:s:1"))[1]["notification"]["endpoint"]
    assert (await told(session, "PATCH", "/subscriptions/urn:s:1", {"notification": {"endpoint": shown}}))[0] == 204
    assert await uri(found) == MQTT
    other = {"notification": {"endpoint": {"uri": MQTT.replace("clerk", "other")}}}
    assert (await told(session, "PATCH", "/subscriptions/urn:s:1", other))[0] == 204
    assert await uri(found) == MQTT.replace("clerk", "other")


async def test_a_source_is_asked_with_a_password_that_no_answer_says(
    opened: tuple[Running, aiohttp.ClientSession],
) -> None:
    found, session = opened
    assert (await told(session, "POST", "/csourceRegistrations", REGISTRATION))[0] == 201
    status, shown, text = await told(session, "GET", "/csourceRegistrations/urn:r:1")
    assert status == 200
    assert SECRET not in text
    assert (await told(session, "PATCH", "/csourceRegistrations/urn:r:1", {"endpoint": shown["endpoint"]}))[0] == 204
    town = await found.broker.town(None)
    assert registrations.source(town, "urn:r:1", ADMIN).registration.endpoint == HTTP


async def test_the_password_is_still_there_after_a_new_start(tmp_path: Path) -> None:
    async with running(tmp_path) as found, aiohttp.ClientSession(found.serving.url) as session:
        assert (await told(session, "POST", "/subscriptions", SUBSCRIPTION))[0] == 201
        shown = {"description": "changed", "notification": {"endpoint": {"uri": MQTT.replace(SECRET, MASK)}}}
        assert (await told(session, "PATCH", "/subscriptions/urn:s:1", shown))[0] == 204
    async with running(tmp_path) as found:
        assert await uri(found) == MQTT
