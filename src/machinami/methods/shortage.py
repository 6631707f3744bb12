"""In how many days does a stock run out, as a range?

Use in any span is negative binomial with a variance of `spread` times its mean: the negative binomial process, which
gives the same law for a day as for the hours in it (Barndorff-Nielsen & Yeo 1969), so the moment of shortage is known
in continuous time, without simulation. How much people use each is itself unsure: the expected use is multiplied by a
gamma-distributed factor, narrowed by what was used so far (the conjugate update of a Poisson rate, tempered by the
spread). Lots are used first expired first out; what expires before it is used is lost.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, gammaincinv

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

LONGEST = 60.0
"""Days ahead that are told; beyond, a stock is said to last longer."""
NODES = 40


class Lot(NamedTuple):
    """A lot of one item: how much, and in how many days it expires (inf: never)."""

    quantity: float
    expires_in: float = math.inf


@dataclass(frozen=True, slots=True)
class Need:
    """What is expected to be used: per day, all people together; `spread` = variance / mean of what is used; `unsure` =
    coefficient of variation of the factor before anything was seen (of rates and head counts together), `drift` = how
    much it may change from what was seen to what comes (the same measure)."""

    daily: float
    spread: float = 3.0
    unsure: float = 0.25
    drift: float = 0.05


@dataclass(frozen=True, slots=True)
class Factor:
    """What is known of the factor on the expected use: gamma-distributed with this shape and rate."""

    shape: float
    rate: float

    def nodes(self, count: int = NODES) -> Floats:
        """Values of the factor that stand for equal parts of its law, ascending."""
        middles = (np.arange(count) + 0.5) / count
        return np.asarray(gammaincinv(self.shape, middles) / self.rate)


class Range(NamedTuple):
    """Days until a shortage: so soon in one of ten cases (low), in half of them, and so late in one of ten (high).
    LONGEST means: not before that."""

    low: float
    middle: float
    high: float


def prior(need: Need) -> Factor:
    """What is known of the factor before anything was used."""
    shape = 1.0 / max(need.unsure, 1e-3) ** 2
    return Factor(shape, shape)


def seen(factor: Factor, need: Need, days: float, used: float) -> Factor:
    """What is known of it after so much was used in so many days. Raises InputError for less than nothing."""
    if days < 0 or used < 0:
        raise InputError("days and what was used in them cannot be negative")
    return Factor(factor.shape + used / need.spread, factor.rate + need.daily * days / need.spread)


def to_come(factor: Factor, need: Need) -> Factor:
    """What is known of the factor on what is still to be used: as seen, less sure by the drift."""
    variation = 1.0 / factor.shape + need.drift**2
    mean = factor.shape / factor.rate
    return Factor(1.0 / variation, 1.0 / (variation * mean))


def usable(lots: Sequence[Lot], daily: float, until: float) -> float:
    """How much of the lots can have been used in so many days at an even use: the first to expire first, what expires
    before it is used being lost. It is also what will be short when more was needed."""
    if all(lot.expires_in >= until for lot in lots):
        return sum(lot.quantity for lot in lots)
    lost, begun, stock = 0.0, 0.0, 0.0
    for lot in sorted(lots, key=lambda one: one.expires_in):
        stock += lot.quantity
        if lot.expires_in < until:
            # What could be used by then of all that expired up to then; the rest of this lot is gone.
            begun = max(begun, min(stock - lost, daily * max(0.0, lot.expires_in)))
            lost = stock - begun if stock - lost > begun else lost
    return stock - lost


def chance_short(lots: Sequence[Lot], need: Need, factor: Factor, days: float) -> float:
    """The chance that the stock has run out within so many days."""
    if days <= 0:
        return 1.0 if usable(lots, 0.0, 0.0) <= 0 else 0.0
    use = factor.nodes() * need.daily
    stock = np.array([math.floor(usable(lots, float(level), days) + 1e-9) for level in use])
    chance = exceeds(use * days, need.spread, stock)
    gone = max((lot.expires_in for lot in lots if lot.expires_in <= days), default=None)
    if gone is not None:  # since then there is only what had not expired: nothing makes up for having used less before
        kept = np.array([math.floor(left_at(lots, float(level), gone) + 1e-9) for level in use])
        chance = np.maximum(chance, exceeds(use * (days - gone), need.spread, kept))
    return float(chance.mean())


def left_at(lots: Sequence[Lot], daily: float, day: float) -> float:
    """How much is left of what has not expired by a day, at an even use, the first to expire being used first."""
    held, at = sorted(lots, key=lambda one: one.expires_in), 0.0
    for end in [*(lot.expires_in for lot in held if lot.expires_in < day), day]:
        held, _ = first_out(held, daily * (end - at))
        held = [lot for lot in held if lot.expires_in > end]
        at = end
    return sum(lot.quantity for lot in held)


def exceeds(mean: Floats, spread: float, stock: Floats) -> Floats:
    """The chance that what is asked for in all reaches a stock, after which there is nothing left."""
    spread = max(spread, 1.0 + 1e-6)
    shape = np.maximum(mean, 1e-9) / (spread - 1.0)
    return np.where(stock <= 0, 1.0, 1.0 - betainc(shape, np.maximum(stock, 1.0), 1.0 / spread))


def days_until(lots: Sequence[Lot], need: Need, factor: Factor, outer: float = 0.1) -> Range:
    """The range of days until the stock runs out if nothing more comes, `outer` of the cases being beyond each end."""
    if need.daily <= 0:
        return Range(LONGEST, LONGEST, LONGEST)

    factor = to_come(factor, need)

    def day(chance: float) -> float:
        if chance_short(lots, need, factor, LONGEST) < chance:
            return LONGEST
        if chance_short(lots, need, factor, 1e-6) >= chance:
            return 0.0
        return float(brentq(lambda t: chance_short(lots, need, factor, t) - chance, 1e-6, LONGEST, xtol=1e-3))

    return Range(day(outer), day(0.5), day(1.0 - outer))


def first_out(lots: Sequence[Lot], amount: float) -> tuple[list[Lot], float]:
    """The lots after an amount was taken, the first to expire first; and how much of it was not there."""
    left: list[Lot] = []
    for lot in sorted(lots, key=lambda one: one.expires_in):
        taken = min(lot.quantity, amount)
        amount -= taken
        if lot.quantity > taken:
            left.append(Lot(lot.quantity - taken, lot.expires_in))
    return left, amount
