"""How good were the forecasts? Errors against doing nothing, coverage of intervals, warnings hit and missed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from machinami.methods.series import Floats

Flags = NDArray[np.bool_]


def rmse(errors: Floats) -> float:
    """Return the root mean square of the known errors, in their unit; NaN where none is known."""
    known = errors[np.isfinite(errors)]
    return float(np.sqrt(np.mean(known**2))) if known.size else float("nan")


def improvement(errors: Floats, errors_of_naive: Floats) -> float:
    """Return 1 − RMSE / RMSE of the naive forecast, over the times where both are known; NaN if it never errs.

    0 is no better than the naive forecast, 1 is perfect, negative is worse.
    """
    both = np.isfinite(errors) & np.isfinite(errors_of_naive)
    naive = rmse(errors_of_naive[both])
    return 1.0 - rmse(errors[both]) / naive if naive > 0 else float("nan")


def coverage(observed: Floats, low: Floats, high: Floats) -> float:
    """Return the share of observations inside their interval; NaN where none is known."""
    known = np.isfinite(observed) & np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return float("nan")
    inside = (observed[known] >= low[known]) & (observed[known] <= high[known])
    return float(inside.mean())


def episodes(above: Flags, longest_gap: int) -> list[tuple[int, int]]:
    """Return runs of True as (first, last) steps; runs parted by at most `longest_gap` steps are one."""
    steps = np.flatnonzero(above)
    if steps.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(steps) > longest_gap + 1)
    firsts = np.concatenate([steps[:1], steps[breaks + 1]])
    lasts = np.concatenate([steps[breaks], steps[-1:]])
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]


class WarningScore(NamedTuple):
    """Warnings against what happened: detected share, false share, median lead (steps), and the counts."""

    detected: float
    false: float
    lead: float
    floods: int
    warnings: int


def score_warnings(
    observed: Floats, warned: Flags, threshold: float, horizon: int, tolerance: int, longest_gap: int
) -> WarningScore:
    """Compare warnings, each issued at its step for `horizon` steps later, with floods that came.

    A flood is an episode of observed levels ≥ threshold (gaps up to `longest_gap` merged) that rose from
    below: the level before it was known and lower. It is detected when a warning was issued by its onset
    (with the reading that reaches the threshold at the latest), at most horizon + tolerance steps ahead; its
    lead is counted from the first such warning, so that a warning at the onset adds a lead of 0. A
    warning episode begins with a warning issued while the level is still below the threshold; it is false
    when the threshold is not reached from then until horizon + tolerance steps after its last warning.
    Probability of detection and false alarm ratio: Wilks 2011, Statistical Methods, 8.2.
    """
    above = np.isfinite(observed) & (observed >= threshold)
    reach = horizon + tolerance
    leads: list[int] = []
    floods = 0
    for onset, _ in episodes(above, longest_gap):
        if onset == 0 or not np.isfinite(observed[onset - 1]):
            continue
        floods += 1
        issued = np.flatnonzero(warned[max(0, onset - reach) : onset + 1])
        if issued.size:
            leads.append(min(onset, reach) - int(issued[0]))
    runs = episodes(warned & ~above & np.isfinite(observed), longest_gap)
    false = sum(not above[first : last + reach + 1].any() for first, last in runs)
    return WarningScore(
        detected=len(leads) / floods if floods else float("nan"),
        false=false / len(runs) if runs else float("nan"),
        lead=float(np.median(leads)) if leads else float("nan"),
        floods=floods,
        warnings=len(runs),
    )
