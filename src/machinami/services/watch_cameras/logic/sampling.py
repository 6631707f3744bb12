"""At which points is it tried whether a way, a park or a zone is seen?"""

import numpy as np
import shapely

from machinami.foundation.geometry import shape
from machinami.methods.line_of_sight import Ints
from machinami.methods.series import Floats
from machinami.model.view import Geometry
from machinami.services.watch_cameras.logic.ground import Frame, Stand, lines, places, polygons

_OUTSIDE = 0.6  # metres before a wall at which its windows are tried
_STOREY = 3.0
_ZONE_STEP = 3.0
_FAR = 20_000.0  # metres: what reaches further from the frame's middle is no part of a town


def points_on(frame: Frame, geometry: Geometry, step: float) -> Floats:
    """Points (n, 2) in metres on a geometry, about `step` metres apart: along lines, over areas, or the places."""
    found = [places(frame, geometry)]
    found += [along(line, step) for line in lines(frame, geometry)]
    for rings in polygons(frame, geometry):
        inside = over(rings, step)
        found.append(inside if len(inside) else rings[0].mean(axis=0)[None])
    told = np.concatenate(found) if found else np.zeros((0, 2))
    return np.asarray(told[np.abs(told).max(axis=1, initial=0.0) < _FAR])


def along(line: Floats, step: float) -> Floats:
    """Points on a line, evenly `step` metres apart or a little less, both ends among them."""
    lengths = np.hypot(*np.diff(line, axis=0).T)
    reached = np.concatenate([[0.0], np.cumsum(lengths)])
    if reached[-1] <= 0 or reached[-1] > _FAR:
        return line[:1]
    at = np.linspace(0.0, reached[-1], max(2, int(np.ceil(reached[-1] / step)) + 1))
    return np.column_stack([np.interp(at, reached, line[:, 0]), np.interp(at, reached, line[:, 1])])


def over(rings: list[Floats], step: float) -> Floats:
    """Points of a square lattice inside an area."""
    low, high = rings[0].min(axis=0), rings[0].max(axis=0)
    if (high - low).max() > _FAR:
        return np.zeros((0, 2))
    xs, ys = (np.arange(a + step / 2, b, step) for a, b in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    area = shapely.make_valid(shapely.Polygon(rings[0], rings[1:]))
    return grid[shapely.contains_xy(area, grid)]


def hidden_points(stand: Stand, geometry: Geometry, height: float) -> Floats:
    """Points (n, 3) of a zone that must not be seen: over it and before its outer walls, at each storey's window."""
    frame = stand.frame
    flat = [points_on(frame, geometry, _ZONE_STEP)]
    for rings in polygons(frame, geometry):
        rim = shapely.make_valid(shapely.Polygon(rings[0])).buffer(_OUTSIDE, join_style="mitre")
        for part in shapely.get_parts(rim):
            flat.append(along(np.array(part.exterior.coords), _ZONE_STEP))
    told = np.concatenate(flat)
    ground = stand.heights(told)
    storeys = np.arange(1.5, max(height, 1.5) + 0.01, _STOREY)
    return np.concatenate([np.column_stack([told, ground + up]) for up in storeys])


def districts_of(places_in_degrees: Floats, districts: list[Geometry | None]) -> Ints:
    """In which district each place (longitude, latitude) lies; the first of several, -1 for none."""
    found = np.full(len(places_in_degrees), -1, np.int64)
    for number, geometry in enumerate(districts):
        if geometry is not None and geometry.get("type") in ("Polygon", "MultiPolygon"):
            inside = shapely.contains_xy(shape(geometry), places_in_degrees)
            found[inside & (found < 0)] = number
    return found
