"""What do this broker and the sources know together? Retrieving and querying entities (5.7.1, 5.7.2, 4.3.6.7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from machinami.broker import operations
from machinami.broker.federation.asking import QUERYING, READING, following, retrieval
from machinami.broker.federation.federation import Federation, together
from machinami.broker.federation.gathering import (
    Gathered,
    Wide,
    gather,
    gather_again,
    glean_map,
    glean_once,
    reaches_of,
    specification_of,
    take,
)
from machinami.broker.federation.passing import given, judged_after
from machinami.broker.federation.trigger import Trigger
from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.foundation.errors import TooManyResults
from machinami.model.assembly import assemble_entity
from machinami.model.entity import Entity
from machinami.model.entity_map import LOCAL, EntityMap
from machinami.model.found import Found
from machinami.model.linking import LINKING, Join
from machinami.model.matching import matches, seen
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import TypeAny, TypeIs, TypeSelection
from machinami.model.registration_matching import Specification
from machinami.model.subscription import EntitySelector

AT_LEAST = 50  # entities of a map asked about at once
_FOR_A_MOMENT = timedelta(seconds=1)
_MOST_LINKED = 500  # linked entities of one answer


@dataclass(frozen=True, slots=True)
class Retrieved:
    """One entity as known here and to the sources (None: nobody knows it), where its parts are, and warnings."""

    entity: Entity | None
    places: tuple[str, ...]
    warnings: Sequence[str]
    linked: Mapping[str, str]


async def retrieve(
    federation: Federation,
    town: Town,
    entity_id: str,
    types: TypeSelection | None,
    attributes: Iterable[str],
    trigger: Trigger,
    by: Principal,
    kept: EntityMap | None = None,
    but: str | None = None,
) -> Retrieved:
    """The entity as known here and to the sources. kept: the map that says which of them have it (5.7.1.4); but: the
    registration of a source that is not asked."""
    demand(town.policy, by, Deed.READ)  # who may read nothing has nobody asked
    wanted = Specification((EntitySelector(types, entity_id),), frozenset(attributes), lenient=True)
    reaches, warnings = reaches_of(federation, town, wanted, READING, trigger, wanted.attributes)
    reaches = [(source, found) for source, found in reaches if source.registration.id != but]
    known: Mapping[str, str] = {}
    if kept is not None:
        known, named = kept.linked, kept.entries.get(entity_id, ())
        reaches = [(source, found) for source, found in reaches if source.registration.id in named]
    own = operations.peek(town, entity_id, by)
    works = []
    for source, found in reaches:
        question = following(partial(retrieval, found, entity_id, types), known.get(source.registration.id))
        works.append(glean_once(federation, town, source, question, trigger))
    gathered = Gathered(warnings=warnings)
    if own is not None:
        gathered.add(own, LOCAL)
    for (_, found), gleaned in zip(reaches, await together(works), strict=True):
        take(gathered, found, replace(gleaned, entities=[e for e in gleaned.entities if e.id == entity_id]))
    parts, supplements = gathered.parts.get(entity_id, []), gathered.supplements.get(entity_id, [])
    places = tuple(gathered.places.get(entity_id, ()))
    entity = assemble_entity(parts, supplements, town.clock())
    visible = None if entity is None else given(town, entity, by)
    return Retrieved(visible, places if visible is not None else (), gathered.warnings, gathered.linked)


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
        found = [*here, *(one.entity for one in await together(works))]
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
    return bool(reaches_of(federation, town, specification_of(wide), QUERYING, trigger, wide.shown)[0])


async def find(
    federation: Federation, town: Town, wide: Wide, trigger: Trigger, by: Principal
) -> tuple[Found, Sequence[str]]:
    """One page of what is known here and to the sources, with the count if it was asked for; and warnings.

    The ids are fixed by the first page (4.3.6.7): the pages after it neither leave one out nor show one twice.
    """
    wide = own_view(town, wide, by)
    page = wide.page
    kept = federation.maps.noted(town, wide.key) if page.offset else None
    if kept is not None:
        found, warnings = await _follow(federation, town, wide, kept, trigger, by, False)
        return replace(found, count=found.count if page.count else None), warnings
    if not page.limit and not wide.split and not wide.query.selectors:
        return await _number(federation, town, wide, trigger, by)
    gathered = await gather(federation, town, wide, trigger, by)
    every = {entity.id: entity for entity in _assembled(gathered, gathered.places, wide, town)}
    entries = {entity_id: tuple(gathered.places[entity_id]) for entity_id in every}
    if len(entries) > page.offset + page.limit:
        federation.maps.note(town, wide.key, wide.query, entries, by)
    shown = list(every.values())[page.offset : page.offset + page.limit]
    return Found(shown, len(every) if page.count else None), gathered.warnings


async def _number(
    federation: Federation, town: Town, wide: Wide, trigger: Trigger, by: Principal
) -> tuple[Found, Sequence[str]]:
    """How many there are (6.3.13), each counted once, in however many places it is; sources that can say ids are asked
    for no more."""
    gathered = await places(federation, town, wide, trigger, by, _FOR_A_MOMENT)
    return Found((), len(gathered.places)), gathered.warnings


async def follow(
    federation: Federation,
    town: Town,
    wide: Wide,
    kept: EntityMap,
    trigger: Trigger,
    by: Principal,
    exact: bool = False,
) -> tuple[Found, Sequence[str]]:
    """One page of the entities of a map, and warnings: those that fit no more leave it, and the page is filled as long
    as there are others (5.5.9.3). Where a source fails, its entities stay and take their place on the page.

    The count is that of the map; exact: those after the page are asked too whether they still fit.
    """
    return await _follow(federation, town, own_view(town, wide, by), kept, trigger, by, exact)


async def _follow(
    federation: Federation, town: Town, wide: Wide, kept: EntityMap, trigger: Trigger, by: Principal, exact: bool
) -> tuple[Found, Sequence[str]]:
    page, ids = wide.page, list(kept.entries)
    shown: list[Entity] = []
    gone: set[str] = set()
    warnings: list[str] = []
    taken, at = 0, page.offset
    while at < len(ids) and (taken < page.limit or exact):
        part = ids[at : at + max(page.limit - taken, AT_LEAST)]
        gathered = await gather_again(federation, town, wide, part, kept, trigger, by)
        found = {entity.id: entity for entity in _assembled(gathered, part, wide, town)}
        warnings += gathered.warnings
        federation.maps.link(town, kept.id, gathered.linked)
        for entity_id in part:
            if taken == page.limit and not exact:
                break
            at += 1
            if entity_id not in found and not gathered.warnings:
                gone.add(entity_id)
            elif taken < page.limit:
                taken += 1
                shown += [found[entity_id]] if entity_id in found else []
    federation.maps.remove(town, kept.id, gone)
    return Found(shown, len(ids) - len(gone)), warnings


async def places(
    federation: Federation, town: Town, wide: Wide, trigger: Trigger, by: Principal, lifetime: timedelta | None = None
) -> Gathered:
    """Where each entity is that is known here or to the sources (5.14.4.4): its `places`, in the order of their pages.

    A source that makes maps itself is asked for one, any other for its entities; and each for its entities where it
    is to be judged here whether who asks may see them.
    """
    bound = own_view(town, wide, by)
    glean = partial(glean_map, lifetime) if bound is wide else None
    wide = bound
    gathered = await gather(federation, town, wide, trigger, by, glean)
    known = {entity.id for entity in _assembled(gathered, gathered.parts, wide, town)}
    mapped = {name for name, where in gathered.places.items() if not gathered.linked.keys().isdisjoint(where)}
    gathered.places = {name: where for name, where in gathered.places.items() if name in known or name in mapped}
    return gathered


def own_view(town: Town, wide: Wide, by: Principal) -> Wide:
    """The query as this one asks it: what they may not see is neither asked for by a filter nor counted."""
    demand(town.policy, by, Deed.READ)
    bound = judged_after(town, wide.query, by)
    if bound is None:
        return wide
    return replace(wide, query=bound, split=True, key=f"{by.signature} {sorted(by.roles)} {wide.key}")


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
