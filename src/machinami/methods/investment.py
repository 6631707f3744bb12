"""Does a work pay for itself, when, and how sure is that? Present value, rate of return, payback, and their spread.

Flows are what comes in less what goes out, one a year; flows[0] is this year and is not discounted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

_GROWTHS = (np.log(1e-9), np.log(1e9))
"""Between which logarithms of 1 + rate a rate of return is looked for."""


def present_value(flows: Sequence[float], rate: float) -> float:
    """What the flows are worth today at a yearly rate (0.04 is 4 %). Raises InputError for a rate of -1 or less."""
    if rate <= -1:
        raise InputError(f"At a rate of {rate:g} nothing has a present value; write 4 % as 0.04")
    return float(np.dot(np.asarray(flows, dtype=float), (1 + rate) ** -np.arange(len(flows), dtype=float)))


def rate_of_return(flows: Sequence[float]) -> float | None:
    """The rate at which the flows are worth nothing today; None where there is none that a plan could mean (all but a
    billionth lost, a billionfold won), or where flows change their sign more than once, so that there may be several.

    It is looked for in the logarithm of 1 + rate, in which near a total loss it is as sharp as elsewhere."""
    signs = [flow > 0 for flow in flows if flow]
    if sum(before != after for before, after in pairwise(signs)) != 1:
        return None
    years = np.arange(len(flows), dtype=float)

    def worth(growth: float) -> float:
        return float(np.dot(np.asarray(flows, dtype=float), np.exp(-growth * years)))

    least, most = _GROWTHS
    if worth(least) * worth(most) >= 0:
        return None
    return float(np.expm1(brentq(worth, least, most, xtol=1e-14)))


def payback(flows: Sequence[float], rate: float = 0.0) -> float | None:
    """After how many years what came in has paid for what went out, and stays so; within a year in proportion. None
    where it never does. rate: discounts later years."""
    worth = np.cumsum(np.asarray(flows, dtype=float) * (1 + rate) ** -np.arange(len(flows), dtype=float))
    owing = np.flatnonzero(worth < 0)
    if not len(owing):
        return 0.0
    last = int(owing[-1])
    if last == len(worth) - 1:
        return None
    return last + float(-worth[last] / (worth[last + 1] - worth[last]))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a plan: the amount of each year that is expected, below 0 where it goes out, with the least and the
    most that it may be as factors of it; they move together over the years."""

    name: str
    amounts: tuple[float, ...]
    least: float = 1.0
    most: float = 1.0


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a plan comes to. worth: present value if every row comes as it is written; of cases drawn within the bounds
    of the rows, middle: half lie below it, worth_low to worth_high: 8 of 10 lie there. Bounds that are not as wide
    upwards as downwards put `worth` beside the middle, or outside of low to high. uncovered: the share of cases below
    0; payback in years, None for never; flows: as written, by year."""

    worth: float
    middle: float
    worth_low: float
    worth_high: float
    uncovered: float
    payback: float | None
    flows: tuple[float, ...]


def prospect(rows: Sequence[Row], rate: float, by: np.random.Generator, draws: int = 10_000) -> Prospect:
    """Draw each row's factor from the triangle of least, 1 and most, independently of the others. Raises InputError."""
    years = {len(row.amounts) for row in rows}
    if len(years) != 1:
        raise InputError("A plan has rows, and each has an amount for every year")
    if any(not 0 <= row.least <= 1 <= row.most for row in rows):
        raise InputError("The least factor of a row lies between 0 and 1, the most is 1 or more")
    expected = np.sum([row.amounts for row in rows], axis=0)
    values = np.array([present_value(row.amounts, rate) for row in rows])
    worths = _factors(rows, by, draws) @ values
    low, middle, high = np.quantile(worths, [0.1, 0.5, 0.9])
    return Prospect(
        float(values.sum()),
        float(middle),
        float(low),
        float(high),
        float(np.mean(worths < 0)),
        payback(expected.tolist()),
        tuple(expected.tolist()),
    )


def _factors(rows: Sequence[Row], by: np.random.Generator, draws: int) -> Floats:
    columns = [
        by.triangular(row.least, 1.0, row.most, draws) if row.most > row.least else np.ones(draws) for row in rows
    ]
    return np.column_stack(columns)
