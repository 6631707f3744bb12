"""How does an error look to who asked? RFC 7807 problem details from one table of classes.

The media type is application/json, as ETSI GS CIM 009 (6.3.3) wants it of every error.
"""

from collections.abc import Mapping

import orjson

from machinami.foundation import errors as e
from machinami.kit.http import Response

MEDIA_TYPE = b"application/json"
_TYPES = "https://uri.etsi.org/ngsi-ld/errors/"

# class -> (status, name of the error type in ETSI GS CIM 009, 6.3.2; where it has none, ours)
STATUS: Mapping[type[Exception], tuple[int, str]] = {
    e.InvalidRequest: (400, "InvalidRequest"),
    e.RequestTimeout: (408, "InvalidRequest"),
    e.BadRequestData: (400, "BadRequestData"),
    e.InputError: (400, "BadRequestData"),
    e.SettingsError: (400, "BadRequestData"),
    e.CredentialRefused: (401, "CredentialRefused"),
    e.SignInRequired: (401, "AuthenticationRequired"),
    e.StepUpRequired: (401, "StepUpRequired"),
    e.TooComplex: (403, "TooComplexQuery"),
    e.TooManyResults: (403, "TooManyResults"),
    e.Forbidden: (403, "AccessDenied"),
    e.TenantNotFound: (404, "NonexistentTenant"),
    e.NotFound: (404, "ResourceNotFound"),
    e.MethodNotAllowed: (405, "MethodNotAllowed"),
    e.MethodUnknown: (501, "MethodUnknown"),
    e.NotAcceptable: (406, "NotAcceptable"),
    e.AlreadyExists: (409, "AlreadyExists"),
    e.Conflict: (409, "Conflict"),
    e.NotApproved: (409, "NotApproved"),
    e.LengthRequired: (411, "LengthRequired"),
    e.PayloadTooLarge: (413, "RequestEntityTooLarge"),
    e.UnsupportedMediaType: (415, "UnsupportedMediaType"),
    e.TooManyRequests: (429, "TooManyRequests"),
    e.TooManyAttempts: (429, "TooManyAttempts"),
    e.OperationNotSupported: (422, "OperationNotSupported"),
    e.InUse: (503, "InternalError"),
    e.StoreUnavailable: (503, "InternalError"),
    e.Overloaded: (503, "InternalError"),
    e.BadGateway: (502, "BadGateway"),
    e.GatewayTimeout: (504, "GatewayTimeout"),
    e.ContextNotAvailable: (504, "LdContextNotAvailable"),
    e.QuotaExceeded: (507, "QuotaExceeded"),
    e.LoopDetected: (508, "LoopDetected"),
}
_RESERVED = frozenset({"type", "title", "status", "detail"})


def describe(error: BaseException) -> tuple[int, dict[str, object]]:
    """Status and problem details of an error; anything unknown is 500 without inner facts."""
    if not isinstance(error, e.MachinamiError):
        return 500, {"type": _TYPES + "InternalError", "title": "Something went wrong inside", "status": 500}
    for kind in type(error).__mro__:
        if kind in STATUS:
            status, name = STATUS[kind]
            title = (kind.__doc__ or name).strip().splitlines()[0]
            facts = {key: value for key, value in error.facts.items() if key not in _RESERVED}
            return status, {
                "type": _TYPES + name,
                "title": title,
                "status": status,
                "detail": error.detail,
                **facts,
            }
    return 500, {"type": _TYPES + "InternalError", "title": "Something went wrong inside", "status": 500}


def problem(error: BaseException) -> Response:
    """The answer for an error."""
    status, details = describe(error)
    if status == 411:
        return Response(status)  # without any body (ETSI GS CIM 009, 6.3.4)
    headers = [(b"retry-after", b"1")] if status == 503 else []
    if status == 429 and isinstance(error, e.TooManyAttempts):
        headers.append((b"retry-after", b"%d" % error.facts.get("retryAfter", 1)))
    if status == 401:
        headers.append((b"www-authenticate", _challenge(error)))
    return Response(status, _dump(details), MEDIA_TYPE, headers)


def _challenge(error: BaseException) -> bytes:
    """How to be let in: by signing in (RFC 6750), or by doing so more surely (RFC 9470)."""
    if isinstance(error, e.StepUpRequired):
        level = error.facts.get("authenticationAssurance", 0)
        return b'Bearer error="insufficient_user_authentication", acr_values="aal%d"' % level
    return b"Bearer"


def _dump(details: dict[str, object]) -> bytes:
    try:
        return orjson.dumps(details, default=str, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, ValueError):  # a fact that no JSON can hold, such as a lone surrogate
        safe = {key: str(value).encode("utf-8", "replace").decode() for key, value in details.items()}
        return orjson.dumps({**safe, "status": details["status"]})
