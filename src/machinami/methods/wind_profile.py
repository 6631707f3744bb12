"""How fast is the wind at two metres, where a body stands, when it is measured higher up?

A power law whose exponent hangs on how the air is layered; the layers are told from wind and sun by day, from wind and
the difference of temperature by night. EPA-454/R-99-005 (2000), 6.2.5 and 6.4.4, as Liljegren et al. 2008 use it.
"""

import numpy as np
from numpy.typing import NDArray

from machinami.methods.series import Floats

BODY_HEIGHT = 2.0
"""Metres above the ground at which the wind is wanted."""
_STEPS_OF_WIND = np.array([2.0, 3.0, 5.0, 6.0])  # m/s
_STEPS_OF_SUN = np.array([175.0, 675.0, 925.0])  # W/m²
_BY_DAY = np.array([[3, 1, 0, 0], [3, 2, 1, 0], [3, 2, 1, 1], [3, 3, 2, 2], [3, 3, 3, 2]])  # 0 unstable … 5 stable
_STILL_NIGHT = 2.5  # m/s, below which the air lies in layers
_TOWN = np.array([0.15, 0.15, 0.20, 0.25, 0.30, 0.30])
_COUNTRY = np.array([0.07, 0.07, 0.10, 0.15, 0.35, 0.55])


def wind_at_body(
    wind: Floats,
    height: Floats | float,
    irradiance: Floats,
    day: NDArray[np.bool_],
    layered: bool = True,
    town: bool = True,
) -> Floats:
    """Return the wind (m/s) at two metres from that measured at `height` (m).

    irradiance (W/m²) and whether the sun is up tell how the air is layered by day; `layered`: whether it is warmer
    above than below by night; `town`: among houses, where the ground is rough.
    """
    speed = np.maximum(np.nan_to_num(wind), 0.0)
    sunny = _BY_DAY[
        np.searchsorted(_STEPS_OF_WIND, speed, "right"), np.searchsorted(_STEPS_OF_SUN, irradiance, "right")
    ]
    dark = np.where(speed >= _STILL_NIGHT, 3, 5 if layered else 4)
    exponent = (_TOWN if town else _COUNTRY)[np.where(day, sunny, dark)]
    return np.asarray(wind * (BODY_HEIGHT / height) ** exponent)
