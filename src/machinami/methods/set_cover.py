"""What is the cheapest choice that covers everything? Weighted set cover, solved to proof by HiGHS.

Beasley 1987, doi:10.1016/0377-2217(87)90141-X, whose problems (scp41 …) tell whether it is right.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats


class Cover(NamedTuple):
    """The chosen sets, ascending, what they cost, what no choice can cost less than, and whether the search ended."""

    chosen: tuple[int, ...]
    cost: float
    bound: float
    proven: bool


def cheapest_cover(covers: sparse.csr_array, costs: Floats, seconds: float = 300.0) -> Cover:
    """Choose sets at the least cost so that each point is in one.

    covers: (sets, points), not 0 where a set has a point.
    Raises InputError where the numbers do not fit, or where a point is in no set (its number is told).
    """
    sets, points = covers.shape
    if costs.shape != (sets,) or not np.isfinite(costs).all() or (costs < 0).any():
        raise InputError(f"there must be one finite cost of 0 and more for each of the {sets} sets")
    has = sparse.csr_array(covers.astype(bool).astype(float))
    bare = np.flatnonzero(has.sum(axis=0) == 0)
    if bare.size:
        raise InputError(f"point {int(bare[0])} is in no set, so that nothing covers it")
    told = milp(
        costs, integrality=np.ones(sets), bounds=Bounds(0, 1),
        constraints=[LinearConstraint(has.T.tocsr(), np.ones(points), np.inf)] if points else [],
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )  # fmt: skip
    if told.x is None:
        raise InputError(f"no cover was found in {seconds:g} s; give more time")
    chosen = tuple(int(one) for one in np.flatnonzero(told.x > 0.5))
    cost = float(costs[list(chosen)].sum())
    proven = told.status == 0
    return Cover(chosen, cost, cost if proven else float(told.mip_dual_bound), proven)
