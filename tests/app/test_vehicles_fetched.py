"""A running town fetches GTFS-realtime from a real server: delays, places and alerts; nonsense; and nothing at all."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from tests.transit import message, nested, number, position, text

from machinami.app.running import TownOS
from machinami.foundation.settings import Settings, TransitSettings
from machinami.ingest.gtfs.source import Account

Entity = dict[str, Any]


class Operator:
    """An operator's server: what it says, how it answers, and how often it was asked."""

    def __init__(self) -> None:
        self.said, self.status, self.port = b"", 200, 0

    async def answer(self, request: web.Request) -> web.Response:
        """Whatever is said now."""
        return web.Response(status=self.status, body=self.said, content_type="application/x-protobuf")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve on this machine, on the same port as before."""
        application = web.Application()
        application.router.add_get("/rt.pb", self.answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = int(runner.addresses[0][1])
        try:
            yield
        finally:
            await runner.cleanup()


@asynccontextmanager
async def fetching(folder: Path, operator: Operator) -> AsyncIterator[tuple[str, Account]]:
    """An open town that fetches once a second; its address, and how its source fares."""
    feed = TransitSettings(f"http://127.0.0.1:{operator.port}/rt.pb", "bus", 1)
    running = TownOS(Settings(folder, port=0, gtfs_realtime=(feed,)), "test")
    serving = await running.start()
    try:
        assert running.watched.sources is not None
        yield serving.url, running.watched.sources.gtfs[0].account
    finally:
        await running.stop()


async def entities(url: str, kind: str) -> dict[str, Entity]:
    """What the town says of a type, in the short form, by the end of its id."""
    async with aiohttp.ClientSession() as session:
        query = f"{url}/ngsi-ld/v1/entities?type={kind}&options=keyValues"
        link = '<https://w3id.org/machinami/context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"'
        async with session.get(query, headers={"Link": link}) as answer:
            assert answer.status == 200, await answer.text()
            return {one["id"].rpartition(":")[2]: one for one in await answer.json(content_type=None)}


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, for a minute at most."""
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.05)


def told(at: int, *more: bytes) -> bytes:
    """A bus with its place and its delay, and an alert."""
    call = number(1, 2) + nested(2, number(1, 240) + number(2, at))
    update = nested(1, text(1, "R1")) + nested(3, text(1, "7")) + nested(2, call) + number(4, at)
    words = nested(1, text(1, "大橋は通れません") + text(2, "ja"))
    alert = nested(5, text(2, "R")) + number(7, 4) + nested(10, words)
    rows = (text(1, "u") + nested(3, update), position("7", "R1", 138.0, 35.0, 2, at))
    return message(*rows, text(1, "a") + nested(5, alert), *more, at=at)


async def test_delays_places_and_alerts_of_an_operator_reach_the_town(tmp_path: Path) -> None:
    operator, now = Operator(), int(time.time())
    operator.said = told(now - 5)
    async with operator.open(), fetching(tmp_path, operator) as (url, account):
        await until(lambda: account.messages > 0)
        (bus,) = (await entities(url, "Vehicle")).values()
        assert bus["delays"] == {"json": [[2, None, 240, now - 5]]} or bus["delays"] == [[2, None, 240, now - 5]]
        assert bus["location"]["coordinates"] == [138.0, 35.0]
        (notice,) = (await entities(url, "TransitNotice")).values()
        assert notice["state"] == "told"
        assert "大橋は通れません" in str(notice["headline"])
        operator.said = message(at=now)  # the alert is over
        seen = account.messages
        await until(lambda: account.messages > seen + 1)
        (notice,) = (await entities(url, "TransitNotice")).values()
        assert notice["state"] == "ended"


async def test_nonsense_an_error_and_a_server_that_is_gone_are_said_and_outlived(tmp_path: Path) -> None:
    operator, now = Operator(), int(time.time())
    operator.said = b"<html>maintenance</html>"
    async with operator.open(), fetching(tmp_path, operator) as (url, account):
        await until(lambda: "no GTFS-realtime message" in account.last_error)
        operator.said = told(now - 5)[:-3]  # cut off on its way
        await until(lambda: "cut off" in account.last_error)
        operator.status = 503
        await until(lambda: "503" in account.last_error)
        assert await entities(url, "Vehicle") == {}
        operator.status, operator.said = 200, told(now - 4)
        await until(lambda: account.last_error == "" and account.messages > 0)
        assert "7" in await entities(url, "Vehicle")


async def test_a_server_that_goes_and_comes_back_is_heard_again(tmp_path: Path) -> None:
    operator, now = Operator(), int(time.time())
    async with operator.open():
        pass  # its port is known now, and nobody is there
    async with fetching(tmp_path, operator) as (url, account):
        await until(lambda: "cannot be reached" in account.last_error)
        operator.said = told(now - 5)
        async with operator.open():
            await until(lambda: account.messages > 0)
            assert account.last_error == ""
        await until(lambda: "cannot be reached" in account.last_error)
        assert "7" in await entities(url, "Vehicle")  # what was told stays
