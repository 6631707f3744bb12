"""Which choices cover the most within a budget, fairly between groups and without what is forbidden? Solved to proof.

Maximal covering (Church & ReVelle 1974) with costs, given to HiGHS (Huangfu & Hall 2018,
doi:10.1007/s12532-017-0130-5).
`covers` is (choices, points): whether a choice covers a point. A group is a set of points, such as those of a district.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
_SLACK = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What is to be covered, by what, for how much.

    weights: of the points; costs: of the choices; budget: the most that the chosen may cost together. groups: the group
    of each point, -1 for none; shares: for each group the least part of its weight to be covered (0 to 1). forbidden:
    choices that may not be made. rivals: sets of choices of which at most one may be made.
    """

    covers: Bools
    weights: Floats
    costs: Floats
    budget: float
    groups: Ints | None = None
    shares: Floats | None = None
    forbidden: Bools | None = None
    rivals: Sequence[Sequence[int]] = ()


class Covering(NamedTuple):
    """What was chosen, ascending, and what it does; `bound` is what no choice can do better than.

    covered: for each point, whether it is; value: their weight; shares: for each group the covered part of its weight
    (nan where it has none). proven: whether the search ended, so that value and bound are one.
    """

    chosen: tuple[int, ...]
    covered: Bools
    value: float
    bound: float
    cost: float
    shares: Floats
    proven: bool


def maximal_covering(wish: Wish, seconds: float = 300.0) -> Covering:
    """Make the choices that cover the most weight. Raises InputError where the numbers do not fit, or where no choice
    gives each group its share."""
    _check(wish)
    return _answer(wish, *_solve(wish, _shares_of(wish), seconds))


def fairest_covering(wish: Wish, seconds: float = 300.0) -> Covering:
    """Make the choices whose worst-off group has the largest share that can be had and which, among those, cover the
    most weight (lexicographic). `shares` of the wish hold as well."""
    _check(wish)
    if wish.groups is None or not (wish.groups >= 0).any():
        return maximal_covering(wish, seconds)
    least, proven = _largest_least_share(wish, seconds / 2)
    found = _answer(wish, *_solve(wish, np.maximum(_shares_of(wish), least), seconds / 2))
    return found if proven else found._replace(proven=False)


def greedy_covering(wish: Wish) -> Covering:
    """Choose step by step what adds the most weight for its cost: a simple way to compare with, blind to shares.

    Its bound is the sum of all coverable weight."""
    _check(wish)
    free = _allowed(wish)
    open_points = np.ones(len(wish.weights), dtype=bool)
    chosen: list[int] = []
    left = wish.budget
    rivals = _rivals_of(wish)
    while True:
        gain = wish.covers[:, open_points] @ wish.weights[open_points]
        worth = np.where(free & (wish.costs <= left + _SLACK), gain / np.maximum(wish.costs, 1e-9), 0.0)
        best = int(worth.argmax())
        if worth[best] <= 0.0:
            break
        chosen.append(best)
        left -= float(wish.costs[best])
        free[best] = False
        free[rivals.get(best, [])] = False
        open_points &= ~wish.covers[best]
    bound = float(wish.weights[wish.covers[_allowed(wish)].any(axis=0)].sum())
    return _answer(wish, tuple(sorted(chosen)), bound, proven=False)


def _answer(wish: Wish, chosen: tuple[int, ...], bound: float, proven: bool) -> Covering:
    covered = covered_by(wish.covers, chosen)
    value = float(wish.weights @ covered)
    return Covering(
        chosen, covered, value, value if proven else max(bound, value), float(wish.costs[list(chosen)].sum()),
        shares_of(covered, wish.weights, wish.groups), proven,
    )  # fmt: skip


def covered_by(covers: Bools, chosen: Sequence[int]) -> Bools:
    """For each point, whether one of the chosen covers it."""
    found: Bools = np.logical_or.reduce(covers[list(chosen)], axis=0)
    return found


def shares_of(covered: Bools, weights: Floats, groups: Ints | None) -> Floats:
    """For each group the covered part of its weight; nan where it has none."""
    if groups is None or not (groups >= 0).any():
        return np.zeros(0)
    count = int(groups.max()) + 1
    there = groups >= 0
    whole = np.bincount(groups[there], weights[there], count)
    got = np.bincount(groups[there], (weights * covered)[there], count)
    shares: Floats = np.divide(got, whole, out=np.full(count, np.nan), where=whole > 0)
    return shares


class _Model(NamedTuple):
    """The columns are the choices, then classes of points that the same choices cover."""

    matrix: sparse.csr_array
    weights: Floats
    groups: Ints


def _model(wish: Wish) -> _Model:
    """Put points of one group that the same choices cover together: the model is smaller and its answers the same."""
    allowed = _allowed(wish)
    usable = wish.covers & allowed[:, None]
    some = usable.any(axis=0) & (wish.weights > 0)
    groups = np.full(len(wish.weights), -1, np.int64) if wish.groups is None else wish.groups
    packed = np.packbits(usable[:, some], axis=0)
    keys = np.vstack([packed, groups[some].astype(">i8").view(np.uint8).reshape(-1, 8).T]).T
    unique, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    where = np.flatnonzero(some)[first]
    weights: Floats = np.bincount(which.ravel(), wish.weights[some], len(unique)).astype(np.float64)
    return _Model(sparse.csr_array(usable[:, where].T.astype(float)), weights, groups[where])


def _solve(wish: Wish, shares: Floats, seconds: float) -> tuple[tuple[int, ...], float, bool]:
    """Choose: max w·y with y ≤ what the chosen cover."""
    model, count = _model(wish), len(wish.costs)
    classes = len(model.weights)
    limits = _limits(wish, model, extra=0)
    for group, share in enumerate(shares):
        if share > 0:
            row = np.concatenate([np.zeros(count), model.weights * (model.groups == group)])
            least = float(share) * _weight_of(wish, group) - _SLACK
            limits.append(LinearConstraint(sparse.csr_array(row[None, :]), least, np.inf))
    objective = np.concatenate([np.zeros(count), -model.weights])
    told = _run(wish, objective, classes, limits, seconds, extra=0)
    return _picked(told.x, count), -float(told.mip_dual_bound), told.status == 0


def _largest_least_share(wish: Wish, seconds: float) -> tuple[float, bool]:
    """The largest share that every group can have at once, and whether that is proven."""
    assert wish.groups is not None
    model, count = _model(wish), len(wish.costs)
    classes = len(model.weights)
    limits = _limits(wish, model, extra=1)
    for group in np.unique(wish.groups[wish.groups >= 0]):
        whole = _weight_of(wish, int(group))
        if whole > 0:
            row = np.concatenate([np.zeros(count), model.weights * (model.groups == group) / whole, [-1.0]])
            limits.append(LinearConstraint(sparse.csr_array(row[None, :]), 0.0, np.inf))
    objective = np.concatenate([np.zeros(count + classes), [-1.0]])
    told = _run(wish, objective, classes, limits, seconds, extra=1)
    covered = covered_by(wish.covers, _picked(told.x, count))
    got = shares_of(covered, wish.weights, wish.groups)
    return float(np.nanmin(got, initial=1.0)), told.status == 0


def _limits(wish: Wish, model: _Model, extra: int) -> list[LinearConstraint]:
    count, classes = len(wish.costs), len(model.weights)
    cover = sparse.hstack([model.matrix, -sparse.eye_array(classes), sparse.csr_array((classes, extra))])
    cost = np.concatenate([wish.costs, np.zeros(classes + extra)])
    limits = [LinearConstraint(sparse.csr_array(cost[None, :]), -np.inf, wish.budget)]
    if classes:
        limits.append(LinearConstraint(cover.tocsr(), 0.0, np.inf))
    if wish.rivals:
        rows = np.zeros((len(wish.rivals), count + classes + extra))
        for row, rivals in zip(rows, wish.rivals, strict=True):
            row[list(rivals)] = 1.0
        limits.append(LinearConstraint(sparse.csr_array(rows), -np.inf, 1.0))
    return limits


class _Told(NamedTuple):
    x: Floats
    mip_dual_bound: float
    status: int


def _run(
    wish: Wish, objective: Floats, classes: int, limits: list[LinearConstraint], seconds: float, extra: int
) -> _Told:
    count = len(wish.costs)
    # Classes whole as well: whole weights then make a whole objective, so that a bound below the next one is a proof.
    whole = np.concatenate([np.ones(count + classes), np.zeros(extra)])
    upper = np.concatenate([_allowed(wish).astype(float), np.ones(classes + extra)])
    told = milp(
        objective, integrality=whole, bounds=Bounds(0, upper), constraints=limits,
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )  # fmt: skip
    if told.x is None:
        if told.status == 2:
            raise InputError("no choice within the budget gives each group its least share; ask for less, or pay more")
        raise InputError(f"nothing was found in {seconds:g} s; give more time or fewer points")
    return _Told(told.x, told.mip_dual_bound, told.status)


def _picked(x: Floats, count: int) -> tuple[int, ...]:
    return tuple(int(one) for one in np.flatnonzero(x[:count] > 0.5))


def _allowed(wish: Wish) -> Bools:
    affordable = wish.costs <= wish.budget + _SLACK
    return affordable if wish.forbidden is None else affordable & ~wish.forbidden


def _rivals_of(wish: Wish) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for rivals in wish.rivals:
        for one in rivals:
            found.setdefault(one, []).extend(other for other in rivals if other != one)
    return found


def _shares_of(wish: Wish) -> Floats:
    count = 0 if wish.groups is None else int(wish.groups.max(initial=-1)) + 1
    return np.zeros(count) if wish.shares is None else np.asarray(wish.shares, dtype=np.float64)


def _weight_of(wish: Wish, group: int) -> float:
    return float(wish.weights[wish.groups == group].sum())


def _check(wish: Wish) -> None:
    if wish.covers.ndim != 2 or not wish.covers.size:
        raise InputError("there must be choices and points to cover")
    choices, points = wish.covers.shape
    for name, values, count in (("weight", wish.weights, points), ("cost", wish.costs, choices)):
        if values.shape != (count,) or not np.isfinite(values).all() or (values < 0).any():
            raise InputError(f"there must be one finite {name} of 0 and more for each of the {count}")
    if not np.isfinite(wish.budget) or wish.budget < 0:
        raise InputError("the budget must be a finite number of 0 and more")
    if wish.groups is not None and wish.groups.shape != (points,):
        raise InputError(f"there must be one group for each of the {points} points, -1 for none")
    shares = _shares_of(wish)
    wanted = 0 if wish.groups is None else int(wish.groups.max(initial=-1)) + 1
    if shares.shape != (wanted,) or not ((shares >= 0) & (shares <= 1)).all():
        raise InputError(f"there must be one least share between 0 and 1 for each of the {wanted} groups")
    if wish.forbidden is not None and wish.forbidden.shape != (choices,):
        raise InputError(f"there must be one word on being forbidden for each of the {choices} choices")
