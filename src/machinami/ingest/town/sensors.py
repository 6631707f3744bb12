"""What does an imperfect sensor say about a true level or a true rainfall?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from machinami.ingest.town.gauges import FAULTS, Fault
from machinami.ingest.town.noise import Floats, gaussian, scatter

RIPPLE_M = 0.004
LOST_SHARE = 0.004
TIP_MM = 0.5
CATCH = (1.0, 0.97, 1.0, 0.88, 1.0, 0.96)
_RAIN_CHANNEL = 64

Minutes = npt.NDArray[np.int64]


def observed_levels(seed: int, gauge: int, minutes: Minutes, hours: Floats, true: Floats, held: Floats) -> Floats:
    """Return what gauge number ``gauge`` reports, in metres to the centimetre; NaN where it reports nothing.

    ``minutes`` counts minutes since 1970 and seeds the noise, ``hours`` counts from the anchor and times the
    faults; ``held`` gives the true level at the start of each fault, in the order of ``faults_of``.
    """
    said = true + RIPPLE_M * gaussian(seed, gauge + 1, minutes)
    for fault, level in zip(faults_of(gauge), held, strict=True):
        during = (hours >= fault.start) & (hours < fault.end)
        if fault.kind == "stuck":
            said = np.where(during, level, said)
        elif fault.kind == "shifted":
            said = np.where(during, said + fault.by, said)
        else:
            said = np.where(during, np.nan, said)
    lost = scatter(seed, gauge + 32, minutes) < LOST_SHARE
    return np.asarray(np.round(np.where(lost, np.nan, said), 2))


def faults_of(gauge: int) -> tuple[Fault, ...]:
    """Return the faults of one gauge."""
    return tuple(fault for fault in FAULTS if fault.gauge == gauge)


def tipped(total: Floats, gauge: int) -> Floats:
    """Return the whole tips, in mm, that a bucket has made for a running total of rain in mm."""
    return np.asarray(np.floor(total * CATCH[gauge] / TIP_MM) * TIP_MM)


def lost_rain(seed: int, gauge: int, minutes: Minutes) -> npt.NDArray[np.bool_]:
    """Say which reports of a rain gauge never arrive."""
    return np.asarray(scatter(seed, _RAIN_CHANNEL + gauge, minutes) < LOST_SHARE)
