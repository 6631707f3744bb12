"""What would have come of a place had nothing been done there? A mixture of other places that was like it before.

Abadie & Gardeazabal 2003, doi:10.1257/000282803321455188; Abadie, Diamond & Hainmueller 2010,
doi:10.1198/jasa.2009.ap08746.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, nnls

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

_SUM_WEIGHT = 1e4
_STEPS = 4_000


@dataclass(frozen=True, slots=True)
class Case:
    """What is known before the measure began.

    traits (k,) and other_traits (k, j): what describes the place and each of j others, in any unit; past (t,) and
    other_pasts (t, j): the outcome of the times over which the mixture shall follow the place. All finite.
    """

    traits: Floats
    other_traits: Floats
    past: Floats
    other_pasts: Floats


@dataclass(frozen=True, slots=True)
class Mixture:
    """weights (j,) ≥ 0 that sum to 1; importance (k,) of each trait, likewise; error: root mean square of what is left
    between the place and the mixture before the measure, in the unit of the outcome."""

    weights: Floats
    importance: Floats
    error: float


def mixed(case: Case) -> Mixture:
    """The mixture of others that is most like the place in its traits, each trait as important as makes the mixture
    follow the outcome before the measure best. Raises InputError for a case with gaps or without others."""
    _check(case)
    own, others = _scaled(case)

    def left(said: Floats) -> float:
        weights = _nearest(own, others, _importance(said))
        return float(np.mean((case.past - case.other_pasts @ weights) ** 2))

    starts = [np.zeros(len(own)), _telling(np.column_stack([own, others]), case)]
    options = {"maxiter": _STEPS, "maxfev": _STEPS, "xatol": 1e-6, "fatol": 1e-12, "adaptive": True}
    found = [minimize(left, start, method="Nelder-Mead", options=options) for start in starts]
    best = min(found, key=lambda one: one.fun)
    importance = _importance(best.x)
    return Mixture(_nearest(own, others, importance), importance, float(np.sqrt(best.fun)))


def mixed_by(case: Case, importance: Floats) -> Mixture:
    """The mixture of others that is most like the place in its traits, of which it is known how important each is
    (k,) ≥ 0: from an earlier time, say (Abadie, Diamond & Hainmueller 2015, doi:10.1111/ajps.12116)."""
    _check(case)
    own, others = _scaled(case)
    share = importance / importance.sum()
    weights = _nearest(own, others, share)
    error = float(np.sqrt(np.mean((case.past - case.other_pasts @ weights) ** 2)))
    return Mixture(weights, np.asarray(share), error)


def effects(mixture: Mixture, outcome: Floats, others: Floats) -> Floats:
    """The outcome (t,) of the place less that of its mixture, of others (t, j), in the unit of the outcome."""
    return np.asarray(outcome - others @ mixture.weights)


def placebo_share(before: Floats, after: Floats) -> float:
    """How often a place at which nothing was done departs as much as the first one: p value of the permutation test.

    before, after: root mean square errors (n,) of the place, first, and of each other taken as if the measure had been
    there. Places are compared by after / before.
    """
    ratios = after / np.maximum(before, 1e-12)
    return float(np.mean(ratios >= ratios[0]))


def _scaled(case: Case) -> tuple[Floats, Floats]:
    """The traits of the place and of the others, each divided by its spread over all places."""
    spread = np.column_stack([case.traits, case.other_traits]).std(axis=1, ddof=1)
    spread = np.where(spread > 1e-12, spread, 1.0)
    return case.traits / spread, case.other_traits / spread[:, None]


def _nearest(own: Floats, others: Floats, importance: Floats) -> Floats:
    """Weights ≥ 0 with the sum 1 for which the mixture's traits are nearest to one's own."""
    root = np.sqrt(importance)
    heavy = _SUM_WEIGHT * max(1.0, float(np.abs(others).max()))
    table = np.vstack([others * root[:, None], np.full((1, others.shape[1]), heavy)])
    weights, _ = nnls(table, np.append(own * root, heavy), maxiter=50 * others.shape[1])
    return np.asarray(weights / weights.sum())


def _importance(said: Floats) -> Floats:
    grown = np.exp(said - said.max())
    return np.asarray(grown / grown.sum())


def _telling(traits: Floats, case: Case) -> Floats:
    """A start of the search, as logarithm: how much each trait tells of the outcome, by regression over all places."""
    pasts = np.column_stack([case.past, case.other_pasts]).T
    table = np.column_stack([np.ones(traits.shape[1]), traits.T])
    slopes, *_ = np.linalg.lstsq(table, pasts, rcond=None)
    strength = (slopes[1:] ** 2).sum(axis=1)
    return np.asarray(np.log(strength / strength.sum() + 1e-6))


def _check(case: Case) -> None:
    traits, places = case.other_traits.shape
    if places < 2 or case.traits.shape != (traits,) or case.other_pasts.shape != (len(case.past), places):
        raise InputError("A mixture needs two other places or more, each with the same traits and times")
    if not all(np.isfinite(part).all() for part in (case.traits, case.other_traits, case.past, case.other_pasts)):
        raise InputError("Traits and past outcomes have gaps: leave out the places or the traits that have them")
