"""Which choices cover the most within a budget, fairly between groups and without what is forbidden? Solved to proof.

Maximal covering (Church & ReVelle 1974). With groups, the least share of all groups is made as large as it can be. Of
the shares that can be had there are finitely many, so the search ends with the largest: it asks again and again whether
every group can have more than the worst-off has in the best plan so far. What each group needs costs something by
itself (machinami.methods.covering_floors), which answers most questions; what each can do for what is left answers the
others (machinami.methods.covering_plans).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse

from machinami.foundation.errors import InputError
from machinami.methods.covering_floors import Floor, Floors, rows_of, total
from machinami.methods.covering_plans import plans_of, together
from machinami.methods.covering_program import (
    INFEASIBLE,
    SLACK,
    SOLVED,
    Bools,
    Ints,
    Program,
    Row,
    Told,
    Wish,
    allowed,
    bases_of,
    cost_of,
    covered_by,
    least_of,
    program_of,
    worth_choosing,
)
from machinami.methods.series import Floats

FINEST = 1e-3
"""Weights that are whole multiples of this are told apart exactly, others to within it."""
_LADDER = ((4, 20_000), (8, 100_000), (24, 1_500_000))
"""Times that parted costs are shifted further for one question, and how many beginnings of plans are then looked at."""
_BEST = 4  # of all rounds of floors, how many limit the search
_SPARE = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Of what the budget leaves above all floors, how much more than its floor a plan of one group may cost."""
_NEAR = 0.03  # part of a share within which one asks at once for the next larger one, not for the middle
_PATIENCE = 2  # questions that may end undecided before the search for the fairest share ends
_NOTHING = "no choice within the budget gives each group its least share; ask for less, or pay more"
_LATE = "nothing was found in {:g} s; give more time or fewer points"


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


class _Task(NamedTuple):
    """A wish made ready: the program of the choices worth making, their floors (None without groups), and the price."""

    wish: Wish
    program: Program
    floors: Floors | None
    price: Floats

    @property
    def paid(self) -> Row:
        """That the budget is kept."""
        return Row(-self.price, -self.wish.budget - SLACK)


def maximal_covering(wish: Wish, seconds: float = 300.0) -> Covering:
    """Make the choices that cover the most weight. Raises InputError where the numbers do not fit, or where no choice
    gives each group its share."""
    _check(wish)
    return _most(_ready(wish), at_least(wish, _shares_of(wish)), seconds)


def fairest_covering(wish: Wish, seconds: float = 300.0) -> Covering:
    """Make the choices whose worst-off group has the largest share that can be had and which, among those, cover the
    most weight. A group of which nothing can be covered counts for nothing; `shares` hold as well."""
    _check(wish)
    task = _ready(wish)
    if task.floors is None or np.isnan(_coverable(wish)).all():
        return maximal_covering(wish, seconds)
    needs, chosen, proven = _fairest_needs(task, 2 * seconds / 3)
    found = _most(task, needs, seconds / 3, chosen)
    return found if proven else found._replace(proven=False)


def greedy_covering(wish: Wish) -> Covering:
    """Choose step by step what adds the most weight for its cost: a simple way to compare with, blind to shares.

    Its bound is the sum of all coverable weight."""
    _check(wish)
    free = allowed(wish)
    bases, base_costs = bases_of(wish)
    used = np.zeros(len(base_costs), np.int64)
    open_points = np.ones(len(wish.weights), dtype=bool)
    chosen: list[int] = []
    left = wish.budget
    while True:
        gain = wish.covers[:, open_points] @ wish.weights[open_points]
        price = wish.costs + np.where(used[bases] > 0, 0.0, base_costs[bases])
        usable = free & (price <= left + SLACK) & (used[bases] < wish.most)
        worth = np.where(usable, gain / np.maximum(price, 1e-9), 0.0)
        best = int(worth.argmax())
        if worth[best] <= 0.0:
            break
        chosen.append(best)
        left -= float(price[best])
        free[best] = False
        used[bases[best]] += 1
        open_points &= ~wish.covers[best]
    bound = float(wish.weights[covered_by(wish.covers, np.flatnonzero(allowed(wish)).tolist())].sum())
    return _answer(wish, tuple(sorted(chosen)), bound, proven=False)


def _answer(wish: Wish, chosen: tuple[int, ...], bound: float, proven: bool) -> Covering:
    covered = covered_by(wish.covers, chosen)
    value = float(wish.weights @ covered)
    return Covering(
        chosen, covered, value, value if proven else max(bound, value), cost_of(wish, chosen),
        shares_of(covered, wish.weights, wish.groups), proven,
    )  # fmt: skip


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


def at_least(wish: Wish, shares: Floats) -> Floats:
    """The least weight of each group that can be had and is such a share of it."""
    if not len(shares):
        return np.zeros(0)
    asked: Floats = shares * _weights_of(wish)
    unit = _unit(wish.weights)
    return asked if unit is None else np.asarray(np.ceil(asked / unit - SLACK) * unit)


def more_than(wish: Wish, share: float) -> Floats:
    """The least weight of each group that can be had and is a larger share of it."""
    had: Floats = share * _weights_of(wish)
    unit = _unit(wish.weights)
    return had + FINEST if unit is None else np.asarray((np.floor(had / unit + SLACK) + 1.0) * unit)


def _unit(weights: Floats) -> float | None:
    """What all weights are whole multiples of, if there is anything as large as FINEST."""
    whole = np.rint(weights / FINEST)
    if not np.allclose(whole * FINEST, weights, rtol=0.0, atol=1e-9):
        return None
    return max(int(np.gcd.reduce(whole.astype(np.int64))), 1) * FINEST


def _ready(wish: Wish) -> _Task:
    kept = worth_choosing(wish)
    program = program_of(wish, kept)
    floors = Floors(wish, kept) if wish.groups is not None and (wish.groups >= 0).any() else None
    return _Task(wish, program, floors, program.row(wish.costs, bases_of(wish)[1]))


def _most(task: _Task, needs: Floats, seconds: float, known: tuple[int, ...] | None = None) -> Covering:
    """Cover the most, each group what it needs; `known`: choices that give them that, should none be found in time."""
    told, limits = None, [task.paid]
    if task.floors is not None and (needs > 0).any():
        told, rounds = _listed(task, needs, seconds, beyond=True)
        limits += [*_needed(task.program, needs), *(row for one in rounds for row in rows_of(task.program, one))]
    if told is None:
        told = least_of(task.program, -task.program.gain(), limits, seconds)
    if told.chosen is None and told.status == INFEASIBLE:
        raise InputError(_NOTHING)
    chosen = known if told.chosen is None else told.chosen
    if chosen is None:
        raise InputError(_LATE.format(seconds))
    every = float(task.program.weights.sum())
    return _answer(task.wish, chosen, min(-told.bound, every), told.status == SOLVED)


def _fairest_needs(task: _Task, seconds: float) -> tuple[Floats, tuple[int, ...] | None, bool]:
    """What each group has at least where the least share is the largest, choices that give it, and whether no larger
    least share can be had."""
    wish = task.wish
    could = _coverable(wish)
    asked = at_least(wish, _shares_of(wish))
    low, high = 0.0, _least_share_of_parts(task, could)
    best: tuple[int, ...] | None = None
    undecided, refused = 0, np.full(len(could), np.inf)
    while undecided < _PATIENCE:
        more = more_than(wish, low)
        middle = (low + high) / 2 if high - low > _NEAR * high else low
        tried = np.maximum(more, at_least(wish, np.full(len(could), middle)))
        needs = np.where(np.isnan(could), asked, np.maximum(asked, tried))
        known = bool((needs >= refused).all())
        found, decided = (None, True) if known else _plan_for(task, needs, seconds / _PATIENCE)
        if found is not None:
            got = shares_of(covered_by(wish.covers, found), wish.weights, wish.groups)
            reached = float(np.min(got, where=~np.isnan(could), initial=1.0))
            if best is not None and reached <= low:
                break
            best, low = found, reached
            continue
        undecided += not decided
        refused = needs if decided and not known else refused
        if (tried <= more).all():
            break
        high = middle
    needs = np.maximum(asked, at_least(wish, np.full(len(could), low)))
    return np.where(np.isnan(could), asked, needs), best, not undecided


def _least_share_of_parts(task: _Task, could: Floats) -> float:
    """No least share is larger than that which parts of choices could give; it is the last column."""
    program, whole = task.program, _weights_of(task.wish)
    beside = sparse.csr_array((program.rows.shape[0], 1))
    wider = program._replace(rows=sparse.hstack([program.rows, beside]).tocsr())
    wanting = np.flatnonzero(~np.isnan(could)).tolist()
    limits = [Row(np.append(program.gain(group), -float(whole[group])), 0.0) for group in wanting]
    limits.append(Row(np.append(task.paid.values, 0.0), task.paid.least))
    goal = np.append(np.zeros(len(task.price)), -1.0)
    return -least_of(wider, goal, limits, np.inf, whole=False).bound


def _plan_for(task: _Task, needs: Floats, seconds: float) -> tuple[tuple[int, ...] | None, bool]:
    """Choices within the budget that give each group what it needs, and whether it is sure that there are none."""
    assert task.floors is not None
    told, rounds = _listed(task, needs, seconds)
    return _searched(task, needs, rounds, seconds) if told is None else (told.chosen, True)


def _listed(
    task: _Task, needs: Floats, seconds: float, beyond: bool = False
) -> tuple[Told | None, Sequence[Sequence[Floor]]]:
    """The same (or, to go `beyond` the needs, those that cover the most) from lists of what single groups can do, where
    these tell; and the best rounds of floors."""
    assert task.floors is not None
    rounds: list[list[Floor]] = []
    for shifts, most in _LADDER[:2] if beyond else _LADDER:
        rounds = task.floors.shifted(needs, rounds, shifts, task.wish.budget * (1.0 + SLACK) + SLACK, seconds / 4)
        if not rounds:
            return Told(None, np.inf, INFEASIBLE), []
        told = _joined(task, needs, rounds[-1], most, seconds / 4, beyond)
        if told is not None:
            return told, []
    return None, rounds[-_BEST:]


def _joined(
    task: _Task, needs: Floats, floors: Sequence[Floor], most: int, seconds: float, beyond: bool
) -> Told | None:
    """The same from all plans of single groups that can be part of one: first from the cheapest of them, last from all.
    None where they are too many, or others than these groups count as well."""
    assert task.floors is not None
    wanting = np.flatnonzero(needs > 0).tolist()
    if beyond and not np.isin(task.program.groups, wanting).all():
        return None
    programs = [task.floors.programs[group] for group in wanting]
    spare = task.wish.budget - total(floors) + SLACK * (1.0 + task.wish.budget)
    for part in (1.0,) if beyond else _SPARE:
        plans = []
        for program, group, floor in zip(programs, wanting, floors, strict=True):
            dearest = floor.least + part * spare
            some = plans_of(task.wish, program, float(needs[group]), floor, dearest, most, beyond)
            if some is None:
                return None
            plans.append(some)
        told = together(task.wish, programs, plans, seconds, beyond)
        if told.status == SOLVED or (told.chosen is not None and not beyond):
            return told
        if told.status != INFEASIBLE:
            return None
    return Told(None, np.inf, INFEASIBLE)


def _searched(
    task: _Task, needs: Floats, rounds: Sequence[Sequence[Floor]], seconds: float
) -> tuple[tuple[int, ...] | None, bool]:
    """The same where floors alone do not tell: first among choices of which parts are used where parts count, then
    among all. Any plan within the budget will do, so each search ends with its first."""
    assert task.floors is not None
    floors = [floor for one in rounds for floor in one]
    limits = [task.paid, *_needed(task.program, needs), *rows_of(task.program, floors)]
    told = least_of(task.program, task.price, limits, seconds, whole=False)
    if told.status == INFEASIBLE:
        return None, True
    task.floors.tried[list(told.chosen or ())] = True
    found = _of_those_tried(task, needs, floors, seconds / 4)
    if found is not None:
        return found, True
    told = least_of(task.program, task.price, limits, seconds, gap=1.0)
    return told.chosen, told.chosen is not None or told.status == INFEASIBLE


def _of_those_tried(task: _Task, needs: Floats, known: Sequence[Floor], seconds: float) -> tuple[int, ...] | None:
    """Choices that give each group what it needs, of those that were picked for some group already."""
    assert task.floors is not None
    wish, program = task.wish, program_of(task.wish, task.floors.tried)
    price = program.row(wish.costs, bases_of(wish)[1])
    paid = Row(-price, -wish.budget - SLACK)
    limits = [paid, *_needed(program, needs), *rows_of(program, known)]
    return least_of(program, price, limits, seconds, gap=1.0).chosen


def _needed(program: Program, needs: Floats) -> list[Row]:
    return [Row(program.gain(group), float(needs[group]) - SLACK) for group in np.flatnonzero(needs > 0).tolist()]


def _coverable(wish: Wish) -> Floats:
    """For each group the share that all allowed choices together cover; nan where that is nothing."""
    seen = covered_by(wish.covers, np.flatnonzero(allowed(wish)).tolist())
    shares = shares_of(seen, wish.weights, wish.groups)
    return np.where(shares > 0, shares, np.nan)


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
    prices = bases_of(wish)[1]
    if prices.shape != (bases_of(wish)[0].max(initial=-1) + 1,) or not np.isfinite(prices).all() or (prices < 0).any():
        raise InputError("there must be one finite cost of 0 and more for each base")
    if wish.forbidden is not None and wish.forbidden.shape != (choices,):
        raise InputError(f"there must be one word on being forbidden for each of the {choices} choices")
