"""One approved message goes out by every road, and what became of it on its way to each person is known."""

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.fakes.roads import RecordedRoads
from tests.services.visiting import START, Visit, visited

from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.http import Route
from machinami.kit.roads import Delivery
from machinami.kit.words import Words as Catalogue
from machinami.model.push import decrypted, public_text
from machinami.model.view import Geometry, Point, Ref, Words
from machinami.model.vocabulary.alerts import Alert
from machinami.model.vocabulary.places import District, Shelter
from machinami.services.messages import api, page, service
from machinami.services.messages.logic.job import ADDRESS
from machinami.services.messages.model import Broadcast, EvacuationRoute, Footway, TownMessage

EAST = "urn:ngsi-ld:District:east"
WEST = "urn:ngsi-ld:District:west"
BY = {"who": "山田花子", "role": "危機管理課長"}
BROWSER = ec.derive_private_key(7, ec.SECP256R1())
SECRET = "AAAAAAAAAAAAAAAAAAAAAA"
ENDPOINT = "https://push.example/one"


def routes(city: City, desk: Desk) -> list[Route]:
    return [*page.routes(city, desk), *api.routes(city, desk)]


@pytest.fixture
def roads() -> RecordedRoads:
    return RecordedRoads()


@pytest.fixture
async def visit(tmp_path: Path, roads: RecordedRoads) -> AsyncIterator[Visit]:
    async with visited("machinami.services.messages", tmp_path, routes, ADDRESS, roads=roads) as found:
        await found.put(
            District(EAST, Words(ja="川東", en="Kawahigashi", **{"ja-Hira": "かわひがし"}), square(138.20)),
            District(WEST, Words(ja="本町", en="Honmachi"), square(138.21)),
        )
        yield found


def square(west: float) -> Geometry:
    """A district of about 900 m by 1,100 m."""
    ring = [[west, 35.0], [west + 0.01, 35.0], [west + 0.01, 35.01], [west, 35.01], [west, 35.0]]
    return Geometry({"type": "Polygon", "coordinates": [ring]})


async def turn(visit: Visit) -> None:
    await service.refresh(visit.city, visit.now)


async def subscribe(visit: Visit, roads: RecordedRoads, **said: str) -> None:
    """Ask, and press the button that the link in the letter leads to."""
    form = {"road": "mail", "address": "hanako@example.jp", "language": "ja", "topic-safety": "yes", "agree": "yes"}
    status, text = await visit.send("subscribe", **{**form, **said})
    assert status == 200, text
    link = re.search(r"confirm\?key=([\w-]+)", roads.letters.pop().text)
    assert link
    assert "確かめる" in (await visit.fetch(f"{ADDRESS}/confirm?key={link[1]}"))[2].decode()
    status, text = await visit.send("confirm", key=link[1])
    assert "登録しました" in text


async def written(visit: Visit, template: str = "evacuate", **said: str) -> str:
    """An officer opens a text, leaves it as it is prepared, and writes it down; the id of what waits."""
    asked = {f"district-{EAST}": "yes", "template": template, "status": "Actual", **said}
    query = "&".join(f"{name}={value}" for name, value in asked.items() if name not in ("holdout", "topic"))
    form = fields(await see(visit, f"/write?{query}"))
    status, text = await visit.send(
        "write", **{**form, **{k: v for k, v in said.items() if k in ("holdout", "topic")}, **BY}
    )
    assert status == 200, text
    assert "書きました" in text
    return next(one.id for one in await visit.city.find(TownMessage) if one.state == "proposed")


async def see(visit: Visit, path: str) -> str:
    status, _, body = await visit.fetch(f"{ADDRESS}{path}")
    assert status == 200, body.decode()
    return body.decode()


def fields(text: str) -> dict[str, str]:
    """What the form of the text holds as it is."""
    form = text[text.index('action="/services/messages/write"') :]
    found = dict(re.findall(r'<input type="(?:hidden|text|number)"[^>]*?name="([^"]+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)<', form))
    return {name: html.unescape(value) for name, value in found.items()}


async def approve(visit: Visit, message: str, **by: str) -> tuple[int, str]:
    return await visit.send("approve", message=message, read="yes", **{**BY, **by})


async def test_an_empty_town_says_so_and_offers_what_it_can(visit: Visit) -> None:
    await turn(visit)
    text = await visit.see()
    assert "いま、町から出ているお知らせはありません" in text
    assert "地区・避難所・道路のデータが要ります" in text
    assert "送るのを待っているものはありません" in await visit.see("?view=officer")
    assert "まだ決定はありません" in await visit.see("?view=history")


async def test_nothing_goes_out_before_a_named_officer_sends_it(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads)
    message = await written(visit)
    await turn(visit)
    assert roads.letters == []
    assert await visit.city.find(Alert) == []
    status, _ = await visit.send("approve", message=message, read="yes", who="", role="")
    assert status == 422
    await turn(visit)
    assert roads.letters == []


async def test_one_message_goes_by_every_road_in_three_languages(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads)
    await subscribe(visit, roads, address="john@example.com", language="en")
    await subscribe(visit, roads, address="lin@example.com", language="easy")
    assert (await approve(visit, await written(visit)))[0] == 200
    await turn(visit)
    said = {letter.to: letter for letter in roads.letters}
    assert said["hanako@example.jp"].subject == "警戒レベル4 避難指示（川東）"
    assert "evacuate now (Kawahigashi)" in said["john@example.com"].subject
    assert "いますぐ にげてください" in said["lin@example.com"].subject
    (broadcast,) = await visit.city.find(Broadcast)
    assert (broadcast.state, broadcast.people, broadcast.sent) == ("done", 3, 3)
    assert broadcast.reached_share == 1.0
    states = {row["road"]: row["state"] for row in broadcast.roads or []}
    assert states == {
        "page": "done", "television": "done", "cap": "done", "mail": "done",
        "loudspeaker": "waiting", "telephone": "waiting", "sheet": "waiting",
    }  # fmt: skip
    assert "警戒レベル4 避難指示（川東）" in await visit.see()
    assert "警戒レベル4 避難指示（川東）" in await see(visit, "/tv")
    feed = (await visit.fetch(f"{ADDRESS}/cap"))[2].decode()
    link = re.search(r'href="[^"]*(/services/messages/cap/[^"]+\.xml)"', feed)
    assert link
    cap = (await visit.fetch(link[1]))[2].decode()
    assert "<status>Actual</status>" in cap
    assert "<responseType>Evacuate</responseType>" in cap
    assert "ja-x-easy" in cap


async def test_what_is_read_aloud_has_no_kanji_and_is_said_twice(visit: Visit) -> None:
    await approve(visit, await written(visit))
    await turn(visit)
    (broadcast,) = await visit.city.find(Broadcast)
    name = broadcast.id.rpartition(":")[2]
    text = await see(visit, f"/speech/{name}.loudspeaker.txt")
    assert text.count("レベルよん") == 2
    assert text.count("かわひがしの ひとは、すぐに ひなんしてください。") == 2
    assert not re.search(r"[\u4e00-\u9fff]", text)
    assert await see(visit, f"/speech/{name}.telephone.txt") != text
    assert "<speak" in await see(visit, f"/speech/{name}.telephone.ssml")


async def test_a_place_without_a_reading_is_named_to_the_officer(visit: Visit) -> None:
    await written(visit, **{f"district-{WEST}": "yes"})
    assert "読みがなの分からないことば: 本町" in await visit.see("?view=officer")


async def test_a_drill_is_marked_everywhere(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads)
    await approve(visit, await written(visit, status="Exercise"))
    await turn(visit)
    (letter,) = roads.letters
    assert letter.subject.startswith("【訓練】")
    for path in ("", "/tv"):
        text = await see(visit, path)
        assert "【訓練】" in text
        assert "これは訓練です" in text
    (alert,) = await visit.city.find(Alert)
    assert alert.status == "Exercise"
    key = alert.id.rpartition(":")[2]
    assert "これは訓練です" in await see(visit, f"/m/{key}/sheet")
    (broadcast,) = await visit.city.find(Broadcast)
    spoken = await see(visit, f"/speech/{broadcast.id.rpartition(':')[2]}.loudspeaker.txt")
    assert spoken.count("これは、くんれんです。") == 3


async def test_an_alert_of_another_service_goes_out_as_well(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads, district=EAST)
    await subscribe(visit, roads, address="far@example.jp", district=WEST)
    flood = Alert(
        "urn:ngsi-ld:Alert:flood1", warning_level=3,
        headline=Words(ja="早瀬川の水位が上がっています", easy="川の水が ふえています"),
        text=Words(ja="避難の準備をしてください。"), area_name=Words(ja="早瀬川"), event=Words(ja="洪水"),
        location=Point(138.201, 35.005), radius=0.3, status="Actual", state="published", date_issued=START,
        decided_by="佐藤", source_service="flood", kind="warning",
    )  # fmt: skip
    await visit.put(flood)
    await turn(visit)
    assert [letter.to for letter in roads.letters] == ["hanako@example.jp"]  # the circle touches the east alone
    await turn(visit)
    assert len(roads.letters) == 1  # once
    assert "ほかの画面で承認されたものです" in await visit.see("?view=officer")


async def test_who_is_warned_of_the_heat_is_shown_no_way_out_of_the_house(visit: Visit) -> None:
    place = {"status": "Actual", "state": "published", "date_issued": START, "source_service": "heat"}
    heat = Alert("urn:ngsi-ld:Alert:heat1", headline=Words(ja="暑さに警戒"), kind="warning", response="Avoid", **place)
    flood = Alert("urn:ngsi-ld:Alert:flood1", headline=Words(ja="川に注意"), kind="warning", **place)
    await visit.put(heat, flood)
    for address in ("/m/heat1", "/m/heat1/sheet"):
        assert "歩いて行く避難所" not in await see(visit, address)
    assert "歩いて行く避難所" in await see(visit, "/m/flood1")


async def test_what_was_approved_long_ago_is_not_sent_as_news(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads)
    await visit.put(
        Alert("urn:ngsi-ld:Alert:old", headline=Words(ja="古い"), state="published", date_issued=START, decided_by="x")
    )
    visit.wait(hours=7)
    await turn(visit)
    assert roads.letters == []


async def test_a_withdrawal_goes_by_the_same_roads_to_the_same_people(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads)
    await approve(visit, await written(visit))
    await turn(visit)
    (alert,) = await visit.city.find(Alert)
    assert (await visit.send("withdraw", alert=alert.id, reason="", **BY))[0] == 422
    assert (await visit.send("withdraw", alert=alert.id, reason="誤りだった", **BY))[0] == 200
    await turn(visit)
    first, second = roads.letters
    assert second.to == first.to
    assert second.subject == f"【取り消し】{first.subject}"
    assert "いま、町から出ているお知らせはありません" in await visit.see()
    assert "取り消されました" in await see(visit, f"/m/{alert.id.rpartition(':')[2]}")
    history = await visit.see("?view=history")
    assert "誤りだった" in history
    assert "山田花子" in history


async def test_who_cannot_be_reached_for_now_is_tried_again_after_longer_pauses(
    visit: Visit, roads: RecordedRoads
) -> None:
    await subscribe(visit, roads)
    roads.refusals["hanako@example.jp"] = Delivery(False, 451, "451 try later")
    await approve(visit, await written(visit))
    await turn(visit)
    (broadcast,) = await visit.city.find(Broadcast)
    assert (broadcast.state, broadcast.sent) == ("sending", 0)
    visit.wait(seconds=30)
    roads.refusals.clear()
    await turn(visit)
    assert roads.letters == []  # it is not due yet
    visit.wait(seconds=40)
    await turn(visit)
    assert len(roads.letters) == 1
    (broadcast,) = await visit.city.find(Broadcast)
    assert (broadcast.state, broadcast.sent) == ("done", 1)
    assert broadcast.minutes_to_first == pytest.approx(70 / 60, abs=0.01)


async def test_what_was_withdrawn_meanwhile_is_not_tried_again(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads)
    roads.refusals["hanako@example.jp"] = Delivery(False, 451, "451 try later")
    await approve(visit, await written(visit))
    await turn(visit)
    (alert,) = await visit.city.find(Alert)
    await visit.send("withdraw", alert=alert.id, reason="誤りだった", **BY)
    roads.refusals.clear()
    visit.wait(minutes=5)
    await turn(visit)
    await turn(visit)
    assert [letter.subject[:6] for letter in roads.letters] == ["【取り消し】"]


async def test_who_cannot_be_reached_at_all_is_given_up_with_the_reason(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads)
    roads.refusals["hanako@example.jp"] = Delivery(False, 552, "552 the mailbox is closed")
    await approve(visit, await written(visit))
    await turn(visit)
    (broadcast,) = await visit.city.find(Broadcast)
    assert (broadcast.state, broadcast.failed) == ("done", 1)
    name = broadcast.id.rpartition(":")[2]
    proof = (await visit.fetch(f"{ADDRESS}/proof/{name}.csv"))[2].decode("utf-8-sig")
    assert "552 the mailbox is closed" in proof
    assert "hanako" not in proof  # no address in the proof
    assert "山田花子" in proof


async def test_a_browser_reads_what_is_pushed_to_it(visit: Visit, roads: RecordedRoads) -> None:
    form = {"road": "push", "address": ENDPOINT, "p256dh": public_text(BROWSER), "auth": SECRET}
    await visit.send("subscribe", **form, **{"language": "ja", "topic-safety": "yes", "agree": "yes"})
    told = json.loads(decrypted(roads.pushed.pop()[1], BROWSER, bytes(16)))
    key = re.search(r"confirm\?key=([\w-]+)", told["address"])
    assert key
    await visit.send("confirm", key=key[1])
    await approve(visit, await written(visit))
    await turn(visit)
    endpoint, body, headers = roads.pushed.pop()
    assert endpoint == ENDPOINT
    assert headers["Urgency"] == "high"
    assert headers["Authorization"].startswith("vapid t=")
    read = json.loads(decrypted(body, BROWSER, bytes(16)))
    assert read["title"] == "警戒レベル4 避難指示（川東）"
    roads.refusals[ENDPOINT] = Delivery(False, 410, "gone")
    await approve(visit, await written(visit, template="lifted"))
    await turn(visit)
    assert "プッシュ通知: <b>" not in await visit.see("?view=officer")  # a browser that gave it up is forgotten


async def test_who_opens_their_link_is_counted_once_and_nobody_for_them(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads)
    await approve(visit, await written(visit))
    await turn(visit)
    link = re.search(r"https://town\.example(/services/messages/m/\S+)", roads.letters[0].text)
    assert link
    forged = re.sub(r"r=([^.]+)\.\w+", r"r=\1.0000000000000000", link[1])
    await visit.fetch(forged)
    (broadcast,) = await visit.city.find(Broadcast)
    assert not broadcast.opened
    await visit.fetch(link[1])
    await visit.fetch(link[1])
    (broadcast,) = await visit.city.find(Broadcast)
    assert broadcast.opened == 1


async def test_who_leaves_is_sent_nothing_and_kept_nowhere(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads)
    await approve(visit, await written(visit))
    await turn(visit)
    link = re.search(r"leave\?who=(\w+)&key=([\w-]+)", roads.letters[0].text)
    assert link
    assert "受け取りをやめる" in await see(visit, f"/leave?who={link[1]}&key=wrong")
    await visit.send("leave", who=link[1], key="wrong")
    await visit.send("leave", who=link[1], key=link[2])
    await approve(visit, await written(visit, template="lifted"))
    await turn(visit)
    assert len(roads.letters) == 1
    for shelf in service.SHELVES:
        assert await visit.city.private_rows(f"people/{shelf}") == {}


async def test_an_address_is_asked_once_and_nobody_is_told_without_saying_yes(
    visit: Visit, roads: RecordedRoads
) -> None:
    form = {"road": "mail", "address": "victim@example.jp", "topic-safety": "yes", "agree": "yes"}
    for _ in range(3):
        assert (await visit.send("subscribe", **form))[0] == 200
    assert len(roads.letters) == 1
    await approve(visit, await written(visit))
    await turn(visit)
    assert len(roads.letters) == 1
    visit.wait(hours=25)
    key = re.search(r"confirm\?key=([\w-]+)", roads.letters[0].text)
    assert key
    assert (await visit.send("confirm", key=key[1]))[0] == 404


@pytest.mark.parametrize("address", ["nobody", "a@b.example\r\nBcc: all@c.example"])
async def test_what_is_no_address_is_refused_with_a_sentence(visit: Visit, address: str) -> None:
    form = {"road": "mail", "address": address, "topic-safety": "yes", "agree": "yes"}
    status, text = await visit.send("subscribe", **form)
    assert status == 422
    assert 'role="alert"' in text


async def test_people_without_a_phone_are_called_and_ticked_off(visit: Visit, roads: RecordedRoads) -> None:
    person = {
        "name": "川田きよ",
        "phone": "0267-00-0000",
        "helper": "民生委員 森",
        "note": "耳が遠い",
        "district": EAST,
    }
    assert (await visit.send("calls/add", **person, consent="", **BY))[0] in (400, 422)
    assert (await visit.send("calls/add", **person, consent="6月1日 窓口で書面", **BY))[0] == 200
    await approve(visit, await written(visit))
    await turn(visit)
    (broadcast,) = await visit.city.find(Broadcast)
    assert (broadcast.state, broadcast.people, broadcast.sent) == ("done", 1, 0)
    listed = await see(visit, f"/calls?m={broadcast.id.rpartition(':')[2]}")
    assert "川田きよ" in listed
    assert "耳が遠い" in listed
    who = re.search(r'name="person" value="([^"]+)"', listed)
    assert who
    visit.wait(minutes=8)
    await visit.send("calls/tick", broadcast=broadcast.id, person=who[1], reached="yes", **BY)
    (broadcast,) = await visit.city.find(Broadcast)
    assert (broadcast.sent, broadcast.reached_share) == (1, 1.0)
    proof = (await visit.fetch(f"{ADDRESS}/proof/{broadcast.id.rpartition(':')[2]}.csv"))[2].decode("utf-8-sig")
    assert "川田" not in proof


async def test_what_is_done_by_hand_is_done_when_somebody_says_so(visit: Visit) -> None:
    await approve(visit, await written(visit))
    await turn(visit)
    (broadcast,) = await visit.city.find(Broadcast)
    await visit.send("mark", broadcast=broadcast.id, road="loudspeaker", **BY)
    (broadcast,) = await visit.city.find(Broadcast)
    row = next(row for row in broadcast.roads or [] if row["road"] == "loudspeaker")
    assert (row["state"], row["by"]) == ("done", "山田花子")


async def test_a_test_goes_to_one_address_alone(visit: Visit, roads: RecordedRoads) -> None:
    await subscribe(visit, roads)
    message = await written(visit)
    await visit.send("test", message=message, address="me@town.example", **BY)
    await turn(visit)
    (letter,) = roads.letters
    assert letter.to == "me@town.example"
    assert letter.subject.startswith("【試験】")
    assert "[TEST]" in letter.text
    assert await visit.city.find(Alert) == []


async def test_two_persons_where_the_town_wants_two(visit: Visit) -> None:
    await visit.send("settings", setting="second_person", value="yes", reason="見直し", **BY)
    message = await written(visit)
    assert (await approve(visit, message))[0] == 409
    assert (await approve(visit, message, who="佐藤次郎"))[0] == 200


async def test_a_new_order_takes_the_place_of_the_one_before(visit: Visit) -> None:
    await approve(visit, await written(visit, template="elderly"))
    visit.wait(minutes=30)
    await approve(visit, await written(visit, template="evacuate"))
    old, new = sorted(await visit.city.find(Alert), key=lambda one: one.warning_level or 0)
    assert (old.state, new.state) == ("superseded", "published")
    assert new.revisions
    assert new.revisions[0]["kind"] == "Update"
    await turn(visit)
    assert len(await visit.city.find(Broadcast)) == 1  # what is superseded is not sent any more


async def test_the_effect_of_a_mailing_is_seen_against_who_was_held_out(visit: Visit, roads: RecordedRoads) -> None:
    people = [f"p{number}@example.jp" for number in range(40)]
    for one in people:
        await subscribe(visit, roads, address=one, **{"topic-events": "yes"})
    await approve(visit, await written(visit, template="free", holdout="0.5", topic="events"))
    await turn(visit)
    sent = {letter.to for letter in roads.letters}
    assert 0 < len(sent) < 40
    (broadcast,) = await visit.city.find(Broadcast)
    signed_up = [*list(sent)[: len(sent) // 2], next(one for one in people if one not in sent)]
    await visit.send("answered", broadcast=broadcast.id, addresses="\n".join(signed_up))
    (broadcast,) = await visit.city.find(Broadcast)
    expected = (len(sent) // 2) / len(sent) - 1 / (40 - len(sent))
    assert broadcast.effect == pytest.approx(expected)
    assert broadcast.low is not None
    assert broadcast.high is not None
    assert broadcast.low < expected < broadcast.high


async def test_nobody_is_held_out_of_what_is_about_safety(visit: Visit) -> None:
    form = fields(await see(visit, f"/write?template=evacuate&district-{EAST}=yes"))
    assert (await visit.send("write", **form, holdout="0.5", **BY))[0] == 422


async def test_each_district_is_told_where_to_go(visit: Visit, roads: RecordedRoads) -> None:
    street = Geometry({"type": "LineString", "coordinates": [[138.205, 35.005], [138.215, 35.005], [138.216, 35.005]]})
    await visit.put(
        Footway("urn:ngsi-ld:Footway:a", street),
        Shelter(
            "urn:ngsi-ld:Shelter:school", Words(ja="本町小学校", en="Honmachi School"), Point(138.216, 35.005), 100
        ),
    )
    await subscribe(visit, roads, district=EAST)
    await turn(visit)
    way = next(one for one in await visit.city.find(EvacuationRoute) if one.ref_district == Ref(EAST))
    assert way.ref_shelter == "urn:ngsi-ld:Shelter:school"
    assert way.distance == pytest.approx(1_002, rel=0.01)
    text = await visit.see()
    assert "本町小学校" in text
    assert "開いているかはまだ分かりません" in text
    await approve(visit, await written(visit))
    await turn(visit)
    assert "歩いて行く避難所: 本町小学校（約" in roads.letters[0].text


async def test_the_day_tells_what_was_said(visit: Visit) -> None:
    await approve(visit, await written(visit, status="Exercise"))
    words = Catalogue("ja", "machinami.services.messages")
    found = await page.events(visit.city, words, START, visit.now.replace(hour=23))
    assert any("訓練" in one.words for one in found)
