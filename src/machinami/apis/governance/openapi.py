"""What do the operations of this face take and give, in the words of OpenAPI?"""

from collections.abc import Mapping, Sequence

from machinami.kit.http import Handler, Route
from machinami.kit.openapi import OPERATION, Json, Operation, query_parameter, reference

TAG = "Governance"
_TEXT: Json = {"type": "string"}
_TIME: Json = {"type": "string", "format": "date-time"}
_NAMES: Json = {"type": "array", "items": _TEXT}
_LEVEL: Json = {"type": "integer", "minimum": 0, "maximum": 3}
_DEEDS = ["read", "create", "change", "delete", "subscribe", "administer"]

_ROW: Json = {
    "type": "object",
    "description": "A sentence of the policy: who may do what; see docs/policy.md. What is left out restricts nothing",
    "required": ["who", "deeds"],
    "properties": {
        "id": {"type": "string", "description": "Its name; one is made where there is none", "maxLength": 100},
        "who": {"type": "string", "examples": ["everyone", "role:officer", "person:ID", "program:ID"]},
        "deeds": {"type": "array", "minItems": 1, "items": {"enum": [*_DEEDS, "write"]}},
        "types": _NAMES,
        "attributes": _NAMES,
        "scopes": _NAMES,
        "area": {"type": "object", "description": "A GeoJSON geometry"},
        "purpose": _TEXT,
        "identityAssurance": _LEVEL,
        "authenticationAssurance": _LEVEL,
        "note": _TEXT,
    },
}
_TOLD: Json = {
    "type": "object",
    "required": ["row", "sentence", "derived"],
    "properties": {
        "row": reference("PolicyRow"),
        "sentence": _TEXT,
        "derived": {"type": "boolean", "description": "It follows from the manifest of a service"},
        "remarks": {
            "type": "object",
            "description": "What is odd about it: what it repeats, that it reaches nobody, that nothing is there",
        },
    },
}
_PREVIEW: Json = {
    "allOf": [
        reference("PolicyRowTold"),
        {
            "type": "object",
            "properties": {
                "count": {"type": "integer", "description": "How many entities have something that is seen by it"},
                "seenAlready": {"type": "integer", "description": "How many are seen without it"},
                "example": {"description": "One of them, as it would be seen"},
                "personal": {**_NAMES, "description": "What of it is marked as personal"},
            },
        },
    ]
}
_REASONS: Json = {
    "type": "object",
    "properties": {
        "protected": {"type": "boolean"},
        "personal": {
            **_NAMES,
            "description": "What of it is seen with consent or on a ground only, whatever rows allow",
        },
        "unknown": {
            "type": "array",
            "description": "Names of the question that nothing here bears, each with those that are near it",
            "items": {"type": "object", "properties": {"name": _TEXT, "near": _NAMES}},
        },
        "reasons": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["deed", "allowed"],
                "properties": {
                    "deed": {"enum": _DEEDS},
                    "allowed": {"type": "boolean"},
                    "row": _TEXT,
                    "sentence": _TEXT,
                    "within": _TEXT,
                    "lacking": {"type": "array", "items": {"type": "object"}},
                },
            },
        },
    },
}
_ENTRIES: Json = {
    "type": "object",
    "properties": {
        "entries": {"type": "array", "items": {"type": "object"}},
        "before": {"type": ["string", "null"], "description": "Where to go on towards the past; null at its end"},
    },
}
_VERIFIED: Json = {
    "type": "object",
    "properties": {"sound": {"type": "boolean"}, "head": _TEXT, "faults": _NAMES},
}
_SCHEMAS: Mapping[str, Json] = {"PolicyRow": _ROW, "PolicyRowTold": _TOLD, "PolicyPreview": _PREVIEW}
_EXAMPLE: Json = {"who": "everyone", "deeds": ["read"], "types": ["RiverGauge"], "attributes": ["waterLevel"]}


def _given(description: str, schema: Json, media: str = "application/json") -> Json:
    return {"description": description, "content": {media: {"schema": schema}}}


def _listed(schema: Json) -> Json:
    return {"type": "array", "items": schema}


def _taking(schema: Json, example: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


_TENANT: Json = {"name": "NGSILD-Tenant", "in": "header", "description": "One of several towns", "schema": _TEXT}
_SEARCH: Sequence[Json] = (
    query_parameter("who", "The id of who did it, or for whom", _TEXT),
    query_parameter("what", "An entity, a type or an attribute", _TEXT),
    query_parameter("did", "What was done", {"enum": _DEEDS}),
    query_parameter("purpose", "What the data were wanted for", _TEXT),
    query_parameter("since", "From this moment on", _TIME),
    query_parameter("until", "Before this moment", _TIME),
    query_parameter("refused", "What was refused, or what was done", {"type": "boolean"}),
    query_parameter("limit", "How many", {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 100}),
    query_parameter("before", "Where an earlier answer ended", _TEXT),
)
_EXPLAINED: Sequence[Json] = (
    query_parameter("who", "everyone, role:NAME, person:ID or program:ID", _TEXT, "role:resident"),
    query_parameter("what", "A type, or the id of an entity that is there", _TEXT, "RiverGauge"),
    query_parameter("attribute", "One attribute of it", _TEXT, "waterLevel"),
    query_parameter("scope", "Within these scopes", _TEXT, "/North"),
    query_parameter("location", "At this place: longitude,latitude or GeoJSON", _TEXT, "138.25,34.87"),
)
_AFTER: Sequence[Json] = (
    query_parameter("after", "The number of the last batch that is known", {"type": "integer", "minimum": 0}),
    query_parameter("limit", "How many", {"type": "integer", "minimum": 1, "maximum": 256, "default": 256}),
)
_ID: Mapping[str, Json] = {"id": {"description": "The name of a row", "schema": _TEXT}}
_POLICY: Json = {
    "type": "object",
    "properties": {
        "protected": {"type": "boolean"},
        "rows": _listed(reference("PolicyRowTold")),
        "personal": _NAMES,
    },
}
_ONE = _given("The row", reference("PolicyRowTold"))
_REFUSED = (400, 401, 403)
_UNREAD = (*_REFUSED, 415)

# method and path below /governance -> summary, operation
_OPERATIONS: Mapping[str, tuple[str, Operation]] = {
    "GET /policy": (
        "Read the policy of a town",
        Operation([_TENANT], answers={200: _given("The rows", _POLICY)}, problems=(401, 403), schemas=_SCHEMAS),
    ),
    "POST /policy/rows": (
        "Allow something by a row",
        Operation(
            [_TENANT], body=_taking(reference("PolicyRow"), _EXAMPLE), answers={201: _ONE}, problems=(*_UNREAD, 409)
        ),
    ),
    "GET /policy/rows/{id}": (
        "Read a row of the policy",
        Operation([_TENANT], _ID, answers={200: _ONE}, problems=(401, 403, 404)),
    ),
    "DELETE /policy/rows/{id}": (
        "Withdraw a row of the policy; the answer is what brings it back",
        Operation([_TENANT], _ID, answers={200: _ONE}, problems=(401, 403, 404, 409)),
    ),
    "POST /policy/preview": (
        "See what a row would let be seen, without making it",
        Operation(
            [_TENANT],
            body=_taking(reference("PolicyRow"), _EXAMPLE),
            answers={200: _given("What would be seen", reference("PolicyPreview"))},
            problems=_UNREAD,
        ),
    ),
    "GET /policy/usual": (
        "See what a town usually opens to everyone",
        Operation(
            [_TENANT],
            answers={200: _given("Proposed rows", _listed(reference("PolicyPreview")))},
            problems=(401, 403),
        ),
    ),
    "GET /policy/explanation": (
        "Be told why somebody may do something, or may not",
        Operation([*_EXPLAINED, _TENANT], answers={200: _given("For each deed", _REASONS)}, problems=_REFUSED),
    ),
    "GET /audit/entries": (
        "Search the record of who did what",
        Operation([*_SEARCH, _TENANT], answers={200: _given("Entries, the last first", _ENTRIES)}, problems=_REFUSED),
    ),
    "GET /audit/own": (
        "Search what was done in one's own name",
        Operation(
            [*_SEARCH[1:], _TENANT], answers={200: _given("Entries, the last first", _ENTRIES)}, problems=(400, 401)
        ),
    ),
    "GET /audit/batches": (
        "Take out the record, as it is verified",
        Operation(
            [*_AFTER, _TENANT],
            answers={200: _given("Batches, one a line", _TEXT, "application/jsonl")},
            problems=_REFUSED,
        ),
    ),
    "GET /audit/head": (
        "Read the head of the record, to be kept apart",
        Operation([_TENANT], answers={200: _given("Number and digest", {"type": "object"})}, problems=(401, 403)),
    ),
    "GET /audit/verification": (
        "Verify the record",
        Operation(
            [query_parameter("head", "A head that was kept apart", _TEXT), _TENANT],
            answers={200: _given("Whether it is what was written", _VERIFIED)},
            problems=_REFUSED,
        ),
    ),
}


def route(method: str, path: str, handler: Handler) -> Route:
    """The route of an operation, with what is said of it."""
    summary, operation = _OPERATIONS[f"{method} {path.removeprefix('/governance')}"]
    return Route(method, path, handler, summary, TAG, details={OPERATION: operation})
