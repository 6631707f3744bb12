"""What do the operations of this face take and give, in the words of OpenAPI?"""

from collections.abc import Mapping, Sequence

from machinami.kit.http import Handler, Route
from machinami.kit.openapi import OPERATION, Json, Operation, reference

TAG = "Identity"
_TEXT: Json = {"type": "string"}
_NAMES: Json = {"type": "array", "items": _TEXT}
_TIME: Json = {"type": ["string", "null"], "format": "date-time"}
_WANTED: Json = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "description": "What it is for", "minLength": 1, "maxLength": 80},
        "use": {"enum": ["key", "client", "device", "place"], "default": "key"},
        "roles": _NAMES,
        "days": {"type": "integer", "minimum": 1, "default": 365},
        "scopes": {"type": ["array", "null"], "items": _TEXT, "description": "read, write, read:TYPE, …"},
        "addresses": {**_NAMES, "description": "From where alone it may be used"},
        "origins": {**_NAMES, "description": "Web pages that alone may use it"},
    },
}
_KEY: Json = {
    "type": "object",
    "properties": {
        **_WANTED["properties"],
        "id": _TEXT,
        "owner": {"type": "string", "description": "The id of the person who answers for it"},
        "since": _TIME,
        "until": _TIME,
        "previousUntil": {**_TIME, "description": "Until when the secret before the last rotation holds"},
    },
}
_SECRET: Json = {"type": "object", "properties": {"secret": {"type": "string", "description": "Shown this once"}}}
_SCHEMAS: Mapping[str, Json] = {"AccessKeyWanted": _WANTED, "AccessKey": _KEY}
_CREDENTIALS: Json = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"enum": ["client_credentials"]},
        "client_id": _TEXT,
        "client_secret": _TEXT,
        "scope": _TEXT,
    },
}
_LOGOUT: Json = {"type": "object", "required": ["logout_token"], "properties": {"logout_token": _TEXT}}
_TENANT: Json = {"name": "NGSILD-Tenant", "in": "header", "description": "One of several towns", "schema": _TEXT}
_ID: Mapping[str, Json] = {"id": {"description": "The id of a key", "schema": _TEXT}}
_REFUSED: Sequence[int] = (401, 403)


def _given(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _taking(schema: Json, example: Json, media: str = "application/json") -> Json:
    return {"required": True, "content": {media: {"schema": schema, "example": example}}}


_OBJECT: Json = {"type": "object"}
_WITH_SECRET = _given("The key with its secret", {"allOf": [reference("AccessKey"), _SECRET]})
_SCRIPTED = "For the script of the town's own pages, with its form token in X-Form-Token"
_WEBAUTHN = Operation(body=_taking(_OBJECT, {}), answers={200: _given(_SCRIPTED, _OBJECT)}, problems=(400, *_REFUSED))

_OPERATIONS: Mapping[str, tuple[str, Operation]] = {
    "GET /identity/keys": (
        "List the keys of programs and devices",
        Operation(
            [_TENANT],
            answers={200: _given("The keys without their secrets", {"type": "array", "items": reference("AccessKey")})},
            problems=_REFUSED,
            schemas=_SCHEMAS,
        ),
    ),
    "POST /identity/keys": (
        "Make a key; its secret is in the answer, and nowhere else",
        Operation(
            [_TENANT],
            body=_taking(reference("AccessKeyWanted"), {"name": "Gauge 7", "use": "device", "roles": ["service"]}),
            answers={201: _WITH_SECRET},
            problems=(400, *_REFUSED),
        ),
    ),
    "POST /identity/keys/{id}/rotation": (
        "A fresh secret; the old one holds a while",
        Operation([_TENANT], _ID, answers={200: _WITH_SECRET}, problems=(*_REFUSED, 404)),
    ),
    "DELETE /identity/keys/{id}": (
        "Take a key away",
        Operation([_TENANT], _ID, answers={204: {"description": "Done"}}, problems=(*_REFUSED, 404)),
    ),
    "POST /identity/devices/check": (
        "Is this a device of the town? For MQTT brokers",
        Operation(
            [_TENANT],
            body=_taking(
                {"type": "object", "properties": {"username": _TEXT, "password": _TEXT}},
                {"username": "8c1f…", "password": "mk_8c1f…_…"},
            ),
            answers={200: _given("Whether it is let in", _OBJECT)},
            problems=(400,),
        ),
    ),
    "POST /oauth/token": (
        "A token for a client (client_credentials)",
        Operation(
            body=_taking(_CREDENTIALS, {"grant_type": "client_credentials"}, "application/x-www-form-urlencoded"),
            answers={
                200: _given("The token (RFC 6749, 5.1)", _OBJECT),
                400: _given("Why there is none (RFC 6749, 5.2)", _OBJECT),
                401: _given("The client is not known", _OBJECT),
            },
        ),
    ),
    "POST /sign-out/provider/back-channel": (
        "Told by the city's OpenID provider: somebody's sessions are over",
        Operation(
            body=_taking(_LOGOUT, {"logout_token": "eyJ…"}, "application/x-www-form-urlencoded"),
            answers={200: {"description": "They are over here, too"}, 400: _given("Why not", _OBJECT)},
        ),
    ),
    "GET /.well-known/jwks.json": (
        "The keys that tokens are checked by",
        Operation(answers={200: _given("RFC 7517", _OBJECT)}),
    ),
    "GET /.well-known/oauth-authorization-server": (
        "Where tokens are given",
        Operation(answers={200: _given("RFC 8414", _OBJECT)}),
    ),
    "POST /identity/passkeys/registration": ("Begin to register a passkey", _WEBAUTHN),
    "POST /identity/passkeys": ("Register a passkey", _WEBAUTHN),
    "POST /identity/passkeys/challenge": ("Begin to sign in by a passkey", _WEBAUTHN),
    "POST /identity/passkeys/session": ("Sign in by a passkey", _WEBAUTHN),
}


def route(method: str, path: str, handler: Handler) -> Route:
    """The route of an operation, with what is said of it."""
    summary, operation = _OPERATIONS[f"{method} {path}"]
    return Route(method, path, handler, summary, TAG, details={OPERATION: operation})
