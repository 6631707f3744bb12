"""How does a request make an entity map, or follow one that was made before? (ETSI GS CIM 009, 5.5.14, 5.5.9.3)"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from urllib.parse import unquote

from machinami.apis.ngsild.entities import identified
from machinami.apis.ngsild.entity_maps import ASKING, keep_places, name_map, read_lifetime, read_places
from machinami.apis.ngsild.face import Face, checked, waited
from machinami.apis.ngsild.negotiation import GEO_JSON, SPATIAL, choose
from machinami.apis.ngsild.parameters import (
    QUERY,
    RETRIEVE,
    Arguments,
    Paging,
    Search,
    is_local,
    read_flag,
    read_search,
    read_types,
    read_view,
)
from machinami.apis.ngsild.query_document import query_arguments, read_selectors
from machinami.apis.ngsild.rendering import Rendered
from machinami.apis.ngsild.shared_reading import SharedReading, wide_of
from machinami.apis.ngsild.sharing import triggered, warn
from machinami.apis.ngsild.shown import show_page
from machinami.apis.ngsild.temporal import Temporal
from machinami.broker.entity_maps import matching_here, past_places
from machinami.broker.federation import reading
from machinami.broker.linking import finder
from machinami.broker.town import Town
from machinami.foundation.errors import NotFound
from machinami.kit.http import Handler, Request, Response, Route
from machinami.model.context import Context
from machinami.model.entity_map import LOCAL, EntityMap
from machinami.model.found import Found
from machinami.model.ordering import arrange
from machinami.model.query import Query, Selector

_HEADER = b"ngsild-entitymap"
MAPPED = QUERY | ASKING
MAPPED_ONE = RETRIEVE | ASKING
_OK, _CREATED, _ERROR = 200, 201, 300

Mapped = Callable[[Request, Handler], Awaitable[Response]]


class Following:
    """The handlers of requests that make a map or follow one."""

    def __init__(self, face: Face, rendered: Rendered, paging: Paging, temporal: Temporal) -> None:
        self._face = face
        self._rendered = rendered
        self._paging = paging
        self._temporal = temporal
        self._reading = SharedReading(face, rendered, paging)
        self._maps = face.broker.entity_maps
        self._table: Mapping[tuple[str, str], Mapped] = {
            ("GET", "/entities"): self._query,
            ("POST", "/entityOperations/query"): self._query,
            ("GET", "/entities/{id}"): self._retrieve,
            ("GET", "/temporal/entities"): self._query_past,
            ("POST", "/temporal/entityOperations/query"): self._query_past,
            ("GET", "/temporal/entities/{id}"): self._retrieve_past,
        }

    def route(self, route: Route) -> Route:
        """The route, for requests that make a map or follow one too, where its operation can (5.5.14)."""
        mapped = self._table.get((route.method, route.path))
        return route if mapped is None else replace(route, handler=_either(route.handler, mapped))

    # --- entities

    async def _query(self, request: Request, local: Handler) -> Response:
        arguments, context = checked(request.arguments, MAPPED), None
        selectors: tuple[Selector, ...] = ()
        if request.method == "GET":
            context = self._face.linked_context(request)
        else:
            document, context = self._face.document(request)
            arguments, selectors = {**arguments, **query_arguments(document)}, read_selectors(document, context)
        media = choose(request.fields.get(b"accept"), SPATIAL)
        search = read_search(arguments, context, self._paging, media == GEO_JSON)
        search = replace(search, query=replace(search.query, selectors=selectors))
        warnings: list[str] = []
        kept, status = self._kept(request), _OK
        if kept is None:
            found = await read_places(self._face, request, search, arguments, context)
            kept, status = keep_places(self._face, request, search, found, read_lifetime(arguments)), _CREATED
            warnings.extend(found.warnings)
        return await self._page(request, kept, status, search, arguments, context, media, warnings)

    async def _page(
        self,
        request: Request,
        kept: EntityMap,
        status: int,
        search: Search,
        arguments: Arguments,
        context: Context,
        media: bytes,
        warnings: list[str],
    ) -> Response:
        town, by, page = self._face.town(request), self._face.by(request), search.page
        found, warned = await self._found(request, town, kept, search, arguments, context)
        more = page.offset + page.limit < (found.count or 0)
        told = Found(found.entities, found.count if page.count else None)
        find = None if search.view.join is None else finder(town, by)
        asked = without_asking(request)
        response = show_page(told, page, search.view, media, asked, self._rendered, more, find)
        response.status = status
        return warn(name_map(response, kept), [*warnings, *warned])

    async def _found(
        self, request: Request, town: Town, kept: EntityMap, search: Search, arguments: Arguments, context: Context
    ) -> tuple[Found, list[str]]:
        """The page of a query among the entities of a map, with the count of all."""
        by, page, federation = self._face.by(request), search.page, self._face.broker.federation
        if search.query.order:
            every = arrange(await matching_here(town, kept.entries, search.query, by), search.query.order, town.clock())
            return Found(every[page.offset : page.offset + page.limit], len(every)), []
        here = all(places == (LOCAL,) for places in kept.entries.values())
        wide, trigger = wide_of(search, arguments, context, town, federation.split), triggered(request, context)
        found, warnings = await reading.follow(federation, town, wide, kept, trigger, by, page.count and here)
        return found, list(warnings)

    async def _retrieve(self, request: Request, local: Handler) -> Response:
        """One entity, asked for where the map says that it is (5.7.1.4)."""
        arguments = checked(request.arguments, MAPPED_ONE)
        context = self._face.linked_context(request)
        media = choose(request.fields.get(b"accept"), SPATIAL)
        view, types = read_view(arguments, context, media == GEO_JSON), read_types(arguments, context)
        town, by, entity_id = self._face.town(request), self._face.by(request), identified(request)
        lifetime, kept = read_lifetime(arguments), self._kept(request)
        among = EntityMap("", town.clock(), {}) if is_local(arguments) else kept
        response, known = await self._reading.one(request, town, entity_id, view, types, media, among)
        if response.status >= _ERROR:
            return response
        if kept is None:
            query = Query(ids=(entity_id,))
            kept = self._maps.keep(town, query, {entity_id: known.places}, lifetime, by, known.linked)
        else:
            self._maps.link(town, kept.id, known.linked)
        return name_map(response, kept)

    # --- their past

    async def _query_past(self, request: Request, local: Handler) -> Response:
        asked = without_asking(request)
        wanted = self._temporal.wanted(asked)
        town, by = self._face.town(request), self._face.by(request)
        lifetime, kept = read_lifetime(request.arguments), self._kept(request)
        new, span = kept is None, self._temporal.span(wanted)
        if kept is None:
            places = await past_places(town, wanted.query, span, by)
            kept = self._maps.keep(town, wanted.query, places, lifetime, by)
        ids = list(kept.entries)
        rest = ids[wanted.page.offset :]
        if rest and not new:  # those from this page on that match no more go, so that pages neither gap nor overlap
            matching = await past_places(town, replace(wanted.query, ids=tuple(rest)), span, by)
            gone = set(rest).difference(matching)
            self._maps.remove(town, kept.id, gone)
            ids = [one for one in ids if one not in gone]
        response = await self._temporal.query_among(asked, wanted, ids)
        if new and response.status == _OK:
            response.status = _CREATED
        return name_map(response, kept)

    async def _retrieve_past(self, request: Request, local: Handler) -> Response:
        response = await waited(local, without_asking(request))
        if response.status >= _ERROR:
            return response
        kept, entity_id = self._kept(request), identified(request)
        if kept is None:
            town, by, lifetime = self._face.town(request), self._face.by(request), read_lifetime(request.arguments)
            kept = self._maps.keep(town, Query(ids=(entity_id,)), {entity_id: (LOCAL,)}, lifetime, by)
        return name_map(response, kept)

    def _kept(self, request: Request) -> EntityMap | None:
        """The map that the request names, None where there is none or it has expired: then a new one is made."""
        named = request.fields.get(_HEADER)
        if named is None:
            return None
        map_id = unquote(named.decode("latin-1").rstrip("/").rpartition("/")[2])
        try:
            return self._maps.get(self._face.town(request), map_id, self._face.by(request))
        except NotFound:
            return None


def _either(local: Handler, mapped: Mapped) -> Handler:
    """The handler of an operation, with maps where the request wants one."""

    def run(request: Request) -> Response | Awaitable[Response]:
        if _HEADER not in request.fields:
            if "entityMap" not in request.query:
                return local(request)
            if not read_flag(request.arguments, "entityMap"):
                return local(without_asking(request))
        return mapped(request, local)

    return run


def without_asking(request: Request) -> Request:
    """The same request without the wish for a map: the pages after it follow the one that is there."""
    parts = [part for part in request.query.split("&") if part.partition("=")[0] not in ASKING]
    plain = Request(request.method, request.path, "&".join(parts), request.headers, request.body)
    return replace(plain, params=dict(request.params), client=request.client)
