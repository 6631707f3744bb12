"""How is a flat polygon in space, or an upright prism, cut into triangles without new corners?

Constrained Delaunay triangulation in the plane along which the polygon is widest (GEOS).
"""

from collections.abc import Sequence

import numpy as np
import shapely

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats


def triangles_of(rings: Sequence[Floats]) -> Floats:
    """The triangles (n, 3, 3) of a flat polygon: its outer ring and its holes, corners (k, 3) in metres.

    A ring may be closed or open. Raises InputError where it has no area or crosses itself.
    """
    corners = [_open(np.asarray(ring, dtype=np.float64)) for ring in rings]
    if not corners or len(corners[0]) < 3:
        raise InputError("a polygon needs three corners")
    normal = _normal(corners[0])
    if np.abs(normal).max() < 1e-9:
        raise InputError("a polygon has no area")
    flat = [axis for axis in range(3) if axis != int(np.abs(normal).argmax())]
    if len(corners) == 1 and len(corners[0]) == 3:
        return corners[0][None]
    return _cut(corners, flat)


def _cut(corners: Sequence[Floats], flat: Sequence[int]) -> Floats:
    there = {tuple(corner[flat].tolist()): corner for ring in corners for corner in ring}
    area = shapely.Polygon(corners[0][:, flat], [ring[:, flat] for ring in corners[1:]])
    if not area.is_valid:
        raise InputError(f"a polygon is none: {shapely.is_valid_reason(area)}")
    parts = shapely.get_parts(shapely.constrained_delaunay_triangles(area))
    found = [[there[corner] for corner in list(part.exterior.coords)[:3]] for part in parts]
    return np.array(found).reshape(-1, 3, 3)


def prism(footprint: Sequence[Floats], base: float, top: float) -> Floats:
    """The triangles of an upright prism: walls of every ring (k, 2), and the roof; its floor is on the ground.

    Raises InputError where the footprint is no polygon.
    """
    rings = [_open(np.asarray(ring, dtype=np.float64)[:, :2]) for ring in footprint]
    roof = triangles_of([np.column_stack([ring, np.full(len(ring), top)]) for ring in rings])
    walls = []
    for ring in rings:
        after = np.roll(ring, -1, axis=0)
        low, high = np.full((len(ring), 1), base), np.full((len(ring), 1), top)
        a, b = np.hstack([ring, low]), np.hstack([after, low])
        c, d = np.hstack([after, high]), np.hstack([ring, high])
        walls += [np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]
    return np.concatenate([roof, *walls])


def _open(ring: Floats) -> Floats:
    return ring[:-1] if len(ring) > 1 and np.array_equal(ring[0], ring[-1]) else ring


def _normal(ring: Floats) -> Floats:
    """Newell's normal: twice the area of the polygon seen along each axis."""
    after = np.roll(ring, -1, axis=0)
    gap, both = ring - after, ring + after
    return np.asarray((gap[:, [1, 2, 0]] * both[:, [2, 0, 1]]).sum(axis=0))
