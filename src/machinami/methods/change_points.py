"""When did the level of a series change? The division into stretches of one level that explains it at the least cost.

The cost of a division is the sum of squares about the mean of each stretch, and a penalty for each change. The best of
all divisions is found, in n² steps: optimal partitioning, Jackson et al. 2005, doi:10.1109/LSP.2001.838216; what PELT
(Killick, Fearnhead & Eckley 2012, doi:10.1080/01621459.2012.737745) prunes for long series is not pruned here.
"""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

PENALTY = 3.0
FEWEST = 8
SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a series with one level: from `start` up to, without, `end`, and its mean."""

    start: int
    end: int
    mean: float


def usual_penalty(values: Floats) -> float:
    """3 σ² log n, with σ from the median absolute difference between neighbours, which a change of level hardly moves.

    A change takes two numbers (when, and the new level): 2 σ² log n is what BIC asks for them, and 3 is chosen here so
    that noise alone is divided seldom. Where neighbours resemble each other, σ is too small and changes are too many.
    """
    steps = np.abs(np.diff(values) - np.median(np.diff(values)))
    sigma = float(np.median(steps)) / 0.6745 / np.sqrt(2)
    if sigma == 0:
        sigma = float(np.diff(values).std()) / np.sqrt(2)
    return float(PENALTY * sigma**2 * log(len(values)))


def stretches(values: Floats, penalty: float | None = None, shortest: int = SHORTEST) -> list[Stretch]:
    """The stretches of values (n,), n ≥ 8, in order; one where nothing changed. penalty: in squared units of the
    values, else `usual_penalty`. shortest: no stretch has fewer values. Raises InputError for too few and for gaps."""
    count = len(values)
    if count < max(FEWEST, 2 * shortest) or not np.isfinite(values).all():
        raise InputError(f"Change points need {max(FEWEST, 2 * shortest)} values or more, without gaps", values=count)
    asked = usual_penalty(values) if penalty is None else penalty
    if asked <= 0:
        return [Stretch(0, count, float(values.mean()))]
    centred = values - values.mean()
    sums, squares = (np.concatenate([[0.0], np.cumsum(row)]) for row in (centred, centred**2))
    best, before = np.full(count + 1, np.inf), np.zeros(count + 1, np.int64)
    best[0] = -asked
    for end in range(shortest, count + 1):
        starts = np.arange(end - shortest + 1)
        costs = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        totals = best[starts] + costs
        before[end] = totals.argmin()
        best[end] = totals[before[end]] + asked
    return _traced(values, before)


def _traced(values: Floats, before: NDArray[np.int64]) -> list[Stretch]:
    found: list[Stretch] = []
    end = len(values)
    while end > 0:
        start = int(before[end])
        found.append(Stretch(start, end, float(values[start:end].mean())))
        end = start
    return found[::-1]
