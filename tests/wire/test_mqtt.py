"""Notifications reach the topics of a real MQTT broker, and whatever it does becomes a clear word."""

import asyncio
import base64
import gc
import hashlib
import json
import logging
import ssl
from collections.abc import AsyncIterator

import aiomqtt
import pytest
from tests.servers import MOSQUITTO, Mosquitto, write_certificates

from machinami.wire.carriers import Carriers
from machinami.wire.mqtt import MqttPublisher
from machinami.wire.protocol import Delivery
from machinami.wire.recorded import RecordedWire

BODY = json.dumps({"type": "Notification", "data": []}).encode()
HEADERS = {"Content-Type": "application/json", "X-Desk": "flood"}


@pytest.fixture
async def publisher() -> AsyncIterator[MqttPublisher]:
    found = MqttPublisher()
    yield found
    await found.close()


@pytest.mark.parametrize("quality", ["0", "1", "2"])
@pytest.mark.parametrize("version", ["mqtt3.1.1", "mqtt5.0"])
async def test_a_notification_is_published_with_its_metadata(mosquitto, publisher, quality, version):
    channel = (("MQTT-QoS", quality), ("MQTT-Version", version))
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as listener:
        await listener.subscribe("town/river", qos=2)
        told = await publisher.send(f"mqtt://127.0.0.1:{mosquitto.port}/town/river", BODY, HEADERS, 10, channel)
        async with asyncio.timeout(10):
            message = await anext(listener.messages)

    assert told == Delivery(True)
    assert message.qos == int(quality)
    assert json.loads(message.payload) == {"metadata": HEADERS, "body": json.loads(BODY)}


async def test_a_broker_that_comes_back_is_connected_anew(mosquitto, publisher):
    uri = f"mqtt://127.0.0.1:{mosquitto.port}/town"
    channel = (("MQTT-QoS", "1"),)
    assert (await publisher.send(uri, BODY, {}, 10, channel)).ok
    mosquitto.stop()
    mosquitto.start()

    assert (await publisher.send(uri, BODY, {}, 10, channel)).ok


async def test_a_broker_that_stops_while_nobody_publishes_leaves_no_error_in_the_log(mosquitto, caplog):
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context["message"]))
    publisher = MqttPublisher()
    uri = f"mqtt://127.0.0.1:{mosquitto.port}/town"
    assert (await publisher.send(uri, BODY, {}, 10, (("MQTT-QoS", "1"),))).ok
    (line,) = publisher._lines.values()
    mosquitto.stop()
    await asyncio.wait({line.client.gone}, timeout=10)
    assert line.client.gone.done()
    await publisher.close()
    del publisher, line
    gc.collect()
    await asyncio.sleep(0)

    assert complaints == []
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_several_messages_at_once_share_one_connection(mosquitto, publisher):
    uri = f"mqtt://127.0.0.1:{mosquitto.port}/town"

    told = await asyncio.gather(*(publisher.send(uri, BODY, {}, 10, (("MQTT-QoS", "1"),)) for _ in range(20)))

    assert all(one.ok for one in told)


async def test_a_user_is_let_in_with_the_password_of_the_address_and_nobody_else_is(tmp_path, publisher):
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    users = tmp_path / "users"
    # The hash of "open sesame" as mosquitto_passwd writes it (PBKDF2 with SHA-512, 101 rounds).
    users.write_text(f"clerk:{hashed('open sesame')}\n")
    users.chmod(0o600)
    broker = Mosquitto(tmp_path / "mosquitto", ("allow_anonymous false", f"password_file {users}"))
    broker.start()
    try:
        told = await publisher.send(f"mqtt://clerk:open%20sesame@127.0.0.1:{broker.port}/t", BODY, {}, 10)
        refused = await publisher.send(f"mqtt://clerk:wrong@127.0.0.1:{broker.port}/t", BODY, {}, 10)
    finally:
        broker.stop()

    assert told.ok
    assert not refused.ok
    assert "wrong" not in refused.reason


async def test_mqtts_asks_for_a_certificate_that_is_trusted(tmp_path):
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    authority, certificate, key = write_certificates(tmp_path)
    broker = Mosquitto(tmp_path / "m", ("allow_anonymous true", f"certfile {certificate}", f"keyfile {key}"))
    broker.start()
    knowing, doubting = MqttPublisher(lambda: ssl.create_default_context(cafile=authority)), MqttPublisher()
    try:
        uri = f"mqtts://127.0.0.1:{broker.port}/town"
        told, refused = await knowing.send(uri, BODY, {}, 10), await doubting.send(uri, BODY, {}, 10)
    finally:
        await knowing.close()
        await doubting.close()
        broker.stop()

    assert told.ok
    assert not refused.ok
    assert "certificate" in refused.reason.lower()


async def test_a_broker_that_is_not_there_is_said_so(publisher):
    told = await publisher.send("mqtt://127.0.0.1:9/town", BODY, {}, 5)

    assert not told.ok
    assert told.reason


@pytest.mark.parametrize(
    ("uri", "channel"),
    [("mqtt://127.0.0.1", ()), ("http://127.0.0.1/t", ()), ("mqtt://127.0.0.1/t", (("MQTT-QoS", "3"),))],
)
async def test_what_cannot_be_published_is_said_so(publisher, uri, channel):
    assert not (await publisher.send(uri, BODY, {}, 5, channel)).ok


async def test_each_notification_goes_the_way_that_its_address_says():
    http, mqtt = RecordedWire(), RecordedWire()
    carriers = Carriers(http, mqtt)

    for uri in ("http://a.test/", "https://a.test/", "mqtt://a.test/t", "MQTTS://a.test/t"):
        await carriers.send(uri, b"{}", {}, 1)

    assert [one.uri for one in http.sent] == ["http://a.test/", "https://a.test/"]
    assert [one.uri for one in mqtt.sent] == ["mqtt://a.test/t", "MQTTS://a.test/t"]


def hashed(password: str) -> str:
    salt = b"0123456789ab"
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
