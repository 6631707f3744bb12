"""An administrator opens data in a real browser, without any script, and a stranger sees it; then it is undone."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.knowing import PASSWORD
from tests.policy.inhabited import SHELTER

from machinami.app.running import TownOS
from machinami.broker import operations
from machinami.foundation.settings import Settings
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.names import LOCATION
from machinami.model.principal import SYSTEM
from machinami.model.town_terms import TERMS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
NAME = {"ja": "東小学校", "en": "East School"}


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """A town with one shelter, and nobody in it yet."""
    town = TownOS(Settings(tmp_path, port=0), "test")
    serving = await town.start()
    said = {
        TERMS["name"]: (Attribute(Kind.LANGUAGE, NAME),),
        LOCATION: (Attribute(Kind.GEO, {"type": "Point", "coordinates": [138.2, 35.1]}),),
        TERMS["capacity"]: (Attribute(Kind.PROPERTY, 120),),
    }
    await operations.create(await town.broker.town(None), Entity(SHELTER, (TERMS["Shelter"],), said), SYSTEM)
    yield serving.url
    await town.stop()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


async def _page(browser: Browser, url: str) -> Page:
    """A phone of somebody, without scripts."""
    size = {"width": 390, "height": 800}
    context = await browser.new_context(base_url=url, locale="en", java_script_enabled=False, viewport=size)
    context.set_default_timeout(30_000)
    return await context.new_page()


async def _come_in_first(officer: Page) -> None:
    """Make the first administrator of a town that opens nothing."""
    await officer.goto("/first?lang=en")
    await officer.fill("#name", "aiko")
    await officer.fill("#password", PASSWORD)
    await officer.uncheck("input[name=open]")
    await officer.click("main button[type=submit]")


async def test_shelters_are_opened_seen_by_a_stranger_and_closed_again(url: str, chromium: Browser) -> None:
    officer, stranger = await _page(chromium, url), await _page(chromium, url)
    await _come_in_first(officer)
    await stranger.goto("/map?lang=en")
    await expect(stranger.locator("h1")).to_contain_text("is not open yet")
    await expect(stranger.locator("main a", has_text="Sign in")).to_be_visible()

    await officer.goto("/")
    await expect(officer.locator("aside")).to_contain_text("Residents see nothing yet")
    await officer.click("text=Choose yourself")
    await officer.click("main a:has-text('Shelters')")
    for name in ("Name", "Place"):
        await officer.check(f"label:has-text('{name}') input[type=checkbox]")
    await officer.click("text=See how it will look")
    await expect(officer.locator(".preview")).to_contain_text("East School")
    await expect(officer.locator(".preview")).not_to_contain_text("120")
    await officer.click("button:has-text('Open it to everyone')")
    await officer.wait_for_url(re.compile("done=allowed"))
    await expect(officer.locator("#row-open-Shelter")).to_contain_text("Everyone may see shelters.")

    await stranger.goto("/map")
    await expect(stranger.locator("#places")).to_contain_text("East School")
    await expect(stranger.locator("#places")).to_contain_text("This is not open to you")  # the gauges are not
    await stranger.goto("/")
    await expect(stranger.locator("main")).not_to_contain_text("no call to evacuate now")

    await officer.goto("/policy")
    await officer.click("#row-open-Shelter button")
    await expect(officer.locator(".done")).to_contain_text("Withdrawn")
    await stranger.goto("/map")
    await expect(stranger.locator("h1")).to_contain_text("is not open yet")
    await officer.click(".done button")
    await expect(officer.locator("#row-open-Shelter")).to_be_visible()
    await officer.goto("/audit?did=administer")
    await expect(officer.locator(".log")).to_contain_text("withdrew a row: Everyone may see shelters.")


async def test_the_first_administrator_opens_what_residents_need_in_a_disaster_unless_they_say_otherwise(
    url: str, chromium: Browser
) -> None:
    officer, stranger = await _page(chromium, url), await _page(chromium, url)
    await officer.goto("/first?lang=en")
    await officer.fill("#name", "aiko")
    await officer.fill("#password", PASSWORD)
    await expect(officer.locator("input[name=open]")).to_be_checked()
    await officer.click("main button[type=submit]")
    await stranger.goto("/light?lang=en")
    await expect(stranger.locator("#refuges + p")).to_contain_text("no word yet")
    await stranger.goto("/")
    await expect(stranger.locator("#upkeep")).to_have_count(0)
    await officer.goto("/")
    await expect(officer.locator("section:has(#upkeep) li")).to_have_count(4)
    await officer.click("text=Disaster mode and drills")
    await expect(officer.locator("h1")).to_contain_text("Disaster mode")
    await expect(officer.locator("#unseen")).to_have_count(0)


async def test_a_town_that_opened_nothing_says_so_where_the_mode_is_turned_and_opens_it_there(
    url: str, chromium: Browser
) -> None:
    officer, stranger = await _page(chromium, url), await _page(chromium, url)
    await _come_in_first(officer)
    await stranger.goto("/light?lang=en")
    await expect(stranger.locator("#refuges + p")).to_contain_text("not open to everyone")
    await officer.goto("/disaster")
    await expect(officer.locator("section:has(#unseen) li")).to_have_count(4)
    await officer.click("button:has-text('Open them')")
    await officer.goto("/disaster")
    await expect(officer.locator("#unseen")).to_have_count(0)
    await stranger.goto("/light?lang=en")
    await expect(stranger.locator("#refuges + p")).to_contain_text("no word yet")
