"""What does a query look like as a document, and what does it mean? (pure; ETSI GS CIM 009, 5.2.23, 5.2.33)"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from machinami.apis.ngsild.members import Json, check_members, listed, required_object, required_text, wrong

SELECTOR_MEMBERS = frozenset({"id", "idPattern", "type"})
_QUERY_TEXTS = ("q", "scopeQ", "lang", "expandValues")
_QUERY_LISTS = ("attrs", "pick", "omit", "datasetId")


def query_arguments(document: Json) -> dict[str, str]:
    """The members of a Query document (5.2.23) as the query parameters that mean the same."""
    known = {"type", "entities", "geoQ", "temporalQ", "ordering", "aggrParams", *_QUERY_TEXTS, *_QUERY_LISTS}
    check_members(document, known | {"join", "joinLevel", "containedBy", "splitEntities"}, "the query")
    if document.get("type") != "Query":
        raise wrong("type", 'must be "Query"')
    arguments = {name: required_text(document, name) for name in _QUERY_TEXTS if name in document}
    for name in _QUERY_LISTS:
        if name in document:
            arguments[name] = _joined(document, name)
    arguments.update(_selected(document))
    for member in ("geoQ", "temporalQ", "aggrParams"):
        if member in document:
            arguments.update(_flattened(required_object(document, member)))
    if "ordering" in document:
        ordering = _flattened(required_object(document, "ordering"))
        renamed = {"coordinates": "orderFrom", "geometry": "orderGeometry"}
        arguments.update({renamed.get(name, name): value for name, value in ordering.items()})
    return arguments


def _selected(document: Json) -> dict[str, str]:
    """The selectors as id, idPattern and type: several must differ in one of these only."""
    rows = listed(document, "entities")
    for row in rows:
        if not isinstance(row, dict) or not all(isinstance(row.get(m, ""), str | list) for m in SELECTOR_MEMBERS):
            raise wrong("entities", "must be a list of objects with type, id or idPattern")
        check_members(row, SELECTOR_MEMBERS, "entities")
    columns = {member: [_one_text(row.get(member)) for row in rows] for member in ("type", "id", "idPattern")}
    different = [member for member, column in columns.items() if len(set(column)) > 1]
    if len(different) > 1 or any(None in columns[member] for member in different):
        raise wrong("entities", "has selectors that differ in more than one member; ask for them one by one")
    joins: Mapping[str, Callable[[list[str]], str]] = {
        "type": "|".join,
        "id": ",".join,
        "idPattern": lambda parts: "|".join(f"(?:{part})" for part in parts),
    }
    arguments = {}
    for member, column in columns.items():
        texts = list(dict.fromkeys(text for text in column if text is not None))
        if texts:
            arguments[member] = texts[0] if len(texts) == 1 else joins[member](texts)
    return arguments


def _one_text(value: Any) -> str | None:
    return ",".join(map(str, value)) if isinstance(value, list) else value


def _flattened(row: Json) -> dict[str, str]:
    return {
        name: value
        if isinstance(value, str)
        else orjson.dumps(value).decode()
        if not (isinstance(value, list) and all(isinstance(part, str) for part in value))
        else ",".join(value)
        for name, value in row.items()
    }


def _joined(document: Json, member: str) -> str:
    value = document[member]
    parts = value if isinstance(value, list) else [value]
    if not parts or not all(isinstance(part, str) for part in parts):
        raise wrong(member, "must be a list of texts that is not empty")
    return ",".join(parts)
