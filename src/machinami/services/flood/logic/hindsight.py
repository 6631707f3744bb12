"""How does a running forecaster follow what its last forecasts turned out to be?

Everything here uses an outcome only once it is known, one horizon after the forecast was issued.
"""

import math

import numpy as np

from machinami.methods.series import Floats
from machinami.methods.trees import Ints
from machinami.services.flood.logic.outlook import TAIL, Belief

LEARNING = 0.15
"""Share of an interval by which one exceeded end may move it, over one horizon (faster was measured to swing)."""
WIDENING = 0.3
"""How much (as a logarithm) all intervals widen over one horizon in which every one of them is missed."""
MOST_WIDENING = 2.0
MISSED = 0.1
MEMORY_DAYS = 5.0
BELIEF_DAYS = 1.0
FLOOD_HOLDS = 2.0
"""What a flood in training counts for, in horizons of usual forecasts of a stirred river."""
MOST_SURPRISE = 3.0
CAUTION = 0.5
"""How many standard errors of what the last days say are taken off the share (measured: halves the worst losses)."""


def followed(said: Floats, came: Floats, regime: Ints, belief: Belief, delay: int, day: float) -> Floats:
    """Return how far to go from persistence to the committee at each step, 0 to 1.

    The posterior mean of the least-squares factor of outcomes on what the committee said (both relative to the
    expected error) over the last days, calm and stirred steps apart. Training is the prior: it starts the share, and
    it holds a calm river as firmly as BELIEF_DAYS of usual calm forecasts, a stirred one by the square of the floods
    it has seen. So skill that one flood suggests is believed once the next bears it out, a false start is given up
    within hours, and a long record is hardly moved. An outcome far beyond both persistence and committee says little
    between them, so outcomes count up to MOST_SURPRISE expected errors beyond. Errors of forecasts issued within one
    horizon are alike: the standard error counts them as one. `delay` and `day` are in steps.
    """
    keep = math.exp(-1.0 / (MEMORY_DAYS * day))
    firm = (BELIEF_DAYS * day * belief.calm + 1e-12, FLOOD_HOLDS * delay * belief.stirred * belief.floods**2 + 1e-12)
    known = np.isfinite(said) & np.isfinite(came)
    heard = np.clip(came, np.minimum(said, 0.0) - MOST_SURPRISE, np.maximum(said, 0.0) + MOST_SURPRISE)
    agreeing = np.where(known, said * heard, 0.0).tolist()
    size = np.where(known, said**2, 0.0).tolist()
    stirred = (regime > 0).astype(int).tolist()
    agreed, spoken = [0.0, 0.0], [0.0, 0.0]
    share = np.empty(len(said))
    for i, now in enumerate(stirred):
        for which in (0, 1):
            agreed[which] *= keep
            spoken[which] *= keep
        if i >= delay:
            agreed[stirred[i - delay]] += agreeing[i - delay]
            spoken[stirred[i - delay]] += size[i - delay]
        unsure = CAUTION * math.sqrt(spoken[now] * delay)
        share[i] = (firm[now] * belief.start + agreed[now] - unsure) / (firm[now] + spoken[now])
    return np.clip(share, 0.0, 1.0)


def adapted(band: Floats, regime: Ints, score: Floats, delay: int) -> Floats:
    """Let each regime's outer quantiles follow the errors as they become known, `delay` steps later.

    Adaptive conformal inference (Gibbs & Candès 2021, arXiv:2106.00170) by quantile tracking: an end that is
    exceeded moves out by (1 − TAIL) of its step, one that is not moves in by TAIL of it. A factor common to all
    regimes widens while more than MISSED of the intervals are missed and narrows while fewer are, because a
    regime that is seldom seen learns too slowly by itself.
    """
    now = band.copy()
    stride = LEARNING / delay * np.maximum(band[:, 1] - band[:, 0], 1e-9)
    wider = 0.0
    said = np.empty((len(score), 2))
    for i in range(len(score)):
        past = i - delay
        if past >= 0 and math.isfinite(score[past]):
            which, error = regime[past], score[past]
            now[which, 0] += stride[which] * (TAIL - (error < now[which, 0]))
            now[which, 1] += stride[which] * ((error > now[which, 1]) - TAIL)
            missed = error < said[past, 0] or error > said[past, 1]
            wider = min(MOST_WIDENING, max(-MOST_WIDENING, wider + WIDENING / delay * (missed - MISSED)))
        said[i] = now[regime[i]] * math.exp(wider)
    return said
