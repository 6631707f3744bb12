"""Is the fair allocation what one finds by trying every allocation there is? On cases small enough to try them all."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from machinami.methods.fair_allocation import Sharing, share_fairly, unmet_of
from machinami.methods.series import Floats

NEAR = 1e-6


def small(seed: int, cases: int) -> Iterator[Sharing]:
    """Tiny tasks: two depots, two or three places, one or two items, a few units each."""
    draws = np.random.default_rng([seed, 11])
    for number in range(cases):
        places, items = (3, 1) if number % 2 else (2, 2)
        limit = np.where(draws.random((2, places)) < 0.7, np.inf, draws.choice([0.0, 2.0, 3.0], (2, places)))
        yield Sharing(
            draws.integers(0, 4, (2, items)).astype(float),
            draws.integers(0, 5, (places, items)).astype(float),
            limit,
            draws.integers(1, 9, (2, places)).astype(float),
            draws.choice([0.5, 1.0], items),
        )


def best_by_trying(task: Sharing) -> tuple[list[float], float]:
    """The unmet shares of the fairest allocation, the largest first, and its cost: the least of all allocations."""
    depots, places, items = (*task.limit.shape, task.stock.shape[1])
    most = np.minimum(task.stock[:, None, :], task.need[None, :, :]).ravel().astype(int)
    best: tuple[list[float], float] | None = None
    for tried in product(*(range(top + 1) for top in most)):
        amounts = np.array(tried, dtype=float).reshape(depots, places, items)
        if not _fits(task, amounts):
            continue
        shares = sorted((round(one, 9) for one in unmet_of(task, amounts)[task.need > 0].tolist()), reverse=True)
        found = (shares, round(cost_of(task, amounts), 9))
        best = found if best is None else min(best, found)
    return best or ([], 0.0)


def cost_of(task: Sharing, amounts: Floats) -> float:
    """What it costs to carry the amounts."""
    return float((amounts * task.cost[:, :, None] * task.weight).sum())


def _fits(task: Sharing, amounts: Floats) -> bool:
    carried = (amounts * task.weight).sum(axis=2)
    return bool(
        (amounts.sum(axis=1) <= task.stock + NEAR).all()
        and (amounts.sum(axis=0) <= task.need + NEAR).all()
        and (carried <= task.limit + NEAR).all()
    )


def equals(task: Sharing) -> bool:
    """Whether the computed allocation is as fair as, and no dearer than, the best that there is."""
    found = share_fairly(task)
    shares = sorted(found.unmet[task.need > 0].tolist(), reverse=True)
    best, cost = best_by_trying(task)
    if not _fits(task, found.amounts) or not np.allclose(shares, best, atol=NEAR):
        return False
    return abs(cost_of(task, found.amounts) - cost) <= NEAR
