"""The circle in a real browser: an officer's first evening, a mayor's decision on a phone, a proposal, all in
two languages, in a town that was empty an hour ago. Everybody begins on the home page and only follows links."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import Watch

from machinami.app.running import TownOS
from machinami.foundation.settings import Settings

SIGNED = {"who": "山田花子", "role": "企画課長"}


@pytest.fixture(params=["ja", "en"])
async def page(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """A browser in front of an empty open town, in one language; it asks nobody else and complains of nothing."""
    running = TownOS(Settings(tmp_path, port=0), "test")
    serving = await running.start()
    context = await chromium.new_context(base_url=serving.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    opened = await context.new_page()
    watch = Watch(opened, serving.url)
    await opened.goto(f"/?lang={request.param}")
    yield opened
    assert watch.foreign == []
    assert watch.complaints == []
    await context.close()
    await running.stop()


async def follow(page: Page, *addresses: str) -> None:
    """From the home page on, the links that lead to these addresses, one after the other."""
    await page.locator("a.wordmark").click()
    await expect(page.locator("#ways")).to_be_visible()
    for address in addresses:
        await page.locator(f"main a[href='{address}']").first.click()
        await expect(page).to_have_url(re.compile(re.escape(address.partition("#")[0])))


async def send(page: Page, action: str, done: str, **typed: str) -> None:
    """Unfold a form of the page, fill it, sign it where it asks for that, send it, say yes where it asks, and see it
    done."""
    form = page.locator(f"form[action='{action}']").first
    unopened = page.locator("details:not([open])").filter(has=page.locator(f"form[action='{action}']")).last
    if not await form.is_visible() and await unopened.count():
        await unopened.locator("> summary").click()
    for name, text in {**SIGNED, **typed}.items():
        field = form.locator(f"[name='{name}']")
        if name in typed or await field.count():
            if await field.first.evaluate("field => field.tagName") == "SELECT":
                await field.first.select_option(text)
            else:
                await field.first.fill(text)
    await form.locator("button[type=submit]").first.click()
    sure = page.locator("dialog[open] button[value=yes]")
    await expect(sure.or_(page.locator(".done[role=status]")).first).to_be_visible()
    if await sure.count():
        await sure.click()
    await expect(page).to_have_url(re.compile(f"done={done}"))


async def is_shown(page: Page, *texts: str) -> None:
    """Each of the texts can be read on the page."""
    for text in texts:
        await expect(page.get_by_text(text).first).to_be_visible()


async def test_an_officers_first_evening_ends_with_a_printed_draft(page: Page) -> None:
    problem = "山の地区では薬を取りに行くのに半日かかる"
    await follow(page, "/services/guide", "/services/needs?view=officer")
    await send(page, "/services/needs/add", "added", text=problem)
    await send(page, "/services/needs/vision", "drafted", name="水と歩きの町", text="だれもが歩いて出かけられる")
    await send(page, "/services/needs/adopt", "adopted")
    for address in ("/services/plan", "/services/plan?view=officer"):
        await page.locator(f"main a[href='{address}']").first.click()
    await send(page, "/services/plan/begin", "begun")
    await page.locator("a[href='/services/plan/draft']").click()
    async with page.expect_download() as coming:
        await page.locator("a[href='/services/plan/file/draft.pdf']").click()
    assert (await (await coming.value).path()).read_bytes().startswith(b"%PDF-")
    await page.emulate_media(media="print")
    await is_shown(page, "水と歩きの町", problem)
    await expect(page.locator(".trail")).to_be_hidden()


async def test_a_mayor_decides_at_a_gate_and_everybody_reads_why(page: Page) -> None:
    pilots = "/services/pilots?view=officer"
    await follow(page, pilots)
    await send(page, "/services/pilots/write", "write", name="ドローンで薬を運ぶ", hypothesis="早く届く")
    await page.set_viewport_size({"width": 390, "height": 844})
    await follow(page, "/services/assembly?view=assembly")
    await page.locator("#next + ul a").first.click()
    await follow(page, pilots)
    await page.locator("main a[href^='#decide-']").click()
    typed = {"verdict": "no", "reason": "払う人が決まっていない", "dissent": "まず試したい"}
    await send(page, "/services/pilots/decide", "decide", **typed)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    for address in ("/services/assembly", "/services/pilots"):
        await page.locator(f".trail a[href='{address}']").click()
        await is_shown(page, "ドローンで薬を運ぶ")
    await is_shown(page, "払う人が決まっていない", "まず試したい", "山田花子")


async def test_a_residents_proposal_is_answered_and_its_change_of_the_plan_is_seen(page: Page) -> None:
    voices = "/services/participation"
    await follow(page, voices, f"{voices}/new?kind=proposal")
    await send(page, f"{voices}/hand-in", "handed_in", name="川ぞいにベンチを", text="座れると歩ける")
    await follow(page, voices, f"{voices}?view=officer")
    await page.locator("main a[href*='/pieces/'][href*='view=officer']").first.click()
    told = {"reply": "三か所に置きます", "changed": "休む場所を足した"}
    await send(page, f"{voices}/reply", "", state="adopted", **told)
    await follow(page, voices)
    await page.locator("main a:has-text('川ぞいにベンチを')").click()
    await is_shown(page, *told.values())
    await follow(page, "/services/assembly")
    await is_shown(page, "川ぞいにベンチを", "休む場所を足した")
    await page.locator("main a:has-text('川ぞいにベンチを')").click()
    await is_shown(page, *told.values())
