"""What can a resident do within a minute, what does an officer see first, and who may do what in which town?"""

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from tests.policy.towns import PEOPLE, identify

from machinami.app.running import TownOS
from machinami.broker import operations
from machinami.broker.contexts import town_context
from machinami.foundation.settings import Settings
from machinami.kit.http import Request
from machinami.kit.installed import Broken, Service, load
from machinami.kit.words import differences
from machinami.model.principal import Principal
from machinami.model.view import Words as Spoken
from machinami.model.view import to_entity
from machinami.model.vocabulary.circle import ActionPlan
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
    page = await somebody.look(view="officer")
    assert "事実だけを書いた" in page
    assert "名指しの悪口" in page  # whoever decides on it must be able to read it
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
    "settings": {"setting": "reply_days", "value": "60", "reason": "見直し"},
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
    round_, survey = await a_vote(somebody), await a_survey(somebody)
    pages = [("", ""), ("", "officer"), ("", "history"), ("/new", ""), ("/plan", ""), ("/similar", "")]
    pages += [(f"/pieces/{one}", view) for one in (piece, hidden) for view in ("", "officer")]
    pages += [(f"/{one}", view) for one in (f"rounds/{round_}", f"surveys/{survey}") for view in ("", "officer")]
    await read_all(somebody, pages, language)
    await somebody.send("rounds/state", round=round_, state="closed", **OFFICER)
    await somebody.send("surveys/state", survey=survey, **OFFICER)
    await read_all(somebody, pages[-4:], language)


async def read_all(somebody: Browser, pages: Sequence[tuple[str, str]], language: str) -> None:
    """Every page is there, and every text of it."""
    for path, view in pages:
        page = await somebody.look(path, lang=language, view=view)
        assert somebody.status == 200, (path, view)
        assert not re.search(r"part\.[a-z_]+\.", page)


async def a_vote(officer: Browser) -> str:
    """A round that takes votes."""
    place = await officer.send("rounds", name="みんなの予算", budget="1,000,000", closes_on="2099-01-01", **OFFICER)
    made = place.removeprefix(f"{ADDRESS}/rounds/").partition("?")[0]
    for name, cost in (("木陰", "600000"), ("街灯", "500000"), ("ベンチ", "300000")):
        await officer.send("rounds/project", round=made, name=name, cost=cost, **OFFICER)
    await officer.send("rounds/state", round=made, state="open", **OFFICER)
    return made


async def a_survey(officer: Browser) -> str:
    """A survey that takes answers."""
    place = await officer.send("surveys", name="今年の実感", closes_on="2099-01-01", **OFFICER)
    return place.removeprefix(f"{ADDRESS}/surveys/").partition("?")[0]


async def test_a_budget_is_voted_on_by_phone_and_its_result_is_told_with_reasons(
    closed_town: aiohttp.ClientSession,
) -> None:
    officer, resident, stranger = (Browser(closed_town, who) for who in ("officer", "resident", "nobody"))
    made = await a_vote(officer)
    assert "みんなの予算" in await resident.look()
    await resident.send("vote", **{"round": made, "project-p1": "yes", "project-p3": "yes"})
    assert "あなたの票は入っています" in await resident.look(f"/rounds/{made}")
    await stranger.send("vote", **{"round": made, "project-p2": "yes"})
    await resident.send("rounds/state", round=made, state="closed", **OFFICER)
    assert resident.status == 403
    await officer.send("rounds/state", round=made, state="closed", **OFFICER)
    page = await resident.look(f"/rounds/{made}")
    assert "望んだ 1 人が 600,000 円ずつ出し合って払えました" in page
    assert "望む人がいませんでした" in page
    assert "使う額 900,000 円、残り 100,000 円" in page
    assert "ほかに本人未確認の票 1" in page


async def test_a_survey_of_few_tells_nothing_of_anybody(closed_town: aiohttp.ClientSession) -> None:
    officer, resident = Browser(closed_town, "officer"), Browser(closed_town, "resident")
    made = await a_survey(officer)
    await resident.send("answer", survey=made, happy="9", moving="2", band="65+")
    assert "回答済み" in await resident.look(f"/surveys/{made}")
    await officer.send("surveys/state", survey=made, **OFFICER)
    page = await resident.look(f"/surveys/{made}")
    assert page.count("10 人に満たないため、見せません") == 28
    assert "順位ではありません" in page


async def test_what_is_alike_is_shown_while_one_writes(open_town: aiohttp.ClientSession) -> None:
    somebody = Browser(open_town)
    await somebody.bring(name="公園に木陰がほしい", text="夏の公園は暑く、子どもが遊べません。木を植えてください。")
    await somebody.bring(name="夜道が暗い", text="駅からの道に街灯がありません。")
    alike = await somebody.look("/similar", name="公園に木を植えて", text="夏は暑い")
    assert "公園に木陰がほしい" in alike
    assert "夜道が暗い" not in alike
    assert "似た声" not in await somebody.look("/similar", name="給食の献立")
    again = await somebody.bring(name="公園の木陰", text="公園に木を植えて木陰をつくってください。")
    assert "似た声がすでに届いています" in await somebody.look(f"/pieces/{again}")


async def test_a_comment_on_a_published_plan_stands_at_its_chapter_with_its_answer(tmp_path: Path) -> None:
    async with town_of(tmp_path, True) as (town, session):
        resident, officer = Browser(session, "resident"), Browser(session, "officer")
        assert "まだ公開された計画がありません" in await resident.look("/plan")
        chapters = {"goals": {"ja": "歩いて暮らせる町", "en": "A town to walk in"}}
        plan = ActionPlan("urn:ngsi-ld:ActionPlan:1", Spoken(ja="実行計画"), 1, chapters)
        await operations.create(await town.broker.town(None), to_entity(plan, town_context()), PEOPLE["officer"])
        page = await resident.look("/plan")
        assert "歩いて暮らせる町" in page
        assert "kind=plan_comment&amp;chapter=goals" in page
        comment = await resident.bring(
            kind="plan_comment", chapter="goals", plan=plan.id, name="冬は", text="雪の日は？"
        )
        reply = {"piece": comment, "verdict": "partly", "reply": "除雪の目標を加えます。", "changed": "第 1 章に除雪"}
        await officer.send("reply", **reply, **OFFICER)
        page = await resident.look("/plan")
        for said in ("雪の日は？", "一部を取り入れます", "除雪の目標を加えます。", "第 1 章に除雪"):
            assert said in page
