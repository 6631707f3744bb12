"""What do this broker and the sources that it knows say of the past? (ETSI GS CIM 009, 5.7.3, 5.7.4)"""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import timedelta

from machinami.apis.ngsild.entities import identified
from machinami.apis.ngsild.face import Face, waited
from machinami.apis.ngsild.sharing import triggered, warn
from machinami.apis.ngsild.temporal import PastAsked, Temporal
from machinami.apis.ngsild.temporal_parameters import Evolution
from machinami.broker import operations
from machinami.broker.federation import evolutions
from machinami.broker.federation.evolutions import KnownPast
from machinami.broker.federation.gathering import Wide
from machinami.broker.federation.gathering_past import GatheredPast
from machinami.broker.history import Past, PastPage, Span
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.answering import explain
from machinami.kit.http import Handler, Request, Response
from machinami.model.entity_map import EntityMap
from machinami.model.temporal_form import Period


class SharedTemporal:
    """Retrieving and querying the past beyond this broker."""

    def __init__(self, face: Face, temporal: Temporal, instances: int) -> None:
        self._face = face
        self._temporal = temporal
        self._instances = instances

    def retrieve(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """The evolution of one entity (6.19.3.1)."""
        return self._retrieve(self._temporal.asked_one(request), identified(request))

    async def _retrieve(self, ask: PastAsked, entity_id: str) -> Response:
        return (await self.one(ask, entity_id))[0]

    async def one(self, ask: PastAsked, entity_id: str, kept: EntityMap | None = None) -> tuple[Response, KnownPast]:
        """The answer that shows the evolution of one entity, and what is known of it. kept: the map that says where it
        is (5.7.3.4)."""
        trigger = triggered(ask.request, ask.wanted.context)
        federation, span = self._face.broker.federation, self._span(ask.wanted)
        known = await evolutions.retrieve_past(federation, ask.town, entity_id, span, trigger, ask.by, kept)
        return warn(await self._told(ask, entity_id, known), known.warnings), known

    async def _told(self, ask: PastAsked, entity_id: str, known: KnownPast) -> Response:
        if known.past is None:
            return explain(operations.no_entity(entity_id))
        try:
            return await self._temporal.one(ask, known.past, _aggregate)
        except NotFound as nothing:
            return explain(nothing)

    def query(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """The evolutions of the entities that match (6.18.3.2)."""
        return self._query(self._temporal.asked_many(request), local)

    def post_query(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """The evolutions of the entities that match a Query document (6.24.3.1)."""
        return self._query(self._temporal.asked_many(request), local)

    async def _query(self, ask: PastAsked, local: Handler) -> Response:
        if not self.concerns_sources(ask):
            return await waited(local, ask.request)
        federation, span = self._face.broker.federation, self._span(ask.wanted)
        trigger, wide = triggered(ask.request, ask.wanted.context), self._wide(ask)
        return await self._page(ask, *await evolutions.find_past(federation, ask.town, wide, span, trigger, ask.by))

    def concerns_sources(self, ask: PastAsked) -> bool:
        """Whether any source matches the query. Raises BadRequestData where it is asked for in an order (5.7.4.4)."""
        federation, trigger = self._face.broker.federation, triggered(ask.request, ask.wanted.context)
        wide = self._wide(ask)
        if not evolutions.concerns_sources(federation, ask.town, wide, ask.wanted.temporal, trigger):
            return False
        if ask.wanted.query.order:
            raise BadRequestData("orderBy needs local=true: sources cannot be put into one order (5.7.4.4)")
        return True

    def places(self, ask: PastAsked, lifetime: timedelta | None) -> Awaitable[GatheredPast]:
        """Where the entities are whose past matches (5.14.5.4)."""
        federation, span = self._face.broker.federation, self._span(ask.wanted)
        trigger, wide = triggered(ask.request, ask.wanted.context), self._wide(ask)
        return evolutions.places(federation, ask.town, wide, span, trigger, ask.by, lifetime)

    def _wide(self, ask: PastAsked) -> Wide:
        paging = ("limit", "offset", "count")
        telling = sorted((name, text) for name, text in ask.request.arguments.items() if name not in paging)
        key = repr(("the past", ask.town.name, ask.wanted.context.link, telling, ask.request.body))
        return wide_past(ask.wanted, self._face.broker.federation.split, key)

    async def follow(self, ask: PastAsked, kept: EntityMap) -> Response:
        """A page of the evolutions of the entities of a map (5.5.9.3)."""
        federation, span = self._face.broker.federation, self._span(ask.wanted)
        trigger, wide = triggered(ask.request, ask.wanted.context), self._wide(ask)
        found = await evolutions.follow_past(federation, ask.town, wide, kept, span, trigger, ask.by)
        return await self._page(ask, *found)

    async def _page(self, ask: PastAsked, found: PastPage, warnings: Sequence[str]) -> Response:
        page = ask.wanted.page
        more = page.offset + page.limit < (found.count or 0)
        shown = PastPage(found.entities, found.count if page.count else None)
        return warn(await self._temporal.many(ask, shown, more, _aggregate), warnings)

    def _span(self, wanted: Evolution) -> Span:
        """What is to be read: all that is aggregated, else one instance too many, by which it is seen that there are
        more."""
        if wanted.methods:
            return Span(wanted.attributes, replace(wanted.temporal, last_n=None))
        return Span(wanted.attributes, wanted.temporal, self._instances + 1)


def wide_past(wanted: Evolution, split: bool, key: str = "") -> Wide:
    """The query as it goes beyond this broker. split: what holds where splitEntities is not said (6.18.3.2); key: under
    which its pages are found again."""
    return Wide(
        wanted.query,
        wanted.page,
        wanted.csf,
        split if wanted.split is None else wanted.split,
        wanted.attributes or (),
        wanted.temporal.datasets or (),
        key,
    )


async def _aggregate(ask: PastAsked, past: Past, name: str) -> Sequence[Period]:
    """The periods of one attribute, of what all places know."""
    wanted = ask.wanted
    return evolutions.aggregates(past, name, wanted.temporal, wanted.methods, wanted.period)
