"""The pages and the HTTP face of health points, seen from outside: join, hand in, ask, object, ride, leave."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from machinami.kit.archive import Archive
from machinami.kit.desk import Desk
from machinami.kit.server import serve
from machinami.kit.viewing import viewed
from machinami.kit.words import LANGUAGES
from machinami.model.principal import Principal, Role
from machinami.services.health_points import api, page, service

from .conftest import Streets, at, point, walking

ADDRESS = "/services/health_points"
OFFICER = {"who": "山田花子", "role": "課長"}


@dataclass
class Visit:
    """A browser and a phone that visit the town."""

    streets: Streets
    url: str
    session: aiohttp.ClientSession
    key: str = ""

    async def see(self, query: str = "") -> str:
        async with self.session.get(f"{self.url}{ADDRESS}{query}") as answer:
            assert answer.status == 200
            return await answer.text()

    async def send(self, deed: str, /, **form: str) -> tuple[int, str]:
        async with self.session.post(
            f"{self.url}{ADDRESS}/{deed}", data=form, headers={"Accept": "text/html"}
        ) as answer:
            return answer.status, await answer.text()

    async def join(self) -> None:
        status, text = await self.send("join", agree="yes", age_band="65-74", sex="female", district="上町")
        assert status == 200
        self.key = text.partition("Participation-Key: ")[2].partition("<")[0]
        assert len(self.key) > 20

    async def call(self, method: str, path: str, body: Any = None, **fields: str) -> tuple[int, Any]:
        headers = {"Participation-Key": self.key, **fields}
        async with self.session.request(method, f"{self.url}{ADDRESS}{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def visit(streets: Streets) -> AsyncIterator[Visit]:
    names = {"ja": "街並町", "en": "Machinami", "easy": "街並町"}
    archive = Archive(streets.town)
    everyone = Principal("urn:person:x", frozenset({Role.OFFICER}), None, None, 2, 2)
    desk = Desk(
        names, (138.2, 34.99), 12.0, "Asia/Tokyo", False, "0", lambda: streets.now, archive, list, list, dict,
        identify=lambda request: everyone,
    )  # fmt: skip
    rows = [*page.routes(streets.city, desk), *api.routes(streets.city, desk)]
    serving = await serve([viewed(row, desk.identify) for row in rows])
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visit(streets, serving.url, session)
    await serving.stop()


async def test_a_resident_joins_hands_in_sees_and_leaves(visit: Visit) -> None:
    assert "参加する" in await visit.see()
    await visit.join()
    yesterday = visit.streets.today - timedelta(days=1)
    status, told = await visit.call("POST", "/steps?device=install-1", walking(yesterday, 7_300))
    assert (status, told["days"][0]["points"], told["refused"]) == (200, 7, [])
    seen = await visit.see()
    assert "7,300" in seen
    assert "使えるポイント" in seen
    status, me = await visit.call("GET", "/me")
    assert (me["points"], len(me["days"])) == (7, 1)
    status, text = await visit.send("leave")
    assert status == 400, text
    status, text = await visit.send("leave", sure="yes")
    assert (status, "やめました" in text) == (200, True)
    assert (await visit.call("GET", "/me"))[0] == 403


async def test_a_refused_document_is_answered_with_where_and_how(visit: Visit) -> None:
    await visit.join()
    yesterday = visit.streets.today - timedelta(days=1)
    bad = point(at(yesterday, 9), 60, "6000")
    status, told = await visit.call("POST", "/steps", [bad, point(at(yesterday, 10), 60, 900)])
    assert (status, len(told["days"])) == (200, 1)
    assert told["refused"][0]["faults"][0]["where"] == "/body/step_count/value"
    assert (await visit.call("POST", "/steps", [bad]))[0] == 422
    status, text = await visit.send("hand-in", document="{")
    assert (status, "JSON" in text) == (422, True)
    assert (await visit.call("POST", "/steps", [bad], **{"Participation-Key": "nobody"}))[0] == 403


async def test_a_doubtful_day_is_said_and_answered_and_decided(visit: Visit) -> None:
    await visit.join()
    yesterday = visit.streets.today - timedelta(days=1)
    _, told = await visit.call("POST", "/steps", [point(at(yesterday, 9), 60, 15_000)])
    assert told["days"][0]["state"] == "refused"
    assert "1 分あたり 250 歩" in await visit.see()
    await visit.send("answer", day=yesterday.isoformat(), answer="walked")
    office = await visit.see("?view=officer")
    walker = office.partition('name="walker" value="')[2].partition('"')[0]
    form = {"walker": walker, "day": yesterday.isoformat(), "verdict": "granted"}
    assert (await visit.send("decide", **form))[0] == 400
    assert "決定を記録しました" in (await visit.send("decide", **form, **OFFICER))[1]
    assert (await visit.call("GET", "/me"))[1]["points"] == 10


async def test_a_voucher_is_taken_by_a_partner_once(visit: Visit) -> None:
    await visit.join()
    assert (await visit.send("settings", setting="voucher_points", value="5", reason="見直し", **OFFICER))[0] == 200
    assert (await visit.send("settings", setting="voucher_points", value="many", reason="見直し", **OFFICER))[0] == 422
    yesterday = visit.streets.today - timedelta(days=1)
    await visit.call("POST", "/steps", walking(yesterday, 9_300))
    status, text = await visit.send("voucher", code="RIDE234567")
    assert (status, "RIDE234567" in text) == (200, True)
    assert (await visit.call("PUT", "/me/vouchers/RIDE234567"))[1]["state"] == "held"
    _, text = await visit.send("partners", name="街並バス", **OFFICER)
    key = text.partition('class="walk-code">')[2].partition("<")[0]
    for _ in range(2):
        status, told = await visit.call("POST", "/vouchers/RIDE234567/use", **{"Partner-Key": key})
        assert (status, told["state"]) == (200, "used")
    assert (await visit.call("POST", "/vouchers/RIDE234567/use", **{"Partner-Key": "x"}))[0] == 403
    assert (await visit.call("DELETE", "/me/vouchers/RIDE234567"))[0] == 409
    assert (await visit.call("GET", "/me"))[1]["points"] == 4


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", ["resident", "officer", "history"])
async def test_every_page_can_be_read_in_every_language(visit: Visit, language: str, view: str) -> None:
    await visit.join()
    for back in range(9, 0, -1):
        steps = 9_000 if back % 2 else 30_000
        await visit.call("POST", "/steps", walking(visit.streets.today - timedelta(days=back), steps))
    await service.refresh(visit.streets.city, visit.streets.now)
    seen = await visit.see(f"?view={view}&lang={language}")
    assert "{" not in seen.partition("<main")[2].partition("</main")[0]
