"""Which @contexts does the broker keep? /jsonldContexts (ETSI GS CIM 009, 6.29 and 6.30)."""

from collections.abc import Awaitable
from typing import Any
from urllib.parse import quote

import orjson

from machinami.apis.ngsild.face import ROOT, Face, check_parameters
from machinami.apis.ngsild.negotiation import JSON, LD_JSON, content_type, read_json
from machinami.apis.ngsild.parameters import read_flag
from machinami.broker.contexts import CACHED, HOSTED, IMPLICIT, Stored
from machinami.foundation.errors import BadRequestData, NotFound, OperationNotSupported
from machinami.foundation.instant import format_instant
from machinami.kit.http import Request, Response

LIST = frozenset({"details", "kind"})
SERVE = frozenset({"details"})
DELETE = frozenset({"reload"})
KINDS = (CACHED, HOSTED, IMPLICIT)
_PATH = f"{ROOT}/jsonldContexts/"


class KeptContexts:
    """The handlers of /jsonldContexts. Each is kept under its URL."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def list_all(self, request: Request) -> Response:
        """The kept contexts: their URLs, or everything about them (5.13.3)."""
        arguments = check_parameters(request, LIST)
        kind = arguments.get("kind")
        if kind is not None and kind not in KINDS:
            raise BadRequestData(f"kind={kind[:100]!r} is none of {', '.join(KINDS)}", parameter="kind")
        stored = [each for each in self._face.broker.contexts.stored() if kind in (None, each.kind)]
        if read_flag(arguments, "details"):
            return Response(200, orjson.dumps([_details(each) for each in stored]), JSON)
        return Response(200, orjson.dumps([each.url for each in stored]), JSON)

    def add(self, request: Request) -> Awaitable[Response]:
        """A context to host (5.13.2)."""
        check_parameters(request, frozenset())
        content_type(request)
        document = read_json(request.body)
        return self._add(request, document)

    async def _add(self, request: Request, document: Any) -> Response:
        town = self._face.town(request)
        path = _PATH + town.new_id()
        host = request.header(b"host") or "localhost"
        await self._face.broker.contexts.host(f"http://{host}{path}", document)
        return Response(201, headers=[(b"location", path.encode("ascii"))])

    def serve(self, request: Request) -> Response:
        """One kept context, or everything about it (5.13.4)."""
        details = read_flag(check_parameters(request, SERVE), "details")
        stored = self._stored(request)
        if details:
            return Response(200, orjson.dumps(_details(stored)), JSON)
        if stored.kind == CACHED:
            raise OperationNotSupported(f"This context is served by its owner at {stored.url}", url=stored.url)
        return Response(200, orjson.dumps(dict(stored.body)), LD_JSON)

    def delete(self, request: Request) -> Awaitable[Response]:
        """A context is forgotten, or fetched anew with `reload` (5.13.5)."""
        reload = read_flag(check_parameters(request, DELETE), "reload")
        return self._delete(self._stored(request), reload)

    async def _delete(self, stored: Stored, reload: bool) -> Response:
        contexts = self._face.broker.contexts
        if reload:
            await contexts.reload(stored.url)
        else:
            await contexts.drop(stored.url)
        return Response(204)

    def _stored(self, request: Request) -> Stored:
        identifier = request.params["id"]
        for each in self._face.broker.contexts.stored():
            if identifier in (each.url, _local_id(each)):
                return each
        raise NotFound(f"There is no context {identifier[:200]!r} here", contextId=identifier)


def _local_id(stored: Stored) -> str:
    """The last part of the path under which a context is found here."""
    return stored.url.rpartition(_PATH)[2] if stored.kind == HOSTED else quote(stored.url, safe="")


def _details(stored: Stored) -> dict[str, Any]:
    details: dict[str, Any] = {
        "URL": stored.url,
        "localId": _local_id(stored),
        "kind": stored.kind,
        "createdAt": format_instant(stored.created_at),
        "numberOfHits": stored.uses,
    }
    if stored.last_used is not None:
        details["lastUsage"] = format_instant(stored.last_used)
    return details
