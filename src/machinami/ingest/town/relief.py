"""What do woods, hillsides and contour lines look like on the map?"""

from __future__ import annotations

import numpy as np

from machinami.ingest.town.isoline import inside, polygons, rings, thinned
from machinami.ingest.town.names import PEAKS
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.projection import Feature, area_feature, line_feature, point_feature
from machinami.ingest.town.terrain import CELL, Land

CONTOUR_M = 50
_SHADES = ((-0.34, "deep"), (-0.14, "soft"), (0.17, "lit"))


def boundary(land: Land) -> Floats:
    """Return the closed ring of the town's boundary, which wanders along the rim of the land."""
    turn = np.linspace(0.0, 2.0 * np.pi, 181)
    wander = 1.0 + 0.035 * np.sin(3 * turn + 0.7) + 0.03 * np.sin(5 * turn + 2.0) + 0.018 * np.sin(11 * turn)
    square = (np.abs(np.cos(turn)) ** 3.2 + np.abs(np.sin(turn)) ** 3.2) ** (-1.0 / 3.2)
    centre = np.array([(land.xs[0] + land.xs[-1]) / 2, (land.ys[0] + land.ys[-1]) / 2])
    half = np.array([land.xs[-1] - land.xs[0], land.ys[-1] - land.ys[0]]) / 2 * 0.93
    ring = centre + half * (square * wander)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return np.asarray(np.clip(ring, [land.xs[0], land.ys[0]], [land.xs[-1], land.ys[-1]]))


def woods(land: Land) -> list[Feature]:
    """Return the wooded hills."""
    shapes = polygons(land.rise, 2.0, land.xs, land.ys, 20_000.0, 5.0)
    return [area_feature([shape], kind="wood") for shape in shapes]


def shading(land: Land) -> list[Feature]:
    """Return hillsides turned from the light and towards it, the light coming from the north-west."""
    north, east = np.gradient(land.height, CELL)
    slope = 1.0 / np.sqrt(1.0 + 9.0 * (east**2 + north**2))
    light = (3.0 * (east - north) * np.sqrt(0.5)) * slope
    features = []
    for level, name in _SHADES:
        dark = level < 0
        field = -light if dark else light
        shapes = polygons(field, abs(level), land.xs, land.ys, 35_000.0, 9.0)
        features.extend(area_feature([shape], 4, shade=name) for shape in shapes)
    return features


def contours(land: Land) -> list[Feature]:
    """Return contour lines every 50 m, with their height in metres."""
    features = []
    for height in range(CONTOUR_M, int(land.height.max()), CONTOUR_M):
        for ring in rings(land.height, float(height), land.xs, land.ys):
            if len(ring) < 14:
                continue
            for part in _open_parts(thinned(ring, 4.0), land):
                features.append(line_feature(part, height=height, index=height % 100 == 0))
    return features


def _open_parts(ring: Floats, land: Land) -> list[Floats]:
    """Cut away the stretches of a ring that run along the rim of the map, where no ground is known."""
    rim = (
        (ring[:, 0] <= land.xs[0] + 1) | (ring[:, 0] >= land.xs[-1] - 1)
        | (ring[:, 1] <= land.ys[0] + 1) | (ring[:, 1] >= land.ys[-1] - 1)
    )  # fmt: skip
    if not rim.any():
        return [ring]
    turned = np.roll(ring[:-1], -int(np.argmax(rim)), axis=0)
    at_rim = np.roll(rim[:-1], -int(np.argmax(rim)))
    cuts = np.flatnonzero(np.diff(at_rim.astype(int))) + 1
    pieces = np.split(turned, cuts)
    return [
        piece
        for piece, edge in zip(pieces, np.split(at_rim, cuts), strict=True)
        if not edge[0] and len(piece) > 2
    ]


def peaks(land: Land) -> list[Feature]:
    """Return the highest summits within the boundary, far enough apart to be labelled."""
    x, y = np.meshgrid(land.xs, land.ys)
    places = np.stack([x.ravel(), y.ravel()], axis=1)
    within = inside(boundary(land), places)
    order = np.argsort(-np.where(within, land.height.ravel(), -1.0))
    chosen: list[int] = []
    for index in order.tolist():
        if all(np.hypot(*(places[index] - places[other])) > 2300.0 for other in chosen):
            chosen.append(index)
        if len(chosen) == len(PEAKS):
            break
    return [
        point_feature(
            places[index].tolist(), kind="peak", name=name, height=round(float(land.height.ravel()[index]))
        )
        for index, name in zip(chosen, PEAKS, strict=False)
    ]
