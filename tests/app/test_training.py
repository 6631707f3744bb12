"""Do answers stay quick while a river's model is learned? A real server, a real worker, real training."""

import asyncio
import time
from pathlib import Path

import aiohttp
import numpy as np
from tests.running import running
from tests.services.flood.rivers import river

from machinami.kit.compute import Compute, call
from machinami.services.flood.logic.gathering import Series
from machinami.services.flood.service import RETRAIN

GAUGE = {"id": "urn:ngsi-ld:RiverGauge:bridge", "type": "RiverGauge"}
SLOWEST = 0.1
"""Seconds within which 99 of 100 answers come while a model is learned (or four times what the machine does idle)."""
ASKED = 300


async def ask(session: aiohttp.ClientSession) -> float:
    """How many seconds one entity takes."""
    began = time.perf_counter()
    async with session.get(f"/ngsi-ld/v1/entities/{GAUGE['id']}") as answer:
        assert (await answer.json())["id"] == GAUGE["id"]
    return time.perf_counter() - began


async def test_a_get_is_answered_while_a_model_is_learned(tmp_path: Path) -> None:
    record = river(8_000, seed=6, step=600)
    at = [record.step * i for i in range(record.count)]
    level, rain = Series(at, record.level.tolist()), {"hill": Series(at, record.rain[0].tolist())}
    compute = Compute()
    try:
        async with running(tmp_path) as town, aiohttp.ClientSession(town.serving.url) as session:
            async with session.post("/ngsi-ld/v1/entities", json=GAUGE) as answer:
                assert answer.status == 201
            idle = [await ask(session) for _ in range(ASKED)]
            await compute.run(abs, -1)
            learning = asyncio.ensure_future(compute.run(call, RETRAIN, level, rain, True, 0.0))
            busy = [await ask(session) for _ in range(ASKED)]
            assert not learning.done(), "the training was too short to tell"
            learning.cancel()
    finally:
        compute.close()
    assert np.quantile(busy, 0.99) < max(SLOWEST, 4 * np.quantile(idle, 0.99)), "answers wait for the training"
