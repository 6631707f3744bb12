"""How do places lie to each other, and how far apart are they?"""

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation import geometry as g
from machinami.foundation.errors import BadRequestData
from machinami.foundation.geojson import EXAMPLES, check_geometry


def point(x: float, y: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [x, y]}


def line(*positions: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [list(p) for p in positions]}


def square(west: float, south: float, side: float, *holes: Any) -> dict[str, Any]:
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring, *holes]}


HOLE = [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]
HOLED = square(0, 0, 10, HOLE)
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}

positions = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
town_positions = st.tuples(st.floats(135, 137), st.floats(34, 36))


def test_a_quarter_of_the_equator_is_ten_thousand_kilometres() -> None:
    assert g.distance((0, 0), (90, 0)) == pytest.approx(math.pi / 2 * g.EARTH_RADIUS)
    assert g.distance((0, 90), (123, 90)) == pytest.approx(0, abs=1e-6)
    assert g.distance((179.5, 0), (-179.5, 0)) == pytest.approx(math.radians(1) * g.EARTH_RADIUS)


@given(positions, positions)
def test_distance_is_symmetric_and_never_beyond_half_the_globe(a: tuple[float, float], b: tuple[float, float]) -> None:
    assert g.distance(a, b) == pytest.approx(g.distance(b, a))
    assert 0 <= g.distance(a, b) <= math.pi * g.EARTH_RADIUS + 1
    assert g.distance(a, a) == 0


@given(positions, positions, positions)
def test_a_detour_is_never_shorter(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> None:
    assert g.distance(a, c) <= g.distance(a, b) + g.distance(b, c) + 1e-3


def test_the_distance_to_a_line_is_that_to_its_nearest_point() -> None:
    along = line((0, 60), (10, 60))
    assert g.distance_between(point(10, 60.009), along) == pytest.approx(1000.7, abs=0.5)
    assert g.distance_between(point(10, 60), along) == 0
    high = line((1, 85), (0, 85.6))
    assert g.distance_between(high, point(0, 85)) == pytest.approx(9685, rel=0.02)


def test_inside_an_area_there_is_no_distance_but_its_hole_is_outside() -> None:
    assert g.distance_between(point(2, 2), HOLED) == 0
    assert g.distance_between(point(5, 5), HOLED) == pytest.approx(math.radians(1) * g.EARTH_RADIUS, rel=0.01)


@given(town_positions, town_positions, town_positions)
def test_the_nearest_pair_is_found_within_a_thousandth(
    at: tuple[float, float], start: tuple[float, float], end: tuple[float, float]
) -> None:
    found = g.distance_between(point(*at), line(start, end))
    steps = [k / 2000 for k in range(2001)]
    tried = min(g.distance(at, (start[0] + (end[0] - start[0]) * k, start[1] + (end[1] - start[1]) * k)) for k in steps)
    step = g.distance(start, end) / 2000
    assert found <= tried * 1.001 + 0.01
    assert found >= tried - step - tried * 0.001 - 0.01


def test_near_includes_its_greatest_and_excludes_its_least_distance() -> None:
    metres = g.distance((0, 0), (1, 0))
    assert g.near(point(1, 0), point(0, 0), None, metres)
    assert not g.near(point(1, 0), point(0, 0), None, metres - 0.001)
    assert not g.near(point(1, 0), point(0, 0), metres, None)
    assert g.near(point(1, 0), point(0, 0), metres - 0.001, None)


@pytest.mark.parametrize(
    ("relation", "target", "reference", "expected"),
    [
        ("within", point(2, 2), HOLED, True),
        ("within", point(5, 5), HOLED, False),
        ("within", point(0, 5), HOLED, False),
        ("within", point(20, 5), HOLED, False),
        ("contains", HOLED, point(2, 2), True),
        ("contains", point(2, 2), point(2, 2), True),
        ("contains", point(2, 2), HOLED, False),
        ("intersects", point(0, 5), HOLED, True),
        ("intersects", line((-1, 2), (1, 2)), HOLED, True),
        ("intersects", point(5, 5), HOLED, False),
        ("disjoint", point(5, 5), HOLED, True),
        ("disjoint", point(50, 5), HOLED, True),
        ("disjoint", point(0, 5), HOLED, False),
        ("overlaps", square(8, 8, 10), HOLED, True),
        ("overlaps", square(1, 1, 1), HOLED, False),
        ("overlaps", point(2, 2), point(2, 2), False),
        ("equals", point(2, 2), point(2.0, 2.0), True),
        ("equals", line((0, 0), (1, 1)), line((1, 1), (0, 0)), True),
        ("equals", line((0, 0), (1, 1)), line((1, 1), (0, 1)), False),
        ("within", point(0.5, 1), BOW_TIE, True),
        ("within", point(1, 0.5), BOW_TIE, False),
    ],
)
def test_relations_are_those_of_simple_features(relation: str, target: Any, reference: Any, expected: bool) -> None:
    assert g.RELATIONS[relation](target, reference) is expected


@given(town_positions, town_positions, st.floats(0.01, 1))
def test_a_thing_is_either_apart_from_another_or_meets_it(
    at: tuple[float, float], corner: tuple[float, float], side: float
) -> None:
    place, area = point(*at), square(*corner, side)
    assert g.disjoint(place, area) is not g.intersects(place, area)
    assert g.within(place, area) is g.contains(area, place)
    assert not g.within(place, area) or g.intersects(place, area)
    assert g.intersects(place, area) is g.intersects(area, place)


def test_the_box_is_that_of_all_positions() -> None:
    assert g.bbox(point(1, 2)) == (1, 2, 1, 2)
    assert g.bbox(HOLED) == (0, 0, 10, 10)
    assert g.bbox({"type": "MultiPoint", "coordinates": [[3, 4, 99], [1, 8]]}) == (1, 4, 3, 8)


def test_a_new_geometry_is_never_taken_for_one_that_is_gone() -> None:
    for side in (1, 2, 3, 1, 2):
        assert g.within(point(1.5, 1.5), square(0, 0, side)) is (side > 1.5)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_kind_of_geometry_is_accepted_and_has_a_shape(kind: str) -> None:
    made = check_geometry({"type": kind, "coordinates": json.loads(EXAMPLES[kind])})
    assert g.intersects(made, made)
    assert g.distance_between(made, made) == 0


def test_other_members_are_left_out() -> None:
    assert check_geometry({"type": "Point", "coordinates": [1, 2], "bbox": [0, 0, 1, 1]}) == point(1, 2)


def test_swapped_coordinates_are_told_with_the_way_to_them() -> None:
    with pytest.raises(BadRequestData, match=r"location\[1\]: latitude 135.6 .* did you mean \[135.6,34.8\]") as caught:
        check_geometry({"type": "LineString", "coordinates": [[34.7, 84.7], [34.8, 135.6]]}, "location")
    assert caught.value.facts["index"] == [1]


@given(st.recursive(st.none() | st.floats() | st.integers() | st.text(max_size=3), st.lists, max_leaves=20))
def test_any_coordinates_are_accepted_or_refused_as_bad_data(coordinates: Any) -> None:
    for kind in EXAMPLES:
        try:
            made = check_geometry({"type": kind, "coordinates": coordinates})
        except BadRequestData:
            continue
        assert len(g.bbox(made)) == 4


def test_a_bow_tie_is_two_triangles_and_a_tangle_the_ground_that_it_spans() -> None:
    ring = [[i % 7, i * 13 % 11] for i in range(9_000)]
    assert g.shape(BOW_TIE).area == pytest.approx(2)
    assert g.shape({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}).area == pytest.approx(60)


def test_a_long_coast_with_one_crossing_is_mended_and_not_taken_for_a_tangle() -> None:
    coast = [[math.cos(i / 1_000), math.sin(i / 1_000)] for i in range(6_283)]
    coast[10], coast[11] = coast[11], coast[10]
    area = g.shape({"type": "Polygon", "coordinates": [[*coast, coast[0]]]}).area
    assert area == pytest.approx(math.pi, abs=1e-3)


def test_two_combs_whose_teeth_all_cross_are_compared_by_the_ground_that_they_span() -> None:
    def comb(teeth: int, upright: bool) -> dict[str, Any]:
        tips = [[i / teeth, 1.0 if i % 2 else 0.1] for i in range(1, teeth)]
        ring = [[0.0, 0.0], *tips, [1.0, 0.0], [0.0, 0.0]]
        return {"type": "Polygon", "coordinates": [[[x, y] if upright else [y, x] for x, y in ring]]}

    begun = time.process_time()
    assert g.overlaps(comb(3_000, upright=True), comb(3_000, upright=False))
    assert not g.equals(comb(3_000, upright=True), comb(3_000, upright=False))
    assert time.process_time() - begun < 3
    assert g.overlaps(comb(30, upright=True), comb(30, upright=False))


def test_a_fine_coast_is_compared_as_it_is_however_many_its_corners() -> None:
    coast = [[math.cos(i / 5_000), math.sin(i / 5_000)] for i in range(31_415)]
    whole = {"type": "Polygon", "coordinates": [[*coast, coast[0]]]}
    bay = {"type": "Polygon", "coordinates": [[*coast[:5_000], [0.0, 0.0], *coast[10_000:], coast[0]]]}
    assert g.contains(whole, bay)
    assert not g.contains(bay, whole)
    assert g.equals(bay, {"type": "Polygon", "coordinates": [bay["coordinates"][0][::-1]]})
