"""Do plans see what can be seen, keep to the budget, and show nothing that must not be seen?"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from tests.services.watch_cameras.street import DISTRICTS, HOUSES, POLES, SETTINGS, STREET, YARD, box, pole, zone

from machinami.foundation.errors import InputError
from machinami.model.view import Geometry, Point, Ref
from machinami.model.vocabulary.buildings import Building, BuildingShape
from machinami.services.watch_cameras.logic.ground import Frame, stand_of
from machinami.services.watch_cameras.logic.planning import Outcome, Town, masked_bearings, plan
from machinami.services.watch_cameras.logic.sampling import along, hidden_points, points_on
from machinami.services.watch_cameras.model import CameraPole, Wishes
from machinami.services.watch_cameras.service import poles_of


def town(*poles: CameraPole, **more: Any) -> Town:
    whole = Town(HOUSES, [], poles_of(poles or POLES, [], SETTINGS), [STREET], [], DISTRICTS)
    return replace(whole, **more)


def asked(budget: float = 1e7, fairness: Any = "none", share: float = 0.0) -> Wishes:
    return Wishes(budget=budget, fairness=fairness, share=share)


def part(outcome: Outcome) -> float:
    return outcome.figures["covered"] / outcome.figures["total"]


def test_a_street_is_seen_from_its_poles_and_of_a_yard_behind_houses_what_the_gaps_show() -> None:
    assert part(plan(town(), asked(), SETTINGS)) > 0.8
    assert part(plan(town(targets=[YARD]), asked(), SETTINGS)) == pytest.approx(0.4)
    assert part(plan(town(targets=[YARD], buildings=()), asked(), SETTINGS)) == pytest.approx(1.0)


def test_a_plan_says_what_it_costs_and_that_it_is_best() -> None:
    told = plan(town(), asked(270_000.0), SETTINGS)
    assert (len(told.chosen), told.figures["cost"], told.figures["proven"]) == (1, 270_000.0, True)
    assert told.figures["covered"] == told.figures["bound"] >= told.figures["greedy"]
    assert sum(row["covered"] for row in told.districts) == told.figures["covered"]


def test_a_second_camera_on_a_pole_pays_for_the_pole_no_more() -> None:
    told = plan(town(POLES[1]), asked(450_000.0), SETTINGS)
    assert sorted(row["cost"] for row in told.chosen) == [180_000.0, 270_000.0]


def test_no_chosen_camera_shows_a_forbidden_zone() -> None:
    nursery = zone("nursery", box(30, 5, 50, 15), "forbid")
    free, kept = plan(town(), asked(), SETTINGS), plan(town(zones=[nursery]), asked(), SETTINGS)
    assert kept.figures["forbidden"] > 0
    assert kept.figures["covered"] <= free.figures["covered"]
    assert all(row["masked"] == [] for row in kept.chosen)


def test_a_blanked_zone_lets_the_camera_hang_and_takes_what_lies_in_its_direction() -> None:
    nursery = box(30, 5, 50, 15)
    masked = plan(town(zones=[zone("nursery", nursery, "mask")]), asked(), SETTINGS)
    forbidden = plan(town(zones=[zone("nursery", nursery, "forbid")]), asked(), SETTINGS)
    assert masked.figures["forbidden"] == 0
    assert masked.figures["covered"] >= forbidden.figures["covered"]
    assert any(row["masked"] for row in masked.chosen)


def test_each_district_has_its_share_where_that_is_asked() -> None:
    told = plan(town(), asked(270_000.0, "share", 0.2), SETTINGS)
    assert all(row["covered"] >= 0.2 * row["weight"] for row in told.districts if row["district"])
    fairest = plan(town(), asked(270_000.0, "fairest"), SETTINGS)
    least = min(row["covered"] / row["weight"] for row in fairest.districts if row["district"])
    assert least >= 0.2


def test_a_share_that_nobody_can_have_is_said() -> None:
    with pytest.raises(InputError, match="ask for less"):
        plan(town(), asked(0.0, "share", 0.5), SETTINGS)


@pytest.mark.parametrize(
    ("more", "said"),
    [({"targets": []}, "school route"), ({"poles": []}, "no pole"),
     ({"poles": poles_of([pole("far", 4_000, 0)], [], SETTINGS)}, "within 40 m")],
)  # fmt: skip
def test_what_is_lacking_for_a_plan_is_said(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        plan(town(**more), asked(), SETTINGS)


@tried(max_examples=15)
@given(st.floats(0, 2e6), st.floats(0, 2e6), st.integers(0, 2), st.floats(0, 30))
def test_more_money_never_sees_less_and_a_taller_house_never_shows_more(
    some: float, more: float, which: int, taller: float
) -> None:
    poor, rich = plan(town(), asked(some), SETTINGS), plan(town(), asked(some + more), SETTINGS)
    assert rich.figures["covered"] >= poor.figures["covered"]
    houses = [replace(h, height=(h.height or 0) + taller * (n == which)) for n, h in enumerate(HOUSES)]
    assert plan(town(buildings=houses), asked(some), SETTINGS).figures["covered"] <= poor.figures["covered"]


def test_what_is_seen_is_a_shape_that_begins_at_the_camera_and_ends_at_walls() -> None:
    (row,) = plan(town(POLES[0]), asked(270_000.0), SETTINGS).chosen
    assert row["seen"][0] == row["seen"][-1] == pytest.approx([row["lon"], row["lat"]], abs=1e-6)
    assert len(row["seen"]) == 50


def test_roofs_and_walls_count_instead_of_the_prism_where_they_are_told() -> None:
    frame = Frame(138.2, 35.0)
    flat = Building("urn:ngsi-ld:Building:x", None, box(5, 5, 25, 15), 8.0, 10.0)
    wall = BuildingShape(
        "urn:ngsi-ld:BuildingShape:x", Ref(flat.id), Point(138.2, 35.0), [[5, 5, 10, 25, 5, 10, 25, 5, 12]]
    )
    assert len(stand_of(frame, [flat], []).scene.triangles) == 10
    assert len(stand_of(frame, [flat], [wall]).scene.triangles) == 1


def test_a_building_that_is_none_is_left_out_and_counted() -> None:
    frame = Frame(138.2, 35.0)
    crossed = [[138.2, 35.0], [138.201, 35.001], [138.201, 35.0], [138.2, 35.0011], [138.2, 35.0]]
    broken = Building("b", None, Geometry({"type": "Polygon", "coordinates": [crossed]}), 5.0)
    stand = stand_of(frame, [*HOUSES, broken, Building("c"), Building("d", None, box(0, 0, 1, 1), -1.0)], [])
    assert (stand.buildings, stand.left_out) == (3, 3)


def test_the_ground_is_as_high_as_at_the_feet_of_the_houses_nearby() -> None:
    stand = stand_of(Frame(138.2, 35.0), HOUSES, [])
    assert stand.heights(np.array([[0.0, 0.0], [500.0, 0.0]])).tolist() == pytest.approx([10.0, 10.0])
    assert stand_of(Frame(138.2, 35.0), [], []).heights(np.zeros((1, 2))).tolist() == [0.0]


def test_points_are_evenly_apart_on_a_way_and_cover_a_park() -> None:
    assert np.diff(along(np.array([[0.0, 0.0], [0.0, 20.0]]), 5.0)[:, 1]).tolist() == [5.0] * 4
    park = points_on(Frame(138.2, 35.0), box(0, 0, 20, 10), 5.0)
    assert len(park) == 8


def test_a_zone_is_tried_at_its_windows_and_before_its_walls() -> None:
    stand = stand_of(Frame(138.2, 35.0), HOUSES, [])
    tries = hidden_points(stand, box(5, 5, 25, 15), 6.0)
    assert sorted(set(np.round(tries[:, 2] - 10.0, 2).tolist())) == [1.5, 4.5]
    assert tries[:, 1].min() == pytest.approx(4.4, abs=0.05)


def test_blanked_bearings_are_joined_across_north() -> None:
    pole_at, hidden = np.array([0.0, 0.0, 5.0]), np.array([[-1.0, 20.0, 1.0], [1.0, 20.0, 1.0], [20.0, 0.0, 1.0]])
    assert masked_bearings(pole_at, hidden, 3.0) == [[354.1, 5.9], [87.0, 93.0]] or masked_bearings(
        pole_at, hidden, 3.0
    ) == [[87.0, 93.0], [354.1, 5.9]]
