"""Notifications arrive whatever happens to receivers: nothing missing, in order, and nobody waits for a dead one."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from tests.faults.load import BASE, name, prop
from tests.faults.receiver import Receiver

from machinami.apis.ngsild.parameters import Paging
from machinami.apis.ngsild.routes import routes
from machinami.apis.ngsild.subscription_documents import read_subscription
from machinami.broker.broker import Broker, Ports
from machinami.kit.server import serve
from machinami.kit.viewing import anyone
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend
from machinami.wire.http import HttpWire

Figure = Callable[[str, float, str], None]


class Town:
    """A broker that is served, and talks to real receivers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __aenter__(self) -> "Town":
        self._wire = HttpWire()
        ids = iter(range(1, 1 << 30))
        ports = Ports(
            open_backend(self._folder, StoreSettings()),
            self._wire,
            self._wire,
            lambda: datetime.now(UTC),
            lambda: f"{next(ids):08x}",
            read_subscription,
        )
        self.broker = Broker(ports)
        await self.broker.start()
        self._serving = await serve(routes(self.broker, anyone, Paging()))
        self._session = aiohttp.ClientSession(self._serving.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._serving.stop()
        await self.broker.close()
        await self._wire.close()

    async def ask(self, method: str, path: str, body: object) -> None:
        async with self._session.request(method, BASE + path, json=body) as answer:
            assert answer.status < 300, await answer.text()

    async def subscribe(self, what: str, kind: str, url: str, **endpoint: object) -> None:
        wish = {"id": name("Subscription", what), "type": "Subscription", "entities": [{"type": kind}]}
        await self.ask("POST", "/subscriptions", {**wish, "notification": {"endpoint": {"uri": url, **endpoint}}})

    async def update(self, kind: str, number: int, values: list[int]) -> None:
        """Give an entity new values, one after the other."""
        for value in values:
            body = [{"id": name(kind, number), "type": kind, "level": prop(value)}]
            await self.ask("POST", "/entityOperations/upsert?options=update", body)


async def slowest(town: Town, receivers: list[Receiver], values: range) -> float:
    """Write these values, and say how many seconds the slowest receiver of one of them waited for it."""
    longest = 0.0
    for value in values:
        told, began = len(receivers[0].told) + 1, time.perf_counter()
        await town.update("Gauge", 1, [value])
        await asyncio.gather(*(one.until(lambda one=one, told=told: len(one.told) == told) for one in receivers))
        longest = max(longest, time.perf_counter() - began)
    return longest


async def test_a_black_hole_delays_ninety_nine_others_by_less_than_a_second(tmp_path: Path, figure: Figure) -> None:
    hole, others = Receiver(lambda: None), [Receiver() for _ in range(99)]
    for receiver in (hole, *others):
        await receiver.start()
    async with Town(tmp_path) as town:
        for number, receiver in enumerate(others, 1):
            await town.subscribe(str(number), "Gauge", receiver.url)
        alone = await slowest(town, others, range(5))
        await town.subscribe("0", "Gauge", hole.url)
        await slowest(town, others, range(5, 6))  # the hole now swallows the first of all
        beside = await slowest(town, others, range(6, 11))
        for receiver in (hole, *others):
            await receiver.die()
    assert hole.told == []
    assert all(one.values() == {name("Gauge", 1): [*range(11)]} for one in others)
    figure("slowest of 99 receivers beside a black hole, from write to taken", round(1000 * beside), "ms")
    figure("slowest of 99 receivers without one", round(1000 * alone), "ms")
    assert beside - alone < 1


async def test_subscriptions_of_one_dead_address_do_not_take_the_room_of_others(tmp_path: Path, figure: Figure) -> None:
    hole, other = Receiver(lambda: None), Receiver()
    await hole.start()
    await other.start()
    async with Town(tmp_path) as town:
        for number in range(120):  # more than connections are open at once
            await town.subscribe(str(number), "Gauge", hole.url)
        await town.update("Gauge", 1, [0])
        await town.subscribe("other", "Gauge", other.url)
        began = time.perf_counter()
        await town.update("Gauge", 1, [1])
        await other.until(lambda: len(other.told) == 1)
        took = time.perf_counter() - began
        await hole.die()
        await other.die()
    figure("beside 120 subscriptions of one dead address, from write to taken", round(1000 * took), "ms")
    assert took < 1


async def lose_nothing(folder: Path, updates: int, figure: Figure) -> None:
    receiver, entities = Receiver(), 100
    await receiver.start()
    async with Town(folder) as town:
        await town.subscribe("1", "Gauge", receiver.url, cooldown=50)
        rounds = updates // entities

        async def write() -> None:
            for value in range(rounds):
                body = [{"id": name("Gauge", n), "type": "Gauge", "level": prop(value)} for n in range(entities)]
                await town.ask("POST", "/entityOperations/upsert?options=update", body)

        async def die_again_and_again() -> None:
            for death in range(1, 6):
                await receiver.until(lambda death=death: len(receiver.told) >= updates * death // 6, 3_600)
                await receiver.die()
                await asyncio.sleep(0.2)
                await receiver.start()

        began = time.perf_counter()
        await asyncio.gather(write(), die_again_and_again())
        wanted = list(range(rounds))

        def all_told() -> bool:
            return len(receiver.told) >= updates

        await receiver.until(all_told, 3_600)
        seconds = time.perf_counter() - began
        told = receiver.values()
        assert len(told) == entities
        again = 0
        for values in told.values():
            once = list(dict.fromkeys(values))  # what was told again when the receiver died comes twice
            again += len(values) - len(once)
            assert once == wanted
        assert sorted(set(receiver.numbers)) == list(range(1, updates + 1))
        await receiver.die()
    figure("notifications to a receiver that died and returned five times", updates, "")
    figure("of these missing", 0, "")
    figure("of these told again (same id and number)", again, "")
    figure("time from the first write to the last taken", round(seconds, 1), "s")


async def test_a_receiver_that_dies_and_returns_five_times_misses_nothing(tmp_path: Path, figure: Figure) -> None:
    await lose_nothing(tmp_path, 20_000, figure)


@pytest.mark.long
async def test_of_a_million_updates_nothing_is_missing(tmp_path: Path, figure: Figure) -> None:
    await lose_nothing(tmp_path, 1_000_000, figure)
