"""A plan service over a real store, whose clock goes on by itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.services.housing import housed

from machinami.kit.city import City


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    now = [datetime(2026, 11, 21, 0, tzinfo=UTC)]

    def clock() -> datetime:
        now[0] += timedelta(seconds=1)
        return now[0]

    async with housed("machinami.services.plan", tmp_path, clock) as (_, found):
        yield found
