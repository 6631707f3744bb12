"""The whole way of a purpose in a real browser, without scripts: applied for, questioned, voted on, published."""

import re
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.knowing import PASSWORD
from tests.policy.towns import PEOPLE

from machinami.app.running import TownOS
from machinami.broker.identity import people
from machinami.broker.identity.identity import Where
from machinami.foundation.settings import Settings
from machinami.kit.forms import SESSION
from machinami.kit.installed import Broken, Service, load
from machinami.model.principal import Role

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
STAFF = (("mori", Role.RESIDENT), ("hara", Role.RESIDENT), ("kubo", Role.OFFICER))
HERE = Where("127.0.0.1", "test")


class Town(TownOS):
    """An installation with one service that asks for consent."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """The health points alone."""
        return [load("machinami.services.health_points")], []


@dataclass(frozen=True, slots=True)
class Opened:
    """A protected town, and the cookies of those who are signed in."""

    url: str
    cookies: dict[str, str]
    browser: Browser

    async def page(self, who: str, width: int = 390, language: str = "en") -> Page:
        """A window of somebody; "" is nobody."""
        size = {"width": width, "height": 800}
        context = await self.browser.new_context(base_url=self.url, java_script_enabled=False, viewport=size)
        context.set_default_timeout(30_000)
        if who:
            await context.add_cookies([{"name": SESSION, "value": self.cookies[who], "url": self.url}])
        page = await context.new_page()
        await page.goto(f"/ethics?lang={language}")
        return page


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; on Debian: apt-get install chromium")
    town = Town(Settings(tmp_path, port=0), "test")
    serving = await town.start()
    registry = town.identity.of(None)
    begun = await people.make_first(town.identity, registry, "aiko", "Aiko", PASSWORD, HERE)
    cookies = {"aiko": begun.cookie}
    for name, role in STAFF:
        by = PEOPLE["administrator"]
        made = await people.make_account(town.identity, registry, name, name.title(), frozenset({role}), by, 2)
        code = await people.invite(town.identity, registry, made.id, by)
        cookies[name] = (await people.accept(town.identity, registry, code, PASSWORD, HERE)).cookie
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield Opened(serving.url, cookies, browser)
        await browser.close()
    await town.stop()


async def _appoint(page: Page) -> None:
    await page.goto("/ethics/board")
    for number, (name, field) in enumerate((("Mori", "law"), ("Hara", "resident"))):
        await page.select_option(f"#person-{number}", label=name)
        await page.fill(f"#field-{number}", field)
    await page.click("main button[type=submit]")
    await page.wait_for_url(re.compile("done=board"))


async def _move(page: Page, outcome: str, reasons: str) -> None:
    await page.check(f"input[value={outcome}]")
    await page.fill("#reasons", reasons)
    await page.check("input[name=free]")
    await page.click("button:has-text('Put it to the vote')")
    await page.wait_for_url(re.compile("done=move"))


async def _vote_and_close(page: Page, address: str) -> None:
    await page.goto(address)
    await page.check("input[name=vote][value=yes]")
    await page.check("form:has(input[value=vote]) input[name=free]")
    await page.click("button:has-text('Vote')")
    await page.wait_for_url(re.compile("done=vote"))
    await page.click("button:has-text('Close the vote')")
    await page.wait_for_url(re.compile("done=decide"))


async def _apply(page: Page) -> None:
    await page.goto("/ethics/apply?from=health-points")
    await expect(page.locator("#purpose")).to_have_value("health-points")
    await page.click("main form button[type=submit]")
    await page.wait_for_url(re.compile("done=submit"))


async def test_a_purpose_is_applied_for_approved_and_published_before_people_are_asked(
    opened: Opened,
) -> None:
    nobody, aiko = await opened.page(""), await opened.page("aiko", 1280)
    await expect(nobody.locator("main")).to_contain_text("This town has not said yet who decides")
    await _appoint(aiko)
    kubo = await opened.page("kubo")
    await _apply(kubo)
    await nobody.goto("/ethics/0001")
    await expect(nobody.locator("main")).not_to_contain_text("Health points")  # under review: not for everyone
    mori, hara = await opened.page("mori", 1280), await opened.page("hara")
    await mori.goto("/ethics/0001")
    await mori.fill("#text-ask", "Who is known in a small district?")
    await mori.click("button:has-text('Ask')")
    await mori.wait_for_url(re.compile("done=ask"))
    await mori.check("input[value=approved]")
    await mori.fill("#reasons", "It helps")
    await mori.check("input[name=free]")
    await mori.click("button:has-text('Put it to the vote')")
    await expect(mori.locator(".fault")).to_contain_text("1 questions have no answer yet")
    await kubo.goto("/ethics/0001")
    await kubo.fill("#answer-2", "Groups of fewer than ten are not told.")
    await kubo.click("form:has(#answer-2) button")
    await mori.goto("/ethics/0001")
    await _move(mori, "approved", "It does more good than harm")
    await aiko.goto("/services/health_points?view=officer&lang=en")
    await expect(aiko.locator("main")).to_contain_text("Before it is published it must pass the ethics board")
    await _vote_and_close(hara, "/ethics/0001")

    await nobody.goto("/services/health_points?lang=en")
    await expect(nobody.locator("input[name=agree]")).to_have_count(0)  # approved, and not asked for yet
    await aiko.goto("/ethics/0001")
    await aiko.click("button:has-text('Publish it')")
    await aiko.wait_for_url(re.compile("done=publish"))
    await nobody.goto("/ethics/0001?lang=en")
    for said in (
        "It does more good than harm",
        "Mori",
        "Groups of fewer than ten",
        "People are being asked for this now",
    ):
        await expect(nobody.locator("main")).to_contain_text(said)
    await expect(nobody.locator("main")).not_to_contain_text("Kubo")  # who applied is not named
    await nobody.goto("/services/health_points?lang=en")
    await expect(nobody.locator("input[name=agree]")).to_have_count(1)


async def test_a_refused_purpose_cannot_be_asked_for_and_everyone_can_read_why(opened: Opened) -> None:
    aiko, kubo = await opened.page("aiko", 1280), await opened.page("kubo")
    await _appoint(aiko)
    await _apply(kubo)
    mori, hara = await opened.page("mori", 1280), await opened.page("hara")
    await mori.goto("/ethics/0001")
    await _move(mori, "refused", "A paper form would do")
    await _vote_and_close(hara, "/ethics/0001")
    nobody = await opened.page("", 390, "easy")
    await nobody.click("main a:has-text('あるいて')")
    await expect(nobody.locator("main")).to_contain_text("A paper form would do")
    await aiko.goto("/ethics/0001?lang=en")
    await expect(aiko.locator("button:has-text('Publish it')")).to_have_count(0)
    told = await aiko.request.post(
        "/purposes", data={"id": "health-points", "texts": {"ja": "x", "en": "x", "easy": "x"}}
    )
    assert told.status in (403, 409)
    await aiko.goto("/services/health_points?view=officer&lang=en")
    await expect(aiko.locator("main button:has-text('Publish this purpose')")).to_have_count(0)
