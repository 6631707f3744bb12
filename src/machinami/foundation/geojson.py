"""Is this a well-formed GeoJSON geometry (RFC 7946), and if not, what is wrong with it?"""

from collections.abc import Callable, Mapping
from typing import Any

from machinami.foundation.errors import BadRequestData

_FEWEST_IN_LINE = 2
_FEWEST_IN_RING = 4
_LONGITUDE = 180.0
_LATITUDE = 90.0
_FAR = 1e9  # metres or degrees: no altitude is beyond; false for NaN too

EXAMPLES = {
    "Point": "[135.5,34.7]",
    "MultiPoint": "[[135.5,34.7],[135.6,34.8]]",
    "LineString": "[[135.5,34.7],[135.6,34.8]]",
    "MultiLineString": "[[[135.5,34.7],[135.6,34.8]],[[135.7,34.7],[135.8,34.8]]]",
    "Polygon": "[[[135.5,34.7],[135.6,34.7],[135.6,34.8],[135.5,34.7]]]",
    "MultiPolygon": "[[[[135.5,34.7],[135.6,34.7],[135.6,34.8],[135.5,34.7]]]]",
}


def check_geometry(geometry: object, where: str = "value") -> dict[str, Any]:
    """The geometry as a dict with type and coordinates, if it is one of the six of RFC 7946.

    A GeometryCollection is none (ETSI GS CIM 009, 4.6.3 and 4.10). Polygons may cross themselves; the order of
    rings and positions is free. Raises BadRequestData (facts: where, example, and index: the way to the fault).
    """
    if not isinstance(geometry, Mapping) or not isinstance(geometry.get("type"), str):
        raise BadRequestData(
            f'{where} is not a GeoJSON geometry; write for example {{"type":"Point","coordinates":[135.5,34.7]}}',
            where=where,
        )
    kind = geometry["type"]
    if kind not in _CHECKS:
        raise BadRequestData(
            f"{where}: {kind[:40]!r} is not a geometry that can be used; it is one of {', '.join(EXAMPLES)}",
            where=where,
            expected=list(EXAMPLES),
        )
    coordinates = geometry.get("coordinates")
    fault = _CHECKS[kind](coordinates, ())
    if fault is not None:
        index, reason = fault
        at = where + "".join(f"[{i}]" for i in index)
        raise BadRequestData(
            f"{at}: {reason}; the coordinates of a {kind} look like {EXAMPLES[kind]}",
            where=where,
            index=list(index),
            example=EXAMPLES[kind],
        )
    return {"type": kind, "coordinates": coordinates}


Index = tuple[int, ...]
Fault = tuple[Index, str]


def _position(value: Any, at: Index) -> Fault | None:
    if not isinstance(value, list | tuple) or len(value) < 2 or not all(map(_is_number, value)):
        return at, "a position is expected: longitude, latitude and perhaps altitude, finite numbers"
    longitude, latitude = value[0], value[1]
    if abs(longitude) <= _LONGITUDE and abs(latitude) <= _LATITUDE:
        return None
    if abs(longitude) <= _LATITUDE and abs(latitude) <= _LONGITUDE:
        return at, (
            f"latitude {latitude} is beyond 90 degrees; GeoJSON has longitude first: "
            f"did you mean [{latitude},{longitude}]?"
        )
    return at, "longitude goes from -180 to 180 and latitude from -90 to 90 degrees"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_FAR < value < _FAR


def _parts(check: Callable[[Any, Index], Fault | None], fewest: int, what: str) -> Callable[[Any, Index], Fault | None]:
    def check_all(value: Any, at: Index) -> Fault | None:
        if not isinstance(value, list | tuple) or len(value) < fewest:
            return at, f"a list of {fewest} or more {what} is expected"
        for number, part in enumerate(value):
            fault = check(part, (*at, number))
            if fault is not None:
                return fault
        return None

    return check_all


_line = _parts(_position, _FEWEST_IN_LINE, "positions")
_open_ring = _parts(_position, _FEWEST_IN_RING, "positions")


def _ring(value: Any, at: Index) -> Fault | None:
    fault = _open_ring(value, at)
    if fault is None and list(value[0]) != list(value[-1]):
        return at, f"a ring ends where it began: add {list(value[0])} at its end"
    return fault


_polygon = _parts(_ring, 1, "rings")

_CHECKS: Mapping[str, Callable[[Any, Index], Fault | None]] = {
    "Point": _position,
    "MultiPoint": _parts(_position, 1, "positions"),
    "LineString": _line,
    "MultiLineString": _parts(_line, 1, "lines"),
    "Polygon": _polygon,
    "MultiPolygon": _parts(_polygon, 1, "polygons"),
}
