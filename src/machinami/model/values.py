"""Is this a value that an attribute of its kind may have, and what is it inside the house?

One reader for each kind of ETSI GS CIM 009 (4.5.2, 4.5.3, 4.5.18 to 4.5.24): from the JSON of the member that
carries the value to the `value` of an Attribute. A reader raises BadRequestData and says where.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant
from machinami.foundation.urn import is_uri
from machinami.model.attribute import Kind
from machinami.model.context import Context
from machinami.model.null import NULL, Nulls

# kind -> the member that carries its value
MEMBERS = {
    Kind.PROPERTY: "value",
    Kind.RELATIONSHIP: "object",
    Kind.GEO: "value",
    Kind.LANGUAGE: "languageMap",
    Kind.VOCAB: "vocab",
    Kind.LIST: "valueList",
    Kind.LIST_RELATIONSHIP: "objectList",
    Kind.JSON: "json",
}
# kind -> the member that carries its values and their times in the simplified temporal form (4.5.9)
SERIES = {
    Kind.PROPERTY: "values",
    Kind.RELATIONSHIP: "objects",
    Kind.GEO: "values",
    Kind.LANGUAGE: "languageMaps",
    Kind.VOCAB: "vocabs",
    Kind.LIST: "valueLists",
    Kind.LIST_RELATIONSHIP: "objectLists",
    Kind.JSON: "jsons",
}
_NESTING = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_NUMBERS = frozenset((int, float))
_SCALARS = frozenset((int, float, bool))
_LANGUAGE_TAG = re.compile(r"(@none|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)\Z")
_MAX_DEPTH = 50
# looked up once: before Python 3.12 an enum's member costs as much as reading a value
_FORBIDDEN = Nulls.FORBIDDEN
_INSIDE = Nulls.INSIDE


def wrong(where: str, what: str, right: str) -> BadRequestData:
    """The error for a member: where it is, what is wrong with it, and what would be right."""
    return BadRequestData(f"{where}: {what}; {right}", where=where)


def read_moment(value: object, where: str) -> datetime:
    """The moment of a temporal property (4.6.3, 4.8): extended format in UTC, ending in Z."""
    if type(value) is str and value[-1:] == "Z" and value[10:11] == "T" and value[4:5] == "-":
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return parse_instant(value, where)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    raise wrong(where, f"{value!r} is not a date-time in UTC", "write it as 2026-06-30T09:00:00Z")


def read_uri(value: object, where: str) -> str:
    """A URI."""
    if is_uri(value):
        return str(value)
    raise wrong(where, f"{value!r} is not a URI", "write it as urn:ngsi-ld:Type:name or https://…")


def read_text(value: object, where: str) -> str:
    """A text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise wrong(where, f"{value!r} is not a text", 'write it as "…"')


def check_json(value: Any, where: str, nulls: Nulls, depth: int = 0) -> None:
    """Raise BadRequestData if there is a null in the JSON value (4.5.0, 5.5.4), or more nesting than sense."""
    kind = type(value)
    if kind in _SCALARS:
        return
    if kind is str:
        if value == NULL and nulls is not _INSIDE:
            raise wrong(where, f"{NULL} cannot be a value here", "leave the member out or delete it")
        return
    if depth > _MAX_DEPTH:
        raise wrong(where, f"the value is nested deeper than {_MAX_DEPTH} levels", "make it flatter")
    if kind is list:
        for index, item in enumerate(value):
            if type(item) not in _SCALARS:
                # a list is replaced as a whole (RFC 7396), so nothing inside it can be removed
                check_json(item, f"{where}[{index}]", _FORBIDDEN, depth + 1)
    elif kind is dict:
        for name, member in value.items():
            # {"@type": "@json", "@value": null} is the one way to write a null literal (4.5.0)
            if name != "@value":
                check_json(member, f"{where}.{name}", nulls, depth + 1)
    else:
        raise wrong(where, "null cannot be a value in NGSI-LD", "leave the member out")


def read_value(value: Any, where: str, context: Context, nulls: Nulls) -> Any:
    """The value of a Property: any JSON without null."""
    if type(value) is not str or value == NULL:
        if value == NULL and nulls is not _FORBIDDEN:
            return NULL
        check_json(value, where, nulls)
    return value


def read_object(value: Any, where: str, context: Context, nulls: Nulls) -> Any:
    """The target of a Relationship: an entity id, or a tuple of them."""
    if value == NULL:
        return _null(where, nulls)
    if type(value) is str:
        return read_uri(value, where)
    if type(value) is list and value:
        return tuple([_target(item, f"{where}[{index}]") for index, item in enumerate(value)])
    raise wrong(where, f"{value!r} is not the target of a Relationship", "give a URI or a list of URIs")


def read_object_list(value: Any, where: str, context: Context, nulls: Nulls) -> Any:
    """The targets of a ListRelationship in order."""
    if value in ([NULL], NULL):
        return _null(where, nulls)
    if type(value) is not list:
        raise wrong(where, f"{value!r} is not a list", 'write it as [{"object": "urn:…"}, …]')
    targets = []
    for index, item in enumerate(value):
        inner = item.get("object") if isinstance(item, dict) else item
        targets.append(_target(inner, f"{where}[{index}]"))
    return tuple(targets)


def read_value_list(value: Any, where: str, context: Context, nulls: Nulls) -> Any:
    """The values of a ListProperty in order."""
    if value in ([NULL], NULL):
        return _null(where, nulls)
    if type(value) is not list:
        raise wrong(where, f"{value!r} is not a list", "write it as [first, second, …]")
    check_json(value, where, nulls)
    return value


def read_language_map(value: Any, where: str, context: Context, nulls: Nulls) -> Any:
    """The texts of a LanguageProperty by language tag (4.6.5)."""
    if value in ({"@none": NULL}, NULL):
        return _null(where, nulls)
    if type(value) is not dict or not value:
        raise wrong(where, f"{value!r} is not a map of languages", 'write it as {"ja": "…", "en": "…"}')
    for tag, text in value.items():
        if _LANGUAGE_TAG.match(tag) is None:
            raise wrong(where, f"{tag!r} is not a language tag", "use tags like ja, en-GB or @none")
        if text == NULL and nulls is _INSIDE:
            continue
        texts = text if type(text) is list else [text]
        if NULL in texts or not all(type(one) is str for one in texts):
            raise wrong(f"{where}.{tag}", f"{text!r} is not a text", "give a text or a list of texts")
    return value


def read_vocab(value: Any, where: str, context: Context, nulls: Nulls) -> Any:
    """The words of a VocabProperty, expanded: one, or a tuple of them (4.5.20)."""
    if value == NULL:
        return _null(where, nulls)
    if type(value) is str and value:
        return context.expand(value)
    if type(value) is list and value and all(type(word) is str and word for word in value):
        return tuple(map(context.expand, value))
    raise wrong(where, f"{value!r} is not a word", "give a term or a list of terms")


def read_json(value: Any, where: str, context: Context, nulls: Nulls) -> Any:
    """The raw JSON of a JsonProperty, an object or an array of objects; nothing in it is interpreted (4.5.24.2)."""
    if value == NULL:
        return _null(where, nulls)
    if type(value) is dict or (type(value) is list and all(type(item) is dict for item in value)):
        return value
    raise wrong(where, f"{value!r:.60} is not a JSON object", "give an object, or an array of objects")


def read_geometry(value: Any, where: str, context: Context, nulls: Nulls) -> Any:
    """A GeoJSON geometry, given as an object or as its text (4.7)."""
    if value == NULL:
        return _null(where, nulls)
    if type(value) is str:
        try:
            value = json.loads(value)
        except ValueError:
            raise wrong(where, "the text is not JSON", "give a GeoJSON geometry") from None
    if type(value) is not dict or type(value.get("type")) is not str or value["type"] not in _NESTING:
        kinds = ", ".join(_NESTING)
        raise wrong(where, "this is not a GeoJSON geometry", f'give {{"type": one of {kinds}, "coordinates": …}}')
    _check_coordinates(value["type"], value.get("coordinates"), f"{where}.coordinates")
    return value


def is_geometry(value: object) -> bool:
    """Whether the value looks like a GeoJSON geometry, so that a GeoProperty is meant (4.5.2.3)."""
    return (
        (type(value) is dict or isinstance(value, Mapping))
        and "coordinates" in value
        and isinstance(value.get("type"), str)
        and value["type"] in _NESTING
    )


def _null(where: str, nulls: Nulls) -> str:
    if nulls is _FORBIDDEN:
        raise wrong(where, f"{NULL} cannot be a value here", "leave the attribute out or delete it")
    return NULL


def _target(value: object, where: str) -> str:
    if value == NULL:
        raise wrong(where, f"{NULL} cannot be one of several targets", "leave it out")
    return read_uri(value, where)


def _check_coordinates(kind: str, coordinates: Any, where: str) -> None:
    _check_positions(coordinates, _NESTING[kind], where)
    if kind == "Point":
        return
    if kind == "LineString" and len(coordinates) < 2:
        raise wrong(where, "a LineString has at least two positions", "add positions")
    if kind in ("Polygon", "MultiPolygon"):
        for rings in [coordinates] if kind == "Polygon" else coordinates:
            for ring in rings:
                if len(ring) < 4 or ring[0] != ring[-1]:
                    raise wrong(
                        where,
                        "a ring of a Polygon has at least four positions, the last equal to the first",
                        "close the ring",
                    )


def _check_positions(coordinates: Any, nesting: int, where: str) -> None:
    if type(coordinates) is not list or not coordinates:
        raise wrong(where, f"{str(coordinates)[:40]!r} is not a list of coordinates", "write [longitude, latitude]")
    if nesting:
        for inner in coordinates:
            _check_positions(inner, nesting - 1, where)
    elif len(coordinates) < 2 or not _NUMBERS.issuperset(map(type, coordinates)):
        raise wrong(where, f"{coordinates!r} is not a position", "write it as [longitude, latitude]")


Reader = Callable[[Any, str, Context, Nulls], Any]

READERS: dict[Kind, Reader] = {
    Kind.PROPERTY: read_value,
    Kind.RELATIONSHIP: read_object,
    Kind.GEO: read_geometry,
    Kind.LANGUAGE: read_language_map,
    Kind.VOCAB: read_vocab,
    Kind.LIST: read_value_list,
    Kind.LIST_RELATIONSHIP: read_object_list,
    Kind.JSON: read_json,
}
