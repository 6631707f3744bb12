"""What do this broker and the sources that it knows say of the past? (ETSI GS CIM 009, 5.7.3, 5.7.4)"""

from collections.abc import Awaitable, Sequence
from dataclasses import replace

from machinami.apis.ngsild.entities import identified
from machinami.apis.ngsild.face import Face, waited
from machinami.apis.ngsild.sharing import triggered, warn
from machinami.apis.ngsild.temporal import PastAsked, Temporal
from machinami.apis.ngsild.temporal_parameters import Evolution
from machinami.broker import operations
from machinami.broker.federation import evolutions
from machinami.broker.federation.gathering import Wide
from machinami.broker.history import Past, PastPage, Span
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, NotFound
from machinami.kit.answering import explain
from machinami.kit.http import Handler, Request, Response
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
        trigger = triggered(ask.request, ask.wanted.context)
        federation, span = self._face.broker.federation, self._span(ask.wanted)
        past, warnings = await evolutions.retrieve_past(federation, ask.town, entity_id, span, trigger, ask.by)
        if past is None:
            return warn(explain(operations.no_entity(entity_id)), warnings)
        try:
            return warn(await self._temporal.one(ask, past, _aggregate), warnings)
        except NotFound as nothing:
            return warn(explain(nothing), warnings)

    def query(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """The evolutions of the entities that match (6.18.3.2)."""
        return self._query(self._temporal.asked_many(request), local)

    def post_query(self, request: Request, town: Town, local: Handler) -> Awaitable[Response]:
        """The evolutions of the entities that match a Query document (6.24.3.1)."""
        return self._query(self._temporal.asked_many(request), local)

    async def _query(self, ask: PastAsked, local: Handler) -> Response:
        wanted = ask.wanted
        federation, trigger = self._face.broker.federation, triggered(ask.request, wanted.context)
        wide = _wide(ask, federation.split)
        if not evolutions.concerns_sources(federation, ask.town, wide, wanted.temporal, trigger):
            return await waited(local, ask.request)
        if wanted.query.order:
            raise BadRequestData("orderBy needs local=true: sources cannot be put into one order (5.7.4.4)")
        found, warnings = await evolutions.find_past(federation, ask.town, wide, self._span(wanted), trigger, ask.by)
        page = wanted.page
        more = page.offset + page.limit < (found.count or 0)
        shown = PastPage(found.entities, found.count if page.count else None)
        return warn(await self._temporal.many(ask, shown, more, _aggregate), warnings)

    def _span(self, wanted: Evolution) -> Span:
        """What is to be read: all that is aggregated, else one instance too many, by which it is seen that there are
        more."""
        if wanted.methods:
            return Span(wanted.attributes, replace(wanted.temporal, last_n=None))
        return Span(wanted.attributes, wanted.temporal, self._instances + 1)


def _wide(ask: PastAsked, split: bool) -> Wide:
    """The query as it goes beyond this broker. split: what holds where splitEntities is not said."""
    wanted, paging = ask.wanted, ("limit", "offset", "count")
    telling = sorted((name, text) for name, text in ask.request.arguments.items() if name not in paging)
    return Wide(
        wanted.query,
        wanted.page,
        wanted.csf,
        split if wanted.split is None else wanted.split,
        wanted.attributes or (),
        wanted.temporal.datasets or (),
        repr(("the past", ask.town.name, wanted.context.link, telling, ask.request.body)),
    )


async def _aggregate(ask: PastAsked, past: Past, name: str) -> Sequence[Period]:
    """The periods of one attribute, of what all places know."""
    wanted = ask.wanted
    return evolutions.aggregates(past, name, wanted.temporal, wanted.methods, wanted.period)
