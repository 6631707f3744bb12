"""The town in a real browser: from home to map to the flood page to an approved warning."""

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect
from tests.browser.conftest import Watch
from tests.fakes.preview import Preview
from tests.portal.test_pages import PAGES

READY = "#map[data-ready=yes]"
DRAWN = "#map[data-drawn=yes]"
"""The map stands still, with all that was last chosen."""
PATIENCE = 300_000
"""Milliseconds: a map drawn by software on a busy machine of two cores."""
SILENT_ABOUT = ("status of 404",)


async def watched(context: BrowserContext, preview: Preview) -> tuple[Page, Watch]:
    """A page, and who watches what it does."""
    page = await context.new_page()
    return page, Watch(page, preview.url)


async def test_from_home_to_map_to_an_approved_warning(desk: BrowserContext, preview: Preview) -> None:
    page, watch = await watched(desk, preview)
    await page.goto("/")
    await expect(page.locator("h1")).to_contain_text("避難判断水位を超えました")
    await page.get_by_role("link", name="地図で見る").click()
    await page.wait_for_selector(READY, timeout=PATIENCE)
    await page.get_by_role("button", name="街並大橋水位観測所").click()
    await page.locator(".map-panel").get_by_role("link", name="くわしく見る").click()
    await expect(page.locator("h1")).to_have_text("川の水位")
    await page.get_by_role("link", name="担当者").click()
    await page.get_by_label("見出し").fill("早瀬川沿いの方は避難してください")
    await expect(page.locator(".preview h3")).to_have_text("早瀬川沿いの方は避難してください")
    form = page.locator("form[action$=approve]")
    await form.get_by_label("名前").fill("山田花子")
    await form.get_by_label("役職").fill("危機管理課長")
    await form.get_by_label("内容と対象を確かめました").check()
    await form.get_by_role("button", name="承認して発表する").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("早瀬川沿いの方は避難してください")
    await expect(dialog).to_contain_text("山田花子")
    assert not preview.flood.known.notices, "nothing is published before the officer has said yes"
    await dialog.get_by_role("button", name="発表する").click()
    await expect(page.get_by_role("status")).to_contain_text("承認し、発表しました")
    await page.goto("/")
    await expect(page.locator("h1")).to_contain_text("警戒レベル3：高齢者等は避難")
    await expect(page.locator(".notice")).to_contain_text("危機管理課長 山田花子が承認")
    assert watch.foreign == []
    assert watch.complaints == []


async def test_going_back_in_the_dialog_publishes_nothing(desk: BrowserContext, preview: Preview) -> None:
    page, _ = await watched(desk, preview)
    await page.goto("/services/flood?view=officer")
    form = page.locator("form[action$=approve]")
    await form.get_by_label("名前").fill("山田花子")
    await form.get_by_label("役職").fill("課長")
    await form.get_by_label("内容と対象を確かめました").check()
    await form.get_by_role("button", name="承認して発表する").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert not preview.flood.known.notices
    await page.reload()
    await expect(form.get_by_label("名前")).to_have_value("")  # the browser keeps nobody's name
    assert not preview.flood.known.notices


async def test_no_page_asks_a_stranger_or_complains(desk: BrowserContext, preview: Preview) -> None:
    page, watch = await watched(desk, preview)
    for address in PAGES:
        await page.goto(address)
        if address == "/map":
            await page.wait_for_selector(READY, timeout=PATIENCE)
        if await page.locator("[data-chart]").count():
            await page.locator(".uplot canvas").first.wait_for()
    assert watch.foreign == []
    assert [text for text in watch.complaints if not any(known in text for known in SILENT_ABOUT)] == []


async def test_the_map_draws_its_letters_in_the_browser(desk: BrowserContext, preview: Preview) -> None:
    page, watch = await watched(desk, preview)
    await page.goto("/map")
    await page.wait_for_selector(READY, timeout=PATIENCE)
    await page.wait_for_selector(DRAWN, timeout=PATIENCE)
    picture = await page.locator(".maplibregl-canvas").screenshot()
    assert await page.evaluate("document.fonts.check('24px \"Noto Sans JP Variable\"', '早瀬川街並大橋')")
    for group in ("labels", "gauges", "rains", "shelters"):
        await page.locator(f"[data-group={group}]").uncheck()
    await page.wait_for_selector(DRAWN, timeout=PATIENCE)
    bare = await page.locator(".maplibregl-canvas").screenshot()
    assert len(bare) < len(picture), "without signs and letters there is less to see"
    assert len(bare) > 20_000, "rivers, woods and roads are drawn"
    assert watch.complaints == []


async def test_the_map_works_by_keyboard(desk: BrowserContext, preview: Preview) -> None:
    page, _ = await watched(desk, preview)
    await page.goto("/map")
    await page.wait_for_selector(READY, timeout=PATIENCE)
    first = page.locator("[data-place]").first
    await first.focus()
    await page.keyboard.press("Enter")
    panel = page.locator(".map-panel")
    await expect(panel).to_be_visible()
    await expect(first).to_have_attribute("aria-pressed", "true")
    await panel.get_by_role("button", name="閉じる").focus()
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(first).to_be_focused()


@pytest.mark.parametrize("chromium", ["plain"], indirect=True)
async def test_without_webgl_the_list_stays_useful_and_the_page_says_so(desk: BrowserContext, preview: Preview) -> None:
    page, watch = await watched(desk, preview)
    await page.goto("/map")
    await expect(page.locator(".map-note")).to_contain_text("WebGL")
    await page.get_by_role("button", name="街並大橋水位観測所").click()
    await expect(page.locator(".map-panel")).to_contain_text("2.42")
    assert watch.foreign == []


async def test_the_whole_way_can_be_gone_with_the_tab_key(desk: BrowserContext, preview: Preview) -> None:
    page, _ = await watched(desk, preview)
    await page.goto("/")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    seen = []
    for _ in range(25):
        await page.keyboard.press("Tab")
        seen.append(await page.evaluate("document.activeElement.getAttribute('href')"))
        seen_as = await page.evaluate(
            "document.activeElement.matches('body') ? '3px' : getComputedStyle(document.activeElement).outlineWidth"
        )
        assert seen_as == "3px", "the focus is seen"
    assert "/map" in seen
    assert len(set(seen)) > 4


@pytest.mark.parametrize("language", ["ja", "en", "easy"])
async def test_no_page_is_wider_than_the_smallest_phone(phone: BrowserContext, preview: Preview, language: str) -> None:
    page, _ = await watched(phone, preview)
    for address in PAGES:
        await page.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
        over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{address} is {over} px too wide in {language}"
        small = await page.evaluate(
            "[...document.querySelectorAll('main button, main .button, main input:not([type=hidden]):not([type=radio])"
            ":not([type=checkbox]), .main-nav a')].filter(e => e.offsetParent && e.offsetHeight < 24).length"
        )
        assert small == 0, f"{address} has {small} targets under 24 px (WCAG 2.2, 2.5.8)"


# How much too wide a page is when all has settled: charts and maps follow the window some frames later.
SETTLED_WIDTH = """() => new Promise((done) => {
  const look = (left) => {
    const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (over <= 0 || !left) done(over); else requestAnimationFrame(() => look(left - 1));
  };
  look(300);
})"""


@pytest.mark.parametrize("language", ["ja", "en", "easy"])
async def test_no_page_is_wider_than_its_window(desk: BrowserContext, preview: Preview, language: str) -> None:
    page, _ = await watched(desk, preview)
    for address in ("/", "/about", "/services/flood?view=officer"):
        await page.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
        for width in (660, 800, 1000, 1130, 1280):
            await page.set_viewport_size({"width": width, "height": 800})
            over = await page.evaluate(SETTLED_WIDTH)
            assert over <= 0, f"{address} is {over} px too wide at {width} in {language}"


async def test_a_chart_names_its_day_and_zone_so_that_nobody_misreads_them(
    desk: BrowserContext, preview: Preview
) -> None:
    page, _ = await watched(desk, preview)
    for language, said in (("en", r"14 Sept? 2026 \d\d:\d\d JST"), ("ja", r"2026/9/14 \d\d:\d\d JST")):
        await page.goto(f"/services/flood?lang={language}")
        await expect(page.locator(".u-legend").first).to_contain_text(re.compile(said))


async def test_the_preview_of_a_message_stands_as_residents_will_see_it(desk: BrowserContext, preview: Preview) -> None:
    page, _ = await watched(desk, preview)
    await page.goto("/services/flood?view=officer")
    shown = page.locator(".preview .notice").first
    title, area = await shown.locator("h3").bounding_box(), await shown.locator(".meta").bounding_box()
    mark = await shown.locator(".mark").bounding_box()
    assert title is not None
    assert area is not None
    assert mark is not None
    assert title["x"] == area["x"]
    assert title["x"] - (mark["x"] + mark["width"]) < 40


async def test_a_page_prints_on_white_with_its_time_and_address(desk: BrowserContext, preview: Preview) -> None:
    page, _ = await watched(desk, preview)
    await page.goto("/")
    await page.emulate_media(media="print", color_scheme="dark")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert await page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    await expect(page.locator(".main-nav")).to_be_hidden()
    await expect(page.locator("footer .print-only")).to_contain_text(preview.url)
    await expect(page.locator(".shown-at")).to_contain_text("2026年9月14日 18:42 JST (Asia/Tokyo)")
    assert (await page.pdf(format="A4")).startswith(b"%PDF")


async def test_a_lost_connection_is_said(desk: BrowserContext, preview: Preview) -> None:
    page, _ = await watched(desk, preview)
    await page.goto("/")
    await desk.set_offline(True)
    await page.evaluate("() => { htmx.ajax('GET', '/', {source: '#now', swap: 'none'}).catch(() => null); }")
    await expect(page.get_by_role("alert")).to_contain_text("通信できません")


async def test_news_is_shown_and_said_without_a_reload(desk: BrowserContext, preview: Preview) -> None:
    page, _ = await watched(desk, preview)
    await page.goto("/")
    preview.flood.show("calm")
    await page.evaluate("htmx.ajax('GET', '/', {source: '#now', target: '#now', swap: 'outerHTML', select: '#now'})")
    await expect(page.locator("h1")).to_contain_text("避難の呼びかけはありません")
    await expect(page.locator("#announcer")).to_contain_text("避難の呼びかけはありません")
