"""What can a resident do within a minute, what does an officer see first, and who may do what in which town?"""

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from tests.policy.towns import identify

from machinami.app.running import TownOS
from machinami.foundation.settings import Settings
from machinami.kit.http import Request
from machinami.kit.installed import Broken, Service, load
from machinami.kit.words import differences
from machinami.model.principal import Principal
from machinami.services.participation.service import PACKAGE

ADDRESS = "/services/participation"
BROUGHT = {"kind": "proposal", "name": "公園に日陰を", "text": "夏の公園に木を植えてほしい。", "field": "environment"}
OFFICER = {"who": "山田花子", "role": "企画課長"}


class Town(TownOS):
    """An installation with this service, in which a header says who asks."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """This service, wherever this runs."""
        return [load(PACKAGE)], []

    def identify(self, request: Request) -> Principal:
        """Who the header says."""
        return identify(request)


class Browser:
    """Somebody at their browser. who: whom the header names, in a protected town; their cookies are their own."""

    def __init__(self, session: aiohttp.ClientSession, who: str = "nobody") -> None:
        self.session = session
        self.headers = {"Accept": "text/html", "x-who": who}
        self.cookies: dict[str, str] = {}
        self.status = 0

    async def look(self, path: str = "", **query: str) -> str:
        """A page."""
        async with self.session.get(ADDRESS + path, params=query, headers=self._headers()) as answer:
            self.status = answer.status
            return await answer.text()

    async def send(self, deed: str, **form: str) -> str:
        """A form, and where it led."""
        address = f"{ADDRESS}/{deed}"
        async with self.session.post(address, data=form, headers=self._headers(), allow_redirects=False) as answer:
            self.status = answer.status
            self.cookies |= {name: one.value for name, one in answer.cookies.items()}
            return answer.headers.get("Location", "") or await answer.text()

    async def bring(self, **more: str) -> str:
        """Hand something in; its id."""
        place = await self.send("hand-in", **{**BROUGHT, **more})
        return place.removeprefix(f"{ADDRESS}/pieces/").partition("?")[0]

    def _headers(self) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**self.headers, **({"Cookie": cookie} if cookie else {})}


@contextlib.asynccontextmanager
async def town_of(folder: Path, protect: bool) -> AsyncIterator[tuple[Town, aiohttp.ClientSession]]:
    """An installation with its pages."""
    town = Town(Settings(folder, port=0), "test")
    serving = await town.start()
    if protect:
        await town.broker.protect()
    try:
        async with aiohttp.ClientSession(serving.url, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield town, session
    finally:
        await town.stop()


@pytest.fixture
async def open_town(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with town_of(tmp_path, False) as (_, session):
        yield session


@pytest.fixture
async def closed_town(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with town_of(tmp_path, True) as (_, session):
        yield session


def test_every_sentence_is_there_in_every_language() -> None:
    assert differences(PACKAGE) == []


async def test_an_empty_open_town_says_what_to_do_first(open_town: aiohttp.ClientSession) -> None:
    somebody = Browser(open_town)
    assert "まだ声は届いていません" in await somebody.look()
    assert "返事を待っている声はありません" in await somebody.look(view="officer")
    assert "まだ記録はありません" in await somebody.look(view="history")
    for kind in ("proposal", "question", "plan_comment"):
        assert "サインインしていません" in await somebody.look("/new", kind=kind)


async def test_in_an_open_town_a_voice_is_taken_and_said_to_be_unverified(open_town: aiohttp.ClientSession) -> None:
    somebody, another = Browser(open_town), Browser(open_town)
    piece = await somebody.bring()
    page = await somebody.look(f"/pieces/{piece}")
    assert "夏の公園に木を植えてほしい。" in page
    assert "本人未確認の人" in page
    assert "あなたの投稿" in page
    assert "あなたの投稿" not in await another.look(f"/pieces/{piece}")
    await another.send("support", piece=piece)
    page = await another.look(f"/pieces/{piece}")
    assert "0 人が支持" in page
    assert "ほかに本人未確認 1 件" in page
    await another.send("withdraw", piece=piece)
    assert another.status == 403
    await somebody.send("withdraw", piece=piece)
    assert "夏の公園に" not in await somebody.look(f"/pieces/{piece}")


async def test_an_officer_replies_and_the_resident_reads_what_changed(open_town: aiohttp.ClientSession) -> None:
    somebody = Browser(open_town)
    piece = await somebody.bring()
    assert "公園に日陰を" in await somebody.look(view="officer")
    reply = {"piece": piece, "state": "adopted", "reply": "木を植えます。", **OFFICER}
    await somebody.send("reply", **reply)
    assert somebody.status == 400  # what changed must be said
    await somebody.send("reply", **reply, changed="取組 3 に木陰を加えた")
    page = await somebody.look(f"/pieces/{piece}")
    assert "木を植えます。" in page
    assert "取組 3 に木陰を加えた" in page
    assert "山田花子 (企画課長)" in page
    assert "計画に反映" in await somebody.look()
    record = await somebody.look(view="history")
    assert "記録は 2 件" in record


async def test_what_is_hidden_shows_its_reason_and_may_be_objected_to(open_town: aiohttp.ClientSession) -> None:
    somebody = Browser(open_town)
    piece = await somebody.bring(text="名指しの悪口")
    await somebody.send("hide", piece=piece, reason="個人を傷つける", **OFFICER)
    page = await somebody.look(f"/pieces/{piece}")
    assert "名指しの悪口" not in page
    assert "個人を傷つける" in page
    assert "企画課長" in page
    await somebody.send("object", piece=piece, reason="事実だけを書いた")
    assert "事実だけを書いた" in await somebody.look(view="officer")
    await somebody.send("judge", piece=piece, verdict="show", reason="申し立てのとおり", **OFFICER)
    assert "名指しの悪口" in await somebody.look(f"/pieces/{piece}")


async def test_in_a_protected_town_residents_have_one_voice_and_officers_alone_decide(
    closed_town: aiohttp.ClientSession,
) -> None:
    resident, officer, stranger = (Browser(closed_town, who) for who in ("resident", "officer", "nobody"))
    piece = await resident.bring()
    for _ in range(2):
        await resident.send("support", piece=piece)
    await stranger.send("support", piece=piece)
    page = await officer.look(f"/pieces/{piece}")
    assert "1 人が支持" in page
    assert "ほかに本人未確認 1 件" in page
    assert "住民 …" in page
    assert "urn:person:resident" not in page
    for deed, form in DECISIONS.items():
        for who in (resident, stranger):
            await who.send(deed, **{**form, "piece": piece}, **OFFICER)
            assert who.status in (401, 403), (deed, who.status)
    await officer.send("reply", piece=piece, state="answered", reply="検討します。", **OFFICER)
    assert officer.status == 303
    assert "検討します。" in await resident.look(f"/pieces/{piece}")


DECISIONS = {
    "reply": {"state": "answered", "reply": "x"},
    "hide": {"reason": "x"},
    "settings": {"setting": "reply_days", "value": "60"},
}


async def test_a_stranger_is_told_that_it_is_closed_and_sees_their_own(closed_town: aiohttp.ClientSession) -> None:
    resident, stranger = Browser(closed_town, "resident"), Browser(closed_town)
    piece = await resident.bring()
    page = await stranger.look()
    assert "公園に日陰を" not in page
    assert "まだ声は届いていません" not in page
    await stranger.look(f"/pieces/{piece}")
    assert stranger.status == 401
    mine = await stranger.bring(name="夜道が暗い")
    assert "夜道が暗い" in await stranger.look()
    assert "本人未確認の人" in await stranger.look(f"/pieces/{mine}")


async def test_a_form_from_another_site_is_not_taken(open_town: aiohttp.ClientSession) -> None:
    somebody = Browser(open_town)
    somebody.headers["Sec-Fetch-Site"] = "cross-site"
    await somebody.send("hand-in", **BROUGHT)
    assert somebody.status == 403


@pytest.mark.parametrize("language", ["ja", "en", "easy"])
async def test_every_page_can_be_read_in_every_language(open_town: aiohttp.ClientSession, language: str) -> None:
    somebody = Browser(open_town)
    piece = await somebody.bring()
    await somebody.send("comment", piece=piece, text="賛成です")
    hidden = await somebody.bring(name="別の声")
    await somebody.send("hide", piece=hidden, reason="x", **OFFICER)
    for path, view in (("", ""), ("", "officer"), ("", "history"), ("/new", ""), *(
        (f"/pieces/{one}", view) for one in (piece, hidden) for view in ("", "officer")
    )):  # fmt: skip
        page = await somebody.look(path, lang=language, view=view)
        assert somebody.status == 200, (path, view)
        assert not re.search(r"part\.[a-z_]+\.", page)
