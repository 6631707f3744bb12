"""Which shapes have the documents of the NGSI-LD face, as JSON Schema? For the OpenAPI document; our own words."""

from typing import Any

from machinami.apis.ngsild.registration_schemas import REGISTRATION_SCHEMAS
from machinami.kit.openapi import reference
from machinami.model.subscription import TRIGGERS

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_URI: Json = {"type": "string", "format": "uri"}
_NAMES: Json = {"type": "array", "items": _TEXT}
_TIME: Json = {"type": "string", "format": "date-time"}
_ONE_OR_MORE: Json = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
_ANY_CONTEXT: Json = {
    "description": "A URL, terms, or a list of both; only in application/ld+json",
    "anyOf": [_URI, {"type": "object"}, {"type": "array"}],
}


def _object(properties: Json, description: str, *required: str, further: Any = False) -> Json:
    told: Json = {"type": "object", "description": description, "properties": properties}
    if required:
        told["required"] = list(required)
    return {**told, "additionalProperties": further}


_ID = {**_URI, "description": "A URI; ids of our own begin with urn:ngsi-ld:"}
_FRAGMENT: Json = {
    "id": _ID,
    "type": {**_ONE_OR_MORE, "description": "A type or several"},
    "scope": {**_ONE_OR_MORE, "description": "Where it belongs, such as /Japan/Shizuoka"},
    "@context": _ANY_CONTEXT,
}
_KINDS: dict[str, tuple[str, Json]] = {
    "Property": ("value", {}),
    "Relationship": ("object", {"anyOf": [_URI, {"type": "array", "items": _URI}]}),
    "GeoProperty": ("value", reference("Geometry")),
    "LanguageProperty": ("languageMap", {"type": "object"}),
    "VocabProperty": ("vocab", _ONE_OR_MORE),
    "ListProperty": ("valueList", {"type": "array"}),
    "ListRelationship": ("objectList", {"type": "array"}),
    "JsonProperty": ("json", {}),
}


def _kind(name: str, member: str, value: Json) -> Json:
    members: Json = {
        "type": {"const": name},
        member: value,
        "observedAt": _TIME,
        "unitCode": _TEXT,
        "datasetId": _URI,
    }
    return _object(members, f"A {name}; further members are its own attributes", "type", member, further=True)


_SELECTOR = _object(
    {"id": {"anyOf": [_URI, {"type": "array", "items": _URI}]}, "idPattern": _TEXT, "type": _TEXT},
    "Which entities: of a type, and with an id or ids of a pattern",
)
_GEO_QUERY = _object(
    {"geometry": _TEXT, "coordinates": {}, "georel": _TEXT, "geoproperty": _TEXT},
    "Where they must lie",
    "geometry",
    "coordinates",
    "georel",
)
_PAIRS: Json = {"type": "array", "items": _object({"key": _TEXT, "value": _TEXT}, "A header", "key", "value")}
_ENDPOINT = _object(
    {
        "uri": {**_URI, "description": "http, https, mqtt or mqtts"},
        "accept": {"enum": ["application/json", "application/ld+json", "application/geo+json"]},
        "receiverInfo": _PAIRS,
        "notifierInfo": _PAIRS,
        "timeout": {"type": "number", "exclusiveMinimum": 0, "description": "Milliseconds"},
        "cooldown": {"type": "number", "exclusiveMinimum": 0, "description": "Milliseconds"},
    },
    "Whom to tell",
    "uri",
)
_NOTIFICATION = _object(
    {
        "endpoint": _ENDPOINT,
        "attributes": _NAMES,
        "pick": _NAMES,
        "omit": _NAMES,
        "format": {"enum": ["normalized", "concise", "simplified", "keyValues"]},
        "sysAttrs": {"type": "boolean"},
        "showChanges": {"type": "boolean"},
        "join": {"enum": ["flat", "inline", "@none"]},
        "joinLevel": {"type": "integer", "minimum": 1},
    },
    "What to tell",
    "endpoint",
    further=True,
)
_SUBSCRIPTION: Json = {
    "id": _ID,
    "type": {"const": "Subscription"},
    "subscriptionName": _TEXT,
    "description": _TEXT,
    "entities": {"type": "array", "items": _SELECTOR, "minItems": 1},
    "watchedAttributes": {**_NAMES, "minItems": 1},
    "notificationTrigger": {"type": "array", "items": {"enum": list(TRIGGERS)}, "minItems": 1},
    "timeInterval": {"type": "number", "exclusiveMinimum": 0, "description": "Seconds"},
    "throttling": {"type": "number", "exclusiveMinimum": 0, "description": "Seconds"},
    "q": _TEXT,
    "geoQ": _GEO_QUERY,
    "scopeQ": _TEXT,
    "csf": _TEXT,
    "lang": _TEXT,
    "datasetId": {**_NAMES, "minItems": 1},
    "isActive": {"type": "boolean"},
    "localOnly": {"type": "boolean"},
    "expiresAt": _TIME,
    "jsonldContext": _URI,
    "notification": _NOTIFICATION,
    "@context": _ANY_CONTEXT,
}
_QUERY: Json = {
    "type": {"const": "Query"},
    "entities": {"type": "array", "items": _SELECTOR, "minItems": 1},
    **{name: {"anyOf": [_NAMES, _TEXT]} for name in ("attrs", "pick", "omit", "datasetId")},
    **dict.fromkeys(("q", "scopeQ", "lang", "expandValues"), _TEXT),
    "geoQ": _GEO_QUERY,
    "temporalQ": {"type": "object", "description": "timerel, timeAt, endTimeAt, timeproperty, lastN"},
    "aggrParams": {"type": "object", "description": "aggrMethods, aggrPeriodDuration"},
    "ordering": {"type": "object", "description": "orderBy, collation, coordinates, geometry"},
    "@context": _ANY_CONTEXT,
}
_SNAPSHOT: Json = {
    "id": _URI,
    "type": {"const": "Snapshot"},
    "snapshotLifetime": {**_TEXT, "description": "As ISO 8601 says it, such as PT1H"},
    "snapshotPriority": {"type": "integer", "minimum": 1, "maximum": 10, "default": 5},
    "endpoint": {**_URI, "description": "Who is told how the snapshot fares"},
    "receiverInfo": _PAIRS,
}
_FROZEN: Json = {
    name: {"type": "array", "items": reference("Query"), "minItems": 1}
    for name in ("snapshotQueries", "snapshotTemporalQueries")
}


def _listing(type_name: str, member: str) -> Json:
    return _object(
        {"id": _URI, "type": {"const": type_name}, member: _NAMES}, "Names in use", "id", "type", further=True
    )


SCHEMAS: dict[str, Json] = {
    **REGISTRATION_SCHEMAS,
    "Entity": _object(
        _FRAGMENT, "A thing of the town with its attributes", "id", "type", further=reference("Attribute")
    ),
    "EntityFragment": _object(_FRAGMENT, "Attributes of an entity", further=reference("Attribute")),
    "EntityTemporal": _object(
        _FRAGMENT, "A thing of the town with the past of its attributes", "id", "type", further=reference("Series")
    ),
    "EntityTemporalFragment": _object(_FRAGMENT, "The past of some attributes", further=reference("Series")),
    "Series": {
        "description": "The instances of an attribute, each with its time; or pairs of value and time",
        "anyOf": [{"type": "array", "items": reference("Attribute")}, reference("Attribute")],
    },
    "Entities": {"type": "array", "items": {"type": "object"}, "minItems": 1},
    "Ids": {"type": "array", "items": _URI, "minItems": 1},
    "Attribute": {
        "description": "An attribute in full, several of them with a datasetId each, or concisely just a value",
        "anyOf": [*(reference(name) for name in _KINDS), {"type": "array"}, {}],
    },
    **{name: _kind(name, *shape) for name, shape in _KINDS.items()},
    "Geometry": _object(
        {
            "type": {"enum": ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]},
            "coordinates": {"type": "array"},
        },
        "A GeoJSON geometry (RFC 7946): longitude, latitude in degrees",
        "type",
        "coordinates",
        further=True,
    ),
    "Subscription": _object(_SUBSCRIPTION, "Whom to tell of which changes", "type", "notification"),
    "SubscriptionFragment": _object(_SUBSCRIPTION, "Members of a subscription", further=True),
    "Notification": _object(
        {
            "type": {"const": "Notification"},
            "subscriptionId": _TEXT,
            "data": {"type": "array", "items": {"type": "object"}},
        },
        "What a source tells of changes",
        "type",
        "subscriptionId",
        "data",
        further=True,
    ),
    "SubscriptionShown": _object(
        {**_SUBSCRIPTION, "status": {"enum": ["active", "paused", "expired"]}},
        "A subscription and how it fares",
        "id",
        "type",
        "notification",
        further=True,
    ),
    "Query": _object(_QUERY, "A query as a document", "type"),
    "EntityMapFragment": _object({"expiresAt": _TIME}, "When an entity map expires", further=True),
    "EntityMapShown": _object(
        {
            "id": _URI,
            "type": {"const": "EntityMap"},
            "expiresAt": _TIME,
            "entityMap": {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}},
            "linkedMaps": {"type": "object"},
        },
        "The entities of a query, and where they are",
        "id",
        "type",
        "expiresAt",
        "entityMap",
        further=True,
    ),
    "Snapshot": _object({**_SNAPSHOT, **_FROZEN}, "Queries whose answers are frozen", "type"),
    "SnapshotFragment": _object(_SNAPSHOT, "Members of a snapshot"),
    "SnapshotShown": _object(
        {**_SNAPSHOT, **_FROZEN, "snapshotStatus": {"enum": ["preparing", "success", "partial", "failure", "empty"]}},
        "A snapshot and how it fares",
        "id",
        "type",
        "snapshotStatus",
        further=True,
    ),
    "Context": _object({"@context": {**_ANY_CONTEXT, "description": "Terms"}}, "A @context", "@context", further=True),
    "EntityShown": _object(
        {"id": _URI, "type": _ONE_OR_MORE}, "An entity in the form that was asked for", further=True
    ),
    "EntitiesShown": {"type": "array", "items": reference("EntityShown")},
    "Feature": _object({"type": {"const": "Feature"}, "id": _URI}, "An entity as GeoJSON", "type", further=True),
    "Features": _object(
        {"type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": reference("Feature")}},
        "Entities as GeoJSON",
        "type",
        "features",
        further=True,
    ),
    "UpdateResult": _object(
        {"updated": _NAMES, "notUpdated": {"type": "array", "items": {"type": "object"}}},
        "What was changed, and what was not and why",
        "updated",
        "notUpdated",
    ),
    "BatchResult": _object(
        {"success": _NAMES, "errors": {"type": "array", "items": reference("BatchError")}},
        "What was done, and what was not and why",
        "success",
        "errors",
    ),
    "BatchError": _object(
        {"entityId": _TEXT, "error": reference("Problem")}, "Why one was not done", "entityId", "error"
    ),
    "TypeList": _listing("EntityTypeList", "typeList"),
    "AttributeList": _listing("AttributeList", "attributeList"),
    "Described": _object({"id": _URI, "type": _TEXT}, "A type or attribute in use", "id", "type", further=True),
    "Identity": _object(
        {"id": _URI, "type": {"const": "ContextSourceIdentity"}}, "Who this broker is", "id", "type", further=True
    ),
}
