"""Which buildings stand in a CityGML file: where, how high, on which ground, of which shape?

CityGML 2.0 (OGC 12-019) and i-UR as PLATEAU uses them. A building is the prism over its footprint (lod0FootPrint or
lod0RoofEdge, else the lowest level faces of its LOD1 solid or the GroundSurface of LOD2); where roofs and walls of LOD2
are told, it has them as triangles too. Parts of a building are one with it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from machinami.foundation.errors import InputError
from machinami.ingest.citymodel.parse_projection import Locate, code_of, locate_by
from machinami.ingest.citymodel.parse_xml import Reader
from machinami.methods.series import Floats
from machinami.methods.triangulation import triangles_of

_BLDG, _GML = "{http://www.opengis.net/citygml/building/2.0}", "{http://www.opengis.net/gml}"
BUILDING = f"{_BLDG}Building"
_METRES_OF_DEGREE = 111_195.0
_UNKNOWN = {-9999.0, 9999.0}
_LEAST_AREA = 0.01  # of a face, in square metres, when level
_FINEST = 2


class Shape(NamedTuple):
    """Faces of a building as triangles (n, 3, 3): metres east and north of `origin` (degrees), and above sea level."""

    origin: tuple[float, float]
    triangles: Floats


@dataclass(frozen=True, slots=True)
class Solid:
    """One building; footprint: polygons of rings of (longitude, latitude); metres; None where it is not told."""

    key: str
    footprint: tuple[tuple[Floats, ...], ...]
    height: float
    ground: float
    lod: int
    name: str | None = None
    usage: str | None = None
    floors: int | None = None
    shape: Shape | None = None


@dataclass(slots=True)
class Model:
    """What was found in one file: buildings, what was refused and why, and other kinds of objects."""

    buildings: list[Solid] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    faces_left_out: int = 0
    others: Counter[str] = field(default_factory=Counter)
    code: int | None = None


def read(chunks: Iterable[bytes], code: int | None = None) -> Model:
    """Read a file, given in pieces. code: the EPSG code of its positions where it does not say.

    Raises InputError where it is no CityGML 2.0, holds no building, or names a reference system that is not known.
    """
    model, reader = Model(), Reader(BUILDING)
    locate: Locate | None = None
    for element in reader.objects(_without_binary(chunks)):
        if locate is None:
            model.code = code or code_of(reader.reference or _named_within(element))
            locate = locate_by(model.code)
        try:
            model.buildings.append(_building(element, locate, model))
        except InputError as error:
            model.refused.append(f"{_key(element)}: {error}")
    model.others = reader.passed
    if not model.buildings:
        raise InputError(_why_none(reader, model))
    return model


def _without_binary(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same pieces; InputError at once for the formats that are often taken for CityGML."""
    for number, chunk in enumerate(chunks):
        if number == 0:
            for mark, what in _MARKS.items():
                if chunk.startswith(mark):
                    raise InputError(f"this is {what}, no CityGML; unpack or convert it first")
            if b"OSMHeader" in chunk[:64]:
                raise InputError("this is OpenStreetMap (PBF), no CityGML; it tells no surveyed heights")
        yield chunk


_MARKS = {b"BZh": "a bzip2 archive", b"\x1f\x8b": "a gzip archive", b"PK\x03\x04": "a zip archive"}


def _named_within(element: Element) -> str:
    for one in element.iter():
        if name := one.get("srsName"):
            return name
    raise InputError("the file does not say its reference system; give it with --epsg, as --epsg 6697")


def _why_none(reader: Reader, model: Model) -> str:
    if not (reader.root or "").startswith("{http://www.opengis.net/citygml/2.0}"):
        return f"this is no CityGML 2.0: it begins with {reader.root}"
    if model.refused:
        return f"no building could be read: {model.refused[0]}"
    held = ", ".join(f"{count} {name}" for name, count in sorted(model.others.items())) or "nothing"
    return f"this CityGML holds no building but {held}; buildings are in the files udx/bldg"


def _building(element: Element, locate: Locate, model: Model) -> Solid:
    faces = {lod: _faces(element, lod) for lod in (1, 2)}
    solid = faces[1] or faces[2]
    outline = _polygons(element, {"lod0FootPrint", "lod0RoofEdge"})
    if not outline:
        outline = _polygons(element, {"GroundSurface"}) or _lowest(solid)
    if not outline:
        raise InputError("no footprint, no solid and no ground surface is told")
    heights = np.concatenate([rings[0][:, 2] for rings in (solid or outline)])
    ground = float(heights.min())
    told = _number(element, f"{_BLDG}measuredHeight")
    height = told if told is not None and told > 0 else float(heights.max()) - ground
    if height <= 0:
        raise InputError("no height is told, and no solid has one")
    shape = _shape(faces[_FINEST], locate, model)
    floors = _number(element, f"{_BLDG}storeysAboveGround")
    return Solid(
        _key(element),
        tuple(tuple(locate(ring)[:, :2] for ring in rings) for rings in outline),
        round(height, 3), round(ground, 3), 2 if shape else 1 if faces[1] else 0,
        _text(element, f"{_GML}name"), _text(element, f"{_BLDG}usage"),
        int(floors) if floors is not None and floors >= 0 else None, shape,
    )  # fmt: skip


def _shape(faces: Sequence[Sequence[Floats]], locate: Locate, model: Model) -> Shape | None:
    found: list[Floats] = []
    origin: tuple[float, float] | None = None
    for rings in faces:
        located = [locate(ring) for ring in rings]
        if origin is None:
            origin = (float(located[0][0, 0]), float(located[0][0, 1]))
        try:
            found.append(triangles_of([_metres(ring, origin) for ring in located]))
        except InputError:
            model.faces_left_out += 1
    return Shape(origin, np.concatenate(found)) if found and origin else None


def _metres(places: Floats, origin: tuple[float, float]) -> Floats:
    """Metres east and north of a near place, on the sphere; heights stay."""
    wide = _METRES_OF_DEGREE * np.cos(np.radians(origin[1]))
    east, north = (places[:, 0] - origin[0]) * wide, (places[:, 1] - origin[1]) * _METRES_OF_DEGREE
    return np.column_stack([east, north, places[:, 2]])


def _faces(element: Element, lod: int) -> list[list[Floats]]:
    return _polygons(element, {f"lod{lod}{kind}" for kind in ("Solid", "MultiSurface", "Geometry")})


def _polygons(element: Element, within: set[str]) -> list[list[Floats]]:
    """The polygons below elements of these names, each once; the first ring of each is the outer one."""
    found: dict[int, list[Floats]] = {}
    for holder in element.iter():
        if holder.tag.rpartition("}")[2] in within:
            for polygon in holder.iter(f"{_GML}Polygon"):
                found.setdefault(id(polygon), _rings(polygon))
    return [rings for rings in found.values() if rings]


def _rings(polygon: Element) -> list[Floats]:
    outer = [_ring(ring) for side in polygon.iter(f"{_GML}exterior") for ring in side.iter(f"{_GML}LinearRing")]
    inner = [_ring(ring) for side in polygon.iter(f"{_GML}interior") for ring in side.iter(f"{_GML}LinearRing")]
    return [ring for ring in (*outer, *inner) if len(ring) >= 3]


def _ring(ring: Element) -> Floats:
    told = ring.find(f"{_GML}posList")
    texts = [told.text or ""] if told is not None else [one.text or "" for one in ring.iter(f"{_GML}pos")]
    size = int((told.get("srsDimension") if told is not None else None) or 3)
    try:
        numbers = np.array([float(word) for text in texts for word in text.split()])
    except ValueError as error:
        raise InputError(f"a position is no number: {error}") from None
    if size not in (2, 3) or len(numbers) % size or not np.isfinite(numbers).all():
        raise InputError(f"{len(numbers)} numbers do not make positions of {size} each")
    places = numbers.reshape(-1, size)
    return places if size == 3 else np.column_stack([places, np.zeros(len(places))])


def _lowest(faces: Sequence[list[Floats]]) -> list[list[Floats]]:
    """The level faces at the lowest height."""
    level = [rings for rings in faces if np.ptp(rings[0][:, 2]) < 0.01]
    if not level:
        return []
    lowest = min(float(rings[0][0, 2]) for rings in level)
    return [rings for rings in level if float(rings[0][0, 2]) - lowest < 0.01]


def _key(element: Element) -> str:
    """The id of a building that stays when the file is made anew, else the one in the file."""
    for one in element.iter():
        if one.tag.endswith("}buildingID") and one.text and one.text.strip():
            return one.text.strip()
    return element.get(f"{_GML}id") or "a building without an id"


def _text(element: Element, tag: str) -> str | None:
    found = element.find(tag)
    return found.text.strip() if found is not None and found.text and found.text.strip() else None


def _number(element: Element, tag: str) -> float | None:
    try:
        value = float(_text(element, tag) or "nan")
    except ValueError:
        return None
    return value if np.isfinite(value) and value not in _UNKNOWN else None
