"""How are evolutions gathered from here and from the sources? (ETSI GS CIM 009, 5.7.3.4, 5.7.4.4, 5.14.5.4, 6.3.10)"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from machinami.broker import history
from machinami.broker.federation.asking import Reach, following, named, narrowed
from machinami.broker.federation.federation import Asked, Federation, Question, together
from machinami.broker.federation.gathering import Wide, map_entries, reaches_of, read_rows, specification_of
from machinami.broker.federation.merging_past import merge_past
from machinami.broker.federation.passing import given_past
from machinami.broker.federation.past_asking import (
    MAPPING_PAST,
    QUERYING_PAST,
    Told,
    past_mapping,
    past_query,
    rest_of,
)
from machinami.broker.federation.trigger import Trigger
from machinami.broker.history import Past, Span
from machinami.broker.sources import Source
from machinami.broker.town import Town
from machinami.foundation.errors import TooManyResults
from machinami.model.assembly import assemble_entity
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.entity_map import LOCAL, EntityMap
from machinami.model.expansion import PAST_OF_PEER
from machinami.model.found import Instance
from machinami.model.principal import Principal
from machinami.model.query import Page, Query, TemporalQuery
from machinami.model.registration import Mode
from machinami.model.temporal_document import expand_evolution
from machinami.model.values import read_moment

_PAGE = 500
_MOST = 10_000  # entities of one query
_MOST_INSTANCES = 500_000  # of one answer
_PARTS = 100  # parts of one long answer
_SOURCE_PAGE = 100

Ask = Callable[[TemporalQuery, Context], Asked]


@dataclass(slots=True)
class GatheredPast:
    """What is known of the past of entities, by id, from here and from sources; supplements: of auxiliary ones;
    linked: the map that each source made or used of what was asked for."""

    heads: dict[str, list[Entity]] = field(default_factory=dict)
    parts: dict[str, list[Instance]] = field(default_factory=dict)
    supplements: dict[str, list[Instance]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    linked: dict[str, str] = field(default_factory=dict)
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


@dataclass(frozen=True, slots=True)
class GleanedPast:
    """What one source gave: evolutions, its warning, where its EntityMap is, and the ids in one that it made now."""

    told: Sequence[Told] = ()
    warning: str | None = None
    mapped: str = ""
    ids: Sequence[str] = ()


Glean = Callable[[Federation, Town, Source, Reach, Query, Span, Trigger], Awaitable[GleanedPast]]


async def gather_past(
    federation: Federation,
    town: Town,
    wide: Wide,
    span: Span,
    trigger: Trigger,
    by: Principal,
    glean: Glean | None = None,
) -> GatheredPast:
    """The evolutions of all that a query finds here and at the sources. glean: how one source is asked."""
    asked = narrowed(wide.query, wide.split)
    reaches, warnings = _reaches(federation, town, wide, span, trigger)
    read = replace(span, attributes=None) if wide.split else span
    works = [
        (glean or glean_past_pages)(federation, town, source, found, asked, read, trigger) for source, found in reaches
    ]
    answers, own = await asyncio.gather(together(works), _own(town, asked, read, by))
    return _gathered(reaches, answers, own, warnings)


async def gather_past_again(
    federation: Federation,
    town: Town,
    wide: Wide,
    ids: Sequence[str],
    kept: EntityMap,
    span: Span,
    trigger: Trigger,
    by: Principal,
) -> GatheredPast:
    """The evolutions of a page's entities, asked for where the map says that they are (5.7.4.4)."""
    asked = replace(narrowed(wide.query, wide.split), id_pattern=None)
    read = replace(span, attributes=None) if wide.split else span
    at: dict[str, list[str]] = {}
    for entity_id in ids:
        for place in kept.entries[entity_id]:
            at.setdefault(place, []).append(entity_id)
    every, warnings = _reaches(federation, town, wide, span, trigger)
    reaches = [(source, found) for source, found in every if source.registration.id in at]
    works = []
    for source, found in reaches:
        name = source.registration.id
        these = replace(asked, ids=tuple(at[name]))
        works.append(glean_past_pages(federation, town, source, found, these, read, trigger, kept.linked.get(name)))
    here = at.get(LOCAL, ())
    own = _own(town, replace(asked, ids=tuple(here)), read, by) if here else _nothing()
    answers, held = await asyncio.gather(together(works), own)
    return _gathered(reaches, answers, held, warnings)


def _reaches(
    federation: Federation, town: Town, wide: Wide, span: Span, trigger: Trigger
) -> tuple[list[tuple[Source, Reach]], list[str]]:
    return reaches_of(federation, town, specification_of(wide), QUERYING_PAST, trigger, wide.shown, span.temporal)


def _gathered(
    reaches: Iterable[tuple[Source, Reach]],
    answers: Iterable[GleanedPast],
    own: Iterable[Past],
    warnings: Iterable[str],
) -> GatheredPast:
    gathered = GatheredPast(warnings=list(warnings))
    for past in own:
        gathered.add(Told(past.entity, past.instances), LOCAL)
    for (_, found), gleaned in zip(reaches, answers, strict=True):
        take_past(gathered, found, gleaned)
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


async def _nothing() -> list[Past]:
    return []


def take_past(gathered: GatheredPast, found: Reach, gleaned: GleanedPast) -> None:
    """Take what a source gave, as far as it may give it (4.3.6.1)."""
    source, auxiliary = found.registration.id, found.registration.mode is Mode.AUXILIARY
    for one in gleaned.told:
        infos = found.covering(one.head)
        if infos:
            names = named(infos)
            kept = [each for each in one.instances if names is None or each.attribute in names]
            gathered.add(Told(one.head, kept), source, auxiliary)
    for name in gleaned.ids:
        gathered.places.setdefault(name, []).append(source)
    if gleaned.warning is not None:
        gathered.warnings.append(gleaned.warning)
    if gleaned.mapped:
        gathered.linked[source] = gleaned.mapped


# --- reading what sources answer


async def glean_past_map(
    lifetime: timedelta | None,
    federation: Federation,
    town: Town,
    source: Source,
    found: Reach,
    wanted: Query,
    span: Span,
    trigger: Trigger,
) -> GleanedPast:
    """The ids of what a source knows the past of, if it can say them (5.14.5.4), else the evolutions."""
    if MAPPING_PAST in found.registration.operations:
        question = partial(past_mapping, found, wanted, span.temporal, lifetime)
        reply = await federation.ask(town, source, question, trigger)
        ids = map_entries(reply, found)
        if ids is not None:
            return GleanedPast((), reply.warned or None, reply.mapped, ids)
    return await glean_past_pages(federation, town, source, found, wanted, span, trigger)


async def glean_past_pages(
    federation: Federation,
    town: Town,
    source: Source,
    found: Reach,
    wanted: Query,
    span: Span,
    trigger: Trigger,
    linked: str | None = None,
) -> GleanedPast:
    """All that a source has, page by page. linked: the map that it made of it."""
    every: list[Told] = []
    seen: set[str] = set()
    for offset in range(0, _MOST, _SOURCE_PAGE):

        def ask(temporal: TemporalQuery, context: Context, offset: int = offset) -> Asked:
            return past_query(found, wanted, temporal, offset, context)

        gleaned = await glean_past(federation, town, source, ask, span, trigger, linked)
        ids = {one.head.id for one in gleaned.told}
        fresh = ids - seen
        every.extend(one for one in gleaned.told if one.head.id in fresh)
        seen |= ids
        if gleaned.warning is not None or len(fresh) < _SOURCE_PAGE:
            return GleanedPast(every, gleaned.warning, gleaned.mapped)
    return GleanedPast(every, f'199 - "{found.registration.id}: it has more than {_MOST} entities"')


async def glean_past(
    federation: Federation,
    town: Town,
    source: Source,
    ask: Ask,
    span: Span,
    trigger: Trigger,
    linked: str | None = None,
) -> GleanedPast:
    """What a source answers, with the parts that did not fit into one answer (6.3.10)."""
    temporal: TemporalQuery | None = span.temporal
    every: list[Told] = []
    seen: set[object] = set()
    for _ in range(_PARTS):
        if temporal is None:
            break
        question: Question = following(partial(ask, temporal), linked)
        reply = await federation.ask(town, source, question, trigger)
        told, warning = await read_rows(federation, reply, _told)
        every.extend(told)
        fresh = {each for one in told for each in map(_identity, one.instances)} - seen
        seen |= fresh
        if warning is not None or reply.status != 206 or not fresh:
            return GleanedPast(every, warning, reply.mapped)
        temporal = rest_of(temporal, reply.span)
    return GleanedPast(every, f'199 - "{source.registration.id}: only a part of its answer could be had"')


def _identity(one: Instance) -> object:
    value = one.value
    return one.entity_id, one.attribute, value.dataset_id, value.observed_at, value.modified_at, one.deleted_at


def _told(row: Mapping[str, Any], context: Context) -> Told:
    head = {name: body for name, body in row.items() if name != "@context"}
    evolution = expand_evolution(head, context, PAST_OF_PEER)
    created, modified = (read_moment(row[name], name) if name in row else None for name in ("createdAt", "modifiedAt"))
    entity = Entity(str(evolution.id), evolution.types, {}, evolution.scopes, created, modified)
    return Told(entity, [Instance(entity.id, one.name, one.value, one.deleted_at) for one in evolution.instances])
