"""Notifications and contexts travel over real HTTP, and whatever the other side does becomes a clear word."""

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp.web
import pytest
import uvloop
from tests.servers import write_certificates

from machinami.foundation.errors import BadRequestData, ContextNotAvailable, SettingsError
from machinami.wire.exchange import Call, HttpCaller
from machinami.wire.http import HttpWire

Handle = Callable[[aiohttp.web.Request], Awaitable[aiohttp.web.StreamResponse]]


@pytest.fixture
async def wire() -> AsyncIterator[HttpWire]:
    found = HttpWire()
    yield found
    await found.close()


@pytest.fixture
async def other_side() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    runners = []

    async def serve(handle: Handle, tls: ssl.SSLContext | None = None) -> str:
        app = aiohttp.web.Application()
        app.router.add_route("*", "/{rest:.*}", handle)
        runner = aiohttp.web.AppRunner(app, shutdown_timeout=0.01)
        await runner.setup()
        await aiohttp.web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        runners.append(runner)
        return f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}/context"

    yield serve
    for runner in runners:
        await runner.cleanup()


async def test_a_notification_arrives_with_its_headers(wire, other_side):
    seen = []

    async def take(request):
        seen.append((request.headers["Content-Type"], request.headers["X-Key"], await request.read()))
        return aiohttp.web.Response(status=204)

    delivery = await wire.send(await other_side(take), b"{}", {"Content-Type": "application/json", "X-Key": "1"}, 5)

    assert (delivery.ok, delivery.status) == (True, 204)
    assert seen == [("application/json", "1", b"{}")]


@pytest.mark.parametrize("status", [302, 400, 404, 500])
async def test_a_refusal_is_told_with_its_status(wire, other_side, status):
    async def refuse(_):
        return aiohttp.web.Response(status=status, headers={"Location": "http://127.0.0.1:9/"})

    delivery = await wire.send(await other_side(refuse), b"{}", {}, 5)

    assert (delivery.ok, delivery.status, delivery.reason) == (False, status, f"the receiver answered {status}")


async def test_a_receiver_that_never_answers_is_given_up_in_time(wire, other_side):
    async def sleep(_):
        await asyncio.Event().wait()

    delivery = await wire.send(await other_side(sleep), b"{}", {}, 0.2)

    assert (delivery.ok, delivery.reason) == (False, "no answer within 0.2 s")


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9/", "http://no-such-host.invalid/", "nonsense"])
async def test_an_address_where_nobody_is_gives_a_reason(wire, uri):
    delivery = await wire.send(uri, b"{}", {}, 5)

    assert not delivery.ok
    assert delivery.reason


async def test_a_context_is_fetched_as_json(wire, other_side):
    async def give(_):
        return aiohttp.web.json_response({"@context": {"a": "urn:a"}}, headers={"Cache-Control": "max-age=60"})

    fetched = await wire.fetch_json(await other_side(give), 5, 1_000)
    assert (fetched.document, fetched.fresh) == ({"@context": {"a": "urn:a"}}, 60)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (lambda: aiohttp.web.Response(status=404), "answered 404"),
        (lambda: aiohttp.web.Response(text="[" + "1," * 2_000 + "1]"), "larger than 1000 bytes"),
    ],
)
async def test_a_context_that_cannot_be_used_is_named_with_the_cause(wire, other_side, answer, cause):
    async def give(_):
        return answer()

    url = await other_side(give)

    with pytest.raises(ContextNotAvailable, match=cause) as caught:
        await wire.fetch_json(url, 5, 1_000)
    assert caught.value.facts["url"] == url


async def test_a_context_that_is_no_json_is_the_fault_of_who_names_it(wire, other_side):
    async def give(_):
        return aiohttp.web.Response(text="<html>")

    with pytest.raises(BadRequestData, match="no JSON"):
        await wire.fetch_json(await other_side(give), 5, 1_000)


async def test_what_is_sent_packed_is_not_unpacked(wire, other_side):
    bomb = gzip.compress(b'{"@context": {}, "a": "' + b" " * 50_000_000 + b'"}')
    asked = []

    async def pack(request):
        asked.append(request.headers["Accept-Encoding"])
        return aiohttp.web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    url = await other_side(pack)
    with pytest.raises(ContextNotAvailable, match="packed"):
        await wire.fetch_json(url, 5, 1_000_000)
    caller = HttpCaller()
    answer = await caller.call(Call("GET", url, limit=1_000_000))
    await caller.close()
    assert (answer.status, answer.body, asked) == (None, b"", ["identity", "identity"])
    assert "packed" in answer.reason


async def test_only_http_addresses_are_fetched(wire):
    with pytest.raises(ContextNotAvailable, match="no address"):
        await wire.fetch_json("file:///etc/passwd", 5, 1_000)


async def test_many_notifications_travel_over_one_connection(wire, other_side):
    peers = set()

    async def take(request):
        peers.add(request.transport.get_extra_info("peername"))
        return aiohttp.web.Response(text="thank you " * 1_000)

    url = await other_side(take)
    for _ in range(5):
        assert (await wire.send(url, b"{}", {}, 5)).ok
    assert len(peers) == 1


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_each_of_several_messages_on_open_connections_is_given_up_at_its_own_time(loop):
    async def run():
        taking = []

        async def take(reader, writer):
            taking.append(asyncio.current_task())
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await reader.readuntil(b"never")  # the second message on this connection is not answered
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        wire = HttpWire()
        opened = await asyncio.gather(*[wire.send(url, b"{}", {}, 5) for _ in range(3)])
        late = await asyncio.gather(*[wire.send(url, b"{}", {}, seconds) for seconds in (0.3, 0.1, 0.2)])
        again = await wire.send(url, b"{}", {}, 5)
        await wire.close()
        server.close()
        await asyncio.gather(*taking)
        return [delivery.status for delivery in opened], [delivery.reason for delivery in late], again.status

    with asyncio.Runner(loop_factory=loop) as runner:
        opened, late, again = runner.run(run())
    assert opened == [204, 204, 204]
    assert late == ["no answer within 0.3 s", "no answer within 0.1 s", "no answer within 0.2 s"]
    assert again == 204


async def test_a_connection_that_the_receiver_closed_meanwhile_is_made_anew(wire):
    heard = []

    async def once(reader, writer):
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        await reader.readexactly(2)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        if len(heard) == 1:
            with contextlib.suppress(asyncio.IncompleteReadError):
                await reader.readexactly(1)  # the next message comes, and is not answered
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    assert (await wire.send(url, b"{}", {}, 5)).ok
    assert (await wire.send(url, b"{}", {}, 5)).ok
    assert len(heard) == 2
    server.close()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200),
        (b"SSH-2.0-OpenSSH_9.6\r\n", None),
        (b"", None),
    ],
)
async def test_whatever_the_receiver_says_is_an_answer_or_a_reason(wire, answer, status):
    async def say(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    delivery = await wire.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", b"{}", {}, 5)
    assert (delivery.ok, delivery.status) == (status is not None, status)
    assert delivery.ok or delivery.reason
    server.close()


async def test_a_header_cannot_smuggle_another(wire, other_side):
    async def take(_):
        return aiohttp.web.Response()

    url = await other_side(take)
    assert not (await wire.send(url, b"{}", {"X-Key": "1\r\nX-Other: 2"}, 5)).ok
    assert (await wire.send(url, b"{}", {"Content-Length": "7", "Connection": "close"}, 5)).ok


async def test_the_address_keeps_its_query_and_gives_its_password(wire, other_side):
    seen = []

    async def take(request):
        seen.append((request.path_qs, request.headers["Authorization"], request.headers["Host"]))
        return aiohttp.web.Response()

    url = await other_side(take)
    host = url.split("/")[2]
    assert (await wire.send(f"http://me:se%40cret@{host}/a b/?c=d&e=%20", b"{}", {}, 5)).ok
    assert seen == [("/a%20b/?c=d&e=%20", "Basic bWU6c2VAY3JldA==", host)]


def test_notifications_travel_on_the_loop_of_the_server_too():
    async def run():
        async def take(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            with contextlib.suppress(asyncio.IncompleteReadError):
                await reader.readuntil(b"never")
            writer.close()

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        wire = HttpWire()
        delivery = await wire.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", b"{}", {}, 5)
        await wire.close()
        server.close()
        return delivery

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(run()).status == 204


def guard(folder: Path, name: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """The certificate of an authority, and what a server of this name needs to speak TLS."""
    authority, certificate, key = write_certificates(folder, name)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    return authority, tls


async def thank(request: aiohttp.web.Request) -> aiohttp.web.Response:
    return aiohttp.web.json_response({"@context": {"a": "urn:a"}})


async def test_a_receiver_whose_authority_is_named_is_told_over_tls(other_side, tmp_path):
    authority, tls = guard(tmp_path)
    url = await other_side(thank, tls)
    wire = HttpWire(authority)
    assert (await wire.send(url, b"{}", {}, 5)).status == 200
    assert (await wire.send(url, b"{}", {}, 5)).status == 200
    assert (await wire.fetch_json(url, 5, 1_000)).document == {"@context": {"a": "urn:a"}}
    await wire.close()


async def test_a_certificate_that_nobody_vouches_for_is_refused_with_the_cure(wire, other_side, tmp_path):
    _, tls = guard(tmp_path)
    url = await other_side(thank, tls)
    cause = "its certificate is not trusted: unable to get local issuer certificate; an authority of your own"

    delivery = await wire.send(url, b"{}", {}, 5)
    assert (delivery.ok, delivery.status) == (False, None)
    assert cause in delivery.reason
    with pytest.raises(ContextNotAvailable, match=cause):
        await wire.fetch_json(url, 5, 1_000)


async def test_a_certificate_of_another_server_is_refused(other_side, tmp_path):
    authority, tls = guard(tmp_path, "127.0.0.2")
    wire = HttpWire(authority)
    delivery = await wire.send(await other_side(thank, tls), b"{}", {}, 5)
    assert not delivery.ok
    assert "IP address mismatch" in delivery.reason
    await wire.close()


def test_a_certificate_file_that_is_none_is_named(tmp_path):
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    with pytest.raises(SettingsError, match="cannot be used"):
        HttpWire(broken)
