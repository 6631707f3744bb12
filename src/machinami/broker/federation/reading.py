"""What do this broker and the sources know together? Retrieving and querying entities (5.7.1, 5.7.2, 4.3.6.7)."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from machinami.broker import operations
from machinami.broker.federation.asking import (
    PAGE,
    QUERYING,
    READING,
    Reach,
    matching,
    narrowed,
    query,
    reach,
    retrieval,
)
from machinami.broker.federation.federation import Federation, Question, Reply, together
from machinami.broker.federation.passing import given, judged_after
from machinami.broker.federation.trigger import Trigger
from machinami.broker.policy import demand
from machinami.broker.sources import Source
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, MachinamiError, TooManyResults
from machinami.model.assembly import assemble_entity
from machinami.model.entity import Entity
from machinami.model.entity_map import LOCAL, EntityMap
from machinami.model.expansion import PEER, expand_entity
from machinami.model.found import Found
from machinami.model.linking import LINKING, Join
from machinami.model.matching import matches, seen
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import Condition, Page, Query, TemporalQuery, TypeAny, TypeIs, TypeSelection
from machinami.model.registration import Mode
from machinami.model.registration_matching import Specification, matches_registration, specified
from machinami.model.subscription import EntitySelector

_LIFETIME = timedelta(minutes=5)
_PAGE = 1_000
_MOST = 100_000  # ids of one query
_MOST_LINKED = 500  # linked entities of one answer


@dataclass(slots=True)
class Gathered:
    """Parts of entities by id, from here and from sources; supplements: those of auxiliary sources."""

    parts: dict[str, list[Entity]] = field(default_factory=dict)
    supplements: dict[str, list[Entity]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, entity: Entity, place: str, auxiliary: bool = False) -> None:
        """Take one part."""
        (self.supplements if auxiliary else self.parts).setdefault(entity.id, []).append(entity)
        self.places.setdefault(entity.id, []).append(place)


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


async def retrieve(
    federation: Federation,
    town: Town,
    entity_id: str,
    types: TypeSelection | None,
    attributes: Iterable[str],
    trigger: Trigger,
    by: Principal,
    but: str | None = None,
) -> tuple[Entity | None, Sequence[str]]:
    """The entity as known here and to the sources, None if nobody knows it; and warnings.

    but: the registration of a source that is not asked.
    """
    demand(town.policy, by, Deed.READ)  # who may read nothing has nobody asked
    wanted = Specification((EntitySelector(types, entity_id),), frozenset(attributes), lenient=True)
    found, warnings = reaches(federation, town, wanted, READING, trigger, wanted.attributes)
    asked = [(source, each) for source, each in found if source.registration.id != but]
    own = operations.peek(town, entity_id, by)
    works = [
        _gather_once(federation, town, source, partial(retrieval, each, entity_id, types), trigger)
        for source, each in asked
    ]
    gathered = Gathered(warnings=warnings)
    if own is not None:
        gathered.add(own, LOCAL)
    for (_, each), (entities, warning) in zip(asked, await together(works), strict=True):
        _take(gathered, each, (e for e in entities if e.id == entity_id), warning)
    parts, supplements = gathered.parts.get(entity_id, []), gathered.supplements.get(entity_id, [])
    entity = assemble_entity(parts, supplements, town.clock())
    return None if entity is None else given(town, entity, by), gathered.warnings


async def linked(
    federation: Federation, town: Town, entities: Sequence[Entity], join: Join, trigger: Trigger, by: Principal
) -> dict[str, Entity]:
    """The entities that these link to, level by level, as known here and to the sources (4.5.23).

    Sources are asked only where the relationship names the type of what it leads to (4.5.23.1).
    """
    known: dict[str, Entity] = {}
    asked = {entity.id for entity in entities} | join.contained_by
    level: Sequence[Entity] = entities
    for _ in range(join.level):
        targets: dict[str, tuple[str, ...]] = {}
        for one, kinds in _targets(level):
            if one not in asked:
                targets[one] = targets.get(one, ()) + kinds
        if len(known) + len(targets) > _MOST_LINKED:
            raise TooManyResults(f"More than {_MOST_LINKED} linked entities would be shown; ask for fewer levels")
        asked.update(targets)
        here = [operations.peek(town, one, by) for one, kinds in targets.items() if not kinds]
        works = [
            retrieve(federation, town, one, TypeAny(tuple(map(TypeIs, kinds))), (), trigger, by)
            for one, kinds in targets.items()
            if kinds
        ]
        found = [*here, *(entity for entity, _ in await together(works))]
        level = [entity for entity in found if entity is not None]
        known.update((entity.id, entity) for entity in level)
    known.update((entity.id, entity) for entity in entities)
    return known


def _targets(entities: Iterable[Entity]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Where relationships lead to, with the types that they name."""
    for entity in entities:
        for instances in entity.attributes.values():
            for instance in instances:
                if instance.kind in LINKING:
                    targets = (instance.value,) if isinstance(instance.value, str) else instance.value
                    yield from ((target, instance.object_type) for target in targets)


def concerns_sources(federation: Federation, town: Town, wide: Wide, trigger: Trigger) -> bool:
    """Whether any source matches the query."""
    return bool(reaches(federation, town, specification(wide), QUERYING, trigger, wide.shown)[0])


async def find(
    federation: Federation, town: Town, wide: Wide, trigger: Trigger, by: Principal
) -> tuple[Found, Sequence[str]]:
    """One page of what is known here and to the sources, with the count if it was asked for; and warnings.

    The ids are fixed by the first page (4.3.6.7): the pages after it neither leave one out nor show one twice.
    """
    page, now = wide.page, town.clock()
    wide = own_view(town, wide, by)
    kept = federation.maps.get(wide.key) if page.offset else None
    if kept is not None and kept.is_current(now):
        ids = list(kept.entries)[page.offset : page.offset + page.limit]
        gathered = await _again(federation, town, wide, ids, kept, trigger, by)
        shown = _assembled(gathered, ids, wide, town)
        return Found(shown, len(kept.entries) if page.count else None), gathered.warnings
    gathered = await _gather(federation, town, wide, trigger, by)
    every = {entity.id: entity for entity in _assembled(gathered, gathered.places, wide, town)}
    entries = {entity_id: tuple(gathered.places[entity_id]) for entity_id in every}
    if len(entries) > page.offset + page.limit:
        federation.keep_map(EntityMap(wide.key, now + _LIFETIME, entries))
    shown = list(every.values())[page.offset : page.offset + page.limit]
    return Found(shown, len(every) if page.count else None), gathered.warnings


async def places(
    federation: Federation, town: Town, wide: Wide, trigger: Trigger, by: Principal
) -> tuple[dict[str, tuple[str, ...]], Sequence[str]]:
    """Where each entity is that is known here or to the sources (5.14.4.4); and warnings."""
    wide = own_view(town, wide, by)
    gathered = await _gather(federation, town, wide, trigger, by)
    every = _assembled(gathered, gathered.places, wide, town)
    return {entity.id: tuple(gathered.places[entity.id]) for entity in every}, gathered.warnings


def own_view(town: Town, wide: Wide, by: Principal) -> Wide:
    """The query as this one asks it: what they may not see is neither asked for by a filter nor counted."""
    demand(town.policy, by, Deed.READ)
    bound = judged_after(town, wide.query, by)
    if bound is None:
        return wide
    return replace(wide, query=bound, split=True, key=f"{by.signature} {sorted(by.roles)} {wide.key}")


def specification(wide: Wide) -> Specification:
    """Which sources may know of what is asked for."""
    wanted = specified(wide.query, wide.attributes)
    return replace(wanted, csf=wide.csf, datasets=frozenset(wide.datasets), lenient=True)


def reaches(
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


async def _gather(federation: Federation, town: Town, wide: Wide, trigger: Trigger, by: Principal) -> Gathered:
    asked = narrowed(wide.query, wide.split)
    some, warnings = reaches(federation, town, specification(wide), QUERYING, trigger, wide.shown)
    works = [_gather_pages(federation, town, source, found, asked, trigger) for source, found in some]
    answers, own = await asyncio.gather(together(works), _own(town, asked, by))
    gathered = Gathered(warnings=warnings)
    for entity in own:
        gathered.add(entity, LOCAL)
    for (_, found), (entities, warning) in zip(some, answers, strict=True):
        _take(gathered, found, entities, warning)
    return gathered


async def _again(
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
    every, gathered.warnings = reaches(federation, town, specification(wide), QUERYING, trigger, wide.shown)
    some = [(source, found) for source, found in every if source.registration.id in named]
    works = []
    for source, found in some:
        its = tuple(one for one in ids if source.registration.id in kept.entries[one])
        works.append(_gather_pages(federation, town, source, found, replace(asked, ids=its, id_pattern=None), trigger))
    for (_, found), (entities, warning) in zip(some, await together(works), strict=True):
        _take(gathered, found, entities, warning)
    return gathered


async def _own(town: Town, wanted: Query, by: Principal) -> list[Entity]:
    found: list[Entity] = []
    while True:
        rows = (await operations.query(town, wanted, Page(_PAGE, len(found)), by)).entities
        found.extend(rows)
        if len(rows) < _PAGE:
            return found
        if len(found) > _MOST:
            raise TooManyResults(f"The query finds more than {_MOST} entities here alone; ask for fewer")


async def _gather_pages(
    federation: Federation, town: Town, source: Source, found: Reach, wanted: Query, trigger: Trigger
) -> tuple[list[Entity], str | None]:
    """All that a source has, page by page."""
    entities: list[Entity] = []
    seen: set[str] = set()
    for offset in range(0, _MOST, PAGE):
        asked = partial(query, found, wanted, offset, True)
        reply = await federation.ask(town, source, asked, trigger)
        rows, warning = await _read(federation, reply)
        fresh = [entity for entity in rows if entity.id not in seen]
        seen.update(entity.id for entity in fresh)
        entities.extend(fresh)
        if warning is not None or not fresh or not (reply.more or len(rows) == PAGE):
            return entities, warning
    return entities, f'199 - "{found.registration.id}: it has more than {_MOST} entities"'


async def _gather_once(
    federation: Federation, town: Town, source: Source, asked: Question, trigger: Trigger
) -> tuple[list[Entity], str | None]:
    return await _read(federation, await federation.ask(town, source, asked, trigger))


async def _read(federation: Federation, reply: Reply) -> tuple[list[Entity], str | None]:
    """The entities of a reply, and its warning. What is no NGSI-LD is not taken (6.3.17)."""
    if reply.warning is not None or not reply.done or reply.document is None:
        return [], reply.warning
    rows: list[Any] = reply.document if isinstance(reply.document, list) else [reply.document]
    entities = []
    try:
        for row in rows:
            if not isinstance(row, dict):
                raise BadRequestData("an entity is an object")
            entities.append(expand_entity(row, await federation.context_of(reply, row), PEER))
    except MachinamiError:
        return [], replace(reply, broken=True).warning
    return entities, reply.warned or None


def _take(gathered: Gathered, found: Reach, entities: Iterable[Entity], warning: str | None) -> None:
    auxiliary = found.registration.mode is Mode.AUXILIARY
    for entity in entities:
        part = found.of(entity)
        if part is not None:
            gathered.add(part, found.registration.id, auxiliary)
    if warning is not None:
        gathered.warnings.append(warning)


def _assembled(gathered: Gathered, ids: Iterable[str], wide: Wide, town: Town) -> list[Entity]:
    now, filtered = town.clock(), wide.split or bool(wide.query.selectors)
    found: list[Entity] = []
    for entity_id in ids:
        parts, supplements = gathered.parts.get(entity_id, []), gathered.supplements.get(entity_id, [])
        entity = assemble_entity(parts, supplements, now)
        if entity is not None and (not filtered or matches(wide.query, entity, now)):
            visible = entity if wide.query.guard is None else seen(wide.query.guard, entity)
            found.extend(() if visible is None else (visible,))
    return found
