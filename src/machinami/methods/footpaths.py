"""How long does one walk between places? Along great circles, at a steady pace, within a limit.

Streets are longer than great circles; 1.2 m/s is slower than the 1.33 m/s (80 m/min) by which Japanese estate agents
count the way along streets.
"""

from collections.abc import Sequence

import numpy as np

from machinami.methods.series import Floats

EARTH = 6_371_008.8  # m, mean radius (IUGG)
PACE = 1.2  # m/s
FARTHEST = 800.0  # m
PER_DEGREE = EARTH * np.pi / 180.0


def great_circle(lon: float, lat: float, lons: Floats, lats: Floats) -> Floats:
    """Distances (m) from one place to others, degrees; the haversine formula."""
    one, others = np.radians(lat), np.radians(lats)
    half = np.sin((others - one) / 2) ** 2
    half = half + np.cos(one) * np.cos(others) * np.sin(np.radians(lons - lon) / 2) ** 2
    return np.asarray(2 * EARTH * np.arcsin(np.minimum(1.0, np.sqrt(half))))


def seconds_to(metres: Floats, pace: float = PACE) -> list[int]:
    """Whole seconds that a walk takes, never less than it does."""
    return [int(one) for one in np.ceil(metres / pace)]


def walks_from(
    lon: float, lat: float, lons: Floats, lats: Floats, farthest: float = FARTHEST, pace: float = PACE
) -> list[tuple[int, int]]:
    """The places within reach of one, by number, with the seconds to them."""
    metres = great_circle(lon, lat, lons, lats)
    near = np.flatnonzero(metres <= farthest)
    return list(zip(near.tolist(), seconds_to(metres[near], pace), strict=True))


def walks_between(
    lons: Sequence[float], lats: Sequence[float], farthest: float = FARTHEST, pace: float = PACE
) -> list[list[tuple[int, int]]]:
    """For each place, the others within reach, by number, with the seconds to them."""
    east, north = np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64)
    order = np.argsort(north, kind="stable")
    ranked = north[order]
    margin = farthest / PER_DEGREE * 1.001
    found: list[list[tuple[int, int]]] = []
    for place in range(len(east)):
        band = order[np.searchsorted(ranked, north[place] - margin) : np.searchsorted(ranked, north[place] + margin)]
        near = walks_from(east[place], north[place], east[band], north[band], farthest, pace)
        found.append(sorted((int(band[one]), time) for one, time in near if band[one] != place))
    return found
