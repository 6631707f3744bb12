"""Does what the service says hold where the truth is known? Simulated stocks and settlements, seeded, from known laws.

Nothing here is data of a real place. The mild other law differs in everything a little: more spread, a lognormal factor
that wanders, and use that follows the hours of a day.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from machinami.methods.covering_program import Bools
from machinami.methods.fair_allocation import Sharing, islands
from machinami.methods.series import Floats
from machinami.methods.shortage import Lot, Need, days_until, prior, seen

STEP = 1.0 / 48.0  # half an hour, in days
HORIZON = 40.0


class Setting(NamedTuple):
    """What simulated towns are like: `stocks` as shares of all that is needed, least and most; `lifts`, kilograms that
    go to a cut-off settlement from a depot near it; `people` in a cut-off settlement, least and below which."""

    stocks: tuple[float, float]
    lifts: tuple[float, ...]
    people: tuple[int, int]


# Nothing, two drones, four, a boat.
SOME = Setting((0.6, 1.1), (0.0, 60.0, 120.0, 400.0), (8, 60))
SCARCE = Setting((0.4, 0.9), (0.0, 30.0, 60.0, 200.0), (20, 150))
"""Everybody is short, cut-off settlements are larger, and half as much goes there."""


class Cover(NamedTuple):
    """How many moments of shortage fell into their interval, of how many; and how wide the intervals were (days)."""

    inside: int
    cases: int
    width: float


def coverage(seed: int, cases: int, other: bool) -> Cover:
    """Simulate stocks that run out and see whether the moment lies in the interval told before."""
    draws = np.random.default_rng([seed, int(other)])
    inside, width = 0, 0.0
    for _ in range(cases):
        need = Need(float(draws.uniform(15.0, 400.0)), float(draws.uniform(1.5, 4.0)), float(draws.uniform(0.15, 0.35)))
        factor = _factor(draws, need, other)
        spread = need.spread * (1.3 if other else 1.0)
        past = float(draws.uniform(0.3, 3.0))
        used = _used(draws, need.daily * factor * past, spread)
        told = seen(prior(need), need, past, used)
        stock = max(1, round(need.daily * float(draws.uniform(0.5, 8.0))))
        interval = days_until([Lot(stock)], need, told)
        factor *= float(np.exp(draws.normal(0.0, need.drift))) if other else _drifted(draws, need.drift)
        at = _runs_out(draws, stock, need.daily * factor, spread, other)
        inside += interval.low <= at <= interval.high
        width += interval.high - interval.low
    return Cover(inside, cases, width / cases)


def _factor(draws: np.random.Generator, need: Need, other: bool) -> float:
    if other:
        return float(np.exp(draws.normal(-0.5 * need.unsure**2, need.unsure)))
    shape = 1.0 / need.unsure**2
    return float(draws.gamma(shape, 1.0 / shape))


def _drifted(draws: np.random.Generator, drift: float) -> float:
    return float(draws.gamma(1.0 / drift**2, drift**2))


def _used(draws: np.random.Generator, mean: float, spread: float) -> float:
    return float(draws.negative_binomial(max(mean, 1e-9) / (spread - 1.0), 1.0 / spread))


def _runs_out(draws: np.random.Generator, stock: int, daily: float, spread: float, other: bool) -> float:
    """When nothing is left (days); by half hours, the moment within one drawn evenly."""
    steps = np.arange(int(HORIZON / STEP))
    rhythm = 1.0 + 0.6 * np.sin(2 * math.pi * (steps * STEP - 0.3)) if other else np.ones(len(steps))
    mean = np.maximum(daily * STEP * rhythm, 1e-9)
    asked = np.cumsum(draws.negative_binomial(mean / (spread - 1.0), 1.0 / spread))
    gone = int(np.searchsorted(asked, stock))
    return float((gone + draws.random()) * STEP)


def settlements(seed: int, cases: int, setting: Setting = SOME) -> Iterator[Sharing]:
    """Towns after a disaster in which at least one settlement is cut off: no open road leads there from any depot, and
    drones or a boat bring little. A town without such a settlement is drawn again: its shortage is another question."""
    draws = np.random.default_rng([seed, 7])
    found = 0
    while found < cases:
        town = _town(draws, setting)
        if cut_off(town).any():
            found += 1
            yield town


def cut_off(town: Sharing) -> Bools:
    """Which places need something and are reached by no truck, but by a way that carries little."""
    reached = np.asarray((town.limit > 0).any(axis=0) & ~np.isinf(town.limit).any(axis=0))
    return np.asarray(reached & (town.need > 0).any(axis=1), dtype=np.bool_)


def _town(draws: np.random.Generator, setting: Setting) -> Sharing:
    """Depots and settlements on a network of roads of which some are closed. What is cut off is reached by few depots,
    with little at a time; the others by every depot of their island."""
    depots, places, items = int(draws.integers(2, 4)), int(draws.integers(5, 10)), int(draws.integers(1, 4))
    where = draws.uniform(0.0, 10.0, (depots + places, 2))
    apart = np.hypot(*(where[:, None] - where[None, :]).transpose(2, 0, 1))
    nodes = [str(n) for n in range(depots + places)]
    roads = [
        (str(a), str(b)) for a in range(len(nodes)) for b in np.argsort(apart[a])[1:4] if draws.random() < 0.55
    ]  # fmt: skip
    island = islands(nodes, roads)
    same = np.array([[island[str(d)] == island[str(depots + p)] for p in range(places)] for d in range(depots)])
    distance: Floats = apart[:depots, depots:]
    lifted = draws.choice(setting.lifts, (depots, places)) * (distance < 5.0)
    limit: Floats = np.where(same, np.inf, lifted)
    people = np.where(same.any(axis=0), draws.integers(30, 250, places), draws.integers(*setting.people, places))
    rates = draws.choice([0.5, 1.0, 3.0], items)
    need = np.ceil(np.outer(people, rates))
    reached: Floats = (limit > 0).any(axis=0).astype(float)
    total = (need * reached[:, None]).sum(axis=0) * draws.uniform(*setting.stocks)
    stock = np.floor(draws.dirichlet(np.ones(depots), items).T * total)
    return Sharing(stock, need * reached[:, None], limit, distance, draws.choice([0.1, 0.4, 1.0], items))
