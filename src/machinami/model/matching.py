"""Does this entity match this query? The one meaning of a query.

Clauses: ETSI GS CIM 009, 4.9, 4.10, 4.17, 4.19, 4.22 and 5.7.2. Subscriptions use it live and every store is
tested against it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from machinami.foundation import geometry
from machinami.foundation.pattern import compile_pattern
from machinami.model import query as q
from machinami.model.attribute import Kind
from machinami.model.comparison import compares
from machinami.model.entity import Entity
from machinami.model.names import LOCATION
from machinami.model.sight import WHOLE, Sight, Span
from machinami.model.target import live_attributes, targets

Linked = Callable[[str], Entity | None]

_RELATIONS = (Kind.RELATIONSHIP, Kind.LIST_RELATIONSHIP)


def unlinked(entity_id: str) -> Entity | None:
    """Knows no other entity: no linked condition holds."""
    return None


def matches(query: q.Query, entity: Entity, now: datetime, linked: Linked = unlinked) -> bool:
    """Whether the entity satisfies every part of the query at the moment `now`.

    An entity, an attribute instance or a linked entity whose expiresAt has passed does not exist (4.22).
    linked: finds the entities that relationships point to, for conditions such as `rel{attr}==5`.
    """
    if query.guard is not None:
        visible = seen(query.guard, entity)
        if visible is None:
            return False
        entity, linked = visible, seen_through(query.guard, linked)
    return (
        is_live(entity, now)
        and (not query.ids or entity.id in query.ids)
        and (query.types is None or has_types(query.types, entity.types))
        and (not query.selectors or any(selects(selector, entity) for selector in query.selectors))
        and (query.id_pattern is None or compile_pattern(query.id_pattern).finds(entity.id))
        and (not query.attrs or any(live_attributes(entity.attributes, a, now) for a in query.attrs))
        and (query.scope is None or in_scope(query.scope, entity.scopes))
        and (query.q is None or holds(query.q, entity, now, linked))
        and (query.geo is None or lies(query.geo, entity, now))
    )


def seen(guard: q.Guard, entity: Entity) -> Entity | None:
    """The entity as the guard lets it be seen: with the attributes of every allowance that covers it; None where
    none does. One that is seen as a whole is given as it is."""
    names: set[str] = set()
    covered = False
    for allowance in guard:
        if allowance.veil is not None:
            return _veiled(guard, entity)
        if covers(allowance, entity):
            if allowance.attributes is None:
                return entity
            covered = True
            names |= allowance.attributes
    if not covered:
        return None
    return entity if entity.attributes.keys() <= names else entity.keeping(names)


def _veiled(guard: q.Guard, entity: Entity) -> Entity | None:
    found = sight(guard, entity)
    if found is None or found.is_whole:
        return None if found is None else entity
    names = found.among(entity.attributes)
    return entity if len(names) == len(entity.attributes) else entity.keeping(names)


def sight(guard: q.Guard, entity: Entity, span: Span | None = None) -> Sight | None:
    """Of which attributes of the entity the guard lets something be seen; None where it is hidden. span: of its past
    within this time."""
    found: Sight | None = None
    lifted: dict[int, Sight | None] = {}
    for allowance in guard:
        if not covers(allowance, entity):
            continue
        allowed = WHOLE if allowance.attributes is None else Sight(allowance.attributes)
        veil = allowance.veil
        if veil is not None:
            if id(veil) not in lifted:
                lifted[id(veil)] = veil.over(entity, span)
            left = lifted[id(veil)]
            if left is None:
                continue
            allowed = allowed.narrowed(left)
        elif allowed is WHOLE:
            return WHOLE
        found = allowed if found is None else found.widened(allowed)
    return found


def seen_through(guard: q.Guard, linked: Linked) -> Linked:
    """Finds linked entities as the guard lets them be seen."""

    def find(entity_id: str) -> Entity | None:
        entity = linked(entity_id)
        return None if entity is None else seen(guard, entity)

    return find


def covers(allowance: q.Allowance, entity: Entity) -> bool:
    """Whether the allowance is about the entity; one whose location is not known lies in no area."""
    return (
        (allowance.types is None or has_types(allowance.types, entity.types))
        and (allowance.scope is None or in_scope(allowance.scope, entity.scopes))
        and (allowance.area is None or is_within(entity, allowance.area))
        and (allowance.about is None or is_about(entity, allowance.about))
    )


def is_about(entity: Entity, about: q.About) -> bool:
    """Whether the entity is about the person, and has what of it is."""
    if about.attribute and about.attribute not in entity.attributes:
        return False
    if not about.relationship:
        return entity.id == about.person
    for instance in entity.attributes.get(about.relationship, ()):
        if instance.kind in _RELATIONS:
            named = instance.value
            if about.person == named if isinstance(named, str) else about.person in named:
                return True
    return False


def is_within(entity: Entity, area: dict[str, Any]) -> bool:
    """Whether a location of the entity lies within the area."""
    within = geometry.RELATIONS[q.GeoRelation.WITHIN]
    return any(i.kind is Kind.GEO and within(i.value, area) for i in entity.attributes.get(LOCATION, ()))


def is_live(entity: Entity, now: datetime) -> bool:
    """Whether the entity has not expired."""
    return entity.expires_at is None or entity.expires_at > now


def selects(selector: q.Selector, entity: Entity) -> bool:
    """Whether the entity is one that the selector names (5.2.33)."""
    return (
        (not selector.ids or entity.id in selector.ids)
        and (selector.types is None or has_types(selector.types, entity.types))
        and (selector.id_pattern is None or compile_pattern(selector.id_pattern).finds(entity.id))
    )


def has_types(selection: q.TypeSelection, types: tuple[str, ...]) -> bool:
    """Whether the types satisfy the selection (4.17)."""
    if isinstance(selection, q.TypeIs):
        return selection.type in types
    if isinstance(selection, q.TypeAll):
        return all(has_types(part, types) for part in selection.parts)
    return any(has_types(part, types) for part in selection.parts)


def in_scope(selection: q.ScopeSelection, scopes: tuple[str, ...]) -> bool:
    """Whether the scopes satisfy the selection (4.19); an entity without scope satisfies none."""
    if isinstance(selection, q.ScopePattern):
        return any(_fits(selection.levels, scope.strip("/").split("/")) for scope in scopes)
    if isinstance(selection, q.ScopeAll):
        return all(in_scope(part, scopes) for part in selection.parts)
    return any(in_scope(part, scopes) for part in selection.parts)


def _fits(pattern: tuple[str, ...], levels: list[str]) -> bool:
    if pattern[-1:] == ("#",):
        pattern = pattern[:-1]
        levels = levels[: len(pattern)]
    return len(pattern) == len(levels) and all(p in ("+", v) for p, v in zip(pattern, levels, strict=True))


def lies(geo: q.GeoQuery, entity: Entity, now: datetime) -> bool:
    """Whether an instance of the GeoProperty lies as asked (4.10); one that is absent does not."""
    for instance in live_attributes(entity.attributes, geo.property, now):
        if instance.kind is Kind.GEO and _lies(geo, instance.value):
            return True
    return False


def _lies(geo: q.GeoQuery, value: Any) -> bool:
    if geo.relation is q.GeoRelation.NEAR:
        return geometry.near(value, geo.geometry, geo.min_distance, geo.max_distance)
    return geometry.RELATIONS[geo.relation](value, geo.geometry)


def holds(condition: q.Condition, entity: Entity, now: datetime, linked: Linked = unlinked) -> bool:
    """Whether the condition of a `q` holds for the entity (4.9).

    Any instance of an attribute may satisfy a term.
    """
    return _HOLDS[type(condition)](condition, entity, now, linked)


def _exists(condition: q.Exists, entity: Entity, now: datetime, linked: Linked) -> bool:
    return bool(targets(condition.path, entity, now))


def _is_missing(condition: q.Missing, entity: Entity, now: datetime, linked: Linked) -> bool:
    return not targets(condition.path, entity, now)


def _compare(condition: q.Compare, entity: Entity, now: datetime, linked: Linked) -> bool:
    return any(compares(target, condition) for target in targets(condition.path, entity, now))


def _all(condition: q.All, entity: Entity, now: datetime, linked: Linked) -> bool:
    return all(_HOLDS[type(part)](part, entity, now, linked) for part in condition.parts)


def _any(condition: q.AnyOf, entity: Entity, now: datetime, linked: Linked) -> bool:
    return any(_HOLDS[type(part)](part, entity, now, linked) for part in condition.parts)


def _linked(condition: q.Linked, entity: Entity, now: datetime, linked: Linked) -> bool:
    for kind, value in targets(condition.path, entity, now):
        if kind in _RELATIONS:
            for entity_id in (value,) if isinstance(value, str) else value:
                other = linked(entity_id)
                if other is not None and _satisfies(other, condition, now, linked):
                    return True
    return False


def _satisfies(other: Entity, condition: q.Linked, now: datetime, linked: Linked) -> bool:
    wanted = condition.types
    return (
        is_live(other, now)
        and (not wanted or any(name in other.types for name in wanted))
        and holds(condition.condition, other, now, linked)
    )


_HOLDS: Mapping[type, Callable[[Any, Entity, datetime, Linked], bool]] = {
    q.Exists: _exists,
    q.Missing: _is_missing,
    q.Compare: _compare,
    q.All: _all,
    q.AnyOf: _any,
    q.Linked: _linked,
}
