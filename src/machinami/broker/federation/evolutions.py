"""What do this broker and the sources know together of the past? (ETSI GS CIM 009, 5.7.3.4, 5.7.4.4, 5.14.5.4)"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from machinami.broker import history
from machinami.broker.federation.asking import Reach
from machinami.broker.federation.federation import Asked, Federation, together
from machinami.broker.federation.gathering import Wide, reaches_of, specification_of
from machinami.broker.federation.gathering_past import (
    GatheredPast,
    gather_past,
    gather_past_again,
    glean_past,
    glean_past_map,
    take_past,
)
from machinami.broker.federation.past_asking import QUERYING_PAST, RETRIEVING, Told, past_retrieval
from machinami.broker.federation.reading import AT_LEAST, own_view
from machinami.broker.federation.trigger import Trigger
from machinami.broker.history import Past, PastPage, Span
from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.errors import NotFound
from machinami.model.context import Context
from machinami.model.entity_map import LOCAL, EntityMap
from machinami.model.found import Bucket
from machinami.model.matching import matches, unlinked
from machinami.model.names import SCOPE
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import Duration, Query, TemporalQuery
from machinami.model.registration_matching import Specification
from machinami.model.subscription import EntitySelector
from machinami.store.aggregation import aggregate_instances
from machinami.store.evolution import satisfied, scope_stretches


@dataclass(frozen=True, slots=True)
class KnownPast:
    """The evolution of one entity as known here and to the sources (None: nobody knows it), where its parts are,
    warnings, and the maps that the sources used."""

    past: Past | None
    places: tuple[str, ...]
    warnings: Sequence[str]
    linked: Mapping[str, str]


async def retrieve_past(
    federation: Federation,
    town: Town,
    entity_id: str,
    span: Span,
    trigger: Trigger,
    by: Principal,
    kept: EntityMap | None = None,
) -> KnownPast:
    """The evolution of one entity as known here and to the sources (5.7.3). kept: the map that says which of them have
    it (5.7.3.4)."""
    demand(town.policy, by, Deed.READ)
    shown = frozenset(span.attributes or ())
    wanted = Specification(
        (EntitySelector(None, entity_id),), shown, frozenset(span.temporal.datasets or ()), lenient=True
    )
    some, warnings = reaches_of(federation, town, wanted, RETRIEVING, trigger, shown, span.temporal)
    known: Mapping[str, str] = {}
    if kept is not None:
        known, places = kept.linked, kept.entries.get(entity_id, ())
        some = [(source, found) for source, found in some if source.registration.id in places]
    gathered = GatheredPast(warnings=warnings)
    try:
        own = await history.retrieve_past(town, entity_id, span, by)
        gathered.add(Told(own.entity, own.instances), LOCAL)
    except NotFound:
        pass  # others may know it

    def ask(found: Reach, temporal: TemporalQuery, context: Context) -> Asked:
        return past_retrieval(found, entity_id, temporal, context)

    works = [
        glean_past(federation, town, source, partial(ask, found), span, trigger, known.get(source.registration.id))
        for source, found in some
    ]
    for (_, found), gleaned in zip(some, await together(works), strict=True):
        told = [one for one in gleaned.told if one.head.id == entity_id]
        take_past(gathered, found, replace(gleaned, told=told))
    past = gathered.past(entity_id, span.temporal, town, by)
    at = tuple(gathered.places.get(entity_id, ())) if past is not None else ()
    return KnownPast(past, at, gathered.warnings, gathered.linked)


def concerns_sources(federation: Federation, town: Town, wide: Wide, temporal: TemporalQuery, trigger: Trigger) -> bool:
    """Whether any source matches the query."""
    return bool(reaches_of(federation, town, specification_of(wide), QUERYING_PAST, trigger, wide.shown, temporal)[0])


async def find_past(
    federation: Federation, town: Town, wide: Wide, span: Span, trigger: Trigger, by: Principal
) -> tuple[PastPage, Sequence[str]]:
    """One page of the evolutions of what matches (5.7.4), here and at the sources, with their number; and warnings.

    The ids are fixed by the first page (4.3.6.7): the pages after it neither leave one out nor show one twice.
    """
    page, wide = wide.page, own_view(town, wide, by)
    kept = federation.maps.noted(town, wide.key) if page.offset else None
    if kept is not None:
        return await _follow(federation, town, wide, kept, span, trigger, by)
    gathered = await gather_past(federation, town, wide, _first_look(wide, span), trigger, by)
    if wide.split:
        every = {past.entity.id: past for past in _matching(gathered, gathered.heads, wide, span, town, by)}
        entries = {name: tuple(gathered.places[name]) for name in every}
    else:
        entries = {name: tuple(gathered.places[name]) for name in _selected(gathered, wide, town)}
    known = EntityMap(wide.key, town.clock(), entries)
    if len(entries) > page.offset + page.limit:
        federation.maps.note(town, wide.key, wide.query, entries, by)
    if wide.split:
        shown = list(every.values())[page.offset : page.offset + page.limit]
        return PastPage(shown, len(entries)), gathered.warnings
    found, warnings = await _follow(federation, town, wide, known, span, trigger, by)
    return found, [*gathered.warnings, *warnings]


async def follow_past(
    federation: Federation, town: Town, wide: Wide, kept: EntityMap, span: Span, trigger: Trigger, by: Principal
) -> tuple[PastPage, Sequence[str]]:
    """One page of the evolutions of the entities of a map, with their number, and warnings: those that match no more
    leave the map, and the page is filled as long as there are others (5.5.9.3). Where a source fails, its entities
    stay and take their place on the page."""
    return await _follow(federation, town, own_view(town, wide, by), kept, span, trigger, by)


async def _follow(
    federation: Federation, town: Town, wide: Wide, kept: EntityMap, span: Span, trigger: Trigger, by: Principal
) -> tuple[PastPage, Sequence[str]]:
    page, ids = wide.page, list(kept.entries)
    shown: list[Past] = []
    gone: set[str] = set()
    warnings: list[str] = []
    taken, at = 0, page.offset
    while at < len(ids) and taken < page.limit:
        part = ids[at : at + (page.limit if at == page.offset else max(page.limit - taken, AT_LEAST))]
        gathered = await gather_past_again(federation, town, wide, part, kept, span, trigger, by)
        found = {past.entity.id: past for past in _matching(gathered, part, wide, span, town, by)}
        warnings += gathered.warnings
        federation.maps.link(town, kept.id, gathered.linked)
        for entity_id in part:
            if taken == page.limit:
                break
            at += 1
            if entity_id in found:
                shown.append(found[entity_id])
            elif not gathered.warnings:
                gone.add(entity_id)
                continue
            taken += 1
    federation.maps.remove(town, kept.id, gone)
    return PastPage(shown, len(ids) - len(gone)), warnings


async def places(
    federation: Federation,
    town: Town,
    wide: Wide,
    span: Span,
    trigger: Trigger,
    by: Principal,
    lifetime: timedelta | None = None,
) -> GatheredPast:
    """Where each entity is whose past is known here or to the sources (5.14.5.4): its `places`, in the order of their
    pages.

    A source that makes such maps itself is asked for one, any other for the evolutions; and each for these where it
    is to be judged here whether who asks may see them.
    """
    bound = own_view(town, wide, by)
    glean = partial(glean_past_map, lifetime) if bound is wide else None
    gathered = await gather_past(federation, town, bound, _first_look(bound, span), trigger, by, glean)
    if bound.split:
        known = {past.entity.id for past in _matching(gathered, gathered.heads, bound, span, town, by)}
    else:
        known = set(_selected(gathered, bound, town))
    mapped = {name for name, where in gathered.places.items() if not gathered.linked.keys().isdisjoint(where)}
    gathered.places = {name: where for name, where in gathered.places.items() if name in known or name in mapped}
    return gathered


def _first_look(wide: Wide, span: Span) -> Span:
    """What is read to learn which entities match: where filters come later, all of it; else as little as can be."""
    return span if wide.split else replace(span, temporal=replace(span.temporal, last_n=1), limit=1)


def _selected(gathered: GatheredPast, wide: Wide, town: Town) -> list[str]:
    """Those that satisfy a selector of the query, where it has several, which no source is asked by (5.2.23)."""
    heads, now = gathered.heads, town.clock()
    wanted = Query(selectors=wide.query.selectors)
    return [name for name, said in heads.items() if any(matches(wanted, head, now) for head in said)]


def _matching(
    gathered: GatheredPast, ids: Iterable[str], wide: Wide, span: Span, town: Town, by: Principal
) -> list[Past]:
    """The evolutions that satisfy what could not be asked before all parts were here (5.7.4.4)."""
    found = []
    query = wide.query if wide.split else Query(selectors=wide.query.selectors)
    for name in ids:
        past = gathered.past(name, replace(span.temporal, last_n=None), town, by)
        if past is None or not _satisfies(query, past, span.temporal, town):
            continue
        last, wanted = span.temporal.last_n, span.attributes
        series = [one for one in past.series if wanted is None or one.attribute in wanted]
        if last is not None:
            series = [replace(one, instances=one.instances[-last:]) for one in series]
        found.append(replace(past, series=series))
    return found


def _satisfies(query: Query, past: Past, temporal: TemporalQuery, town: Town) -> bool:
    names = {one.attribute for one in past.series}
    if query.attrs and names.isdisjoint(query.attrs):
        return False
    if not matches(Query(selectors=query.selectors), past.entity, town.clock()):
        return False
    if not satisfied(query, past.entity, past.instances, unlinked, town.clock()):
        return False
    if query.scope is None:
        return True
    turns = [one for one in past.instances if one.attribute == SCOPE]
    return any(one.meets(temporal) for one in scope_stretches(query.scope, past.entity, turns, temporal.property))


def aggregates(
    past: Past, attribute: str, temporal: TemporalQuery, methods: Sequence[str], period: Duration | None
) -> Sequence[Bucket]:
    """Aggregates of one attribute of an evolution (4.5.19) by period, None: of the whole range."""
    return aggregate_instances([one for one in past.instances if one.attribute == attribute], temporal, methods, period)
