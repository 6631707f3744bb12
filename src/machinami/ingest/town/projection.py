"""Where on the globe is a point of the simulated town, and how is a shape written as GeoJSON?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from machinami.ingest.town.noise import Floats

Feature = dict[str, Any]
Layers = dict[str, Feature]

# The town is invented; it is laid over hills in Japan only so that sun, seasons and map units are plausible.
ORIGIN_LON, ORIGIN_LAT = 138.2, 35.0
_METRES_LAT = 110_940.0
_METRES_LON = 111_320.0 * math.cos(math.radians(ORIGIN_LAT))


def lonlat(place: Sequence[float]) -> list[float]:
    """Return longitude and latitude (degrees, WGS 84, 6 decimals) of a point in local metres."""
    east, north = float(place[0]), float(place[1])  # a coordinate is told, and no array knows how
    return [round(ORIGIN_LON + east / _METRES_LON, 6), round(ORIGIN_LAT + north / _METRES_LAT, 6)]


def metres(degrees: Floats) -> Floats:
    """Return the local metres of points (n, 2) of longitude and latitude."""
    return np.asarray((degrees - np.array([ORIGIN_LON, ORIGIN_LAT])) * np.array([_METRES_LON, _METRES_LAT]))


def _pairs(line: Floats, decimals: int) -> list[Any]:
    degrees = line / np.array([_METRES_LON, _METRES_LAT]) + np.array([ORIGIN_LON, ORIGIN_LAT])
    pairs: list[Any] = np.round(degrees, decimals).tolist()
    return pairs


def line_feature(line: Floats, decimals: int = 5, **properties: object) -> Feature:
    """Return a LineString feature."""
    return _feature("LineString", _pairs(line, decimals), properties)


def point_feature(place: Sequence[float], **properties: object) -> Feature:
    """Return a Point feature."""
    return _feature("Point", lonlat(place), properties)


def area_feature(shapes: Iterable[Sequence[Floats]], decimals: int = 5, **properties: object) -> Feature:
    """Return a MultiPolygon feature of polygons, each an outer ring and its holes, wound as RFC 7946 asks."""
    polygons = [[_wound(ring, index == 0, decimals) for index, ring in enumerate(shape)] for shape in shapes]
    return _feature("MultiPolygon", polygons, properties)


def tiles_feature(rings: Floats, decimals: int = 5, **properties: object) -> Feature:
    """Return a MultiPolygon feature of many alike closed rings (tiles, points, 2)."""
    x, y = rings[..., 0], rings[..., 1]
    area = np.sum(x[:, :-1] * y[:, 1:] - x[:, 1:] * y[:, :-1], axis=1)
    wound = np.where((area > 0)[:, None, None], rings, rings[:, ::-1])
    return _feature("MultiPolygon", [[ring] for ring in _pairs(wound, decimals)], properties)


def _wound(ring: Floats, outer: bool, decimals: int) -> list[list[float]]:
    x, y = ring[:, 0], ring[:, 1]
    area = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
    pairs = _pairs(ring if (area > 0) == outer else ring[::-1], decimals)
    return pairs if pairs[0] == pairs[-1] else [*pairs, pairs[0]]


def _feature(kind: str, coordinates: object, properties: dict[str, object]) -> Feature:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": properties,
    }


def collection(features: list[Feature]) -> Feature:
    """Return a FeatureCollection that says it shows a simulated place."""
    return {"type": "FeatureCollection", "simulated": True, "features": features}
