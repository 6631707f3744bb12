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
    form = page.locator(f"form[method=post][action='{action}']").first
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


async def test_the_day_tells_what_a_resident_handed_in_and_what_the_town_answered(page: Page) -> None:
    voices = "/services/participation"
    await follow(page, voices, f"{voices}/new?kind=proposal")
    await send(page, f"{voices}/hand-in", "handed_in", name="川ぞいにベンチを", text="座れると歩ける")
    await page.locator("a.wordmark").click()
    await page.locator("main a[href='/day']").click()
    story = page.locator(".story li")
    await expect(story).to_have_count(1)
    await expect(story.first).to_contain_text("川ぞいにベンチを")
    await follow(page, voices, f"{voices}?view=officer")
    await page.locator("main a[href*='/pieces/'][href*='view=officer']").first.click()
    await send(page, f"{voices}/reply", "", state="adopted", reply="三か所に置きます", changed="休む場所を足した")
    await page.goto("/day")
    await expect(story).to_have_count(2)
    moments = [await one.get_attribute("datetime") or "" for one in await page.locator(".story time").all()]
    assert moments == sorted(moments), "in order of time"
    await page.set_viewport_size({"width": 390, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.emulate_media(media="print")
    await expect(page.locator(".day-ways").first).to_be_hidden()
    await expect(story.last).to_be_visible()
    await page.emulate_media(media="screen")
    await page.locator("a[rel=prev]").first.click()
    await expect(page.locator(".story")).to_have_count(0)
    await expect(page.locator(".empty")).to_be_visible()
    await page.locator("a[rel=next]").first.click()
    await expect(story).to_have_count(2)
    await story.last.get_by_role("link").click()
    await is_shown(page, "三か所に置きます", "休む場所を足した")


NAMES = ("川の町", "橋の町", "坂の町", "森の町", "海の町", "湯の町")


def measured(number: int, month: int) -> float:
    """What a town measured in a month: the first three have 5 more from July on."""
    return 50 + number + (month * month * (number + 3)) % 7 / 2 + (5 if number < 3 and month > 6 else 0)


TOWNS = "\n".join(
    f"{town},2025-{month:02},{measured(number, month)}" for number, town in enumerate(NAMES) for month in range(1, 13)
)


async def indicator(page: Page) -> str:
    """An indicator that has missed its target; the address of its page."""
    await page.goto("/services/indicators?view=officer")
    await send(
        page, "/services/indicators/make", "made", name_ja="決めた指標の数", formula="count(KeyPerformanceIndicator)",
        unit="件", baseline="0", baseline_year="2020", target="value", low="10", year_to="2024",
    )  # fmt: skip
    return page.url.partition("?")[0]


async def test_a_figure_off_its_path_is_answered_by_the_plan_and_everybody_reads_how(page: Page) -> None:
    figure = await indicator(page)
    for _ in range(200):  # until the service has looked at its new indicator
        await page.goto("/services/plan?view=officer")
        if await page.locator(".plan-answer").count():
            break
    await send(page, "/services/plan/decline", "declined", reason="指標がそろうのは来年度")
    for address in ("/services/plan", figure):
        await page.goto(address)
        for text in ("指標がそろうのは来年度", "山田花子"):
            await expect(page.get_by_text(text).first).to_be_visible()
    await page.goto("/services/plan?view=officer")
    await send(page, "/services/plan/answer/withdraw", "answer_withdrawn", reason="早すぎた")
    await send(page, "/services/plan/begin", "begun")
    await page.locator(".plan-answer summary").first.click()
    await page.locator(".plan-answer form[action='/services/plan/chapter'] button").click()
    await send(
        page, "/services/plan/chapter", "taken", answer="指標を十にふやす", text="指標を十にふやす取組を始める。"
    )
    await page.goto(figure)
    await expect(page.get_by_text("指標を十にふやす").first).to_be_visible()


async def test_an_officer_compares_towns_and_the_page_says_what_that_does_not_say(page: Page) -> None:
    figure = await indicator(page)
    await page.goto(f"{figure}/effect")
    await page.locator("details.editor > summary").first.click()
    await send(
        page, "/services/indicators/effect", "estimated", name="休む場所を置いた", began="2025-07-01", table=TOWNS,
        table_treated="川の町、橋の町、坂の町", reason="川ぞいの町どうし",
    )  # fmt: skip
    effect = page.locator(".kpi-effect")
    await expect(effect.locator("svg path")).to_have_count(2)
    await expect(effect.get_by_text("95 %").first).to_be_visible()
    assert await effect.locator("h4 + ul li").count() == 4


async def test_an_officer_tries_a_case_and_shares_its_cost_and_takes_both_back(page: Page) -> None:
    await page.goto("/services")
    card = page.locator("form:has(input[name=service][value=money])")
    await card.evaluate("form => form.closest('details').setAttribute('open', '')")
    for name, text in {**SIGNED, "reason": "まだ使わない"}.items():
        await card.locator(f"[name='{name}']").fill(text)
    await card.locator("button[type=submit]").click()
    await expect(page).to_have_url(re.compile("done=off"))
    await page.goto("/services/cases?case=sendai_lid&view=officer")
    await send(page, "/services/cases/try", "try_on")
    await page.goto("/services/money/sharing?example=1")
    await page.locator("form[method=post][action='/services/money/sharing']").evaluate(
        "form => form.closest('details').setAttribute('open', '')"
    )
    await send(page, "/services/money/sharing", "share", title="3 町の分担")
    await send(page, "/services/money/sharing/agreed", "agreed", reason="第 1 回協議会", first="2026")
    await page.goto("/services/money?view=officer")
    await expect(page.get_by_text("3 町の分担（A町）").first).to_be_visible()
    await page.goto("/services/money?view=history")
    await page.locator("details:has(form[action='/services/money/undo']) > summary").first.click()
    await send(page, "/services/money/undo", "")
    await page.goto("/services/money?view=officer")
    await expect(page.get_by_text("3 町の分担（A町）")).to_have_count(0)
    await page.goto("/services/cases?case=sendai_lid&view=officer")
    await send(page, "/services/cases/untry", "untry")
    assert (await page.request.get("/services/money")).status == 404


async def test_what_the_menu_and_the_guide_lead_to_is_a_page_for_people(page: Page) -> None:
    wanted = set[str]()
    for address in ("/services/menu", "/services/guide?view=officer"):
        await page.goto(address)
        links = await page.locator("main a[href^='/']").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        wanted |= {link.partition("#")[0] for link in links if ".csv" not in link}
    for link in sorted(wanted):
        answer = await page.request.get(link, headers={"accept": "text/html"})
        assert answer.status in (200, 401), f"{link}: {answer.status}"
        assert answer.headers["content-type"].startswith("text/html") or link == "/health", link
