"""Which boxes on the map hold what a geo-query may find? Always large enough, never too small.

The R*Tree keeps boxes in single precision and rounds them outwards, so whatever lies in a box is found in it;
whether it really lies as asked is decided by `matches`.
"""

import math
from typing import Any

from machinami.foundation.geometry import EARTH_RADIUS, Box, bbox
from machinami.model.attribute import Kind
from machinami.model.entity import Entity
from machinami.model.plain import plain_of
from machinami.model.query import GeoQuery, GeoRelation

MOST = 256  # boxes an entity may have; the last one holds all that are left
_STOREY = 16.0  # how far apart the attributes are on the third axis
_STEP = 2.0**-20  # how far apart keys are: a town's entities spread as wide as its map, about, in degrees
_ANYWHERE: Box = (-math.inf, -math.inf, math.inf, math.inf)
_MARGIN = 1.01  # a local projection may choose a pair of points that is not quite the nearest
_EDGE = 1e-6  # degrees: more than any rounding of the computation
_POLAR = 80.0  # degrees: near the poles a distance may span any longitude


def level(attribute: int, key: int) -> float:
    """Where on the third axis of the tree a box lies, by the number of its attribute and the key of its entity.

    So the boxes of one attribute lie together, and among them those of entities made at about the same time: whoever
    wants the first entities of a place need not read all that are there. Beyond 16 million all keys lie at the end.
    """
    return attribute * _STOREY + min(max(key, 0) * _STEP, _STOREY)


def boxes(entity: Entity) -> list[tuple[str, Box]]:
    """The box of each GeoProperty instance of the entity with its attribute."""
    found = [(name, _two_dimensions(value)) for name, value in _places_of(entity) if _is_geometry(value)]
    if len(found) > MOST:
        return [("", _around([box for _, box in found]))]
    return found


def _places_of(entity: Entity) -> list[tuple[str, Any]]:
    """What the GeoProperty instances of the entity say, each with its attribute."""
    plain = plain_of(entity)
    if plain is not None:
        shape = plain.shape
        return [(name, plain.fields[slot]) for name, slot in shape.slots.items() if slot in shape.places]
    several = entity.attributes.items()
    return [(name, one.value) for name, instances in several for one in instances if one.kind is Kind.GEO]


def _two_dimensions(geometry: dict[str, Any]) -> Box:
    try:
        west, south, east, north = bbox(geometry)
        return float(west), float(south), float(east), float(north)
    except (TypeError, ValueError, LookupError):
        return _ANYWHERE  # no geometry after all; to find it is left to `matches`


def _is_geometry(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.get("coordinates"))


def _around(found: list[Box]) -> Box:
    wests, souths, easts, norths = zip(*found, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


def search_boxes(geo: GeoQuery) -> list[Box] | None:
    """Boxes one of which touches the box of whatever satisfies the query; None where that may be anywhere."""
    if geo.relation is GeoRelation.DISJOINT or not _is_geometry(geo.geometry):
        return None
    west, south, east, north = _two_dimensions(geo.geometry)
    if geo.relation is not GeoRelation.NEAR:
        return [(west - _EDGE, south - _EDGE, east + _EDGE, north + _EDGE)]
    if geo.max_distance is None:
        return None
    high = math.degrees(geo.max_distance / EARTH_RADIUS) * _MARGIN + _EDGE
    farthest = max(abs(south - high), abs(north + high))
    if farthest >= _POLAR:
        return [(-math.inf, south - high, math.inf, north + high)]
    wide = high / math.cos(math.radians(farthest)) * _MARGIN + _EDGE
    if west - wide < -180 or east + wide > 180:
        return _split(west - wide, south - high, east + wide, north + high)
    return [(west - wide, south - high, east + wide, north + high)]


def _split(west: float, south: float, east: float, north: float) -> list[Box]:
    """The box and its images beyond the antimeridian, where the same place may be written with 360 degrees more."""
    return [(west + turn, south, east + turn, north) for turn in (-360.0, 0.0, 360.0)]
