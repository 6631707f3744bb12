"""In which media type does a request speak, in which does it want its answer, and by which @context?

ETSI GS CIM 009, 6.3.4 (preconditions), 6.3.5 (@context) and 6.3.6 (answers); RFC 9110, 12.5.1 (Accept).
"""

import re
from collections.abc import Sequence
from typing import Any

import orjson

from machinami.foundation.errors import (
    BadRequestData,
    InvalidRequest,
    LengthRequired,
    NotAcceptable,
    UnsupportedMediaType,
)
from machinami.foundation.remembered import remembered
from machinami.foundation.urn import is_uri
from machinami.kit.http import Request

JSON = b"application/json"
LD_JSON = b"application/ld+json"
GEO_JSON = b"application/geo+json"
MERGE_PATCH = b"application/merge-patch+json"

# In the order that decides where a client does not (6.3.4).
PLAIN = (JSON, LD_JSON)
SPATIAL = (JSON, LD_JSON, GEO_JSON)

CONTEXT_REL = "http://www.w3.org/ns/json-ld#context"
MAX_DEPTH = 64
_DUMP_DEPTH = 254  # orjson goes no deeper
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[A-Za-z0-9*-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')
_LINK_PARAMETER = re.compile(r';\s*([A-Za-z0-9*-]+)\s*=\s*(?:"([^"]*)"|([^\s",;]+))')
_NOTHING: Any = object()


@remembered(512)
def choose(accept: bytes | None, offers: Sequence[bytes] = PLAIN) -> bytes:
    """The media type of the answer. Raises NotAcceptable, with the fact `available`.

    The highest weight wins; among equals the order of `offers`. The most specific range decides on each offer.
    """
    if accept is None or not accept.strip():
        return offers[0]
    text = accept.decode("latin-1")
    ranges = [_range(part) for part in text.split(",") if part.strip()]
    best, best_weight = b"", 0.0
    for offer in offers:
        weight = _weight(offer.decode("ascii"), ranges)
        if weight > best_weight:
            best, best_weight = offer, weight
    if not best:
        available = [offer.decode("ascii") for offer in offers]
        raise NotAcceptable(
            f"None of {text[:200]!r} can be given here; these can: {', '.join(available)}", available=available
        )
    return best


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            weight = _weight_of(value)
    return name.lower(), weight


def _weight_of(text: str) -> float:
    """What a q says; what says nothing of sense is passed over, so that the weight stays 1 (RFC 9110, 12.4.2)."""
    try:
        weight = float(text)
    except ValueError:
        return 1.0
    return weight if 0.0 <= weight <= 1.0 else 1.0


def _weight(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    kind = offer.split("/")[0]
    for name in (offer, f"{kind}/*", "*/*"):
        weights = [weight for range_name, weight in ranges if range_name == name]
        if weights:
            return max(weights)
    return 0.0


def content_type(request: Request) -> bytes:
    """The media type of the body: JSON or LD_JSON. Raises LengthRequired, InvalidRequest, UnsupportedMediaType."""
    kind, length = request.fields.get(b"content-type"), request.fields.get(b"content-length")
    if length is None:
        raise LengthRequired("Give the length of the body in a Content-Length header")
    if kind is None:
        raise InvalidRequest("Say in a Content-Type header what the body is: application/json or ld+json")
    return _content_type(kind, request.method == "PATCH")


@remembered(256)
def _content_type(value: bytes, patch: bool) -> bytes:
    kind = value.split(b";")[0].strip().lower()
    if kind in PLAIN:
        return kind
    if kind == MERGE_PATCH and patch:
        return JSON
    shown = value[:100].decode("latin-1")
    raise UnsupportedMediaType(f"{shown!r} is not understood here; send application/json or application/ld+json")


def read_json(body: bytes) -> Any:
    """The JSON value of a body. Raises InvalidRequest with line and column, BadRequestData if nested too deep."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if not body.strip():
            raise InvalidRequest("The request has no body; send a JSON document") from error
        _check_encoding(body)
        raise InvalidRequest(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            line=error.lineno,
            column=error.colno,
        ) from error
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _check_depth(document)
    return document


def _check_encoding(body: bytes) -> None:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"The body is not UTF-8 (byte {error.start + 1}); send JSON in UTF-8", byte=error.start + 1
        ) from error


def _check_depth(document: Any) -> None:
    """Refuse what is nested too deep for what comes after: the encoder walks it faster than we could."""
    for _ in range(_DUMP_DEPTH - MAX_DEPTH):
        document = [document]
    try:
        orjson.dumps(document)
    except orjson.JSONEncodeError as error:
        raise BadRequestData(f"The body is nested deeper than {MAX_DEPTH} levels") from error


def body_context(link: str | None, kind: bytes, document: Any) -> Any:
    """The source of the @context of a document, which is taken out of it where the media type puts it there.

    link: the URL that the Link header names. None stands for the core context. Raises BadRequestData where the ways
    are mixed (6.3.5).
    """
    if kind == LD_JSON:
        if link is not None:
            refuse_link(kind)
        source = document.pop("@context", _NOTHING) if isinstance(document, dict) else _NOTHING
        if source is _NOTHING or source is None:
            raise BadRequestData("An application/ld+json document needs a member @context", member="@context")
        return source
    if isinstance(document, dict) and "@context" in document:
        raise BadRequestData(
            "With application/json the @context comes in a Link header; to send it in the body, "
            "say Content-Type: application/ld+json",
            member="@context",
        )
    return link


def refuse_link(kind: bytes) -> None:
    """Raise BadRequestData where a Link header names a @context beside a body that has its own (6.3.5)."""
    if kind == LD_JSON:
        raise BadRequestData("With application/ld+json the @context is in the body; leave the Link header out")


def link_context(request: Request) -> str | None:
    """The URL of the @context that the Link header names, None for the core context. Raises BadRequestData."""
    header = request.fields.get(b"link")
    return None if header is None else _link_context(header.decode("latin-1"))


@remembered(512)
def _link_context(header: str) -> str | None:
    found: list[str] = []
    for url, parameters in _LINK.findall(header):
        for name, quoted, bare in _LINK_PARAMETER.findall(parameters):
            if name.lower() == "rel" and CONTEXT_REL in (quoted or bare).split():
                found.append(url.strip())
    if not found and CONTEXT_REL in header:
        raise BadRequestData(f"The Link header {header[:200]!r} cannot be read; write {context_link('URL')}")
    if len(found) > 1:
        raise BadRequestData("The Link header names more than one @context; make one document that lists them")
    if found and not is_uri(found[0]):
        raise BadRequestData(f"The @context {found[0][:200]!r} of the Link header is not a URL")
    return found[0] if found else None


def context_link(url: str) -> str:
    """A Link header that names a @context."""
    return f'<{url}>; rel="{CONTEXT_REL}"; type="application/ld+json"'


@remembered(512)
@remembered(512)
def link_field(url: str) -> tuple[bytes, bytes]:
    """The header field that names the @context of an answer."""
    return b"link", context_link(url).encode("utf-8")
