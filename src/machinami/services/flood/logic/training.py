"""How is a river's forecaster learned from its record?

Heavy: runs in a worker process. Everything is seeded, so the same record gives the same model.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from machinami.methods.regression import mixture
from machinami.methods.series import Floats, lagged
from machinami.methods.trees import Ints
from machinami.services.flood.logic.features import Cases, Scales, describe, scales_of
from machinami.services.flood.logic.hindsight import known_errors
from machinami.services.flood.logic.learners import Learned, Lesson, Recipe, choose_columns, learn
from machinami.services.flood.logic.members import regimes
from machinami.services.flood.logic.outlook import TAIL, Outlook, TrainedModel, mixed, spread_design
from machinami.services.flood.logic.record import Column, Record, cleaned, judge_columns

BLOCKS = 5
FEWEST_ROWS = 200
COMPACT = ("level", "rain", "signal")
STATEFUL = (*COMPACT, "slow", "wetness", "worst", "extent")
EVERYTHING = (*STATEFUL, "gauge")
WITH_STATE = (*EVERYTHING, "state")
RECIPES = (
    Recipe("plain", "linear", COMPACT, "", (0.03, 0.3)),
    Recipe("spatial", "linear", EVERYTHING, "", (0.03, 0.3)),
    Recipe("by_activity", "linear", STATEFUL, "activity", (0.1, 0.5)),
    Recipe("spatial_by_activity", "linear", EVERYTHING, "activity", (0.1, 0.5)),
    Recipe("trees", "trees", WITH_STATE, "", ()),
    Recipe("trees_by_height", "trees", WITH_STATE, "height", ()),
    Recipe("random_trees", "extra", WITH_STATE, "", ()),
    Recipe("residual", "residual", WITH_STATE, "", (0.1,)),
    Recipe("residual_by_activity", "residual", (*STATEFUL, "state"), "activity", (0.1,)),
)
EVEN_ROWS = 5.0
OWN_ROWS = 2.0
MOST_WEIGHT = 1.6
EVEN_WEIGHT = 1.4
FLOOD_DAYS = 2


class Times(NamedTuple):
    """When the rows of a lesson are: steps of the grid, steps until an outcome is known, and two-day windows.

    What comes in one window is one event.
    """

    rows: Ints
    delay: int
    windows: Ints


def train(
    record: Record,
    hours: tuple[float, ...],
    coming: tuple[bool, ...],
    seed: int,
    recipes: tuple[Recipe, ...] = RECIPES,
) -> TrainedModel:
    """Learn forecasters for the given horizons, each without and/or with known future rain.

    `record` is everything that may be known; no row is used whose outcome it does not contain.
    """
    columns = judge_columns(record)
    record = cleaned(record, columns)
    scales = scales_of(record, columns)
    outlooks = tuple(
        train_outlook(record, columns, scales, horizon, ahead, seed, recipes) for horizon in hours for ahead in coming
    )
    return TrainedModel(record.step, columns, scales, outlooks)


def train_outlook(
    record: Record,
    columns: tuple[Column, ...],
    scales: Scales,
    hours: float,
    coming: bool,
    seed: int,
    recipes: tuple[Recipe, ...] = RECIPES,
) -> Outlook:
    """Learn the forecaster of one horizon: members, their mixture by regime, and the 90 % band."""
    steps = record.steps(hours)
    cases = describe(record, columns, scales, steps if coming else 0)
    target = lagged(record.level, -steps) - record.level
    rows = np.flatnonzero(np.isfinite(target))
    if len(rows) < FEWEST_ROWS:
        return Outlook.persistence(hours, coming, scales)
    lesson = Lesson(take(cases, rows), target[rows], blocks(rows, steps), seed)
    learned = [learn(r, lesson) for r in recipes if choose_columns(cases, r.groups).size]
    return composed(hours, coming, learned, lesson, Times(rows, steps, rows // record.steps(FLOOD_DAYS * 24)))


def composed(hours: float, coming: bool, learned: list[Learned], lesson: Lesson, times: Times) -> Outlook:
    """Put the learned members together by what each said about blocks it had not seen."""
    stir, target, windows = lesson.cases.stir, lesson.target, times.windows
    held_out = np.column_stack([each.held_out for each in learned])
    weights = mix_by_regime(held_out, target, stir)
    trusted = trust(floods_seen(target, windows))
    weights *= trusted * proven(mixed(weights, held_out, stir), target, windows)
    said = mixed(weights, held_out, stir)
    before = known_errors(target - said, times.rows, times.delay)
    carry = trusted * carried(before, target - said, stir, windows)
    members = tuple(member for each in learned for member in each.members)
    owners = np.array([i for i, each in enumerate(learned) for _ in each.members])
    outlook = Outlook(hours, coming, members, weights[:, owners], np.zeros(4), np.zeros((3, 2)), 0.0, carry)
    return calibrated(outlook, lesson.cases, said, target - carry[regimes(stir)] * before)


def take(cases: Cases, rows: Ints) -> Cases:
    """Return the given rows of the cases."""
    return cases._replace(
        table=cases.table[rows],
        activity=cases.activity[rows],
        height=cases.height[rows],
        stir=cases.stir[rows],
    )


def blocks(rows: Ints, steps: int) -> tuple[tuple[Ints, Ints], ...]:
    """Cut rows into consecutive blocks: (rows to learn from, rows held out), without overlap of outcomes."""
    order = np.arange(len(rows))
    cuts = np.linspace(0, len(rows), BLOCKS + 1).astype(int)
    parts = []
    for begin, end in pairwise(cuts):
        first, last = rows[begin], rows[end - 1]
        apart = (rows + steps < first) | (rows > last + steps)
        parts.append((order[apart], order[begin:end]))
    return tuple(parts)


def mix_by_regime(held_out: Floats, target: Floats, stir: Floats) -> Floats:
    """Return weights (regimes, members): a pooled mixture, then each regime's own drawn towards it.

    Weights stay near even: measured on four rivers, what the blocks prefer does not hold for the next flood.
    They may add up to more than 1, because a mean of members that err differently moves less than the river.
    """
    members = held_out.shape[1]
    even = np.full(members, EVEN_WEIGHT / members)
    pooled = mixture(held_out, target, even, EVEN_ROWS * len(target), MOST_WEIGHT)
    regime = regimes(stir)
    rows = []
    for which in range(3):
        mine = regime == which
        strength = 100.0 + OWN_ROWS * float(mine.sum())
        own = mixture(held_out[mine], target[mine], pooled, strength, MOST_WEIGHT) if mine.any() else pooled
        rows.append(own)
    return np.stack(rows)


def floods_seen(target: Floats, windows: Ints) -> float:
    """Return how many independent floods a record is worth: the participation ratio of two-day windows.

    (Σ e)² / Σ e², where e is the squared increment summed over a window: 1 when one flood holds all of it.
    """
    energy = np.bincount(windows, target**2)
    return float(energy.sum() ** 2 / max(float((energy**2).sum()), 1e-300))


def trust(floods: float) -> float:
    """Return how far to go from persistence to the committee: one flood is an anecdote, eight are experience."""
    return 1.0 - float(np.exp(-(floods**2) / 8.0))


def proven(forecast: Floats, target: Floats, windows: Ints) -> float:
    """Return how far from persistence the held-out forecasts are worth going, 0 to 1, given how sure that is.

    The least-squares factor of outcomes on forecasts, drawn to 0 by its uncertainty (positive-part shrinkage:
    James & Stein 1961). The uncertainty is what leaving out single windows does to it (jackknife), so skill that
    rests on one flood counts for little.
    """
    factor, certainty = factor_of(forecast, target, windows)
    return min(1.0, max(0.0, factor)) * certainty


def carried(before: Floats, error: Floats, stir: Floats, windows: Ints) -> Floats:
    """Return the share (regimes,) of the last known error, `before`, that is in the next: 0 to 1.

    A river that has just risen less than was said is likely to do so again (output updating: Refsgaard 1997,
    Nordic Hydrology 28, 65–84). One share for all, then what a calm and a stirred river differ from it, each
    drawn to 0 by its uncertainty.
    """
    factor, certainty = factor_of(before, error, windows)
    shared = factor * certainty
    own = []
    calm = regimes(stir) == 0
    for mine in (calm, ~calm):
        factor, certainty = factor_of(before[mine], (error - shared * before)[mine], windows[mine])
        own.append(factor * certainty)
    return np.clip(shared + np.array([own[0], own[1], own[1]]), 0.0, 1.0)


def factor_of(told: Floats, came: Floats, windows: Ints) -> tuple[float, float]:
    """Return the least-squares factor of what came on what was told, and how sure it is: 0 (not at all) to 1."""
    _, window = np.unique(windows, return_inverse=True)
    agreed, size = np.bincount(window, told * came), np.bincount(window, told**2)
    if len(agreed) < 2 or agreed.sum() == 0 or size.sum() == 0:
        return 0.0, 0.0
    factor = float(agreed.sum() / size.sum())
    without = (agreed.sum() - agreed) / np.maximum(size.sum() - size, 1e-300)
    variance = (len(agreed) - 1) * float(np.var(without))
    return factor, max(0.0, 1.0 - variance / factor**2)


def calibrated(outlook: Outlook, cases: Cases, forecast: Floats, target: Floats) -> Outlook:
    """Fit the spread of held-out errors, the regimes' outer quantiles of error / spread, and the size when calm."""
    error = target - forecast
    usual = max(float(np.abs(error).mean()), 1e-12)
    design = spread_design(cases, forecast)
    size = np.maximum(design.mean(axis=0), 1e-12)
    share = mixture(design / size, np.abs(error) / usual, np.full(4, 0.25), 20.0)
    spread = share / size * usual
    expected = np.maximum(design @ spread, 1e-12)
    score, relative = error / expected, forecast / expected
    regime = regimes(cases.stir)
    band = np.empty((3, 2))
    for which in range(3):
        mine = score[regime == which] if (regime == which).sum() >= 100 else score
        band[which] = np.quantile(mine, (TAIL, 1.0 - TAIL))
    calm = relative[regime == 0] if (regime == 0).sum() >= 100 else relative
    return outlook._replace(spread=spread, band=band, calm=float(np.mean(calm**2)))
