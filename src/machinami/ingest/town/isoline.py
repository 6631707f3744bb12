"""Along which lines does a gridded field take a given value?"""

from __future__ import annotations

import numpy as np

from machinami.ingest.town.noise import Floats

Edge = tuple[int, int, int]
Ring = Floats

# Marching squares (Lorensen & Cline 1987, in the plane). Corners are numbered 1, 2, 4, 8 anticlockwise from
# the south-west; a case lists the pairs of sides (0 south, 1 east, 2 north, 3 west) that a line joins,
# with the higher ground on its left.
_CASES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((0, 3),), 2: ((1, 0),), 3: ((1, 3),), 4: ((2, 1),), 5: ((0, 3), (2, 1)), 6: ((2, 0),),
    7: ((2, 3),), 8: ((3, 2),), 9: ((0, 2),), 10: ((1, 0), (3, 2)), 11: ((1, 2),), 12: ((3, 1),),
    13: ((0, 1),), 14: ((3, 0),),
}  # fmt: skip


def _side(row: int, column: int, side: int) -> Edge:
    """Name a cell side so that both cells that share it give it the same name."""
    if side == 0:
        return (row, column, 0)
    if side == 2:
        return (row + 1, column, 0)
    return (row, column + 1, 1) if side == 1 else (row, column, 1)


def _links(above: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> dict[Edge, Edge]:
    corner = above.astype(np.int64)
    case = corner[:-1, :-1] + 2 * corner[:-1, 1:] + 4 * corner[1:, 1:] + 8 * corner[1:, :-1]
    rows, columns = np.nonzero((case > 0) & (case < 15))
    links: dict[Edge, Edge] = {}
    for row, column, kind in zip(rows.tolist(), columns.tolist(), case[rows, columns].tolist(), strict=True):
        for start, end in _CASES[kind]:
            links[_side(row, column, start)] = _side(row, column, end)
    return links


def _place(edge: Edge, field: Floats, level: float) -> tuple[float, float]:
    """Return the column and row, as fractions, where the field meets the level on a cell side."""
    row, column, upright = edge
    first = float(field[row, column])
    second = float(field[row + 1, column] if upright else field[row, column + 1])
    share = min(max((level - first) / (second - first), 0.0), 1.0)
    return (column, row + share) if upright else (column + share, row)


def rings(field: Floats, level: float, xs: Floats, ys: Floats) -> list[Ring]:
    """Return the closed rings around ground above ``level``: anticlockwise outside, clockwise for holes.

    ``field`` has shape (len(ys), len(xs)). The grid is given a low rim, so every ring closes.
    """
    low = min(float(field.min()), level) - 1.0
    padded = np.pad(field, 1, constant_values=low)
    left = _links(padded > level)
    found: list[Ring] = []
    while left:
        start, edge = left.popitem()
        points = [_place(start, padded, level)]
        while edge != start:
            points.append(_place(edge, padded, level))
            edge = left.pop(edge)
        grid = np.array([*points, points[0]]) - 1.0
        east = np.clip(xs[0] + grid[:, 0] * (xs[1] - xs[0]), xs[0], xs[-1])
        north = np.clip(ys[0] + grid[:, 1] * (ys[1] - ys[0]), ys[0], ys[-1])
        found.append(np.stack([east, north], axis=1))
    return found


def signed_area(ring: Ring) -> float:
    """Return the area of a closed ring in square metres, positive when it runs anticlockwise."""
    x, y = ring[:, 0], ring[:, 1]
    return float(0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def thinned(line: Floats, tolerance: float) -> Floats:
    """Return the line without points that stand less than ``tolerance`` metres off their neighbours'
    chord."""
    kept = line
    for turn in range(6):
        if len(kept) < 6:
            break
        before, here, after = kept[:-2], kept[1:-1], kept[2:]
        chord = after - before
        aside = np.abs(chord[:, 0] * (here - before)[:, 1] - chord[:, 1] * (here - before)[:, 0])
        drop = aside < tolerance * np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-9)
        drop &= np.arange(len(drop)) % 2 == turn % 2
        kept = kept[np.concatenate([[True], ~drop, [True]])]
    return kept


def inside(ring: Ring, points: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Say of each point (n, 2) whether it lies inside the ring (crossing number)."""
    x, y = points[:, 0:1], points[:, 1:2]
    x0, y0, x1, y1 = ring[:-1, 0], ring[:-1, 1], ring[1:, 0], ring[1:, 1]
    spans = (y0 > y) != (y1 > y)
    rise = np.where(y1 == y0, 1.0, y1 - y0)
    crossing = spans & (x < (x1 - x0) * (y - y0) / rise + x0)
    return np.asarray(crossing.sum(axis=1) % 2 == 1)


def polygons(
    field: Floats, level: float, xs: Floats, ys: Floats, smallest: float, tolerance: float
) -> list[list[Ring]]:
    """Return the areas above ``level`` as polygons (outer ring, then holes), leaving out specks.

    ``smallest`` is in square metres, ``tolerance`` in metres.
    """
    every = [thinned(ring, tolerance) for ring in rings(field, level, xs, ys)]
    sized = [(signed_area(ring), ring) for ring in every if len(ring) >= 4]
    outers = sorted(((area, ring) for area, ring in sized if area >= smallest), key=lambda pair: pair[0])
    shapes = [[ring] for _, ring in outers]
    extents = [(shape[0].min(axis=0), shape[0].max(axis=0)) for shape in shapes]
    for area, hole in sized:
        if area > -smallest:
            continue
        low, high = hole.min(axis=0), hole.max(axis=0)
        for shape, (least, most) in zip(shapes, extents, strict=True):
            if (least <= low).all() and (most >= high).all() and inside(shape[0], hole[:1])[0]:
                shape.append(hole)
                break
    return shapes
