"""The buses service over a real store: a timetable and vehicles become departures, delays and proposals."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.services.visiting import START, Visit, visited
from tests.transit import packed

from machinami.app.timetables import bring_timetable
from machinami.ingest.gtfs.parse.feed import read_feed
from machinami.ingest.gtfs.readings import readings_of
from machinami.model.view import Measured, Point
from machinami.model.vocabulary.transit import Vehicle
from machinami.services.buses import service
from machinami.services.buses.book.residents import ADDRESS
from machinami.services.buses.model import (
    ArrivalEstimation,
    RoutePunctuality,
    TimetableProposal,
    TransitDelay,
    TransitKpi,
)
from machinami.services.buses.page import routes

STATION = "/stop/bus%3AA"


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.buses", tmp_path, routes, ADDRESS) as found:
        yield found


async def bring(visit: Visit, shown_from: date | None = None) -> None:
    """Bring the small line into the town."""
    await bring_timetable(visit.town, list(readings_of(read_feed(packed()), "bus", START, shown_from)))


async def drive(visit: Visit, trip: str, sequence: int, status: str = "stoppedAt", lat: float = 35.0) -> None:
    """Have a bus say where it is."""
    at = visit.now
    bus = Vehicle(
        "urn:ngsi-ld:Vehicle:bus:7", "7", Point(138.0, lat), trip, None, Measured(sequence, at), status, None, at
    )
    await visit.put(bus)
    await service.refresh(visit.city, at)


async def test_an_empty_town_is_told_what_to_bring(visit: Visit) -> None:
    assert "時刻表がまだありません" in await visit.see()
    await service.refresh(visit.city, START)
    assert await visit.city.find(TransitKpi) == []


async def test_a_stop_shows_what_leaves_next(visit: Visit) -> None:
    await bring(visit)
    page = await visit.see(STATION)
    assert "駅前" in page
    assert "12:30" in page
    assert "位置は分かりません" in page
    assert "停留所の時刻表になります" in page


async def test_a_late_bus_is_expected_late_at_the_stops_to_come(visit: Visit) -> None:
    await bring(visit)
    visit.wait(minutes=4)  # R1 should have left at noon
    await drive(visit, "R1", 1)
    (said,) = await visit.city.find(ArrivalEstimation)
    assert said.delay is not None
    assert said.delay.value == 240
    assert said.rows == [[1.0, 240.0, 240.0, 240.0], [2.0, 240.0, 240.0, 240.0]]
    assert said.method == "naive"
    assert "4 分遅れ" in await visit.see("/stop/bus%3AB")
    (passed,) = await visit.city.find(TransitDelay)
    assert (passed.place, passed.delay) == (0, Measured(240.0, visit.now, "SEC"))


async def test_a_bus_between_two_stops_is_timed_by_how_far_it_has_come(visit: Visit) -> None:
    await bring(visit)
    visit.wait(minutes=5)
    await drive(visit, "R1", 2, "inTransitTo", 35.005)  # half way to B, where it should be now
    (said,) = await visit.city.find(ArrivalEstimation)
    assert said.delay is not None
    assert said.delay.value == pytest.approx(150, abs=1)
    assert said.place == 0


async def test_a_silent_bus_is_no_longer_told_of(visit: Visit) -> None:
    await bring(visit)
    await drive(visit, "R1", 1)
    visit.wait(minutes=30)
    await service.refresh(visit.city, visit.now)
    assert await visit.city.find(ArrivalEstimation) == []


async def test_delays_become_figures_of_a_route(visit: Visit) -> None:
    await bring(visit)
    for sequence in (1, 2, 3):
        await drive(visit, "R1", sequence, lat=35.0 + 0.01 * (sequence - 1))
        visit.wait(minutes=7)
    await service.refresh(visit.city, visit.now)
    (route,) = await visit.city.find(RoutePunctuality)
    assert route.calls == 3
    assert route.median_delay == 120
    assert route.on_time == 1.0
    assert "駅前病院線" in await visit.see("?view=officer")


async def test_a_journey_is_told_with_its_walks(visit: Visit) -> None:
    await bring(visit)
    page = await visit.see("?from=駅前&to=団地&at=11:55")
    assert "12:00 → 12:28" in page
    assert "乗車 2 回" in page
    assert "歩く 6 分" in page


async def test_a_journey_to_nowhere_is_refused_in_words(visit: Visit) -> None:
    await bring(visit)
    assert "行き先の停留所が見つかりません" in await visit.see("?from=駅前&to=月&at=11:55")
    assert "同じです" in await visit.see("?from=駅前&to=駅前")
    assert "8:30 のように" in await visit.see("?from=駅前&to=病院&at=25:99")


async def test_an_expired_timetable_shows_the_week_of_its_day(visit: Visit) -> None:
    visit.now = START + timedelta(days=365)  # a Wednesday of 2027
    await bring(visit, date(2026, 6, 22))
    page = await visit.see(STATION)
    assert "12:30" in page
    assert "期限を過ぎています" in page


async def test_a_proposal_is_asked_for_decided_and_exported(visit: Visit) -> None:
    await bring(visit)
    status, page = await visit.send("ask", reason="朝の待ち時間")
    assert status == 200
    assert "作り始めました" in page
    await service.learn(visit.city, visit.now)
    (one,) = await visit.city.find(TimetableProposal)
    assert one.state == "impossible"  # with two trips a line nothing can move
    assert "見つかりませんでした" in await visit.see("?view=officer")
    status, _ = await visit.send("decide", proposal=one.id, state="approved", reason="x")
    assert status == 409
    status, page = await visit.send("decide", proposal=one.id, state="declined", reason="いまのままでよい")
    assert status == 200
    assert "いまのままでよい" in page


async def test_an_approved_timetable_is_exported_as_gtfs(visit: Visit) -> None:
    await bring(visit)
    moves = [{"pattern": "bus:R-1", "trip": "R2", "before": 45000, "after": 45300}]
    gains = [{"demand": name, "today": 100.0, "then": 90.0} for name in ("given", "even", "reversed")]
    await visit.put(
        TimetableProposal(
            "urn:ngsi-ld:TimetableProposal:p", "proposed", "2026-06-30", 100.0, False, 2, gains, moves, []
        )
    )
    page = await visit.see("?view=officer")
    assert re.search(r"12:30</td><td class=\"n\">12:35", page)
    assert (await visit.fetch(f"{ADDRESS}/timetable.zip?proposal=urn:ngsi-ld:TimetableProposal:p"))[0] == 404
    status, _ = await visit.send(
        "decide", proposal="urn:ngsi-ld:TimetableProposal:p", state="approved", reason="待ち時間が減る"
    )
    assert status == 200
    status, kind, data = await visit.fetch(f"{ADDRESS}/timetable.zip?proposal=urn:ngsi-ld:TimetableProposal:p")
    assert (status, kind) == (200, "application/zip")
    again = read_feed(data).network
    assert sorted(trip.start for trip in again.patterns[0].trips) == [43200, 45300, 87000]
    status, page = await visit.send(
        "decide", proposal="urn:ngsi-ld:TimetableProposal:p", state="withdrawn", reason="もう一度考える"
    )
    assert "決定を取り消しました" in page


async def test_a_newer_timetable_replaces_the_one_before(visit: Visit) -> None:
    await bring(visit)
    before = await service.timetable(visit.city)
    assert before is not None
    later = read_feed(packed(routes="route_id,route_short_name,route_long_name,route_type\nR,9,新線,3\nS,2,団地線,3\n"))
    await bring_timetable(visit.town, list(readings_of(later, "bus", START + timedelta(minutes=1))))
    after = await service.timetable(visit.city)
    assert after is not None
    assert after[0].version != before[0].version
    assert after[0].network.routes["bus:R"].short_name == "9"
