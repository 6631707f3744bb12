"""Which shape has a registration of a Context Source, as JSON Schema? For the OpenAPI document; our own words."""

from typing import Any

from machinami.kit.openapi import reference
from machinami.model.operation_names import GROUPS, OPERATIONS
from machinami.model.registration import Mode
from machinami.model.registration_reading import TYPE

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_URI: Json = {"type": "string", "format": "uri"}
_TIME: Json = {"type": "string", "format": "date-time"}
_NAMES: Json = {"type": "array", "items": _TEXT, "minItems": 1}
_ONE_OR_MORE: Json = {"anyOf": [_TEXT, _NAMES]}
_POSITIVE: Json = {"type": "number", "exclusiveMinimum": 0, "description": "Milliseconds"}
_INTERVAL: Json = {
    "type": "object",
    "properties": {"startAt": _TIME, "endAt": _TIME},
    "required": ["startAt"],
    "additionalProperties": False,
}
_ENTITY: Json = {
    "type": "object",
    "properties": {"id": _URI, "idPattern": _TEXT, "type": _ONE_OR_MORE},
    "minProperties": 1,
    "additionalProperties": False,
}
_INFORMATION: Json = {
    "type": "object",
    "description": "Which attributes of which entities; what is left out means all",
    "properties": {
        "entities": {"type": "array", "items": _ENTITY, "minItems": 1},
        "propertyNames": _NAMES,
        "relationshipNames": _NAMES,
    },
    "minProperties": 1,
    "additionalProperties": False,
}
_MEMBERS: Json = {
    "id": _URI,
    "type": {"const": TYPE},
    "endpoint": {**_URI, "description": "Where the source's own /ngsi-ld/v1 is; http or https"},
    "information": {"type": "array", "items": _INFORMATION, "minItems": 1},
    "mode": {"enum": [mode.value for mode in Mode]},
    "operations": {"type": "array", "items": {"enum": sorted([*OPERATIONS, *GROUPS])}, "minItems": 1},
    "contextSourceAlias": _TEXT,
    "contextSourceInfo": {
        "type": "array",
        "items": {"type": "object", "properties": {"key": _TEXT, "value": _TEXT}, "required": ["key", "value"]},
    },
    "datasetId": {"type": "array", "items": _TEXT, "minItems": 1},
    "registrationName": _TEXT,
    "description": _TEXT,
    "expiresAt": _TIME,
    "location": reference("Geometry"),
    "observationSpace": reference("Geometry"),
    "operationSpace": reference("Geometry"),
    "observationInterval": _INTERVAL,
    "managementInterval": _INTERVAL,
    "management": {
        "type": "object",
        "properties": {
            "cacheDuration": _TEXT,
            "cooldown": _POSITIVE,
            "timeout": _POSITIVE,
            "localOnly": {"type": "boolean"},
        },
        "additionalProperties": False,
    },
    "refreshRate": _TEXT,
    "scope": _ONE_OR_MORE,
    "tenant": _TEXT,
}


def _shape(description: str, *required: str) -> Json:
    told: Json = {"type": "object", "description": description, "properties": _MEMBERS, "additionalProperties": True}
    return {**told, "required": list(required)} if required else told


REGISTRATION_SCHEMAS: dict[str, Json] = {
    "Registration": _shape("What a Context Source may know, and how it is asked", "type", "endpoint", "information"),
    "RegistrationFragment": _shape("Members of a registration"),
    "RegistrationShown": _shape("A registration and how its source fares", "id", "type", "endpoint", "information"),
}
REGISTRATION_EXAMPLES: dict[str, Json] = {
    "Registration": {
        "type": TYPE,
        "endpoint": "http://127.0.0.1:9001",
        "information": [{"entities": [{"type": "RiverGauge"}]}],
    },
    "RegistrationFragment": {"description": "The gauges of our neighbours"},
}
