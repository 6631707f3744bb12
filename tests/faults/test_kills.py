"""Killed again and again at random moments under mixed load, a town loses, doubles and tears nothing."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from tests.app.towns import environment
from tests.faults.checker import faults
from tests.faults.load import BASE, Known, clients, name
from tests.faults.receiver import Receiver

_SMALL = [sys.executable, str(Path(__file__).with_name("small_server.py"))]
_WHOLE = [sys.executable, "-m", "machinami", "serve", "--port", "0"]
Figure = Callable[[str, float, str], None]


class Lives:
    """A town that is born and killed again and again."""

    def __init__(self, folder: Path, durability: str, draw: random.Random) -> None:
        self._folder, self._durability, self._draw = folder, durability, draw
        self.kills = self.kills_at_start = 0

    @contextlib.asynccontextmanager
    async def life(self, whole: bool) -> AsyncIterator[str]:
        """The address of the running town; killed when the block is left."""
        process = self._begin(whole)
        try:
            assert process.stdout is not None
            lines = process.stdout
            said = await asyncio.to_thread(lambda: next((line for line in lines if "http://" in line), ""))
            assert said, "the town did not start"
            yield said.split()[1].rstrip("/")
        finally:
            self._kill(process)

    async def killed_while_it_starts(self, whole: bool) -> None:
        """A life that ends before or about when it listens."""
        process = self._begin(whole)
        await asyncio.sleep(self._draw.uniform(0.2, 1.5))
        self._kill(process)
        self.kills_at_start += 1

    def _begin(self, whole: bool) -> "subprocess.Popen[str]":
        more = ["--data", str(self._folder), "--durability", self._durability]
        command = [*_WHOLE, *more] if whole else [*_SMALL, str(self._folder), self._durability]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()
        )

    def _kill(self, process: "subprocess.Popen[str]") -> None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        self.kills += 1


async def subscribe(url: str, receiver: Receiver) -> None:
    body = {
        "id": name("Subscription", "told"),
        "type": "Subscription",
        "entities": [{"type": "Gauge"}],
        "notification": {"endpoint": {"uri": receiver.url}},
    }
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{url}{BASE}/subscriptions", json=body) as answer:
            assert answer.status == 201, await answer.text()


def untold(receiver: Receiver, known: Known) -> dict[str, list[int]]:
    told = receiver.values()
    missing = {gauge: sorted(set(values) - set(told.get(gauge, ()))) for gauge, values in known.values.items()}
    return {gauge: values for gauge, values in missing.items() if values}


async def survive(folder: Path, durability: str, kills: int, seed: int, whole_every: int, figure: Figure) -> None:
    draw, known, receiver = random.Random(seed), Known(), Receiver()
    lives, everybody = Lives(folder, durability, draw), clients(known)
    await receiver.start()
    checks = 0
    async with lives.life(whole=False) as url:
        await subscribe(url, receiver)
    while lives.kills < kills:
        whole = bool(whole_every) and lives.kills % whole_every == whole_every - 1
        if lives.kills % 4 == 3:
            await lives.killed_while_it_starts(whole)
            continue
        async with lives.life(whole) as url:
            working = [asyncio.create_task(client.run(url)) for client in everybody]
            await asyncio.sleep(draw.uniform(0.02, 1.2))
        await asyncio.gather(*working)
        if lives.kills % 20 == 0:
            assert await faults(folder, known) == []
            checks += 1
    assert await faults(folder, known) == []
    async with lives.life(whole=False):
        with contextlib.suppress(TimeoutError):
            await receiver.until(lambda: not untold(receiver, known), 120)
    await receiver.die()
    assert untold(receiver, known) == {}
    in_order(receiver)
    figure(f"kills survived (durability {durability})", lives.kills, "")
    figure(f"of these while it started (durability {durability})", lives.kills_at_start, "")
    figure(f"acknowledged writes checked (durability {durability})", known.acknowledged, "")
    figure(f"notifications checked (durability {durability})", len(receiver.told), "")
    figure(f"missing, doubled or torn (durability {durability})", 0, "")


def in_order(receiver: Receiver) -> None:
    """What was told again bears the same id and number; apart from that, all came in order, without a gap."""
    numbers: dict[str, int] = {}
    values: dict[str, list[int]] = {}
    for notification, number in zip(receiver.told, receiver.numbers, strict=True):
        if notification["id"] in numbers:
            assert numbers[notification["id"]] == number
            continue
        assert number == len(numbers) + 1
        numbers[notification["id"]] = number
        for entity in notification["data"]:
            values.setdefault(entity["id"], []).append(entity["level"]["value"])
    for told in values.values():
        assert told == sorted(set(told))


@pytest.mark.parametrize("durability", ["normal", "full"])
async def test_ten_kills_lose_double_and_tear_nothing(tmp_path: Path, durability: str, figure: Figure) -> None:
    await survive(tmp_path, durability, 10 if durability == "normal" else 4, 1, 0, figure)


@pytest.mark.long
async def test_two_hundred_kills_lose_double_and_tear_nothing(tmp_path: Path, figure: Figure) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    await survive(tmp_path, "normal", 200, seed, 10, figure)
