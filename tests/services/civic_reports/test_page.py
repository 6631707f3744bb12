"""May a resident report within a minute, follow it by a secret address, and an officer do all that there is to do?"""

import re
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from PIL import Image
from tests.fakes.roads import RecordedRoads
from tests.services.civic_reports.pictures import SECRET, street
from tests.services.visiting import OFFICER, Visit, visited

from machinami.broker import history
from machinami.kit.roads import Delivery
from machinami.kit.words import Words
from machinami.model.query import TemporalQuery
from machinami.model.town_terms import TERMS
from machinami.model.view import Geometry, Point
from machinami.model.view import Words as Said
from machinami.model.vocabulary.places import District
from machinami.services.civic_reports import page, service
from machinami.services.civic_reports.model import Figures, Intake, Report, Reporter, Step
from machinami.services.civic_reports.service import CONTACTS, MINE, PACKAGE

HERE = {"category": "streetlight", "lat": "34.8100", "lon": "137.4100", "text": "街灯が消えていて夜まっくらです"}
HARBOUR = '{"type": "Polygon", "coordinates": [[[137.4, 34.8], [137.5, 34.8], [137.5, 34.9], [137.4, 34.8]]]}'
FIELD = {"who": "山田", "role": "道路河川課"}


class Street:
    """The pages of reports, and what is behind them."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.city = visit.city

    async def report(self, *photos: bytes, **fields: str) -> tuple[int, str, str]:
        """Hand in a report: the status, the page, and the secret of its address."""
        form = aiohttp.FormData()
        for name, text in {**HERE, **fields}.items():
            form.add_field(name, text)
        for number, photo in enumerate(photos, 1):
            form.add_field(f"photo{number}", photo, filename="../../IMG 1.PNG", content_type="image/png")
        url = f"{self.visit._url}{self.visit.address}/hand-in"
        async with self.visit._session.post(url, data=form, headers={"Accept": "text/html"}) as answer:
            secret = str(answer.url).partition("/mine/")[2].partition("?")[0]
            return answer.status, await answer.text(), secret

    async def last(self) -> Report:
        """The last report."""
        return (await self.city.find(Report))[-1]

    async def intake(self, report: Report) -> Intake:
        """What came in."""
        found = await self.city.get(Intake, report.id.replace("IssueReporting", "IssueIntake"))
        assert found is not None
        return found

    async def past(self, entity_id: str) -> list[object]:
        """What its words ever were."""
        found = await history.instances(self.visit.town, [entity_id], [TERMS["text"]], TemporalQuery(), OFFICER)
        return [one.value.value for one in found]

    async def do(self, deed: str, **form: str) -> str:
        """A deed of an officer; the page that follows."""
        status, text = await self.visit.send(deed, **form)
        assert status == 200, text
        return text


@pytest.fixture
def roads() -> RecordedRoads:
    return RecordedRoads()


@pytest_asyncio.fixture
async def street_of(tmp_path: Path, roads: RecordedRoads) -> AsyncIterator[Street]:
    async with visited(PACKAGE, tmp_path, page.routes, "/services/civic_reports", roads=roads) as visit:
        yield Street(visit)


async def test_an_empty_town_says_so_and_offers_to_report(street_of: Street) -> None:
    for query in ("", "?view=officer", "?view=history", "?lang=en", "?lang=easy"):
        text = await street_of.visit.see(query)
        assert "</html>" in text
    assert "報告はまだありません" in await street_of.visit.see("?lang=ja")
    assert "街灯" in await street_of.visit.see("/new")


async def test_a_report_with_photo_and_place_is_taken_and_followed_by_its_secret_address(street_of: Street) -> None:
    status, text, secret = await street_of.report(street(), email="hanako@example.test")
    assert status == 200, text
    assert "受け取りました" in text
    report = await street_of.last()
    assert (report.report_id, report.state, report.department_id) == ("20260630-001", "received", "道路河川課")
    assert report.location == Point(137.41, 34.81)
    assert report.text is None  # nobody but officers and the reporter reads it yet
    assert report.media is None
    assert "街灯が消えていて" in text
    assert "hanako@example.test" in text
    assert secret not in str(await street_of.city.private_rows(MINE))
    assert "街灯が消えていて" not in await street_of.visit.see(f"/reports/{report.report_id}")
    assert (await street_of.visit.fetch("/services/civic_reports/mine/" + "x" * 24))[0] == 404


async def test_a_photo_is_hidden_until_an_officer_has_looked_and_holds_no_metadata(street_of: Street) -> None:
    _, _, secret = await street_of.report(street(turned=6))
    report = await street_of.last()
    name = (await street_of.intake(report)).photos or []
    photo = name[0]["name"]
    for form in ("small", "large"):
        status, kind, body = await street_of.visit.fetch(f"/services/civic_reports/mine/{secret}/{photo}-{form}.jpg")
        assert (status, kind) == (200, "image/jpeg")
        assert SECRET not in body
        with Image.open(BytesIO(body)) as image:
            assert not image.getexif()
            assert image.height > image.width  # turned upright
    assert photo not in await street_of.visit.see(f"/reports/{report.report_id}")
    await street_of.do("look", report=report.id, text="yes", **{f"photo {photo}": "yes"}, **FIELD)
    seen = await street_of.visit.see(f"/reports/{report.report_id}")
    assert f"{photo}-small.jpg" in seen
    assert "街灯が消えていて" in seen
    await street_of.do("look", report=report.id, **FIELD)  # and neither words nor photo any more
    seen = await street_of.visit.see(f"/reports/{report.report_id}")
    assert photo not in seen
    assert "街灯が消えていて" not in seen


async def test_an_officer_covers_a_face_and_the_picture_before_is_destroyed(street_of: Street) -> None:
    await street_of.report(street())
    report = await street_of.last()
    photo = ((await street_of.intake(report)).photos or [])[0]["name"]
    await street_of.do("cover", report=report.id, photo=photo, rectangles="0 0 20 20\n40 40 5 5", **FIELD)
    body = await street_of.city.files.get(f"{photo}-large.jpg")
    assert body is not None
    with Image.open(BytesIO(body)) as image:
        colours = {image.getpixel((x, y)) for x in (3, 90, 200) for y in (3, 80, 150)}
    assert all(max(abs(a - b) for a, b in zip(one, two, strict=True)) < 8 for one in colours for two in colours)
    assert await street_of.city.files.names() == [f"{photo}-large.jpg", f"{photo}-small.jpg"]
    assert ((await street_of.intake(report)).photos or [])[0].get("covered") == 2


async def test_a_town_may_keep_the_picture_before_for_officers_alone(street_of: Street) -> None:
    await street_of.city.set_setting("keep_originals", True, "x")
    await street_of.report(street())
    report = await street_of.last()
    photo = ((await street_of.intake(report)).photos or [])[0]["name"]
    await street_of.do("cover", report=report.id, photo=photo, rectangles="0 0 20 20", **FIELD)
    await street_of.do("look", report=report.id, text="yes", **{f"photo {photo}": "yes"}, **FIELD)
    assert f"{photo}-before.jpg" in await street_of.city.files.names()


async def test_what_is_missing_is_said_and_nothing_that_was_written_is_lost(street_of: Street) -> None:
    for fields, said in (
        ({"category": ""}, "何についてか"),
        ({"lat": "", "lon": ""}, "場所を地図で"),
        ({"text": ""}, "写真か、ひとこと"),
        ({"lat": "abc"}, "場所を地図で"),
    ):
        status, text, _ = await street_of.report(landmark="" if "lat" in fields else "橋の東", **fields)
        assert status == 422
        assert said in text
        assert "橋の東" in text or "lat" in fields
    status, text, _ = await street_of.report(b"\x89PNG no picture at all", landmark="橋の東")
    assert status == 422
    assert "この写真は受け取れませんでした" in text
    assert "街灯が消えていて夜まっくらです" in text
    assert not await street_of.city.find(Report)
    assert not await street_of.city.files.names()


async def test_a_place_in_words_is_enough_and_leads_to_its_district(street_of: Street) -> None:
    area = Geometry({"type": "Polygon", "coordinates": [[[137, 34], [138, 34], [138, 35], [137, 35], [137, 34]]]})
    await street_of.visit.put(District("urn:ngsi-ld:District:1", Said({"ja": "松川地区"}), area))
    status, _, _ = await street_of.report(lat="", lon="", landmark="松川地区の橋の東")
    assert status == 200
    assert (await street_of.last()).ref_district == "urn:ngsi-ld:District:1"
    await street_of.report()
    assert (await street_of.last()).ref_district == "urn:ngsi-ld:District:1"


async def test_a_rule_that_an_officer_makes_leads_reports_to_another_office_until_it_ends(street_of: Street) -> None:
    await street_of.do("rules", category="streetlight", area=HARBOUR, office_new="港湾事務所", reason="港の灯", **FIELD)
    await street_of.report(lat="34.82", lon="137.48")
    assert (await street_of.last()).department_id == "港湾事務所"
    await street_of.report(lat="34.82", lon="137.6")
    assert (await street_of.last()).department_id == "道路河川課"
    (rule,) = await street_of.city.find(service.Rule)
    await street_of.do("rules/end", rule=rule.id, **FIELD)
    await street_of.report(lat="34.82", lon="137.48")
    assert (await street_of.last()).department_id == "道路河川課"
    assert "港湾事務所" in await street_of.visit.see("?view=history")


async def test_a_report_goes_its_way_and_its_reporter_reads_the_answer(street_of: Street) -> None:
    _, _, secret = await street_of.report()
    report = await street_of.last()
    await street_of.do("route", report=report.id, office="環境課", category="rubbish", reason="ごみ", **FIELD)
    await street_of.do("proceed", report=report.id, state="in_progress", answer="見に行きます", **FIELD)
    street_of.visit.wait(days=3)
    text = await street_of.do("proceed", report=report.id, state="mended", answer="球を取り替えました", **FIELD)
    assert "もう一度開く" in text
    done = await street_of.last()
    assert (done.state, done.department_id, done.in_time) == ("mended", "環境課", True)
    assert done.days_to_mend == pytest.approx(3, abs=0.01)
    assert "球を取り替えました" in await street_of.visit.see(f"/mine/{secret}")
    status, _ = await street_of.visit.send("proceed", report=report.id, state="mended", **FIELD)
    assert status == 409
    await street_of.do("proceed", report=report.id, state="in_progress", **FIELD)
    again = await street_of.last()
    assert (again.state, again.closed_at, again.days_to_mend) == ("in_progress", None, None)
    assert [one.kind for one in await street_of.city.find(Step)] == [
        "received", "routed", "progressed", "mended", "reopened",
    ]  # fmt: skip


async def test_the_same_thing_is_offered_merged_parted_and_answered_together(street_of: Street) -> None:
    await street_of.report()
    first = await street_of.last()
    _, text, secret = await street_of.report(text="外灯がつかない。夜は真っ暗", lat="34.81005", lon="137.41008")
    assert "近くに、似た報告があります" in text
    second = await street_of.last()
    alike = (await street_of.intake(second)).alike or []
    assert [one["report"] for one in alike] == [first.id]
    await street_of.do("merge", report=second.id, head=first.report_id or "", **FIELD)
    await street_of.do("proceed", report=first.id, state="mended", answer="直しました", **FIELD)
    assert "直しました" in await street_of.visit.see(f"/mine/{secret}")
    head = await street_of.city.get(Report, first.id)
    assert head is not None
    assert head.voices == 2
    await street_of.do("unmerge", report=second.id, **FIELD)
    head, parted = await street_of.city.get(Report, first.id), await street_of.city.get(Report, second.id)
    assert head is not None
    assert parted is not None
    assert (head.voices, parted.ref_duplicate, parted.state) == (1, None, "received")
    status, _ = await street_of.visit.send("merge", report=second.id, head=second.report_id or "", **FIELD)
    assert status == 409


async def test_what_is_perhaps_the_same_is_told_to_officers_alone_and_filled_in_nowhere(street_of: Street) -> None:
    await street_of.report(text="「東3」の街灯がつきません")
    first = await street_of.last()
    _, text, _ = await street_of.report(text="「東4」の街灯がつきません", lat="34.81005", lon="137.41008")
    assert "近くに、似た報告があります" not in text
    second = await street_of.last()
    (one,) = (await street_of.intake(second)).alike or []
    assert (one["report"], one["perhaps"]) == (first.id, True)
    shown = await street_of.visit.see(f"/reports/{second.report_id}?view=officer")
    assert "もしかすると同じもの" in shown
    assert f'value="{first.report_id}"' not in shown
    _, text, _ = await street_of.report(text="「東4」街灯つかない", lat="34.81005", lon="137.41008")
    third = await street_of.last()
    shown = await street_of.visit.see(f"/reports/{third.report_id}?view=officer")
    assert "おそらく同じもの" in shown
    assert f'value="{second.report_id}"' in shown


async def test_what_is_removed_leaves_its_reason_and_nothing_in_the_past(street_of: Street) -> None:
    await street_of.report()
    report = await street_of.last()
    await street_of.do("look", report=report.id, text="yes", **FIELD)
    await street_of.do("remove", report=report.id, reason="人の名前があったため", **FIELD)
    text = await street_of.visit.see(f"/reports/{report.report_id}")
    assert "人の名前があったため" in text
    assert "街灯が消えていて" not in text
    assert await street_of.past(report.id) == []
    await street_of.do("look", report=report.id, text="yes", **FIELD)
    assert "街灯が消えていて" in await street_of.visit.see(f"/reports/{report.report_id}")


async def test_who_takes_a_report_back_takes_everything_back(street_of: Street) -> None:
    _, _, secret = await street_of.report(street(), name="花子", phone="090")
    report = await street_of.last()
    await street_of.do("withdraw", secret=secret)
    assert await street_of.city.files.names() == []
    assert await street_of.city.private_rows(CONTACTS) == {}
    assert await street_of.city.private_rows(MINE) == {}
    left = await street_of.city.get(Report, report.id)
    assert left is not None
    assert (left.state, left.location, left.text) == ("withdrawn", None, None)
    assert await street_of.city.find(Intake) == []
    assert (await street_of.visit.fetch(f"/services/civic_reports/mine/{secret}"))[0] == 404
    assert await street_of.past(report.id) == []
    assert await street_of.past(report.id.replace("IssueReporting", "IssueIntake")) == []


async def test_a_contact_is_erased_when_it_was_kept_long_enough_or_its_owner_wants(street_of: Street) -> None:
    _, _, secret = await street_of.report(email="a@example.test")
    report = await street_of.last()
    assert "a@example.test" in await street_of.visit.see(f"/reports/{report.report_id}?view=officer")
    assert "a@example.test" not in await street_of.visit.see(f"/reports/{report.report_id}")
    await street_of.do("proceed", report=report.id, state="declined", answer="町の道ではありません", **FIELD)
    await service.refresh(street_of.city, street_of.visit.now + timedelta(days=29))
    assert len(await street_of.city.private_rows(CONTACTS)) == 1
    await service.refresh(street_of.city, street_of.visit.now + timedelta(days=31))
    assert await street_of.city.private_rows(CONTACTS) == {}
    _, _, secret = await street_of.report(email="b@example.test")
    await street_of.do("contact", secret=secret)
    assert await street_of.city.private_rows(CONTACTS) == {}


async def test_what_is_late_is_said_and_counted(street_of: Street) -> None:
    await street_of.report()
    await service.refresh(street_of.city, street_of.visit.now)
    street_of.visit.wait(days=8)
    await service.refresh(street_of.city, street_of.visit.now)
    assert (await street_of.last()).overdue
    assert "期限を過ぎています" in await street_of.visit.see()
    every, lamps = await street_of.city.find(Figures)
    assert (every.waiting, every.late, every.median_days) == (1, 1, None)
    assert lamps.category_code == "streetlight"
    before = len(await street_of.visit.town.store.changes(0, 1000))
    await service.refresh(street_of.city, street_of.visit.now + timedelta(minutes=10))
    assert len(await street_of.visit.town.store.changes(0, 1000)) == before


async def test_an_officer_erases_what_is_no_report_with_all_that_belongs_to_it(street_of: Street) -> None:
    await street_of.report(street(), email="a@example.test")
    report = await street_of.last()
    await street_of.do("erase", report=report.id, reason="いたずら", **FIELD)
    assert await street_of.city.find(Report) == []
    assert await street_of.city.files.names() == []
    assert await street_of.city.private_rows(CONTACTS) == {}
    assert "いたずら" in await street_of.visit.see("?view=history")


async def test_a_category_is_changed_made_and_offered_no_more(street_of: Street) -> None:
    await street_of.do("categories", code="streetlight", name_ja="街の灯", office="電気課", days="3", **FIELD)
    await street_of.do("categories", code="snow", name_ja="雪", office="除雪課", days="1", **FIELD)
    await street_of.do("categories", code="animal", name_ja="動物", office="環境課", days="3", retired="yes", **FIELD)
    text = await street_of.visit.see("/new")
    assert "街の灯" in text
    assert "雪" in text
    assert "動物" not in text
    await street_of.report()
    made = await street_of.last()
    assert made.department_id == "電気課"
    assert made.expected_at is not None
    assert made.requested_at is not None
    assert made.expected_at - made.requested_at == timedelta(days=3)


async def test_the_form_asks_the_phone_for_its_place_and_no_other_page_may(street_of: Street) -> None:
    url = f"{street_of.visit._url}/services/civic_reports"
    async with street_of.visit._session.get(f"{url}/new") as answer:
        assert "geolocation=(self)" in answer.headers["Permissions-Policy"]
        assert "camera=()" in answer.headers["Permissions-Policy"]
    async with street_of.visit._session.get(url) as answer:
        assert "geolocation=()" in answer.headers["Permissions-Policy"]
    _, text, secret = await street_of.report()
    async with street_of.visit._session.get(f"{url}/mine/{secret}") as answer:
        assert answer.headers.getall("Referrer-Policy") == ["no-referrer"]
    assert re.search(r"/mine/[\w-]{20,}", text)


async def test_the_day_tells_what_was_reported_and_mended(street_of: Street) -> None:
    await street_of.report()
    report = await street_of.last()
    street_of.visit.wait(hours=2)
    await street_of.do("proceed", report=report.id, state="mended", answer="", **FIELD)
    begin = street_of.visit.now.astimezone(UTC) - timedelta(days=1)
    for language, word in (("ja", "街灯"), ("en", "Street light"), ("easy", "電気")):
        told = await page.events(street_of.city, Words(language), begin, begin + timedelta(days=2))  # type: ignore[arg-type]
        assert len(told) == 2
        assert all(word in one.words and "[" not in one.words for one in told)
    assert await page.events(street_of.city, Words("ja"), begin - timedelta(days=9), begin) == []


async def test_an_answer_goes_by_mail_to_who_left_an_address_and_can_be_ended_by_its_link(
    street_of: Street, roads: RecordedRoads
) -> None:
    await street_of.report(email="hanako@example.jp", text="秘密のことば")
    report = await street_of.last()
    await street_of.do("proceed", report=report.id, state="mended", answer="電球を取り替えました", **FIELD)
    assert roads.letters == []  # the page does not wait for a mail server
    await service.refresh(street_of.city, street_of.visit.now)
    await service.refresh(street_of.city, street_of.visit.now)
    (letter,) = roads.letters
    assert (letter.to, letter.subject) == ("hanako@example.jp", f"街の困りごと {report.report_id}：直りました")
    assert "電球を取り替えました" in letter.text
    assert "秘密" not in letter.text
    assert f"/reports/{report.report_id}" in letter.text
    assert letter.more["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "メールを送りました" in await street_of.visit.see(f"/reports/{report.report_id}?view=officer")
    link = letter.more["List-Unsubscribe"].strip("<>").removeprefix(roads.address)
    assert "止めて、連絡先を消す" in (await street_of.visit.fetch(link))[2].decode()
    guesses = [link.replace("&key=", "&key=x"), "/services/civic_reports/stop?who=nobody&key=x"]
    told = [(await street_of.visit.fetch(one))[2].partition(b"<main")[2] for one in guesses]
    assert told[0] == told[1]  # whether there is somebody is told to nobody
    for one in guesses:
        async with street_of.visit._session.post(f"{street_of.visit._url}{one}", data={"x": "y"}) as answer:
            assert answer.url.query_string == "done=stopped"
    assert len(await street_of.city.private_rows(CONTACTS)) == 1
    url = f"{street_of.visit._url}{link}"
    async with street_of.visit._session.post(url, data={"List-Unsubscribe": "One-Click"}) as answer:
        assert answer.status == 200
    assert await street_of.city.private_rows(CONTACTS) == {}
    assert await street_of.city.find(Reporter) == []
    await street_of.do("proceed", report=report.id, state="in_progress", answer="もう一度見ます", **FIELD)
    await service.refresh(street_of.city, street_of.visit.now)
    assert len(roads.letters) == 1


async def test_a_letter_that_cannot_go_now_is_tried_again_and_the_office_sees_why(
    street_of: Street, roads: RecordedRoads
) -> None:
    await street_of.report(email="full@example.jp")
    roads.refusals["full@example.jp"] = Delivery(False, 452, "452 4.2.2 mailbox full")
    report = await street_of.last()
    await street_of.do("proceed", report=report.id, state="in_progress", answer="", **FIELD)
    await service.refresh(street_of.city, street_of.visit.now)
    assert "mailbox full" in await street_of.visit.see(f"/reports/{report.report_id}?view=officer")
    roads.refusals.clear()
    await service.refresh(street_of.city, street_of.visit.now + timedelta(minutes=9))
    assert roads.letters == []
    await service.refresh(street_of.city, street_of.visit.now + timedelta(minutes=11))
    assert [one.to for one in roads.letters] == ["full@example.jp"]
    assert "mailbox full" not in await street_of.visit.see(f"/reports/{report.report_id}?view=officer")
    roads.refusals["full@example.jp"] = Delivery(False, 550, "550 5.1.1 no such person")
    await street_of.do("proceed", report=report.id, state="mended", answer="", **FIELD)
    await service.refresh(street_of.city, street_of.visit.now)
    assert await street_of.city.private_rows(service.OWED) == {}


async def test_an_address_that_is_none_is_said_beside_what_was_written(street_of: Street) -> None:
    status, text, _ = await street_of.report(email="hanako at example")
    assert status == 422
    assert "メールアドレスを確かめてください" in text
    assert "hanako at example" in text
