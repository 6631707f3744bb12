"""Do the pages of watch-over cameras do what they say, from the first pole to the log of footage?"""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.services.visiting import START, Visit, visited
from tests.services.watch_cameras.street import DISTRICTS, HOUSES, LIGHT, POLES, STREET, at

from machinami.kit.words import Words
from machinami.services.watch_cameras import page, service
from machinami.services.watch_cameras.model import Camera, CameraPlan, CameraRemark, FootageHandover, WatchTarget

PACKAGE = "machinami.services.watch_cameras"
RULES = {"purpose": "通学路を見守る", "may_look": "課長が決めた職員", "contact": "危機管理課 00-0000"}


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited(PACKAGE, tmp_path, page.routes, page.ADDRESS) as found:
        yield found


async def planned(visit: Visit, **wishes: str) -> CameraPlan:
    """A plan that was asked for on the page and worked out."""
    await visit.put(*HOUSES, *POLES, STREET, LIGHT, *DISTRICTS)
    status, _ = await visit.send("plan", **({"name": "通学路案", "budget": "60", "fairness": "none"} | wishes))
    assert status == 200
    await service.refresh(visit.city, visit.now)
    return (await visit.city.find(CameraPlan))[-1]


async def working(visit: Visit) -> Camera:
    """A camera of an adopted plan that works."""
    plan = await planned(visit)
    await visit.send("adopt", id=plan.id, reason="くらべて良かった", **RULES)
    camera = (await visit.city.find(Camera))[0]
    await visit.send("camera", id=camera.id, to="working", reason="工事が終わった")
    return (await visit.city.find(Camera))[0]


async def test_an_empty_town_says_what_to_bring_in(visit: Visit) -> None:
    assert "カメラはまだありません" in await visit.see()
    assert "machinami import citymodel" in await visit.see("?view=officer")
    assert "条例" in await visit.see("?view=history")
    assert "There is no camera yet" in await visit.see("?lang=en")


async def test_a_plan_is_asked_for_worked_out_and_shown(visit: Visit) -> None:
    plan = await planned(visit)
    assert plan.state == "draft"
    assert plan.figures is not None
    assert plan.figures["proven"]
    shown = await visit.see(f"/plan?id={plan.id.rpartition(':')[2]}")
    assert "計算で証明しました" in shown
    assert "通学路案" in await visit.see()
    assert 'data-scene="plan-scene-data"' in shown


async def test_two_plans_are_compared_district_by_district(visit: Visit) -> None:
    first = await planned(visit)
    await visit.send("plan", name="公平案", budget="60", fairness="share", share="20")
    await service.refresh(visit.city, visit.now)
    second = (await visit.city.find(CameraPlan))[-1]
    keys = [one.id.rpartition(":")[2] for one in (first, second)]
    shown = await visit.see(f"/plan?id={keys[0]}&with={keys[1]}")
    assert "公平案" in shown
    assert re.search(r">西</th><td class=\"n\">[^<]*</td><td", shown)


async def test_what_cannot_be_worked_out_is_said_and_can_be_tried_again(visit: Visit) -> None:
    await visit.send("plan", name="空の町", budget="60")
    await service.refresh(visit.city, visit.now)
    (plan,) = await visit.city.find(CameraPlan)
    assert plan.state == "failed"
    assert "school route" in await visit.see(f"/plan?id={plan.id.rpartition(':')[2]}")
    await visit.put(*HOUSES, *POLES, STREET)
    await visit.send("again", id=plan.id)
    await service.refresh(visit.city, visit.now)
    (plan,) = await visit.city.find(CameraPlan)
    assert (plan.state, plan.fault) == ("draft", None) or plan.state == "draft"


async def test_a_plan_is_adopted_by_name_and_its_cameras_carry_the_rules(visit: Visit) -> None:
    plan = await planned(visit)
    await visit.send("adopt", id=plan.id, reason="くらべて良かった", **RULES)
    cameras = await visit.city.find(Camera)
    assert len(cameras) == len(plan.chosen or []) > 0
    assert {one.kept_days for one in cameras} == {14}
    shown = await visit.see()
    assert "危機管理課 00-0000" in shown
    assert "設置前" in shown
    assert "山田花子" in await visit.see(f"/plan?id={plan.id.rpartition(':')[2]}")


async def test_an_adoption_needs_a_reason_and_can_be_taken_back(visit: Visit) -> None:
    plan = await planned(visit)
    assert (await visit.send("adopt", id=plan.id, reason="", **RULES))[0] in (400, 422)
    await visit.send("adopt", id=plan.id, reason="良い", **RULES)
    await visit.send("take-back", id=plan.id, reason="住民の意見で見直す")
    (plan,) = await visit.city.find(CameraPlan)
    assert plan.state == "draft"
    assert {one.state for one in await visit.city.find(Camera)} == {"removed"}


async def test_an_adoption_stays_while_its_cameras_work(visit: Visit) -> None:
    camera = await working(visit)
    status, _ = await visit.send("take-back", id=str(camera.ref_plan), reason="やめたい")
    assert status == 409


async def test_footage_that_is_given_away_stands_in_the_public_log(visit: Visit) -> None:
    camera = await working(visit)
    visit.wait(days=3)
    span = {"period_from": "2026-07-02T14:00", "period_to": "2026-07-02T15:00"}
    told = {"camera": camera.id, "receiver": "街並警察署", "ground": "law", "purpose": "捜索"}
    assert (await visit.send("hand-over", **told, **span))[0] == 200
    assert "街並警察署" in await visit.see()
    (entry,) = await visit.city.find(FootageHandover)
    await visit.send("correct", id=entry.id, reason="別のカメラだった")
    assert "街並警察署" not in await visit.see()
    assert "別のカメラだった" in await visit.see("?view=history")


@pytest.mark.parametrize("begin", ["2026-06-01T14:00", "2026-07-03T14:00", "never"])
async def test_footage_that_cannot_be_there_is_not_given_away(visit: Visit, begin: str) -> None:
    camera = await working(visit)
    visit.wait(days=3)
    told = {"camera": camera.id, "receiver": "街並警察署", "ground": "law", "purpose": "捜索"}
    status, _ = await visit.send("hand-over", **told, period_from=begin, period_to="2026-07-02T15:00")
    assert status in (400, 422)
    assert await visit.city.find(FootageHandover) == []


async def test_a_resident_is_answered_and_only_then_heard_by_all(visit: Visit) -> None:
    plan = await planned(visit)
    await visit.send("remark", subject=plan.id, kind="objection", text="庭が見えるのは困る")
    (one,) = await visit.city.find(CameraRemark)
    address = f"/plan?id={plan.id.rpartition(':')[2]}"
    assert "庭が見えるのは困る" not in await visit.see(address)
    assert "庭が見えるのは困る" in await visit.see("?view=officer")
    await visit.send("answer", id=one.id, verdict="show", reply="その向きは隠します")
    assert "その向きは隠します" in await visit.see(address)


async def test_a_flood_of_comments_is_held_back(visit: Visit) -> None:
    plan = await planned(visit)
    await visit.send("settings", setting="most_waiting", value="10", reason="見直し")
    for number in range(10):
        assert (await visit.send("remark", subject=plan.id, text=f"意見{number}"))[0] == 200
    assert (await visit.send("remark", subject=plan.id, text="もう一つ"))[0] == 429


async def test_places_are_written_down_taken_out_and_brought_back(visit: Visit) -> None:
    corners = "\n".join(f"{lon:.6f}, {lat:.6f}" for lon, lat in (at(0, 0), at(60, 0), at(60, 30)))
    await visit.send("add", group="target", name="みどり公園", shape=corners, area="yes", target_kind="park")
    (park,) = await visit.city.find(WatchTarget)
    assert (park.kind, (park.location or {})["type"]) == ("park", "Polygon")
    await visit.send("take-out", id=park.id, reason="閉園")
    assert (await service.gathered(visit.city)).targets == []
    await visit.send("bring-back", id=park.id)
    assert len((await service.gathered(visit.city)).targets) == 1
    assert "みどり公園" in await visit.see("?view=officer")


@pytest.mark.parametrize(
    "form",
    [{"group": "pole", "shape": "here"}, {"group": "pole", "shape": "138.2, 35.0\n138.3, 35.0"},
     {"group": "target", "shape": "500, 91"}, {"group": "zone", "shape": "138, 35\n138, 35", "area": "yes"},
     {"group": "tree", "shape": "138, 35"}, {"group": "target", "shape": ""},
     {"group": "target", "shape": "138, 35", "weight": "much"}],
)  # fmt: skip
async def test_a_place_that_is_none_is_refused(visit: Visit, form: dict[str, str]) -> None:
    assert (await visit.send("add", name="x", **form))[0] in (400, 422)
    assert (await service.gathered(visit.city)).targets == []


async def test_street_lights_are_candidates_without_being_asked(visit: Visit) -> None:
    await visit.put(LIGHT)
    (light,) = (await service.gathered(visit.city)).poles
    assert (light.id, light.height) == (LIGHT.id, 4.5)


async def test_the_day_tells_what_happened(visit: Visit) -> None:
    await working(visit)
    found = await page.events(visit.city, Words("ja", PACKAGE), START - timedelta(days=1), START + timedelta(days=1))
    assert {"計算されました", "決まりました", "動き始めました"} <= {
        word for word in ("計算されました", "決まりました", "動き始めました") if any(word in one.words for one in found)
    }


async def test_a_plan_that_is_not_there_is_said(visit: Visit) -> None:
    status, _, _ = await visit.fetch(f"{page.ADDRESS}/plan?id=none")
    assert status == 404
