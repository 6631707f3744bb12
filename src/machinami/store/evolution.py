"""Did an entity satisfy a query in a stretch of time? q, geoQ and scopeQ over its history (ETSI GS CIM 009, 5.7.4.4).

A condition holds where an instance within the range satisfies it. A scope is valid from when it is set until it is
set anew or removed (4.18), so that it may have been set before the range begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from typing import TypeVar

from machinami.foundation.instant import to_micros
from machinami.model.attribute import Attribute, Kind
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.model.matching import Linked, in_scope, matches, seen_through, sight
from machinami.model.names import SCOPE
from machinami.model.query import Guard, Query, ScopeSelection, TemporalQuery, names
from machinami.model.sight import NOTHING, Sight
from machinami.store.encoding import DELETED_VALUE
from machinami.store.timeline import EARLIEST, LATEST, asked_time, bounds, place_in_time, span_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ScopeStretch:
    """A time in which the scopes of an entity stayed the same: microseconds since 1970, without the end.

    said: the instance of the scope that began it; None where the history has none.
    """

    begin: int
    end: int
    said: Instance | None = None

    def meets(self, temporal: TemporalQuery) -> bool:
        """Whether it has a moment in common with the range of the query."""
        low, high = bounds(temporal)
        return self.begin <= high and self.end > low


def past_told(instance: Instance, known: Entity | None) -> Change | None:
    """The change by which the log tells of an instance that goes into the history alone: the entity is at present what
    it was, so nothing is said of that. None for what is not known, and for markers of deletion."""
    at = instance.value.modified_at or instance.value.observed_at
    if known is None or at is None or instance.deleted_at is not None:
        return None
    told = (AttributeChange(instance.attribute, None, instance.value),)
    return Change(Verb.UPDATED, instance.entity_id, known.types, None, None, told, at, "")


def selectors(query: Query) -> Query:
    """The part of the query that asks who an entity is, not what its attributes were."""
    return replace(query, attrs=(), q=None, geo=None, scope=None, order=())


def judged(query: Query) -> tuple[str, ...]:
    """The attributes whose instances within the range decide whether the query is satisfied."""
    wanted = () if query.q is None else tuple(sorted(names(query.q)))
    return wanted if query.geo is None else (*wanted, query.geo.property)


def sight_of_past(guard: Guard | None, entity: Entity, temporal: TemporalQuery) -> Sight | None:
    """Of which attributes of the entity, there or deleted, the past within the range may be seen; None: all."""
    if guard is None:
        return None
    found = sight(guard, entity, span_of(temporal))
    if found is None:
        return Sight(NOTHING)
    return None if found.is_whole else found


def visible_past(query: Query, entity: Entity, history: Mapping[str, T], temporal: TemporalQuery) -> Mapping[str, T]:
    """Of a history by attribute what the query's guard lets be seen; the scopes of who is seen are."""
    found = sight_of_past(query.guard, entity, temporal)
    if found is None:
        return history
    return {name: past for name, past in history.items() if name == SCOPE or found.shows(name)}


def satisfied(query: Query, head: Entity, past: Sequence[Instance], linked: Linked, now: datetime) -> bool:
    """Whether q and geoQ hold for what the history has of the judged attributes within the range."""
    attributes: dict[str, tuple[Attribute, ...]] = {}
    for one in past:
        if one.deleted_at is None:
            value = one.value if one.value.expires_at is None else replace(one.value, expires_at=None)
            attributes[one.attribute] = (*attributes.get(one.attribute, ()), value)
    linked = linked if query.guard is None else seen_through(query.guard, linked)
    return matches(Query(q=query.q, geo=query.geo), replace(head, attributes=attributes), now, linked)


def scope_stretches(
    selection: ScopeSelection, head: Entity, scopes: Sequence[Instance], timeproperty: str
) -> list[ScopeStretch]:
    """When the scopes that an entity had satisfied the selection.

    scopes: its whole history of the scope; where there is none, the scopes of its head are those that it always had.
    """
    if not scopes:
        return [ScopeStretch(EARLIEST, LATEST)] if in_scope(selection, head.scopes) else []
    times = [to_micros(asked_time(one, timeproperty) or place_in_time(one)) for one in scopes]
    turns = sorted(zip(times, scopes, strict=True), key=itemgetter(0))
    ends = [at for at, _ in turns[1:]] + [LATEST]
    stretches = [ScopeStretch(at, end, said) for (at, said), end in zip(turns, ends, strict=True)]
    return [one for one in stretches if one.said is not None and in_scope(selection, scopes_of(one.said))]


def scopes_of(instance: Instance) -> tuple[str, ...]:
    """The scopes that an instance of the scope says; none where it marks that they were removed."""
    value = instance.value.value
    if instance.deleted_at is not None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def scope_change(change: Change) -> Instance | None:
    """What the history of the scope gains by a change of the entity (4.5.6): observedAt is a copy of modifiedAt."""
    before = () if change.before is None else change.before.scopes
    after = () if change.after is None else change.after.scopes
    if before == after:
        return None
    at = change.at
    if not after:
        return Instance(change.entity_id, SCOPE, Attribute(Kind.PROPERTY, DELETED_VALUE, modified_at=at), at)
    value = after[0] if len(after) == 1 else list(after)
    said = Attribute(Kind.PROPERTY, value, observed_at=at, created_at=at, modified_at=at)
    return Instance(change.entity_id, SCOPE, said)
