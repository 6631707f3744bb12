"""How are the parameters and bodies of this face described to a reader? Rows for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

_TEXT = {"type": "string"}
_FLAG = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 0}
_MOMENT = {"type": "string", "format": "date-time"}


def _row(schema: Mapping[str, Any], description: str) -> Mapping[str, Any]:
    return {**schema, "description": description}


PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "aggrMethods": _row(
        _TEXT, "totalCount, distinctCount, sum, avg, min, max, stddev, sumsq, with format=aggregatedValues"
    ),
    "aggrPeriodDuration": _row(_TEXT, "Length of each period, such as PT1H; without it the whole time is one period"),
    "attrs": _row(_TEXT, "Only these attributes, and in a query only entities that have one of them"),
    "collation": _row(_TEXT, "In which language texts are ordered, such as ja"),
    "containedBy": _row(_TEXT, "Entities already seen on the way here; has a meaning with join"),
    "coordinates": _row(_TEXT, "Coordinates of the geometry of a geo-query, such as [135.5,34.7]"),
    "count": _row(_FLAG, "true: tell the number of all results in the header NGSILD-Results-Count"),
    "csf": _row(_TEXT, "Filter of context sources; this broker asks none"),
    "datasetId": _row(_TEXT, "Only these datasets; @none is the one without a name"),
    "deleteAll": _row(_FLAG, "true: every instance of the attribute goes"),
    "details": _row(_FLAG, "true: everything about each, not the names alone"),
    "endTimeAt": _row(_MOMENT, "The end, with timerel=between"),
    "expandValues": _row(_TEXT, "Attributes whose texts in q are words of the context"),
    "format": _row(_TEXT, "normalized, concise or simplified; of the past also temporalValues or aggregatedValues"),
    "geometry": _row(_TEXT, "Kind of the geometry of a geo-query, such as Point"),
    "geometryProperty": _row(_TEXT, "Which attribute becomes the geometry in GeoJSON"),
    "geoproperty": _row(_TEXT, "Which attribute a geo-query looks at; location if nothing is said"),
    "georel": _row(_TEXT, "near;maxDistance==2000, within, contains, intersects, equals, disjoint or overlaps"),
    "id": _row(_TEXT, "Only these entities"),
    "idPattern": _row(_TEXT, "Only entities whose id matches this regular expression"),
    "join": _row(_TEXT, "Linked entities; only @none is offered"),
    "joinLevel": _row(_COUNT, "How far linked entities are followed"),
    "kind": _row(_TEXT, "Cached, Hosted or ImplicitlyCreated"),
    "lang": _row(_TEXT, "The preferred language, such as ja,en;q=0.5"),
    "lastN": _row({"type": "integer", "minimum": 1}, "Only the newest so many instances of each attribute"),
    "limit": _row(_COUNT, "Results on one page; 0 with count=true gives the number alone"),
    "local": _row(_FLAG, "true: this broker alone is meant"),
    "observedAt": _row(_MOMENT, "When what is merged was observed, where it does not say so itself"),
    "offset": _row(_COUNT, "How many results to skip"),
    "omit": _row(_TEXT, "Show everything but these members"),
    "options": _row(_TEXT, "Words such as sysAttrs, keyValues, noOverwrite, update"),
    "orderBy": _row(_TEXT, "In which order, such as name,waterLevel;desc"),
    "orderFrom": _row(_TEXT, "Coordinates of the place that distances are taken from"),
    "orderGeometry": _row(_TEXT, "Kind of that place; Point if nothing is said"),
    "pick": _row(_TEXT, "Show only these members"),
    "q": _row(_TEXT, "A condition on values, such as waterLevel>=2.5;river==%22Yodo%22"),
    "reload": _row(_FLAG, "true: fetch it anew instead of forgetting it"),
    "scopeQ": _row(_TEXT, "Only entities in these scopes, such as /Town/North/#"),
    "splitEntities": _row(_FLAG, "Whether an entity may be spread over several brokers"),
    "timeAt": _row(_MOMENT, "The moment that timerel speaks of"),
    "timeproperty": _row(_TEXT, "Which time counts: observedAt, createdAt, modifiedAt or deletedAt"),
    "timerel": _row(_TEXT, "before, after or between"),
    "type": _row(_TEXT, "Only entities of these types; * means all"),
}

_ID = {"type": "string", "format": "uri"}
_ENTITY = {
    "type": "object",
    "required": ["id", "type"],
    "properties": {"id": _ID, "type": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}},
}
_SUBSCRIPTION_MEMBERS = {
    "id": _ID,
    "type": {"const": "Subscription"},
    "entities": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["type"]}},
    "watchedAttributes": {"type": "array", "minItems": 1, "items": _TEXT},
    "q": _TEXT,
    "isActive": _FLAG,
    "expiresAt": _MOMENT,
    "throttling": {"type": "number", "exclusiveMinimum": 0},
    "timeInterval": {"type": "number", "exclusiveMinimum": 0},
    "notification": {"type": "object", "required": ["endpoint"]},
}

BODIES: Mapping[str, Mapping[str, Any]] = {
    "Entity": _ENTITY,
    "EntityFragment": {"type": "object"},
    "Attribute": {"type": "object"},
    "Entities": {"type": "array", "minItems": 1, "items": _ENTITY},
    "Ids": {"type": "array", "minItems": 1, "items": _ID},
    "Query": {"type": "object", "required": ["type"], "properties": {"type": {"const": "Query"}, "q": _TEXT}},
    "Subscription": {
        "type": "object",
        "required": ["type", "notification"],
        "properties": _SUBSCRIPTION_MEMBERS,
    },
    "SubscriptionFragment": {"type": "object", "properties": _SUBSCRIPTION_MEMBERS},
    "Context": {"type": "object", "required": ["@context"]},
}

_GAUGE = {
    "id": "urn:ngsi-ld:RiverGauge:1",
    "type": "RiverGauge",
    "waterLevel": {"type": "Property", "value": 1.52, "unitCode": "MTR", "observedAt": "2026-06-30T00:00:00Z"},
    "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [135.5, 34.7]}},
}
EXAMPLES: Mapping[str, Any] = {
    "Entity": _GAUGE,
    "EntityFragment": {"waterLevel": {"value": 1.6, "observedAt": "2026-06-30T00:10:00Z"}},
    "Attribute": {"value": 1.6, "observedAt": "2026-06-30T00:10:00Z"},
    "Entities": [_GAUGE],
    "Ids": ["urn:ngsi-ld:RiverGauge:1"],
    "Query": {"type": "Query", "entities": [{"type": "RiverGauge"}], "q": "waterLevel>1"},
    "Subscription": {
        "type": "Subscription",
        "entities": [{"type": "RiverGauge"}],
        "watchedAttributes": ["waterLevel"],
        "notification": {"endpoint": {"uri": "http://127.0.0.1:9000/told"}},
    },
    "SubscriptionFragment": {"isActive": False},
    "Context": {"@context": {"waterLevel": "https://example.org/waterLevel"}},
}

MEDIA = ("application/json", "application/ld+json")
ANSWERS: Mapping[int, str] = {
    200: "What was asked for",
    201: "Created",
    204: "Done",
    206: "A part of the past; Content-Range tells which",
    207: "Done in part; the body tells what was not",
    400: "The request cannot be understood; the body tells what, where and how to mend it",
    403: "Not allowed, or too much at once",
    404: "There is no such thing, or no such town",
    406: "None of the accepted media types can be given",
    409: "It exists already",
    411: "Content-Length is missing",
    413: "The body is too large",
    415: "The media type of the body is not understood",
    422: "Not offered",
    503: "Busy; try again in a moment",
    504: "A @context cannot be had; the body names it",
}


def details(parameters: frozenset[str], body: str) -> dict[str, object]:
    """The details of a route with these query parameters and this body."""
    told: dict[str, object] = {"parameters": {name: PARAMETERS[name] for name in parameters}, "answers": ANSWERS}
    if body:
        told |= {"body": BODIES[body], "media": MEDIA, "example": EXAMPLES[body]}
    return told
