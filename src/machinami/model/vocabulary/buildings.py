"""Typed views of the city model that several services share: buildings, their full shapes, and street lights."""

from dataclasses import dataclass
from typing import ClassVar

from machinami.model.view import Geometry, Point, Ref, Words


@dataclass(frozen=True, slots=True)
class Building:
    """One building as an upright prism: enough for shade and lines of sight.

    location: the footprint (Polygon or MultiPolygon). height: metres from the ground to the top; groundHeight: metres
    of the lowest point above sea level. usage: what the source says, as a code (PLATEAU Building_usage) or a word.
    lod: the finest level of detail that the source had (0, 1 or 2); where it is 2, a BuildingShape holds the rest.
    """

    TYPE: ClassVar[str] = "Building"
    id: str
    name: Words | None = None
    location: Geometry | None = None
    height: float | None = None
    ground_height: float | None = None
    floors_above_ground: int | None = None
    usage: str | None = None
    lod: int | None = None
    source: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class BuildingShape:
    """The roofs and walls of one building, kept apart because few readers need them and they are heavy.

    origin: the place that the triangles are counted from. triangles: rows of nine numbers, the three corners as metres
    east and north of the origin and metres above sea level.
    """

    TYPE: ClassVar[str] = "BuildingShape"
    id: str
    ref_building: Ref
    origin: Point
    triangles: list[list[float]]
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Streetlight:
    """One street light (Smart Data Models): where it stands, how high its lantern hangs (metres)."""

    TYPE: ClassVar[str] = "Streetlight"
    id: str
    name: Words | None = None
    location: Point | None = None
    lantern_height: float | None = None
    status: str | None = None
    simulated: bool | None = None
