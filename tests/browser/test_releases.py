"""An officer makes a release in a real browser, a colleague publishes it, a stranger reads it, and what would show one
person is refused; without any script."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.broker.releases.walkers import AGES, DISTRICTS, People
from tests.knowing import PASSWORD

from machinami.app.running import TownOS
from machinami.broker import legal_records
from machinami.foundation.settings import Settings
from machinami.kit.installed import Broken, Service
from machinami.model.legal import LegalClass, Mark
from machinami.model.principal import Principal, Role
from machinami.model.town_terms import TERMS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
ADMIN = Principal("urn:machinami:console", frozenset({Role.ADMINISTRATOR}), None, None, 3, 3)


class Quiet(TownOS):
    """A town without services of its own."""

    def services(self) -> tuple[list[Service], list[Broken]]:
        """None."""
        return [], []


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[tuple[People, str]]:
    """A town in which 135 people walked."""
    running = Quiet(Settings(tmp_path, port=0), "test")
    serving = await running.start()
    people = People(await running.broker.town(None))
    await people.add((district, age) for district in DISTRICTS for age in AGES for _ in range(15))
    await legal_records.put_mark(
        people.town, Mark(LegalClass.PERSONAL, TERMS["StepCount"], "", TERMS["refWalker"]), ADMIN
    )
    await legal_records.put_mark(people.town, Mark(LegalClass.PERSONAL, TERMS["Walker"]), ADMIN)
    yield people, serving.url
    await running.stop()


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
    context = await browser.new_context(
        base_url=url, locale="en", java_script_enabled=False, viewport={"width": 390, "height": 800}
    )
    context.set_default_timeout(30_000)
    return await context.new_page()


async def _invited(administrator: Page, browser: Browser, url: str, name: str, role: str) -> Page:
    """Another member of staff, who came by an invitation."""
    await administrator.goto("/people?lang=en")
    await administrator.fill("#name", name)
    await administrator.check(f"form[action='/people'] input[name='role-{role}']")
    await administrator.select_option("form[action='/people'] select[name='assurance']", "2")
    await administrator.click("form[action='/people'] button[type=submit]")
    found = re.search(r"/invitation#([0-9a-f]{48})", await administrator.content())
    assert found is not None
    page = await _page(browser, url)
    await page.goto("/invitation?lang=en")
    await page.fill("main form input[name=code]", found[1])
    await page.click("main form button[type=submit]")
    await page.fill("#password", PASSWORD)
    await page.fill("#again", PASSWORD)
    await page.click("main button[type=submit]")
    await expect(page).not_to_have_url(re.compile("invitation"))
    return page


async def test_a_release_goes_from_a_form_to_everyone_and_the_next_one_that_shows_somebody_is_refused(
    town: tuple[People, str], chromium: Browser
) -> None:
    people, url = town
    maker = await _page(chromium, url)
    await maker.goto("/first?lang=en")
    await maker.fill("#name", "aiko")
    await maker.fill("#password", PASSWORD)
    await maker.click("main button[type=submit]")
    head = await _invited(maker, chromium, url, "ken", "department-head")

    await maker.goto("/open-data")
    await maker.click("text=To the staff's pages")
    await maker.click("text=Make a new one")
    await maker.select_option("#type", "StepCount")
    await maker.select_option("#persons", "Walker")
    await maker.click("text=Go on")
    await expect(maker.locator("#ground")).to_contain_text("ground must be recorded")
    await maker.click("text=Record it for a year")
    await maker.fill("[id='title.ja']", "地区と年代の歩数")
    await maker.fill("[id='title.en']", "Steps by district and age")
    await maker.fill("#id", "steps")
    await maker.select_option("#person", "refWalker")
    await maker.select_option("#moment", "day")
    await maker.fill("#from", "2026-06-01")
    await maker.fill("#to", "2026-06-29")
    await maker.select_option("[id='p.district']", "known")
    await maker.select_option("[id='p.ageBand']", "known")
    await maker.select_option("[id='r.steps']", "measure")
    await maker.click("text=Make and check it")
    await expect(maker.locator("main")).to_contain_text("Nobody can be found in it")
    await expect(maker.locator("main")).to_contain_text("no group of fewer than 10 people can be worked out")
    await expect(maker.locator("main")).to_contain_text("not whoever had it made")  # a colleague decides

    stranger = await _page(chromium, url)
    await stranger.goto("/open-data?lang=en")
    await expect(stranger.locator("main")).to_contain_text("Nothing is published yet")

    await head.goto("/releases/steps/1?lang=en")
    await expect(head.locator("main")).to_contain_text("Decide whether it goes out")
    await head.fill("#reason", "Residents want to know")
    await head.click("text=Publish it")
    await head.wait_for_url(re.compile("done=published"))

    await stranger.goto("/open-data?lang=en")
    await stranger.click("main a:has-text('Steps by district and age')")
    await expect(stranger.locator("table")).to_contain_text("本町")
    await expect(stranger.locator("main")).to_contain_text("Residents want to know")
    told = await stranger.request.get("/open-data/steps/1.csv")
    assert told.status == 200
    assert "75+,本町,15," in (await told.body()).decode("utf-8-sig")

    await people.add([("本町", "75+")], 900)  # one person more
    await maker.goto("/releases/steps/1")
    await maker.click("text=Make it again")
    await expect(maker.locator("main")).to_contain_text("cannot be published as it is")
    await expect(maker.locator("main b", has_text="shows a group of 1")).to_contain_text("steps/1 (")
    await expect(maker.locator("text=Publish it")).to_have_count(0)
