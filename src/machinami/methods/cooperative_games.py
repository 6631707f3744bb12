"""How is the cost of a common work shared by what each group of partners would cost alone? Shapley value and nucleolus.

A game is an array `costs` of length 2ⁿ: costs[S] is what the partners in S would pay for a work of their own, where
bit i of S stands for partner i; costs[0] is 0. Shares are arrays (n,) that sum to costs[2ⁿ − 1]. A game of gains is one
of negative costs.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

MOST_EXACT = 20
MOST_NUCLEOLUS = 12
_TIGHT = 1e-9
_RANK = 1e-6


def game(partners: int, cost: Callable[[tuple[int, ...]], float]) -> Floats:
    """The costs of every group of partners, by a function of the numbers of its members. Raises InputError."""
    if not 1 <= partners <= MOST_EXACT:
        raise InputError(f"{partners} partners: costs of every group can be listed for 1 to {MOST_EXACT}")
    members = range(partners)
    return np.array(
        [0.0] + [cost(tuple(i for i in members if group >> i & 1)) for group in range(1, 1 << partners)], dtype=float
    )


def shapley(costs: Floats) -> Floats:
    """Each partner's mean additional cost over all orders of joining. Shapley 1953, doi:10.1515/9781400881970-018."""
    partners = _partners(costs)
    groups = np.arange(len(costs))
    size = _sizes(partners)
    # The weight of a group that a partner joins: the share of the orders in which just its members came before.
    ways = np.cumprod([1.0, *(k / (partners - k) for k in range(1, partners))]) / partners
    shares = np.empty(partners)
    for i in range(partners):
        without = groups[(groups >> i & 1) == 0]
        shares[i] = np.dot(ways[size[without]], costs[without | 1 << i] - costs[without])
    return shares


def sampled_shapley(
    partners: int, cost: Callable[[tuple[int, ...]], float], orders: int, by: np.random.Generator
) -> Floats:
    """The same from orders drawn by chance, for more partners than can be listed; the shares sum to the whole cost.

    Castro, Gómez & Tejada 2009, doi:10.1016/j.cor.2008.04.004.
    """
    total = np.zeros(partners)
    for _ in range(orders):
        before, joined = 0.0, []
        for i in by.permutation(partners):
            joined.append(int(i))
            now = cost(tuple(sorted(joined)))
            total[i] += now - before
            before = now
    return total / orders


def separable_costs_remaining_benefits(costs: Floats) -> Floats:
    """Each pays what it adds to all others, and of the rest in proportion to what it saves against going alone.

    The rule of American water projects (SCRB); Young, Okada & Hashimoto 1982, doi:10.1029/WR018i003p00463.
    """
    partners = _partners(costs)
    whole = len(costs) - 1
    alone = np.array([costs[1 << i] for i in range(partners)])
    added = np.array([costs[whole] - costs[whole ^ 1 << i] for i in range(partners)])
    saved = np.maximum(alone - added, 0.0)
    rest = costs[whole] - added.sum()
    weights = saved / saved.sum() if saved.sum() > 0 else np.full(partners, 1 / partners)
    return np.asarray(added + rest * weights)


def dearest_group(costs: Floats, shares: Floats) -> tuple[int, float]:
    """The group of some partners, as bits, that pays most above what it would alone, and by how much (below 0: the
    group that gains least by taking part). For one partner, (0, 0)."""
    if len(costs) <= 2:
        return 0, 0.0
    excess = (_sums(shares) - costs)[1:-1]
    worst = int(np.argmax(excess))
    return worst + 1, float(excess[worst])


def greatest_excess(costs: Floats, shares: Floats) -> float:
    """The most by which any group of some partners pays more than it would alone; not above 0: nobody has reason to
    leave (the shares lie in the core). For one partner, 0."""
    return dearest_group(costs, shares)[1]


def nucleolus(costs: Floats) -> Floats:
    """The shares at which the group that fares worst fares as well as can be, then the next, and so on.

    Linear programmes one after the other: in each, the groups that are at their limit in every solution (those with a
    price in the dual) are kept there. Schmeidler 1969, doi:10.1137/0117107; Maschler, Peleg & Shapley 1979,
    doi:10.1287/moor.4.4.303. Raises InputError for more than 12 partners.
    """
    partners = _partners(costs)
    if partners > MOST_NUCLEOLUS:
        raise InputError(f"{partners} partners: the nucleolus is worked out for up to {MOST_NUCLEOLUS}")
    if partners == 1:
        return np.array([costs[1]])
    whole = len(costs) - 1
    scale = max(float(np.max(np.abs(costs))), 1e-300)
    rows = (np.arange(1, whole)[:, None] >> np.arange(partners) & 1).astype(float)
    limits = costs[1:whole] / scale
    kept, kept_sums = np.ones((1, partners)), np.array([costs[whole] / scale])
    open_ = np.ones(len(rows), dtype=bool)
    while np.linalg.matrix_rank(kept, tol=_RANK) < partners:
        excess, prices = _least_excess(rows[open_], limits[open_], kept, kept_sums)
        tight = np.flatnonzero(open_)[prices > _TIGHT]
        kept = np.vstack([kept, rows[tight]])
        kept_sums = np.concatenate([kept_sums, limits[tight] + excess])
        open_ &= ~_spanned(rows, kept)
    solved, *_ = np.linalg.lstsq(kept, kept_sums, rcond=None)
    return np.asarray(solved * scale)


def _least_excess(rows: Floats, limits: Floats, kept: Floats, kept_sums: Floats) -> tuple[float, Floats]:
    """The least greatest excess over some groups, and their prices in the dual."""
    partners = rows.shape[1]
    found = linprog(
        np.append(np.zeros(partners), 1.0),
        A_ub=np.hstack([rows, -np.ones((len(rows), 1))]),
        b_ub=limits,
        A_eq=np.hstack([kept, np.zeros((len(kept), 1))]),
        b_eq=kept_sums,
        bounds=(None, None),
        method="highs",
    )
    if found.x is None:
        raise InputError(f"The nucleolus of these costs cannot be worked out: {found.message}")
    return float(found.x[-1]), -found.ineqlin.marginals


def _spanned(rows: Floats, kept: Floats) -> NDArray[np.bool_]:
    """Which groups' sums follow from those that are kept."""
    _, sizes, directions = np.linalg.svd(kept, full_matrices=False)
    basis = directions[sizes > _RANK]
    left = rows - rows @ basis.T @ basis
    return np.asarray(np.linalg.norm(left, axis=1) < _RANK)


def _sums(shares: Floats) -> Floats:
    """What every group pays together."""
    paid = np.zeros(1)
    for share in shares:
        paid = np.concatenate([paid, paid + share])
    return paid


def _sizes(partners: int) -> NDArray[np.int64]:
    return _sums(np.ones(partners)).astype(np.int64)


def _partners(costs: Floats) -> int:
    partners = len(costs).bit_length() - 1
    if partners < 1 or len(costs) != 1 << partners or partners > MOST_EXACT:
        raise InputError(f"{len(costs)} costs are not those of every group of 1 to {MOST_EXACT} partners")
    if costs[0] != 0 or not np.all(np.isfinite(costs)):
        raise InputError("Nobody costs nothing, and every cost is a number")
    return partners
