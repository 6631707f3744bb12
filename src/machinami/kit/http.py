"""What is a request, an answer and a route, free of any web framework?

Handlers are plain functions from Request to Response (or an awaitable of one). A plain ASGI application carries them
for everything; the fast lane carries the hot ones; both give the same bytes.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from machinami.foundation.errors import InvalidRequest, MachinamiError

Headers = Collection[tuple[bytes, bytes]]  # in their order
JSON = b"application/json"
HTML = b"text/html; charset=utf-8"
WORKER = b"application/javascript; charset=utf-8"  # what works for a page behind it; other scripts are text/javascript
_MAX_PARAMETERS = 200


@dataclass(slots=True)
class Memo:
    """What somebody worked out from header fields, at hand for the next request with the very same ones."""

    found: object = None


@dataclass(slots=True)
class Request:
    """One request. path: decoded, without the query; query: raw; headers: lower-case names; params: parts of
    the path that the route names; client: the peer's address; unavailable: what the request names and was not
    there at first, with why it could not be had; None where it could; known_fields: what `fields` gives, once that
    is known; certificate: the SHA-256 of the certificate that the client showed, if it showed one that is trusted;
    memo: what is remembered with these header fields, None where they are looked at once; counted: whether it was
    counted for who asks; uncount: takes that back."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)
    client: str = ""
    unavailable: dict[str, MachinamiError | None] | None = None
    _arguments: dict[str, str] | None = None
    known_fields: dict[bytes, bytes] | None = None
    certificate: str = ""
    memo: Memo | None = None
    counted: bool = False
    uncount: Callable[[], None] | None = None

    @property
    def fields(self) -> dict[bytes, bytes]:
        """The header fields by name; the values of one that comes several times are joined (RFC 9110, 5.3)."""
        found = self.known_fields
        if found is None:
            found = dict(self.headers)
            if len(found) != len(self.headers):
                for name in found:
                    found[name] = b", ".join([value for key, value in self.headers if key == name])
            self.known_fields = found
        return found

    def forgive(self) -> None:
        """Its answer was there already, or is made for another: it does not count for who asks. Behind one router, or
        one mobile network, is half a town on the day on which all of it looks at the same page."""
        if self.uncount is not None:
            self.uncount()
            self.uncount = None

    def add_cookie(self, name: str, value: str) -> None:
        """Have the request show a cookie that its answer is about to set."""
        shown = "; ".join([text for text in (self.header(b"cookie"), f"{name}={value}") if text])
        self.headers = [*(one for one in self.headers if one[0] != b"cookie"), (b"cookie", shown.encode("latin-1"))]
        self.known_fields = self.memo = None

    def header(self, name: bytes) -> str | None:
        """The value of a header (name in lower case)."""
        value = self.fields.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def arguments(self) -> dict[str, str]:
        """The query parameters; a parameter given twice is refused, so that none is silently lost."""
        if self._arguments is None:
            self._arguments = read_arguments(self.query)
        return self._arguments

    def cookie(self, name: str) -> str | None:
        """The value of a cookie."""
        for pair in (self.header(b"cookie") or "").split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                return unquote_plus(value)
        return None


def read_arguments(query: str) -> dict[str, str]:
    """Query parameters by name. Raises InvalidRequest for one that is given twice."""
    if not query:
        return {}
    arguments: dict[str, str] = {}
    if query.count("&") >= _MAX_PARAMETERS:
        raise InvalidRequest(f"More than {_MAX_PARAMETERS} query parameters are given")
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        name, value = _plain(name), _plain(value)
        if name in arguments:
            raise InvalidRequest(f"The parameter {name!r} is given more than once", parameter=name)
        arguments[name] = value
    return arguments


def _plain(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


@dataclass(slots=True)
class Response:
    """One answer. Content-Length is added by whoever sends it. parts: what comes after the body, bit by bit as it is
    made, where it would be too much at once; then no length is told. Not for the hot routes."""

    status: int = 200
    body: bytes = b""
    media_type: bytes | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: AsyncIterator[bytes] | None = None


Handler = Callable[[Request], Response | Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path pattern (`/entities/{id}`; `{rest:path}` takes slashes) with its handler.

    hot: the fast lane may carry it. summary and tag go into the OpenAPI document; parameters names the
    query parameters that are understood, each with its schema row.
    """

    method: str
    path: str
    handler: Handler
    summary: str = ""
    tag: str = ""
    hot: bool = False
    details: Mapping[str, object] = field(default_factory=dict)
