"""Every store keeps the contract."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from machinami.store.conformance.contract import CHECKS, Check
from machinami.store.memory import MemoryBackend
from machinami.store.protocol import Backend
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

LEVEL = "https://town.example/level"
NAMES = tuple("https://town.example/" + n for n in ("level", "label", "state", "title", "category", "series"))

BACKENDS: dict[str, Callable[[Path], Backend]] = {
    "memory": lambda folder: MemoryBackend(),
    "sqlite": lambda folder: open_backend(folder, StoreSettings()),
    "sqlite, synced": lambda folder: open_backend(folder, StoreSettings(durability="full")),
    "sqlite, cold": lambda folder: open_backend(folder, StoreSettings(cache_entities=4, log_bytes=0)),
    "sqlite, indexed": lambda folder: open_backend(folder, StoreSettings(indexed=NAMES)),
    "sqlite, in threads": lambda folder: open_backend(folder, StoreSettings(step_limit=1, loop_candidates=0)),
}


@pytest.fixture(params=BACKENDS)
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    made = BACKENDS[request.param](tmp_path)
    yield made
    await made.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_store_keeps_the_contract(check: Check, backend: Backend) -> None:
    await check(backend)
