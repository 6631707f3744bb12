"""Where on the globe is a position of a city model, in whichever reference system it was surveyed?

Geographic systems give latitude, longitude and height; projected ones north and east in metres (the order of axes that
EPSG defines). Transverse Mercator by Krüger's series to the third order of n, as the Geospatial Information Authority
of Japan computes it (Kawase 2011): better than a millimetre within a zone. JGD2011, JGD2000 and WGS 84 differ by less
than half a metre in most of Japan, which is left as it is.
"""

import math
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.series import Floats

_MAJOR, _FLATTENING = 6_378_137.0, 1 / 298.257222101
_GEOGRAPHIC = {4326, 4979, 6668, 6697, 4612, 6667, 7844}
_PLANE_ORIGINS = (
    (33.0, 129.5), (33.0, 131.0), (36.0, 132 + 1 / 6), (33.0, 133.5), (36.0, 134 + 1 / 3), (36.0, 136.0),
    (36.0, 137 + 1 / 6), (36.0, 138.5), (36.0, 139 + 5 / 6), (40.0, 140 + 5 / 6), (44.0, 140.25), (44.0, 142.25),
    (44.0, 144.25), (26.0, 142.0), (26.0, 127.5), (26.0, 124.0), (26.0, 131.0), (20.0, 136.0), (26.0, 154.0),
)  # fmt: skip
"""Origins of the Japanese plane rectangular coordinate systems I to XIX: latitude, longitude."""
_EPSG = re.compile(r"EPSG(?:/0/|::?|:\d*:|\.xml#)?/?(\d{4,5})$|^(\d{4,5})$", re.IGNORECASE)


class Zone(NamedTuple):
    """A transverse Mercator projection: its origin (degrees), its scale, what it adds, and whether east comes first."""

    latitude: float
    longitude: float
    scale: float
    east: float
    north: float
    east_first: bool


Locate = Callable[[Floats], Floats]
"""Positions (n, 3) as written -> longitude, latitude (degrees), height (metres)."""


def code_of(name: str) -> int:
    """The EPSG code in a name as http://www.opengis.net/def/crs/EPSG/0/6697. Raises InputError."""
    found = _EPSG.search(name.strip())
    if found is None:
        raise InputError(f"the reference system {name[:80]!r} names no EPSG code")
    return int(found[1] or found[2])


def locate_by(code: int) -> Locate:
    """How positions of a reference system are located. Raises InputError for one that is not known."""
    if code in _GEOGRAPHIC:
        return _by_degrees
    zone = _zone_of(code)
    if zone is None:
        raise InputError(
            f"the reference system EPSG:{code} is not known here; convert the file to EPSG:6697 (latitude, longitude, "
            "height) or to a Japanese plane rectangular one (EPSG:6669 to 6687)"
        )
    return lambda positions: _by_zone(positions, zone)


def _zone_of(code: int) -> Zone | None:
    """JGD2011 and JGD2000 plane rectangular (the former with heights as well), and UTM."""
    for first, count in ((6669, 19), (2443, 19), (10162, 13)):
        if first <= code < first + count:
            latitude, longitude = _PLANE_ORIGINS[code - first]
            return Zone(latitude, longitude, 0.9999, 0.0, 0.0, False)
    utm = next((51 + code - first for first in (6688, 3097) if first <= code < first + 5), None)
    utm = code - 32600 if 32601 <= code <= 32660 else utm
    return None if utm is None else Zone(0.0, utm * 6.0 - 183.0, 0.9996, 500_000.0, 0.0, True)


def _by_degrees(positions: Floats) -> Floats:
    latitude, longitude = positions[:, 0], positions[:, 1]
    if (np.abs(latitude) > 90).any() or (np.abs(longitude) > 180).any():
        raise InputError("a position has no latitude and longitude; is the reference system that of the file?")
    return np.column_stack([longitude, latitude, positions[:, 2]])


def _by_zone(positions: Floats, zone: Zone) -> Floats:
    north, east = (positions[:, 1], positions[:, 0]) if zone.east_first else (positions[:, 0], positions[:, 1])
    if (np.abs(north) > 1e7).any() or (np.abs(east) > 1e7).any():
        raise InputError("a position lies outside every zone; is the reference system that of the file?")
    n = _FLATTENING / (2 - _FLATTENING)
    radius = _MAJOR / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    back = (n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96, n**2 / 48 + n**3 / 15, 17 * n**3 / 480)
    lift = (2 * n - 2 * n**2 / 3 - 2 * n**3, 7 * n**2 / 3 - 8 * n**3 / 5, 56 * n**3 / 15)
    along = ((north - zone.north) / zone.scale + _meridian(zone.latitude, n, radius)) / radius
    across = (east - zone.east) / zone.scale / radius
    xi, eta = along.copy(), across.copy()
    for j, b in enumerate(back, 1):
        xi -= b * np.sin(2 * j * along) * np.cosh(2 * j * across)
        eta -= b * np.cos(2 * j * along) * np.sinh(2 * j * across)
    chi = np.arcsin(np.clip(np.sin(xi) / np.cosh(eta), -1.0, 1.0))
    latitude = chi + sum(d * np.sin(2 * j * chi) for j, d in enumerate(lift, 1))
    longitude = zone.longitude + np.degrees(np.arctan2(np.sinh(eta), np.cos(xi)))
    return np.column_stack([longitude, np.degrees(latitude), positions[:, 2]])


def _meridian(latitude: float, n: float, radius: float) -> float:
    """The length of the meridian from the equator to a latitude, in metres."""
    phi = math.radians(latitude)
    conformal = math.sinh(math.atanh(math.sin(phi)) - _eccentricity() * math.atanh(_eccentricity() * math.sin(phi)))
    xi = math.atan(conformal)
    ahead = (n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16, 13 * n**2 / 48 - 3 * n**3 / 5, 61 * n**3 / 240)
    return radius * (xi + sum(a * math.sin(2 * j * xi) for j, a in enumerate(ahead, 1)))


def _eccentricity() -> float:
    return math.sqrt(_FLATTENING * (2 - _FLATTENING))
