"""What do the operations of this face take and give, in the words of OpenAPI?"""

from collections.abc import Mapping

from machinami.kit.http import Handler, Route
from machinami.kit.openapi import OPERATION, Json, Operation, reference

TAG = "Anonymous data"
_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "number"}
_TENANT: Json = {"name": "NGSILD-Tenant", "in": "header", "description": "One of several towns", "schema": _TEXT}
_COLUMN: Json = {
    "type": "object",
    "required": ["attribute", "part"],
    "properties": {
        "name": _TEXT,
        "attribute": _TEXT,
        "of": {"enum": ["record", "person"]},
        "part": {"enum": ["known", "time", "sensitive", "measure"]},
        "title": {"type": "object"},
        "bands": {"type": "array", "items": _NUMBER, "description": "Widths of numeric bands, each of the one before"},
        "names": {"type": "array", "items": {"type": "object"}, "description": "From a name to a coarser one"},
        "grains": {"type": "array", "items": {"enum": ["hour", "day", "month", "year"]}},
        "step": {"type": "integer", "description": "How coarse it is in a table: 0 as it is"},
        "domain": {"type": "array", "items": _TEXT, "description": "Every value that there can be"},
        "cap": {"type": "number", "description": "The most that one person counts for"},
    },
}
_WANTED: Json = {
    "type": "object",
    "description": "What is wanted; see docs/anonymous-data.md",
    "required": ["id", "title", "type", "columns"],
    "properties": {
        "id": _TEXT,
        "title": {"type": "object"},
        "type": {"type": "string", "description": "Of which type the data are"},
        "persons": {"type": "string", "description": "Of which type the people are, if they are entities of their own"},
        "person": {"type": "string", "description": "The relationship that names the person"},
        "moment": {"type": "string", "description": "The attribute that says when; with from and to"},
        "from": {"type": "string", "format": "date"},
        "to": {"type": "string", "format": "date"},
        "q": _TEXT,
        "columns": {"type": "array", "items": reference("ReleaseColumn"), "minItems": 1, "maxItems": 8},
        "method": {"enum": ["table", "rows", "noise"]},
        "k": {"type": "integer", "minimum": 3, "maximum": 1_000, "default": 10},
        "l": {"type": "integer", "minimum": 1, "default": 1},
        "width": {"type": "integer", "minimum": 1, "default": 5},
        "share": {"type": "number", "default": 0.5},
        "holdBack": {"type": "number", "default": 0.05},
        "epsilon": _NUMBER,
        "licence": {"enum": ["CC-BY-4.0", "CC0-1.0", "PDL-1.0"]},
        "class": {"enum": ["anonymised", "administrative-anonymised"]},
        "note": _TEXT,
    },
}
_VERSION: Json = {
    "type": "object",
    "required": ["id", "version", "state", "account"],
    "properties": {
        "id": _TEXT,
        "version": {"type": "integer"},
        "state": {"enum": ["begun", "refused", "prepared", "declined", "published", "withdrawn"]},
        "account": {"type": "array", "items": {"type": "object"}, "description": "What the check found, in sentences"},
        "columns": {"type": "array", "items": _TEXT},
        "rows": {"type": "array", "items": {"type": "array", "items": {}}, "description": "null: held back"},
    },
}
_SCHEMAS: Mapping[str, Json] = {"Release": _WANTED, "ReleaseColumn": _COLUMN, "ReleaseVersion": _VERSION}
_EXAMPLE: Json = {
    "id": "steps",
    "title": {"ja": "地区と年代の歩数", "en": "Steps by district and age"},
    "type": "StepCount",
    "persons": "Walker",
    "person": "refWalker",
    "moment": "day",
    "from": "2026-06-01",
    "to": "2026-07-01",
    "columns": [
        {"name": "district", "attribute": "district", "of": "person", "part": "known"},
        {"name": "age", "attribute": "ageBand", "of": "person", "part": "known"},
        {"name": "steps", "attribute": "steps", "part": "measure"},
    ],
    "k": 10,
}
_REASON: Json = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["reason"], "properties": {"reason": _TEXT}},
            "example": {"reason": "For residents who want to know"},
        }
    },
}
_ID: Mapping[str, Json] = {
    "id": {"description": "The name of a release", "schema": _TEXT},
    "version": {"description": "The number of a version", "schema": {"type": "integer", "minimum": 1}},
}


def _given(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _taking(schema: Json, example: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


_ONE = _given("The version", reference("ReleaseVersion"))
_REFUSED = (400, 401, 403)
_ACT = (*_REFUSED, 404, 409, 415)
_BUDGET: Json = {
    "type": "object",
    "required": ["type", "epsilon", "reason"],
    "properties": {
        "type": _TEXT,
        "epsilon": _NUMBER,
        "every": {"enum": ["never", "year", "quarter", "month"]},
        "reason": _TEXT,
    },
}

# method and path below /governance -> summary, operation
_OPERATIONS: Mapping[str, tuple[str, Operation]] = {
    "GET /releases": (
        "See every version of every release, published or not",
        Operation(
            [_TENANT],
            answers={200: _given("Versions", {"type": "array", "items": reference("ReleaseVersion")})},
            problems=(401, 403, 409),
            schemas=_SCHEMAS,
        ),
    ),
    "POST /releases": (
        "Have a version made and checked; nothing goes out by it",
        Operation(
            [_TENANT], body=_taking(reference("Release"), _EXAMPLE), answers={201: _ONE}, problems=(*_REFUSED, 409, 415)
        ),
    ),
    "GET /releases/{id}/{version}": (
        "See one version with the account of its safety",
        Operation([_TENANT], _ID, answers={200: _ONE}, problems=(*_REFUSED, 404, 409)),
    ),
    "POST /releases/{id}/{version}/publication": (
        "Publish a version that another person had made",
        Operation([_TENANT], _ID, body=_REASON, answers={200: _ONE}, problems=_ACT),
    ),
    "POST /releases/{id}/{version}/refusal": (
        "Say that a version is not published",
        Operation([_TENANT], _ID, body=_REASON, answers={200: _ONE}, problems=_ACT),
    ),
    "POST /releases/{id}/{version}/withdrawal": (
        "Take a published version back",
        Operation([_TENANT], _ID, body=_REASON, answers={200: _ONE}, problems=_ACT),
    ),
    "GET /release-budgets": (
        "See what noise may still tell of whom",
        Operation(
            [_TENANT],
            answers={200: _given("Accounts", {"type": "array", "items": {"type": "object"}})},
            problems=(401, 403, 409),
        ),
    ),
    "POST /release-budgets": (
        "Say how much noise may tell of some people",
        Operation(
            [_TENANT],
            body=_taking(_BUDGET, {"type": "Walker", "epsilon": 1, "every": "year", "reason": "decided on 1 June"}),
            answers={200: _given("The account", {"type": "object"})},
            problems=(*_REFUSED, 409, 415),
        ),
    ),
}


def route(method: str, path: str, handler: Handler) -> Route:
    """The route of an operation, with what is said of it."""
    summary, operation = _OPERATIONS[f"{method} {path.removeprefix('/governance')}"]
    return Route(method, path, handler, summary, TAG, details={OPERATION: operation})
