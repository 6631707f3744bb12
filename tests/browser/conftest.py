"""A real Chromium in front of a town that is served on this machine only."""

import shutil
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright
from tests.fakes.preview import Preview

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VENDOR = files("machinami.kit") / "static" / "vendor" / "maplibre-gl" / "maplibre-gl.js"
QUIET = [
    "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps",
]  # fmt: skip
WEBGL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


class Watch:
    """What a page asked of whom, and what it complained about."""

    def __init__(self, page: Page, home: str) -> None:
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        self._home = home
        page.on("request", self._asked)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._home, "data:", "blob:")):
            self.foreign.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "GPU stall" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture(params=["webgl"])
async def chromium(request: pytest.FixtureRequest) -> AsyncIterator[Browser]:
    """Chromium with WebGL by software, or without any."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; on Debian: apt-get install chromium")
    if not VENDOR.is_file():
        pytest.skip("the browser's libraries are not built; install the package once (it fetches them)")
    arguments = WEBGL if request.param == "webgl" else ["--disable-gpu", "--disable-3d-apis"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *arguments])
        yield browser
        await browser.close()


@pytest.fixture
async def preview(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Preview]:
    """The town in a storm, or in the scene that the test names."""
    async with Preview(tmp_path, getattr(request, "param", "storm")).open() as opened:
        yield opened


@pytest.fixture
async def desk(chromium: Browser, preview: Preview) -> AsyncIterator[BrowserContext]:
    """A browser window of the size of a desk's screen."""
    context = await chromium.new_context(
        base_url=preview.url, viewport={"width": 1280, "height": 900}, locale="ja-JP", reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    yield context
    await context.close()


@pytest.fixture
async def phone(chromium: Browser, preview: Preview) -> AsyncIterator[BrowserContext]:
    """A browser window of the size of the smallest phone."""
    context = await chromium.new_context(
        base_url=preview.url, viewport={"width": 320, "height": 640}, locale="ja-JP", has_touch=True, is_mobile=True
    )
    context.set_default_timeout(30_000)
    yield context
    await context.close()
