"""What is drawn on the map and in 3D: buildings, cameras, what they see, and what must not be seen?"""

from collections.abc import Iterable, Sequence
from typing import Any

from machinami.foundation.geometry import bbox
from machinami.kit.words import Words
from machinami.model.view import Geometry
from machinami.model.vocabulary.buildings import Building
from machinami.services.watch_cameras.model import Camera, CameraPlan, PrivacyZone, WatchTarget

_MARGIN = 0.0012  # degrees around what is shown: some hundred metres
_MOST_BUILDINGS = 1_500
Drawing = dict[str, Any]
Feature = dict[str, Any]


def drawing(
    cameras: Iterable[Camera],
    plans: Sequence[CameraPlan],
    targets: Iterable[WatchTarget],
    zones: Iterable[PrivacyZone],
    buildings: Iterable[Building],
    words: Words,
) -> Drawing:
    """All that the map shows, as GeoJSON by layer, and the bounds of it. The first plan is drawn in one colour, the
    second, with which it is compared, in another."""
    hung = [one for one in cameras if one.state != "removed"]
    shown = [_camera(one, words) for one in hung if one.location]
    areas = [_feature(one.seen_area, plan="") for one in hung if one.seen_area is not None]
    for number, plan in enumerate(plans):
        for row in plan.chosen or []:
            mark = "ab"[number % 2]
            name = words.of(row["name"]) or row["pole"].rpartition(":")[2]
            place = Geometry({"type": "Point", "coordinates": [row["lon"], row["lat"]]})
            shown.append(_feature(place, plan=mark, name=name))
            if len(row["seen"]) > 3:
                areas.append(_feature(Geometry({"type": "Polygon", "coordinates": [row["seen"]]}), plan=mark))
    ways = [_feature(one.location, name=words.of(one.name)) for one in targets if one.location and _used(one)]
    hidden = [_feature(one.location, name=words.of(one.name)) for one in zones if one.location and _used(one)]
    box = bounds(shown or ways)
    return {
        "bounds": box,
        "buildings": _collection(_standing(buildings, box)),
        "targets": _collection(ways),
        "zones": _collection(hidden),
        "seen": _collection(areas),
        "cameras": _collection(shown),
    }


def bounds(features: Sequence[Feature]) -> list[float] | None:
    """West, south, east and north of features with a margin; None where there is none."""
    boxes = [bbox(one["geometry"]) for one in features]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return [min(west) - _MARGIN, min(south) - _MARGIN, max(east) + _MARGIN, max(north) + _MARGIN]


def _used(one: WatchTarget | PrivacyZone) -> bool:
    return one.state != "withdrawn"


def _camera(camera: Camera, words: Words) -> Feature:
    lon, lat = camera.location or (0.0, 0.0)
    place = Geometry({"type": "Point", "coordinates": [lon, lat]})
    return _feature(place, plan="", name=words.of(camera.name, camera.id.rpartition(":")[2]))


def _standing(buildings: Iterable[Building], box: Sequence[float] | None) -> list[Feature]:
    """The buildings within bounds, with their heights; the highest where there are very many."""
    found = [
        (building.height or 0.0, building.location)
        for building in buildings
        if box is not None and building.location is not None and _touches(building.location, box)
    ]
    found.sort(key=lambda one: -one[0])
    return [_feature(geometry, height=height) for height, geometry in found[:_MOST_BUILDINGS]]


def _touches(geometry: Geometry, box: Sequence[float]) -> bool:
    west, south, east, north = bbox(geometry)
    return west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1]


def _feature(geometry: Geometry | None, **properties: object) -> Feature:
    return {"type": "Feature", "geometry": dict(geometry or {}), "properties": properties}


def _collection(features: list[Feature]) -> Feature:
    return {"type": "FeatureCollection", "features": features}
