"""How does the land of the simulated town lie: where do its rivers run, how high are its hills?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from machinami.ingest.town.noise import Floats, Waves, generator, waves

WEST, EAST, SOUTH, NORTH = -5200.0, 5200.0, -4200.0, 6800.0
CELL = 70.0
CONFLUENCE_WEST, CONFLUENCE_EAST = 2100.0, 350.0


@dataclass(frozen=True, slots=True)
class River:
    """A watercourse from spring to mouth, in local metres (x east, y north)."""

    key: str
    path: Floats
    width: Floats
    floor: Floats

    @property
    def length(self) -> float:
        """Length of the centreline in metres."""
        return float(np.sum(np.hypot(*np.diff(self.path, axis=0).T)))


@dataclass(frozen=True, slots=True)
class Axis:
    """The line that the valley follows: streets run along and across it."""

    swing: float
    phase: float

    def x(self, y: Floats) -> Floats:
        """Return how far east the axis lies at northing ``y``."""
        return np.asarray(
            self.swing * np.sin(y / 3400.0 + self.phase) + 0.25 * self.swing * np.sin(y / 1300.0 + 2 * self.phase)
        )

    def place(self, along: Floats, across: Floats) -> Floats:
        """Return x, y of points ``along`` the valley (northing of the foot) and ``across`` it (metres
        east)."""
        slope = (self.x(along + 5.0) - self.x(along - 5.0)) / 10.0
        scale = np.sqrt(1.0 + slope**2)
        return np.stack([self.x(along) + across / scale, along - across * slope / scale], axis=-1)


@dataclass(frozen=True, slots=True)
class Land:
    """The shape of the land: valley axis, rivers, and heights on a grid (rows go north)."""

    seed: int
    axis: Axis
    rivers: tuple[River, ...]
    xs: Floats
    ys: Floats
    height: Floats
    rise: Floats
    meander: Waves

    def river_across(self, along: Floats) -> Floats:
        """Return how far across the axis the main river runs at ``along``."""
        return _meander(self.meander, along)

    def sample(self, field: Floats, points: Floats) -> Floats:
        """Return ``field`` at points (n, 2), bilinear."""
        column = np.clip((points[..., 0] - self.xs[0]) / CELL, 0, len(self.xs) - 1.001)
        row = np.clip((points[..., 1] - self.ys[0]) / CELL, 0, len(self.ys) - 1.001)
        i, j = row.astype(int), column.astype(int)
        v, u = row - i, column - j
        low = field[i, j] * (1 - u) + field[i, j + 1] * u
        high = field[i + 1, j] * (1 - u) + field[i + 1, j + 1] * u
        return np.asarray(low * (1 - v) + high * v)


def _meander(surface: Waves, along: Floats) -> Floats:
    amplitude = 70.0 + 70.0 / (1.0 + np.exp((along - 1200.0) / 500.0))
    return np.asarray(amplitude * 1.7 * np.tanh(0.7 * surface.at(np.asarray(along), np.zeros_like(along))))


def _main_river(axis: Axis, meander: Waves) -> River:
    along = np.arange(NORTH - 300.0, SOUTH - 1.0, -45.0)
    path = axis.place(along, _meander(meander, along))
    down = (along[0] - along) / (along[0] - along[-1])
    floor = 125.0 + 1000.0 / (1.0 + np.exp((along - 900.0) / 420.0))
    return River("main", path, 5.0 + 33.0 * down**1.2, floor)


def _tributary(key: str, axis: Axis, mouth: Floats, spring: Floats, wander: Waves, floor: float) -> River:
    down = np.linspace(0.0, 1.0, 90)[:, None]
    straight = spring * (1 - down) + mouth * down
    heading = (mouth - spring) / np.hypot(*(mouth - spring))
    aside = np.array([-heading[1], heading[0]])
    distance = down[:, 0] * np.hypot(*(mouth - spring))
    sway = 260.0 * wander.at(distance, np.zeros_like(distance)) * np.sin(np.pi * down[:, 0]) ** 0.7
    path = straight + sway[:, None] * aside
    return River(key, path, 3.0 + 10.0 * down[:, 0], 85.0 + floor * down[:, 0] ** 2)


def rivers_of(seed: int) -> tuple[Axis, Waves, tuple[River, ...]]:
    """Return the valley axis, the meander and the rivers: main, west and east tributary."""
    rng = generator(seed, 1)
    axis = Axis(swing=420.0 + 160.0 * rng.random(), phase=float(rng.random() * 2 * np.pi))
    meander = waves(rng, 1900.0, 700.0, count=6, fall=0.8)
    meander = Waves(meander.across, meander.along * 0.0, meander.phase, meander.height)
    main = _main_river(axis, meander)
    mouths = [main.path[int(np.argmin(np.abs(main.path[:, 1] - y)))] for y in (CONFLUENCE_WEST, CONFLUENCE_EAST)]
    west = _tributary("west", axis, mouths[0], np.array([-4500.0, 5600.0]), waves(rng, 2600.0, 1100.0, 5), 170.0)
    east = _tributary("east", axis, mouths[1], np.array([4650.0, 3300.0]), waves(rng, 2600.0, 1100.0, 5), 190.0)
    return axis, meander, (main, west, east)


def _gap(river: River, x: Floats, y: Floats) -> Floats:
    """Return distance to the river less the half width of its valley floor, at each grid point."""
    best = np.full(x.shape, np.inf)
    for (px, py), floor in zip(river.path[::2], river.floor[::2], strict=True):
        best = np.minimum(best, np.hypot(x - px, y - py) - floor)
    return best


def terrain(seed: int) -> Land:
    """Return the land that a seed makes: heights in metres on a grid of 70 m."""
    axis, meander, rivers = rivers_of(seed)
    rng = generator(seed, 2)
    broad, fine, edge = (
        waves(rng, 5200.0, 1500.0),
        waves(rng, 1700.0, 480.0, 44),
        waves(rng, 1500.0, 380.0, 20),
    )
    xs = np.arange(WEST, EAST + CELL, CELL)
    ys = np.arange(SOUTH, NORTH + CELL, CELL)
    x, y = np.meshgrid(xs, ys)
    gap = np.minimum.reduce([_gap(river, x, y) for river in rivers]) + 85.0 * edge.at(x, y)
    away = np.maximum(gap, 0.0)
    crest = (1.0 - np.exp(-away / 700.0)) * (230.0 + 90.0 * broad.at(x, y) + 0.022 * (y - SOUTH))
    ridges = 95.0 * (1.0 - np.abs(fine.at(x, y))) * (1.0 - np.exp(-away / 420.0))
    rise = np.where(gap > 0.0, np.maximum(crest + ridges, 0.02 * gap), 0.02 * gap)
    valley = 22.0 + 0.0045 * (y - SOUTH) + 46.0 / (1.0 + np.exp(-(y - 3300.0) / 900.0))
    return Land(seed, axis, rivers, xs, ys, valley + np.maximum(rise, 0.0), rise, meander)
