"""Is shade where the geometry of a wall says, and where a ray followed step by step meets a building?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.methods.shade import Light, Prism, along, shaded, share_in_shade

BOX = np.array([[0.0, 0.0], [20.0, 0.0], [20.0, 10.0], [0.0, 10.0], [0.0, 0.0]])
HOUSE = Prism((BOX,), 12.0)
SOUTH = np.pi


@pytest.mark.parametrize("altitude", [20.0, 45.0, 70.0])
def test_the_shadow_of_a_wall_is_its_height_over_the_tangent_of_the_suns_altitude(altitude: float) -> None:
    length = 12.0 / np.tan(np.radians(altitude))
    north = np.array([[10.0, 10.0 + length - 0.01], [10.0, 10.0 + length + 0.01], [10.0, -0.01], [-0.01, 12.0]])
    found = shaded(north, [HOUSE], [Light(np.radians(altitude), SOUTH)])
    assert found.tolist() == [[True, False, False, False]]


def test_in_the_morning_shadows_fall_to_the_west_and_at_night_all_is_dark() -> None:
    points = np.array([[-5.0, 5.0], [25.0, 5.0]])
    found = shaded(points, [HOUSE], [Light(np.radians(30), np.pi / 2), Light(np.radians(-10), 0.0)])
    assert found.tolist() == [[True, False], [True, True]]


def test_a_court_is_open_to_the_sky_and_a_roof_is_not() -> None:
    court = Prism((BOX, np.array([[8.0, 4.0], [12.0, 4.0], [12.0, 6.0], [8.0, 6.0]])), 1.0)
    high = Light(np.radians(85), SOUTH)
    assert shaded(np.array([[10.0, 5.0], [2.0, 2.0]]), [court], [high]).tolist() == [[False, True]]


def test_without_buildings_all_is_in_the_sun() -> None:
    assert not shaded(np.zeros((3, 2)), [], [Light(1.0, 2.0)]).any()


def by_steps(point: tuple[float, float], prisms: list[Prism], light: Light) -> bool:
    """Follow the ray to the sun in steps of 2 cm of its way over the ground: is it ever within a box below its roof?"""
    highest = max(p.height for p in prisms)
    for step in np.arange(0.0, highest / np.tan(light.altitude) + 0.02, 0.02):
        x, y = point[0] + step * np.sin(light.azimuth), point[1] + step * np.cos(light.azimuth)
        for prism in prisms:
            (west, south), (east, north) = prism.rings[0].min(axis=0), prism.rings[0].max(axis=0)
            if west <= x <= east and south <= y <= north and step * np.tan(light.altitude) <= prism.height:
                return True
    return False


boxes = st.builds(
    lambda x, y, w, d, h: Prism((np.array([[x, y], [x + w, y], [x + w, y + d], [x, y + d]], dtype=float),), float(h)),
    st.integers(-20, 20), st.integers(-20, 20), st.integers(2, 9), st.integers(2, 9), st.integers(2, 15),
)  # fmt: skip


@given(
    st.lists(boxes, min_size=1, max_size=3),
    st.lists(st.tuples(st.floats(-25, 25), st.floats(-25, 25)), min_size=1, max_size=4),
    st.floats(0.5, 1.4),
    st.floats(0, 6.28),
)
def test_it_is_as_following_each_ray_step_by_step(
    prisms: list[Prism], points: list[tuple[float, float]], altitude: float, azimuth: float
) -> None:
    light = Light(altitude, azimuth)
    found = shaded(np.array(points), prisms, [light])[0]
    for point, dark in zip(points, found.tolist(), strict=True):
        if dark != by_steps(point, prisms, light):  # only where the ray touches an edge within a step
            moved = [(point[0] + a, point[1] + b) for a in (-0.05, 0.05) for b in (-0.05, 0.05)]
            around = {by_steps(one, prisms, light) for one in moved}
            assert around == {True, False}


def test_ways_are_told_by_the_share_of_their_points() -> None:
    dark = np.array([[True, True, False], [True, False, False]])
    assert share_in_shade(dark, [0, 2]).tolist() == [[1.0, 0.0], [0.5, 0.0]]


def test_points_stand_along_a_line_at_even_steps_with_both_ends() -> None:
    points = along(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 9.0]]), 2.5)
    assert points[[0, -1]].tolist() == [[0.0, 0.0], [3.0, 9.0]]
    assert np.hypot(*np.diff(points, axis=0).T) == pytest.approx(2.5)
