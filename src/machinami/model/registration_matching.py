"""Which registered sources may know of what is asked for? (ETSI GS CIM 009, 5.10.2.4, 5.12)"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.foundation import geometry
from machinami.foundation.pattern import compile_pattern
from machinami.model import core_terms
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.matching import has_types, holds, in_scope
from machinami.model.query import Condition, GeoQuery, GeoRelation, Query, ScopeSelection, TemporalQuery, TimeRelation
from machinami.model.query import names as names_of
from machinami.model.registration import EntityInfo, Interval, Mode, Registration, RegistrationInfo
from machinami.model.subscription import EntitySelector

_OBSERVED = "observedAt"
_SYSTEM_NAMES = frozenset(
    core_terms.NAMESPACE + name for name in ("scope", "createdAt", "modifiedAt", "expiresAt", "deletedAt")
)


@dataclass(frozen=True, slots=True)
class Specification:
    """What is asked of sources: of which entities (none: any), which attributes and datasets (none: all).

    geo, scope and csf restrict the sources themselves; temporal None: what is now. lenient: a source that does not
    say where it lies, or in which scope, may know of any place and scope.
    """

    entities: tuple[EntitySelector, ...] = ()
    attributes: frozenset[str] = frozenset()
    datasets: frozenset[str] = frozenset()
    geo: GeoQuery | None = None
    scope: ScopeSelection | None = None
    csf: Condition | None = None
    temporal: TemporalQuery | None = None
    lenient: bool = False


def specified(query: Query, attributes: Iterable[str] = (), geo_named: bool = False) -> Specification:
    """The specification in a query: its selectors, and the attributes that it, q and (if named) its geoquery name."""
    selectors: tuple[EntitySelector, ...] = ()
    if query.ids:
        selectors = tuple(EntitySelector(query.types, entity_id, query.id_pattern) for entity_id in query.ids)
    elif query.selectors:
        selectors = tuple(
            EntitySelector(one.types, entity_id, one.id_pattern)
            for one in query.selectors
            for entity_id in one.ids or (None,)
        )
    elif query.types is not None or query.id_pattern is not None:
        selectors = (EntitySelector(query.types, None, query.id_pattern),)
    named = frozenset((*query.attrs, *attributes)) | asked_attributes(query.q)
    if geo_named and query.geo is not None:
        named |= {query.geo.property}
    return Specification(selectors, named, geo=query.geo, scope=query.scope)


def asked_attributes(condition: Condition | None) -> frozenset[str]:
    """The attributes that a q looks at, without the members that every entity has."""
    if condition is None:
        return frozenset()
    return frozenset(name for name in names_of(condition) if not name.startswith("@")) - _SYSTEM_NAMES


def matches_registration(registration: Registration, wanted: Specification, now: datetime) -> bool:
    """Whether the source may know of something that is asked for."""
    return (
        is_current(registration, now)
        and meets_time(registration, wanted.temporal)
        and _meets_datasets(registration, wanted.datasets)
        and (wanted.geo is None or _meets_place(registration, wanted.geo, wanted.lenient))
        and (wanted.scope is None or _meets_scope(registration, wanted.scope, wanted.lenient))
        and (wanted.csf is None or holds(wanted.csf, as_entity(registration), now))
        and any(matches_information(info, wanted) for info in registration.information)
    )


def is_current(registration: Registration, now: datetime) -> bool:
    """Whether the registration has not expired."""
    return registration.expires_at is None or registration.expires_at > now


def matching_information(registration: Registration, wanted: Specification) -> Sequence[RegistrationInfo]:
    """The parts of a registration that match (5.12)."""
    return [info for info in registration.information if matches_information(info, wanted)]


def matches_information(info: RegistrationInfo, wanted: Specification) -> bool:
    """Whether one RegistrationInfo matches the entities and the attributes asked for (5.12)."""
    if wanted.attributes and info.attributes and info.attributes.isdisjoint(wanted.attributes):
        return False
    if not wanted.entities or not info.entities:
        return True
    return any(matches_entity_info(entity, selector) for entity in info.entities for selector in wanted.entities)


def matches_entity_info(entity: EntityInfo, selector: EntitySelector) -> bool:
    """Whether an EntityInfo can have entities that a selector asks for (5.12)."""
    if selector.types is not None and entity.types and not has_types(selector.types, entity.types):
        return False
    if entity.id is None and entity.id_pattern is None:
        return True
    if selector.id is not None:
        return may_have(entity, selector.id)
    if selector.id_pattern is not None and entity.id is not None:
        return compile_pattern(selector.id_pattern).finds(entity.id)
    return True


def may_have(entity: EntityInfo, entity_id: str) -> bool:
    """Whether an EntityInfo covers this id; the id goes before the pattern (5.2.8)."""
    if entity.id is not None:
        return entity.id == entity_id
    return entity.id_pattern is None or compile_pattern(entity.id_pattern).finds(entity_id)


def covers(info: RegistrationInfo, entity_id: str, types: Sequence[str] | None) -> bool:
    """Whether a RegistrationInfo covers this entity; types None: they are not known, and so no hindrance."""
    return not info.entities or any(
        may_have(entity, entity_id) and (types is None or all(name in types for name in entity.types))
        for entity in info.entities
    )


def meets_time(registration: Registration, temporal: TemporalQuery | None) -> bool:
    """Whether the source gives what is now (temporal None), or something of the time asked for (5.10.2.4)."""
    if temporal is None:
        return not registration.temporal
    observed = temporal.property == _OBSERVED
    interval = registration.observation_interval if observed else registration.management_interval
    return interval is not None and (temporal.relation is None or _overlaps(interval, temporal))


def _overlaps(interval: Interval, temporal: TemporalQuery) -> bool:
    at, until = temporal.time_at, temporal.end_time_at
    if at is None:
        return True
    if temporal.relation is TimeRelation.BEFORE:
        return interval.start <= at
    if temporal.relation is TimeRelation.AFTER:
        return interval.end is None or interval.end >= at
    return (until is None or interval.start <= until) and (interval.end is None or interval.end >= at)


def _meets_datasets(registration: Registration, datasets: frozenset[str]) -> bool:
    return not datasets or not registration.datasets or not datasets.isdisjoint(registration.datasets)


def _meets_place(registration: Registration, geo: GeoQuery, lenient: bool) -> bool:
    """Whether the place of the source matches, or possibly holds places that do (5.10.2.4)."""
    place = registration.places.get(geo.property)
    if place is None:
        return lenient
    if geo.relation is GeoRelation.NEAR:
        return geo.max_distance is None or geometry.near(place, geo.geometry, None, geo.max_distance)
    if geo.relation is GeoRelation.DISJOINT:
        return not geometry.within(place, geo.geometry)
    return geometry.intersects(place, geo.geometry)


def _meets_scope(registration: Registration, scope: ScopeSelection, lenient: bool) -> bool:
    return in_scope(scope, registration.scopes) if registration.scopes else lenient


def as_entity(registration: Registration) -> Entity:
    """The Context Source Properties as those of an entity, so that a csf can be asked of them (4.9)."""
    named = {core_terms.NAMESPACE + name: value for name, value in registration.document.items() if _is_plain(value)}
    every = {**named, **registration.properties}
    attributes = {name: (Attribute(Kind.PROPERTY, _plain(value)),) for name, value in every.items()}
    return Entity(registration.id, (core_terms.NAMESPACE + "ContextSourceRegistration",), attributes)


def _plain(value: object) -> object:
    """The value of a Context Source Property, which may also be given in full."""
    return value["value"] if isinstance(value, dict) and value.get("type") == "Property" and "value" in value else value


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | list)


def is_in_conflict(new: Registration, other: Registration) -> bool:
    """Whether two proxied registrations may not stand beside each other (4.3.6.3): one of them is exclusive, and
    they share an attribute of the same entity."""
    if not (new.proxied and other.proxied) or (new.mode is other.mode is Mode.REDIRECT):
        return False
    sole, rest = (new, other) if new.mode is Mode.EXCLUSIVE else (other, new)
    return any(
        _shares(entity, info.attributes, rest.information) for info in sole.information for entity in info.entities
    )


def _shares(entity: EntityInfo, attributes: frozenset[str], others: Iterable[RegistrationInfo]) -> bool:
    entity_id = entity.id
    if entity_id is None:
        return False
    return any(
        covers(info, entity_id, entity.types) and (not info.attributes or not info.attributes.isdisjoint(attributes))
        for info in others
    )
