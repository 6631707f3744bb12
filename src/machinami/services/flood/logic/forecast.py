"""What will the river do, said from each time of a record, and how sure is it?"""

from typing import NamedTuple

import numpy as np

from machinami.methods.series import Floats, lagged
from machinami.methods.trees import Ints
from machinami.services.flood.logic.features import describe
from machinami.services.flood.logic.members import regimes
from machinami.services.flood.logic.outlook import TAIL, Outlook, TrainedModel, expected_error, rise
from machinami.services.flood.logic.record import Record, cleaned

LEARNING = 0.15
"""Share of an interval by which one exceeded end may move it, over one horizon (faster was measured to swing)."""


class Hindcast(NamedTuple):
    """Forecasts issued at successive steps: level, and the ends of the 90 % interval (NaN: none possible)."""

    level: Floats
    low: Floats
    high: Floats


def hindcast(model: TrainedModel, outlook: Outlook, record: Record, begin: int) -> Hindcast:
    """Forecast from every step of the record from `begin` on, each from what was known by then."""
    steps = record.steps(outlook.hours)
    known = cleaned(record, model.columns)
    cases = describe(known, model.columns, model.scales, steps if outlook.coming else 0)
    rows = np.arange(begin, record.count)
    part = cases._replace(
        table=cases.table[rows],
        activity=cases.activity[rows],
        height=cases.height[rows],
        stir=cases.stir[rows],
    )
    increment = rise(outlook, part)
    spread = expected_error(outlook, part, increment)
    outcome = (lagged(record.level, -steps) - record.level)[rows]
    band = adapted(outlook.band, regimes(part.stir), (outcome - increment) / spread, steps)
    level = record.level[rows]
    middle = level + increment
    return Hindcast(
        middle,
        np.minimum(middle, middle + band[:, 0] * spread),
        np.maximum(middle, middle + band[:, 1] * spread),
    )


def adapted(band: Floats, regime: Ints, score: Floats, delay: int) -> Floats:
    """Let each regime's outer quantiles follow the errors as they become known, `delay` steps later.

    Adaptive conformal inference (Gibbs & Candès 2021, arXiv:2106.00170) by quantile tracking: an end that is
    exceeded moves out by (1 − TAIL) of its step, one that is not moves in by TAIL of it.
    """
    now = band.copy()
    stride = LEARNING / delay * np.maximum(band[:, 1] - band[:, 0], 1e-9)
    said = np.empty((len(score), 2))
    for i in range(len(score)):
        past = i - delay
        if past >= 0 and np.isfinite(score[past]):
            which = regime[past]
            now[which, 0] += stride[which] * (TAIL - (score[past] < now[which, 0]))
            now[which, 1] += stride[which] * ((score[past] > now[which, 1]) - TAIL)
        said[i] = now[regime[i]]
    return said
