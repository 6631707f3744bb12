"""A shelter in a real browser: opened by an officer, counted and stocked by staff whose phone has no line, and found by
who looks for one; in two languages."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from machinami.app.running import TownOS
from machinami.broker import batch
from machinami.broker.contexts import town_context
from machinami.foundation.settings import Settings
from machinami.model.principal import Principal, Role
from machinami.model.view import Point, Words, to_entity
from machinami.model.vocabulary.places import Shelter

SCHOOL = Shelter("urn:ngsi-ld:Shelter:school", Words(ja="川上小学校", en="Kawakami School"), Point(138.2, 35.0), 200)
OFFICER = Principal("urn:person:x", frozenset({Role.OFFICER}))
PHONE = f"/services/shelters/places/{SCHOOL.id}"
SAID = {
    "ja": ("川上小学校", "2 件が送信を待っています", "2 件を送りました", "手で数えて 57 人", "飲み水 40 L を要請した"),
    "en": (
        "Kawakami School",
        "2 wait on this phone",
        "2 sent.",
        "counted by hand: 57",
        "ordered 40 l of",
    ),
}


@pytest.fixture(params=["ja", "en"])
async def page(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """A phone in front of an open town with one shelter; no script of the town's fails."""
    running = TownOS(Settings(tmp_path, port=0), "test")
    serving = await running.start()
    town = await running.broker.town(None)
    await batch.put_all(town, [(to_entity(SCHOOL, town_context()), [])], OFFICER)
    context = await chromium.new_context(base_url=serving.url, viewport={"width": 390, "height": 844})
    context.set_default_timeout(30_000)
    opened = await context.new_page()
    failed: list[str] = []
    opened.on("pageerror", lambda error: failed.append(str(error)))
    await opened.goto(f"/?lang={request.param}")
    yield opened
    assert failed == []
    await context.close()
    await running.stop()


async def sign(page: Page, form: str) -> None:
    """Write who signs a form."""
    await page.locator(f"{form} [name=who]").fill("山田花子")
    await page.locator(f"{form} [name=role]").fill("避難所担当")


async def test_staff_without_a_line_record_and_nothing_is_lost_or_doubled(page: Page) -> None:
    language = await page.locator("html").get_attribute("data-language") or "ja"
    name, waiting, sent, counted, ordered = SAID[language]
    await page.goto("/services/shelters?view=officer")
    await page.locator("#heads ~ ul details > summary").first.click()
    await sign(page, "form[action$='/state']")
    await page.locator("form[action$='/state'] button").click()
    await expect(page).to_have_url(re.compile("done=opened"))
    await page.goto(PHONE)
    await expect(page.locator("#queue")).to_have_attribute("data-kept", "yes")
    await page.context.set_offline(True)
    await page.reload()  # what was seen last is there without a line
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    hand = "form[data-queued=hand]"
    await page.locator(f"{hand} [name=persons]").fill("57")
    await sign(page, hand)
    await page.locator(f"{hand} button[type=submit]").click()
    order = "form[data-queued=order]"
    await page.locator("details", has=page.locator(order)).last.locator("> summary").click()
    await page.locator(f"{order} [name=item]").select_option("water")
    await page.locator(f"{order} [name=quantity]").fill("40")
    await sign(page, order)
    await page.locator(f"{order} button[type=submit]").press("Enter")
    await expect(page.locator("#queue [data-state]")).to_contain_text(waiting)
    await page.reload()
    await expect(page.locator("#queue [data-list] li")).to_have_count(2)
    await page.context.set_offline(False)
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await page.evaluate("window.dispatchEvent(new Event('online'))")  # a line that comes and goes sends again
    await expect(page.locator("#queue [data-state]")).to_contain_text(sent)
    await page.reload()
    for text in (counted, ordered):
        await expect(page.locator("section", has=page.locator("#told")).get_by_text(text)).to_have_count(1)
    await page.goto("/services/shelters")
    await expect(page.get_by_role("article", name=name)).to_be_visible()
