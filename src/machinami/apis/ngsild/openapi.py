"""What do the operations of the NGSI-LD face take and give, in the words of OpenAPI? (our own words, pure)

The names of parameters come from the very sets by which requests are checked; here stands what they mean.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from machinami.apis.ngsild.joins import JOINS, MOST_LEVELS
from machinami.apis.ngsild.negotiation import GEO_JSON, JSON, LD_JSON, MERGE_PATCH
from machinami.apis.ngsild.preferences import shows_entities
from machinami.apis.ngsild.registration_schemas import REGISTRATION_EXAMPLES
from machinami.apis.ngsild.schemas import SCHEMAS
from machinami.apis.ngsild.temporal_parameters import METHODS
from machinami.broker.contexts import CACHED, HOSTED, IMPLICIT
from machinami.kit.openapi import Json, Operation, query_parameter, reference
from machinami.model.representation import Form

_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean", "default": False}
_WHOLE: Json = {"type": "integer", "minimum": 0, "maximum": 1_000_000_000}
_TIME: Json = {"type": "string", "format": "date-time"}
_URI: Json = {"type": "string", "format": "uri"}
_LIST: Json = {"type": "array", "items": _TEXT, "minItems": 1}
_GEOMETRIES = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]
_LEVEL = "waterLevel"


def _words(*words: str) -> Json:
    return {"type": "array", "items": {"enum": list(words)}}


_FORMS = [*get_args(Form), "keyValues"]
_PAST_FORMS = ["normalized", "concise", "temporalValues", "aggregatedValues"]

# name -> what it means, its schema, an example
PARAMETERS: Mapping[str, tuple[str, Json, Any]] = {
    "aggrMethods": ("How values of a period become one", _words(*METHODS), ["avg", "max"]),
    "aggrPeriodDuration": ("How long a period is, as ISO 8601 says it; PT0S: all in one", _TEXT, "PT1H"),
    "attrs": ("Only these attributes, and only entities that have one of them", _LIST, [_LEVEL]),
    "collation": ("The language by whose rules texts are ordered", _TEXT, None),
    "containedBy": ("Entities that a join has passed already", _LIST, None),
    "coordinates": ("The coordinates of the geometry as JSON: longitude, latitude", _TEXT, "[138.25,34.87]"),
    "count": ("Say in NGSILD-Results-Count how many there are", _FLAG, None),
    "csf": ("A condition on the Context Sources that are asked", _TEXT, None),
    "datasetId": ("Only these instances of attributes; @none is the one without", _LIST, None),
    "deleteAll": ("Every instance of the attribute", _FLAG, None),
    "details": ("With everything that is known of each", _FLAG, None),
    "drop": ("Of the entities only these attributes go", _LIST, [_LEVEL]),
    "endTimeAt": ("The end of the time, with timerel=between", _TIME, None),
    "entityMap": ("Fix the entities of this query for those that follow it", _FLAG, None),
    "entityMapLifetime": ("How long they shall stay fixed, as ISO 8601 says it", _TEXT, "PT5M"),
    "expandValues": ("Attributes whose values in q are words of the @context", _LIST, None),
    "format": ("The form of the answer", {"enum": _FORMS}, None),
    "geometry": ("The kind of geometry that georel speaks of", {"enum": _GEOMETRIES}, "Point"),
    "geometryProperty": ("The attribute that becomes the geometry of the GeoJSON", _TEXT, None),
    "geoproperty": ("The attribute that says where an entity is; location without", _TEXT, None),
    "georel": ("How an entity lies to the geometry", _TEXT, "near;maxDistance==2000"),
    "id": ("Only these entities", {"type": "array", "items": _URI, "minItems": 1}, None),
    "idPattern": ("Only entities whose whole id this regular expression matches", _TEXT, None),
    "join": ("Linked entities too: inside the linking ones, or in one list with them", {"enum": list(JOINS)}, None),
    "joinLevel": ("How many relationships are followed", {**_WHOLE, "minimum": 1, "maximum": MOST_LEVELS}, None),
    "jsonKeys": ("Attributes whose values in q are no words of the @context", _LIST, None),
    "keep": ("Of the entities everything but these attributes goes", _LIST, None),
    "kind": ("Only @contexts that are kept for this reason", {"enum": [CACHED, HOSTED, IMPLICIT]}, None),
    "lang": ("The languages that are wanted, best first", _TEXT, "ja,en;q=0.5"),
    "lastN": ("Only so many instances of each attribute, the newest", {**_WHOLE, "minimum": 1}, 24),
    "limit": ("How many on one page", _WHOLE, 5),
    "local": ("This broker alone; without a type, everything in it", _FLAG, None),
    "observedAt": ("When the values were observed that say nothing of it themselves", _TIME, None),
    "offset": ("How many to pass over", _WHOLE, None),
    "omit": ("Everything but these members", _LIST, None),
    "options": ("The words sysAttrs (with times), count, and the forms", _words("sysAttrs", "count", *_FORMS), None),
    "orderBy": ("The order: attributes or members, each with ;asc or ;desc", _TEXT, None),
    "orderFrom": ("The coordinates from which distance is ordered, as JSON", _TEXT, None),
    "orderGeometry": ("The kind of geometry that orderFrom gives", {"enum": _GEOMETRIES}, None),
    "pick": ("Only these members", _LIST, None),
    "q": ("A condition on attributes", _TEXT, f"{_LEVEL}>1.5"),
    "reload": ("Fetch it anew in place of forgetting it", _FLAG, None),
    "scopeQ": ("A condition on scopes", _TEXT, "/Japan/#"),
    "splitEntities": ("Parts of an entity from several brokers apart", _FLAG, None),
    "timeAt": ("The time that timerel speaks of", _TIME, "2026-06-30T00:00:00Z"),
    "timeproperty": (
        "Which time of an instance counts",
        {"enum": ["observedAt", "createdAt", "modifiedAt", "deletedAt"]},
        None,
    ),
    "timerel": ("How the time lies", {"enum": ["before", "after", "between"]}, "after"),
    "type": ("Only entities of these types: , or | for any, ; for all, parentheses", _TEXT, "RiverGauge"),
}

# where the words of a parameter are others
_OPTIONS: Mapping[str, Json] = {
    "POST /entities/{id}/attrs": _words("noOverwrite"),
    "PATCH /entities/{id}": _words("keyValues", "simplified"),
    "POST /entityOperations/upsert": _words("replace", "update"),
    "POST /entityOperations/update": _words("noOverwrite", "replace"),
    "POST /entityOperations/merge": _words("keyValues", "simplified"),
    **{
        f"{method} /temporal/{path}": _words("sysAttrs", "count", *_PAST_FORMS)
        for method, path in (("GET", "entities"), ("GET", "entities/{id}"), ("POST", "entityOperations/query"))
    },
}
_FROZEN = frozenset({"entity", "entities", "past", "pasts", "types", "attributes", "description"})  # of a snapshot too
_MERGES = ("PATCH /entities/{id}", "POST /entityOperations/merge")

PATHS: Mapping[str, Json] = {
    "/entities/{id}": {"description": "The id of an entity", "schema": _URI, "example": "urn:ngsi-ld:RiverGauge:1"},
    "/subscriptions/{id}": {"description": "The id of a subscription", "schema": _URI},
    "/csourceRegistrations/{id}": {"description": "The id of a registration", "schema": _URI},
    "/snapshots/{id}": {"description": "The id of a snapshot", "schema": _URI},
    "/jsonldContexts/{id}": {"description": "The local id of a @context, or its URL", "schema": _TEXT},
    "{attribute}": {"description": "The name of an attribute", "schema": _TEXT, "example": _LEVEL},
    "{instance}": {"description": "The instanceId of a past instance", "schema": _URI},
    "{type}": {"description": "The name of a type", "schema": _TEXT, "example": "RiverGauge"},
}

_GAUGE: Json = {
    "id": "urn:ngsi-ld:RiverGauge:1",
    "type": "RiverGauge",
    _LEVEL: {"type": "Property", "value": 1.42, "unitCode": "MTR", "observedAt": "2026-06-30T00:00:00Z"},
}
_FRAGMENT: Json = {_LEVEL: _GAUGE[_LEVEL]}
_SUBSCRIPTION: Json = {
    "type": "Subscription",
    "entities": [{"type": "RiverGauge"}],
    "notification": {"endpoint": {"uri": "http://127.0.0.1:9000/told", "accept": "application/json"}},
}
EXAMPLES: Mapping[str, Any] = {
    "Entity": _GAUGE,
    "EntityFragment": _FRAGMENT,
    "EntityTemporal": {**_GAUGE, _LEVEL: [_GAUGE[_LEVEL]]},
    "EntityTemporalFragment": {_LEVEL: [_GAUGE[_LEVEL]]},
    "Attribute": {"value": 1.42, "observedAt": "2026-06-30T00:00:00Z"},
    "Entities": [_GAUGE],
    "Ids": [_GAUGE["id"]],
    "Query": {"type": "Query", "entities": [{"type": "RiverGauge"}], "q": f"{_LEVEL}>1.5"},
    "Past": {
        "type": "Query",
        "entities": [{"type": "RiverGauge"}],
        "temporalQ": {"timerel": "after", "timeAt": "2026-06-30T00:00:00Z"},
    },
    "Subscription": _SUBSCRIPTION,
    "SubscriptionFragment": {"description": "The gauges"},
    "Notification": {"type": "Notification", "subscriptionId": "urn:ngsi-ld:Subscription:1", "data": [_GAUGE]},
    "Snapshot": {"type": "Snapshot", "snapshotQueries": [{"type": "Query", "entities": [{"type": "RiverGauge"}]}]},
    "SnapshotFragment": {"type": "Snapshot", "snapshotPriority": 7},
    "EntityMapFragment": {"expiresAt": "2026-06-30T10:00:00Z"},
    **REGISTRATION_EXAMPLES,
    "Context": {"@context": {_LEVEL: "https://words.example/waterLevel"}},
}

_LINK: Json = {"description": "The @context of the answer", "schema": _TEXT}
_COUNT: Json = {"description": "How many there are, where count was asked for", "schema": {"type": "integer"}}
_LOCATION: Json = {"description": "Where it is", "schema": {"type": "string"}}
_BOTH = (JSON, LD_JSON)


def _content(schema: str | Json, media: Sequence[bytes] = _BOTH) -> Json:
    told = reference(schema) if isinstance(schema, str) else schema
    return {kind.decode("ascii"): {"schema": told} for kind in media}


def _given(description: str, content: Json, **headers: Json) -> Json:
    told: Json = {"description": description, "content": content}
    return {**told, "headers": {name.replace("_", "-"): header for name, header in headers.items()}}


def _listed(schema: Json | str) -> Json:
    return {"type": "array", "items": reference(schema) if isinstance(schema, str) else schema}


_NAMED_OR_DETAILED = "The names in use, or with details each of them"
_ONE_OR_MORE: Json = {"anyOf": [reference("EntityShown"), reference("EntitiesShown")]}
_PART = _given(
    "A part; Content-Range says which time it holds",
    _content(_ONE_OR_MORE),
    Link=_LINK,
    Content_Range={"description": "The time that the part holds", "schema": _TEXT},
)
_DONE: Json = {"description": "Done"}
ANSWERS: Mapping[str, Mapping[int, Json]] = {
    "entity": {
        200: _given(
            "The entity; with join=flat all that it links to",
            _content(_ONE_OR_MORE) | _content("Feature", [GEO_JSON]),
            Link=_LINK,
        ),
    },
    "entities": {
        200: _given(
            "A page of entities",
            _content("EntitiesShown") | _content("Features", [GEO_JSON]),
            Link=_LINK,
            NGSILD_Results_Count=_COUNT,
        )
    },
    "created": {201: {"description": "It is there now", "headers": {"Location": _LOCATION}}},
    "mapped": {201: _given("They are fixed", _content("EntityMapShown"), NGSILD_EntityMap=_LOCATION)},
    "map": {200: _given("The entity map", _content("EntityMapShown"), Link=_LINK)},
    "snapshot": {200: _given("The snapshot", _content("SnapshotShown"), Link=_LINK)},
    "told": {201: {"description": "It is known now", "headers": {"Location": _LOCATION}}, 204: _DONE},
    "done": {204: _DONE},
    "heard": {200: _DONE},
    "refused": {},
    "updated": {204: _DONE, 207: _given("Not everything could be done", _content("UpdateResult", [JSON]))},
    "all": {204: _DONE, 207: _given("Not all could be done", _content("BatchResult", [JSON]))},
    "all, with the new": {
        201: _given("The ids of those that are new", _content(_listed(_URI), [JSON])),
        204: _DONE,
        207: _given("Not all could be done", _content("BatchResult", [JSON])),
    },
    "past": {200: _given("The entity over time", _content("EntityShown"), Link=_LINK), 206: _PART},
    "pasts": {
        200: _given("Entities over time", _content("EntitiesShown"), Link=_LINK, NGSILD_Results_Count=_COUNT),
        206: _PART,
    },
    "subscription": {200: _given("The subscription", _content("SubscriptionShown"), Link=_LINK)},
    "subscriptions": {200: _given("The subscriptions", _content(_listed("SubscriptionShown")), Link=_LINK)},
    "registration": {200: _given("The registration", _content("RegistrationShown"), Link=_LINK)},
    "registrations": {200: _given("The registrations", _content(_listed("RegistrationShown")), Link=_LINK)},
    "types": {
        200: _given(_NAMED_OR_DETAILED, _content({"anyOf": [reference("TypeList"), _listed("Described")]}), Link=_LINK)
    },
    "attributes": {
        200: _given(
            _NAMED_OR_DETAILED, _content({"anyOf": [reference("AttributeList"), _listed("Described")]}), Link=_LINK
        )
    },
    "description": {200: _given("What is known of it", _content("Described"), Link=_LINK)},
    "contexts": {200: _given("Their URLs, or with details each of them", _content({"type": "array"}, [JSON]))},
    "context": {
        200: _given("The @context, or what is known of it", _content({"type": "object"}, [LD_JSON, JSON])),
    },
    "identity": {200: _given("Who it is", _content("Identity"), Link=_LINK)},
}

TENANT: Json = {
    "name": "NGSILD-Tenant",
    "in": "header",
    "description": "The town that is spoken to; without it, the first one",
    "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"},
}
LINK: Json = {
    "name": "Link",
    "in": "header",
    "description": 'The @context: <URL>; rel="http://www.w3.org/ns/json-ld#context"',
    "schema": _TEXT,
}
SNAPSHOT: Json = {
    "name": "NGSILD-Snapshot",
    "in": "header",
    "description": "The id of a snapshot, to read it in place of the town",
    "schema": _URI,
}


PREFER: Json = {
    "name": "Prefer",
    "in": "header",
    "description": "ngsi-ld=1.5 for entities as an earlier version of NGSI-LD has them; body=json for GeoJSON without "
    "@context",
    "schema": _TEXT,
}


def operation(method: str, path: str, known: Iterable[str], body: str, gives: str) -> Operation:
    """What one operation takes and gives. known: its query parameters; body, gives: names from the tables above."""
    headers = [TENANT] if path.startswith("/info") else [TENANT, LINK]
    if gives in _FROZEN:
        headers = [*headers, SNAPSHOT]
    if shows_entities(method, path):
        headers = [*headers, PREFER]
    return Operation(
        parameters=[*(_parameter(method, path, name) for name in sorted(known)), *headers],
        paths=_path_rows(path),
        body=_body(method, path, body) if body else None,
        answers=_answers(method, path, gives),
        problems=problems(method, path, body, gives),
        schemas=SCHEMAS,
    )


def _answers(method: str, path: str, gives: str) -> Mapping[int, Json]:
    """What an operation answers; entities also with a new map of them, or said in an earlier version of NGSI-LD."""
    answers = ANSWERS[gives]
    if not shows_entities(method, path):
        return answers
    several = {} if "{id}" in path else {201: {**answers[200], "description": "The same, with a new entity map"}}
    return {**answers, **several, 203: {**answers[200], "description": "The same in the preferred version"}}


def problems(method: str, path: str, body: str, gives: str) -> Sequence[int]:
    """With which statuses an operation may be refused."""
    found = {400, 404, 503}
    if body:
        found |= {411, 413, 415, 504}
    if body not in ("Context", "Ids"):
        found.add(504)
    if "past" in gives or gives in ("entity", "entities") or (path.startswith("/snapshots") and method == "POST"):
        found.add(403)
    if method == "GET" or body == "Query":
        found.add(406)
    if method != "GET" and body != "Query":
        found |= {409, 422}
    return sorted(found | ({422} if path.startswith("/jsonldContexts/") else set()))


def _parameter(method: str, path: str, name: str) -> Json:
    description, schema, example = PARAMETERS[name]
    where = f"{method} {path}"
    if name == "options":
        schema = _OPTIONS.get(where, schema)
        description = f"Any of: {', '.join(schema['items']['enum'])}"
    elif name == "format" and path.startswith("/temporal"):
        schema = {"enum": _PAST_FORMS}
    elif name == "format" and where in _MERGES:
        schema, description = {"enum": ["keyValues", "simplified"]}, "The form of the body"
    elif name == "type" and method != "GET":
        description = "Only if the entity is of these types"
    return query_parameter(name, description, schema, example)


def _path_rows(path: str) -> Mapping[str, Json]:
    identified = next((row for start, row in PATHS.items() if start.startswith("/") and start in path), {})
    return {"id": identified, **{name: PATHS[f"{{{name}}}"] for name in ("attribute", "instance", "type")}}


def _body(method: str, path: str, name: str) -> Json:
    media = [JSON, LD_JSON, *([MERGE_PATCH] if method == "PATCH" else [])]
    example = EXAMPLES["Past" if path.startswith("/temporal") and name == "Query" else name]
    content = _content(name, media)
    content["application/json"]["example"] = example
    return {"required": True, "content": content}
