"""What stands and grows between the streets: houses, public buildings, fields?"""

from __future__ import annotations

import numpy as np

from machinami.ingest.town.landmarks import Flags, ground, taken
from machinami.ingest.town.names import LANDMARKS, Landmark
from machinami.ingest.town.noise import Floats, generator, waves
from machinami.ingest.town.projection import Feature, area_feature, tiles_feature
from machinami.ingest.town.streets import Lattice, railway, side_road, trunk
from machinami.ingest.town.terrain import CONFLUENCE_EAST, CONFLUENCE_WEST, Land

_FIELD_KINDS = ("paddy", "vegetable", "orchard", "tea")
_HOUSE_SHARE = 0.74


def box(centre: Floats, along: Floats, wide: float, deep: float) -> Floats:
    """Return the closed ring of a rectangle, ``deep`` metres in direction ``along`` (unit vector)."""
    aside = np.array([along[1], -along[0]])
    a, b = 0.5 * wide * aside, 0.5 * deep * along
    return np.asarray(np.stack([centre - a - b, centre + a - b, centre + a + b, centre - a + b, centre - a - b]))


def _cells(grid: Lattice) -> tuple[Floats, Floats, Flags]:
    """Return the corners (cells, 4, 2), the density and the dryness of the lattice's cells."""
    p, dry = grid.places, grid.dry
    corners = np.stack([p[:-1, :-1], p[:-1, 1:], p[1:, 1:], p[1:, :-1]], axis=2).reshape(-1, 4, 2)
    d = grid.density
    density = (0.25 * (d[:-1, :-1] + d[:-1, 1:] + d[1:, 1:] + d[1:, :-1])).ravel()
    whole = (dry[:-1, :-1] & dry[:-1, 1:] & dry[1:, 1:] & dry[1:, :-1]).ravel()
    return corners, density, whole


def _clear(centres: Floats, line: Floats, gap: float) -> Flags:
    best = np.full(len(centres), np.inf)
    for point in line:
        best = np.minimum(best, np.hypot(centres[:, 0] - point[0], centres[:, 1] - point[1]))
    return np.asarray(best > gap)


def _inside(corners: Floats, u: Floats, v: Floats) -> Floats:
    """Return points of a cell at fractions u (across) and v (along) of its sides."""
    u, v = u[..., None], v[..., None]
    south = corners[0] * (1 - u) + corners[1] * u
    north = corners[3] * (1 - u) + corners[2] * u
    return np.asarray(south * (1 - v) + north * v)


def _houses(rng: np.random.Generator, corners: Floats, crowd: float) -> Floats:
    """Return the houses of one block, closed rings (n, 5, 2): two rows of plots back to back, some empty."""
    plots = 4
    v = np.repeat((np.arange(plots) + 0.5) / plots, 2) + rng.uniform(-0.015, 0.015, 2 * plots)
    u = np.tile([0.29, 0.71], plots) + rng.uniform(-0.025, 0.025, 2 * plots)
    centres = _inside(corners, u, v)
    ahead = corners[3] - corners[0]
    ahead = ahead / np.hypot(*ahead)
    aside = np.array([ahead[1], -ahead[0]])
    size = rng.uniform(8.0, 12.5, (2 * plots, 2)) + (2.5 if crowd > 1.2 else 0.0)
    stands = rng.random(2 * plots) < min(0.75 * crowd, _HOUSE_SHARE)
    half_wide, half_deep = 0.5 * (size[:, :1] + 3.0) * aside, 0.5 * size[:, 1:] * ahead
    corner = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    houses = np.stack([centres + a * half_wide + b * half_deep for a, b in corner], axis=1)
    return np.asarray(houses[stands])


def _wayside(rng: np.random.Generator, road: Floats, share: float) -> list[Floats]:
    """Return farmhouses along a valley road, in clusters."""
    houses = []
    ahead = np.gradient(road, axis=0)
    ahead = ahead / np.hypot(ahead[:, 0], ahead[:, 1])[:, None]
    cluster = 0.0
    for point, heading in zip(road, ahead, strict=True):
        cluster = rng.uniform(0.0, 1.0) if rng.random() < 0.12 else cluster
        for side in (-1.0, 1.0):
            if rng.random() < share * cluster:
                aside = np.array([-heading[1], heading[0]]) * side * rng.uniform(19.0, 34.0)
                houses.append(box(point + aside, heading, float(rng.uniform(9, 15)), float(rng.uniform(9, 16))))
    return houses


def buildings(land: Land, grid: Lattice) -> list[Feature]:
    """Return building footprints: one feature a block of houses, one a public building."""
    rng = generator(land.seed, 6)
    corners, density, whole = _cells(grid)
    centres = corners.mean(axis=1)
    free = whole & (density > 0.34) & ~taken(land, centres, 12.0) & _clear(centres, railway(land), 40.0)
    features = []
    for index in np.flatnonzero(free):
        houses = _houses(rng, corners[index], float(density[index]))
        if len(houses):
            features.append(tiles_feature(houses, 6, kind="house"))
    upper = trunk(land)
    upper = upper[upper[:, 1] > 2350.0]
    for road in (side_road(land, 1, CONFLUENCE_WEST), side_road(land, 2, CONFLUENCE_EAST), upper):
        farms = _wayside(rng, road, 0.55)
        features.append(area_feature([[house] for house in farms], 6, kind="house"))
    for mark in LANDMARKS:
        if mark.kind != "park":
            features.append(_public(land, mark))
    return features


def _public(land: Land, mark: Landmark) -> Feature:
    """Return a public building: a long wing at the back of its ground and a short one at its side."""
    centre, ahead = ground(land, mark)
    aside = np.array([ahead[1], -ahead[0]])
    wing = box(centre - aside * 0.28 * mark.wide, ahead, 0.24 * mark.wide, 0.78 * mark.deep)
    side = box(centre + ahead * 0.33 * mark.deep + aside * 0.05 * mark.wide, ahead, 0.42 * mark.wide, 0.2 * mark.deep)
    shapes = [[wing]] if mark.kind == "station" else [[wing], [side]]
    return area_feature(shapes, 6, kind=mark.kind, name={"ja": mark.ja, "en": mark.en})


def grounds(land: Land) -> list[Feature]:
    """Return the grounds of public buildings, and parks."""
    return [
        area_feature(
            [[box(*ground(land, mark), mark.wide, mark.deep)]],
            6,
            kind=mark.kind,
            name={"ja": mark.ja, "en": mark.en},
        )
        for mark in LANDMARKS
    ]


def fields(land: Land, grid: Lattice) -> list[Feature]:
    """Return the fields: paddies on the low ground, tea and orchards towards the hills."""
    rng = generator(land.seed, 7)
    corners, density, whole = _cells(grid)
    centres = corners.mean(axis=1)
    taste = waves(rng, 1400.0, 400.0, 12).at(centres[:, 0], centres[:, 1])
    rise = land.sample(land.rise, centres)
    kind = np.select([rise > -1.2, taste > 0.95, taste < -1.1], [3, 1, 2], 0)
    free = whole & (density < 0.36) & ~taken(land, centres, 12.0) & _clear(centres, railway(land), 42.0)
    free &= rng.random(len(free)) < 0.94
    features = []
    for index in np.flatnonzero(free):
        count = int(rng.integers(2, 4))
        edges = np.linspace(0.035, 0.965, count + 1)
        low, high = edges[:-1, None], edges[1:, None] - 0.03
        v = np.concatenate([low, low, high, high, low], axis=1)
        u = np.broadcast_to(np.array([0.05, 0.95, 0.95, 0.05, 0.05]), v.shape)
        features.append(tiles_feature(_inside(corners[index], u, v), kind=_FIELD_KINDS[int(kind[index])]))
    return features
