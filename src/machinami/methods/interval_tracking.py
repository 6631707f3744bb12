"""How wide must an interval be so that what comes lies in it as often as promised, when the times change?

What was learned in calm weather is too narrow in unsettled weather. Each outcome that was missed widens the interval a
little, each that was not narrows it by less, so that in the long run the promised share is covered whatever comes: the
quantile tracker of Angelopoulos, Candès & Tibshirani 2023 (Conformal PID control for time series prediction), after
Gibbs & Candès 2021 (Adaptive conformal inference under distribution shift).
"""

from typing import NamedTuple

import numpy as np

from machinami.methods.series import Floats


class Tracker(NamedTuple):
    """An interval around a forecast: low and high are learned ends of the error, `miss` the share that may lie
    outside; rate: by how much of the learned width one miss widens it; least: the narrowest it may become."""

    low: float
    high: float
    miss: float = 0.1
    rate: float = 0.02
    least: float = 0.5


def widths(tracker: Tracker, errors: Floats, start: float, delay: int) -> Floats:
    """Return at each step by how much the learned ends are to be multiplied.

    `errors` are those of what was said at each step, which are known `delay` steps later (NaN: never); `start` is the
    width before the first of them is known.
    """
    found = np.full(len(errors), start)
    width = start
    for step in range(len(errors)):
        known = step - delay
        if known >= 0 and np.isfinite(errors[known]):
            inside = tracker.low * found[known] <= errors[known] <= tracker.high * found[known]
            width = max(width + tracker.rate * ((not inside) - tracker.miss), tracker.least)
        found[step] = width
    return found
