"""Where is it? GeoJSON geometries: are they well formed, how do they lie to each other, how far apart?

Coordinates are WGS 84 longitude and latitude in degrees (RFC 7946). Topology is planar in these coordinates,
as RFC 7946 (3.1.1) defines lines. Distances are great-circle metres (haversine) on a sphere of the mean Earth
radius; against the ellipsoid they err by at most 0.6 %. Limits: distances between points are right across the
antimeridian, but lines and areas must be cut there (RFC 7946, 3.1.9), and topology does not wrap.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

Geometry = Mapping[str, Any]
Box = tuple[float, float, float, float]

EARTH_RADIUS = 6_371_008.8  # metres: the mean radius R1 of WGS 84 (IUGG)
_KEPT_SHAPES = 256
_SIDES_LOOKED_AT = 64
_MOST_MEETINGS = 10_000  # of an area's sides with each other: mending it is some tenths of a second's work
_MOST_CROSSINGS = 100_000  # of two geometries' sides: relating them is some tenths of a second's work
_SAME_LATITUDE = 0.01  # degrees: a projection centred so near is as good
_POLE_GUARD = 1e-6  # keeps the local projection finite at the poles


def distance(a: Sequence[float], b: Sequence[float]) -> float:
    """Great-circle distance of two positions [longitude, latitude] in metres, by the haversine formula."""
    lat_a, lat_b = math.radians(a[1]), math.radians(b[1])
    half_lat = math.sin((lat_b - lat_a) / 2)
    half_lon = math.sin(math.radians(b[0] - a[0]) / 2)
    h = half_lat * half_lat + math.cos(lat_a) * math.cos(lat_b) * half_lon * half_lon
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(h)))


def distance_between(a: Geometry, b: Geometry) -> float:
    """Smallest distance of two geometries in metres; 0 where they touch.

    The nearest pair of points is found in a local equirectangular projection, centred first on `b` and then
    on that pair; its distance is great-circle. For pairs within 100 km of each other and below 70 degrees of
    latitude the pair chosen is within 0.1 % of the best one.
    """
    if a["type"] == "Point" and b["type"] == "Point":
        return distance(a["coordinates"], b["coordinates"])
    shape_a, shape_b = shape(a), prepared(b)
    if shapely.intersects(shape_b, shape_a):
        return 0.0
    box = bbox(b)
    latitude = (box[1] + box[3]) / 2
    pair = _nearest(shape_a, shape_b, latitude)
    better = (pair[0][1] + pair[1][1]) / 2
    if abs(better - latitude) > _SAME_LATITUDE:
        pair = _nearest(shape_a, shape_b, better)
    return distance(*pair)


def _nearest(a: BaseGeometry, b: BaseGeometry, latitude: float) -> list[tuple[float, float]]:
    stretch = max(math.cos(math.radians(latitude)), _POLE_GUARD)
    scale = (stretch, 1.0)
    line = shapely.shortest_line(
        shapely.transform(a, lambda points: points * scale),
        shapely.transform(b, lambda points: points * scale),
    )
    return [(x / stretch, y) for x, y in shapely.get_coordinates(line)]


def bbox(geometry: Geometry) -> Box:
    """The bounding box: west, south, east, north."""
    coordinates = geometry["coordinates"]
    if geometry["type"] == "Point":
        return coordinates[0], coordinates[1], coordinates[0], coordinates[1]
    found = list(positions(coordinates))
    return (
        min(p[0] for p in found),
        min(p[1] for p in found),
        max(p[0] for p in found),
        max(p[1] for p in found),
    )


def positions(coordinates: Sequence[Any]) -> Sequence[Sequence[float]]:
    """All positions of a `coordinates` member, whatever its depth."""
    if coordinates and not isinstance(coordinates[0], list | tuple):
        return (coordinates,)
    return [position for part in coordinates for position in positions(part)]


def near(target: Geometry, reference: Geometry, least: float | None, most: float | None) -> bool:
    """Whether the distance is at most `most` and more than `least` metres (ETSI GS CIM 009, 4.10).

    minDistance is exclusive: the target must be disjoint from the closed buffer.
    """
    metres = distance_between(target, reference)
    return (most is None or metres <= most) and (least is None or metres > least)


def within(target: Geometry, reference: Geometry) -> bool:
    """Whether the target lies in the reference and is not only on its boundary."""
    if not _may_touch(target, reference):
        return False
    if target["type"] == "Point":
        return bool(shapely.contains_xy(prepared(reference), *target["coordinates"][:2]))
    return bool(shapely.contains(prepared(reference), shape(target)))


def contains(target: Geometry, reference: Geometry) -> bool:
    """Whether the target holds the reference."""
    return _may_touch(target, reference) and bool(shapely.within(*_related(reference, target)))


def intersects(target: Geometry, reference: Geometry) -> bool:
    """Whether they share at least one point."""
    if not _may_touch(target, reference):
        return False
    if target["type"] == "Point":
        return bool(shapely.intersects_xy(prepared(reference), *target["coordinates"][:2]))
    return bool(shapely.intersects(prepared(reference), shape(target)))


def disjoint(target: Geometry, reference: Geometry) -> bool:
    """Whether they share no point."""
    return not intersects(target, reference)


def overlaps(target: Geometry, reference: Geometry) -> bool:
    """Whether they share inner points, each has points of its own, and both have the same dimension."""
    return _may_touch(target, reference) and bool(shapely.overlaps(*_related(reference, target)))


def equals(target: Geometry, reference: Geometry) -> bool:
    """Whether they are the same set of points, whatever the order of their positions."""
    return _may_touch(target, reference) and bool(shapely.equals(*_related(reference, target)))


RELATIONS: Mapping[str, Callable[[Geometry, Geometry], bool]] = {
    "within": within,
    "contains": contains,
    "intersects": intersects,
    "disjoint": disjoint,
    "overlaps": overlaps,
    "equals": equals,
}


def _may_touch(target: Geometry, reference: Geometry) -> bool:
    w1, s1, e1, n1 = bbox(target)
    w2, s2, e2, n2 = _kept(reference)[1]
    return w1 <= e2 and w2 <= e1 and s1 <= n2 and s2 <= n1


def shape(geometry: Geometry) -> BaseGeometry:
    """The geometry as a shapely object in two dimensions; mended where it crosses itself.

    An area that is tangled beyond mending in bounded time stands for all the ground that it spans: its convex hull.
    """
    made = _MAKERS[geometry["type"]](geometry["coordinates"])
    if geometry["type"] in _ALWAYS_VALID or shapely.is_valid(made):
        return made
    return made.convex_hull if _is_tangled(made) else shapely.make_valid(made)


def _is_tangled(areas: BaseGeometry) -> bool:
    """Whether the sides of areas meet so often that taking them apart, which grows with it, would take seconds."""
    return _meetings(_sides(areas)) > _MOST_MEETINGS


def _related(reference: Geometry, target: Geometry) -> tuple[BaseGeometry, BaseGeometry]:
    """Both shapes for a relation that asks for every crossing; where that would take seconds, the grounds that they
    span (their convex hulls) stand for them."""
    ours, theirs = prepared(reference), shape(target)
    most = int(shapely.get_num_coordinates(ours)) + int(shapely.get_num_coordinates(theirs))
    if most * most / 2 > _MOST_CROSSINGS:
        sides = np.concatenate([_sides(ours), _sides(theirs)])
        if _meetings(sides) > _MOST_CROSSINGS:
            return ours.convex_hull, theirs.convex_hull
    return ours, theirs


def _sides(made: BaseGeometry) -> np.ndarray[Any, Any]:
    """The straight pieces of lines and of areas' rings; points have none."""
    parts = shapely.get_parts(made)
    areas = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    lines = np.concatenate([shapely.get_rings(parts[areas]), parts[~areas]])
    corners, line = shapely.get_coordinates(lines, return_index=True)
    inside = line[1:] == line[:-1]
    found: np.ndarray[Any, Any] = shapely.linestrings(np.stack([corners[:-1], corners[1:]], axis=1)[inside])
    return found


def _meetings(sides: np.ndarray[Any, Any]) -> float:
    """How often sides meet each other, guessed from some sides, evenly chosen. A side meets itself and its two
    neighbours at any rate."""
    if not len(sides):
        return 0.0
    chosen = sides[:: max(1, len(sides) // _SIDES_LOOKED_AT)]
    found = shapely.STRtree(sides).query(chosen, predicate="intersects")[0]
    return float(np.maximum(np.bincount(found, minlength=len(chosen)) - 3, 0).mean() * len(sides) / 2)


def prepared(reference: Geometry) -> BaseGeometry:
    """The shape of a query's geometry, made once and prepared for many comparisons."""
    return _kept(reference)[2]


# A query's geometry is asked thousands of times, so its box and shape are kept by object. The entry holds the
# object itself: its id cannot come to mean another one while the entry lives.
_references: dict[int, tuple[Geometry, Box, BaseGeometry]] = {}


def _kept(reference: Geometry) -> tuple[Geometry, Box, BaseGeometry]:
    kept = _references.get(id(reference))
    if kept is None or kept[0] is not reference:
        if len(_references) >= _KEPT_SHAPES:
            _references.clear()
        made = shape(reference)
        shapely.prepare(made)
        kept = _references[id(reference)] = (reference, bbox(reference), made)
    return kept


def _flat(line: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    return [(p[0], p[1]) for p in line]


def _polygon(rings: Sequence[Any]) -> shapely.Polygon:
    return shapely.Polygon(_flat(rings[0]), [_flat(hole) for hole in rings[1:]])


_ALWAYS_VALID = ("Point", "MultiPoint")
_MAKERS: Mapping[str, Callable[[Any], BaseGeometry]] = {
    "Point": lambda c: shapely.Point(c[0], c[1]),
    "MultiPoint": lambda c: shapely.MultiPoint(_flat(c)),
    "LineString": lambda c: shapely.LineString(_flat(c)),
    "MultiLineString": lambda c: shapely.MultiLineString([_flat(line) for line in c]),
    "Polygon": _polygon,
    "MultiPolygon": lambda c: shapely.MultiPolygon([_polygon(rings) for rings in c]),
}
