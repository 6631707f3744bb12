"""How does a request make an entity map, or follow one that was made before? (ETSI GS CIM 009, 5.5.14, 5.5.9.3)"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from machinami.apis.ngsild.entities import identified
from machinami.apis.ngsild.entity_maps import (
    ASKING,
    MAP_FIELD,
    keep_places,
    kept_map,
    name_map,
    read_lifetime,
    read_places,
    without_asking,
)
from machinami.apis.ngsild.face import Face, checked
from machinami.apis.ngsild.mapped_past import FollowingPast
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
from machinami.broker.entity_maps import matching_here
from machinami.broker.federation import reading
from machinami.broker.linking import finder
from machinami.broker.town import Town
from machinami.kit.http import Handler, Request, Response, Route
from machinami.model.context import Context
from machinami.model.entity_map import LOCAL, EntityMap
from machinami.model.found import Found
from machinami.model.ordering import arrange
from machinami.model.query import Query, Selector

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
        self._reading = SharedReading(face, rendered, paging)
        self._maps = face.broker.entity_maps
        past = FollowingPast(face, temporal, paging)
        self._table: Mapping[tuple[str, str], Mapped] = {
            ("GET", "/entities"): self._query,
            ("POST", "/entityOperations/query"): self._query,
            ("GET", "/entities/{id}"): self._retrieve,
            ("GET", "/temporal/entities"): past.query,
            ("POST", "/temporal/entityOperations/query"): past.query,
            ("GET", "/temporal/entities/{id}"): past.retrieve,
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
        kept, status = kept_map(self._face, request), _OK
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
        lifetime, kept = read_lifetime(arguments), kept_map(self._face, request)
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


def _either(local: Handler, mapped: Mapped) -> Handler:
    """The handler of an operation, with maps where the request wants one."""

    def run(request: Request) -> Response | Awaitable[Response]:
        if MAP_FIELD not in request.fields:
            if "entityMap" not in request.query:
                return local(request)
            if not read_flag(request.arguments, "entityMap"):
                return local(without_asking(request))
        return mapped(request, local)

    return run
