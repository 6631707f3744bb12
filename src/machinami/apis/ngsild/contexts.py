"""Which @contexts does the broker keep? /jsonldContexts (ETSI GS CIM 009, 6.29 and 6.30)."""

from collections.abc import Awaitable
from typing import Any
from urllib.parse import quote

import orjson

from machinami.apis.ngsild.face import ROOT, Face, check_parameters, tenant
from machinami.apis.ngsild.negotiation import JSON, choose, content_type, read_json
from machinami.apis.ngsild.parameters import read_flag
from machinami.broker.contexts import BUILT_IN, CACHED, HOSTED, IMPLICIT, Contexts, source_of
from machinami.broker.policy import WRITES, demand
from machinami.broker.stored_context import Stored
from machinami.broker.town import DEFAULT_TOWN, Town
from machinami.foundation.errors import BadRequestData, NotFound, OperationNotSupported
from machinami.foundation.instant import format_instant
from machinami.foundation.urn import without_password
from machinami.kit.http import Request, Response
from machinami.model.policy import Deed

LIST = frozenset({"details", "kind"})
SERVE = frozenset({"details"})
DELETE = frozenset({"reload"})
KINDS = (CACHED, HOSTED, IMPLICIT)
_PATH = f"{ROOT}/jsonldContexts/"
# What is served under a URL never changes, and other brokers ask for it as often as they are told (5.13.1).
_KEPT = (b"cache-control", b"public, max-age=86400")


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
        self._demand(request, Deed.READ, Deed.SUBSCRIBE, Deed.ADMINISTER)
        town = _town(request)
        stored = [each for each in self._contexts.stored(town) if kind in (None, each.kind)]
        if read_flag(arguments, "details"):
            return Response(200, orjson.dumps([self._details(each, town) for each in stored]), JSON)
        return Response(200, orjson.dumps([each.url for each in stored]), JSON)

    def add(self, request: Request) -> Awaitable[Response]:
        """A context to host (5.13.2)."""
        check_parameters(request, frozenset())
        content_type(request)
        document = read_json(request.body)
        self._demand(request, *WRITES, Deed.SUBSCRIBE, Deed.ADMINISTER)
        self._face.context(source_of(document), request)  # what cannot be hosted makes no town
        return self._add(request, self._face.town(request, create=True), document)

    async def _add(self, request: Request, town: Town, document: Any) -> Response:
        name = town.new_id()
        await self._contexts.host(address(self._face, request, name), document, town.name)
        return Response(201, headers=[(b"location", (_PATH + name).encode("ascii"))])

    def serve(self, request: Request) -> Response:
        """One kept context, or everything about it (5.13.4)."""
        details = read_flag(check_parameters(request, SERVE), "details")
        media = choose(request.fields.get(b"accept"))
        stored = self._stored(request)
        if stored is None:
            raise _unknown(request)
        if details:
            self._demand(request, Deed.READ, Deed.SUBSCRIBE, Deed.ADMINISTER)
            response = Response(200, orjson.dumps(self._details(stored, _town(request))), JSON)
        elif stored.kind in (CACHED, BUILT_IN):
            raise OperationNotSupported(f"This context is served by its owner at {stored.url}", url=stored.url)
        else:
            response = Response(200, orjson.dumps(self._contexts.body(stored.url)), media, [_KEPT])
        self._contexts.note_use(stored.url, _town(request))
        return response

    def delete(self, request: Request) -> Awaitable[Response]:
        """A context is forgotten, or fetched anew with `reload` (5.13.5)."""
        reload = read_flag(check_parameters(request, DELETE), "reload")
        self._demand(request, Deed.ADMINISTER)
        stored = self._stored(request)
        if stored is None and not reload:
            raise _unknown(request)
        return self._delete(request, request.params["id"] if stored is None else stored.url, reload)

    async def _delete(self, request: Request, url: str, reload: bool) -> Response:
        if reload:
            await self._contexts.reload(url, _town(request))
        else:
            await self._contexts.drop(url, _town(request))
        town = self._face.known_town(request)
        if town is not None:
            done = "fetched anew" if reload else "let go of"
            town.policy.note(self._face.by(request), f"{done} the @context {without_password(url)}")
        return Response(204)

    def _demand(self, request: Request, *deeds: Deed) -> None:
        """Contexts are words, not data: who may do anything here may know them, and an administrator lets them go.
        One that is served here is given to whoever has its address, as notifications name it to their receivers."""
        town = self._face.known_town(request)
        if town is not None:
            demand(town.policy, self._face.by(request), *deeds)

    def _stored(self, request: Request) -> Stored | None:
        """The context with this local id or URL, as far as the town that asks may know of it (5.5.10)."""
        identifier = request.params["id"]
        for each in self._contexts.stored(_town(request)):
            if identifier in (each.url, _local_id(each)):
                return each
        found = self._contexts.find(identifier)
        return found if found is not None and found.kind == BUILT_IN else None

    @property
    def _contexts(self) -> Contexts:
        return self._face.broker.contexts

    def _details(self, stored: Stored, town: str) -> dict[str, Any]:
        return {
            "URL": stored.url,
            "localId": _local_id(stored),
            "kind": CACHED if stored.kind == BUILT_IN else stored.kind,
            "createdAt": format_instant(stored.towns.get(town, stored.created_at)),
            "numberOfHits": self._contexts.uses(stored.url, town),
        }


def address(face: Face, request: Request, name: str) -> str:
    """The URL at which the broker, as its clients call it, serves a context."""
    return f"{face.origin.of(request)}{_PATH}{name}"


def _town(request: Request) -> str:
    return tenant(request) or DEFAULT_TOWN


def _unknown(request: Request) -> NotFound:
    identifier = request.params["id"]
    return NotFound(f"There is no context {identifier[:200]!r} here", contextId=identifier)


def _local_id(stored: Stored) -> str:
    """The last part of the path under which a context is found here."""
    own = stored.kind in (HOSTED, IMPLICIT)
    return stored.url.rpartition(_PATH)[2] if own else quote(stored.url, safe="")
