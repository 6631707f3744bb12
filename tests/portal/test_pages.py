"""Every page, in every language, in every state of the town: well made, readable by ear, and without strangers."""

import re
from collections import Counter

import aiohttp
import pytest
import yarl
from tests.fakes.preview import Preview
from tests.portal.outline import Outline

from machinami.kit.words import LANGUAGES

GAUGE = "/data/RiverGauge/urn:ngsi-ld:RiverGauge:machinami-ogura"
PAGES = [
    "/", "/map", "/data", "/data/RiverGauge", "/data/RiverGauge?q=%E5%A4%A7%E6%A9%8B", GAUGE,
    f"{GAUGE}?attribute=waterLevel", "/datamap", "/services", "/services/flood", "/services/flood?view=officer",
    "/services/flood?view=history", "/help", "/about", "/nowhere",
]  # fmt: skip
EMPTY_PAGES = ["/", "/map", "/data", "/datamap", "/data/RiverGauge", "/services/flood", "/services/flood?view=officer"]


def check(html: str, address: str) -> None:
    """Hold one page to everything that is true of all pages."""
    page = Outline.of(html)
    assert page.faults == [], address
    kinds = Counter(tag for tag, _ in page.tags)
    assert kinds["main"] == 1
    assert kinds["h1"] == 1
    assert kinds["nav"] >= 2
    assert kinds["footer"] == 1
    assert page.all("html")[0]["lang"] in ("ja", "en")
    assert all(one.get("aria-label") for one in page.all("nav"))
    assert page.all("a")[0] == {"class": "skip", "href": "#content"}
    assert page.unlabelled() == [], address
    assert page.nameless() == [], address
    assert all("alt" in one for one in page.all("img"))
    ids = Counter(one["id"] for _, one in page.tags if "id" in one)
    assert [name for name, times in ids.items() if times > 1] == [], address
    for one in page.all("script"):
        assert "src" in one or one.get("type") == "application/json", "no inline script"
    assert page.all("style") == []
    assert not any("style" in one or any(name.startswith("on") for name in one) for _, one in page.tags)
    for _, one in page.tags:
        for name in ("href", "src", "action", "hx-get", "data-style", "data-sprite"):
            assert one.get(name, "/").startswith(("/", "#", "?")), f"{address}: {one}"
            assert not one.get(name, "").startswith("//")
    known = {one["id"] for _, one in page.tags if "id" in one}
    for _, one in page.tags:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(one.get(name, "").split()) <= known, f"{address}: {one}"


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_is_well_made_in_three_languages(browser: aiohttp.ClientSession, address: str) -> None:
    for language in LANGUAGES:
        asked = f"{address}{'&' if '?' in address else '?'}lang={language}"
        async with browser.get(asked) as answer:
            assert answer.status == (404 if address == "/nowhere" else 200)
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            html = await answer.text()
        check(html, asked)
        assert 'class="ribbon"' in html, "simulated data are said to be simulated"


@pytest.mark.parametrize("preview", ["empty"], indirect=True)
@pytest.mark.parametrize("address", EMPTY_PAGES)
async def test_a_town_without_data_says_what_to_connect(browser: aiohttp.ClientSession, address: str) -> None:
    async with browser.get(address) as answer:
        html = await answer.text()
    check(html, address)
    assert 'class="ribbon"' not in html
    if address in ("/", "/data"):
        assert "./machinami import csv" in html


@pytest.mark.parametrize("preview", ["calm", "told", "storm"], indirect=True)
async def test_home_says_what_is_told_before_what_is_seen(browser: aiohttp.ClientSession, preview: Preview) -> None:
    async with browser.get("/?lang=en") as answer:
        html = await answer.text()
    title = re.sub(r"\s+", " ", Outline.of(html).text(Outline.of(html).all("h1")[0]) or html)
    expected = {
        "calm": "There is no call to evacuate now",
        "told": "Alert level 3: older people and those who need time evacuate",
        "storm": "The water is above the evacuation judgement level at",
    }[preview.flood.scene]
    assert expected in html
    assert title
    if preview.flood.scene != "calm":
        assert "No data arrive from 1 place. Its state is unknown." in html


async def test_every_part_is_named_with_its_version_and_licence(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/about?lang=en") as answer:
        rows = re.findall(r"<th scope=\"row\">(.*?)</th><td>(.*?)</td><td>(.*?)</td>", await answer.text())
    assert {"Machinami", "apsw_sqlite3mc", "MapLibre GL JS"} <= {name for name, _, _ in rows}
    assert [row for row in rows if "—" in row[1:] or len(row[2]) > 80 or "Copyright" in row[2]] == []


async def test_the_field_of_a_service_is_said_in_the_reader_s_language(browser: aiohttp.ClientSession) -> None:
    for language, said in (("en", "Disaster prevention"), ("ja", "防災")):
        async with browser.get(f"/services?lang={language}") as answer:
            assert said in await answer.text()


async def test_the_language_is_remembered(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/?lang=easy") as answer:
        assert "<ruby>" in await answer.text()
    async with browser.get("/map") as answer:
        assert 'data-language="easy"' in await answer.text()


async def test_what_is_not_there_is_said_as_a_page_or_as_problem_details(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/data/RiverGauge/urn:ngsi-ld:RiverGauge:none") as answer:
        assert (answer.status, answer.content_type) == (404, "text/html")
    async with browser.get("/nowhere", headers={"Accept": "application/json"}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["status"]) == (404, 404)
    async with browser.post("/nowhere/at/all", headers={"Accept": "application/json"}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["status"]) == (404, 404)


async def test_a_wrong_offset_is_explained(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/data/RiverGauge?offset=-1") as answer:
        assert answer.status == 400
        assert "whole number" in await answer.text()


async def test_entities_are_found_by_a_part_of_their_name(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/data/RiverGauge?q=OGURA") as answer:
        html = await answer.text()
    assert "小椋水位観測所" in html
    assert "南堰水位観測所" not in html
    async with browser.get("/data/RiverGauge?q=%E5%8D%97%E5%A0%B0") as answer:
        assert "南堰水位観測所" in await answer.text()


async def correction_form(browser: aiohttp.ClientSession) -> dict[str, str]:
    """A filled-in correction of the newest reading of a gauge."""
    async with browser.get(f"{GAUGE}?attribute=waterLevel") as answer:
        instance = re.findall(r"instance=([^#\"&]+)#correction", await answer.text())[0]
    async with browser.get(f"{GAUGE}?attribute=waterLevel&instance={instance}") as answer:
        fields = {one.get("name"): one.get("value", "") for one in Outline.of(await answer.text()).all("input")}
    filled = {"how": "value", "value": "0.42", "reason": "流木が触れた", "who": "山田花子", "role": "係長"}
    return {**{name: fields[name] for name in ("attribute", "instance", "span") if name}, **filled}


@pytest.mark.parametrize("preview", ["empty"], indirect=True)
async def test_what_came_without_a_context_is_found_by_following_the_links(browser: aiohttp.ClientSession) -> None:
    sent = {
        "id": "https://sensors.example/a/1",
        "type": "Thermometer",
        "temperature": {"type": "Property", "value": 21},
    }
    async with browser.post("/ngsi-ld/v1/entities", json=sent) as made:
        assert made.status == 201
    address = "/data"
    for step in ("Thermometer", "sensors.example"):
        async with browser.get(yarl.URL(address, encoded=True)) as page:
            assert page.status == 200
            found = re.findall(r'href="(/data/[^"]+)"', await page.text())
        (address,) = {one for one in found if step in one}
    async with browser.get(yarl.URL(address, encoded=True)) as page:
        assert page.status == 200
        assert "21" in await page.text()


async def test_a_bad_reading_is_corrected_and_stays_visible_as_corrected(browser: aiohttp.ClientSession) -> None:
    form = await correction_form(browser)
    async with browser.post(f"{GAUGE}/correction", data=form) as answer:
        assert answer.status == 200
        html = await answer.text()
    check(html, "after a correction")
    assert "訂正を記録しました" in html
    assert "流木が触れた（係長 山田花子）" in html
    assert "元の値" in html
    async with browser.get(f"{GAUGE}/history.csv?attribute=waterLevel") as answer:
        text = (await answer.read()).decode("utf-8-sig")
    assert answer.content_type == "text/csv"
    assert any(line.split(",")[1] == "0.42" and "流木" in line for line in text.splitlines()[1:])


async def test_a_reading_can_be_marked_as_missing(browser: aiohttp.ClientSession) -> None:
    form = await correction_form(browser) | {"how": "missing", "value": ""}
    async with browser.post(f"{GAUGE}/correction", data=form) as answer:
        html = await answer.text()
    assert '<span class="tag fixed">欠測</span>' in html


@pytest.mark.parametrize("wrong", [{"value": "abc"}, {"value": ""}, {"value": "nan"}, {"reason": " "}, {"who": ""}])
async def test_a_correction_that_makes_no_sense_changes_nothing(
    browser: aiohttp.ClientSession, wrong: dict[str, str]
) -> None:
    form = await correction_form(browser) | wrong
    async with browser.post(f"{GAUGE}/correction", data=form) as answer:
        assert answer.status == 422
        html = await answer.text()
    check(html, str(wrong))
    assert 'role="alert"' in html
    assert "tag fixed" not in html


async def test_a_form_from_another_site_is_refused(browser: aiohttp.ClientSession) -> None:
    form = await correction_form(browser)
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        async with browser.post(f"{GAUGE}/correction", data=form, headers=headers) as answer:
            assert answer.status == 403
    async with browser.post(f"{GAUGE}/correction", json=form) as answer:
        assert answer.status == 415


async def test_files_are_kept_and_only_ours(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/static/css/ground.css") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        tag = answer.headers["ETag"]
    async with browser.get("/static/css/ground.css", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    async with browser.get("/static/..%2Fpage.py") as answer:
        assert answer.status == 404


async def test_the_map_gets_its_layers_from_us(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/map/style.json?lang=en&theme=dark") as answer:
        drawn = await answer.json()
    for source in drawn["sources"].values():
        async with browser.get(source["data"]) as answer:
            assert (await answer.json(content_type=None))["type"] == "FeatureCollection"
    async with browser.get("/map/base/lava.geojson") as answer:
        assert answer.status == 404


async def test_a_service_that_fails_hides_nobody_else(
    browser: aiohttp.ClientSession, preview: Preview, caplog: pytest.LogCaptureFixture
) -> None:
    preview.flood.happens = None  # type: ignore[assignment]
    async with browser.get("/") as answer:
        assert answer.status == 200
    assert "could not say what is happening" in caplog.text


async def test_no_page_shows_the_marks_that_make_ruby(browser: aiohttp.ClientSession) -> None:
    for address in PAGES:
        async with browser.get(f"{address}{'&' if '?' in address else '?'}lang=easy") as answer:
            found = re.search(r"\[[^\[\]|]+\|[^\[\]|]+\]", await answer.text())
        assert found is None, f"{address} shows {found and found[0]}"
