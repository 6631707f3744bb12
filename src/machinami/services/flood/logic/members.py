"""What does each member of the forecast's small committee say, and how are they mixed?

A member forecasts the increment of the level. Linear members extrapolate, trees see thresholds; some are
scaled by the state of the river, so that what was learned on small floods holds on larger ones.
"""

from typing import NamedTuple

import numpy as np

from machinami.methods.regression import Standard, standardised
from machinami.methods.series import Floats
from machinami.methods.trees import Forest, Ints, grown
from machinami.services.flood.logic.features import Cases

LINEAR_LIMIT = 60.0


class Member(NamedTuple):
    """A fitted member: which columns it reads, what it is scaled by, and coefficients or trees."""

    name: str
    scaled_by: str
    columns: Ints
    standard: Standard
    coefficients: Floats
    forest: Forest | None


def state_of(cases: Cases, scaled_by: str) -> Floats:
    """Return the state a member is scaled by: its size relative to the level's usual step, or ones."""
    if scaled_by == "activity":
        return cases.activity
    if scaled_by == "height":
        return cases.height
    return np.ones(len(cases.table))


def linear_design(cases: Cases, columns: Ints, scaled_by: str) -> Floats:
    """Return the columns and, for a scaled member, the columns once more times the state."""
    table = cases.table[:, columns]
    if not scaled_by:
        return table
    return np.hstack([table, table * state_of(cases, scaled_by)[:, None]])


def tree_design(cases: Cases, columns: Ints, scaled_by: str) -> Floats:
    """Return the columns; for a scaled member, level terms are given relative to the state."""
    table = cases.table[:, columns]
    if not scaled_by:
        return table
    state = state_of(cases, scaled_by)[:, None]
    of_level = np.array([cases.groups[c] in ("level", "slow") for c in columns])
    return np.where(of_level[None, :], table / state, table)


def increment(member: Member, cases: Cases) -> Floats:
    """Return a member's forecast of the level's increment for every case (unit of the level)."""
    if member.forest is None:
        design = linear_design(cases, member.columns, member.scaled_by)
        return np.asarray(standardised(design, member.standard, LINEAR_LIMIT) @ member.coefficients)
    design = tree_design(cases, member.columns, member.scaled_by)
    scaled = standardised(design, member.standard)
    return grown(member.forest, scaled) * state_of(cases, member.scaled_by)


def regimes(stir: Floats) -> Ints:
    """Return 0 for a calm river, 1 for a stirred one, 2 for one in flood or in heavy rain."""
    return np.digitize(stir, (1.0, 3.0)).astype(np.int64)
