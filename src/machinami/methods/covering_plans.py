"""Which plans of single groups can be part of a whole plan within the budget, and do any of them go together?

A whole plan costs each group no less than its floor (machinami.methods.covering_floors); so none of them pays more than
its floor and what the budget leaves above all floors. All such plans of one group are listed, as routes are that may be
part of a cheapest set of routes (Baldacci, Christofides & Mingozzi 2008, doi:10.1007/s10107-007-0178-5). Of those that
are alike in what other groups see or stand on as well only the cheapest count: few enough for one small program.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from machinami.methods.covering_floors import Floor
from machinami.methods.covering_program import (
    SLACK,
    Bools,
    Ints,
    Program,
    Row,
    Told,
    Wish,
    bases_of,
    covers_of,
    least_of,
)
from machinami.methods.series import Floats

_AT_ONCE = 4096  # beginnings of plans, for the sake of memory


class Ground(NamedTuple):
    """What a group's plans are made of: its choices, what each covers of its points, and the number of its base."""

    choices: Ints
    covers: Floats
    weights: Floats
    own: Ints
    prices: Floats
    base_prices: Floats
    most: int


class _Begun(NamedTuple):
    """Beginnings of plans, a row each: what is chosen, the price, and the last of the chosen."""

    chosen: Bools
    price: Floats
    last: Ints

    def some(self, these: slice | Bools) -> "_Begun":
        return _Begun(self.chosen[these], self.price[these], self.last[these])


def plans_of(
    wish: Wish, program: Program, need: float, floor: Floor, dearest: float, most: int, beyond: bool = False
) -> Bools | None:
    """The plans of a group, a row each over the choices of its program: all that cover what it needs, none of whose
    beginnings does (in some order of choices), and that cost no more by the prices of its floor. `beyond`: those as
    well that go on from there, as long as each choice adds something. None: there are more than `most` beginnings and
    plans to look at."""
    nothing = np.zeros((int(need <= SLACK), len(program.choices)), np.bool_)
    if len(nothing) and not beyond:
        return nothing
    ground = _ground(wish, program, floor)
    begun = _Begun(np.zeros((1, len(ground.choices)), np.bool_), np.zeros(1), np.full(1, -1))
    found, looked = [nothing], 0
    while len(begun.price):
        longer = []
        for first in range(0, len(begun.price), _AT_ONCE):
            made, enough = _longer(ground, begun.some(slice(first, first + _AT_ONCE)), need - SLACK, dearest)
            done, further = made.chosen[enough], made if beyond else made.some(~enough)
            found.append(done)
            longer.append(further)
            looked += len(done) + len(further.price)
            if looked > most:
                return None
        begun = _all_of(longer)
    every = np.concatenate(found)
    back: Bools = np.empty_like(every)
    back[:, ground.choices] = every
    return back


def _all_of(begun: Sequence[_Begun]) -> _Begun:
    return _Begun(
        np.concatenate([one.chosen for one in begun]), np.concatenate([one.price for one in begun]),
        np.concatenate([one.last for one in begun]),
    )  # fmt: skip


def _ground(wish: Wish, program: Program, floor: Floor) -> Ground:
    """`choices` are columns of the program, those first that cover much for their price."""
    covers = covers_of(program)
    bases = bases_of(wish)[0][program.choices]
    prices, base_prices = floor.prices[program.choices], floor.base_prices[bases]
    worth = (covers @ program.weights) / (prices + base_prices / wish.most + SLACK)
    order = np.argsort(-worth, kind="stable")
    own = np.unique(bases[order], return_inverse=True)[1]
    return Ground(order, covers[order], program.weights, own, prices[order], base_prices[order], wish.most)


def _longer(ground: Ground, begun: _Begun, need: float, dearest: float) -> tuple[_Begun, Bools]:
    """What the beginnings become with one choice more, and which of that covers what is needed."""
    count = len(ground.choices)
    left = begun.chosen @ ground.covers == 0
    rest = need - (~left @ ground.weights)
    gain = (left * ground.weights) @ ground.covers.T
    stands = np.zeros((count, int(ground.own.max()) + 1))
    stands[np.arange(count), ground.own] = 1
    there = (begun.chosen @ stands)[:, ground.own]
    usable = (np.arange(count) > begun.last[:, None]) & (there < ground.most) & (gain > 0)
    at_least = ground.prices + np.where(there > 0, 0.0, ground.base_prices / ground.most)
    price = begun.price[:, None] + ground.prices + np.where(there > 0, 0.0, ground.base_prices)
    ends = begun.price + _parts_for(np.where(usable, gain, 0.0), np.where(usable, at_least, 0.0), rest) <= dearest
    rows, columns = np.nonzero(usable & ends[:, None] & (price <= dearest))
    chosen = begun.chosen[rows]
    chosen[np.arange(len(rows)), columns] = True
    return _Begun(chosen, price[rows, columns], columns), gain[rows, columns] >= rest[rows]


def _parts_for(gains: Floats, prices: Floats, rest: Floats) -> Floats:
    """The least price (for each row) of parts of choices whose gains come to the rest; what covers less each time more
    is chosen is counted in full, so it is a bound. Infinite where all together are too few."""
    worth = np.divide(prices, gains, out=np.full(gains.shape, np.inf), where=gains > 0)
    order = np.argsort(worth, axis=1)
    begin = np.zeros((len(rest), 1))
    got = np.hstack([begin, np.cumsum(np.take_along_axis(gains, order, 1), axis=1)])
    paid = np.hstack([begin, np.cumsum(np.take_along_axis(prices, order, 1), axis=1)])
    whole = (got < rest[:, None]).sum(axis=1)
    rows, last = np.arange(len(rest)), np.minimum(whole, gains.shape[1])
    before = np.maximum(last - 1, 0)
    step = got[rows, last] - got[rows, before]
    part = np.divide(rest - got[rows, before], step, out=np.zeros(len(rest)), where=step > 0)
    cost = paid[rows, before] + np.clip(part, 0.0, 1.0) * (paid[rows, last] - paid[rows, before])
    return np.where(whole > gains.shape[1], np.inf, cost)


class _Kinds(NamedTuple):
    """Of the plans of one group that are alike in what is shared the cheapest one each, a row over all choices; the
    others are those that no other one outdoes.

    choices, bases: of those that are shared, which it uses; room: how many choices that are not shared stand on each of
    those bases; cost: of what is not shared; gain: the weight it covers, where that counts."""

    plans: Bools
    choices: Bools
    bases: Bools
    room: Ints
    cost: Floats
    gain: Floats


def together(
    wish: Wish, programs: Sequence[Program], plans: Sequence[Bools], seconds: float, beyond: bool = False
) -> Told:
    """Choices within the budget that are a plan of each group, of those given (rows over the choices of its program):
    the first that are found or, to go `beyond` what is needed, those that cover the most of all groups."""
    seen = np.bincount(np.concatenate([one.choices for one in programs]), minlength=len(wish.costs))
    stood = np.bincount(np.concatenate([one.bases for one in programs]), minlength=len(bases_of(wish)[1]))
    kinds = [_kinds(wish, one, some, seen > 1, stood > 1, beyond) for one, some in zip(programs, plans, strict=True)]
    program = _joined(wish, kinds, seen > 1, stood > 1)
    price = np.concatenate([*(one.cost for one in kinds), wish.costs[seen > 1], bases_of(wish)[1][stood > 1]])
    limits = [Row(-price, -wish.budget - SLACK)]
    shared = np.zeros(len(program.bases))
    for group in kinds:
        own = np.concatenate([*(np.full(len(one.cost), float(one is group)) for one in kinds), shared])
        limits += [Row(own, 1.0), Row(-own, -1.0)]
    goal = -np.concatenate([*(one.gain for one in kinds), shared]) if beyond else price
    told = least_of(program, goal, limits, seconds, gap=0.0 if beyond else 1.0)
    if told.chosen is None:
        return told
    every = np.concatenate([one.plans for one in kinds])[list(told.chosen)]
    return told._replace(chosen=tuple(np.flatnonzero(every.any(axis=0)).tolist()))


def _kinds(wish: Wish, program: Program, plans: Bools, shared: Bools, shared_bases: Bools, counted: bool) -> _Kinds:
    bases, base_costs = bases_of(wish)
    also, on_also = shared[program.choices], shared_bases[program.bases]
    stands = (bases[program.choices][:, None] == program.bases).astype(float)
    on, room = plans @ stands, (plans & ~also) @ stands
    cost = (plans & ~also) @ wish.costs[program.choices] + (on > 0) @ np.where(on_also, 0.0, base_costs[program.bases])
    gain = (plans @ covers_of(program) > 0) @ program.weights if counted else np.zeros(len(plans))
    alike = np.hstack([plans[:, also], room[:, on_also]]).astype(np.int16)
    kept = _not_outdone(alike, cost, gain)
    found = np.zeros((len(kept), len(wish.costs)), np.bool_)
    found[:, program.choices] = plans[kept]
    used, alone = np.zeros((len(kept), len(base_costs)), np.bool_), np.zeros((len(kept), len(base_costs)), np.int64)
    used[:, program.bases], alone[:, program.bases] = on[kept] > 0, room[kept]
    return _Kinds(
        found, found[:, shared], used[:, shared_bases], alone[:, shared_bases], cost[kept], gain[kept]
    )  # fmt: skip


def _not_outdone(alike: NDArray[np.int16], cost: Floats, gain: Floats) -> Ints:
    """The rows beside which no other needs no more of anything, costs no more and covers no less; of equals one."""
    order = np.lexsort((-gain, cost))
    keys = np.column_stack([alike, cost])[order]
    order = order[np.sort(np.unique(keys, axis=0, return_index=True)[1])]
    kept = np.zeros(0, np.int64)
    for one in order:
        rivals = kept[gain[kept] >= gain[one]]
        if not (alike[rivals] <= alike[one]).all(axis=1).any():
            kept = np.append(kept, one)
    return kept


def _joined(wish: Wish, kinds: Sequence[_Kinds], shared: Bools, shared_bases: Bools) -> Program:
    """The columns are the plans of all groups, then what they share: who uses it pays for it, and bases have room."""
    count, bases = sum(len(one.cost) for one in kinds), np.flatnonzero(shared_bases)
    choices = np.flatnonzero(shared)
    first, rows = 0, []
    for one in kinds:
        uses = np.hstack([one.choices, one.bases]).T
        before, after = (np.zeros((len(uses), width)) for width in (first, count - first - len(one.cost)))
        rows.append(np.hstack([before, uses, after, -np.eye(len(uses))])[uses.any(axis=1)])
        first += len(one.cost)
    stands = (bases_of(wish)[0][choices][:, None] == bases).astype(float)
    rows.append(np.hstack([np.zeros((len(choices), count)), np.eye(len(choices)), -stands]))
    room = np.concatenate([one.room for one in kinds]).T
    rows.append(np.hstack([room, stands.T, -wish.most * np.eye(len(bases))]))
    return Program(
        np.arange(count), np.arange(len(choices) + len(bases)), np.zeros(0), np.zeros(0, np.int64),
        sparse.csr_array(np.vstack(rows)),
    )  # fmt: skip
