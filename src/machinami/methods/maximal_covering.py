"""Which sites cover the most for what they may cost, so that no group is left behind? Solved to proof.

The maximal covering location problem (Church & ReVelle 1974, doi:10.1007/BF01942293) as a mixed integer program, given
to HiGHS (Huangfu & Hall 2018, doi:10.1007/s12532-017-0130-5). Only the choice of sites is whole: what a choice covers
follows from it.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

Cover = NDArray[np.bool_]
NEAR = 1e-6


class Covering(NamedTuple):
    """The chosen sites, ascending; which points they cover; the weight of these; what no choice can do better than.

    `shares`: the covered share of each group. `proven`: whether the search ended, so that covered and bound are one.
    """

    chosen: tuple[int, ...]
    points: Cover
    covered: float
    bound: float
    shares: dict[str, float]
    proven: bool


class Asked(NamedTuple):
    """A problem: `cover` is (points, sites), `weights` one for each point, `costs` one for each site.

    groups: the group of each point, where there are groups; least: the least share of the weight of a group that must
    be covered; forbidden and fixed: sites that must not and that must be chosen; most: the most sites.
    """

    cover: Cover
    weights: Floats
    costs: Floats
    budget: float
    groups: tuple[str, ...] = ()
    least: Mapping[str, float] = {}
    forbidden: Collection[int] = ()
    fixed: Collection[int] = ()
    most: int | None = None


def maximal_covering(asked: Asked, seconds: float = 120.0) -> Covering:
    """Choose the sites that cover the most weight within the budget.

    Raises InputError where the numbers do not fit each other, and where no choice gives every group its share (the
    message says how far the budget reaches for the groups alone).
    """
    _check(asked)
    merged, weights, groups = _merged(asked)
    points, sites = merged.shape
    lower, upper = np.zeros(sites + points), np.ones(sites + points)
    upper[list(asked.forbidden)] = 0.0
    lower[list(asked.fixed)] = 1.0
    limits = [LinearConstraint(sparse.hstack([merged, -sparse.eye_array(points)]).tocsr(), 0.0, np.inf)]
    spent = np.concatenate([asked.costs, np.zeros(points)])
    limits.append(LinearConstraint(sparse.csr_array(spent[None, :]), -np.inf, asked.budget + NEAR))
    if asked.most is not None:
        one = np.concatenate([np.ones(sites), np.zeros(points)])
        limits.append(LinearConstraint(sparse.csr_array(one[None, :]), -np.inf, asked.most))
    for group, share in asked.least.items():
        row = np.concatenate([np.zeros(sites), np.where(groups == group, weights, 0.0)])
        limits.append(LinearConstraint(sparse.csr_array(row[None, :]), share * row.sum() - NEAR, np.inf))
    whole = np.concatenate([np.ones(sites), np.zeros(points)])
    told = milp(
        np.concatenate([np.zeros(sites), -weights]),
        integrality=whole,
        bounds=Bounds(lower, upper),
        constraints=limits,
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if told.x is None and told.status == 2:
        raise InputError("no choice within the budget gives every group its share; raise the budget or ask for less")
    quick = greedy_covering(asked)
    if told.x is None:
        if not _fits(quick, asked):
            raise InputError(f"no choice was found in {seconds:g} s; give more time or ask for fewer points")
        return quick
    found = _result(asked, np.flatnonzero(told.x[:sites] > 0.5), -float(told.mip_dual_bound), told.status == 0)
    better = not found.proven and quick.covered > found.covered and _fits(quick, asked)
    return quick._replace(bound=found.bound) if better else found


def greedy_covering(asked: Asked) -> Covering:
    """Take, again and again, the site that adds most weight for its cost; groups are not looked at.

    For equal costs at least 1 − 1/e of what can be covered (Nemhauser, Wolsey & Fisher 1978). Never proven; its bound
    is the weight of all that any allowed site covers.
    """
    _check(asked)
    chosen = [int(site) for site in asked.fixed]
    spent = float(asked.costs[chosen].sum()) if chosen else 0.0
    allowed = [site for site in range(asked.cover.shape[1]) if site not in asked.forbidden and site not in chosen]
    done = asked.cover[:, chosen].any(axis=1)
    most = len(asked.costs) if asked.most is None else asked.most
    while len(chosen) < most:
        open_ = [site for site in allowed if spent + asked.costs[site] <= asked.budget + NEAR]
        gains = {site: float(asked.weights @ (asked.cover[:, site] & ~done)) for site in open_}
        best = max(open_, key=lambda site: gains[site] / max(float(asked.costs[site]), NEAR), default=None)
        if best is None or gains[best] <= 0:
            break
        chosen.append(best)
        allowed.remove(best)
        spent += float(asked.costs[best])
        done |= asked.cover[:, best]
    reachable = asked.cover[:, [s for s in range(asked.cover.shape[1]) if s not in asked.forbidden]].any(axis=1)
    return _result(asked, np.array(sorted(chosen), dtype=np.int64), float(asked.weights @ reachable), False)


def least_cost_cover(cover: Cover, costs: Floats, seconds: float = 120.0) -> Covering:
    """Choose the sites that cover every point at the least cost (set covering); `covered` and `bound` are costs.

    Raises InputError where a point is covered by no site, or no choice was found in time.
    """
    _check(Asked(cover, np.zeros(len(cover)), costs, 0.0))
    if not cover.any(axis=1).all():
        raise InputError(f"no site covers point {int(np.flatnonzero(~cover.any(axis=1))[0])}")
    rows = sparse.csr_array(np.unique(cover, axis=0).astype(float))
    options = {"time_limit": seconds, "mip_rel_gap": 0.0}
    limits = LinearConstraint(rows, 1.0, np.inf)
    told = milp(costs, integrality=np.ones(len(costs)), bounds=Bounds(0, 1), constraints=limits, options=options)
    if told.x is None:
        raise InputError(f"no choice was found in {seconds:g} s; give more time")
    chosen = tuple(int(site) for site in np.flatnonzero(told.x > 0.5))
    spent = float(costs[list(chosen)].sum())
    proven = told.status == 0
    return Covering(
        chosen, np.ones(len(cover), bool), spent, spent if proven else float(told.mip_dual_bound), {}, proven
    )


def _merged(asked: Asked) -> tuple[sparse.csr_array, Floats, NDArray[Any]]:
    """Points that the same sites cover, and that are of one group, as one point; those that none covers left out."""
    groups = np.array(asked.groups or [""] * len(asked.weights))
    names, number = np.unique(groups, return_inverse=True)
    packed = np.packbits(asked.cover, axis=1)
    keys = np.hstack([packed, number.astype(np.uint32).reshape(-1, 1).view(np.uint8)])
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    weights = np.bincount(which.reshape(-1), weights=asked.weights, minlength=len(first)).astype(np.float64)
    needed = set(asked.least)
    keep = asked.cover[first].any(axis=1) | np.isin(names[number[first]], list(needed))
    kept = first[keep]
    return sparse.csr_array(asked.cover[kept].astype(float)), weights[keep], names[number[kept]]


def _result(asked: Asked, chosen: NDArray[np.int64], bound: float, proven: bool) -> Covering:
    points: Cover = np.asarray(asked.cover[:, chosen].any(axis=1))
    covered = float(asked.weights @ points)
    groups = np.array(asked.groups or [""] * len(points))
    shares = {str(name): _share(asked.weights, points, groups == name) for name in np.unique(groups) if name}
    picked = tuple(int(site) for site in chosen)
    return Covering(picked, points, covered, covered if proven else max(bound, covered), shares, proven)


def _share(weights: Floats, covered: Cover, these: Cover) -> float:
    total = float(weights[these].sum())
    return 1.0 if total <= 0 else float(weights[these & covered].sum()) / total


def _fits(found: Covering, asked: Asked) -> bool:
    fair = all(found.shares.get(group, 1.0) >= share - NEAR for group, share in asked.least.items())
    return fair and float(asked.costs[list(found.chosen)].sum()) <= asked.budget + NEAR


def _check(asked: Asked) -> None:
    if asked.cover.ndim != 2 or not asked.cover.size:
        raise InputError("what covers what must be a table of points by sites, with one of each at least")
    points, sites = asked.cover.shape
    for name, values, count in (("weight", asked.weights, points), ("cost", asked.costs, sites)):
        if values.shape != (count,) or not np.isfinite(values).all() or (values < 0).any():
            raise InputError(f"there must be one finite {name} of 0 and more for each of {count}")
    if asked.groups and len(asked.groups) != points:
        raise InputError(f"there must be one group for each of the {points} points, or none at all")
    unknown = set(asked.least) - set(asked.groups)
    if unknown or not all(0 <= share <= 1 for share in asked.least.values()):
        raise InputError(f"the least shares must be from 0 to 1 and of groups that are there: {sorted(asked.least)}")
    named = [*asked.forbidden, *asked.fixed]
    if not all(0 <= site < sites for site in named) or set(asked.forbidden) & set(asked.fixed):
        raise InputError(f"forbidden and fixed sites must be different ones of 0 to {sites - 1}")
    if float(asked.costs[list(asked.fixed)].sum()) > asked.budget + NEAR or not np.isfinite(asked.budget):
        raise InputError("the budget does not reach for the sites that must be chosen")
    if asked.most is not None and asked.most < len(asked.fixed):
        raise InputError("more sites must be chosen than may be")
