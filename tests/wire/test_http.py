"""Notifications and contexts travel over real HTTP, and whatever the other side does becomes a clear word."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp.web
import pytest

from machinami.foundation.errors import ContextNotAvailable
from machinami.wire.http import HttpWire

Handle = Callable[[aiohttp.web.Request], Awaitable[aiohttp.web.StreamResponse]]


@pytest.fixture
async def wire() -> AsyncIterator[HttpWire]:
    found = HttpWire()
    yield found
    await found.close()


@pytest.fixture
async def other_side() -> AsyncIterator[Callable[[Handle], Awaitable[str]]]:
    runners = []

    async def serve(handle: Handle) -> str:
        app = aiohttp.web.Application()
        app.router.add_route("*", "/{rest:.*}", handle)
        runner = aiohttp.web.AppRunner(app)
        await runner.setup()
        await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)
        return f"http://127.0.0.1:{runner.addresses[0][1]}/context"

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
        return aiohttp.web.json_response({"@context": {"a": "urn:a"}})

    assert await wire.fetch_json(await other_side(give), 5, 1_000) == {"@context": {"a": "urn:a"}}


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (lambda: aiohttp.web.Response(status=404), "answered 404"),
        (lambda: aiohttp.web.Response(text="<html>"), "no JSON"),
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


async def test_only_http_addresses_are_fetched(wire):
    with pytest.raises(ContextNotAvailable, match="no address"):
        await wire.fetch_json("file:///etc/passwd", 5, 1_000)
