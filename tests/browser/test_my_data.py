"""A resident's whole way with what is held about them, and a desk's for somebody without a phone: in a Chromium."""

import csv
import io
import json
import os
import shutil
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from tests.approving import approve
from tests.knowing import PASSWORD

from machinami.app.running import TownOS
from machinami.broker import legal_records
from machinami.broker.contexts import town_context
from machinami.broker.identity import people
from machinami.broker.identity.identity import Where
from machinami.foundation.settings import Settings
from machinami.kit.consenting import texts_of
from machinami.kit.installed import Broken, Service, load
from machinami.model.principal import SYSTEM, Principal, Role

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
PURPOSE = "health-points"
POINTS = "/services/health_points"
TITLE = {"ja": "健幸ポイント", "en": "Health points"}
RULER = Principal("urn:person:administrator", frozenset({Role.ADMINISTRATOR}), None, None, 2, 2)
SIZES = {390: 844, 1280: 900}
SECONDS = 5.0  # within which a read shows, and what a withdrawal erases is gone


class Town(TownOS):
    """A town whose only service is health points."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """Health points."""
        return [load("machinami.services.health_points")], []


@dataclass
class Opened:
    """The town, a browser, and the way in of those who are invited."""

    town: Town
    browser: Browser
    url: str

    async def invited(self, name: str, display: str, role: Role) -> str:
        """The code by which somebody comes in for the first time."""
        identity, registry = self.town.identity, self.town.identity.own(None)
        made = await people.make_account(identity, registry, name, display, frozenset({role}), SYSTEM)
        return await people.invite(identity, registry, made.id, SYSTEM)

    @asynccontextmanager
    async def window(self, language: str, width: int) -> AsyncIterator[Page]:
        """A window of this width in which nobody is signed in; without scripts where it is a phone's."""
        size = {"width": width, "height": SIZES[width]}
        context: BrowserContext = await self.browser.new_context(
            base_url=self.url, viewport=size, locale=language, java_script_enabled=width > 400
        )
        await context.add_cookies([{"name": "lang", "value": language, "url": self.url}])
        page = await context.new_page()
        page.set_default_timeout(30_000)
        yield page
        await context.close()

    async def enter(self, page: Page, code: str) -> None:
        """Come in by an invitation, typed by hand: that needs no script."""
        await page.goto("/invitation")
        await page.fill("main form input[name=code]", code)
        await page.click("main form button[type=submit]")
        await page.fill("#password", PASSWORD)
        await page.fill("#again", PASSWORD)
        await page.click("main button[type=submit]")


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    """A protected town that asks for consent to health points."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; on Debian: apt-get install chromium")
    town = Town(Settings(tmp_path, port=0), "test")
    serving = await town.start()
    await people.make_first(town.identity, town.identity.own(None), "aiko", "愛子", PASSWORD, Where("127.0.0.1"))
    house = await town.broker.town(None)
    (service,) = town.services()[0]
    rows = [row for row in service.manifest.personal if row.id == PURPOSE]
    types = [town_context().expand(row.data.type) for row in rows]
    await approve(house, PURPOSE, [f"program:urn:machinami:service:{service.manifest.id}"], types)
    await legal_records.publish(house, PURPOSE, texts_of(rows), RULER)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield Opened(town, browser, serving.url)
        await browser.close()
    await town.stop()


def picture(language: str, width: int) -> Callable[[str], str]:
    """Where a picture of a page is put, if somebody wants to look at them."""
    folder = os.environ.get("MACHINAMI_SHOTS", "")
    return lambda name: f"{folder}/{name}-{language}-{width}.png" if folder else ""


async def fits(page: Page, shots: str = "") -> None:
    """Nothing of the page is wider than its window; where a folder is named, a picture is taken."""
    size = page.viewport_size
    assert size is not None
    box = await page.locator("body").bounding_box()
    assert box is not None
    assert box["width"] <= size["width"] + 1, page.url
    if shots:
        await page.screenshot(path=shots, full_page=True)


async def unfold(page: Page) -> None:
    """Open the first entry of what is held, if it is not open."""
    if not await page.locator("main details.held[open]").count():
        await page.click("main details.held > summary >> nth=0")


async def steps_arrive(opened: Opened, page: Page, steps: int) -> None:
    """The phone's app hands in what was walked yesterday, with the key that the browser has."""
    (key,) = [one["value"] for one in await page.context.cookies(f"{opened.url}{POINTS}") if "points" in one["name"]]
    noon = opened.town.now().astimezone(ZoneInfo("Asia/Tokyo")).replace(hour=12, minute=0)
    end = noon - timedelta(days=1)  # far from any midnight
    interval = {"start_date_time": (end - timedelta(minutes=50)).isoformat(), "end_date_time": end.isoformat()}
    document = {
        "header": {
            "id": "x",
            "schema_id": {"namespace": "omh", "name": "step-count", "version": "3.0"},
            "acquisition_provenance": {"source_name": "phone"},
        },
        "body": {
            "step_count": {"value": steps, "unit": "steps"},
            "effective_time_frame": {"time_interval": interval},
        },
    }
    told = await page.context.request.post(
        f"{POINTS}/steps?device=phone", headers={"Participation-Key": str(key)}, data=document
    )
    assert told.status == 200, await told.text()


@pytest.mark.parametrize(("language", "width"), [("ja", 390), ("en", 1280), ("en", 390), ("ja", 1280)])
async def test_a_resident_joins_sees_takes_away_corrects_withdraws_and_the_data_are_gone(
    opened: Opened, language: str, width: int
) -> None:
    shot = picture(language, width)
    link = await opened.invited("hana", "花", Role.RESIDENT)
    async with opened.window(language, width) as page:
        await opened.enter(page, link)
        await page.goto("/my-data")
        await expect(page.locator("main .empty")).to_be_visible()
        await fits(page, shot("empty"))

        # consent and join, at the service that is linked
        await page.goto("/my-data/consents")
        await fits(page, shot("asked"))
        await page.click(f"main a[href='{POINTS}']")
        await page.check("input[name=agree]")
        await page.check("input[name=connect]")
        await page.click(f"form[action='{POINTS}/join'] button[type=submit]")
        await page.wait_for_url("**?done=joined")
        await steps_arrive(opened, page, 4321)

        # what is held, and who looked
        began = time.perf_counter()
        await page.goto("/my-data/kept?type=StepCount")
        await unfold(page)
        await expect(page.locator("main")).to_contain_text("4,321")
        await fits(page, shot("kept"))
        await page.goto("/my-data/reads")
        await expect(page.locator("main .log li").first).to_contain_text(TITLE[language])
        assert time.perf_counter() - began < SECONDS
        await fits(page, shot("reads"))
        await page.goto("/my-data")
        await fits(page, shot("mine"))

        # take it away
        told = await page.context.request.get("/my-data/export")
        assert told.status == 200
        bundle = zipfile.ZipFile(io.BytesIO(await told.body()))
        everything = json.loads(bundle.read("my-data.json"))
        assert {one["type"][0] for one in everything["held"]} == {"Walker", "StepCount"}
        assert len(everything["consents"]) == len(everything["receipts"]) == 1
        table = bundle.read("held.csv")
        assert table.startswith(b"\xef\xbb\xbf")
        assert "4321.0" in {row[4] for row in csv.reader(io.StringIO(table.decode("utf-8-sig")))}
        assert any("health_points" in row[1] for row in csv.reader(io.StringIO(bundle.read("reads.csv").decode())))

        # ask for a correction, which an officer accepts
        await page.goto("/my-data/kept?type=StepCount")
        await unfold(page)
        await page.click("main a[href*='/corrections/new'][href*='attribute=steps&']")
        await page.fill("#reason", "電車の中で数えられた")
        await page.fill("#wanted", "abc")
        await page.click("main form[action='/my-data/corrections'] button[type=submit]")
        await expect(page.locator("main [role=alert]")).to_be_visible()
        await page.fill("#wanted", "4000")
        await fits(page, shot("correct"))
        await page.click("main form[action='/my-data/corrections'] button[type=submit]")
        await page.wait_for_url("**/my-data/corrections?done=asked")
        async with opened.window(language, 1280) as desk:
            await opened.enter(desk, await opened.invited("ken", "健", Role.OFFICER))
            await desk.goto("/corrections")
            await expect(desk.locator("main")).to_contain_text("4,321")
            await fits(desk, shot("deciding"))
            await desk.click("button[value=accept]")
            await desk.wait_for_url("**?done=accepted")
            await desk.goto("/my-data/kept?type=StepCount")
            assert "4,000" not in await desk.inner_text("main")
        await page.goto("/my-data/corrections")
        await expect(page.locator("main .log li .tag.fixed")).to_be_visible()
        await fits(page, shot("corrections"))
        await page.goto("/my-data/kept?type=StepCount")
        assert "4,000" in (await page.locator("main").text_content() or "")
        await page.goto("/my-data/reads")
        await expect(page.locator("main .log")).to_contain_text("健")

        # withdraw: one tap, confirmed
        await page.goto("/my-data/consents")
        await fits(page, shot("consents"))
        await page.click("main a.button.grave")
        await fits(page, shot("withdraw"))
        await page.click("main form button.grave")
        began = time.perf_counter()
        await page.wait_for_url("**?done=withdrawn")
        await fits(page, shot("withdrawn"))
        while await page.locator("main .empty").count() == 0:  # every look is a request of its own
            assert time.perf_counter() - began < SECONDS
            await page.goto("/my-data")
        house = await opened.town.broker.town(None)
        assert {one.type.rpartition("/")[2] for one in await house.store.types()}.isdisjoint({"Walker", "StepCount"})


@pytest.mark.parametrize(("language", "width"), [("ja", 1280), ("en", 1280), ("ja", 390), ("en", 390)])
async def test_a_desk_takes_down_a_consent_for_somebody_without_a_phone_and_withdraws_it_as_they_wish(
    opened: Opened, language: str, width: int
) -> None:
    shot = picture(language, width)
    async with opened.window(language, width) as page:
        await opened.enter(page, await opened.invited("ken", "健", Role.OFFICER))
        await page.goto("/desk")
        await page.fill("#card", "ABCD-EFGH")
        await page.click("form[action='/desk/person'] button")
        await expect(page.locator("main [role=alert]")).to_be_visible()
        await page.fill("#recognised", "マイナンバーカード")
        await fits(page, shot("desk"))
        await page.click("form[action='/desk/cards'] button")
        number, code = await page.inner_text("#number"), await page.inner_text("#code")
        await fits(page, shot("card"))
        await page.click("main a.button")

        await page.click("main a[href^='/desk/consent']")
        assert await page.locator("blockquote").inner_text()
        await page.select_option("#proof", "signed")
        await page.fill("#proof_words", "台帳 12-3")
        await page.select_option("#until", "365")
        await fits(page, shot("read-out"))
        await page.click("form[action='/desk/consent'] button[type=submit]")
        await expect(page.locator("main article.large-type")).to_contain_text(number)
        await expect(page.locator("main article.large-type")).to_contain_text("台帳 12-3")
        key = await page.inner_text("main .paper-key")
        await fits(page, shot("receipt"))

        # the key on the paper opens their page of the service, at any browser
        async with opened.window(language, 390) as borrowed:
            await borrowed.goto(POINTS)
            await borrowed.click(f"details.more:has(form[action='{POINTS}/enter']) > summary")
            await borrowed.fill("#paper", key.lower())
            await fits(borrowed, shot("paper"))
            await borrowed.click(f"form[action='{POINTS}/enter'] button")
            await expect(borrowed.locator("main .walk-hero")).to_be_visible()

        await page.goto(f"/desk/person?card={number}")
        await fits(page, shot("visitor"))
        await page.click("details.more:has(form[action='/desk/withdrawal']) > summary")
        await page.select_option("form[action='/desk/withdrawal'] #proof", "spoken")
        await page.click("form[action='/desk/withdrawal'] button.grave")
        await page.wait_for_url("**done=withdrawn")
        assert await page.locator("main article a[href^='/desk/consent']").count() == 1  # it can be asked for anew

        # who took it down is shown to the person, once they come by themselves
        async with opened.window(language, 390) as phone:
            await opened.enter(phone, await opened.invited("hana", "花", Role.RESIDENT))
            await phone.goto("/my-data/names")
            await phone.fill("#number", number)
            await phone.fill("#code", "WRONG")
            await phone.click("form[action='/my-data/names'] button")
            await expect(phone.locator("main [role=alert]")).to_be_visible()
            await phone.fill("#number", number.lower())
            await phone.fill("#code", code)
            await phone.click("form[action='/my-data/names'] button")
            await phone.wait_for_url("**?done=connected")
            await phone.goto("/my-data/consents")
            await phone.click("main a[href^='/my-data/consents/urn']")
            steps = phone.locator("main section[aria-labelledby=steps]")
            await expect(steps).to_contain_text("健")
            await expect(steps).to_contain_text("台帳 12-3")
            await fits(phone, shot("proxy"))
            await phone.goto("/my-data/reads")
            await expect(phone.locator("main .log li").first).to_contain_text("健")
            await phone.goto("/desk")
            assert "recognised" not in await phone.content()

        # and the desk has them forgotten, with a paper of that
        await page.goto(f"/desk/person?card={number}")
        await page.click("main a[href^='/desk/erasure']")
        await page.select_option("#proof", "spoken")
        await page.check("input[name=sure]")
        await fits(page, shot("desk-erasure"))
        await page.click("form[action='/desk/erasure'] button.grave")
        await page.wait_for_url("**/desk/erasure/report?**")
        await expect(page.locator("main article.large-type")).to_contain_text(number)
        await expect(page.locator("main article.large-type")).to_contain_text("健")
        await fits(page, shot("desk-report"))
