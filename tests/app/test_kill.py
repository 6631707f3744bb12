"""Pull the plug: what was acknowledged is there after a kill -9, and every subscription goes on."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import aiohttp.web
import pytest
from tests.app.towns import RunningTown, town

BASE = "/ngsi-ld/v1"


@pytest.fixture
async def receiver() -> AsyncIterator["Receiver"]:
    found = Receiver()
    await found.start()
    yield found
    await found.stop()


class Receiver:
    """Takes notifications and remembers which values of which gauge it was told."""

    def __init__(self) -> None:
        self.told: dict[str, set[int]] = {}

    async def start(self) -> None:
        runner = aiohttp.web.AppRunner(aiohttp.web.Application())
        runner.app.router.add_post("/", self._take)
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._runner = runner
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _take(self, request: aiohttp.web.Request) -> aiohttp.web.Response:
        for entity in (await request.json())["data"]:
            self.told.setdefault(entity["id"], set()).add(int(entity["level"]["value"]))
        return aiohttp.web.Response(status=204)


async def write_until_killed(
    url: str, gauge: int, first: int, taken: dict[str, list[int]], enough: asyncio.Event
) -> None:
    """Write ever new levels of one gauge; what was acknowledged is noted."""
    name = f"urn:ngsi-ld:Gauge:{gauge}"
    value = first
    async with aiohttp.ClientSession() as session:
        while True:
            body = [{"id": name, "type": "Gauge", "level": {"type": "Property", "value": value}}]
            try:
                async with session.post(f"{url}{BASE}/entityOperations/upsert?options=update", json=body) as answer:
                    if answer.status >= 300:
                        raise AssertionError(await answer.text())
            except (aiohttp.ClientError, OSError):
                return
            taken.setdefault(name, []).append(value)
            value += 1
            if sum(map(len, taken.values())) >= 400:
                enough.set()


async def kill_under_load(running: RunningTown, round_: int, taken: dict[str, list[int]]) -> None:
    enough = asyncio.Event()
    soon: dict[str, list[int]] = {}
    writers = [
        asyncio.create_task(write_until_killed(running.url, n, 1_000_000 * round_ + 1, soon, enough)) for n in range(8)
    ]
    async with asyncio.timeout(60):
        await enough.wait()
    running.kill()
    await asyncio.gather(*writers)
    for name, values in soon.items():
        taken.setdefault(name, []).extend(values)


def history_of(running: RunningTown, name: str) -> set[int]:
    """Every level in the history, page by page."""
    found: set[int] = set()
    since = "2026-01-01T00:00:00Z"
    while True:
        path = f"{BASE}/temporal/entities/{name}?timerel=after&timeAt={since}&timeproperty=modifiedAt"
        page = running.get(f"{path}&attrs=level&options=temporalValues")
        pairs = page.get("level", {"values": []})["values"]
        fresh = {int(value) for value, _ in pairs} - found
        if not fresh:
            return found
        found |= fresh
        since = pairs[-1][1]


@pytest.mark.parametrize("durability", ["normal", "full"])
async def test_nothing_acknowledged_is_missing_after_kill_9(
    tmp_path: Path, receiver: Receiver, durability: str
) -> None:
    taken: dict[str, list[int]] = {}
    with town(tmp_path, "--durability", durability) as running:
        subscription = {
            "id": "urn:ngsi-ld:Subscription:1",
            "type": "Subscription",
            "entities": [{"type": "Gauge"}],
            "notification": {"endpoint": {"uri": receiver.url}},
        }
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{running.url}{BASE}/subscriptions", json=subscription) as answer:
                assert answer.status == 201, await answer.text()
        await kill_under_load(running, 1, taken)
    with town(tmp_path, "--durability", durability) as running:
        await kill_under_load(running, 2, taken)

    with town(tmp_path, "--durability", durability) as running:
        for name, values in taken.items():
            state = await asyncio.to_thread(running.get, f"{BASE}/entities/{name}")
            assert int(state["level"]["value"]) >= values[-1]
            assert set(values) <= await asyncio.to_thread(history_of, running, name)
        await until_told(receiver, taken)

    missing = {name: set(values) - receiver.told.get(name, set()) for name, values in taken.items()}
    assert missing == {name: set() for name in taken}, json.dumps({k: sorted(v)[:5] for k, v in missing.items()})


async def until_told(receiver: Receiver, taken: dict[str, list[int]]) -> None:
    async with asyncio.timeout(60):
        while any(set(values) - receiver.told.get(name, set()) for name, values in taken.items()):
            await asyncio.sleep(0.05)
