"""What do this broker and the sources that it knows say of entities? (ETSI GS CIM 009, 5.7.1, 5.7.2, 6.3.17)"""

from collections.abc import Awaitable, Sequence
from dataclasses import replace

from machinami.apis.ngsild.entities import identified
from machinami.apis.ngsild.face import Face, check_parameters, waited
from machinami.apis.ngsild.negotiation import GEO_JSON, SPATIAL, choose
from machinami.apis.ngsild.parameters import (
    QUERY,
    RETRIEVE,
    Arguments,
    Paging,
    Search,
    View,
    read_flag,
    read_search,
    read_types,
    read_view,
)
from machinami.apis.ngsild.query_document import query_arguments, read_selectors
from machinami.apis.ngsild.rendering import Rendered
from machinami.apis.ngsild.sharing import limited, triggered, warn
from machinami.apis.ngsild.shown import show_entity, show_page
from machinami.broker import operations
from machinami.broker.federation import reading
from machinami.broker.federation.gathering import Wide
from machinami.broker.federation.reading import Retrieved
from machinami.broker.federation.trigger import Trigger
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.answering import explain
from machinami.kit.http import Handler, Request, Response
from machinami.model import parse
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.entity_map import EntityMap
from machinami.model.found import Found
from machinami.model.linking import Find
from machinami.model.matching import has_types
from machinami.model.principal import Principal
from machinami.model.query import Page, Selector, TypeSelection


class SharedReading:
    """Retrieving and querying entities beyond this broker."""

    def __init__(self, face: Face, rendered: Rendered, paging: Paging) -> None:
        self._face = face
        self._rendered = rendered
        self._paging = paging

    def retrieve(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """One entity (6.5.3.1)."""
        media = choose(request.fields.get(b"accept"), SPATIAL)
        context = self._face.linked_context(request)
        arguments = check_parameters(request, RETRIEVE)
        view, types = read_view(arguments, context, media == GEO_JSON), read_types(arguments, context)
        return self._retrieve(request, town, identified(request), view, types, media)

    async def _retrieve(
        self, request: Request, town: Town, entity_id: str, view: View, types: TypeSelection | None, media: bytes
    ) -> Response:
        return (await self.one(request, town, entity_id, view, types, media))[0]

    async def one(
        self,
        request: Request,
        town: Town,
        entity_id: str,
        view: View,
        types: TypeSelection | None,
        media: bytes,
        kept: EntityMap | None = None,
    ) -> tuple[Response, Retrieved]:
        """The answer that shows one entity, and what is known of it. kept: the map that says where it is (5.7.1.4)."""
        trigger = triggered(request, view.context)
        attrs = view.representation.attrs or ()
        federation, by = self._face.broker.federation, self._face.by(request)
        known = await reading.retrieve(federation, town, entity_id, types, attrs, trigger, by, kept)
        return warn(await self._told(request, town, entity_id, known, view, types, media), known.warnings), known

    async def _told(
        self,
        request: Request,
        town: Town,
        entity_id: str,
        known: Retrieved,
        view: View,
        types: TypeSelection | None,
        media: bytes,
    ) -> Response:
        entity, attrs = known.entity, view.representation.attrs
        if entity is None or (types is not None and not has_types(types, entity.types)):
            return explain(operations.no_entity(entity_id))
        if attrs and entity.attributes.keys().isdisjoint(attrs):
            return explain(NotFound(f"The entity {entity_id} has none of these attributes", entityId=entity_id))
        find = await self._linked(town, [entity], view, triggered(request, view.context), self._face.by(request))
        try:
            return show_entity(entity, view, media, request, self._rendered, find)
        except NotFound as nothing:
            return explain(nothing)

    def query(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """The entities that match (6.4.3.2)."""
        media = choose(request.fields.get(b"accept"), SPATIAL)
        context = self._face.linked_context(request)
        arguments = check_parameters(request, QUERY)
        return self._query(request, town, local, arguments, context, media)

    def post_query(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """The entities that match a Query document (6.23.3.1)."""
        media = choose(request.fields.get(b"accept"), SPATIAL)
        document, context = self._face.document(request)
        arguments = {**request.arguments, **query_arguments(document)}
        selectors = read_selectors(document, context)
        return self._query(request, town, local, arguments, context, media, selectors)

    async def _query(
        self,
        request: Request,
        town: Town,
        local: Handler,
        arguments: Arguments,
        context: Context,
        media: bytes,
        selectors: tuple[Selector, ...] = (),
    ) -> Response:
        search = read_search(arguments, context, self._paging, media == GEO_JSON)
        search = replace(search, query=replace(search.query, selectors=selectors))
        trigger = triggered(request, context)
        wide = wide_of(search, arguments, context, town, self._face.broker.federation.split)
        federation = self._face.broker.federation
        if not reading.concerns_sources(federation, town, wide, trigger) and not trigger.via:
            if search.view.join is None:
                return await waited(local, limited(request))
            return await self._page(request, town, search, None, trigger, media)
        if search.query.order:
            raise BadRequestData("orderBy needs local=true: sources cannot be put into one order (5.7.2.4)")
        return await self._page(request, town, search, wide, trigger, media)

    async def _page(
        self, request: Request, town: Town, search: Search, wide: Wide | None, trigger: Trigger, media: bytes
    ) -> Response:
        """One page; wide None: of what is here, where only linked entities may be elsewhere."""
        page = search.page
        counted = Page(page.limit, page.offset, True)
        federation, by = self._face.broker.federation, self._face.by(request)
        warnings: Sequence[str] = ()
        if wide is None:
            found = await operations.query(town, search.query, counted, by)
        else:
            found, warnings = await reading.find(federation, town, replace(wide, page=counted), trigger, by)
        more = page.offset + page.limit < (found.count or 0)
        shown = Found(found.entities, found.count if page.count else None)
        find = await self._linked(town, found.entities, search.view, trigger, by)
        return warn(show_page(shown, page, search.view, media, request, self._rendered, more, find), warnings)

    async def _linked(
        self, town: Town, entities: Sequence[Entity], view: View, trigger: Trigger, by: Principal
    ) -> Find | None:
        if view.join is None:
            return None
        known = await reading.linked(self._face.broker.federation, town, entities, view.join, trigger, by)
        return known.get


def wide_of(search: Search, arguments: Arguments, context: Context, town: Town, split: bool) -> Wide:
    """The query as it goes beyond this broker. split: what holds where splitEntities is not said (6.4.3.2)."""
    paging = ("limit", "offset", "count")
    telling = sorted((name, text) for name, text in arguments.items() if name not in paging)
    return Wide(
        search.query,
        search.page,
        parse.parse_q(arguments["csf"], context) if "csf" in arguments else None,
        read_flag(arguments, "splitEntities") if "splitEntities" in arguments else split,
        search.view.representation.attrs or (),
        search.view.representation.datasets or (),
        repr((town.name, context.link, telling)),
    )
