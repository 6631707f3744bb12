"""Which entities shall a sequence of requests be about? /entityMaps (ETSI GS CIM 009, 5.14, 6.32, 6.34, 6.35)."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, unquote

import orjson

from machinami.apis.ngsild.entities import identified
from machinami.apis.ngsild.face import ROOT, Face, check_parameters, checked, context_member, given
from machinami.apis.ngsild.negotiation import GEO_JSON, LD_JSON, SPATIAL, choose
from machinami.apis.ngsild.parameters import QUERY, Arguments, Paging, Search, read_flag, read_search
from machinami.apis.ngsild.query_document import query_arguments
from machinami.apis.ngsild.rendering import Rendered
from machinami.apis.ngsild.shared_reading import wide_of
from machinami.apis.ngsild.sharing import triggered, warn
from machinami.apis.ngsild.shown import show_page
from machinami.apis.ngsild.temporal_parameters import QUERY as PAST_QUERY
from machinami.apis.ngsild.temporal_parameters import Evolution, read_evolution
from machinami.broker.entity_maps import EntityMaps, Places, matching_here, past_places, places_here
from machinami.broker.federation import reading
from machinami.broker.history import Span
from machinami.broker.linking import finder
from machinami.broker.town import Town
from machinami.foundation.duration import duration_seconds
from machinami.foundation.errors import BadRequestData, NotFound
from machinami.foundation.instant import format_instant, parse_instant
from machinami.kit.http import Handler, Request, Response
from machinami.model.context import Context
from machinami.model.entity_map import LOCAL, EntityMap
from machinami.model.found import Found
from machinami.model.ordering import arrange
from machinami.model.query import Page

HEADER, _HEADER_OUT = b"ngsild-entitymap", b"NGSILD-EntityMap"
ASKING = frozenset({"entityMap", "entityMapLifetime"})
MAPPED = QUERY | ASKING
CREATE = QUERY | {"entityMapLifetime"}
CREATE_PAST = PAST_QUERY | {"entityMapLifetime"}
_OUTPUT_ONLY = frozenset({"id", "type", "entityMap", "linkedMaps"})


class MappedEntities:
    """The handlers of /entityMaps, and of queries that make one or follow one."""

    def __init__(self, face: Face, rendered: Rendered, paging: Paging) -> None:
        self._face = face
        self._rendered = rendered
        self._paging = paging
        self._maps: EntityMaps = face.broker.entity_maps

    def create(self, request: Request) -> Awaitable[Response]:
        """A map of the entities that a query finds (6.34.3.1)."""
        arguments = check_parameters(request, CREATE)
        return self._create(request, arguments, self._face.linked_context(request))

    def post_create(self, request: Request) -> Awaitable[Response]:
        """A map of the entities that a Query document finds (6.34.3.2)."""
        arguments = check_parameters(request, CREATE)
        document, context = self._face.document(request)
        return self._create(request, {**arguments, **query_arguments(document)}, context)

    async def _create(self, request: Request, arguments: Arguments, context: Context) -> Response:
        media = choose(request.fields.get(b"accept"))
        lifetime = read_lifetime(arguments)
        search = read_search(arguments, context, self._paging)
        town, by = self._face.town(request), self._face.by(request)
        places, warnings = await self._places(request, town, search, arguments, context)
        made = self._maps.keep(town, search.query, places, lifetime, by)
        return warn(_told(made, media, context, 201), warnings)

    def create_past(self, request: Request) -> Awaitable[Response]:
        """A map of the entities whose past a query finds (6.35.3.1)."""
        arguments = check_parameters(request, CREATE_PAST)
        context = self._face.linked_context(request)
        return self._create_past(request, arguments, context)

    def post_create_past(self, request: Request) -> Awaitable[Response]:
        """A map of the entities whose past a Query document finds (6.35.3.2)."""
        arguments = check_parameters(request, CREATE_PAST)
        document, context = self._face.document(request)
        return self._create_past(request, {**arguments, **query_arguments(document, evolution=True)}, context)

    async def _create_past(self, request: Request, arguments: Arguments, context: Context) -> Response:
        media = choose(request.fields.get(b"accept"))
        lifetime = read_lifetime(arguments)
        asked = {name: text for name, text in arguments.items() if name != "entityMapLifetime"}
        wanted: Evolution = read_evolution(asked, context, self._paging, True)
        if wanted.temporal.relation is None:
            raise BadRequestData("A map of the past needs timerel and timeAt (5.14.5.4)", parameter="timerel")
        town, by = self._face.town(request), self._face.by(request)
        places = await past_places(town, wanted.query, Span(wanted.attributes, wanted.temporal, 1, False), by)
        return _told(self._maps.keep(town, wanted.query, places, lifetime, by), media, context, 201)

    def retrieve(self, request: Request) -> Response:
        """One map (6.32.3.1)."""
        check_parameters(request, frozenset())
        media, context = choose(request.fields.get(b"accept")), self._face.linked_context(request)
        found = self._maps.get(self._face.town(request), identified(request), self._face.by(request))
        return _told(found, media, context, 200)

    def update(self, request: Request) -> Response:
        """Another time at which a map expires (6.32.3.2)."""
        check_parameters(request, frozenset())
        map_id = identified(request)
        document, _ = self._face.document(request)
        unknown = sorted(document.keys() - _OUTPUT_ONLY - {"expiresAt"})
        if unknown:
            raise BadRequestData(f"Of an entity map expiresAt can be changed, not {', '.join(unknown)[:200]}")
        town, by = self._face.town(request), self._face.by(request)
        self._maps.get(town, map_id, by)
        if "expiresAt" in document:
            self._maps.prolong(town, map_id, parse_instant(document["expiresAt"], "expiresAt"), by)
        return Response(204)

    def delete(self, request: Request) -> Response:
        """A map goes (6.32.3.3)."""
        check_parameters(request, frozenset())
        self._maps.drop(self._face.town(request), identified(request), self._face.by(request))
        return Response(204)

    def following(self, local: Handler) -> Handler:
        """The handler of a query, for requests that make a map or follow one too (5.5.14)."""

        def run(request: Request) -> Response | Awaitable[Response]:
            if HEADER not in request.fields and "entityMap" not in request.query:
                return local(request)
            arguments = checked(request.arguments, MAPPED)
            if HEADER not in request.fields and not read_flag(arguments, "entityMap"):
                return local(without_asking(request))
            if request.method == "GET":
                return self._follow(request, arguments, self._face.linked_context(request))
            document, context = self._face.document(request)
            return self._follow(request, {**arguments, **query_arguments(document)}, context)

        return run

    async def _follow(self, request: Request, arguments: Arguments, context: Context) -> Response:
        media = choose(request.fields.get(b"accept"), SPATIAL)
        lifetime = read_lifetime(arguments)
        search = read_search(arguments, context, self._paging, media == GEO_JSON)
        town, by = self._face.town(request), self._face.by(request)
        warnings: list[str] = []
        kept, status = await self._kept(request, town), 200
        if kept is None:
            places, warned = await self._places(request, town, search, arguments, context)
            kept, status = self._maps.keep(town, search.query, places, lifetime, by), 201
            warnings.extend(warned)
        found, warned = await self._found(request, town, kept, search, arguments, context)
        page = search.page
        more = page.offset + page.limit < (found.count or 0)
        told = Found(found.entities, found.count if page.count else None)
        find = None if search.view.join is None else finder(town, by)
        asked = without_asking(request)
        response = show_page(told, page, search.view, media, asked, self._rendered, more, find)
        response.status = status
        response.headers.append((_HEADER_OUT, location(kept)))
        return warn(response, [*warnings, *warned])

    async def _kept(self, request: Request, town: Town) -> EntityMap | None:
        """The map that the request names, None where there is none or it has expired: then a new one is made."""
        named = request.fields.get(HEADER)
        if named is None:
            return None
        map_id = unquote(named.decode("latin-1").rstrip("/").rpartition("/")[2])
        try:
            return await self._maps.prune(town, map_id, self._face.by(request))
        except NotFound:
            return None

    async def _found(
        self, request: Request, town: Town, kept: EntityMap, search: Search, arguments: Arguments, context: Context
    ) -> tuple[Found, list[str]]:
        """The page of a query among the entities of a map, with the count of all."""
        by, page = self._face.by(request), search.page
        if all(places == (LOCAL,) for places in kept.entries.values()):
            every = await matching_here(town, kept.entries, search.query, by)
            if search.query.order:
                every = arrange(every, search.query.order, town.clock())
            return Found(every[page.offset : page.offset + page.limit], len(every)), []
        query = replace(search.query, ids=tuple(kept.entries), id_pattern=None)
        wide = wide_of(replace(search, query=query), arguments, context, town)
        wide = replace(wide, page=Page(page.limit, page.offset, True), key=f"{kept.id} {wide.key}")
        found, warnings = await reading.find(self._face.broker.federation, town, wide, triggered(request, context), by)
        return found, list(warnings)

    async def _places(
        self, request: Request, town: Town, search: Search, arguments: Arguments, context: Context
    ) -> tuple[Places, list[str]]:
        """Where what a query finds is: here, and at the sources that may have it (5.14.4.4)."""
        by, federation = self._face.by(request), self._face.broker.federation
        wide, trigger = wide_of(search, arguments, context, town), triggered(request, context)
        local = arguments.get("local") == "true" or not town.sources.kept
        if local or not reading.concerns_sources(federation, town, wide, trigger):
            return await places_here(town, search.query, by), []
        places, warnings = await reading.places(federation, town, wide, trigger, by)
        return places, list(warnings)


def read_lifetime(arguments: Arguments) -> timedelta | None:
    """How long a map is wanted, an ISO 8601 duration (6.4.3.2); None without a wish."""
    if "entityMapLifetime" not in arguments:
        return None
    seconds = duration_seconds(arguments["entityMapLifetime"])
    if seconds is None:
        raise BadRequestData("entityMapLifetime must be a duration such as PT5M", parameter="entityMapLifetime")
    return timedelta(seconds=min(seconds, 1e9))


def without_asking(request: Request) -> Request:
    """The same request without the wish for a map: the pages after it follow the one that is there."""
    parts = [part for part in request.query.split("&") if part.partition("=")[0] not in ASKING]
    plain = Request(request.method, request.path, "&".join(parts), request.headers, request.body)
    return replace(plain, params=dict(request.params), client=request.client)


def location(kept: EntityMap) -> bytes:
    """Where a map is."""
    return f"{ROOT}/entityMaps/{quote(kept.id, safe=':')}".encode("ascii")


def _told(kept: EntityMap, media: bytes, context: Context, status: int) -> Response:
    document: dict[str, object] = {
        "id": kept.id,
        "type": "EntityMap",
        "expiresAt": format_instant(kept.expires_at),
        "entityMap": {entity_id: list(places) for entity_id, places in kept.entries.items()},
        "linkedMaps": dict(kept.linked),
    }
    if media == LD_JSON:
        document["@context"] = context_member(context)
    response = given(media, orjson.dumps(document), context, status)
    response.headers.append((_HEADER_OUT, location(kept)))
    return response
