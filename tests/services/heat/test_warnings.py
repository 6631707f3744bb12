"""Is each group warned from the heat that its guidance names on, never by a machine alone, and not on and off?"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.flood.test_cap import ALERT, faults
from tests.services.visiting import START, Visit, visited

from machinami.foundation.errors import BadRequestData
from machinami.kit.installed import read_manifest
from machinami.kit.words import Words
from machinami.model.cap import message_of, to_cap
from machinami.model.view import Geometry, Measured, Point, Ref
from machinami.model.view import Words as Spoken
from machinami.model.vocabulary.alerts import Alert
from machinami.model.vocabulary.decisions import WarningDecision, WarningProposal
from machinami.model.vocabulary.places import District
from machinami.model.vocabulary.weather import WbgtObserved
from machinami.services.heat import service
from machinami.services.heat.logic.groups import bounds_of, check_bounds, grade_at
from machinami.services.heat.logic.proposing import area_of, nearest_places
from machinami.services.heat.logic.risk import NOTHING, judge, told_of
from machinami.services.heat.model import GROUPS, HeatRisk, Settings, WbgtForecast
from machinami.services.heat.page import ADDRESS, events, happening, routes

NOW = datetime(2026, 7, 24, 3, tzinfo=UTC)
PLACE = "urn:ngsi-ld:WbgtObserved:roof"
DEFAULTS = {one.name: one.default for one in read_manifest("machinami.services.heat").settings}
SETTINGS = Settings(**DEFAULTS)  # type: ignore[arg-type]
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[138.1, 34.9], [138.3, 34.9], [138.3, 35.1], [138.1, 35.1], [138.1, 34.9]]],
}


def place(wbgt: float | None, at: datetime = NOW) -> WbgtObserved:
    name, where = Spoken({"ja": "屋上", "en": "Roof"}), Point(138.2, 35.0)
    return WbgtObserved(PLACE, name, where, None if wbgt is None else Measured(wbgt, at, "CEL"), method="measured")


def forecast(wbgt: float, hours: int = 6) -> WbgtForecast:
    rows = [{"hours": hours, "wbgt": wbgt, "low": wbgt - 1, "high": wbgt + 1, "gain": 0.2, "used": True}]
    return WbgtForecast("urn:ngsi-ld:WbgtForecast:roof", Ref(PLACE), NOW, rows)


@pytest.mark.parametrize(
    ("wbgt", "grades"),
    [(27.9, (0, 0, 0, 0, 0)), (28.0, (0, 2, 2, 2, 2)), (31.0, (2, 3, 3, 2, 3)), (33.0, (3, 3, 3, 3, 3)),
     (35.0, (4, 4, 4, 4, 4))],
)  # fmt: skip
def test_each_group_has_its_own_bounds(wbgt: float, grades: tuple[int, ...]) -> None:
    bounds = bounds_of(SETTINGS)
    assert tuple(grade_at(wbgt, group, bounds) for group in GROUPS) == grades


def test_every_bound_names_the_guidance_it_is_from() -> None:
    for language in ("ja", "en", "easy"):
        words = Words(language, service.PACKAGE)  # type: ignore[arg-type]
        assert all(words.has(f"heat.source.{bound.source}") for bound in bounds_of(SETTINGS))


def test_bounds_must_rise() -> None:
    check_bounds(SETTINGS)
    for wrong in (replace(SETTINGS, old_careful=31.0), replace(SETTINGS, special=33.0)):
        with pytest.raises(BadRequestData):
            check_bounds(wrong)


def test_nothing_is_proposed_until_a_group_is_at_the_grade_that_the_town_asks_for() -> None:
    assert told_of((0, 2, 2, 2, 2), 3) == NOTHING
    assert told_of((2, 3, 3, 2, 3), 3) == (2, 3, 3, 2, 3)
    assert told_of((0, 2, 2, 2, 2), 2) == (0, 2, 2, 2, 2)


def test_what_is_expected_counts_as_what_is_measured_does() -> None:
    judged, state = judge(place(27.0), forecast(33.4), None, SETTINGS, NOW)
    assert judged.level == (3, 3, 3, 3, 3)
    assert state is not None
    assert (state.highest, state.highest_at) == (33.4, NOW + timedelta(hours=6))
    assert [reason.kind for reason in judged.reasons][:2] == ["observed", "expected"]


def test_what_is_further_away_than_the_town_looks_does_not_count() -> None:
    assert judge(place(27.0), forecast(36.0, hours=24), None, SETTINGS, NOW)[0].level == NOTHING


def test_a_silent_place_is_unknown_and_not_cool() -> None:
    for silent in (place(None), place(36.0, NOW - timedelta(hours=5))):
        judged, state = judge(silent, None, None, SETTINGS, NOW)
        assert (judged.level, state) == (None, None)


def after(*values: float, minutes: int = 60) -> tuple[int, ...]:
    """The grades after readings that follow each other."""
    state: HeatRisk | None = None
    level = None
    for number, value in enumerate(values):
        at = NOW + timedelta(minutes=minutes * number)
        judged, state = judge(place(value, at), None, state, SETTINGS, at)
        level = judged.level
    assert level is not None
    return level


def test_a_warning_goes_up_at_once_and_down_only_when_it_has_been_cooler_for_a_while() -> None:
    assert after(30.0, 33.1)[0] == 3
    assert after(33.1, 32.8)[0] == 3  # within the margin
    assert after(33.1, 32.0)[0] == 3  # not long enough
    assert after(33.1, 32.0, 32.0, 32.0)[0] == 2
    assert after(33.1, 32.0, 33.2, 32.0, 32.0)[0] == 3


@given(st.lists(st.floats(20, 40), min_size=1, max_size=12))
def test_no_grade_is_below_what_the_last_reading_calls_for(values: list[float]) -> None:
    bounds = bounds_of(SETTINGS)
    called = tuple(grade_at(values[-1], group, bounds) for group in GROUPS)
    told = told_of(called, SETTINGS.least_grade)
    assert all(now >= least for now, least in zip(after(*values), told, strict=True))


def test_districts_belong_to_the_nearest_place() -> None:
    near = District("urn:near", location=Geometry(SQUARE), population=10)
    far = District("urn:far", location=Geometry({"type": "Point", "coordinates": [139.9, 35.0]}))
    nowhere = District("urn:nowhere")
    other = WbgtObserved("urn:other", location=Point(140.0, 35.0))
    found = nearest_places([near, far, nowhere], [place(30.0), other])
    assert {key: [one.id for one in rows] for key, rows in found.items()} == {
        PLACE: ["urn:near"],
        "urn:other": ["urn:far"],
    }
    assert [one.id for one in nearest_places([nowhere], [other])["urn:other"]] == ["urn:nowhere"]
    assert area_of([near, far, nowhere]) == {"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"]]}
    assert area_of([nowhere]) is None


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.heat", tmp_path, routes, ADDRESS) as found:
        yield found


async def hot(visit: Visit, wbgt: float = 33.5, minutes: int = 0) -> None:
    """A place measures the heat itself; the service looks at it."""
    visit.now = START + timedelta(minutes=minutes)
    district = District(
        "urn:ngsi-ld:District:honmachi", Spoken({"ja": "本町", "en": "Honmachi"}), Geometry(SQUARE), 900
    )
    await visit.put(place(wbgt, visit.now), district)
    await service.refresh(visit.city, visit.now)


async def waiting(visit: Visit) -> list[WarningProposal]:
    return [one for one in await visit.city.find(WarningProposal) if one.state == "proposed"]


async def approve(visit: Visit, **changed: str) -> tuple[int, str]:
    (one,) = await waiting(visit)
    said = {"headline": one.headline, "body": one.text, "instruction": one.instruction, "area": one.area_name}
    form = {name: (words or {}).get("ja", "") for name, words in said.items()}
    return await visit.send("approve", **{"proposal": one.id, "read": "yes", **form, **changed})


async def test_heat_is_proposed_to_an_officer_and_told_to_nobody(visit: Visit) -> None:
    await hot(visit)
    (one,) = await waiting(visit)
    assert one.grade == 3
    assert {row["group"] for row in one.groups or []} == set(GROUPS)
    assert await visit.city.find(Alert) == []
    page = await visit.see("?view=officer")
    assert "本町：熱中症に警戒してください" in page
    assert "33.0 °C 以上は「警戒」" in page
    assert "熱中症に警戒してください" not in await visit.see()
    await service.refresh(visit.city, visit.now)
    assert len(await waiting(visit)) == 1


async def test_what_an_officer_approves_is_told_to_residents_and_to_machines(visit: Visit) -> None:
    await hot(visit)
    assert (await approve(visit, headline="本町：きょうは外に出ないで"))[0] == 200
    (alert,) = await visit.city.find(Alert)
    assert (alert.decided_by, alert.state, alert.source_service, alert.grade) == ("山田花子", "published", "heat", 3)
    assert alert.warning_level is None
    assert alert.area == {"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"]]}
    assert "きょうは外に出ないで" in await visit.see()
    xml = ElementTree.fromstring(to_cap(message_of(alert, (alert.revisions or [])[-1])))
    assert faults(xml, ALERT, "alert") == []
    assert [one.text for one in xml.iter("{urn:oasis:names:tc:emergency:cap:1.2}category")] == ["Health"] * 3
    ((notice,),) = ((await happening(visit.city, Words("ja"))).notices,)
    assert notice.own
    (log,) = await visit.city.find(WarningDecision)
    assert (log.kind, log.decided_by) == ("approved", "山田花子")
    told = [
        event.words
        for event in await events(visit.city, Words("ja", service.PACKAGE), START, START + timedelta(days=1))
    ]
    assert any("発表しました" in words for words in told)
    assert sum("暑さ指数が" in words for words in told) == 1  # it is told once that it became so hot


async def test_nothing_is_published_unread_or_unsigned(visit: Visit) -> None:
    await hot(visit)
    for missing in ({"who": ""}, {"read": ""}, {"headline": " "}):
        status, page = await approve(visit, **missing)
        assert status == 422
        assert 'role="alert"' in page
    assert await visit.city.find(Alert) == []


async def test_more_heat_is_proposed_anew_and_its_alert_takes_the_place_of_the_first(visit: Visit) -> None:
    await hot(visit)
    await approve(visit)
    await hot(visit, 35.2, minutes=60)
    assert (await waiting(visit))[0].grade == 4
    await approve(visit)
    alerts = {one.grade: one for one in await visit.city.find(Alert)}
    assert (alerts[3].state, alerts[4].state) == ("superseded", "published")
    assert (alerts[4].revisions or [])[0]["kind"] == "Update"


async def test_the_end_is_proposed_when_it_is_cooler_and_cancels_what_stood(visit: Visit) -> None:
    await hot(visit)
    await approve(visit)
    for minutes in (60, 120, 180, 240):
        await hot(visit, 24.0, minutes)
    (one,) = await waiting(visit)
    assert one.grade == 0
    await approve(visit)
    (alert,) = await visit.city.find(Alert)
    assert alert.state == "withdrawn"
    assert [row["kind"] for row in alert.revisions or []] == ["Alert", "Cancel"]


async def test_what_was_declined_is_not_proposed_again_and_what_was_told_can_be_taken_back(visit: Visit) -> None:
    await hot(visit)
    (one,) = await waiting(visit)
    assert (await visit.send("decline", proposal=one.id, reason=""))[0] == 422
    await visit.send("decline", proposal=one.id, reason="室内の行事だけ")
    await service.refresh(visit.city, visit.now)
    assert await waiting(visit) == []
    await hot(visit, 35.5, minutes=60)
    await approve(visit)
    (alert,) = await visit.city.find(Alert)
    await visit.send("withdraw", notice=alert.id, reason="誤報")
    assert (await visit.city.find(Alert))[0].state == "withdrawn"
    page = await visit.see("?view=history")
    assert "誤報" in page
    assert "室内の行事だけ" in page


async def test_a_simulated_place_only_ever_makes_an_exercise(visit: Visit) -> None:
    await visit.put(replace(place(34.0, visit.now), simulated=True))
    await service.refresh(visit.city, visit.now)
    await approve(visit)
    assert (await visit.city.find(Alert))[0].status == "Exercise"


async def test_the_bounds_are_settings_with_their_history_and_must_rise(visit: Visit) -> None:
    assert (await visit.send("settings", setting="old_warning", value="30.5", reason="見直し"))[0] == 200
    assert "30.5" in await visit.see("?view=history")
    status, page = await visit.send("settings", setting="old_warning", value="27", reason="見直し")
    assert status == 422
    assert "高い値にしてください" in page
    assert (await visit.send("settings", setting="old_warning", value="hot", reason="見直し"))[0] == 422


@pytest.mark.parametrize("language", ["ja", "en", "easy"])
@pytest.mark.parametrize("wbgt", [33.5, 35.5])
async def test_all_that_is_told_can_be_told_in_every_language(visit: Visit, language: str, wbgt: float) -> None:
    await hot(visit, wbgt)
    (one,) = await waiting(visit)
    for words in (one.event, one.headline, one.text, one.instruction, one.area_name):
        assert (words or {}).get(language, "").strip()
        assert "{" not in (words or {}).get(language, "")
    await visit.see(f"?view=officer&lang={language}")
