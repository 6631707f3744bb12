"""The disaster mode in a real browser with scripts off: turned on by an officer, read by everybody, printed."""

import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from tests.app.test_switches import BY

from machinami.app.running import TownOS
from machinami.broker import batch
from machinami.broker.contexts import town_context
from machinami.foundation.settings import Settings
from machinami.model.view import Measured, Point, Words, to_entity
from machinami.model.vocabulary.places import Shelter
from machinami.model.vocabulary.water import RiverGauge

SEEN = datetime(2026, 7, 1, 3, tzinfo=UTC)
SHOTS = os.environ.get("MACHINAMI_SHOTS")


def shelters() -> list[Shelter]:
    names = ("第一小学校", "大橋公民館", "街並中学校")
    return [
        Shelter(
            f"urn:ngsi-ld:Shelter:{n}", Words(ja=name, en=f"Shelter {n}"), Point(138.2 + n / 100, 35.0 - n / 200),
            200, None, "open", SEEN, None, Measured(100.0 * n, SEEN, "IE"),
        )
        for n, name in enumerate(names)
    ]  # fmt: skip


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[str]:
    """Where an open town with three shelters and a gauge is."""
    running = TownOS(Settings(tmp_path, port=0), "test")
    serving = await running.start()
    found = await running.broker.town(None)
    gauge = RiverGauge(
        "urn:ngsi-ld:RiverGauge:1", Words(ja="大橋"), Point(138.21, 34.99), water_level=Measured(2.31, SEEN, "MTR")
    )
    views = [*shelters(), gauge]
    await batch.put_all(found, [(to_entity(view, town_context()), []) for view in views], BY)
    yield serving.url
    await running.stop()


@pytest.fixture
async def context(town: str, chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A small phone that runs no script."""
    opened = await chromium.new_context(
        base_url=town, viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    opened.set_default_timeout(30_000)
    yield opened
    await opened.close()


async def shoot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


async def turn(page: Page, state: str, reason: str) -> None:
    """What an officer does: three fields and one button."""
    await page.goto("/disaster")
    form = page.locator(f"form:has(input[value={state}])")
    await form.locator("[name=reason]").fill(reason)
    await form.locator("[name=who]").fill("山田花子")
    await form.locator("[name=role]").fill("防災課長")
    await form.locator("button").click()


async def test_one_action_makes_the_pages_light_and_one_ends_it(
    context: BrowserContext, figure: Callable[[str, float, str], None]
) -> None:
    page = await context.new_page()
    await page.goto("/disaster")
    await shoot(page, "disaster-off-ja")
    await turn(page, "drill", "総合防災訓練")
    await expect(page.locator("h2").first).to_contain_text("訓練中")
    await shoot(page, "disaster-drill-ja")

    reader, taken = await context.new_page(), [0]
    session = await context.new_cdp_session(reader)
    await session.send("Network.enable")
    session.on("Network.loadingFinished", lambda said: taken.append(int(said["encodedDataLength"])))
    for language, name in (("ja", "第一小学校"), ("en", "Shelter 0"), ("easy", "第一小学校")):
        await reader.goto(f"/?lang={language}")
        await expect(reader.locator("#refuges + ol li").first).to_contain_text(name)
        await expect(reader.locator(".drill")).to_have_count(1)
        assert await reader.evaluate("document.documentElement.scrollWidth") <= 390
        await shoot(reader, f"light-{language}")
    figure("light page over the wire, with all that it loads", max(taken) / 1000, "KB")
    assert sum(taken) < 3 * 100_000
    assert len(taken) == 4, "nothing is loaded but the page"
    taken.clear()
    await reader.goto("/map?lang=ja")
    await expect(reader.locator(".ribbon.drill")).to_contain_text("【訓練】")
    await expect(reader.locator("#map")).to_have_count(0)
    await shoot(reader, "light-map")
    await reader.emulate_media(media="print")
    await reader.goto("/?lang=ja")
    await shoot(reader, "light-print")

    await turn(page, "off", "訓練を終えた")
    await expect(page.locator("ol li").first).to_contain_text("総合防災訓練")
    await reader.goto("/?lang=ja")
    await expect(reader.locator(".drill")).to_have_count(0)
