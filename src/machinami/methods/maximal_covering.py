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
FINE = 0.002
"""To within which part the largest least share of all groups is found."""
_INFEASIBLE = 2
_PATIENCE = 2  # halvings that may end undecided before the search for the fairest share ends
_NOTHING = "no choice within the budget gives each group its least share; ask for less, or pay more"
_LATE = "nothing was found in {:g} s; give more time or fewer points"


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What is to be covered, by what, for how much.

    weights: of the points; costs: of the choices; budget: the most that the chosen may cost together. groups: the group
    of each point, -1 for none; shares: for each group the least part of its weight to be covered (0 to 1). forbidden:
    choices that may not be made. bases: what each choice stands on (0, 1, …), such as a pole; base_costs: what it costs
    to use one at all; most: how many choices may stand on one.
    """

    covers: Bools
    weights: Floats
    costs: Floats
    budget: float
    groups: Ints | None = None
    shares: Floats | None = None
    forbidden: Bools | None = None
    bases: Ints | None = None
    base_costs: Floats | None = None
    most: int = 1


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
    """Make the choices whose worst-off group has the largest share that can be had (to within FINE) and which, among
    those, cover the most weight. A group of which nothing can be covered counts for nothing; `shares` hold as well."""
    _check(wish)
    if wish.groups is None or not (wish.groups >= 0).any():
        return maximal_covering(wish, seconds)
    shares = _shares_of(wish)
    least, proven = _largest_least_share(wish, shares, seconds / 2)
    wanted = np.maximum(shares, np.where(np.isnan(_coverable(wish)), 0.0, least))
    found = _answer(wish, *_solve(wish, wanted, seconds / 2))
    return found if proven else found._replace(proven=False)


def greedy_covering(wish: Wish) -> Covering:
    """Choose step by step what adds the most weight for its cost: a simple way to compare with, blind to shares.

    Its bound is the sum of all coverable weight."""
    _check(wish)
    free = _allowed(wish)
    bases, base_costs = _bases_of(wish)
    used = np.zeros(len(base_costs), np.int64)
    open_points = np.ones(len(wish.weights), dtype=bool)
    chosen: list[int] = []
    left = wish.budget
    while True:
        gain = wish.covers[:, open_points] @ wish.weights[open_points]
        price = wish.costs + np.where(used[bases] > 0, 0.0, base_costs[bases])
        usable = free & (price <= left + _SLACK) & (used[bases] < wish.most)
        worth = np.where(usable, gain / np.maximum(price, 1e-9), 0.0)
        best = int(worth.argmax())
        if worth[best] <= 0.0:
            break
        chosen.append(best)
        left -= float(price[best])
        free[best] = False
        used[bases[best]] += 1
        open_points &= ~wish.covers[best]
    bound = float(wish.weights[covered_by(wish.covers, np.flatnonzero(_allowed(wish)).tolist())].sum())
    return _answer(wish, tuple(sorted(chosen)), bound, proven=False)


def cost_of(wish: Wish, chosen: Sequence[int]) -> float:
    """What choices cost together with what they stand on."""
    bases, base_costs = _bases_of(wish)
    picked = list(chosen)
    return float(wish.costs[picked].sum() + base_costs[np.unique(bases[picked])].sum())


def _answer(wish: Wish, chosen: tuple[int, ...], bound: float, proven: bool) -> Covering:
    covered = covered_by(wish.covers, chosen)
    value = float(wish.weights @ covered)
    return Covering(
        chosen, covered, value, value if proven else max(bound, value), cost_of(wish, chosen),
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
    model = _model(wish)
    limits = [*_limits(wish, model), *_share_limits(wish, model, shares, seconds / 4)]
    told = _run(wish, np.concatenate([np.zeros(_choices(wish)), -model.weights]), limits, seconds)
    if told.x is None:
        raise InputError(_NOTHING if told.status == _INFEASIBLE else _LATE.format(seconds))
    return _picked(told.x, len(wish.costs)), -float(told.mip_dual_bound), told.status == 0


def _largest_least_share(wish: Wish, shares: Floats, seconds: float) -> tuple[float, bool]:
    """The largest share that every group can have at once to within FINE, by halving, and whether that is proven."""
    model = _model(wish)
    limits, nothing = _limits(wish, model), np.zeros(_choices(wish) + len(model.weights))
    could = _coverable(wish)
    low, high, undecided = 0.0, float(np.nanmin(could, initial=1.0)), 0
    tried = FINE
    while high - low > FINE and undecided < _PATIENCE:
        wanted = np.where(np.isnan(could), 0.0, np.maximum(shares, tried))
        spell = seconds / _PATIENCE / 2
        told = _run(wish, nothing, [*limits, *_share_limits(wish, model, wanted, spell)], spell)
        if told.x is not None:
            got = shares_of(covered_by(wish.covers, _picked(told.x, len(wish.costs))), wish.weights, wish.groups)
            low = max(tried, float(np.min(got, where=~np.isnan(could), initial=1.0)))
        else:
            undecided += told.status != _INFEASIBLE
            high = tried
        tried = (low + high) / 2
    return low, not undecided and high - low <= FINE


def _coverable(wish: Wish) -> Floats:
    """For each group the share that all allowed choices together cover; nan where that is nothing."""
    seen = covered_by(wish.covers, np.flatnonzero(_allowed(wish)).tolist())
    shares = shares_of(seen, wish.weights, wish.groups)
    return np.where(shares > 0, shares, np.nan)


def _share_limits(wish: Wish, model: _Model, shares: Floats, seconds: float) -> list[LinearConstraint]:
    """Each group has its share; and what is spent where it can be seen from is no less than its share costs by itself.
    That says nothing new of whole choices, but almost everything of the parts of choices by which the search finds its
    bounds: groups that lie apart share few choices, and their least costs add up."""
    if not (shares > 0).any():
        return []
    rows, least, whole = [], [], _weights_of(wish)
    bases, base_costs = _bases_of(wish)
    wanting = [group for group, share in enumerate(shares) if share > 0]
    for group in wanting:
        weights = model.weights * (model.groups == group)
        rows.append(np.concatenate([np.zeros(_choices(wish)), weights]))
        least.append(float(shares[group]) * float(whole[group]) - _SLACK)
        sees = _allowed(wish) & (np.asarray(model.matrix.T @ weights) > 0)
        stood_on = np.isin(np.arange(len(base_costs)), bases[sees])
        spent = np.concatenate([wish.costs * sees, base_costs * stood_on, np.zeros(len(weights))])
        rows.append(spent)
        least.append(_least_cost(wish, group, sees, least[-1], seconds / len(wanting)) - _SLACK * (1.0 + spent.max()))
    return [LinearConstraint(sparse.csr_array(np.array(rows)), np.array(least), np.inf)]


def _least_cost(wish: Wish, group: int, sees: Bools, wanted: float, seconds: float) -> float:
    """What it costs at least to cover so much weight of one group, were it alone; more than the budget where that
    cannot be had for it."""
    assert wish.groups is not None
    inside = wish.groups == group
    bases, base_costs = _bases_of(wish)
    used, own = np.unique(bases[sees], return_inverse=True)
    if not len(used):
        return 2.0 * wish.budget + 1.0
    alone = Wish(
        wish.covers[sees][:, inside], wish.weights[inside], wish.costs[sees], wish.budget, bases=own.ravel(),
        base_costs=base_costs[used], most=wish.most,
    )  # fmt: skip
    model = _model(alone)
    enough = np.concatenate([np.zeros(_choices(alone)), model.weights])
    limits = [*_limits(alone, model), LinearConstraint(sparse.csr_array(enough[None, :]), wanted, np.inf)]
    price = np.concatenate([alone.costs, base_costs[used], np.zeros(len(model.weights))])
    told = _run(alone, price, limits, seconds)
    return 2.0 * wish.budget + 1.0 if told.status == _INFEASIBLE else max(float(told.mip_dual_bound or 0.0), 0.0)


def _choices(wish: Wish) -> int:
    """How many columns come before those of the points: the choices, then what they stand on."""
    return len(wish.costs) + len(_bases_of(wish)[1])


def _limits(wish: Wish, model: _Model) -> list[LinearConstraint]:
    bases, base_costs = _bases_of(wish)
    count, grounds, classes = len(wish.costs), len(base_costs), len(model.weights)
    after = sparse.csr_array((count, classes))
    cost = np.concatenate([wish.costs, base_costs, np.zeros(classes)])
    limits = [LinearConstraint(sparse.csr_array(cost[None, :]), -np.inf, wish.budget)]
    if classes:
        cover = sparse.hstack([model.matrix, sparse.csr_array((classes, grounds)), -sparse.eye_array(classes)])
        limits.append(LinearConstraint(cover.tocsr(), 0.0, np.inf))
    if wish.bases is not None:
        stands = sparse.csr_array((np.ones(count), (np.arange(count), bases)), shape=(count, grounds))
        paid = sparse.hstack([sparse.eye_array(count), -stands, after])
        room = sparse.hstack([stands.T, -wish.most * sparse.eye_array(grounds), sparse.csr_array((grounds, classes))])
        limits += [LinearConstraint(paid.tocsr(), -np.inf, 0.0), LinearConstraint(room.tocsr(), -np.inf, 0.0)]
    return limits


class _Told(NamedTuple):
    x: Floats | None
    mip_dual_bound: float
    status: int


def _run(wish: Wish, objective: Floats, limits: list[LinearConstraint], seconds: float) -> _Told:
    # Points are whole as well: whole weights then make a whole objective, and a bound below the next one is a proof.
    upper = np.concatenate([_allowed(wish).astype(float), np.ones(len(objective) - len(wish.costs))])
    told = milp(
        objective, integrality=np.ones(len(objective)), bounds=Bounds(0, upper), constraints=limits,
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )  # fmt: skip
    return _Told(told.x, told.mip_dual_bound, told.status)


def _picked(x: Floats, count: int) -> tuple[int, ...]:
    return tuple(int(one) for one in np.flatnonzero(x[:count] > 0.5))


def _allowed(wish: Wish) -> Bools:
    affordable = wish.costs <= wish.budget + _SLACK
    return affordable if wish.forbidden is None else affordable & ~wish.forbidden


def _bases_of(wish: Wish) -> tuple[Ints, Floats]:
    """What each choice stands on, and what each of those costs; where nothing is said, each on a place of its own."""
    if wish.bases is None:
        return np.arange(len(wish.costs)), np.zeros(len(wish.costs))
    count = int(wish.bases.max(initial=-1)) + 1
    return wish.bases, np.zeros(count) if wish.base_costs is None else wish.base_costs


def _shares_of(wish: Wish) -> Floats:
    count = 0 if wish.groups is None else int(wish.groups.max(initial=-1)) + 1
    return np.zeros(count) if wish.shares is None else np.asarray(wish.shares, dtype=np.float64)


def _weights_of(wish: Wish) -> Floats:
    """The weight of each group."""
    assert wish.groups is not None
    there = wish.groups >= 0
    found: Floats = np.bincount(wish.groups[there], wish.weights[there], len(_shares_of(wish))).astype(np.float64)
    return found


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
    if wish.bases is not None and (wish.bases.shape != (choices,) or (wish.bases < 0).any()):
        raise InputError(f"there must be one base, counted from 0, for each of the {choices} choices")
    prices = _bases_of(wish)[1]
    if prices.shape != (_bases_of(wish)[0].max(initial=-1) + 1,) or not np.isfinite(prices).all() or (prices < 0).any():
        raise InputError("there must be one finite cost of 0 and more for each base")
    if wish.forbidden is not None and wish.forbidden.shape != (choices,):
        raise InputError(f"there must be one word on being forbidden for each of the {choices} choices")
