"""How does one fit small, strongly regularised models by least squares?

Numpy only, so that a fitted model can be applied anywhere. Rows are cases, columns are explanations.
"""

from typing import NamedTuple

import numpy as np

from machinami.methods.series import Floats


class Standard(NamedTuple):
    """Mean and spread of each column, to bring columns of different units to one scale."""

    mean: Floats
    spread: Floats


def standard_of(table: Floats) -> Standard:
    """Measure mean and spread of each column, leaving out NaN; a constant column gets spread 1."""
    known = np.isfinite(table)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, table, 0.0)
    mean = filled.sum(axis=0) / count
    variance = np.where(known, (table - mean) ** 2, 0.0).sum(axis=0) / count
    spread = np.sqrt(variance)
    return Standard(mean, np.where(spread > 1e-12, spread, 1.0))


def standardised(table: Floats, standard: Standard, limit: float = np.inf) -> Floats:
    """Bring columns to mean 0 and spread 1; NaN becomes the mean; values are cut at ±`limit` spreads."""
    scaled = (table - standard.mean) / standard.spread
    return np.clip(np.where(np.isfinite(scaled), scaled, 0.0), -limit, limit)


def ridge(table: Floats, target: Floats, penalty: float) -> Floats:
    """Return the coefficients that minimise mean squared error + penalty · |coefficients|².

    No intercept: a column without signal then says "no change". `table` is (n, p), standardised.
    Hoerl & Kennard 1970, doi:10.1080/00401706.1970.10488634.
    """
    return ridge_from(table.T @ table, table.T @ target, len(table), penalty)


def ridge_from(gram: Floats, moment: Floats, rows: int, penalty: float) -> Floats:
    """Return ridge coefficients from the normal equations: gram = tableᵀ·table, moment = tableᵀ·target."""
    damped = gram + penalty * max(rows, 1) * np.eye(len(gram))
    return np.asarray(np.linalg.solve(damped, moment))


def mixture(forecasts: Floats, target: Floats, prior: Floats, strength: float, most: float = 1.0) -> Floats:
    """Return weights ≥ 0 with a sum ≤ `most` for mixing forecasts (n, m) of one target by least squares.

    `strength` pulls the weights towards `prior` as that many mean rows would. What the weights leave of 1
    belongs to the forecast "nothing changes". Breiman 1996, doi:10.1007/BF00117832 (stacking).
    """
    members = forecasts.shape[1]
    if members == 0:
        return np.zeros(0)
    count = max(len(target), 1)
    gram = forecasts.T @ forecasts / count
    size = float(np.trace(gram)) / members
    pull = strength / count * size + 1e-12
    gram[np.diag_indices_from(gram)] += pull
    wanted = forecasts.T @ target / count + pull * prior
    rate = 1.0 / max(float(np.linalg.eigvalsh(gram)[-1]), 1e-300)
    weights = onto_simplex(prior, most)
    for _ in range(3000):
        moved = onto_simplex(weights - rate * (gram @ weights - wanted), most)
        if float(np.abs(moved - weights).max()) < 1e-9:
            return moved
        weights = moved
    return weights


def onto_simplex(weights: Floats, most: float = 1.0) -> Floats:
    """Return the nearest weights that are ≥ 0 and add up to at most `most` (Duchi et al. 2008)."""
    positive = np.maximum(weights, 0.0)
    if positive.sum() <= most:
        return np.asarray(positive)
    ordered = np.sort(weights)[::-1]
    excess = (np.cumsum(ordered) - most) / np.arange(1, len(weights) + 1)
    cut = excess[np.flatnonzero(ordered > excess)[-1]]
    return np.asarray(np.maximum(weights - cut, 0.0))
