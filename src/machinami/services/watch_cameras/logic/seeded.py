"""Which invented town is large enough to tell how far planning carries? 2,000 buildings, poles and ways by a seed."""

from typing import NamedTuple

import numpy as np

from machinami.methods.line_of_sight import Ints, Scene, enclosed, scene_of
from machinami.methods.series import Floats
from machinami.methods.triangulation import prism

_LOT, _STREET = 18.0, 6.0
_ROWS, _LINES = 50, 40
_HEIGHTS = (6.0, 7.0, 8.0, 9.0, 12.0, 15.0, 31.0)
_SHARES = (0.3, 0.28, 0.2, 0.1, 0.06, 0.04, 0.02)


class Block(NamedTuple):
    """One building: its corners (k, 2) in metres and its height."""

    ring: Floats
    height: float


class City(NamedTuple):
    """Buildings, poles (n, 3), points to watch (m, 3) with their weights and districts; metres."""

    blocks: tuple[Block, ...]
    scene: Scene
    poles: Floats
    points: Floats
    weights: Floats
    districts: Ints


def seeded_city(seed: int, poles: int = 200, points: int = 2_000) -> City:
    """A town of 50 × 40 buildings two deep between streets, each a little turned; poles and points on the streets."""
    drawn = np.random.default_rng(seed)
    blocks = tuple(_block(drawn, row, line) for row in range(_ROWS) for line in range(_LINES))
    parts = [prism([block.ring], 0.0, block.height) for block in blocks]
    owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    scene = scene_of(np.concatenate(parts), owners)
    hung = _on_streets(drawn, scene, poles, 5.0)
    watched = _on_streets(drawn, scene, points, 1.2)
    wide, high = _extent()
    column = np.clip((watched[:, 0] / wide * 5).astype(np.int64), 0, 4)
    line = np.clip((watched[:, 1] / high * 2).astype(np.int64), 0, 1)
    return City(blocks, scene, hung, watched, drawn.integers(1, 6, points).astype(np.float64), column * 2 + line)


def random_lines(city: City, seed: int, count: int) -> tuple[Floats, Floats]:
    """Lines of all lengths and slopes through the town: where they begin and where they end (n, 3)."""
    drawn = np.random.default_rng(seed)
    starts = drawn.uniform((0.0, 0.0, 0.1), (*_extent(), 20.0), (count, 3))
    ends = starts + drawn.normal(0.0, 1.0, (count, 3)) * np.array([50.0, 50.0, 6.0])
    ends[:, 2] = np.abs(ends[:, 2]) + 0.05
    return starts, ends


def _place(number: int) -> float:
    """Where the middle of a lot lies along a row: two lots, then a street."""
    return (number + 0.5) * _LOT + (number // 2) * _STREET


def _extent() -> tuple[float, float]:
    return _place(_ROWS) - _LOT / 2, _place(_LINES) - _LOT / 2


def _block(drawn: np.random.Generator, row: int, line: int) -> Block:
    half, turn = drawn.uniform(4.0, 7.5, 2), drawn.uniform(-0.12, 0.12)
    about = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) * half @ about.T
    middle = np.array([_place(row), _place(line)]) + drawn.uniform(-1.0, 1.0, 2)
    return Block(corners + middle, float(drawn.choice(_HEIGHTS, p=_SHARES)))


def _on_streets(drawn: np.random.Generator, scene: Scene, count: int, height: float) -> Floats:
    """Places on the streets and in no building."""
    wide, high = _extent()
    crossing = 2 * _LOT + _STREET
    tries = 3 * count
    upright = drawn.random(tries) < 0.5
    beside = drawn.uniform(-2.2, 2.2, tries) - _STREET / 2
    easts = np.where(upright, drawn.integers(1, _ROWS // 2, tries) * crossing + beside, drawn.uniform(0, wide, tries))
    norths = np.where(upright, drawn.uniform(0, high, tries), drawn.integers(1, _LINES // 2, tries) * crossing + beside)
    places = np.column_stack([easts, norths, np.full(tries, height)])
    return np.asarray(places[~enclosed(scene, places)][:count])
