"""The pages of needs and plan: a first evening in an open town, and who may do what in a protected one."""

import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from tests.policy.inhabited import Crowd, inhabited

from machinami.app.running import TownOS
from machinami.foundation.settings import Settings
from machinami.kit.installed import Broken, Service, load

BY = {"who": "山田花子", "role": "企画課長"}
NEEDS, PLAN = "/services/needs", "/services/plan"
VOICE = "バスの本数が少なくて病院に行けない"


class Planned(TownOS):
    """An installation with a service for residents, and those by which the town plans."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """The flood service, needs and plan."""
        return [load(f"machinami.services.{name}") for name in ("flood", "needs", "plan")], []


class Evening:
    """An officer at a browser in an open town."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def read(self, path: str) -> str:
        async with self.session.get(path, headers={"Accept": "text/html"}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def send(self, path: str, status: int = 200, **form: str) -> str:
        token = re.search(r'name="form_token" value="([^"]+)"', await self.read(f"{NEEDS}?view=officer"))
        more = {"form_token": token.group(1)} if token else {}
        async with self.session.post(path, data={**BY, **more, **form}, headers={"Accept": "text/html"}) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return text


@pytest.fixture
async def evening(tmp_path: Path) -> AsyncIterator[Evening]:
    town = Planned(Settings(tmp_path, port=0), "test")
    serving = await town.start()
    try:
        async with aiohttp.ClientSession(serving.url) as session:
            yield Evening(session)
    finally:
        await town.stop()


def only(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, pattern
    return found.group(1)


@pytest.mark.parametrize("language", ["ja", "en", "easy"])
async def test_every_page_of_an_empty_town_says_what_to_do_first(evening: Evening, language: str) -> None:
    views = [
        f"{base}?view={view}&lang={language}" for base in (NEEDS, PLAN) for view in ("resident", "officer", "history")
    ]
    for path in (*views, f"{PLAN}/work", f"{PLAN}/compare", f"{PLAN}/chapter?key=data"):
        assert "Undefined" not in await evening.read(path)
    text = {"ja": "ビジョンはまだ決まっていません", "en": "No vision has been adopted yet", "easy": "なりたいか"}[
        language
    ]
    assert text in await evening.read(f"{NEEDS}?lang={language}")
    async with evening.session.get(f"{PLAN}/draft", headers={"Accept": "text/html"}) as answer:
        assert answer.status == 404


async def test_a_first_evening_ends_with_a_printed_draft(evening: Evening) -> None:
    await evening.send(f"{NEEDS}/paste", lines=f"・{VOICE} ×3\n・街灯が暗い", field="transport", origin="workshop")
    await evening.send(f"{NEEDS}/vision", name="歩いて暮らせる町", text="だれもが病院へ行ける。")
    vision = only(r'name="vision" value="(urn:ngsi-ld:Vision:[^"]+)"', await evening.read(f"{NEEDS}?view=officer"))
    await evening.send(f"{NEEDS}/adopt", vision=vision, reason="庁議")
    need = only(r'name="need ([^"]+)"', await evening.read(f"{PLAN}/work"))
    work = {"name": "乗り合いタクシー", "state": "planned", "pilot-from": "2027", f"need {need}": "yes"}
    await evening.send(f"{PLAN}/work", **work)
    await evening.send(f"{PLAN}/begin", kind="first")
    draft = await evening.read(f"{PLAN}/draft")
    for text in ("歩いて暮らせる町", VOICE, "乗り合いタクシー", "2027", 'class="plan-road"'):
        assert text in draft
    for name, head in (("draft.pdf", b"%PDF-"), ("draft.xlsx", b"PK")):
        async with evening.session.get(f"{PLAN}/file/{name}") as answer:
            assert answer.status == 200
            assert (await answer.read()).startswith(head)
    await evening.send(f"{PLAN}/approve", who="佐藤一郎", role="町長")
    await evening.send(f"{PLAN}/publish")
    published = await evening.read(PLAN)
    assert "佐藤一郎 (町長)" in published
    trace = await evening.read(f"{NEEDS}?view=history")
    assert "計画のどの取組も使っていません" in trace


async def test_a_work_with_a_wrong_year_comes_back_with_what_was_typed(evening: Evening) -> None:
    work = {"name": "乗り合いタクシー", "state": "planned", "pilot-from": "2027", "pilot-to": "2025"}
    back = await evening.send(f"{PLAN}/work", 422, **work)
    assert 'value="乗り合いタクシー"' in back
    assert 'value="2025"' in back


async def test_who_wrote_a_chapter_second_sees_both_texts(evening: Evening) -> None:
    await evening.send(f"{PLAN}/begin", kind="empty")
    opened = only(r'name="opened" value="([^"]+)"', await evening.read(f"{PLAN}/chapter?key=goals"))
    await evening.send(f"{PLAN}/chapter", key="goals", opened=opened, text="先の文")
    back = await evening.send(f"{PLAN}/chapter", 409, key="goals", opened=opened, text="後の文")
    assert "先の文" in back
    assert "後の文" in back


async def test_what_people_type_is_shown_as_text_and_an_empty_list_is_mended(evening: Evening) -> None:
    await evening.send(f"{NEEDS}/add", text="<script>alert(1)</script>が困る", field="other", origin="office")
    assert "<script>alert(1)" not in await evening.read(NEEDS)
    assert "・\n---" in await evening.send(f"{NEEDS}/paste", 422, lines="・\n---", field="other", origin="workshop")
    assert "まだ何も書かれていない" in await evening.send(f"{NEEDS}/hand-in", 422, text="！？", field="other")


async def test_a_work_keeps_a_need_that_was_closed_since(evening: Evening) -> None:
    await evening.send(f"{NEEDS}/add", text=VOICE, field="transport", origin="office")
    need = only(r'name="need ([^"]+)"', await evening.read(f"{PLAN}/work"))
    await evening.send(f"{PLAN}/work", name="乗り合いタクシー", state="planned", **{f"need {need}": "yes"})
    await evening.send(f"{NEEDS}/change", need=need, state="closed", reason="県の仕事", field="transport")
    assert need not in await evening.read(f"{PLAN}/work")
    link = only(r'href="(/services/plan/work\?id=[^"]+)"', await evening.read(f"{PLAN}?view=officer"))
    assert f'name="need {need}" value="yes" checked' in await evening.read(link)


async def test_anything_that_arrived_can_become_a_need_by_its_id(evening: Evening) -> None:
    arrived = {
        "id": "urn:ngsi-ld:Case:1", "type": "Case",
        "description": {"type": "Property", "value": "橋の手すりがこわれている"},
    }  # fmt: skip
    async with evening.session.post("/ngsi-ld/v1/entities", json=arrived) as answer:
        assert answer.status == 201
    path = f"{NEEDS}?view=officer&from="
    assert "橋の手すりがこわれている" in await evening.read(f"{path}urn:ngsi-ld:Case:1")
    assert "見つからないか" in await evening.read(f"{path}urn:ngsi-ld:Case:2")


@pytest.fixture
async def crowd(tmp_path: Path) -> AsyncIterator[Crowd]:
    async with inhabited(tmp_path, Planned) as found:
        yield found


async def test_in_a_protected_town_a_voice_is_seen_by_officers_alone_until_one_publishes_it(crowd: Crowd) -> None:
    told = await crowd.ask("nobody", "POST", f"{NEEDS}/hand-in", form={"text": VOICE, "field": "transport"})
    assert told.status == 303, told.text
    number = only(r"note=(\w+)", told.headers["Location"])
    for who in ("nobody", "resident"):
        for path in (NEEDS, f"{NEEDS}?view=officer", f"{NEEDS}?view=history", "/data/NeedNote"):
            told = await crowd.ask(who, "GET", path)
            assert VOICE not in told.text
            assert told.status == 200 or path.startswith("/data")
    assert VOICE in (await crowd.ask("nobody", "GET", f"{NEEDS}?note={number}")).text
    office = (await crowd.ask("officer", "GET", f"{NEEDS}?view=officer")).text
    note = only(r'name="note" value="([^"]+)"', office)
    judged = {"note": note, "verdict": "accept", "text": VOICE, **BY}
    assert (await crowd.ask("resident", "POST", f"{NEEDS}/judge", form=judged)).status in (403, 404)
    assert (await crowd.ask("officer", "POST", f"{NEEDS}/judge", form=judged)).status == 303
    assert VOICE in (await crowd.ask("resident", "GET", NEEDS)).text


async def test_in_a_protected_town_residents_see_no_draft_the_mayor_approves_and_an_officer_publishes(
    crowd: Crowd,
) -> None:
    begun = {"kind": "first", **BY}
    assert (await crowd.ask("resident", "POST", f"{PLAN}/begin", form=begun)).refused
    assert (await crowd.ask("officer", "POST", f"{PLAN}/begin", form=begun)).status == 303
    for path in (f"{PLAN}/draft", f"{PLAN}/chapter", f"{PLAN}/file/draft.pdf", f"{PLAN}?view=history"):
        told = await crowd.ask("resident", "GET", path)
        assert "めざす町の姿（ビジョン）はまだ決まっていません。まず" not in told.text
    assert (await crowd.ask("officer", "GET", f"{PLAN}/draft")).status == 200
    assert (await crowd.ask("resident", "POST", f"{PLAN}/approve", form=BY)).status in (403, 404, 409)
    assert (await crowd.ask("mayor", "POST", f"{PLAN}/approve", form={"who": "佐藤", "role": "町長"})).status == 303
    assert (await crowd.ask("officer", "POST", f"{PLAN}/publish", form=BY)).status == 303
    assert "佐藤 (町長)" in (await crowd.ask("resident", "GET", PLAN)).text
    closed = (await crowd.ask("nobody", "GET", PLAN)).text
    assert "計画はまだ公表されていません" not in closed
