"""Along which streets does one go from one place of the simulated town to another?"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

import numpy as np

from machinami.ingest.town.noise import Floats
from machinami.ingest.town.streets import Lattice

Node = tuple[int, int]
Links = Mapping[Node, Sequence[Node]]


def links(grid: Lattice) -> Links:
    """Which crossings of the lattice are joined by a street."""
    found: dict[Node, list[Node]] = {}
    for built, down, right in ((grid.rows_built, 0, 1), (grid.columns_built, 1, 0)):
        for row, column in np.argwhere(built).tolist():
            one, other = (row, column), (row + down, column + right)
            found.setdefault(one, []).append(other)
            found.setdefault(other, []).append(one)
    return found


def crossing_at(grid: Lattice, joined: Links, place: Floats) -> Node:
    """The crossing nearest to a place."""
    return min(joined, key=lambda node: float(np.hypot(*(grid.places[node] - place))))


def ways_to(grid: Lattice, joined: Links, gate: Node) -> dict[Node, Node]:
    """For each crossing from which the gate can be reached the next one on the shortest way there (Dijkstra 1959); the
    gate leads to itself."""
    following = {gate: gate}
    reached: dict[Node, float] = {}
    waiting: list[tuple[float, Node, Node]] = [(0.0, gate, gate)]
    while waiting:
        metres, node, before = heapq.heappop(waiting)
        if node in reached:
            continue
        reached[node], following[node] = metres, before
        for other in joined[node]:
            if other not in reached:
                apart = float(np.hypot(*(grid.places[other] - grid.places[node])))
                heapq.heappush(waiting, (metres + apart, other, node))
    return following


def way_from(following: Mapping[Node, Node], start: Node) -> list[Node]:
    """The crossings from one of them to the gate, both included."""
    way = [start]
    while following[way[-1]] != way[-1]:
        way.append(following[way[-1]])
    return way
