"""How does a request become an answer, whatever carries it? Routing, the handler, and errors as problems."""

import logging
from collections.abc import Awaitable, Iterable

from machinami.foundation.errors import (
    MachinamiError,
    MethodNotAllowed,
    PayloadTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
)
from machinami.foundation.remembered import remembered
from machinami.kit.http import HTML, WORKER, Request, Response
from machinami.kit.problem import problem
from machinami.kit.routing import Match, Router

_BREAK = "a header value holds a line break"
_CLOSE = (b"connection", b"close")
# What every answer says to browsers, so that whatever is opened by itself, or drawn into another site, runs nothing and
# is shown in no frame; pages and their workers say their own policy. What nobody marked as fit to be kept is not kept
# anywhere.
ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"same-origin"))
CONFINED = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox")
UNKEPT = (b"cache-control", b"no-store")
SPEAKING = (HTML, WORKER)
_LOG = logging.getLogger(__name__)


def answer(router: Router, request: Request, raw_path: str) -> Response | Awaitable[Response]:
    """The answer to a request whose `params` are not known yet. Errors of the handler become problem details."""
    try:
        match = router.match(request.method, raw_path)
    except MethodNotAllowed as error:
        return _not_allowed(request, error)
    except MachinamiError as error:
        return problem(error)
    return handle(match, request)


def handle(match: Match, request: Request) -> Response | Awaitable[Response]:
    """The answer of the matched route. An awaitable may still raise: pass that to `explain`."""
    request.params = match.params
    if request.body and b"content-encoding" in request.fields:
        return problem(_encoded(request))
    try:
        return match.route.handler(request)
    except Exception as error:
        return explain(error)


async def settled(outcome: Response | Awaitable[Response]) -> Response:
    """The answer, waited for; errors become problem details."""
    if isinstance(outcome, Response):
        return outcome
    try:
        return await outcome
    except Exception as error:
        return explain(error)


def explain(error: BaseException) -> Response:
    """The answer for an error of a handler. What is no error of ours is logged and tells nothing outside."""
    if not isinstance(error, MachinamiError):
        _LOG.error("A handler failed", exc_info=error)
    return problem(error)


def _encoded(request: Request) -> UnsupportedMediaType:
    """Bodies are never unpacked, so that none can become larger than it was when it came (RFC 9110, 8.4)."""
    named = (request.header(b"content-encoding") or "")[:40]
    return UnsupportedMediaType(f"Bodies are taken as they are; send this one without Content-Encoding ({named!r})")


def too_large(limit: int) -> Response:
    """The answer to a body over the limit; the connection is closed, as the rest of the body is not read."""
    refusal = problem(PayloadTooLarge(f"The body is larger than {limit} bytes; send it in parts", limit=limit))
    refusal.headers.append(_CLOSE)
    return refusal


def refused(error: MachinamiError) -> Response:
    """The answer to what is not read to its end, as there is no room for it; the connection is closed."""
    refusal = problem(error)
    refusal.headers.append(_CLOSE)
    return refusal


def too_late(seconds: float) -> Response:
    """The answer to a body that does not come to its end in time."""
    refusal = problem(RequestTimeout(f"The body did not come within {seconds:g} seconds"))
    refusal.headers.append(_CLOSE)
    return refusal


def ends_connection(response: Response) -> bool:
    """Whether the connection is closed after this answer."""
    return bool(response.headers) and _CLOSE in response.headers


def _not_allowed(request: Request, error: MethodNotAllowed) -> Response:
    allow = (b"allow", ", ".join(error.facts["allowed"]).encode("ascii"))
    if request.method == "OPTIONS":
        return Response(204, headers=[allow])
    refusal = problem(error)
    refusal.headers.append(allow)
    return refusal


def header_fields(response: Response) -> list[tuple[bytes, bytes]]:
    """All header fields of an answer in the order in which every carrier sends them.

    An answer of 204 or 304 has no Content-Length (RFC 9110, 8.6). Raises ValueError where a value would break
    out of its line.
    """
    fields: list[tuple[bytes, bytes]] = []
    if response.media_type is not None:
        fields.append((b"content-type", response.media_type))
    if response.status not in (204, 304) and response.parts is None:
        fields.append((b"content-length", b"%d" % len(response.body)))
    fields.extend(response.headers)
    for _, value in response.headers:
        if b"\n" in value or b"\r" in value:
            raise ValueError(_BREAK)
    fields.extend(ALWAYS)
    if response.media_type not in SPEAKING:
        fields.append(CONFINED)
    if not _says_whether_kept(response.headers):
        fields.append(UNKEPT)
    return fields


def header_block(response: Response) -> bytes:
    """The same fields as bytes of the wire: a line each."""
    block = b"" if response.media_type is None else b"content-type: %b\r\n" % response.media_type
    if response.status not in (204, 304):
        block += b"content-length: %d\r\n" % len(response.body)
    return block + _own_block(response.media_type in SPEAKING, tuple(response.headers))


@remembered(1_024)
def _own_block(speaks: bool, headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The fields of the answer itself, and those that guard it: the same ones come again and again."""
    own = b"".join([b"%b: %b\r\n" % field for field in headers])
    if own.count(b"\n") != len(headers) or own.count(b"\r") != len(headers):
        raise ValueError(_BREAK)
    return own + _GUARDS[speaks, _says_whether_kept(headers)]


def _says_whether_kept(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name == UNKEPT[0] for name, _ in headers)


def _guards(speaks: bool, kept: bool) -> bytes:
    fields = (*ALWAYS, *(() if speaks else (CONFINED,)), *(() if kept else (UNKEPT,)))
    return b"".join(b"%b: %b\r\n" % field for field in fields)


_GUARDS = {(speaks, kept): _guards(speaks, kept) for speaks in (False, True) for kept in (False, True)}
