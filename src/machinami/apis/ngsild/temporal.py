"""How did entities change over time? /temporal (ETSI GS CIM 009, 6.18, 6.19 and 6.24)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from machinami.apis.ngsild.entities import identified
from machinami.apis.ngsild.face import Face, check_parameters, context_member, given
from machinami.apis.ngsild.negotiation import LD_JSON, PLAIN, choose
from machinami.apis.ngsild.parameters import Paging
from machinami.apis.ngsild.query_document import query_arguments, read_selectors
from machinami.apis.ngsild.ranges import Cut, content_range, cut
from machinami.apis.ngsild.shown import COUNT, page_links
from machinami.apis.ngsild.temporal_parameters import QUERY, RETRIEVE, Evolution, read_evolution
from machinami.broker import history
from machinami.broker.history import Past, PastPage
from machinami.broker.town import Town
from machinami.foundation.errors import InvalidRequest, NotFound
from machinami.foundation.remembered import remembered
from machinami.kit.http import Request, Response, read_arguments
from machinami.model.attribute import Kind
from machinami.model.context import Context
from machinami.model.found import Series
from machinami.model.names import SCOPE
from machinami.model.principal import Principal
from machinami.model.query import Page
from machinami.model.temporal_form import Period, aggregated_entity, shows, temporal_entity

POST_QUERY = frozenset({"options", "format", "limit", "offset", "count", "local"})
_CACHED = 1024


@remembered(_CACHED)
def _evolution(query: str, context: Context, paging: Paging, searching: bool) -> Evolution:
    return read_evolution(read_arguments(query), context, paging, searching)


@dataclass(frozen=True, slots=True)
class PastAsked:
    """One request for the past: where, by whom, in which words. among: only these entities, in this order."""

    request: Request
    town: Town
    wanted: Evolution
    media: bytes
    by: Principal
    among: Sequence[str] | None = None


Aggregate = Callable[[PastAsked, Past, str], Awaitable[Sequence[Period]]]  # the periods of one attribute


class Temporal:
    """The handlers of /temporal."""

    def __init__(self, face: Face, paging: Paging) -> None:
        self._face = face
        self._paging = paging

    def retrieve(self, request: Request) -> Awaitable[Response]:
        """The evolution of one entity (6.19.3.1)."""
        return self._retrieve(self.asked_one(request), identified(request))

    def query(self, request: Request) -> Awaitable[Response]:
        """The evolutions of the entities that match (6.18.3.2)."""
        return self._query(self.asked_many(request))

    def post_query(self, request: Request) -> Awaitable[Response]:
        """The evolutions of the entities that match a Query document (6.24.3.1)."""
        return self._query(self.asked_many(request))

    def query_among(self, ask: PastAsked, ids: Sequence[str]) -> Awaitable[Response]:
        """The same for these entities alone, as far as they match (5.5.9.3)."""
        return self._query(replace(ask, among=ids))

    def asked_one(self, request: Request) -> PastAsked:
        """What a request for the past of one entity asks."""
        check_parameters(request, RETRIEVE)
        context = self._face.linked_context(request)
        return self._ask(request, _evolution(request.query, context, self._paging, False))

    def asked_many(self, request: Request) -> PastAsked:
        """What a request for the past of many entities asks."""
        return self._ask(request, self.wanted(request))

    def wanted(self, request: Request) -> Evolution:
        """What a query of the past asks for, by its parameters or by a Query document."""
        if request.method == "GET":
            check_parameters(request, QUERY)
            return _evolution(request.query, self._face.linked_context(request), self._paging, True)
        arguments = check_parameters(request, POST_QUERY)
        document, context = self._face.document(request)
        asked = {**arguments, **query_arguments(document, evolution=True)}
        if "aggrMethods" in asked and "format" not in asked and "options" not in asked:
            asked["format"] = "aggregatedValues"  # a document that says how to aggregate wants just that (5.2.44)
        wanted = read_evolution(asked, context, self._paging, True)
        return replace(wanted, query=replace(wanted.query, selectors=read_selectors(document, context)))

    def _ask(self, request: Request, wanted: Evolution) -> PastAsked:
        media = choose(request.fields.get(b"accept"), PLAIN)
        return PastAsked(request, self._face.town(request), wanted, media, self._face.by(request))

    def span(self, wanted: Evolution) -> history.Span:
        """What is to be read: one instance too many, by which it is seen that there are more."""
        limit = 1 if wanted.methods else self._paging.instances + 1
        in_pairs = wanted.form == "temporalValues" and not wanted.methods
        return history.Span(wanted.attributes, wanted.temporal, limit, in_pairs)

    async def _retrieve(self, ask: PastAsked, entity_id: str) -> Response:
        past = await history.retrieve_past(ask.town, entity_id, self.span(ask.wanted), ask.by)
        return await self.one(ask, past, self._aggregate)

    async def one(self, ask: PastAsked, past: Past, aggregate: Aggregate) -> Response:
        """The evolution of one entity as an answer. Raises NotFound where nothing is left to be shown."""
        wanted, entity_id = ask.wanted, past.entity.id
        documents, kept = await self._write(ask, [past], aggregate)
        document = documents[0]
        if not document or (not _shown(past, wanted) and wanted.is_restricted):
            raise NotFound(f"The past of {entity_id} has nothing of what is asked for", entityId=entity_id)
        if ask.media == LD_JSON:
            document["@context"] = context_member(wanted.context)
        response = given(ask.media, orjson.dumps(document), wanted.context)
        return _partial(response, kept, wanted)

    async def _query(self, ask: PastAsked) -> Response:
        wanted, page = ask.wanted, ask.wanted.page
        one_more = replace(page, limit=page.limit + 1)
        found = await _found(ask, one_more, self.span(wanted))
        shown = replace(found, entities=found.entities[: page.limit])
        return await self.many(ask, shown, len(found.entities) > page.limit, self._aggregate)

    async def many(self, ask: PastAsked, found: PastPage, more: bool, aggregate: Aggregate) -> Response:
        """One page of evolutions as an answer; more: whether another page follows."""
        wanted = ask.wanted
        documents, kept = await self._write(ask, found.entities, aggregate)
        if ask.media == LD_JSON:
            for document in documents:
                document["@context"] = context_member(wanted.context)
        response = given(ask.media, orjson.dumps(documents), wanted.context)
        if found.count is not None:
            response.headers.append((COUNT, b"%d" % found.count))
        response.headers.extend(page_links(ask.request, wanted.page, more, ask.media))
        return _partial(response, kept, wanted)

    async def _write(
        self, ask: PastAsked, pasts: Sequence[Past], aggregate: Aggregate
    ) -> tuple[list[dict[str, Any]], Cut | None]:
        """The evolutions as documents, and where they were cut."""
        wanted = ask.wanted
        if wanted.methods:
            return [await self._aggregated(ask, past, aggregate) for past in pasts], None
        shown = [replace(past, series=_shown(past, wanted)) for past in pasts]
        kept, where = cut(shown, wanted.temporal, self._paging.instances)
        form = wanted.form
        return [
            temporal_entity(
                past.entity,
                past.series,
                wanted.context,
                form,
                wanted.representation,
                wanted.temporal.property,
            )
            for past in kept
        ], where

    async def _aggregated(self, ask: PastAsked, past: Past, aggregate: Aggregate) -> dict[str, Any]:
        wanted = ask.wanted
        instances = (one for one in past.instances if one.attribute != SCOPE)
        kinds = {one.attribute: one.value.kind for one in instances if wanted.representation.shows(one.attribute)}
        aggregates: Mapping[str, tuple[Kind, Sequence[Period]]] = {
            name: (kind, await aggregate(ask, past, name)) for name, kind in kinds.items()
        }
        for name in set(wanted.attributes or ()) & aggregates.keys():
            if not any(period.values for period in aggregates[name][1]):
                raise InvalidRequest(f"None of {', '.join(wanted.methods)} makes sense of {name}", attribute=name)
        return aggregated_entity(past.entity, aggregates, wanted.methods, wanted.context, wanted.representation)

    async def _aggregate(self, ask: PastAsked, past: Past, name: str) -> Sequence[Period]:
        """The periods of one attribute, as the store knows them."""
        wanted = ask.wanted
        return await history.aggregates(
            ask.town, past.entity.id, name, wanted.temporal, wanted.methods, wanted.period, ask.by
        )


async def _found(ask: PastAsked, page: Page, span: history.Span) -> PastPage:
    """The page of evolutions; where only some entities are meant, among those from the offset on."""
    query = ask.wanted.query
    if ask.among is None:
        return await history.query_past(ask.town, query, page, span, ask.by)
    rest = tuple(ask.among[page.offset :])
    if not rest:
        return PastPage([], len(ask.among) if page.count else None)
    found = await history.query_past(ask.town, replace(query, ids=rest), replace(page, offset=0), span, ask.by)
    return replace(found, count=None if found.count is None else found.count + page.offset)


def _shown(past: Past, wanted: Evolution) -> list[Series]:
    """The series that are wanted, so that a part that is left out does not decide where the others are cut."""
    return [one for one in past.series if shows(wanted.representation, one.attribute)]


def _partial(response: Response, where: Cut | None, wanted: Evolution) -> Response:
    """206 with its Content-Range where not everything fitted (6.3.10)."""
    if where is not None:
        response.status = 206
        response.headers.append((b"content-range", content_range(where, wanted.temporal).encode("ascii")))
    return response
