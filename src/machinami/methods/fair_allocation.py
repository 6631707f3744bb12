"""How is what there is shared out, so that the worst-off place is as well off as can be?

Depots hold items; places need them; some depots cannot reach some places, and a way may carry little (a drone, a boat).
First the largest unmet share is made least, then the sum of the two largest, of the three largest and so on, which is
the lexicographic order (Ogryczak & Śliwiński 2006, doi:10.1007/11751588_83), then the cost. Integer amounts, solved by
HiGHS to proof. Beside it stands what is done without a computer: each depot shares by need among those it reaches.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

Ints = NDArray[np.int64]
SLACK = 1e-7


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is to be shared: `stock` (depots, items) and `need` (places, items) in whole units; `limit` (depots,
    places) how much weight a way carries: 0 no way, inf no limit; `cost` (depots, places) per kg; `weight` kg a unit of
    each item."""

    stock: Floats
    need: Floats
    limit: Floats
    cost: Floats
    weight: Floats


class Shares(NamedTuple):
    """What goes from where to where: `amounts` (depots, places, items); `unmet` (places, items) as shares of the need,
    0 where nothing is needed; `proved`: whether every step of the search ended."""

    amounts: Floats
    unmet: Floats
    proved: bool

    @property
    def worst(self) -> float:
        """The largest unmet share."""
        return float(self.unmet.max(initial=0.0))


def share_fairly(task: Sharing, levels: int | None = None, seconds: float = 20.0) -> Shares:
    """The fairest shares; `levels`: how many of the largest unmet shares are made least one after the other before the
    sum of all (None: every one). `seconds` is for each step. Raises InputError where the numbers do not fit."""
    depots, places, items = _checked(task)
    asked = np.argwhere(task.need > 0)
    if not len(asked):
        return Shares(np.zeros((depots, places, items)), np.zeros((places, items)), True)
    model = _Model(task, asked)
    count = len(asked)
    steps = sorted({*range(1, min(levels or count, count) + 1), count})
    proved = True
    best = np.zeros(0)
    for number in steps:
        best, ended = model.least_of_largest(number, seconds)
        proved &= ended
        if model.largest(best, 1) <= SLACK:
            break
    best, ended = model.cheapest(best, seconds)
    amounts = np.rint(best[: depots * places * items]).reshape(depots, places, items)
    return Shares(amounts, unmet_of(task, amounts), proved and ended)


def pro_rata(task: Sharing) -> Shares:
    """What each depot gives by itself, knowing nothing of the others: to all that it reaches in proportion to what they
    need, as far as the way carries it; what a place gets beyond its need is of no use."""
    depots, places, _ = _checked(task)
    reached = np.where(task.limit[:, :, None] > 0, task.need[None, :, :], 0.0)
    asked = reached.sum(axis=1, keepdims=True)
    share = np.divide(reached, asked, out=np.zeros_like(reached), where=asked > 0)
    amounts = np.floor(np.minimum(share * task.stock[:, None, :], task.need[None, :, :]) + SLACK)
    for depot in range(depots):
        for place in range(places):
            carried = float(amounts[depot, place] @ task.weight)
            if carried > task.limit[depot, place]:
                amounts[depot, place] = np.floor(amounts[depot, place] * task.limit[depot, place] / carried)
    return Shares(amounts, unmet_of(task, amounts), True)


def share_by_need(task: Sharing) -> Shares:
    """What depots give one after the other, each to all that it reaches in proportion to what they still need; what one
    cannot take (a narrow way, a need that is met) is shared again among the others. More than plain pro rata does."""
    depots, places, items = _checked(task)
    amounts = np.zeros((depots, places, items))
    room = task.limit.copy()
    for depot in range(depots):
        for item in range(items):
            stock = math.floor(task.stock[depot, item] + SLACK)
            while stock > 0:
                want = np.where(task.limit[depot] > 0, task.need[:, item] - amounts[:, :, item].sum(axis=0), 0.0)
                want = np.minimum(want, np.floor(room[depot] / task.weight[item] + SLACK))
                if want.sum() < 1:
                    break
                given = np.minimum(want, np.floor(stock * want / want.sum() + SLACK))
                if given.sum() < 1:
                    given[int(np.argmax(want))] = 1.0
                amounts[depot, :, item] += given
                room[depot] -= given * task.weight[item]
                stock -= int(given.sum())
    return Shares(amounts, unmet_of(task, amounts), True)


def unmet_of(task: Sharing, amounts: Floats) -> Floats:
    """The unmet share of each need (places, items)."""
    left = np.maximum(task.need - amounts.sum(axis=0), 0.0)
    return np.asarray(np.divide(left, task.need, out=np.zeros_like(left), where=task.need > 0))


def islands(nodes: Sequence[str], roads: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Which nodes can still reach each other over open roads: the number of each node's island, numbered in the order
    of the nodes (connected components by union and find)."""
    head = {node: node for node in nodes}

    def find(node: str) -> str:
        while head[node] != node:
            head[node] = head[head[node]]
            node = head[node]
        return node

    for a, b in roads:
        if a in head and b in head:
            head[find(a)] = find(b)
    numbers: dict[str, int] = {}
    return {node: numbers.setdefault(find(node), len(numbers)) for node in nodes}


class _Model:
    """The program: amounts (depot, place, item), and for each level so far a threshold and what is above it."""

    def __init__(self, task: Sharing, asked: Ints) -> None:
        self.task = task
        self.asked = asked
        self.shape = (*task.limit.shape, task.stock.shape[1])
        self.base = math.prod(self.shape)
        self.rows: list[tuple[dict[int, float], float, float]] = []
        self.columns = self.base
        depots, places, items = self.shape
        most = np.minimum(task.stock[:, None, :], task.need[None, :, :])
        self.most = np.where((task.limit > 0)[:, :, None], np.floor(most + SLACK), 0.0).ravel()
        number = np.arange(self.base).reshape(self.shape)
        for depot in range(depots):
            for item in range(items):
                self._row(number[depot, :, item], np.ones(places), -np.inf, math.floor(task.stock[depot, item] + SLACK))
            for place in range(places):
                if 0 < task.limit[depot, place] < np.inf:
                    self._row(number[depot, place, :], task.weight, -np.inf, float(task.limit[depot, place]))
        for place, item in asked.tolist():
            self._row(number[:, place, item], np.ones(depots), -np.inf, float(task.need[place, item]))
        self.given = [number[:, place, item] for place, item in asked.tolist()]
        self.needed = [float(task.need[place, item]) for place, item in asked.tolist()]

    def _row(self, columns: Ints, values: Floats, least: float, most: float) -> None:
        self.rows.append((dict(zip(columns.tolist(), values.tolist(), strict=True)), least, most))

    def least_of_largest(self, count: int, seconds: float) -> tuple[Floats, bool]:
        """Make the sum of the `count` largest unmet shares least, and hold it from now on."""
        threshold, above = self.columns, self.columns + 1
        self.columns += 1 + len(self.given)
        for number, (given, needed) in enumerate(zip(self.given, self.needed, strict=True)):
            # Times the need, so that all coefficients are whole numbers: shares would be rounded.
            row = dict.fromkeys(given.tolist(), 1.0) | {threshold: needed, above + number: needed}
            self.rows.append((row, needed, np.inf))
        goal = {threshold: float(count)} | {above + n: 1.0 for n in range(len(self.given))}
        found, ended = self._solved(goal, seconds)
        self.rows.append((goal, -np.inf, self.largest(found, count) + SLACK))
        return found, ended

    def largest(self, found: Floats, count: int) -> float:
        """The sum of the `count` largest unmet shares."""
        shares = [1.0 - float(np.rint(found[g]).sum()) / n for g, n in zip(self.given, self.needed, strict=True)]
        return sum(sorted(shares, reverse=True)[:count])

    def cheapest(self, best: Floats, seconds: float) -> tuple[Floats, bool]:
        """Of all that are as fair, the cheapest; the one in hand where none is found."""
        cost = (self.task.cost[:, :, None] * self.task.weight).ravel()
        goal = {n: float(c) for n, c in enumerate(cost) if c}
        return self._solved(goal, seconds, best)

    def _solved(self, goal: dict[int, float], seconds: float, otherwise: Floats | None = None) -> tuple[Floats, bool]:
        entries = [(r, c, v) for r, (row, _, _) in enumerate(self.rows) for c, v in row.items()]
        at, columns, values = zip(*entries, strict=True)
        matrix = sparse.csr_array((values, (at, columns)), shape=(len(self.rows), self.columns))
        extra = self.columns - self.base
        weights = np.zeros(self.columns)
        weights[list(goal)] = list(goal.values())
        found = milp(
            weights,
            integrality=np.r_[np.ones(self.base), np.zeros(extra)],
            bounds=Bounds(np.zeros(self.columns), np.r_[self.most, np.ones(extra)]),
            constraints=LinearConstraint(matrix, [row[1] for row in self.rows], [row[2] for row in self.rows]),
            options={"time_limit": seconds, "mip_rel_gap": 0.0},
        )
        if found.x is None:
            if otherwise is None:
                raise InputError("no shares could be found in the time given; give more seconds")
            return otherwise, False
        return np.asarray(found.x), found.status == 0


def _checked(task: Sharing) -> tuple[int, int, int]:
    depots, items = task.stock.shape
    places = task.need.shape[0]
    fits = task.need.shape[1] == items and task.limit.shape == task.cost.shape == (depots, places)
    if not fits or len(task.weight) != items or (task.weight <= 0).any():
        raise InputError("stock, needs, ways and weights must be of the same depots, places and items")
    if min(float(a.min(initial=0.0)) for a in (task.stock, task.need, task.limit)) < 0:
        raise InputError("a stock, a need or a way cannot be less than nothing")
    return depots, places, items
