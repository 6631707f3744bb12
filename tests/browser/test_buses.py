"""Buses in a real browser on a phone: a way is found, a stop shows what leaves next and how late, a notice is told to
riders, stops are found from where the phone is. In two languages."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import Watch
from tests.services.visiting import OFFICER
from tests.transit import TABLES, packed

from machinami.app.clock import utc_now
from machinami.app.running import TownOS
from machinami.app.timetables import bring_timetable
from machinami.broker import batch
from machinami.broker.contexts import town_context
from machinami.foundation.settings import Settings
from machinami.ingest.gtfs.parse.feed import read_feed
from machinami.ingest.gtfs.readings import readings_of
from machinami.model.transit import day_begins
from machinami.model.view import Measured, Point, to_entity
from machinami.model.vocabulary.transit import Vehicle

ADDRESS = "/services/buses"
EVERY = 20  # min
SAID = {
    "ja": ("駅前", "病院", r"\d+ 分遅れ", "迂回", "橋の工事です"),
    "en": ("Station", "病院", r"\d+ minutes? late", "Detour", "Works on the bridge"),
}


def all_day() -> bytes:
    """The small line, every twenty minutes of every day."""
    trips, times = (
        ["route_id,service_id,trip_id,trip_headsign"],
        ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"],
    )
    for start in range(0, 26 * 60, EVERY):
        trips.append(f"R,W,T{start},病院")
        for number, stop in enumerate("ABC"):
            clock = f"{(start + 5 * number) // 60}:{(start + 5 * number) % 60:02}:00"
            times.append(f"T{start},{clock},{clock},{stop},{number + 1}")
    days = TABLES["calendar.txt"].replace("1,1,1,1,1,0,0,20260101,20261231", "1,1,1,1,1,1,1,20200101,20991231")
    return packed(trips="\n".join(trips) + "\n", stop_times="\n".join(times) + "\n", calendar=days, calendar_dates=None)


def late(now: datetime) -> Vehicle:
    """A bus at the first stop that should have left it by now, four minutes or more ago."""
    begins = day_begins(now.date(), "Asia/Tokyo")
    begins = begins if begins <= now else begins - timedelta(days=1)
    start = int(((now - begins).total_seconds() / 60 - 4) // EVERY) * EVERY
    return Vehicle(
        "urn:ngsi-ld:Vehicle:bus:7",
        "7",
        Point(138.0, 35.0),
        f"T{start}",
        None,
        Measured(1, now),
        "stoppedAt",
        None,
        now,
    )


@pytest.fixture(params=["ja", "en"])
async def page(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """A phone at the bridge, in front of an open town with one bus line and a late bus."""
    running = TownOS(Settings(tmp_path, port=0), "test")
    serving = await running.start()
    town, now = await running.broker.town(None), utc_now()
    await bring_timetable(town, list(readings_of(read_feed(all_day()), "bus", now)))
    await batch.put_all(town, [(to_entity(late(now), town_context()), [])], OFFICER)
    browsing = await chromium.new_context(
        base_url=serving.url,
        viewport={"width": 390, "height": 844},
        geolocation={"longitude": 138.004, "latitude": 35.0201},
        permissions=["geolocation"],
    )
    browsing.set_default_timeout(30_000)
    opened = await browsing.new_page()
    watch = Watch(opened, serving.url)
    await opened.goto(f"{ADDRESS}?lang={request.param}")
    yield opened
    assert watch.foreign == []
    assert watch.complaints == []
    await browsing.close()
    await running.stop()


async def language(page: Page) -> tuple[str, str, str, str, str]:
    """What is said in the page's language: two stops, a delay, an effect, a notice."""
    return SAID[await page.locator("html").get_attribute("data-language") or "ja"]


async def test_a_rider_finds_a_way_and_sees_how_late_the_bus_is(page: Page) -> None:
    station, hospital, delay, _, _ = await language(page)
    await page.locator("#from").fill(station)
    await page.locator("#to").fill(hospital)
    await page.locator("#to").press("Enter")
    way = page.locator("section[aria-labelledby=plan] article").first
    await expect(way).to_contain_text(station)
    await expect(way.locator("li")).to_have_count(1)
    await expect(way.locator("h3")).to_contain_text(re.compile(r"\d+:\d\d → (.+ )?\d+:\d\d"))  # days, near midnight
    await page.goto(f"{ADDRESS}/stop/bus%3AB")
    board = page.locator("#board tbody tr")
    await expect(board.filter(has_text=re.compile(delay)).first).to_be_visible()
    assert await board.count() > 3
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


async def test_stops_are_found_from_where_the_phone_is(page: Page) -> None:
    station, _, _, _, _ = await language(page)
    stops = page.locator("section[aria-labelledby=stops]")
    await stops.locator("details > summary").click()
    await expect(stops.locator(".map-box")).to_have_attribute("data-ready", "yes")
    await stops.locator("[data-spot-here]").click()
    await expect(stops.locator("[name=lat]")).to_have_value("35.020100")
    await stops.locator("details button[type=submit]").click()
    await expect(page).to_have_url(re.compile(r"lat=35\.0201"))
    first = stops.locator("ul li").first
    await expect(first).to_contain_text("病院")
    await expect(stops.locator("ul li").last).to_contain_text(station)
    await stops.locator("a[href*='from=35']").click()
    await expect(page.locator("#from")).to_have_value(re.compile("35.0201|地図|map"))


async def test_an_officer_tells_riders_of_a_detour_and_ends_it(page: Page) -> None:
    _, _, _, effect, headline = await language(page)
    await page.goto(f"{ADDRESS}?view=officer")
    form = page.locator(f"form[action='{ADDRESS}/notice']")
    await page.locator("#write > summary").click()
    await form.locator("[name=effect]").select_option("detour")
    await form.locator("[name=route]").select_option("bus:R")
    await form.locator("[name=headline_ja]").fill("橋の工事です")
    await form.locator("details > summary").click()
    await form.locator("[name=headline_en]").fill("Works on the bridge")
    await form.locator("[name=who]").fill("山田花子")
    await form.locator("[name=role]").fill("交通政策課長")
    await form.locator("button[type=submit]").click()
    await expect(page.locator(".done[role=status]")).to_be_visible()
    await page.goto(f"{ADDRESS}/stop/bus%3AA")
    await expect(page.locator("article", has_text=headline)).to_contain_text(effect)
    await expect(page.locator("#board tbody tr").first).to_contain_text(effect)
    await page.goto(f"{ADDRESS}?view=officer")
    card = page.locator("article", has_text=headline)
    await card.locator("details > summary").click()
    await card.locator("[name=reason]").fill("工事が終わった")
    for name, text in {"who": "山田花子", "role": "交通政策課長"}.items():
        await card.locator(f"[name={name}]").fill(text)
    await card.locator("button[type=submit]").click()
    sure = page.locator("dialog[open] button[value=yes]")
    done = page.locator(".done[role=status]")
    await expect(sure.or_(done).first).to_be_visible()
    if await sure.count():
        await sure.click()
    await expect(done).to_be_visible()
    await page.goto(ADDRESS)
    await expect(page.locator("article", has_text=headline)).to_have_count(0)
