"""How are the parts of entities gathered from here and from the sources? (ETSI GS CIM 009, 4.3.6.7, 5.7.2.4, 6.3.17)"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from machinami.broker import operations
from machinami.broker.entity_maps import MOST_ENTITIES, matching_here
from machinami.broker.federation.asking import (
    MAPPING,
    PAGE,
    QUERYING,
    Reach,
    following,
    mapping,
    matching,
    narrowed,
    query,
    reach,
)
from machinami.broker.federation.federation import Federation, Question, Reply, together
from machinami.broker.federation.trigger import Trigger
from machinami.broker.finding import every_id
from machinami.broker.sources import Source
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.foundation.urn import is_uri
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.entity_map import LOCAL, EntityMap
from machinami.model.expansion import PEER, expand_entity
from machinami.model.matching import matches
from machinami.model.principal import Principal
from machinami.model.query import Condition, Page, Query, TemporalQuery
from machinami.model.registration import Mode
from machinami.model.registration_matching import Specification, matches_registration, specified

R = TypeVar("R")
_PAGE = 1_000


@dataclass(slots=True)
class Gathered:
    """Parts of entities by id, from here and from sources; supplements: those of auxiliary sources; linked: the map
    that each source made of what was asked for."""

    parts: dict[str, list[Entity]] = field(default_factory=dict)
    supplements: dict[str, list[Entity]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    linked: dict[str, str] = field(default_factory=dict)

    def add(self, entity: Entity, place: str, auxiliary: bool = False) -> None:
        """Take one part."""
        (self.supplements if auxiliary else self.parts).setdefault(entity.id, []).append(entity)
        self.places.setdefault(entity.id, []).append(place)


@dataclass(frozen=True, slots=True)
class Gleaned:
    """What one source gave: entities, its warning, where its EntityMap is, and the ids in one that it made now."""

    entities: Sequence[Entity]
    warning: str | None
    mapped: str = ""
    ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wide:
    """A query that goes beyond this broker. csf: which sources may be asked; split: whether parts of one entity may
    be in several places; key: under which its EntityMap is found again by those who ask for the next page."""

    query: Query
    page: Page
    csf: Condition | None = None
    split: bool = False
    attributes: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    key: str = ""

    @property
    def shown(self) -> frozenset[str]:
        """The only attributes to ask sources for, none: all; of split entities every part may count (5.7.2.4)."""
        return frozenset() if self.split else frozenset((*self.query.attrs, *self.attributes))


Glean = Callable[[Federation, Town, Source, Reach, Query, Trigger], Awaitable[Gleaned]]


def specification_of(wide: Wide) -> Specification:
    """What a query asks for, as registrations are matched with it."""
    wanted = specified(wide.query, wide.attributes)
    return replace(wanted, csf=wide.csf, datasets=frozenset(wide.datasets), lenient=True)


def reaches_of(
    federation: Federation,
    town: Town,
    wanted: Specification,
    offered: frozenset[str],
    trigger: Trigger,
    shown: frozenset[str],
    temporal: TemporalQuery | None = None,
) -> tuple[list[tuple[Source, Reach]], list[str]]:
    """The sources to ask, each with what of it matches; and warnings of those that would make a loop.

    offered: operations of which a source offers one. shown: the attributes that are wanted; none: all. temporal: the
    time that is asked for; a source that names the times of which it knows something must know of this one (5.2.9).
    """
    now = town.clock()
    found: list[tuple[Source, Reach]] = []
    warnings: list[str] = []
    for source in town.sources.kept.values():
        registration = source.registration
        timed = wanted if temporal is None or not registration.temporal else replace(wanted, temporal=temporal)
        if registration.operations.isdisjoint(offered) or not matches_registration(registration, timed, now):
            continue
        if federation.is_passed(town, trigger, registration):
            warnings.append(f'199 - "{registration.id}: the request has been there already"')
        else:
            found.append((source, reach(registration, shown, matching(registration, wanted))))
    return found, warnings


async def gather(
    federation: Federation,
    town: Town,
    wide: Wide,
    trigger: Trigger,
    by: Principal,
    glean: Glean | None = None,
) -> Gathered:
    """The parts of all that a query finds here and at the sources. glean: how one source is asked."""
    asked = narrowed(wide.query, wide.split)
    reaches, warnings = reaches_of(federation, town, specification_of(wide), QUERYING, trigger, wide.shown)
    works = [(glean or glean_pages)(federation, town, source, found, asked, trigger) for source, found in reaches]
    answers, own = await asyncio.gather(together(works), _own(town, asked, by))
    gathered = Gathered(warnings=warnings)
    for entity in own:
        gathered.add(entity, LOCAL)
    for (_, found), gleaned in zip(reaches, answers, strict=True):
        take(gathered, found, gleaned)
    return gathered


async def gather_again(
    federation: Federation,
    town: Town,
    wide: Wide,
    ids: Sequence[str],
    kept: EntityMap,
    trigger: Trigger,
    by: Principal,
) -> Gathered:
    """The parts of a page's entities, asked for where the map says that they are."""
    asked, now = narrowed(wide.query, wide.split), town.clock()
    gathered = Gathered()
    for entity_id in ids:
        own = operations.peek(town, entity_id, by) if LOCAL in kept.entries[entity_id] else None
        if own is not None and matches(asked, own, now):
            gathered.add(own, LOCAL)
    named = {name for entity_id in ids for name in kept.entries[entity_id]}
    reaches, gathered.warnings = reaches_of(federation, town, specification_of(wide), QUERYING, trigger, wide.shown)
    some = [(source, found) for source, found in reaches if source.registration.id in named]
    works = []
    for source, found in some:
        its = tuple(one for one in ids if source.registration.id in kept.entries[one])
        these = replace(asked, ids=its, id_pattern=None)
        linked = kept.linked.get(source.registration.id)
        works.append(glean_pages(federation, town, source, found, these, trigger, linked))
    for (_, found), gleaned in zip(some, await together(works), strict=True):
        take(gathered, found, gleaned)
    return gathered


async def _own(town: Town, wanted: Query, by: Principal) -> list[Entity]:
    """All that is here; where that is much, by ids, so that no page is counted to from the first entity."""
    found = list((await operations.query(town, wanted, Page(_PAGE), by)).entities)
    if len(found) < _PAGE:
        return found
    ids = await every_id(town, wanted, by, MOST_ENTITIES)
    return await matching_here(town, ids, wanted, by)


async def glean_pages(
    federation: Federation,
    town: Town,
    source: Source,
    found: Reach,
    wanted: Query,
    trigger: Trigger,
    linked: str | None = None,
) -> Gleaned:
    """All that a source has, page by page. linked: the map that it made of it."""
    entities: list[Entity] = []
    seen: set[str] = set()
    for offset in range(0, MOST_ENTITIES, PAGE):
        asked = following(partial(query, found, wanted, offset, True), linked)
        reply = await federation.ask(town, source, asked, trigger)
        rows, warning = await read_rows(federation, reply, _entity)
        fresh = [entity for entity in rows if entity.id not in seen]
        seen.update(entity.id for entity in fresh)
        entities.extend(fresh)
        linked = reply.mapped or linked
        if warning is not None or not fresh or not (reply.more or len(rows) == PAGE):
            return Gleaned(entities, warning, reply.mapped)
    return Gleaned(entities, f'199 - "{found.registration.id}: it has more than {MOST_ENTITIES} entities"')


async def glean_once(federation: Federation, town: Town, source: Source, asked: Question, trigger: Trigger) -> Gleaned:
    """What a source answers to one question."""
    reply = await federation.ask(town, source, asked, trigger)
    return Gleaned(*await read_rows(federation, reply, _entity), reply.mapped)


async def glean_map(
    lifetime: timedelta | None,
    federation: Federation,
    town: Town,
    source: Source,
    found: Reach,
    wanted: Query,
    trigger: Trigger,
) -> Gleaned:
    """The ids of what a source has, if it can say them, else its entities."""
    if MAPPING in found.registration.operations:
        reply = await federation.ask(town, source, partial(mapping, found, wanted, lifetime), trigger)
        ids = map_entries(reply, found)
        if ids is not None:
            return Gleaned((), reply.warned or None, reply.mapped, ids)
    return await glean_pages(federation, town, source, found, wanted, trigger)


def map_entries(reply: Reply, found: Reach) -> list[str] | None:
    """The ids in a map that a source made, those that it may have (4.3.6.1); None where it made none (5.5.14)."""
    entries = reply.document.get("entityMap") if reply.done and isinstance(reply.document, dict) else None
    if not isinstance(entries, dict) or not reply.mapped:
        return None
    return [one for one in entries if is_uri(one) and found.may_have(one)]


async def read_rows(
    federation: Federation, reply: Reply, read: Callable[[Mapping[str, Any], Context], R]
) -> tuple[list[R], str | None]:
    """What the rows of a reply say, and its warning. What is no NGSI-LD is not taken (6.3.17)."""
    if reply.warning is not None or not reply.done or reply.document is None:
        return [], reply.warning
    rows: list[Any] = reply.document if isinstance(reply.document, list) else [reply.document]
    found = []
    try:
        for row in rows:
            if not isinstance(row, dict):
                raise BadRequestData("an entity is an object")
            found.append(read(row, await federation.context_of(reply, row)))
    except MachinamiError:
        return [], replace(reply, broken=True).warning
    return found, reply.warned or None


def _entity(row: Mapping[str, Any], context: Context) -> Entity:
    return expand_entity(row, context, PEER)


def take(gathered: Gathered, found: Reach, gleaned: Gleaned) -> None:
    """Take what a source gave, as far as it may give it (4.3.6.1)."""
    source, auxiliary = found.registration.id, found.registration.mode is Mode.AUXILIARY
    for entity in gleaned.entities:
        part = found.of(entity)
        if part is not None:
            gathered.add(part, source, auxiliary)
    for name in gleaned.ids:
        gathered.places.setdefault(name, []).append(source)
    if gleaned.warning is not None:
        gathered.warnings.append(gleaned.warning)
    if gleaned.mapped:
        gathered.linked[source] = gleaned.mapped
