"""Where in metres is what the town says in degrees, on which ground does it stand, and what stands in the way?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from machinami.foundation.errors import InputError
from machinami.methods.line_of_sight import Scene, scene_of
from machinami.methods.series import Floats
from machinami.methods.triangulation import prism
from machinami.model.view import Geometry
from machinami.model.vocabulary.buildings import Building, BuildingShape

METRES_OF_DEGREE = 111_195.0
_NEIGHBOURS = 4


class Frame(NamedTuple):
    """A flat frame of metres around a place (degrees): good to a hundredth of a metre within some kilometres."""

    lon: float
    lat: float

    def metres(self, places: Floats) -> Floats:
        """Longitudes and latitudes (n, 2) as metres east and north."""
        wide = METRES_OF_DEGREE * np.cos(np.radians(self.lat))
        return np.column_stack([(places[:, 0] - self.lon) * wide, (places[:, 1] - self.lat) * METRES_OF_DEGREE])

    def degrees(self, metres: Floats) -> Floats:
        """Metres east and north (n, 2) as longitudes and latitudes, to a centimetre."""
        wide = METRES_OF_DEGREE * np.cos(np.radians(self.lat))
        lon, lat = metres[:, 0] / wide + self.lon, metres[:, 1] / METRES_OF_DEGREE + self.lat
        return np.round(np.column_stack([lon, lat]), 7)


class Stand(NamedTuple):
    """What stands in town, in the metres of a frame: the scene, and the heights of the ground that are known."""

    frame: Frame
    scene: Scene
    known_at: Floats
    known_heights: Floats
    buildings: int
    left_out: int

    def heights(self, places: Floats) -> Floats:
        """The ground's height above sea level at places (n, 2) in metres: the mean of that under the nearest buildings,
        nearer ones counting more; 0 where none is known."""
        if not len(self.known_heights):
            return np.zeros(len(places))
        count = min(_NEIGHBOURS, len(self.known_heights))
        apart, which = cKDTree(self.known_at).query(places, k=count)
        apart, which = apart.reshape(len(places), count), which.reshape(len(places), count)
        weights = 1.0 / np.maximum(apart, 1.0) ** 2
        return np.asarray((weights * self.known_heights[which]).sum(axis=1) / weights.sum(axis=1))


def stand_of(frame: Frame, buildings: Sequence[Building], shapes: Sequence[BuildingShape]) -> Stand:
    """Put buildings into a frame: by their roofs and walls where those are told, else as prisms over their footprints.

    A building of which neither can be used is left out and counted.
    """
    full = {str(shape.ref_building): shape for shape in shapes}
    parts: list[Floats] = []
    owners: list[NDArray[np.int64]] = []
    known: list[tuple[float, float, float]] = []
    left_out = 0
    for number, building in enumerate(buildings):
        shape = full.get(building.id)
        try:
            solid = _solid(frame, building, shape)
        except (InputError, ValueError, TypeError, IndexError):
            solid = None
        if solid is None or not np.isfinite(solid).all():
            left_out += 1
            continue
        parts.append(solid)
        owners.append(np.full(len(solid), number, np.int64))
        middle = solid[:, :, :2].reshape(-1, 2).mean(axis=0)
        known.append((float(middle[0]), float(middle[1]), building.ground_height or 0.0))
    triangles = np.concatenate(parts) if parts else np.zeros((0, 3, 3))
    scene = scene_of(triangles, np.concatenate(owners) if owners else np.zeros(0, np.int64))
    told = np.array(known).reshape(-1, 3)
    return Stand(frame, scene, told[:, :2], told[:, 2], len(parts), left_out)


def _solid(frame: Frame, building: Building, shape: BuildingShape | None) -> Floats | None:
    if shape is not None and shape.triangles:
        corners = np.array(shape.triangles, dtype=np.float64).reshape(-1, 3, 3)
        corners[:, :, :2] += frame.metres(np.array([[shape.origin.lon, shape.origin.lat]]))[0]
        return corners
    if building.location is None or building.height is None or building.height <= 0:
        return None
    base = building.ground_height or 0.0
    solids = [prism(rings, base, base + building.height) for rings in polygons(frame, building.location)]
    return np.concatenate(solids) if solids else None


def polygons(frame: Frame, geometry: Geometry) -> list[list[Floats]]:
    """The polygons of a geometry as rings (n, 2) in metres; none where it is a place or a line."""
    kind, told = geometry.get("type"), geometry.get("coordinates") or []
    areas = told if kind == "MultiPolygon" else [told] if kind == "Polygon" else []
    return [[frame.metres(np.array(ring, dtype=np.float64)[:, :2]) for ring in rings] for rings in areas]


def lines(frame: Frame, geometry: Geometry) -> list[Floats]:
    """The lines of a geometry (n, 2) in metres; none where it is a place or an area."""
    kind, told = geometry.get("type"), geometry.get("coordinates") or []
    ways = told if kind == "MultiLineString" else [told] if kind == "LineString" else []
    return [frame.metres(np.array(way, dtype=np.float64)[:, :2]) for way in ways]


def places(frame: Frame, geometry: Geometry) -> Floats:
    """The single places of a geometry (n, 2) in metres."""
    kind, told = geometry.get("type"), geometry.get("coordinates") or []
    single = told if kind == "MultiPoint" else [told] if kind == "Point" else []
    return frame.metres(np.array(single, dtype=np.float64).reshape(len(single), -1)[:, :2]) if single else _NONE


_NONE = np.zeros((0, 2))
