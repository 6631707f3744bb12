"""The pages of indicators, seen from outside: by residents, and by officers who make, take over, change and decide."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from machinami.kit.archive import Archive
from machinami.kit.desk import Desk, House
from machinami.kit.installed import load
from machinami.kit.schedule import Health
from machinami.kit.server import serve
from machinami.kit.viewing import viewed
from machinami.kit.words import LANGUAGES
from machinami.model.principal import Principal, Role
from machinami.services.indicators import page, service

from .conftest import Office
from .test_service import shelters

ADDRESS = "/services/indicators"
SIGNED = {"who": "山田花子", "role": "企画課長"}
FORM = {
    "name_ja": "開いている避難所の割合", "level": "output", "kind": "own", "direction": "up", "unit": "%",
    "formula": '100 * share(Shelter where state=="open")', "target": "value", "low": "100", "baseline": "0",
    "baseline_year": "2025", "year_from": "2027", "year_to": "2027", **SIGNED,
}  # fmt: skip


@dataclass
class Visit:
    """A browser that visits the town."""

    office: Office
    url: str
    session: aiohttp.ClientSession

    async def see(self, path: str = "", status: int = 200) -> str:
        async with self.session.get(f"{self.url}{ADDRESS}{path}", headers={"Accept": "text/html"}) as answer:
            assert answer.status == status
            return await answer.text()

    async def send(self, deed: str, /, status: int = 200, **form: str) -> str:
        async with self.session.post(
            f"{self.url}{ADDRESS}/{deed}", data=form, headers={"Accept": "text/html"}
        ) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return text


@pytest.fixture
async def visit(office: Office) -> AsyncIterator[Visit]:
    names = {"ja": "街並町", "en": "Machinami", "easy": "街並町"}
    everyone = Principal("urn:person:x", frozenset({Role.OFFICER}), None, None, 2, 2)
    houses = [House(load(f"machinami.services.{name}"), office.city, Health()) for name in ("flood", "indicators")]
    desk = Desk(
        names, (138.2, 34.99), 12.0, "Asia/Tokyo", False, "0", lambda: office.now, Archive(office.town),
        lambda: houses, list, dict, identify=lambda request: everyone,
    )  # fmt: skip
    serving = await serve([viewed(row, desk.identify) for row in page.routes(office.city, desk)])
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visit(office, serving.url, session)
    await serving.stop()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_empty_town_is_told_what_to_do_first(visit: Visit, language: str) -> None:
    for view in ("resident", "officer", "history"):
        text = await visit.see(f"?view={view}&lang={language}")
        assert "<h1>" in text
    assert "はじめの 1 つ" in await visit.see("?lang=ja")


async def test_from_a_figure_to_its_rows_in_three_steps(visit: Visit) -> None:
    await shelters(visit.office, 3)
    made = await visit.send("make", **FORM)
    assert "指標をつくりました" in made
    town = await visit.see()
    link = re.search(rf'href="{ADDRESS}(/of/[^"]+)"', town)
    assert link is not None
    assert "75" in town
    sheet = await visit.see(link[1])
    assert "share(Shelter where state==&#34;open&#34;)" in sheet
    rows = re.search(rf'href="{ADDRESS}(/of/[^"]+/rows\?part=0)"', sheet)
    assert rows is not None
    behind = await visit.see(rows[1])
    assert "/data/Shelter/urn:ngsi-ld:Shelter:0" in behind
    assert "urn:ngsi-ld:Shelter:3" not in behind


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_town_with_figures_is_shown_in_every_language(visit: Visit, language: str) -> None:
    await shelters(visit.office, 0)
    first = await visit.office.make()
    await visit.office.make("count(Shelter)", leads_to=[first], target={"kind": "range", "low": 1, "high": 3})
    for _ in range(9):
        await visit.office.pass_days(1)
    for path in ("", "?view=officer", "?view=history", f"/of/{first}", f"/of/{first}/rows"):
        text = await visit.see(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert "<svg" in text
    assert 'class="kpi-lead' in await visit.see()


async def test_a_formula_that_cannot_be_read_is_shown_again_with_where(visit: Visit) -> None:
    text = await visit.send("make", 422, **{**FORM, "formula": "wealth(nations)"})
    assert "1 文字目から読めません" in text
    assert "wealth(nations)" in text
    assert "開いている避難所の割合" in text


async def test_a_service_s_own_figure_is_taken_over_by_one_button(visit: Visit) -> None:
    text = await visit.see("?view=officer")
    assert 'value="flood.decision_time"' in text
    taken = await visit.send("take", offer="flood.decision_time", **SIGNED)
    assert "採用しました" in taken
    assert 'value="flood.decision_time"' not in await visit.see("?view=officer")
    await visit.send("take", 409, offer="flood.decision_time", **SIGNED)
    await visit.send("take", 404, offer="flood.no_such", **SIGNED)


async def test_a_change_is_saved_signed_and_undone(visit: Visit) -> None:
    made = await visit.office.make()
    text = await visit.send("change", id=made, reason="読みやすく", **{**FORM, "name_ja": "避難所の開設率"})
    assert "避難所の開設率" in text
    assert "山田花子" in text
    text = await visit.send("undo", id=made, **SIGNED)
    assert "前の内容に戻しました" in text
    assert "<h1>開いている避難所の割合" in text
    await visit.send("retire", id=made, reason="計画から外れた", **SIGNED)
    assert "見るのをやめた指標" in await visit.see("?view=officer")


async def test_what_leads_to_what_goes_in_no_circle(visit: Visit) -> None:
    first = await visit.office.make()
    second = await visit.office.make(leads_to=[first])
    text = await visit.send("change", 422, id=first, **{**FORM, f"leads:{second}": "yes"})
    assert "輪になっています" in text


async def test_a_surveyed_value_is_recorded(visit: Visit) -> None:
    made = await visit.office.make("", unit="%")
    text = await visit.send("record", id=made, value="47.2", at="2026-06-29", reason="アンケート n=412", **SIGNED)
    assert "47.2" in text
    await visit.send("record", 400, id=made, value="many", at="2026-06-30", reason="x", **SIGNED)
    await visit.send("record", 400, id=made, value="1", at="yesterday", reason="x", **SIGNED)


async def test_a_review_is_dismissed_with_a_reason_or_sent_to_the_plan(visit: Visit) -> None:
    await shelters(visit.office, 0)
    await visit.office.make()
    await visit.office.pass_days(1)
    text = await visit.see("?view=officer")
    review = re.search(r'name="review" value="([^"]+)"', text)
    assert review is not None
    await visit.send("review", 400, review=review[1], verdict="dismiss", **SIGNED)
    text = await visit.send("review", review=review[1], verdict="dismiss", reason="秋に追いつく", **SIGNED)
    assert "提案を退けました" in text
    assert "秋に追いつく" in await visit.see("?view=history")


async def test_what_is_not_there_is_said(visit: Visit) -> None:
    await visit.see("/of/urn:ngsi-ld:KeyPerformanceIndicator:none", 404)
    made = await visit.office.make()
    await visit.see(f"/of/{made}/rows?part=7", 404)
    await visit.see(f"/of/{made}/rows?part=x", 404)
    assert (await service.indicator(visit.office.city, made)).id == made
