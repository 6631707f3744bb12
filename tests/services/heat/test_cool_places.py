"""Which cool places are open, where would more help most, which ways lie in the shade: by hand and by trying."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from tests.services.visiting import START, Visit, visited

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.foundation.geometry import distance
from machinami.methods.shade import Light
from machinami.model.view import Geometry, Point, Words
from machinami.model.vocabulary.buildings import Building
from machinami.model.vocabulary.cooling import CoolingShelter, Walkway
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.places import District, Shelter
from machinami.services.heat import service
from machinami.services.heat.logic.cooling import Draft, designated, door_of, open_first, undone, withdrawn
from machinami.services.heat.logic.shading import light_at, shade_of, share_at, streets_of
from machinami.services.heat.logic.siting import Question, plan_sites, question_of
from machinami.services.heat.model import CoolingPlan, WayShade
from machinami.services.heat.page import ADDRESS, routes

NOON = datetime(2026, 7, 24, 12, tzinfo=UTC)
BY = Officer("山田 花子", "健康福祉課長")
TYPED = {
    "name": "図書館", "english": "Library", "latitude": "34.99", "longitude": "138.2", "capacity": "40",
    "hours": "Mo-Fr 09:00-17:00\nSa 10:00-12:00", "closed_on": "", "first_day": "2026-06-01", "last_day": "2026-09-30",
}  # fmt: skip
DRAFT = Draft(**TYPED)


def shelter(**other: str) -> CoolingShelter:
    return designated("urn:ngsi-ld:CoolingShelter:1", Draft(**{**TYPED, **other}), None, BY, NOON)


def test_a_place_is_open_in_its_hours_and_says_until_when_and_when_again() -> None:
    door = door_of(shelter(), NOON)
    assert (door.open, door.until) == (True, NOON.replace(hour=17))
    assert door_of(shelter(), NOON.replace(hour=20)).next == datetime(2026, 7, 25, 10, tzinfo=UTC)


def test_before_its_first_day_and_when_it_is_withdrawn_it_is_none() -> None:
    assert not door_of(shelter(first_day="2026-08-01"), NOON).open
    ended = withdrawn(shelter(), "改修", BY, NOON)
    assert open_first([ended, shelter()], NOON) == [(shelter(), door_of(shelter(), NOON))]
    with pytest.raises(Conflict):
        withdrawn(ended, "改修", BY, NOON)


def test_a_change_can_be_taken_back_again_and_again_until_nothing_is_left() -> None:
    first = shelter()
    second = designated(first.id, Draft(**{**TYPED, "capacity": "60"}), first, BY, NOON + timedelta(hours=1))
    third = withdrawn(second, "改修", BY, NOON + timedelta(hours=2))
    back = undone(third, BY, NOON + timedelta(hours=3))
    assert (back.state, back.capacity) == ("designated", 60)
    again = undone(back, BY, NOON + timedelta(hours=4))
    assert (again.capacity, again.location, again.opening_hours) == (40, first.location, first.opening_hours)
    with pytest.raises(Conflict):
        undone(again, BY, NOON)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [({"name": " "}, "name"), ({"latitude": "north"}, "place"), ({"longitude": "200"}, "place"),
     ({"capacity": "-1"}, "capacity"), ({"hours": "always"}, "hours"), ({"hours": ""}, "hours"),
     ({"closed_on": "tomorrow"}, "day"), ({"last_day": "2026-05-01"}, "order")],
)  # fmt: skip
def test_what_was_typed_wrong_is_refused_by_name(wrong: dict[str, str], fault: str) -> None:
    with pytest.raises(BadRequestData) as caught:
        shelter(**wrong)
    assert caught.value.facts["fault"] == fault


chance = np.random.default_rng(7)
MIDDLES = tuple(Point(138.2 + x / 50, 35.0 + y / 50) for x, y in chance.random((9, 2)))
SITES = tuple((f"urn:s{n}", Point(138.2 + x / 50, 35.0 + y / 50)) for n, (x, y) in enumerate(chance.random((7, 2))))
PEOPLE = tuple(int(count) for count in chance.integers(50, 2000, 9))


@pytest.mark.parametrize("existing", [(), (Point(138.21, 35.01),)])
@pytest.mark.parametrize("more", [1, 2, 3])
def test_the_suggested_places_are_the_best_of_all_that_could_be_chosen(existing: tuple[Point, ...], more: int) -> None:
    asked = Question(MIDDLES, PEOPLE, existing, SITES, more, 600)
    means, reached = [], []
    for chosen in combinations([place for _, place in SITES], more):
        nearest = np.array([min(distance(one, other) for other in (*chosen, *existing)) for one in MIDDLES])
        means.append(float(nearest @ np.array(PEOPLE) / sum(PEOPLE)))
        reached.append(float(np.array(PEOPLE)[nearest <= 600].sum()))
    median, covering = plan_sites(asked).sites or []
    assert median["nearer"] == pytest.approx(min(means), abs=0.1)
    assert covering["reached"] == max(reached)
    assert median["proven"]
    assert covering["proven"]
    assert len(median["sites"]) == more


def test_a_town_without_people_or_candidates_gets_no_suggestion() -> None:
    assert plan_sites(Question(MIDDLES, PEOPLE, (), (), 0, 600)).sites == []
    assert plan_sites(Question((), (), (), SITES, 1, 600)).sites == []


def test_a_shelter_beside_a_cooling_shelter_is_no_candidate_and_a_district_without_people_does_not_count() -> None:
    ground = Geometry({"type": "Point", "coordinates": [138.2, 35.0]})
    districts = [District("urn:d1", location=ground, population=10), District("urn:d2", location=ground)]
    halls = [Shelter("urn:s1", location=Point(138.2, 34.99)), Shelter("urn:s2", location=Point(138.2, 35.0))]
    asked = question_of(districts, [shelter()], halls, 5, 800)
    assert [site for site, _ in asked.candidates] == ["urn:s2"]
    assert (asked.more, asked.people) == (1, (10,))


LINE = Geometry({"type": "LineString", "coordinates": [[138.2, 35.0], [138.201, 35.0]]})
WAY = Walkway("urn:ngsi-ld:Walkway:w", Words({"ja": "学校の道", "en": "School way"}), LINE, "school")
WALL = Building(
    "urn:ngsi-ld:Building:b",
    location=Geometry(
        {"type": "Polygon",
         "coordinates": [[[138.199, 34.9999], [138.202, 34.9999], [138.202, 34.99995], [138.199, 34.99995]]]}
    ),
    height=30.0,
)  # fmt: skip


def test_a_way_north_of_a_long_wall_is_in_its_shade_at_noon_in_winter_and_not_when_the_wall_is_low() -> None:
    day = date(2026, 12, 22)
    streets = streets_of([WAY], [WALL])
    assert streets is not None
    (hours,) = shade_of(streets, day, "Asia/Tokyo").values()
    assert next(row["share"] for row in hours if row["hour"] == 12) == 1.0
    low = streets_of([WAY], [Building("urn:b", location=WALL.location, height=1.0)])
    assert low is not None
    assert next(row["share"] for row in shade_of(low, day, "Asia/Tokyo")[WAY.id] if row["hour"] == 12) == 0.0


def test_the_sun_stands_in_the_south_at_noon_and_high_in_summer() -> None:
    light = light_at((135.0, 35.0), datetime(2026, 6, 21, 3, tzinfo=UTC))
    assert isinstance(light, Light)
    assert np.degrees(light.altitude) == pytest.approx(90 - 35 + 23.4, abs=0.3)
    assert np.degrees(light.azimuth) == pytest.approx(180, abs=3)


def test_without_ways_or_buildings_with_a_height_nothing_is_said_of_shade() -> None:
    assert streets_of([], [WALL]) is None
    assert streets_of([WAY], []) is None
    assert streets_of([WAY], [Building("urn:b", location=WALL.location)]) is None
    assert share_at(WayShade("urn:w"), 14) is None


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    async with visited("machinami.services.heat", tmp_path, routes, ADDRESS) as found:
        yield found


async def test_an_officer_designates_a_cool_place_that_residents_see_and_can_take_it_back(visit: Visit) -> None:
    assert "まだ登録されていません" in await visit.see()
    assert (await visit.send("shelters", **TYPED))[0] == 200
    page = await visit.see()
    assert "図書館" in page
    assert "いま開いています" in page  # noon of a Tuesday in Japan
    visit.now = START + timedelta(hours=8)
    assert "いまは閉まっています" in await visit.see()
    (one,) = await visit.city.find(CoolingShelter)
    assert (one.decided_by, one.capacity) == ("山田花子", 40)
    status, page = await visit.send("shelters/close", shelter=one.id, reason="改修のため")
    assert status == 200, page
    assert "図書館" not in await visit.see()
    assert "改修のため" in await visit.see("?view=history")
    await visit.send("shelters/undo", shelter=one.id)
    assert "図書館" in await visit.see()


async def test_a_refused_form_keeps_what_was_typed(visit: Visit) -> None:
    status, page = await visit.send("shelters", **{**TYPED, "hours": "いつでも"})
    assert status == 422
    assert "Mo-Fr 09:00-17:00" in page
    assert "いつでも" in page
    assert await visit.city.find(CoolingShelter) == []


async def test_the_plan_and_the_shade_are_worked_out_and_shown(visit: Visit) -> None:
    ground = Geometry({"type": "Point", "coordinates": [138.2, 35.0]})
    district = District("urn:ngsi-ld:District:d", Words({"ja": "本町"}), ground, 500)
    hall = Shelter("urn:ngsi-ld:Shelter:s", Words({"ja": "公民館"}), Point(138.2, 35.001))
    await visit.put(district, hall, WAY, WALL)
    await service.refresh(visit.city, visit.now)
    (plan,) = await visit.city.find(CoolingPlan)
    assert [row["sites"] for row in plan.sites or []] == [[hall.id]] * 2
    (shade,) = await visit.city.find(WayShade)
    assert shade.day == "2026-06-30"
    page = await visit.see("?view=officer&hour=17")
    assert "公民館" in page
    assert "学校の道" in page
    assert "17 時" in page
    assert "平均の距離を最も短く" not in await visit.see()
    await service.refresh(visit.city, visit.now)
    assert (await visit.city.find(CoolingPlan))[0] == plan
