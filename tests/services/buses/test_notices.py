"""Notices to riders: an operator's and an officer's own, shown where they matter and nowhere else, until they end."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.visiting import START, Visit, visited
from tests.transit import packed

from machinami.app.timetables import bring_timetable
from machinami.ingest.gtfs.parse.feed import read_feed
from machinami.ingest.gtfs.readings import readings_of
from machinami.kit.words import Words as Catalogue
from machinami.model.view import Words
from machinami.model.vocabulary.transit import TransitNotice
from machinami.services.buses.book.residents import ADDRESS, place_of
from machinami.services.buses.logic.notices import concerns, standing
from machinami.services.buses.page import events, routes

BRIDGE = TransitNotice(
    "urn:ngsi-ld:TransitNotice:bus:a",
    Words(ja="大橋は通れません", en="The bridge is closed"),
    Words(ja="まわり道をします。"),
    "detour",
    "weather",
    [{"feed": "bus", "route": "bus:S"}],
    [],
    state="told",
    told_at=START,
    reported_at=START,
)
LONG = timedelta(hours=3)


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.buses", tmp_path, routes, ADDRESS) as found:
        feed = read_feed(packed())
        await bring_timetable(found.town, list(readings_of(feed, "bus", START)))
        yield found


async def test_an_operators_notice_stands_where_its_line_calls_and_on_its_rides(visit: Visit) -> None:
    await visit.put(BRIDGE)
    assert "大橋は通れません" in await visit.see()
    assert "大橋は通れません" in await visit.see("/stop/bus%3AE")
    assert "大橋は通れません" not in await visit.see("/stop/bus%3AA")
    ways = (await visit.see("?from=駅前&to=団地&at=11:55")).partition('id="plan"')[2]
    assert "迂回" in ways
    ways = (await visit.see("?from=駅前&to=病院&at=11:55")).partition('id="plan"')[2]
    assert "迂回" not in ways
    assert "The bridge is closed" in await visit.see("?lang=en")


async def test_a_cancelled_trip_is_marked_at_its_departure_alone(visit: Visit) -> None:
    row = {"feed": "bus", "trip": "R2", "day": "2026-06-30"}
    await visit.put(
        TransitNotice("urn:ngsi-ld:TransitNotice:bus:t", effect="noService", about=[row], state="told", told_at=START)
    )
    page = await visit.see("/stop/bus%3AA")
    rows = [part for part in page.split("<tr>") if "運休" in part]
    assert len(rows) == 1
    assert "12:30" in rows[0]
    assert "1 駅前 12:30 発" in await visit.see()


async def test_an_officer_writes_a_notice_and_ends_it(visit: Visit) -> None:
    status, page = await visit.send(
        "notice", effect="stopMoved", stop="役場", headline_ja="のりばを北へ移します", headline_en="Board at the north"
    )
    assert status == 200
    assert "お知らせを出しました" in page
    (one,) = await visit.city.find(TransitNotice)
    assert one.about == [{"stop": "bus:B"}]
    assert "のりばの移動" in await visit.see("/stop/bus%3AB")
    assert "Board at the north" in await visit.see("/stop/bus%3AB?lang=en")
    assert "のりばの移動" not in await visit.see("/stop/bus%3AC?lang=ja")
    visit.wait(days=3)  # what an officer wrote does not fade
    assert "のりばを北へ移します" in await visit.see()
    status, page = await visit.send("notice/end", notice=one.id, reason="工事が終わった")
    assert "お知らせを終わりにしました" in page
    assert "のりばを北へ移します" not in await visit.see()
    assert (await visit.send("notice/end", notice=one.id, reason="もう一度"))[0] == 409
    (told, ended) = sorted(await events(visit.city, words(), START, visit.now + LONG), key=lambda one: one.at)
    assert "のりばを北へ移します" in told.words
    assert "終わりました" in ended.words


def words() -> Catalogue:
    """The service's words in Japanese."""
    return Catalogue("ja", "machinami.services.buses")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"headline_ja": ""}, "見出しを書いてください"),
        ({"stop": "月面"}, "その名前の停留所はありません"),
        ({"end": "2020-01-01T00:00"}, "いまより後"),
        ({"start": "あした"}, "日時が読めません"),
        ({"route": "bus:X"}, "その路線はありません"),
        ({"effect": "magic"}, "何が起きるか"),
    ],
)
async def test_a_notice_that_does_not_do_is_refused_and_kept_in_the_form(
    visit: Visit, typed: dict[str, str], told: str
) -> None:
    status, page = await visit.send(
        "notice", **{"effect": "detour", "headline_ja": "迂回します", "text_ja": "大切な内容", **typed}
    )
    assert status == 422
    assert told in page
    assert "大切な内容" in page
    assert await visit.city.find(TransitNotice) == []


async def test_stops_and_ways_are_found_from_a_place_on_the_map(visit: Visit) -> None:
    page = await visit.see("?lat=35.0201&lon=138.0038")
    near = page.partition("近い順です")[2]
    assert near.index("橋") < near.index("病院") < near.index("団地")
    assert "from=35.0201%2C138.0038" in page
    page = await visit.see("?from=35.0201,138.0038&to=団地&at=12:15")
    assert "地図の場所" in page
    assert "12:28" in page
    assert "中心に近い" in await visit.see("?lat=x&lon=y")


async def test_a_setting_is_changed_with_a_name_and_its_bounds_are_said(visit: Visit) -> None:
    status, page = await visit.send("settings", setting="silent_minutes", value="15", reason="見直し")
    assert status == 200
    assert "設定を変えました" in page
    assert "山田花子" in await visit.see("?view=history")
    status, page = await visit.send("settings", setting="silent_minutes", value="1000", reason="見直し")
    assert status == 422
    assert "120" in page


def test_a_notice_whose_feed_is_silent_fades_and_one_to_come_is_shown_a_week_ahead() -> None:
    assert standing([BRIDGE], START + LONG, LONG) == [BRIDGE]
    assert standing([BRIDGE], START + LONG + timedelta(seconds=1), LONG) == []
    later = [{"start": "2026-07-05T00:00:00Z", "end": "2026-07-06T00:00:00Z"}]
    coming = TransitNotice("urn:ngsi-ld:TransitNotice:x", effect="noService", spans=later, state="told")
    assert standing([coming, BRIDGE], START, LONG) == [BRIDGE, coming]  # what holds now comes first
    assert standing([coming], START + timedelta(days=6), LONG) == []


keys = st.sampled_from(["bus:R", "bus:S", "tram:R"])
rows = st.fixed_dictionaries(
    {}, optional={"feed": st.sampled_from(["bus", "tram"]), "route": keys, "stop": keys, "trip": st.sampled_from("ab")}
)


@given(st.lists(rows, max_size=3), keys, st.sets(keys, max_size=2), st.sampled_from(["", "a", "b"]))
def test_a_notice_about_less_concerns_no_more(
    about: list[dict[str, str]], route: str, stops: set[str], trip: str
) -> None:
    one = TransitNotice("urn:ngsi-ld:TransitNotice:x", about=[*about, {"feed": "none"}])
    closer = TransitNotice("urn:ngsi-ld:TransitNotice:x", about=[{**row, "trip": "a"} for row in one.about or []])
    if concerns(closer, route, stops, trip):
        assert concerns(one, route, stops, trip) or any(row.get("trip") == "b" for row in about)
        assert trip == "a"


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_place_is_read_as_it_is_written(lat: float, lon: float) -> None:
    found = place_of(f"{lat:.5f}, {lon:.5f}")
    assert found == (pytest.approx(lon, abs=1e-5), pytest.approx(lat, abs=1e-5))


@pytest.mark.parametrize("text", ["", "駅前", "91,0", "0,181", "1,2,3", "35.0", "nan,nan"])
def test_what_is_no_place_is_none(text: str) -> None:
    assert place_of(text) is None
