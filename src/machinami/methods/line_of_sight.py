"""Which straight lines between two places are clear of all surfaces of a city model?

Every line is followed through a flat grid of cells (Amanatides & Woo 1987) and tested against the triangles of the
cells that it passes (Möller & Trumbore 1997, doi:10.1080/10867651.1997.10487468), many lines at once.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
_TOUCH = 1e-9  # of the length of a line, or of a side of a triangle: what lies on an end or an edge
_MARGIN = 1e-6  # metres by which a triangle is registered wider than it is, against rounding
_PAIRS = 1_000_000


class Scene(NamedTuple):
    """Triangles (n, 3, 3) in metres east, north and up; `owners` tells which solid each belongs to.

    The cells of the grid hold, as `firsts[cell]` to `firsts[cell + 1]`, the numbers of triangles in `members`; `tops`
    is the highest point in each cell.
    """

    triangles: Floats
    owners: Ints
    low: Floats
    size: float
    shape: tuple[int, int]
    firsts: Ints
    members: Ints
    tops: Floats


def scene_of(triangles: Floats, owners: Ints, size: float = 12.0) -> Scene:
    """Sort triangles into cells of `size` metres. Raises InputError where the numbers do not fit."""
    if triangles.shape != (len(owners), 3, 3) or not np.isfinite(triangles).all():
        raise InputError("a scene is made of triangles of three finite corners, each with its owner")
    flat = triangles[:, :, :2]
    low = flat.min(axis=(0, 1), initial=np.inf) if len(flat) else np.zeros(2)
    high = flat.max(axis=(0, 1), initial=-np.inf) if len(flat) else np.zeros(2)
    low = low - 1.0
    counts = np.ceil((high + 1.0 - low) / size).astype(np.int64)
    shape = (max(1, int(counts[0])), max(1, int(counts[1])))
    first = np.floor((flat.min(axis=1) - _MARGIN - low) / size).astype(np.int64)
    last = np.floor((flat.max(axis=1) + _MARGIN - low) / size).astype(np.int64)
    wide = last - first + 1
    which, step = _spread(wide[:, 0] * wide[:, 1])
    cells = (first[which, 0] + step % wide[which, 0]) * shape[1] + first[which, 1] + step // wide[which, 0]
    order = np.argsort(cells, kind="stable")
    firsts = np.searchsorted(cells[order], np.arange(shape[0] * shape[1] + 1))
    tops = np.full(shape[0] * shape[1], -np.inf)
    np.maximum.at(tops, cells, triangles[which, :, 2].max(axis=1))
    return Scene(triangles, owners, low, size, shape, firsts, which[order], tops)


def clear(scene: Scene, starts: Floats, ends: Floats) -> Bools:
    """For each pair of places (n, 3), whether nothing stands between them; what an end touches does not count."""
    found = np.ones(len(starts), dtype=bool)
    if not len(scene.triangles):
        return found
    part = 20_000
    for begin in range(0, len(starts), part):
        span = slice(begin, begin + part)
        found[span] = ~_blocked(scene, starts[span], ends[span])
    return found


def _blocked(scene: Scene, starts: Floats, ends: Floats) -> Bools:
    lines, cells = _passed(scene, starts, ends)
    blocked = np.zeros(len(starts), dtype=bool)
    counts = scene.firsts[cells + 1] - scene.firsts[cells]
    for span in _parts(counts):
        which, step = _spread(counts[span])
        line = lines[span][which]
        triangle = scene.members[scene.firsts[cells[span]][which] + step]
        hit = _hits(starts[line], ends[line], scene.triangles[triangle])
        blocked[line[hit]] = True
    return blocked


def _passed(scene: Scene, starts: Floats, ends: Floats) -> tuple[Ints, Ints]:
    """The lines and the cells that they pass low enough to meet something there."""
    a, b = (starts[:, :2] - scene.low) / scene.size, (ends[:, :2] - scene.low) / scene.size
    lines, at = [np.arange(len(a)), np.arange(len(a))], [np.zeros(len(a)), np.ones(len(a))]
    for axis in (0, 1):
        lower, upper = np.minimum(a[:, axis], b[:, axis]), np.maximum(a[:, axis], b[:, axis])
        first = np.ceil(lower).astype(np.int64)
        which, step = _spread(np.maximum(np.floor(upper).astype(np.int64) - first + 1, 0))
        along = b[which, axis] - a[which, axis]
        # A line that lies on a border of cells crosses none of them; either side holds what touches it.
        share = np.divide(first[which] + step - a[which, axis], along, out=np.zeros(len(which)), where=along != 0)
        lines.append(which)
        at.append(np.clip(share, 0.0, 1.0))
    line, share = np.concatenate(lines), np.concatenate(at)
    order = np.lexsort((share, line))
    line, share = line[order], share[order]
    same = line[1:] == line[:-1]
    line, near, far = line[:-1][same], share[:-1][same], share[1:][same]
    middle = 0.5 * (near + far)
    place = np.floor(a[line] + middle[:, None] * (b[line] - a[line])).astype(np.int64)
    within = ((place >= 0) & (place < np.array(scene.shape))).all(axis=1)
    cell = place[:, 0] * scene.shape[1] + place[:, 1]
    rise = ends[line, 2] - starts[line, 2]
    lowest = starts[line, 2] + np.minimum(near * rise, far * rise)
    within[within] &= lowest[within] <= scene.tops[cell[within]] + _MARGIN
    return line[within], cell[within]


def _hits(starts: Floats, ends: Floats, triangles: Floats) -> Bools:
    """Whether a line crosses a triangle, pair by pair."""
    corner = triangles[:, 0]
    one, other = triangles[:, 1] - corner, triangles[:, 2] - corner
    along, off = ends - starts, starts - corner
    across = _cross(along, other)
    volume = _dot(one, across)
    flat = np.abs(volume) < 1e-14  # the line lies in the plane: the neighbours of the triangle tell
    inverse = 1.0 / np.where(flat, 1.0, volume)
    u = inverse * _dot(off, across)
    turned = _cross(off, one)
    v = inverse * _dot(along, turned)
    share = inverse * _dot(other, turned)
    inside = (u >= -_TOUCH) & (v >= -_TOUCH) & (u + v <= 1.0 + _TOUCH)
    return np.asarray(~flat & inside & (share > _TOUCH) & (share < 1.0 - _TOUCH))


def enclosed(scene: Scene, places: Floats) -> Bools:
    """For each place (n, 3), whether it lies inside a solid: under its surfaces an odd number of times."""
    found = np.zeros(len(places), dtype=bool)
    if not len(scene.triangles):
        return found
    at = np.floor((places[:, :2] - scene.low) / scene.size).astype(np.int64)
    there = np.flatnonzero(((at >= 0) & (at < np.array(scene.shape))).all(axis=1))
    cells = at[there, 0] * scene.shape[1] + at[there, 1]
    which, step = _spread(scene.firsts[cells + 1] - scene.firsts[cells])
    place, triangle = there[which], scene.members[scene.firsts[cells][which] + step]
    over = _is_under(places[place], scene.triangles[triangle])
    pairs, counts = np.unique(np.stack([place[over], scene.owners[triangle[over]]]), axis=1, return_counts=True)
    found[pairs[0, counts % 2 == 1]] = True
    return found


def _is_under(places: Floats, triangles: Floats) -> Bools:
    """Whether a place lies below a triangle; of two triangles with a common edge it is below one."""
    inside = np.zeros(len(places), dtype=bool)
    x, y = places[:, 0], places[:, 1]
    for i, j in ((0, 1), (1, 2), (2, 0)):
        p, q = triangles[:, i], triangles[:, j]
        turned = p[:, 1] > q[:, 1]
        p, q = np.where(turned[:, None], q, p), np.where(turned[:, None], p, q)
        straddles = (p[:, 1] <= y) & (y < q[:, 1])
        rise = np.where(straddles, q[:, 1] - p[:, 1], 1.0)
        inside ^= straddles & (x < p[:, 0] + (y - p[:, 1]) * (q[:, 0] - p[:, 0]) / rise)
    normal = _cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    upright = np.abs(normal[:, 2]) < 1e-12
    off = places - triangles[:, 0]
    slope = np.where(upright, 1.0, normal[:, 2])
    above = -(normal[:, 0] * off[:, 0] + normal[:, 1] * off[:, 1]) / slope
    return np.asarray(inside & ~upright & (above > off[:, 2]))


def _spread(counts: Ints) -> tuple[Ints, Ints]:
    """For each of so many: its number, and its place among those of that number."""
    which = np.repeat(np.arange(len(counts)), counts)
    firsts = np.cumsum(counts) - counts
    return which, np.arange(len(which)) - firsts[which]


def _parts(counts: Ints) -> list[slice]:
    """Spans that hold about as many pairs as fit into memory at once."""
    if not len(counts):
        return []
    ends = np.cumsum(counts)
    cuts = np.searchsorted(ends, np.arange(_PAIRS, int(ends[-1]), _PAIRS))
    edges = np.unique(np.concatenate([[0], cuts, [len(counts)]])).tolist()
    return [slice(a, b) for a, b in pairwise(edges)]


def _cross(a: Floats, b: Floats) -> Floats:
    return np.stack(
        [
            a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1],
            a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2],
            a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0],
        ],
        axis=1,
    )


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray((a * b).sum(axis=1))
