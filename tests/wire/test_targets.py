"""Nobody outside has this town connect into its own network, by whatever name and over whatever wire."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from machinami.foundation.errors import ContextNotAvailable
from machinami.wire.exchange import Call, HttpCaller
from machinami.wire.http import HttpWire
from machinami.wire.mqtt import MqttPublisher
from machinami.wire.targets import ForbiddenTarget, Targets, is_public

CLOSED = Targets(private=False)
PRIVATE = """
    127.0.0.1 127.8.9.1 0.0.0.0 10.0.0.1 172.16.3.4 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1 255.255.255.255
    ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1
    2002:7f00:1:: 2002:a00:1:: 192.0.2.1 198.18.0.1 240.0.0.1
""".split()
PUBLIC = "8.8.8.8 203.0.112.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808".split()


@contextlib.asynccontextmanager
async def listening(host: str = "127.0.0.1") -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server inside: its port, and what it was sent."""
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(b"connected")
        heard.append(await reader.read(1_000))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hear, host, 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("address", PRIVATE)
def test_what_lies_inside_is_no_target(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(ForbiddenTarget):
        CLOSED.check(address)
    Targets(private=True).check(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_lies_outside_is_one(address: str) -> None:
    CLOSED.check(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
async def test_a_notification_does_not_reach_a_server_inside(host: str) -> None:
    async with listening() as (port, heard):
        wire = HttpWire(targets=CLOSED)
        delivery = await wire.send(f"http://{host}:{port}/admin", b"{}", {}, 5.0)
        await wire.close()
        assert not delivery.ok
        assert "private_targets" in delivery.reason or "Error" in delivery.reason
        assert heard == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
async def test_a_source_inside_is_not_asked(host: str) -> None:
    async with listening() as (port, heard):
        caller = HttpCaller(targets=CLOSED)
        answer = await caller.call(Call("GET", f"http://{host}:{port}/latest/meta-data"))
        await caller.close()
        assert (answer.status, heard) == (None, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_context_is_not_fetched_from_inside(host: str) -> None:
    async with listening() as (port, heard):
        wire = HttpWire(targets=CLOSED)
        with pytest.raises(ContextNotAvailable):
            await wire.fetch_json(f"http://{host}:{port}/context.jsonld", 5.0, 1_000)
        await wire.close()
        assert heard == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_nothing_is_published_to_an_mqtt_broker_inside(host: str) -> None:
    async with listening() as (port, heard):
        publisher = MqttPublisher(targets=CLOSED)
        delivery = await publisher.send(f"mqtt://{host}:{port}/topic", b"{}", {}, 5.0)
        await publisher.close()
        assert not delivery.ok
        assert heard == []


async def test_a_redirect_does_not_lead_inside() -> None:
    """The context's server is allowed; where it sends us is judged anew."""
    async with listening() as (inside, heard):

        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1_000)
            writer.write(
                f"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:{inside}/\r\ncontent-length: 0\r\n\r\n".encode()
            )
            await writer.drain()
            writer.close()

        outside = await asyncio.start_server(redirect, "127.0.0.1", 0)
        wire = HttpWire(targets=OnlyHere(private=False))
        with pytest.raises(ContextNotAvailable):
            await wire.fetch_json(f"http://127.0.0.1:{outside.sockets[0].getsockname()[1]}/", 5.0, 1_000)
        await wire.close()
        outside.close()
        await outside.wait_closed()
        assert heard == []


class OnlyHere(Targets):
    """For which 127.0.0.1 stands for all that is outside."""

    def allows(self, address: str) -> bool:
        """Whether it may be connected to."""
        return address == "127.0.0.1"


async def test_an_open_town_reaches_what_stands_beside_it() -> None:
    async with listening() as (port, heard):
        wire = HttpWire()
        delivery = await wire.send(f"http://127.0.0.1:{port}/", b"{}", {}, 5.0)
        await wire.close()
        assert delivery.ok
        assert heard[0] == b"connected"


TLS_ONLY = Targets(plain=False)
NAMED = "receiver.invalid"  # never asked: the way is judged before the name


async def test_nobody_is_told_or_asked_without_tls_where_it_is_not_allowed() -> None:
    wire, caller, publisher = HttpWire(targets=TLS_ONLY), HttpCaller(targets=TLS_ONLY), MqttPublisher(targets=TLS_ONLY)
    try:
        for delivery in (
            await wire.send(f"http://{NAMED}/notify", b"{}", {}, 5.0),
            await publisher.send(f"mqtt://{NAMED}/topic", b"{}", {}, 5.0),
        ):
            assert not delivery.ok
            assert "plain_targets" in delivery.reason
        answer = await caller.call(Call("GET", f"http://{NAMED}/source"))
        assert (answer.status, answer.reason) == (None, "ClientOSError")
        with pytest.raises(ContextNotAvailable, match="plain_targets"):
            await wire.fetch_json(f"http://{NAMED}/context.jsonld", 5.0, 1_000)
        encrypted = await wire.send(f"https://{NAMED}/notify", b"{}", {}, 5.0)
        assert "plain_targets" not in encrypted.reason
    finally:
        await wire.close()
        await caller.close()
        await publisher.close()


async def test_within_the_machine_nobody_listens_on_the_way() -> None:
    async with listening() as (port, heard):
        wire = HttpWire(targets=TLS_ONLY)
        assert (await wire.send(f"http://127.0.0.1:{port}/notify", b"{}", {}, 5.0)).ok
        await wire.close()
        assert heard
