"""A broken street light on a phone, in two languages: photo and place, sent within a minute; then an officer covers,
shows and answers, and the reporter reads it. And without any script."""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, expect
from tests.browser.conftest import Watch
from tests.services.civic_reports.pictures import street

from machinami.app.running import TownOS
from machinami.foundation.settings import Settings

HERE = {"latitude": 36.2048, "longitude": 138.2529}
ANSWER = {"ja": "球を取り替えました", "en": "We changed the bulb"}
MENDED = {"ja": "直りました", "en": "Mended"}


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[str]:
    """An empty open town."""
    running = TownOS(Settings(tmp_path, port=0), "test")
    serving = await running.start()
    yield serving.url
    await running.stop()


@pytest.fixture(params=["ja", "en"])
async def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def phone(chromium: Browser, url: str, script: bool = True) -> BrowserContext:
    context = await chromium.new_context(
        base_url=url, viewport={"width": 390, "height": 844}, has_touch=True, geolocation=HERE,
        permissions=["geolocation"], java_script_enabled=script,
    )  # fmt: skip
    context.set_default_timeout(30_000)
    return context


async def test_a_street_light_is_reported_from_a_phone_covered_mended_and_answered(
    chromium: Browser, town: str, language: str, tmp_path: Path
) -> None:
    photo = tmp_path / "IMG_0001.jpg"
    photo.write_bytes(street(2400, 1800))
    context = await phone(chromium, town)
    page = await context.new_page()
    watch = Watch(page, town)
    await page.goto(f"/services/civic_reports?lang={language}")
    began = time.monotonic()
    await page.locator("main a[href='/services/civic_reports/new']").click()
    await page.locator("input[name=category][value=streetlight]").check()
    await page.locator("#photo1").set_input_files(photo)
    await expect(page.locator(".photo-field img").first).to_be_visible()
    await expect(page.locator("[data-spot][data-ready=yes]")).to_be_visible()
    await page.locator("[data-spot-here]").click()
    await expect(page.locator(".maplibregl-marker")).to_be_visible()
    assert await page.locator("input[name=lat]").input_value() == "36.204800"
    await page.locator("textarea[name=text]").fill("消えています" if language == "ja" else "It is out")
    await page.locator("form[data-report] button[type=submit]").click()
    await expect(page).to_have_url(re.compile("/mine/"))
    assert time.monotonic() - began < 60
    await expect(page.locator(".done")).to_be_visible()
    await expect(page.locator(".photos img")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    mine = page.url.partition("?")[0]

    await page.goto("/services/civic_reports?view=officer")
    await page.locator(".report-list a").first.click()
    frame = page.locator("[data-cover]")
    await frame.scroll_into_view_if_needed()
    box = await frame.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 10, box["y"] + 10)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 80, box["y"] + 60)
    await page.mouse.up()
    await expect(frame.locator("span")).to_be_visible()
    cover = page.locator("form[action$='/cover']")
    assert len((await cover.locator("textarea").input_value()).split()) == 4
    await sign_and_send(cover)
    await expect(page.locator(".done")).to_be_visible()
    look = page.locator("form[action$='/look']")
    await look.locator("input[name^='photo ']").check()
    await sign_and_send(look)
    await expect(page.locator(".done")).to_be_visible()
    proceed = page.locator("form[action$='/proceed']")
    await proceed.locator("textarea").fill(ANSWER[language])
    await sign_and_send(proceed, "button[value=mended]")
    await expect(page.locator(".done")).to_be_visible()

    await page.goto(mine)
    await expect(page.locator("main")).to_contain_text(ANSWER[language])
    await expect(page.locator("main")).to_contain_text(MENDED[language])
    assert watch.foreign == []
    assert [one for one in watch.complaints if "map error" not in one] == []
    await context.close()


async def sign_and_send(form, button: str = "button[type=submit]") -> None:  # type: ignore[no-untyped-def]
    await form.locator("[name=who]").fill("山田花子")
    await form.locator("[name=role]").fill("道路河川課")
    await form.locator(button).first.click()


async def test_without_any_script_the_place_is_written_in_words(chromium: Browser, town: str, language: str) -> None:
    context = await phone(chromium, town, script=False)
    page = await context.new_page()
    await page.goto(f"/services/civic_reports/new?lang={language}")
    await page.locator("input[name=category][value=road]").check()
    await page.locator("button[type=submit]").last.click()
    await expect(page.locator("#fault")).to_be_visible()  # no place, and nothing is lost
    assert await page.locator("input[name=category][value=road]").is_checked()
    await page.locator("input[name=landmark]").fill("橋の東")
    await page.locator("textarea[name=text]").fill("大きな穴")
    await page.locator("main button[type=submit]").last.click()
    await expect(page).to_have_url(re.compile("/mine/"))
    await expect(page.locator("main")).to_contain_text("橋の東")
    await context.close()
