"""How much more did places change where something was done than places where it was not, and how sure is that?

Each place is brought down to one number, its mean after less its mean before, so that what is alike between times of
one place does not make the result look surer than it is: Bertrand, Duflo & Mullainathan 2004,
doi:10.1162/003355304772839588. The interval is Welch's, for two groups of unlike spread.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special  # and not scipy.stats, which takes a second to load

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Gap:
    """A difference between two groups of places: its 95 % interval and p value; None where a group has one place only,
    from which nothing is learned of how places differ by chance."""

    value: float
    error: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """effect: what came beside the change of the others, in the unit of the outcome. drift: by how much more the
    treated places rose at each step before it began; that it may be 0 is no proof that they would have gone on in
    parallel. carried: what the effect would be if that drift had gone on."""

    effect: Gap
    drift: Gap
    carried: float
    treated: int
    others: int


def difference_in_differences(outcome: Floats, treated: NDArray[np.bool_], began: int) -> Effect:
    """The effect at places where something began at step `began` of outcome (places, steps), finite everywhere.

    Raises InputError without a place in each group, two steps before and one after, and for gaps.
    """
    if outcome.ndim != 2 or treated.shape != outcome.shape[:1] or not 2 <= began < outcome.shape[1]:
        raise InputError("Two steps before the measure and one after are needed, and one mark for each place")
    if not treated.any() or treated.all() or not np.isfinite(outcome).all():
        raise InputError("Places with and without the measure are needed, without gaps")
    changes = outcome[:, began:].mean(axis=1) - outcome[:, :began].mean(axis=1)
    effect = _gap(changes, treated)
    steps = np.arange(began) - (began - 1) / 2
    drift = _gap(outcome[:, :began] @ steps / (steps @ steps), treated)
    between = outcome.shape[1] / 2  # steps from the middle of the time before to the middle of the time after
    return Effect(effect, drift, effect.value - drift.value * between, int(treated.sum()), int((~treated).sum()))


def _gap(values: Floats, treated: NDArray[np.bool_]) -> Gap:
    own, others = values[treated], values[~treated]
    value = float(own.mean() - others.mean())
    if len(own) < 2 or len(others) < 2:
        return Gap(value)
    parts = own.var(ddof=1) / len(own), others.var(ddof=1) / len(others)
    error = float(np.sqrt(sum(parts)))
    if error == 0:
        return Gap(value, 0.0, value, value, 0.0 if value else 1.0)
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (len(own) - 1) + parts[1] ** 2 / (len(others) - 1))
    reach = float(special.stdtrit(freedom, (1 + LEVEL) / 2)) * error
    return Gap(value, error, value - reach, value + reach, float(2 * special.stdtr(freedom, -abs(value) / error)))
