"""A town with its pages, asked over real HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from tests.fakes.preview import Preview


@pytest.fixture
async def preview(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Preview]:
    """The town in a storm, or in the scene that the test names."""
    async with Preview(tmp_path, getattr(request, "param", "storm")).open() as opened:
        yield opened


@pytest.fixture
async def browser(preview: Preview) -> AsyncIterator[aiohttp.ClientSession]:
    """Someone who reads HTML and keeps cookies."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(preview.url, cookie_jar=jar, headers={"Accept": "text/html"}) as session:
        yield session
