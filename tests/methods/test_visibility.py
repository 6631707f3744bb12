"""Is what stands between a camera and a place found, and found the same by another way of looking?"""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from machinami.foundation.errors import InputError
from machinami.methods.line_of_sight import Scene, clear, enclosed, scene_of
from machinami.methods.triangulation import prism, triangles_of
from machinami.methods.visibility import Lens, Poses, blanked, field_of_view, in_sight, seen

Floats = NDArray[np.float64]
NO_CORNER = np.array([0.41421, 0.73205])  # no line between whole places touches a corner: either word would be right


def block(x: float, y: float, wide: float, deep: float) -> Floats:
    return np.array([[x, y], [x + wide, y], [x + wide, y + deep], [x, y + deep]])


@dataclass
class Block:
    ring: Floats
    height: float


def blocks(count: int, seed: int, spread: float = 400.0) -> list[Block]:
    """Turned blocks, some of which stand into each other."""
    drawn = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        turn = drawn.uniform(0, np.pi)
        round_about = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        ring = block(-drawn.uniform(3, 9), -drawn.uniform(3, 9), 12, 12) @ round_about.T + drawn.uniform(0, spread, 2)
        found.append(Block(ring, float(drawn.uniform(3, 25))))
    return found


def scene(stand: list[Block], size: float = 12.0) -> Scene:
    parts = [prism([one.ring], 0.0, one.height) for one in stand]
    owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return scene_of(np.concatenate(parts) if parts else np.zeros((0, 3, 3)), owners, size)


def crosses(stand: list[Block], starts: Floats, ends: Floats) -> NDArray[np.bool_]:
    """Whether each line crosses a wall or a roof: by sides of lines on the map and heights, wall by wall, no grid."""
    found = np.zeros(len(starts), dtype=bool)
    for one in stand:
        odd_at_roof = np.zeros(len(starts), dtype=bool)
        rise = ends[:, 2] - starts[:, 2]
        when = np.divide(one.height - starts[:, 2], rise, out=np.full(len(starts), -1.0), where=rise != 0)
        roof = starts[:, :2] + when[:, None] * (ends - starts)[:, :2]
        for p, q in zip(one.ring, np.roll(one.ring, -1, axis=0), strict=True):
            wall = q - p
            side_a = wall[0] * (starts[:, 1] - p[1]) - wall[1] * (starts[:, 0] - p[0])
            side_b = wall[0] * (ends[:, 1] - p[1]) - wall[1] * (ends[:, 0] - p[0])
            line = (ends - starts)[:, :2]
            side_p = line[:, 0] * (p[1] - starts[:, 1]) - line[:, 1] * (p[0] - starts[:, 0])
            side_q = line[:, 0] * (q[1] - starts[:, 1]) - line[:, 1] * (q[0] - starts[:, 0])
            meets = (side_a * side_b < 0) & (side_p * side_q < 0)
            share = np.divide(side_a, side_a - side_b, out=np.zeros(len(starts)), where=meets)
            height = starts[:, 2] + share * rise
            found |= meets & (height > 0) & (height < one.height)
            straddles = (p[1] > roof[:, 1]) != (q[1] > roof[:, 1])
            if q[1] != p[1]:
                odd_at_roof ^= straddles & (roof[:, 0] < p[0] + (roof[:, 1] - p[1]) * wall[0] / wall[1])
        found |= odd_at_roof & (when > 0) & (when < 1)
    return found


def test_a_hundred_thousand_lines_are_clear_where_the_plain_way_says_so() -> None:
    stand, drawn = blocks(120, 5), np.random.default_rng(6)
    starts = drawn.uniform([-20, -20, 0.1], [420, 420, 30], (100_000, 3))
    ends = starts + drawn.normal(0, 1, (100_000, 3)) * np.array([60, 60, 12])
    ends[:, 2] = np.abs(ends[:, 2]) + 0.01
    told = clear(scene(stand), starts, ends)
    assert 0.2 < told.mean() < 0.9
    assert int((told == crosses(stand, starts, ends)).sum()) == 0


@given(st.integers(0, 12), st.integers(0, 2**32 - 1), st.sampled_from([2.0, 7.0, 40.0, 900.0]))
def test_lines_along_the_axes_and_the_grid_are_found_as_well(count: int, seed: int, size: float) -> None:
    drawn = np.random.default_rng(seed)
    stand = [
        Block(block(*drawn.integers(0, 20, 2), *drawn.integers(1, 6, 2)) + NO_CORNER, float(drawn.integers(1, 9)) + 0.5)
        for _ in range(count)
    ]
    starts = drawn.integers(0, 25, (60, 3)).astype(float) + 0.25
    ends = np.where(drawn.random((60, 3)) < 0.4, starts, drawn.integers(0, 25, (60, 3)) + 0.25)
    assert np.array_equal(clear(scene(stand, size), starts, ends), ~crosses(stand, starts, ends))


@given(st.integers(0, 2**32 - 1), st.integers(0, 7))
def test_a_taller_building_never_shows_more(seed: int, which: int) -> None:
    drawn, stand = np.random.default_rng(seed), blocks(8, seed, 60.0)
    poles = drawn.uniform([0, 0, 4], [60, 60, 12], (6, 3))
    places = drawn.uniform([0, 0, 0.5], [60, 60, 20], (80, 3))
    before = in_sight(scene(stand), poles, places, 200.0)
    taller = [Block(one.ring, one.height + 5.0 * (number == which)) for number, one in enumerate(stand)]
    assert not (in_sight(scene(taller), poles, places, 200.0) & ~before).any()


def test_what_is_inside_a_building_is_not_seen() -> None:
    told = enclosed(scene([Block(block(0, 0, 10, 10), 5.0)]), np.array([[5, 5, 1], [5, 5, 6], [11, 5, 1.0]]))
    assert told.tolist() == [True, False, False]


def test_a_courtyard_is_not_inside() -> None:
    yard = [block(0, 0, 10, 10), block(3, 3, 4, 4)]
    walls = prism(yard, 0.0, 5.0)
    told = enclosed(scene_of(walls, np.zeros(len(walls), np.int64)), np.array([[5, 5, 1], [1, 1, 1.0]]))
    assert told.tolist() == [False, True]


def test_a_camera_sees_what_is_before_it_in_reach_and_in_its_picture() -> None:
    pole, poses = np.array([[0.0, 0.0, 5.0]]), Poses(np.array([0]), np.array([90.0]), np.array([10.0]))
    places = np.array([[20, 0, 1.5], [-20, 0, 1.5], [70, 0, 1.5], [0.5, 0, 1.5], [20, 15, 1.5]])
    told = seen(scene([]), pole, poses, places, Lens(60.0, 40.0, 50.0))
    assert told.tolist() == [[True, False, False, False, False]]


def test_a_blanked_bearing_loses_what_stands_before_it_too() -> None:
    pole, poses = np.array([[0.0, 0.0, 5.0]]), Poses(np.array([0]), np.array([0.0]), np.array([10.0]))
    hidden, places = np.array([[0.0, 30.0, 1.5]]), np.array([[0.0, 10.0, 1.5], [5.0, 10.0, 1.5]])
    assert blanked(pole, poses, places, hidden, np.array([[True]]), 2.0).tolist() == [[True, False]]


def test_the_outline_of_what_is_seen_ends_at_a_wall() -> None:
    stand = scene([Block(block(-50, 10, 100, 5), 20.0)])
    outline = field_of_view(stand, np.array([0.0, 0.0, 5.0]), 0.0, Lens(40.0, 60.0, 60.0), 1.5)
    assert 8.0 < outline[:, 1].max() <= 10.0


def test_a_wall_with_a_hole_is_cut_into_triangles_of_its_area() -> None:
    wall = np.array([[0, 0, 0], [4, 0, 0], [4, 0, 3], [0, 0, 3.0]])
    hole = np.array([[1, 0, 1], [2, 0, 1], [2, 0, 2], [1, 0, 2.0]])
    cut = triangles_of([wall, hole])
    sides = np.cross(cut[:, 1] - cut[:, 0], cut[:, 2] - cut[:, 0])
    assert np.linalg.norm(sides, axis=1).sum() / 2 == pytest.approx(11.0)


@pytest.mark.parametrize("ring", [[[0, 0, 0], [1, 0, 0]], [[0, 0, 0], [1, 1, 1], [2, 2, 2]],
                                  [[0, 0, 0], [2, 2, 0], [2, 0, 0], [0, 1, 0]]])  # fmt: skip
def test_what_is_no_polygon_is_an_error(ring: list[list[float]]) -> None:
    with pytest.raises(InputError, match="polygon"):
        triangles_of([np.array(ring, dtype=float)])
