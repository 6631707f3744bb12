"""Which choices may be made together, and what do they cover? As a program of whole numbers, for HiGHS.

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

from machinami.methods.series import Floats

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
SLACK = 1e-6
SOLVED, INFEASIBLE = 0, 2
"""What HiGHS says of how it ended."""


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


class Program(NamedTuple):
    """The columns are some choices, then the bases they stand on, then classes of points that the same choices cover.

    choices, bases: their numbers in the wish; weights, groups: of the classes; rows @ columns may be at most 0.
    """

    choices: Ints
    bases: Ints
    weights: Floats
    groups: Ints
    rows: sparse.csr_array

    def row(self, prices: Floats, base_prices: Floats) -> Floats:
        """What the columns cost by prices of all choices and bases of the wish."""
        return np.concatenate([prices[self.choices], base_prices[self.bases], np.zeros(len(self.weights))])

    def gain(self, group: int | None = None) -> Floats:
        """What the columns cover, of one group or of all."""
        counted = self.weights if group is None else self.weights * (self.groups == group)
        return np.concatenate([np.zeros(len(self.choices) + len(self.bases)), counted])


class Row(NamedTuple):
    """A limit more: the columns of a program times `values` are `least` at least."""

    values: Floats
    least: float


class Told(NamedTuple):
    """What HiGHS found: the chosen of the wish (None where nothing was found; of parts of choices all that are used), a
    bound, and how it ended."""

    chosen: tuple[int, ...] | None
    bound: float
    status: int


def program_of(wish: Wish, allowed: Bools, inside: Bools | None = None) -> Program:
    """The program of the choices that are allowed and of the points inside. Points of one group that the same choices
    cover are put together: the program is smaller and its answers the same."""
    weighty = wish.weights > 0 if inside is None else inside & (wish.weights > 0)
    choices = np.flatnonzero(allowed & wish.covers[:, weighty].any(axis=1))
    usable = wish.covers[choices]
    some = usable.any(axis=0) & weighty
    groups = np.full(len(wish.weights), -1, np.int64) if wish.groups is None else wish.groups
    packed = np.packbits(usable[:, some], axis=0)
    keys = np.vstack([packed, groups[some].astype(">i8").view(np.uint8).reshape(-1, 8).T]).T
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    where = np.flatnonzero(some)[first]
    weights: Floats = np.bincount(which.ravel(), wish.weights[some], len(where)).astype(np.float64)
    bases, own = np.unique(bases_of(wish)[0][choices], return_inverse=True)
    rows = _rows(sparse.csr_array(usable[:, where].T.astype(float)), own.ravel(), len(bases), wish.most)
    return Program(choices, bases, weights, groups[where], rows)


def _rows(matrix: sparse.csr_array, own: Ints, bases: int, most: int) -> sparse.csr_array:
    """A class is covered by what covers it; who stands on a base pays for it; no more stand on one than may."""
    classes, choices = matrix.shape
    stands = sparse.csr_array((np.ones(choices), (np.arange(choices), own)), shape=(choices, bases))
    cover = sparse.hstack([-matrix, sparse.csr_array((classes, bases)), sparse.eye_array(classes)])
    paid = sparse.hstack([sparse.eye_array(choices), -stands, sparse.csr_array((choices, classes))])
    room = sparse.hstack([stands.T, -most * sparse.eye_array(bases), sparse.csr_array((bases, classes))])
    return sparse.vstack([cover, paid, room]).tocsr()


def covers_of(program: Program) -> Floats:
    """Whether (1 or 0) each choice of a program, a row each, covers each of its classes of points."""
    covers: Floats = -program.rows[: len(program.weights), : len(program.choices)].toarray().T
    return covers


def least_of(
    program: Program, goal: Floats, limits: Sequence[Row], seconds: float, gap: float = 0.0, whole: bool = True
) -> Told:
    """Make the goal least within the limits; `gap`: the part of it at which the search may end; not `whole`: parts of
    choices count as well, which gives a bound at once."""
    if not len(program.choices):
        within = all(limit.least <= 0 for limit in limits)
        return Told((), 0.0, SOLVED) if within else Told(None, 0.0, INFEASIBLE)
    told = milp(
        goal,
        # Points are whole as well: whole weights then make a whole goal, and a bound below the next one is a proof.
        integrality=np.full(len(goal), int(whole)),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(program.rows, -np.inf, 0.0),
            *([LinearConstraint(sparse.csr_array(np.array([one.values for one in limits])),
                                np.array([one.least for one in limits]), np.inf)] if limits else []),
        ],
        options={"time_limit": max(seconds, 0.01), "mip_rel_gap": gap},
    )  # fmt: skip
    bound = told.mip_dual_bound if whole else told.fun
    return Told(
        _picked(program, told.x, 0.5 if whole else SLACK), -np.inf if bound is None else float(bound), told.status
    )


def _picked(program: Program, x: Floats | None, least: float) -> tuple[int, ...] | None:
    if x is None:
        return None
    return tuple(program.choices[np.flatnonzero(x[: len(program.choices)] > least)].tolist())


def worth_choosing(wish: Wish) -> Bools:
    """The choices that may be made and are not needless: on the same base none other covers all that it covers and
    costs no more."""
    useful = wish.covers[:, wish.weights > 0]
    kept = allowed(wish) & useful.any(axis=1)
    bases = bases_of(wish)[0]
    order = np.flatnonzero(kept)[np.argsort(bases[kept], kind="stable")]
    for these in np.split(order, np.flatnonzero(np.diff(bases[order])) + 1):
        if len(these) < 2:
            continue
        seen = useful[these].astype(np.float32)
        within = (seen @ seen.T >= seen.sum(axis=1)[:, None]) & (wish.costs[these][:, None] >= wish.costs[these])
        first = np.arange(len(these))[:, None] > np.arange(len(these))
        kept[these[(within & (~within.T | first)).any(axis=1)]] = False
    return kept


def allowed(wish: Wish) -> Bools:
    """The choices that are not forbidden and not too dear by themselves."""
    affordable = wish.costs <= wish.budget + SLACK
    return affordable if wish.forbidden is None else affordable & ~wish.forbidden


def bases_of(wish: Wish) -> tuple[Ints, Floats]:
    """What each choice stands on, and what each of those costs; where nothing is said, each on a place of its own."""
    if wish.bases is None:
        return np.arange(len(wish.costs)), np.zeros(len(wish.costs))
    count = int(wish.bases.max(initial=-1)) + 1
    return wish.bases, np.zeros(count) if wish.base_costs is None else wish.base_costs


def covered_by(covers: Bools, chosen: Sequence[int]) -> Bools:
    """For each point, whether one of the chosen covers it."""
    found: Bools = np.logical_or.reduce(covers[list(chosen)], axis=0)
    return found


def cost_of(wish: Wish, chosen: Sequence[int]) -> float:
    """What choices cost together with what they stand on."""
    bases, base_costs = bases_of(wish)
    picked = list(chosen)
    return float(wish.costs[picked].sum() + base_costs[np.unique(bases[picked])].sum())
