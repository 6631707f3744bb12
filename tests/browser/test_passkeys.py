"""Does a passkey open the town? With a real Chromium and its virtual authenticator."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright
from tests.knowing import PASSWORD, Known, known
from tests.servers import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Known]:
    """A town at http://localhost, where passkeys have a name to be bound to."""
    port = free_port()
    async with known(tmp_path, address=f"http://localhost:{port}", port=port) as opened:
        yield opened


@pytest.fixture
async def window(town: Known) -> AsyncIterator[BrowserContext]:
    """A window of Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = await browser.new_context(base_url=town.identity.supplies.address(), locale="en")
        context.set_default_timeout(30_000)
        yield context
        await browser.close()


async def plug_in(page: Page) -> None:
    """Give the page an authenticator that asks its person and keeps passkeys."""
    devices = await page.context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def test_a_passkey_is_registered_and_opens_the_town_at_level_two(town: Known, window: BrowserContext) -> None:
    page = await window.new_page()
    await plug_in(page)
    await page.goto("/first?lang=en")
    await page.fill("#name", "aiko")
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url(re.compile(r"^[^?]*/account$"))
    await page.click("#add-passkey button")
    await page.wait_for_url("**/account?done=passkey")
    account = town.registry.administrators[0]
    assert [key.name for key in account.passkeys] == ["My device"]

    await page.click("form[action='/sign-out'] button")
    await page.goto("/sign-in?next=/account")
    await page.click("#by-passkey button")
    await page.wait_for_url(re.compile(r"^[^?]*/account$"))
    assert "AAL 2" in await page.inner_text("main")
    assert town.registry.administrators[0].passkeys[0].last_used is not None

    await page.click("form[action$='/removal'] button")
    await page.wait_for_url("**/account?done=passkey-off")
    await page.click("form[action='/sign-out'] button")
    await page.goto("/sign-in?next=/account")
    await page.click("#by-passkey button")
    await page.wait_for_selector("#passkey-fault:not([hidden])")
    assert town.registry.sessions_of(account.id) == []
