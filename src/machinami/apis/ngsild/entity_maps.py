"""Which entities shall a sequence of requests be about? /entityMaps (ETSI GS CIM 009, 5.14, 6.32, 6.34, 6.35)."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, unquote

import orjson

from machinami.apis.ngsild.entities import identified
from machinami.apis.ngsild.face import ROOT, Face, check_parameters, context_member, given
from machinami.apis.ngsild.negotiation import LD_JSON, choose
from machinami.apis.ngsild.parameters import QUERY, Arguments, Paging, Search, is_local, read_search
from machinami.apis.ngsild.query_document import query_arguments, read_selectors
from machinami.apis.ngsild.shared_reading import wide_of
from machinami.apis.ngsild.shared_temporal import SharedTemporal
from machinami.apis.ngsild.sharing import triggered, warn
from machinami.apis.ngsild.temporal import PastAsked, Temporal
from machinami.apis.ngsild.temporal_parameters import QUERY as PAST_QUERY
from machinami.apis.ngsild.temporal_parameters import Evolution, read_evolution
from machinami.broker.entity_maps import EntityMaps, past_places, places_here
from machinami.broker.federation import reading
from machinami.broker.federation.gathering import Gathered
from machinami.broker.history import Span
from machinami.broker.town import Town
from machinami.foundation.duration import duration_seconds
from machinami.foundation.errors import BadRequestData, NotFound
from machinami.foundation.instant import format_instant, parse_instant
from machinami.kit.http import Request, Response
from machinami.model.context import Context
from machinami.model.entity_map import EntityMap
from machinami.model.query import Selector

_HEADER = b"NGSILD-EntityMap"
MAP_FIELD = _HEADER.lower()
ASKING = frozenset({"entityMap", "entityMapLifetime"})
CREATE = QUERY | {"entityMapLifetime"}
CREATE_PAST = PAST_QUERY | {"entityMapLifetime"}
_OUTPUT_ONLY = frozenset({"id", "type", "entityMap", "linkedMaps"})


class MappedEntities:
    """The handlers of /entityMaps."""

    def __init__(self, face: Face, paging: Paging, temporal: Temporal) -> None:
        self._face = face
        self._paging = paging
        self._past = SharedTemporal(face, temporal, paging.instances)
        self._maps: EntityMaps = face.broker.entity_maps

    def create(self, request: Request) -> Awaitable[Response]:
        """A map of the entities that a query finds (6.34.3.1)."""
        arguments = check_parameters(request, CREATE)
        return self._create(request, arguments, self._face.linked_context(request))

    def post_create(self, request: Request) -> Awaitable[Response]:
        """A map of the entities that a Query document finds (6.34.3.2)."""
        arguments = check_parameters(request, CREATE)
        document, context = self._face.document(request)
        selectors = read_selectors(document, context)
        return self._create(request, {**arguments, **query_arguments(document)}, context, selectors)

    async def _create(
        self, request: Request, arguments: Arguments, context: Context, selectors: tuple[Selector, ...] = ()
    ) -> Response:
        media = choose(request.fields.get(b"accept"))
        lifetime = read_lifetime(arguments)
        search = read_search(arguments, context, self._paging)
        search = replace(search, query=replace(search.query, selectors=selectors))
        found = await read_places(self._face, request, search, arguments, context)
        made = keep_places(self._face, request, search, found, lifetime)
        return warn(_told(made, media, context, 201), found.warnings)

    def create_past(self, request: Request) -> Awaitable[Response]:
        """A map of the entities whose past a query finds (6.35.3.1)."""
        arguments = check_parameters(request, CREATE_PAST)
        return self._create_past(request, arguments, self._face.linked_context(request))

    def post_create_past(self, request: Request) -> Awaitable[Response]:
        """A map of the entities whose past a Query document finds (6.35.3.2)."""
        arguments = check_parameters(request, CREATE_PAST)
        document, context = self._face.document(request)
        selectors = read_selectors(document, context)
        arguments = {**arguments, **query_arguments(document, evolution=True)}
        return self._create_past(request, arguments, context, selectors)

    async def _create_past(
        self, request: Request, arguments: Arguments, context: Context, selectors: tuple[Selector, ...] = ()
    ) -> Response:
        media, lifetime = choose(request.fields.get(b"accept")), read_lifetime(arguments)
        asked = {name: text for name, text in arguments.items() if name != "entityMapLifetime"}
        wanted: Evolution = read_evolution(asked, context, self._paging, True)
        wanted = replace(wanted, query=replace(wanted.query, selectors=selectors))
        ask = PastAsked(request, self._face.town(request), wanted, media, self._face.by(request))
        made, warnings = await make_past_map(self._maps, self._past, ask, lifetime)
        return warn(_told(made, media, context, 201), warnings)

    def retrieve(self, request: Request) -> Awaitable[Response]:
        """One map (6.32.3.1)."""
        check_parameters(request, frozenset())
        media, context = choose(request.fields.get(b"accept")), self._face.linked_context(request)
        return self._retrieve(request, self._face.town(request), media, context)

    async def _retrieve(self, request: Request, town: Town, media: bytes, context: Context) -> Response:
        return _told(await self._maps.shown(town, identified(request), self._face.by(request)), media, context, 200)

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


async def read_places(face: Face, request: Request, search: Search, arguments: Arguments, context: Context) -> Gathered:
    """Where what a query finds is: here, and at the sources that may have it (5.14.4.4)."""
    town, by, federation = face.town(request), face.by(request), face.broker.federation
    wide, trigger = wide_of(search, arguments, context, town, federation.split), triggered(request, context)
    if is_local(arguments) or not town.sources.kept or not reading.concerns_sources(federation, town, wide, trigger):
        here = await places_here(town, search.query, by)
        return Gathered(places={name: list(where) for name, where in here.items()})
    return await reading.places(federation, town, wide, trigger, by, read_lifetime(arguments))


async def make_past_map(
    maps: EntityMaps, shared: SharedTemporal, ask: PastAsked, lifetime: timedelta | None
) -> tuple[EntityMap, Sequence[str]]:
    """A new map of the entities whose past a query finds: here, and at the sources that may know it (5.14.5.4); and
    warnings."""
    town, wanted = ask.town, ask.wanted
    if wanted.local or not town.sources.kept or not shared.concerns_sources(ask):
        span = Span(wanted.attributes, wanted.temporal, 1, False)
        return maps.keep(town, wanted.query, await past_places(town, wanted.query, span, ask.by), lifetime, ask.by), ()
    found = await shared.places(ask, lifetime)
    places = {name: tuple(where) for name, where in found.places.items()}
    return maps.keep(town, wanted.query, places, lifetime, ask.by, found.linked), found.warnings


def keep_places(face: Face, request: Request, search: Search, found: Gathered, lifetime: timedelta | None) -> EntityMap:
    """A map of what was found."""
    places = {name: tuple(where) for name, where in found.places.items()}
    town, by = face.town(request), face.by(request)
    return face.broker.entity_maps.keep(town, search.query, places, lifetime, by, found.linked)


def read_lifetime(arguments: Arguments) -> timedelta | None:
    """How long a map is wanted, an ISO 8601 duration (6.4.3.2); None without a wish."""
    if "entityMapLifetime" not in arguments:
        return None
    seconds = duration_seconds(arguments["entityMapLifetime"])
    if seconds is None:
        raise BadRequestData("entityMapLifetime must be a duration such as PT5M", parameter="entityMapLifetime")
    return timedelta(seconds=min(seconds, 1e9))


def name_map(response: Response, kept: EntityMap) -> Response:
    """The answer that says where the map is which it is by (6.4.3.2)."""
    response.headers.append((_HEADER, f"{ROOT}/entityMaps/{quote(kept.id, safe=':')}".encode("ascii")))
    return response


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
    return name_map(given(media, orjson.dumps(document), context, status), kept)


def kept_map(face: Face, request: Request) -> EntityMap | None:
    """The map that the request names, None where there is none or it has expired: then a new one is made (5.5.14)."""
    named = request.fields.get(MAP_FIELD)
    if named is None:
        return None
    map_id = unquote(named.decode("latin-1").rstrip("/").rpartition("/")[2])
    try:
        return face.broker.entity_maps.get(face.town(request), map_id, face.by(request))
    except NotFound:
        return None


def without_asking(request: Request) -> Request:
    """The same request without the wish for a map: the pages after it follow the one that is there."""
    parts = [part for part in request.query.split("&") if part.partition("=")[0] not in ASKING]
    plain = Request(request.method, request.path, "&".join(parts), request.headers, request.body)
    return replace(plain, params=dict(request.params), client=request.client)
