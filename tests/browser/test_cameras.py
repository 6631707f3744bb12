"""Watch-over cameras in a real browser: an officer plans a street, looks at it in 3D, adopts; a resident reads and
objects. In two languages, in a town that knows its houses and poles and nothing else."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import Watch
from tests.services.visiting import OFFICER
from tests.services.watch_cameras.street import HOUSES, POLES, at

from machinami.app.running import TownOS
from machinami.broker import batch
from machinami.broker.contexts import town_context
from machinami.foundation.settings import Settings
from machinami.model.view import to_entity

ADDRESS = "/services/watch_cameras"
SIGNED = {"who": "山田花子", "role": "危機管理課長"}


@pytest.fixture(params=["ja", "en"])
async def page(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """A browser in front of an open town of a few houses and poles; it asks nobody else and complains of nothing."""
    running = TownOS(Settings(tmp_path, port=0), "test")
    serving = await running.start()
    town, context = await running.broker.town(None), town_context()
    await batch.put_all(town, [(to_entity(view, context), []) for view in (*HOUSES, *POLES)], OFFICER)
    browsing = await chromium.new_context(base_url=serving.url, viewport={"width": 1280, "height": 900})
    browsing.set_default_timeout(30_000)
    opened = await browsing.new_page()
    watch = Watch(opened, serving.url)
    await opened.goto(f"{ADDRESS}?view=officer&lang={request.param}")
    yield opened
    assert watch.foreign == []
    assert watch.complaints == []
    await browsing.close()
    await running.stop()


async def send(page: Page, action: str, **typed: str) -> None:
    """Unfold a form, fill it, sign it, send it, say yes where it asks, and see it done."""
    form = page.locator(f"form[method=post][action='{ADDRESS}/{action}']").first
    for _ in range(2):
        folded = page.locator("details:not([open])").filter(has=form)
        if await folded.count():
            await folded.first.locator("> summary").click()
    for name, text in {**SIGNED, **typed}.items():
        field = form.locator(f"[name='{name}']")
        if name in typed or await field.count():
            if await field.first.evaluate("field => field.tagName") == "SELECT":
                await field.first.select_option(text)
            else:
                await field.first.fill(text)
    await form.locator("button[type=submit]").first.click()
    sure = page.locator("dialog[open] button[value=yes]")
    done = page.locator(".done[role=status]")
    await expect(sure.or_(done).first).to_be_visible()
    if await sure.count():
        await sure.click()
    await expect(done.first).to_be_visible()


async def test_a_street_is_planned_seen_in_3d_adopted_and_objected_to(page: Page) -> None:
    way = "\n".join(f"{lon:.6f}, {lat:.6f}" for lon, lat in (at(0, -2), at(60, -2)))
    await send(page, "add", group="target", name="第一通学路", shape=way, target_kind="school_route")
    await send(page, "plan", name="A案", budget="60")
    await expect(page.locator("#worth")).to_be_visible(timeout=60_000)  # the page renews itself when it is worked out
    box = page.locator("#plan-scene")
    await expect(box).to_have_attribute("data-ready", "yes")
    await page.locator("[data-tilt=plan-scene]").click()
    await expect(box).to_have_attribute("data-solid", "yes")
    await expect(page.locator("[data-tilt=plan-scene]")).to_have_attribute("aria-pressed", "true")
    await page.goto(page.url.partition("&done")[0])
    await send(page, "adopt", contact="危機管理課 00-0000", reason="ほかの案とくらべた")
    await page.goto(ADDRESS)
    camera = page.locator("section[aria-labelledby=cameras] li").first
    await camera.locator("details > summary").first.click()
    await expect(camera.get_by_text("危機管理課 00-0000")).to_be_visible()
    await send(page, "remark", kind="objection", text="庭が見えるのは困る")
    await page.goto(f"{ADDRESS}?view=officer")
    await expect(page.get_by_text("庭が見えるのは困る")).to_be_visible()


async def test_a_click_on_the_map_writes_its_place(page: Page) -> None:
    way = "\n".join(f"{lon:.6f}, {lat:.6f}" for lon, lat in (at(0, -2), at(60, -2)))
    await send(page, "add", group="target", name="第一通学路", shape=way, target_kind="school_route")
    box, field = page.locator("#scene"), page.locator("#shape-add")
    await expect(box).to_have_attribute("data-ready", "yes")
    await page.locator("details:not([open])").filter(has=field).locator("> summary").click()
    await box.scroll_into_view_if_needed()
    await box.click(position={"x": 200, "y": 150})
    await expect(field).not_to_have_value("")
    assert (await field.input_value()).startswith("138.")


async def test_two_plans_are_compared_in_figures_on_the_map_and_in_3d(page: Page) -> None:
    way = "\n".join(f"{lon:.6f}, {lat:.6f}" for lon, lat in (at(0, -2), at(60, -2)))
    await send(page, "add", group="target", name="第一通学路", shape=way, target_kind="school_route")
    for name, budget in (("A案", "60"), ("B案", "30")):
        await page.goto(f"{ADDRESS}?view=officer")
        await send(page, "plan", name=name, budget=budget)
        await expect(page.locator("#worth")).to_be_visible(timeout=60_000)
    await page.locator("#with").select_option(label="A案")
    await page.locator("form.search button[type=submit]").click()
    await expect(page).to_have_url(re.compile("with="))
    await expect(page.locator("section[aria-labelledby=worth] thead")).to_have_text(re.compile("B案.*A案", re.S))
    box = page.locator("#plan-scene")
    await expect(box).to_have_attribute("data-ready", "yes")
    drawn = json.loads(await page.locator("#plan-scene-data").text_content() or "{}")
    hung = Counter(row["properties"]["plan"] for row in drawn["cameras"]["features"])
    assert 0 < hung["a"] < hung["b"], "the dearer plan has more cameras, and both are drawn"
    await page.locator("[data-tilt=plan-scene]").click()
    await expect(box).to_have_attribute("data-solid", "yes")
