"""Does a town that works for hours need ever more memory? One hour, or as long as MACHINAMI_SOAK_MINUTES says."""

import asyncio
import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import fmean

import aiohttp
import pytest
from tests.app.towns import town
from tests.faults.load import BASE, BATCH, Batcher, Known, Updater, name
from tests.faults.receiver import Receiver

from machinami.bench.processes import resident_megabytes

MINUTES = float(os.environ.get("MACHINAMI_SOAK_MINUTES", "60"))
SAMPLES = 60  # of memory, evenly
GROWTH = 0.05  # from the second third to the last
PAUSE = 0.02
QUESTIONS = (
    "/entities?type=Gauge&limit=20",
    "/entities?type=Bin&q=fill%3E0&limit=20",
    f"/temporal/entities/{name('Gauge', 0)}?timerel=after&timeAt=2026-01-01T00:00:00Z&timeproperty=modifiedAt"
    "&lastN=100&attrs=level",
    f"/entities/{name('Gauge', 1)}",
    "/types",
)
Figure = Callable[[str, float, str], None]


async def write(client: Updater | Batcher, url: str, until: float) -> None:
    async with aiohttp.ClientSession(url) as session:
        while time.monotonic() < until:
            await client.step(session)
            await asyncio.sleep(PAUSE)


async def ask(url: str, until: float, asked: list[int]) -> None:
    async with aiohttp.ClientSession(url) as session:
        for number in count():
            if time.monotonic() >= until:
                return
            path = BASE + QUESTIONS[number % len(QUESTIONS)] if number % 10 else "/"
            async with session.get(path) as answer:
                assert answer.status == 200, await answer.text()
                await answer.read()
            asked[0] += 1
            await asyncio.sleep(PAUSE)


async def watch(pid: int, seconds: float) -> list[float]:
    """The town's memory in MB, again and again."""
    found = []
    for _ in range(SAMPLES):
        await asyncio.sleep(seconds / SAMPLES)
        found.append(resident_megabytes(pid))
    return found


@pytest.mark.long
async def test_memory_stays_flat(tmp_path: Path, figure: Figure) -> None:
    known, asked, receiver = Known(), [0], Receiver()
    await receiver.start()
    with town(tmp_path) as running:
        until = time.monotonic() + 60 * MINUTES
        wish = {"id": name("Subscription", "soak"), "type": "Subscription", "entities": [{"type": "Gauge"}],
                "notification": {"endpoint": {"uri": receiver.url}}}  # fmt: skip
        async with aiohttp.ClientSession(running.url) as session:
            async with session.post(f"{BASE}/subscriptions", json=wish) as answer:
                assert answer.status == 201
        writers = [Updater(known, count(1), name("Gauge", n)) for n in range(4)]
        batcher = Batcher(known, count(1))
        work = [write(client, running.url, until) for client in (*writers, batcher)]
        async with aiohttp.ClientSession(running.url) as session:
            for client in (*writers, batcher):  # so that there is something to ask for
                await client.step(session)
        memory, *_ = await asyncio.gather(
            watch(running.process.pid, 60 * MINUTES - 5), *work, *(ask(running.url, until, asked) for _ in range(2))
        )
        told = sum(map(len, known.values.values()))
        await receiver.until(lambda: len(receiver.told) >= told)
    await receiver.die()
    third = len(memory) // 3
    middle, last = fmean(memory[third : 2 * third]), fmean(memory[2 * third :])
    figure("soak", MINUTES / 60, "h")
    figure("soak: writes acknowledged", known.acknowledged, "")
    figure("soak: entities written", told + len(known.batches) * BATCH, "")
    figure("soak: notifications taken", len(receiver.told), "")
    figure("soak: reads answered", asked[0], "")
    figure("soak: memory, middle third", round(middle, 1), "MB")
    figure("soak: memory, last third", round(last, 1), "MB")
    figure("soak: memory grew by", round(100 * (last / middle - 1), 2), "%")
    assert last / middle - 1 < GROWTH
