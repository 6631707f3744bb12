"""What do woods, hillsides and contour lines look like on the map?"""

from __future__ import annotations

import numpy as np

from machinami.ingest.town.isoline import polygons, rings, thinned
from machinami.ingest.town.names import PEAKS
from machinami.ingest.town.noise import Floats
from machinami.ingest.town.projection import Feature, area_feature, line_feature, point_feature
from machinami.ingest.town.terrain import CELL, Land

CONTOUR_M = 50
_SHADES = ((-0.46, "deep"), (-0.3, "middle"), (-0.13, "soft"), (0.2, "lit"))


def boundary(land: Land) -> Floats:
    """Return the closed ring of the town's boundary, which wanders along the rim of the land."""
    turn = np.linspace(0.0, 2.0 * np.pi, 181)
    wander = 1.0 + 0.035 * np.sin(3 * turn + 0.7) + 0.03 * np.sin(5 * turn + 2.0) + 0.018 * np.sin(11 * turn)
    square = (np.abs(np.cos(turn)) ** 3.2 + np.abs(np.sin(turn)) ** 3.2) ** (-1.0 / 3.2)
    centre = np.array([(land.xs[0] + land.xs[-1]) / 2, (land.ys[0] + land.ys[-1]) / 2])
    half = np.array([land.xs[-1] - land.xs[0], land.ys[-1] - land.ys[0]]) / 2 * 0.9
    ring = centre + half * (square * wander)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return np.asarray(ring)


def within(rim: Floats, points: Floats, stretch: float = 1.0) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Say of points (..., 2) whether they lie inside the boundary, stretched about its middle.

    The boundary is star-shaped, so the distance of the rim in the point's direction decides.
    """
    middle = 0.5 * (rim.min(axis=0) + rim.max(axis=0))
    arm, away = rim[:-1] - middle, points - middle
    heading, reach = np.arctan2(arm[:, 1], arm[:, 0]), np.hypot(arm[:, 0], arm[:, 1])
    limit = np.interp(np.arctan2(away[..., 1], away[..., 0]), heading, reach, period=2.0 * np.pi)
    return np.asarray(np.hypot(away[..., 0], away[..., 1]) < stretch * limit)


def outside(land: Land) -> list[Feature]:
    """Return all that lies beyond the boundary, to be painted over what is drawn there."""
    west, east, south, north = (
        land.xs[0] - 300.0,
        land.xs[-1] + 300.0,
        land.ys[0] - 300.0,
        land.ys[-1] + 300.0,
    )
    frame = np.array([[west, south], [east, south], [east, north], [west, north], [west, south]])
    return [area_feature([[frame, boundary(land)]], kind="outside")]


def woods(land: Land) -> list[Feature]:
    """Return the wooded hills."""
    shapes = polygons(land.rise, 2.0, land.xs, land.ys, 20_000.0, 5.0)
    return [area_feature([shape], kind="wood") for shape in shapes]


def shading(land: Land) -> list[Feature]:
    """Return hillsides turned from the light and towards it, the light coming from the north-west."""
    north, east = np.gradient(land.height, CELL)
    slope = 1.0 / np.sqrt(1.0 + 9.0 * (east**2 + north**2))
    light = (3.0 * (east - north) * np.sqrt(0.5)) * slope
    x, y = np.meshgrid(land.xs, land.ys)
    rim = boundary(land)
    light = np.where(within(rim, np.stack([x, y], axis=-1), 1.05), light, 0.0)
    features: list[Feature] = []
    for level, name in _SHADES:
        dark = level < 0
        field = -light if dark else light
        shapes = polygons(field, abs(level), land.xs, land.ys, 45_000.0, 11.0)
        features.extend(area_feature([shape], 4, shade=name) for shape in shapes)
    return features


def contours(land: Land) -> list[Feature]:
    """Return contour lines every 50 m, with their height in metres."""
    features: list[Feature] = []
    rim = boundary(land)
    for height in range(CONTOUR_M, int(land.height.max()), CONTOUR_M):
        for ring in rings(land.height, float(height), land.xs, land.ys):
            if len(ring) < 14:
                continue
            for part in _parts_within(thinned(ring, 6.0), rim):
                features.append(line_feature(part, height=height, index=height % 100 == 0))
    return features


def _parts_within(ring: Floats, rim: Floats) -> list[Floats]:
    """Cut away the stretches of a ring that lie beyond the boundary."""
    beyond = ~within(rim, ring)
    if not beyond.any():
        return [ring]
    turn = -int(np.argmax(beyond))
    turned, flags = np.roll(ring[:-1], turn, axis=0), np.roll(beyond[:-1], turn)
    cuts = np.flatnonzero(np.diff(flags.astype(int))) + 1
    pieces = zip(np.split(turned, cuts), np.split(flags, cuts), strict=True)
    return [piece for piece, away in pieces if not away[0] and len(piece) > 2]


def peaks(land: Land) -> list[Feature]:
    """Return the highest summits within the boundary, far enough apart to be labelled."""
    x, y = np.meshgrid(land.xs, land.ys)
    places = np.stack([x.ravel(), y.ravel()], axis=1)
    rim = boundary(land)
    allowed = within(rim, places, 0.92)
    order = np.argsort(-np.where(allowed, land.height.ravel(), -1.0))
    chosen: list[int] = []
    for index in order.tolist():
        if all(np.hypot(*(places[index] - places[other])) > 2300.0 for other in chosen):
            chosen.append(index)
        if len(chosen) == len(PEAKS):
            break
    return [
        point_feature(places[index].tolist(), kind="peak", name=name, height=round(float(land.height.ravel()[index])))
        for index, name in zip(chosen, PEAKS, strict=False)
    ]
