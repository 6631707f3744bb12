"""Where is water on the map: rivers, their beds, ponds?"""

from __future__ import annotations

import numpy as np

from machinami.ingest.town.gauges import RIVER_NAMES
from machinami.ingest.town.noise import Floats, generator
from machinami.ingest.town.projection import Feature, area_feature, line_feature
from machinami.ingest.town.terrain import Land

_POND_COUNT = 6


def smooth(line: Floats, parts: int = 2) -> Floats:
    """Return the line with its corners cut (Chaikin 1974), ``parts`` times; its ends stay."""
    for _ in range(parts):
        near, far = 0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]
        line = np.concatenate([line[:1], np.stack([near, far], axis=1).reshape(-1, 2), line[-1:]])
    return line


def beside(line: Floats, offset: Floats | float) -> Floats:
    """Return the line moved ``offset`` metres to its left."""
    ahead = np.gradient(line, axis=0)
    ahead = ahead / np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-9)[:, None]
    return np.asarray(line + np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) * np.reshape(offset, (-1, 1)))


def band(line: Floats, width: Floats) -> Floats:
    """Return the closed ring of a band of ``width`` metres around a line."""
    left, right = beside(line, 0.5 * width), beside(line, -0.5 * width)
    return np.concatenate([left, right[::-1], left[:1]])


def bed_width(land: Land) -> Floats:
    """Return the width in metres of the main river's gravel bed at each point of its path."""
    along = land.rivers[0].path[:, 1]
    return np.asarray(land.rivers[0].width + 8.0 + 58.0 / (1.0 + np.exp((along - 1700.0) / 300.0)))


def rivers(land: Land) -> list[Feature]:
    """Return the centrelines of the rivers, from spring to mouth, with their names."""
    return [
        line_feature(smooth(river.path, 1), kind="river", key=river.key, name=RIVER_NAMES[river.key])
        for river in land.rivers
    ]


def water(land: Land) -> list[Feature]:
    """Return the surfaces of rivers and ponds."""
    features = []
    for river in land.rivers:
        fine = smooth(river.path, 1)
        width = np.interp(np.linspace(0, 1, len(fine)), np.linspace(0, 1, len(river.path)), river.width)
        features.append(area_feature([[band(fine, width)]], 6, kind="river", key=river.key))
    return features + ponds(land)


def beds(land: Land) -> list[Feature]:
    """Return the gravel bed along the main river."""
    return [area_feature([[band(land.rivers[0].path, bed_width(land))]], 6, kind="gravel")]


def ponds(land: Land) -> list[Feature]:
    """Return irrigation ponds at the foot of the hills, well away from the rivers."""
    rng = generator(land.seed, 9)
    x, y = np.meshgrid(land.xs, land.ys)
    foot = (land.rise > -2.5) & (land.rise < 6.0) & (y < 1800.0) & (y > -3600.0)
    places = np.stack([x[foot], y[foot]], axis=1)
    main = land.rivers[0].path
    far = [place for place in places if np.hypot(*(main - place).T).min() > 520.0]
    features = []
    for place in rng.permutation(np.array(far))[:_POND_COUNT]:
        turn = np.linspace(0, 2 * np.pi, 25)
        reach = rng.uniform(32.0, 70.0) * (1.0 + 0.18 * np.sin(2 * turn + rng.uniform(0, 6)) + 0.1 * np.cos(3 * turn))
        ring = place + np.stack([np.cos(turn) * reach * 1.3, np.sin(turn) * reach], axis=1)
        features.append(area_feature([[ring]], 6, kind="pond"))
    return features
