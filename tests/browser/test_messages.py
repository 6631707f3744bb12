"""An officer's order in a real browser, in two languages: written from a prepared text, looked at again, sent, seen."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import Watch

from machinami.app.running import TownOS
from machinami.broker import batch
from machinami.broker.contexts import town_context
from machinami.foundation.settings import Settings
from machinami.model.view import Geometry, Point, Words, to_entity
from machinami.model.vocabulary.places import District, Shelter
from machinami.services.messages.model import Footway

HERE = "/services/messages"
SAID = {
    "ja": ("これは訓練です", "【訓練】警戒レベル4 避難指示（川東）", "送り終えました", "東小学校", "取り消しました"),
    "en": ("This is a drill", "[DRILL] Level 4: evacuate now (Kawahigashi)", "all sent", "East School", "Withdrawn"),
}


@pytest.fixture(params=["ja", "en"])
async def page(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """A browser in front of an open town with a district, a street and a school."""
    running = TownOS(Settings(tmp_path, port=0), "test")
    serving = await running.start()
    ring = [[138.2, 35.0], [138.21, 35.0], [138.21, 35.01], [138.2, 35.01], [138.2, 35.0]]
    street = Geometry({"type": "LineString", "coordinates": [[138.205, 35.005], [138.206, 35.005], [138.215, 35.005]]})
    views = (
        District("urn:ngsi-ld:District:east", Words(ja="川東", en="Kawahigashi", **{"ja-Hira": "かわひがし"}),
                 Geometry({"type": "Polygon", "coordinates": [ring]})),
        Shelter("urn:ngsi-ld:Shelter:east", Words(ja="東小学校", en="East School"), Point(138.215, 35.005), 200),
        Footway("urn:ngsi-ld:Footway:main", street),
    )  # fmt: skip
    town = await running.broker.town(None)
    await batch.put_all(town, [(to_entity(view, town_context()), []) for view in views], running.houses[0].city.viewer)
    context = await chromium.new_context(base_url=serving.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    opened = await context.new_page()
    watch = Watch(opened, serving.url)
    await opened.goto(f"{HERE}?view=officer&lang={request.param}")
    yield opened
    assert watch.foreign == []
    assert watch.complaints == []
    await context.close()
    await running.stop()


async def sign(page: Page, action: str) -> None:
    form = page.locator(f"form[action='{HERE}/{action}']").first
    await form.locator("[name=who]").fill("山田花子")
    await form.locator("[name=role]").fill("危機管理課長")


async def test_an_officer_holds_a_drill_and_takes_it_back(page: Page) -> None:
    language = "en" if "lang=en" in page.url else "ja"
    drill, headline, sent, school, withdrawn = SAID[language]
    await page.locator("[name=status]").select_option("Exercise")
    await page.locator("label.choice", has_text=re.compile("川東|Kawahigashi")).click()
    await page.locator(f"form[action='{HERE}/write'] button").click()
    await expect(page.locator("[name=headline_easy]")).to_have_value(re.compile("いますぐ"))  # prepared in all three
    await sign(page, "write")
    await page.locator(f"form[action='{HERE}/write'] button[type=submit]").click()
    await expect(page.locator("details.proposal").get_by_text(drill).first).to_be_visible()
    await sign(page, "approve")
    await page.locator("[name=read]").check()
    await page.locator(f"form[action='{HERE}/approve'] button[type=submit]").click()
    await expect(page.locator("dialog[open]")).to_be_visible()  # the second look
    await page.locator("dialog[open] button[value=yes]").click()
    await expect(page).to_have_url(re.compile("done=approved"))
    await expect(page.get_by_role("heading", name=headline).first).to_be_visible()
    async with page.expect_navigation():
        await page.goto(f"{HERE}?view=officer")
    for _ in range(20):
        if await page.get_by_text(sent).count():
            break
        await page.reload()
    await expect(page.get_by_text(sent).first).to_be_visible()
    await page.goto(HERE)
    await expect(page.get_by_text(school).first).to_be_visible()  # where to walk
    await page.goto(f"{HERE}/tv")
    await expect(page.get_by_text(headline)).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.locator("nav a").first).to_be_focused()  # a remote control is enough
    assert await page.evaluate("document.scripts.length") == 0
    await page.goto(f"{HERE}?view=officer")
    await page.locator(".notice-act summary").click()
    await page.locator(f"form[action='{HERE}/withdraw'] [name=reason]").fill("訓練おわり")
    await sign(page, "withdraw")
    await page.locator(f"form[action='{HERE}/withdraw'] button[type=submit]").click()
    await page.locator("dialog[open] button[value=yes]").click()
    await expect(page.locator(".done[role=status]")).to_contain_text(withdrawn)
