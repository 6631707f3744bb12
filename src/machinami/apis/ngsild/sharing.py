"""When does a request go beyond this broker, and what must the sources know of it? (ETSI GS CIM 009, 5.5.13, 6.3.18)"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from urllib.parse import quote

from machinami.apis.ngsild.face import Face, waited
from machinami.apis.ngsild.parameters import is_local
from machinami.broker.federation.trigger import Trigger
from machinami.broker.town import Town
from machinami.kit.answering import explain
from machinami.kit.http import Handler, Request, Response
from machinami.model.context import Context

WARNING = b"NGSILD-Warning"
Shared = Callable[[Request, Town, Handler], Response | Awaitable[Response]]


def shared(face: Face, local: Handler, beyond: Shared) -> Handler:
    """The handler that asks sources too, where the town knows any and the request is not limited to this broker.

    As long as nothing is registered in any town it costs one look.
    """
    broker = face.broker

    def run(request: Request) -> Response | Awaitable[Response]:
        if not broker.federation.active:
            return local(request)
        town = face.known_town(request)
        if town is None or not town.sources.kept or is_local(request.arguments):
            return local(request)
        return beyond(request, town, local)

    return run


def triggered(request: Request, context: Context) -> Trigger:
    """What the sources may have to know of a request."""
    return Trigger(context, {name.decode("latin-1"): text.decode("latin-1") for name, text in request.fields.items()})


def limited(request: Request, body: bytes | None = None) -> Request:
    """The same request, for this broker alone; with another body, if one is given."""
    parts = [part for part in request.query.split("&") if part and not part.startswith("local=")]
    query = "&".join((*parts, "local=true"))
    headers = request.headers
    if body is not None:
        headers = [(name, value) for name, value in headers if name != b"content-length"]
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    found = Request(request.method, request.path, query, headers, request.body if body is None else body)
    return replace(found, params=dict(request.params), client=request.client, unavailable=request.unavailable)


async def answered(local: Handler, request: Request) -> Response:
    """The answer of a handler, also where it is an error."""
    try:
        return await waited(local, request)
    except Exception as error:
        return explain(error)


def warn(response: Response, warnings: Sequence[str]) -> Response:
    """The answer with its warnings (6.3.17)."""
    if warnings:
        text = ", ".join(dict.fromkeys(warnings))
        safe = "".join(letter if letter.isprintable() and letter.isascii() else quote(letter) for letter in text)
        response.headers.append((WARNING, safe.encode("ascii")))
    return response
