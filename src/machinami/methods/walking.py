"""Which way on foot leads soonest to the nearest goal, where ways are steep or closed?

The network is what lines (streets) share: two lines meet where they have a corner in common. Walking times are those
of Tobler's hiking function. One search from all goals at once gives the way from every corner.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from machinami.methods.series import Floats

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Line = Sequence[tuple[float, float]]
_DECIMALS = 6  # of a degree: 0.1 m; corners nearer than that are one
_METRES_PER_DEGREE = 111_195.0  # on a sphere of 6,371 km
_LEAST_SECONDS = 1e-6  # a sparse matrix forgets what is 0


@dataclass(frozen=True, slots=True)
class Network:
    """Corners (n, 2) in degrees (longitude, latitude), and pieces of way between them, each in both directions.

    start, end (m,): corners; metres (m,): length along the ground; rise (m,): how much higher the end is, in metres;
    line (m,): the number of the line that the piece is of.
    """

    corners: Floats
    start: Ints
    end: Ints
    metres: Floats
    rise: Floats
    line: Ints


@dataclass(frozen=True, slots=True)
class Ways:
    """The soonest way from every corner. seconds (n,): infinite where no goal can be reached; goal (n,) and following
    (n,): the corner of the goal and the next corner, -1 where there is none."""

    seconds: Floats
    goal: Ints
    following: Ints


def network(lines: Sequence[Line], heights: Sequence[Sequence[float] | None] | None = None) -> Network:
    """The network of lines of longitude and latitude; heights: metres at each corner of each line, None where unknown
    (then it is taken to be flat)."""
    known: dict[tuple[float, float], int] = {}
    rows: list[tuple[int, int, float, float, int]] = []
    for number, line in enumerate(lines):
        corners = [known.setdefault((round(lon, _DECIMALS), round(lat, _DECIMALS)), len(known)) for lon, lat in line]
        high = heights[number] if heights is not None else None
        for place in range(len(line) - 1):
            a, b = corners[place], corners[place + 1]
            if a == b:
                continue
            length = metres_between(line[place], line[place + 1])
            up = float(high[place + 1]) - float(high[place]) if high is not None and len(high) == len(line) else 0.0
            rows += [(a, b, length, up, number), (b, a, length, -up, number)]
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    whole = table[:, [0, 1, 4]].astype(np.int64)
    places = np.array(list(known), dtype=np.float64).reshape(-1, 2)
    return Network(places, whole[:, 0], whole[:, 1], table[:, 2], table[:, 3], whole[:, 2])


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places of a town (longitude, latitude in degrees), by the plane that touches there."""
    east = (other[0] - one[0]) * math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot(east, other[1] - one[1]) * _METRES_PER_DEGREE


def tobler(metres: Floats, rise: Floats, pace: float = 1.0) -> Floats:
    """Seconds to walk so far and so much higher (W. Tobler 1993, Three presentations on geographical analysis and
    modeling): 6·exp(−3.5·|slope + 0.05|) km/h. pace: how fast somebody is beside the hiker of the formula."""
    slope = np.divide(rise, metres, out=np.zeros_like(metres), where=metres > 0)
    speed = 6.0 / 3.6 * np.exp(-3.5 * np.abs(slope + 0.05)) * pace
    return np.asarray(metres / speed)


def soonest(net: Network, seconds: Floats, goals: Sequence[int], closed: Flags | None = None) -> Ways:
    """The way from every corner to the goal that is reached soonest. seconds (m,): of each piece, as it is walked;
    closed (m,): pieces that nobody may take."""
    count = len(net.corners)
    nowhere = np.full(count, -1, np.int64)
    if not goals or not count:
        return Ways(np.full(count, np.inf), nowhere, nowhere)
    open_ = np.ones(len(net.start), bool) if closed is None else ~closed
    # Backwards, from the goals: a piece from a to b is gone from b to a. Of two pieces between the same corners the
    # sooner one counts, where a sparse matrix would add them up.
    order = np.lexsort((seconds[open_], net.start[open_], net.end[open_]))
    a, b, cost = net.end[open_][order], net.start[open_][order], np.maximum(seconds[open_][order], _LEAST_SECONDS)
    first = np.ones(len(a), bool)
    first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    graph = csr_array((cost[first], (a[first], b[first])), shape=(count, count))
    found, before, goal = dijkstra(
        graph, directed=True, indices=list(dict.fromkeys(goals)), return_predecessors=True, min_only=True
    )
    return Ways(
        np.asarray(found, np.float64),
        np.where(goal < 0, -1, goal).astype(np.int64),
        np.where(before < 0, -1, before).astype(np.int64),
    )


def walked(net: Network, seconds: Floats, ways: Ways, closed: Flags | None = None) -> Floats:
    """How long each way takes where pieces take so long (seconds (m,)), though others were weighed to choose it."""
    least: dict[tuple[int, int], float] = {}
    open_ = np.ones(len(net.start), bool) if closed is None else ~closed
    for a, b, cost in zip(net.start[open_].tolist(), net.end[open_].tolist(), seconds[open_].tolist(), strict=True):
        least[a, b] = min(cost, least.get((a, b), math.inf))
    found = np.full(len(net.corners), np.inf)
    for corner in np.argsort(ways.seconds, kind="stable").tolist():
        if not math.isfinite(ways.seconds[corner]):
            break
        following = int(ways.following[corner])
        found[corner] = 0.0 if following < 0 else least[corner, following] + found[following]
    return found


def way_from(ways: Ways, corner: int) -> list[int]:
    """The corners on the way from one of them to its goal, both included; empty where there is no way."""
    if not math.isfinite(ways.seconds[corner]):
        return []
    path = [corner]
    while path[-1] != ways.goal[corner]:
        path.append(int(ways.following[path[-1]]))
    return path


def main_part(net: Network) -> Flags:
    """Which corners (n,) belong to the largest part that hangs together: who stands beside a piece that leads nowhere
    is better thought to stand at the next street that does."""
    count = len(net.corners)
    if not count:
        return np.zeros(0, bool)
    graph = csr_array((np.ones(len(net.start)), (net.start, net.end)), shape=(count, count))
    _, part = connected_components(graph, directed=False)
    return np.asarray(part == np.bincount(part).argmax())


def nearest_corner(net: Network, place: tuple[float, float], among: Flags | None = None) -> tuple[int, float]:
    """The corner nearest to a place (among those that are flagged), and how many metres off it is; (-1, infinite) where
    there is none."""
    if not len(net.corners) or (among is not None and not among.any()):
        return -1, math.inf
    east = (net.corners[:, 0] - place[0]) * math.cos(math.radians(place[1]))
    apart = np.hypot(east, net.corners[:, 1] - place[1]) * _METRES_PER_DEGREE
    if among is not None:
        apart = np.where(among, apart, math.inf)
    corner = int(np.argmin(apart))
    return corner, float(apart[corner])


def by_relaxing(net: Network, seconds: Floats, goals: Sequence[int], closed: Flags | None = None) -> Floats:
    """The same times as `soonest` by trying every piece again until nothing changes (Bellman–Ford): slow, short and
    without any library, so that the quick way can be held against it."""
    best = [math.inf] * len(net.corners)
    for goal in goals:
        best[goal] = 0.0
    pieces = [
        (int(a), int(b), max(float(s), _LEAST_SECONDS))
        for number, (a, b, s) in enumerate(zip(net.start, net.end, seconds, strict=True))
        if closed is None or not closed[number]
    ]
    changed = True
    while changed:
        changed = False
        for a, b, cost in pieces:
            if best[b] + cost < best[a]:
                best[a], changed = best[b] + cost, True
    return np.array(best)
