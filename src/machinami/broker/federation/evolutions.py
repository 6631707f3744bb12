"""What do this broker and the sources know together of the past? (ETSI GS CIM 009, 5.7.3.4, 5.7.4.4)"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from machinami.broker import history
from machinami.broker.federation.asking import Reach, named, narrowed
from machinami.broker.federation.federation import Asked, Federation, Question, Reply, together
from machinami.broker.federation.gathering import Wide, reaches_of, specification_of
from machinami.broker.federation.merging_past import merge_past
from machinami.broker.federation.passing import given_past
from machinami.broker.federation.past_asking import (
    QUERYING_PAST,
    RETRIEVING,
    Told,
    past_query,
    past_retrieval,
    rest_of,
)
from machinami.broker.federation.reading import own_view
from machinami.broker.federation.trigger import Trigger
from machinami.broker.history import Past, PastPage, Span
from machinami.broker.policy import demand
from machinami.broker.sources import Source
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, MachinamiError, NotFound, TooManyResults
from machinami.model.assembly import assemble_entity
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.entity_map import LOCAL
from machinami.model.expansion import PAST_OF_PEER
from machinami.model.found import Bucket, Instance
from machinami.model.matching import unlinked
from machinami.model.names import SCOPE
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import Duration, Page, Query, TemporalQuery
from machinami.model.registration import Mode
from machinami.model.registration_matching import Specification
from machinami.model.subscription import EntitySelector
from machinami.model.temporal_document import expand_evolution
from machinami.model.values import read_moment
from machinami.store.aggregation import aggregate_instances
from machinami.store.evolution import satisfied, scope_stretches

_PAGE = 500
_MOST = 10_000  # entities of one query
_MOST_INSTANCES = 500_000  # of one answer
_PARTS = 100  # parts of one long answer

Ask = Callable[[TemporalQuery, Context], Asked]


@dataclass(slots=True)
class _Gathered:
    """What is known of the past of entities, by id, from here and from sources; supplements: of auxiliary ones."""

    heads: dict[str, list[Entity]] = field(default_factory=dict)
    parts: dict[str, list[Instance]] = field(default_factory=dict)
    supplements: dict[str, list[Instance]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, told: Told, place: str, auxiliary: bool = False) -> None:
        """Take what one place says of an entity. Raises TooManyResults."""
        name = told.head.id
        self.count += len(told.instances)
        if self.count > _MOST_INSTANCES:
            raise TooManyResults(
                f"More than {_MOST_INSTANCES} instances are found; ask for less time or fewer entities"
            )
        self.heads.setdefault(name, []).append(told.head)
        (self.supplements if auxiliary else self.parts).setdefault(name, []).extend(told.instances)
        self.places.setdefault(name, []).append(place)

    def past(self, entity_id: str, temporal: TemporalQuery, town: Town, by: Principal) -> Past | None:
        """The evolution of one entity as all of them know it, as far as who asks may read it."""
        head = assemble_entity(self.heads.get(entity_id, []), (), town.clock())
        if head is None:
            return None
        series = merge_past(self.parts.get(entity_id, []), self.supplements.get(entity_id, []), temporal)
        return given_past(town, Past(head, series), by)


async def retrieve_past(
    federation: Federation, town: Town, entity_id: str, span: Span, trigger: Trigger, by: Principal
) -> tuple[Past | None, Sequence[str]]:
    """The evolution of one entity as known here and to the sources (5.7.3), None if nobody knows it; and warnings."""
    demand(town.policy, by, Deed.READ)
    shown = frozenset(span.attributes or ())
    wanted = Specification(
        (EntitySelector(None, entity_id),), shown, frozenset(span.temporal.datasets or ()), lenient=True
    )
    some, warnings = reaches_of(federation, town, wanted, RETRIEVING, trigger, shown, span.temporal)
    gathered = _Gathered(warnings=warnings)
    try:
        own = await history.retrieve_past(town, entity_id, span, by)
        gathered.add(Told(own.entity, own.instances), LOCAL)
    except NotFound:
        pass  # others may know it

    def ask(found: Reach, temporal: TemporalQuery, context: Context) -> Asked:
        return past_retrieval(found, entity_id, temporal, context)

    works = [_read_all(federation, town, source, partial(ask, found), span, trigger) for source, found in some]
    for (_, found), (told, warning) in zip(some, await together(works), strict=True):
        _take(gathered, found, (one for one in told if one.head.id == entity_id), warning)
    return gathered.past(entity_id, span.temporal, town, by), gathered.warnings


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
    every: dict[str, Past] = {}
    warnings: Sequence[str] = ()
    if kept is not None:
        entries = kept.entries
    else:
        first = _first_look(wide, span)
        gathered = await _gather(federation, town, wide, first, trigger, by)
        warnings = gathered.warnings
        if wide.split:
            every = {past.entity.id: past for past in _matching(gathered, wide.query, span, town, by)}
        names = every if wide.split else gathered.places
        entries = {name: tuple(gathered.places[name]) for name in names}
        if len(entries) > page.offset + page.limit:
            federation.maps.note(town, wide.key, wide.query, entries, by)
    ids = tuple(entries)[page.offset : page.offset + page.limit]
    if ids and not every:
        named_only = replace(wide, query=replace(wide.query, ids=ids, id_pattern=None))
        gathered = await _gather(federation, town, named_only, span, trigger, by)
        warnings = gathered.warnings
        every = {
            past.entity.id: past for past in _matching(gathered, wide.query if wide.split else Query(), span, town, by)
        }
    return PastPage([every[name] for name in ids if name in every], len(entries)), warnings


def _first_look(wide: Wide, span: Span) -> Span:
    """What is read to learn which entities match: where filters come later, all of it; else as little as can be."""
    return span if wide.split else replace(span, temporal=replace(span.temporal, last_n=1), limit=1)


async def _gather(
    federation: Federation, town: Town, wide: Wide, span: Span, trigger: Trigger, by: Principal
) -> _Gathered:
    asked = narrowed(wide.query, wide.split)
    wanted = specification_of(wide)
    some, warnings = reaches_of(federation, town, wanted, QUERYING_PAST, trigger, wide.shown, span.temporal)
    read = replace(span, attributes=None) if wide.split else span
    works = [_read_pages(federation, town, source, found, asked, read, trigger) for source, found in some]
    answers, own = await asyncio.gather(together(works), _own(town, asked, read, by))
    gathered = _Gathered(warnings=warnings)
    for past in own:
        gathered.add(Told(past.entity, past.instances), LOCAL)
    for (_, found), (told, warning) in zip(some, answers, strict=True):
        _take(gathered, found, told, warning)
    return gathered


async def _own(town: Town, wanted: Query, span: Span, by: Principal) -> list[Past]:
    found: list[Past] = []
    while True:
        rows = (await history.query_past(town, wanted, Page(_PAGE, len(found)), span, by)).entities
        found.extend(rows)
        if len(rows) < _PAGE:
            return found
        if len(found) > _MOST:
            raise TooManyResults(f"The query finds more than {_MOST} entities here alone; ask for fewer")


def _take(gathered: _Gathered, found: Reach, told: Iterable[Told], warning: str | None) -> None:
    auxiliary = found.registration.mode is Mode.AUXILIARY
    for one in told:
        infos = found.covering(one.head)
        if infos:
            names = named(infos)
            kept = [each for each in one.instances if names is None or each.attribute in names]
            gathered.add(Told(one.head, kept), found.registration.id, auxiliary)
    if warning is not None:
        gathered.warnings.append(warning)


def _matching(gathered: _Gathered, query: Query, span: Span, town: Town, by: Principal) -> list[Past]:
    """The evolutions that satisfy what could not be asked before all parts were here (5.7.4.4)."""
    found = []
    for name in gathered.heads:
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


# --- reading what sources answer


async def _read_pages(
    federation: Federation, town: Town, source: Source, found: Reach, wanted: Query, span: Span, trigger: Trigger
) -> tuple[list[Told], str | None]:
    """All that a source has, page by page."""
    every: list[Told] = []
    seen: set[str] = set()
    for offset in range(0, _MOST, 100):

        def ask(temporal: TemporalQuery, context: Context, offset: int = offset) -> Asked:
            return past_query(found, wanted, temporal, offset, context)

        told, warning = await _read_all(federation, town, source, ask, span, trigger)
        ids = {one.head.id for one in told}
        fresh = ids - seen
        every.extend(one for one in told if one.head.id in fresh)
        seen |= ids
        if warning is not None or len(fresh) < 100:
            return every, warning
    return every, f'199 - "{found.registration.id}: it has more than {_MOST} entities"'


async def _read_all(
    federation: Federation, town: Town, source: Source, ask: Ask, span: Span, trigger: Trigger
) -> tuple[list[Told], str | None]:
    """What a source answers, with the parts that did not fit into one answer (6.3.10)."""
    temporal: TemporalQuery | None = span.temporal
    every: list[Told] = []
    seen: set[object] = set()
    for _ in range(_PARTS):
        if temporal is None:
            break
        question: Question = partial(ask, temporal)
        reply = await federation.ask(town, source, question, trigger)
        told, warning = await _read(federation, reply)
        every.extend(told)
        fresh = {each for one in told for each in map(_identity, one.instances)} - seen
        seen |= fresh
        if warning is not None or reply.status != 206 or not fresh:
            return every, warning
        temporal = rest_of(temporal, reply.span)
    return every, f'199 - "{source.registration.id}: only a part of its answer could be had"'


def _identity(one: Instance) -> object:
    value = one.value
    return one.entity_id, one.attribute, value.dataset_id, value.observed_at, value.modified_at, one.deleted_at


async def _read(federation: Federation, reply: Reply) -> tuple[list[Told], str | None]:
    """The evolutions of a reply, and its warning. What is no NGSI-LD is not taken (6.3.17)."""
    if reply.warning is not None or not reply.done or reply.document is None:
        return [], reply.warning
    rows: list[Any] = reply.document if isinstance(reply.document, list) else [reply.document]
    found = []
    try:
        for row in rows:
            if not isinstance(row, dict):
                raise BadRequestData("an entity is an object")
            found.append(_told(row, await federation.context_of(reply, row)))
    except MachinamiError:
        return [], replace(reply, broken=True).warning
    return found, reply.warned or None


def _told(row: dict[str, Any], context: Context) -> Told:
    head = {name: body for name, body in row.items() if name != "@context"}
    evolution = expand_evolution(head, context, PAST_OF_PEER)
    created, modified = (read_moment(row[name], name) if name in row else None for name in ("createdAt", "modifiedAt"))
    entity = Entity(str(evolution.id), evolution.types, {}, evolution.scopes, created, modified)
    return Told(entity, [Instance(entity.id, one.name, one.value, one.deleted_at) for one in evolution.instances])
