"""Which place is asked for? The parameters of a geo-query (ETSI GS CIM 009, 4.10)."""

import json
import math
import re
from functools import lru_cache
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.geojson import check_geometry
from machinami.model.context import Context
from machinami.model.query import GeoQuery, GeoRelation
from machinami.model.scanner import Scanner

_DISTANCE = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_RELATIONS = ", ".join(GeoRelation)


def parse_geo(
    georel: object,
    geometry: object,
    coordinates: object,
    geoproperty: object,
    context: Context,
) -> GeoQuery:
    """The geo-query that the four parameters say.

    coordinates: JSON text or lists; geoproperty: a short name, None for `location`.
    Raises BadRequestData (facts: parameter, position where there is a text, expected, example).
    """
    for name, value in (("georel", georel), ("geometry", geometry), ("coordinates", coordinates)):
        if value is None or value == "":
            raise BadRequestData(
                f"{name} is missing: a geo-query has georel, geometry and coordinates; write for example "
                "georel=near;maxDistance==2000&geometry=Point&coordinates=[135.5,34.7]",
                parameter=name,
            )
    relation, least, most = (_known_relation if isinstance(georel, str) else _read_relation)(georel)
    place = read_geometry(geometry, coordinates, "coordinates")
    scanner = Scanner(geoproperty or "location", "geoproperty", "location")
    name = scanner.name(context, "an attribute name")
    scanner.wants_end()
    return GeoQuery(relation, place, name, least, most)


def _read_relation(georel: object) -> tuple[GeoRelation, float | None, float | None]:
    scanner = Scanner(georel, "georel", "near;maxDistance==2000")
    name = scanner.takes(*GeoRelation)
    if name is None:
        raise scanner.fault(f"one of {_RELATIONS}")
    if name != GeoRelation.NEAR:
        scanner.wants_end(f"the end (only near takes a distance) or one of {_RELATIONS}")
        return GeoRelation(name), None, None
    scanner.wants(";")
    bound = scanner.takes("maxDistance", "minDistance")
    if bound is None:
        raise scanner.fault("maxDistance or minDistance")
    scanner.wants("==")
    metres = _read_metres(scanner)
    scanner.wants_end("the end (near takes one distance only)")
    return (
        GeoRelation.NEAR,
        metres if bound == "minDistance" else None,
        metres if bound == "maxDistance" else None,
    )


_known_relation = lru_cache(256)(_read_relation)  # few distances are asked for again and again


def _read_metres(scanner: Scanner) -> float:
    start = scanner.at
    found = scanner.reads(_DISTANCE)
    metres = float(found[0]) if found is not None else 0.0
    if not 0 < metres < math.inf:
        raise scanner.fault("a number of metres above 0", start)
    return metres


def read_geometry(geometry: object, coordinates: object, parameter: str) -> dict[str, Any]:
    """The GeoJSON geometry of this type with these coordinates (JSON text or lists), checked."""
    if isinstance(coordinates, str):
        coordinates = _read_json(coordinates, parameter)
    return check_geometry({"type": geometry, "coordinates": coordinates}, parameter)


def _read_json(text: str, parameter: str) -> Any:
    scanner = Scanner(text, parameter, "[135.5,34.7]")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise scanner.fault("JSON: lists of numbers in square brackets", error.pos) from error
    except (ValueError, RecursionError) as error:
        raise scanner.fault("JSON: lists of finite numbers in square brackets") from error


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refuse)
