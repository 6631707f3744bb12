"""A town that knows people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.knowing import Known, known


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Known]:
    """A town without administrators yet."""
    async with known(tmp_path) as opened:
        yield opened
