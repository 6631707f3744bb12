"""Where shall the few places stand, so that everybody is near one? Solved to proof by mixed integer programming.

`distances` is (people's places, sites that may be chosen), `weights` how many people are at each place. The model is
given to HiGHS (Huangfu & Hall 2018, doi:10.1007/s12532-017-0130-5).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

Ints = NDArray[np.int64]


class Siting(NamedTuple):
    """The chosen sites, ascending; what is reached with them, and what no choice can do better than.

    `value` and `bound` are a sum of weighted distances: lower is better.
    `proved`: whether the search ended, so that value and bound are one.
    """

    sites: tuple[int, ...]
    value: float
    bound: float
    proved: bool


def p_median(distances: Floats, count: int, weights: Floats | None = None, seconds: float = 300.0) -> Siting:
    """Choose `count` sites so that the weighted sum of everybody's distance to the nearest one is least.

    The radius form: for each place and each distance at which a further site comes into reach, whether none nearer
    stands. Elloumi 2010, doi:10.1016/j.ejor.2009.04.021. Raises InputError where the numbers do not fit.
    """
    sites, weight = _checked(distances, count, weights)
    used = np.flatnonzero(weight > 0)
    rings = [np.unique(distances[place], return_inverse=True) for place in used]
    costs = [np.zeros(sites)]
    rows: list[Ints] = [np.zeros(0, np.int64)]
    columns: list[Ints] = [np.zeros(0, np.int64)]
    values: list[Floats] = [np.zeros(0)]
    row, column, base = 0, sites, 0.0
    for place, (steps, ring) in zip(used, rings, strict=True):
        last = len(steps) - 1
        base += weight[place] * steps[0]
        costs.append(weight[place] * np.diff(steps))
        reached = ring < last
        rows.append(row + ring[reached])
        columns.append(np.flatnonzero(reached))
        values.append(np.ones(int(reached.sum())))
        further = np.arange(last)
        rows += [row + further, row + further[1:]]
        columns += [column + further, column + further[:-1]]
        values += [np.ones(last), -np.ones(max(last - 1, 0))]
        row, column = row + last, column + last
    at = (np.concatenate(rows), np.concatenate(columns))
    matrix = sparse.csr_array((np.concatenate(values), at), shape=(row, column))
    least = np.zeros(row)
    firsts = np.cumsum([0, *(len(steps) - 1 for steps, _ in rings)])[:-1]
    least[firsts[firsts < row]] = 1.0
    found = _solved(np.concatenate(costs), matrix, least, sites, count, seconds)
    value = float(weight @ distances[:, found.sites].min(axis=1))
    return Siting(found.sites, value, base + found.bound, found.proved)


def _checked(distances: Floats, count: int, weights: Floats | None) -> tuple[int, Floats]:
    if distances.ndim != 2 or not distances.size or not np.isfinite(distances).all() or (distances < 0).any():
        raise InputError("the distances must be a table of finite numbers of 0 and more")
    places, sites = distances.shape
    if not 1 <= count <= sites:
        raise InputError(f"{count} sites cannot be chosen of {sites}; ask for 1 to {sites}")
    weight = np.ones(places) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (places,) or not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError(f"there must be one finite weight of 0 and more for each of the {places} places")
    return sites, weight


def _solved(costs: Floats, matrix: sparse.csr_array, least: Floats, sites: int, count: int, seconds: float) -> Siting:
    """Choose sites (the first columns, 0 or 1) at the least cost; the other columns, at most 1, say what is lacking."""
    whole = np.zeros(len(costs))
    whole[:sites] = 1
    chosen = np.concatenate([np.ones(sites), np.zeros(len(costs) - sites)])
    limits = [LinearConstraint(sparse.csr_array(chosen[None, :]), count, count)]
    if matrix.shape[0]:
        limits.append(LinearConstraint(matrix, least, np.inf))
    told = milp(costs, integrality=whole, bounds=Bounds(0, 1), constraints=limits, options={"time_limit": seconds})
    if told.x is None:
        raise InputError(f"no choice of sites was found in {seconds:g} s; ask for fewer places or more time")
    picked = tuple(int(site) for site in np.flatnonzero(told.x[:sites] > 0.5))
    return Siting(picked, float(told.fun), float(told.mip_dual_bound), told.status == 0)
