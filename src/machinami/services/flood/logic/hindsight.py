"""How does a running forecaster follow what its last forecasts turned out to be?

Everything here uses an outcome only once it is known, one horizon after the forecast was issued.
"""

import math

import numpy as np

from machinami.methods.series import Floats, lagged
from machinami.methods.trees import Ints
from machinami.services.flood.logic.outlook import TAIL

LEARNING = 0.15
"""Share of an interval by which one exceeded end may move it, over one horizon (faster was measured to swing)."""
WIDENING = 0.3
"""How much (as a logarithm) all intervals widen over one horizon in which every one of them is missed."""
MOST_WIDENING = 2.0
MISSED = 0.1
MEMORY_DAYS = 5.0
BELIEF_DAYS = 1.0


def known_errors(error: Floats, rows: Ints, delay: int) -> Floats:
    """Return for each row the error of the forecast issued `delay` steps before it, which has just become known.

    `rows` are the ascending steps of the grid that the errors belong to; 0 where no such error is known.
    """
    if not len(rows):
        return np.zeros(0)
    placed = np.full(int(rows[-1]) + 1, np.nan)
    placed[rows] = error
    return np.nan_to_num(lagged(placed, delay)[rows])


def calm_share(said: Floats, came: Floats, regime: Ints, size: float, delay: int, day: float) -> Floats:
    """Return how far to go from persistence to each forecast: 1, except on a calm river where hindsight says less.

    Calm forecasts are small and soon checked, and a drift learned in another season makes them worse than saying
    that nothing changes. The share is the least-squares factor of outcomes on forecasts (both relative to the
    expected error), between 0 and 1, over the calm steps of the last days; training counts as BELIEF_DAYS of
    forecasts of mean square `size`. Stirred regimes see too few cases in some days to be judged by them.
    `delay` and `day` are in steps.
    """
    keep = math.exp(-1.0 / (MEMORY_DAYS * day))
    belief = BELIEF_DAYS * day * size + 1e-12
    agreed = forecast = 0.0
    share = np.ones(len(said))
    calm = regime == 0
    for i in range(len(said)):
        agreed, forecast, past = agreed * keep, forecast * keep, i - delay
        if past >= 0 and calm[past] and math.isfinite(came[past]) and math.isfinite(said[past]):
            agreed += said[past] * came[past]
            forecast += said[past] ** 2
        if calm[i]:
            share[i] = min(1.0, max(0.0, (belief + agreed) / (belief + forecast)))
    return share


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
