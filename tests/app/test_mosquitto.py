"""Does a real mosquitto let the town's devices in, each to its own topics, and put out who is revoked in seconds?"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from tests.app.towns import town
from tests.servers import MOSQUITTO, Mosquitto

from machinami.app.authority import Authority, make_authority
from machinami.app.clock import utc_now
from machinami.app.mosquitto import Guest, password_file, rights_file
from machinami.cli.entrance import enter
from machinami.foundation.errors import BadRequestData
from machinami.model.identity.key import check_topics
from machinami.wire.mqtt import MqttPublisher, presenting

IN_TIME = 5.0
pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


def admin(*words: str) -> None:
    assert enter(["admin", *words]) == 0


def device(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    """A device's id and its token."""
    capsys.readouterr()
    admin("key", "gauge", "--use", "device", "--role", "service", *words, "--data", str(folder))
    token = capsys.readouterr().out.strip()
    return token.split("_")[1], token


async def publishes(port: int, user: str, token: str, topic: str) -> bool:
    """Whether a device is let in and its message is let through. MQTT 5.0 says so by its acknowledgement."""
    try:
        async with asyncio.timeout(10):
            async with aiomqtt.Client(
                "127.0.0.1", port, username=user, password=token, protocol=aiomqtt.ProtocolVersion.V5
            ) as client:
                seen: list[Any] = []
                told = client._client.on_publish
                client._client.on_publish = lambda *found: (seen.append(found[3]), told(*found))  # type: ignore
                await client.publish(topic, b"1", qos=1)
                while not seen:
                    await asyncio.sleep(0.01)
                return not seen[0].is_failure
    except aiomqtt.MqttError:
        return False


def test_the_files_say_who_comes_in_and_what_they_may() -> None:
    guests = [Guest("town", "$7$x", reads=("#",)), Guest("abc", "$7$y", ("river/#",)), Guest("bare", "", ("a",))]
    assert password_file(guests) == "town:$7$x\nabc:$7$y\n"
    expected = "user town\ntopic read #\n\nuser abc\ntopic write river/#\n\nuser bare\ntopic write a\n"
    assert rights_file(guests) == expected


@pytest.mark.parametrize("topic", ["", "a\nuser b", "a/#/b", "a#", "+a", " a", "$SYS/a", "a\x00"])
def test_what_is_no_topic_is_refused(topic: str) -> None:
    with pytest.raises(BadRequestData):
        check_topics((topic,))


@contextmanager
def broker(folder: Path, *lines: str) -> Iterator[Mosquitto]:
    """A mosquitto whose process number stands in a file."""
    found = Mosquitto(folder, lines)
    found.start()
    assert found._process is not None
    (folder / "pid").write_text(str(found._process.pid))
    try:
        yield found
    finally:
        found.stop()


async def test_a_device_publishes_to_its_own_topic_until_it_is_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, ready, run = tmp_path / "town", tmp_path / "ready", tmp_path / "mosquitto"
    folder.mkdir()
    text = f'[devices]\nmosquitto = "{ready}"\nmosquitto_pid = "{run / "pid"}"\n'
    (folder / "machinami.toml").write_text(text, encoding="utf-8")
    await asyncio.to_thread(admin, "make", "aiko", "--data", str(folder))
    first, token = await asyncio.to_thread(device, folder, capsys)
    second, other = await asyncio.to_thread(device, folder, capsys, "--topic", "river/kami/#")
    export = ["devices", "export", "mosquitto", str(ready), "--data", str(folder)]
    assert await asyncio.to_thread(enter, export) == 0
    assert token not in (ready / "passwords").read_text()
    rules = (f"password_file {ready / 'passwords'}", f"acl_file {ready / 'rights'}", "allow_anonymous false")
    with broker(run, *rules) as mosquitto, town(folder) as running:
        assert await publishes(mosquitto.port, first, token, f"devices/{first}/level")
        assert not await publishes(mosquitto.port, first, token, f"devices/{second}/level")
        assert not await publishes(mosquitto.port, first, token, "river/kami/level")
        assert await publishes(mosquitto.port, second, other, "river/kami/level")
        assert not await publishes(mosquitto.port, first, "mk_wrong", f"devices/{first}/level")
        async with aiomqtt.Client("127.0.0.1", mosquitto.port, username=first, password=token) as connected:
            assert running.url
            began = time.monotonic()
            await asyncio.to_thread(revoke, folder, first)
            await asyncio.wait({connected._disconnected}, timeout=IN_TIME)
            assert connected._disconnected.done(), "who is connected is put out"
            connected._disconnected.exception()
            assert not await publishes(mosquitto.port, first, token, f"devices/{first}/level")
            assert time.monotonic() - began < IN_TIME
        assert await publishes(mosquitto.port, second, other, "river/kami/level")
        third, fresh = await asyncio.to_thread(device, folder, capsys)
        async with asyncio.timeout(IN_TIME):
            while not await publishes(mosquitto.port, third, fresh, f"devices/{third}/level"):
                await asyncio.sleep(0.2)


def revoke(folder: Path, key: str) -> None:
    assert enter(["admin", "revoke", key, "--data", str(folder)]) == 0


async def test_a_broker_that_demands_certificates_lets_the_town_and_its_devices_in(tmp_path: Path) -> None:
    now, run = utc_now(), tmp_path / "mosquitto"
    authority = make_authority(tmp_path, "Kasumi", (), (), now)
    authority.issue_server(["127.0.0.1"], now)
    _, *own = authority.issue_device("town", None, now)
    revoked, *gone = authority.issue_device("gone", None, now)
    authority.revoke(revoked.serial, now)
    place = tmp_path / "authority"
    (tmp_path / "rights").write_text(rights_file([Guest("town", "", ("told/#",))]))
    rules = (
        f"cafile {place / 'ca.pem'}", f"certfile {place / 'server.pem'}", f"keyfile {place / 'server.key'}",
        f"crlfile {place / 'crl.pem'}", "require_certificate true", "use_identity_as_username true",
        "tls_version tlsv1.2", f"acl_file {tmp_path / 'rights'}",
    )  # fmt: skip
    with broker(run, *rules) as mosquitto:
        uri = f"mqtts://127.0.0.1:{mosquitto.port}/told/river"
        knowing = MqttPublisher(presenting(place / "ca.pem", *own))
        revoked_one = MqttPublisher(presenting(place / "ca.pem", *gone))
        try:
            assert (await knowing.send(uri, b"{}", {}, 10, (("MQTT-QoS", "1"),))).ok
            assert not (await revoked_one.send(uri, b"{}", {}, 10, (("MQTT-QoS", "1"),))).ok
        finally:
            await knowing.close()
            await revoked_one.close()
    assert Authority(tmp_path).issued()
