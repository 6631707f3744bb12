"""What would a series look like without its seasons, and does it have any worth taking out?

Classical additive decomposition: the trend is a centred moving average over one season, the seasons are the means of
what it leaves, which sum to 0. How strong they are: Wang, Smith & Hyndman 2006, doi:10.1007/s10618-005-0039-x.
"""

from dataclasses import dataclass

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

STRONG = 0.64
"""From this strength on seasons are taken out (the limit of Hyndman & Athanasopoulos for seasonal differences)."""


@dataclass(frozen=True, slots=True)
class Seasons:
    """trend (n,), with NaN half a season from both ends; figure (period,): what each part of a season adds; adjusted
    (n,): the values without it; strength: 0 (none) to 1 (all is season)."""

    trend: Floats
    figure: Floats
    adjusted: Floats
    strength: float

    @property
    def matter(self) -> bool:
        """Whether the series should be looked at without its seasons."""
        return self.strength >= STRONG


def without_seasons(values: Floats, period: int) -> Seasons | None:
    """The series (n,) without its seasons of `period` steps; None where there are not two whole seasons, as one season
    alone cannot be told from a trend. Raises InputError for gaps and for a period under 2."""
    if period < 2 or not np.isfinite(values).all():
        raise InputError("Seasons need a period of 2 or more and a series without gaps", period=period)
    if len(values) < 2 * period:
        return None
    weights = np.full(period, 1.0) if period % 2 else np.concatenate([[0.5], np.ones(period - 1), [0.5]])
    half = len(weights) // 2
    trend = np.full(len(values), np.nan)
    trend[half : len(values) - half] = np.convolve(values, weights / period, "valid")
    left = values - trend
    figure = np.array([np.nanmean(left[part::period]) for part in range(period)])
    figure -= figure.mean()
    seasonal = np.resize(figure, len(values))
    rest = (left - seasonal)[half : len(values) - half]
    spread = float(np.var(left[half : len(values) - half]))
    strength = max(0.0, 1.0 - float(np.var(rest)) / spread) if spread > 0 else 0.0
    return Seasons(trend, figure, values - seasonal, strength)
