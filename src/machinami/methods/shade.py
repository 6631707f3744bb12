"""Which points of the ground lie in the shade of buildings, when?

A building is an upright prism: a footprint and a height above level ground. A point is in shade where the way from it
towards the sun meets a footprint within height / tan(altitude of the sun); at night everything is. Slopes, trees and
clouds are not looked at, so shade is said where there is some and never where there is none by these buildings.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from machinami.methods.series import Floats

Bools = NDArray[np.bool_]
LOWEST = np.radians(3.0)  # below it shadows are endless: all is taken to be in shade
_BLOCK = 200_000  # pairs of points and sides that are looked at together


class Prism(NamedTuple):
    """A building: its outline as rings (points, 2), metres east and north, each closed or not (holes are rings too),
    and its height in metres."""

    rings: tuple[Floats, ...]
    height: float


class Light(NamedTuple):
    """Where the sun is at one moment: altitude above the horizon, and angle from north by east, in radians."""

    altitude: float
    azimuth: float


def shaded(points: Floats, prisms: Sequence[Prism], lights: Sequence[Light]) -> Bools:
    """Return for each moment and point whether it is in shade, (moments, points). Points are (n, 2), m east and north;
    a point under a roof is in shade."""
    found = np.zeros((len(lights), len(points)), dtype=bool)
    order = np.argsort(points[:, 0], kind="stable")
    ordered = points[order]
    for row, light in enumerate(lights):
        if light.altitude <= LOWEST:
            found[row] = True
            continue
        toward = np.array([np.sin(light.azimuth), np.cos(light.azimuth)])
        dark = np.zeros(len(points), dtype=bool)
        for prism in prisms:
            reach = max(prism.height, 0.0) / float(np.tan(light.altitude)) * toward
            near = _in_reach(ordered, prism, reach)
            near = near[~dark[near]]
            if len(near):
                dark[near] = _meets(ordered[near], prism, reach)
        found[row, order] = dark
    return found


def share_in_shade(dark: Bools, starts: Sequence[int]) -> Floats:
    """Return for each moment the share of each way's points that are in shade, (moments, ways); `starts` are where the
    points of each way begin."""
    ends = [*starts[1:], dark.shape[1]]
    parts = [
        dark[:, a:b].mean(axis=1) if b > a else np.full(len(dark), np.nan) for a, b in zip(starts, ends, strict=True)
    ]
    return np.stack(parts, axis=1) if parts else np.zeros((len(dark), 0))


def along(line: Floats, step: float) -> Floats:
    """Return points on a line (n, 2), every `step` metres, its ends included."""
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    count = max(int(np.ceil(lengths[-1] / step)), 1) + 1
    places = np.linspace(0.0, lengths[-1], count)
    return np.stack([np.interp(places, lengths, line[:, axis]) for axis in range(2)], axis=1)


def _in_reach(ordered: Floats, prism: Prism, reach: Floats) -> NDArray[np.int64]:
    """The points, sorted from west to east, that may be in the shadow: within the box of footprint and shadow."""
    corners = np.concatenate(prism.rings)
    box = np.concatenate([corners, corners - reach])
    (west, south), (east, north) = box.min(axis=0), box.max(axis=0)
    first, last = np.searchsorted(ordered[:, 0], [west, east + 1e-9])
    some = ordered[first:last, 1]
    return np.asarray(first + np.flatnonzero((some >= south) & (some <= north)))


def _meets(points: Floats, prism: Prism, reach: Floats) -> Bools:
    """Whether the way from each point along `reach` meets the footprint: begins in it, or crosses one of its sides."""
    starts = np.concatenate([_open(ring) for ring in prism.rings])
    ends = np.concatenate([np.roll(_open(ring), -1, axis=0) for ring in prism.rings])
    found = np.zeros(len(points), dtype=bool)
    width = max(_BLOCK // max(len(starts), 1), 1)
    for begin in range(0, len(points), width):
        part = points[begin : begin + width]
        found[begin : begin + width] = _inside(part, starts, ends) | _crosses(part, starts, ends, reach)
    return found


def _open(ring: Floats) -> Floats:
    return ring[:-1] if len(ring) > 1 and np.array_equal(ring[0], ring[-1]) else ring


def _inside(points: Floats, starts: Floats, ends: Floats) -> Bools:
    """By the number of sides that a line to the east crosses."""
    x, y = points[:, :1], points[:, 1:]
    (ax, ay), (bx, by) = starts.T, ends.T
    between = (ay > y) != (by > y)
    rise = np.where(by == ay, 1.0, by - ay)
    at = ax + (y - ay) / rise * (bx - ax)
    return np.asarray((between & (x < at)).sum(axis=1) % 2 == 1)


def _crosses(points: Floats, starts: Floats, ends: Floats, reach: Floats) -> Bools:
    side = ends - starts
    off = starts[None] - points[:, None]
    turn = reach[0] * side[:, 1] - reach[1] * side[:, 0]
    straight = np.abs(turn) < 1e-12
    turn = np.where(straight, 1.0, turn)
    far = (off[..., 0] * side[:, 1] - off[..., 1] * side[:, 0]) / turn
    on = (off[..., 0] * reach[1] - off[..., 1] * reach[0]) / turn
    met = ~straight & (far >= 0) & (far <= 1) & (on >= 0) & (on <= 1)
    return np.asarray(met.any(axis=1))
