"""What does a Query document ask for? (pure; ETSI GS CIM 009, 5.2.23, 5.2.33, 5.2.43)

Its members mean what the query parameters of the same operation mean, so they become these. Only several entity
selectors that are no single type, id list and pattern have no parameter: they are given beside.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from machinami.apis.ngsild.members import check_members
from machinami.foundation.urn import is_uri
from machinami.model import parse
from machinami.model.context import Context
from machinami.model.fragments import wrong
from machinami.model.query import Selector

Json = dict[str, Any]

_TEXTS = ("q", "scopeQ", "lang", "expandValues", "jsonKeys", "csf", "join")
_LISTS = ("attrs", "pick", "omit", "datasetId", "containedBy")
_SCALARS = ("joinLevel", "splitEntities")
_EVOLUTION = ("temporalQ", "aggrParams")
_KNOWN = frozenset({"type", "entities", "geoQ", "ordering", *_TEXTS, *_LISTS, *_SCALARS})
_SELECTOR = ("type", "id", "idPattern")
_ORDERING = {"coordinates": "orderFrom", "geometry": "orderGeometry", "orderBy": "orderBy", "collation": "collation"}


def query_arguments(document: Json, evolution: bool = False) -> dict[str, str]:
    """The members of a Query document as the query parameters that mean the same. Raises BadRequestData.

    evolution: whether the past is asked for; temporalQ and aggrParams have a meaning only there.
    """
    check_members(document, _KNOWN.union(_EVOLUTION if evolution else ()), "the query")
    if document.get("type") != "Query":
        raise wrong("type", 'must be "Query"')
    arguments = {name: _text(document, name) for name in _TEXTS if name in document}
    arguments.update({name: _joined(document, name) for name in _LISTS if name in document})
    arguments.update({name: _scalar(document, name) for name in _SCALARS if name in document})
    arguments.update(_selected(_rows(document)))
    for member in ("geoQ", *_EVOLUTION):
        if member in document:
            arguments.update(_flattened(_object(document, member)))
    if "ordering" in document:
        ordering = _object(document, "ordering")
        check_members(ordering, _ORDERING, "ordering")
        if not isinstance(ordering.get("geometry", ""), str):
            raise wrong("ordering.geometry", "must be the name of a type of geometry")
        if not isinstance(ordering.get("coordinates", []), list):
            raise wrong("ordering.coordinates", "must be an array of coordinates")
        arguments.update({_ORDERING[name]: value for name, value in _flattened(ordering).items()})
    return arguments


def read_selectors(document: Json, context: Context) -> tuple[Selector, ...]:
    """The entity selectors of which an entity must satisfy one; none where the query parameters say it all."""
    rows = _rows(document)
    if _is_one(rows):
        return ()
    return tuple([_selector(row, context) for row in rows])


def _selector(row: Json, context: Context) -> Selector:
    return Selector(
        parse.parse_types(row["type"], context),
        parse.parse_ids(row["id"]) if "id" in row else (),
        parse.parse_id_pattern(row["idPattern"]) if "idPattern" in row else None,
    )


def _rows(document: Json) -> list[Json]:
    """The selectors as texts; an id takes precedence over a pattern (5.2.33)."""
    listed = document.get("entities", [{}])
    if not isinstance(listed, list) or not listed:
        raise wrong("entities", "must be a list that is not empty; leave it out instead")
    rows = []
    for index, row in enumerate(listed):
        where = f"entities[{index}]"
        if not isinstance(row, dict):
            raise wrong(where, "must be an object with a type, and id or idPattern")
        check_members(row, _SELECTOR, where)
        if "type" not in row and "entities" in document:
            raise wrong(f"{where}.type", 'must be there; "*" means every type')
        rows.append({name: _selector_text(row[name], where, name) for name in _SELECTOR if name in row})
        if "id" in row:
            rows[-1].pop("idPattern", None)
    return rows


def _selector_text(value: Any, where: str, member: str) -> str:
    if member == "id":
        ids = value if isinstance(value, list) else [value]
        if not ids or not all(map(is_uri, ids)):
            raise wrong(f"{where}.id", "must be a URI or a list of URIs")
        return ",".join(ids)
    if not isinstance(value, str):
        raise wrong(f"{where}.{member}", "must be a text")
    return value


def _different(rows: list[Json]) -> list[str]:
    return [name for name in _SELECTOR if len({row.get(name) for row in rows}) > 1]


def _is_one(rows: list[Json]) -> bool:
    """Whether the selectors differ in one member only, which all have: then they can be said as one."""
    different = _different(rows)
    return not different or (len(different) == 1 and all(different[0] in row for row in rows))


def _selected(rows: list[Json]) -> dict[str, str]:
    """The selectors as the parameters id, idPattern and type; of several that cannot be one, the types."""
    if not _is_one(rows):
        return {"type": _any_type([row["type"] for row in rows])}
    joins: Mapping[str, Callable[[list[str]], str]] = {
        "type": _any_type,
        "id": ",".join,
        "idPattern": lambda parts: "|".join(f"(?:{part})" for part in parts),
    }
    arguments = {}
    for name in _SELECTOR:
        texts = list(dict.fromkeys(row[name] for row in rows if name in row))
        if texts:
            arguments[name] = texts[0] if len(texts) == 1 else joins[name](texts)
    return arguments


def _any_type(texts: list[str]) -> str:
    if "*" in texts:
        return "*"
    return "|".join(text if text.isalnum() else f"({text})" for text in dict.fromkeys(texts))


def _flattened(row: Json) -> dict[str, str]:
    return {name: _flat(value) for name, value in row.items()}


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    return orjson.dumps(value).decode()


def _joined(document: Json, member: str) -> str:
    value = document[member]
    parts = value if isinstance(value, list) else [value]
    if not parts or not all(isinstance(part, str) for part in parts):
        raise wrong(member, "must be a list of texts that is not empty")
    return ",".join(parts)


def _scalar(document: Json, member: str) -> str:
    value = document[member]
    if not isinstance(value, bool | int):
        raise wrong(member, "must be a whole number" if member == "joinLevel" else "must be true or false")
    return orjson.dumps(value).decode()


def _object(document: Json, member: str) -> Json:
    value = document[member]
    if not isinstance(value, dict):
        raise wrong(member, "must be an object {…}")
    return value


def _text(document: Json, member: str) -> str:
    value = document[member]
    if not isinstance(value, str):
        raise wrong(member, "must be a text")
    return value
