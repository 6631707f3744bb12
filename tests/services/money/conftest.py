"""The pages of the town's money, seen by an officer over a real town, store and server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services.visiting import Visit, visited

from machinami.services.money import page
from machinami.services.money.book.telling import ADDRESS
from machinami.services.money.service import PACKAGE


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited(PACKAGE, tmp_path, page.routes, ADDRESS) as found:
        yield found
