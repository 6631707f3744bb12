"""Which entities of the town is a building of a city model?"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from machinami.ingest.citymodel.parse import Solid
from machinami.methods.series import Floats
from machinami.model.view import Geometry, Point, Ref, Words
from machinami.model.vocabulary.buildings import Building, BuildingShape

_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def entities(buildings: Iterable[Solid], source: str) -> Iterator[Building | BuildingShape]:
    """Each building, followed by its shape where it has one. source: where it was taken from, such as a file's name."""
    for solid in buildings:
        key = _PLAIN.sub("-", solid.key)
        building = f"urn:ngsi-ld:Building:{key}"
        yield Building(
            building,
            Words({"ja": solid.name}) if solid.name else None,
            footprint(solid.footprint),
            solid.height,
            solid.ground,
            solid.floors,
            solid.usage,
            solid.lod,
            source,
        )
        if solid.shape is not None:
            corners = np.round(solid.shape.triangles.reshape(-1, 9), 3).tolist()
            yield BuildingShape(f"urn:ngsi-ld:BuildingShape:{key}", Ref(building), Point(*solid.shape.origin), corners)


def footprint(polygons: Iterable[Iterable[Floats]]) -> Geometry:
    """Polygons of rings (n, 2) of longitude and latitude as GeoJSON, wound as RFC 7946 asks."""
    made = [[_wound(ring, number == 0) for number, ring in enumerate(rings)] for rings in polygons]
    if len(made) == 1:
        return Geometry({"type": "Polygon", "coordinates": made[0]})
    return Geometry({"type": "MultiPolygon", "coordinates": made})


def _wound(ring: Floats, outer: bool) -> list[Any]:
    closed = ring if np.array_equal(ring[0], ring[-1]) else np.vstack([ring, ring[:1]])
    x, y = (closed - closed[0]).T
    left = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) > 0
    pairs: list[Any] = np.round(closed if left == outer else closed[::-1], 8).tolist()
    return pairs
