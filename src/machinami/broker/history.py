"""What was it like before? Retrieval, aggregation and correction of history (ETSI GS CIM 009, 5.7.3, 5.7.4, 5.6.14)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from machinami.broker.operations import no_entity
from machinami.broker.seen import Seen, reading
from machinami.broker.town import Town
from machinami.broker.written import writing
from machinami.foundation.errors import NotFound
from machinami.foundation.instant import to_micros
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Kind
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.entity import Entity
from machinami.model.found import Bucket, Instance, Series
from machinami.model.names import SCOPE
from machinami.model.principal import Principal
from machinami.model.query import Duration, Page, Query, ScopeSelection, TemporalQuery
from machinami.model.town_terms import CORRECTION
from machinami.store.evolution import ScopeStretch, scope_stretches
from machinami.store.protocol import TownStore, Transaction
from machinami.store.timeline import order_time


@dataclass(frozen=True, slots=True)
class Past:
    """The evolution of one entity: who it is (or was), and what its attributes were in the range."""

    entity: Entity
    series: Sequence[Series]

    @property
    def instances(self) -> list[Instance]:
        """The instances of all series that are not in columns."""
        return [instance for one in self.series for instance in one.instances]


@dataclass(frozen=True, slots=True)
class Span:
    """What of the past is wanted. attributes None: all. limit: instances of each attribute, the newest with last_n.

    columns: series of plain readings may come in columns.
    """

    attributes: Sequence[str] | None
    temporal: TemporalQuery
    limit: int | None = None
    columns: bool = False


@dataclass(frozen=True, slots=True)
class PastPage:
    """One page of evolutions, and the number of all that match if it was asked for."""

    entities: Sequence[Past]
    count: int | None = None


async def retrieve_past(town: Town, entity_id: str, span: Span, by: Principal) -> Past:
    """The evolution of one entity (5.7.3). Raises NotFound where the entity never was."""
    store = reading(town, by)
    entity = store.peek(entity_id) or store.recall(entity_id)
    series = await _series(store, [entity_id], span)
    if entity is None:
        raise no_entity(entity_id)
    return Past(entity, series)


async def query_past(town: Town, wanted: Query, page: Page, span: Span, by: Principal) -> PastPage:
    """The evolutions of the entities that match and have instances in the range (5.7.4)."""
    store = reading(town, by)
    found = await store.find_past(wanted, span.temporal, page, town.clock())
    if wanted.scope is not None:
        return PastPage(await _within_scopes(store, found.entities, wanted.scope, span), found.count)
    of: dict[str, list[Series]] = {}
    for series in await _series(store, [e.id for e in found.entities], span):
        of.setdefault(series.entity_id, []).append(series)
    return PastPage([Past(entity, of.get(entity.id, [])) for entity in found.entities], found.count)


async def _within_scopes(
    store: TownStore | Seen, entities: Sequence[Entity], selection: ScopeSelection, span: Span
) -> list[Past]:
    """The evolutions as far as the entities were within the scopes that were asked for (4.18, example C.5.16)."""
    ids = [entity.id for entity in entities]
    turns = _by_entity(await store.instances(ids, [SCOPE], TemporalQuery()))
    every = replace(span.temporal, last_n=None)
    past = _by_entity(await store.instances(ids, span.attributes, every))
    found = []
    for entity in entities:
        scopes = turns.get(entity.id, [])
        stretches = [one for one in scope_stretches(selection, entity, scopes, every.property) if one.meets(every)]
        kept = [one for one in past.get(entity.id, []) if one.attribute != SCOPE and _is_within(one, stretches, every)]
        if span.attributes is None or SCOPE in span.attributes:
            kept += [one.said for one in stretches if one.said is not None]
        found.append(Past(entity, [_last(one, span.temporal.last_n) for one in _in_series(kept)]))
    return found


def _is_within(instance: Instance, stretches: Sequence[ScopeStretch], temporal: TemporalQuery) -> bool:
    at = to_micros(order_time(instance, temporal.property))
    return any(one.begin <= at < one.end for one in stretches)


def _by_entity(past: Iterable[Instance]) -> dict[str, list[Instance]]:
    found: dict[str, list[Instance]] = {}
    for instance in past:
        found.setdefault(instance.entity_id, []).append(instance)
    return found


def _last(series: Series, number: int | None) -> Series:
    return series if number is None else replace(series, instances=series.instances[-number:])


def _in_series(past: Iterable[Instance]) -> list[Series]:
    groups = groupby(past, lambda one: (one.entity_id, one.attribute))
    return [Series(entity_id, name, list(group)) for (entity_id, name), group in groups]


async def _series(store: TownStore | Seen, entity_ids: Sequence[str], span: Span) -> Sequence[Series]:
    if span.columns:
        return await store.series(entity_ids, span.attributes, span.temporal, span.limit)
    return _in_series(await store.instances(entity_ids, span.attributes, span.temporal, span.limit))


async def aggregates(
    town: Town,
    entity_id: str,
    attribute: str,
    temporal: TemporalQuery,
    methods: Sequence[str],
    period: Duration | None,
    by: Principal,
) -> Sequence[Bucket]:
    """Aggregates of one attribute by period (None: the whole range) (4.5.19)."""
    return await reading(town, by).aggregate(entity_id, attribute, temporal, methods, period)


async def instances(
    town: Town, entity_ids: Sequence[str], attributes: Sequence[str], temporal: TemporalQuery, by: Principal
) -> Sequence[Instance]:
    """Past instances of some attributes of some entities."""
    return await reading(town, by).instances(entity_ids, attributes, temporal)


async def changes(town: Town, after: int, limit: int, by: Principal) -> Sequence[Change]:
    """The log after a sequence number."""
    return await reading(town, by).changes(after, limit)


async def correct(
    town: Town,
    entity_id: str,
    attribute: str,
    instance_id: str,
    value: object,
    reason: str,
    by: Principal,
    shown_by: Principal | None = None,
) -> None:
    """Correct one bad reading: a new value, or None to mark it as missing. The old value, the reason and who
    did it stay visible as a sub-attribute of the instance, and in the log. shown_by: who may read it and asks for
    this, where that is not who corrects it. Raises NotFound."""
    found = await instance_of(town, entity_id, attribute, instance_id, shown_by or by)
    if found.deleted_at is not None:
        raise _no_instance(instance_id)
    old = found.value
    now = town.clock()
    note = {"from": old.value, "reason": reason, "by": by.id, "at": now.isoformat()}
    marked = {**old.attributes, CORRECTION: (Attribute(Kind.JSON, note, created_at=now, modified_at=now),)}
    new = replace(old, value=value, modified_at=now, attributes=marked)

    def work(tx: Transaction) -> bool:
        return put_right(tx, found, new, True, now, by)

    if not await writing(town, work, by):
        raise _no_instance(instance_id)


def put_right(
    tx: Transaction, found: Instance, new: Attribute | None, present: bool, now: datetime, by: Principal
) -> bool:
    """Have another instance stand in the history in the place of one, or none; False where that is not there. present:
    whether it is the entity as it is now, too, that was told wrongly, where the instance is its present one."""
    old, name = found.value, found.attribute
    entity = tx.get(found.entity_id)
    known = entity or tx.recall(found.entity_id)
    after = _with_instance(entity, name, old, new) if present and entity and new is not None else None
    before = entity if present else None
    types, told = known.types if known else (), (AttributeChange(name, old, new),)
    change = Change(Verb.UPDATED, found.entity_id, types, before, after, told, now, by.signature)
    return old.instance_id is not None and tx.correct(found.entity_id, name, old.instance_id, new, change)


async def instance_of(town: Town, entity_id: str, attribute: str, instance_id: str, by: Principal) -> Instance:
    """One instance of the history, by its name. Raises NotFound."""
    for instance in await reading(town, by).instances([entity_id], [attribute], TemporalQuery(), None):
        if instance.value.instance_id == instance_id:
            return instance
    raise _no_instance(instance_id)


def _no_instance(instance_id: str) -> NotFound:
    return NotFound(f"There is no reading {instance_id} in the history of this attribute", instanceId=instance_id)


def _with_instance(entity: Entity, attribute: str, old: Attribute, new: Attribute) -> Entity | None:
    """The entity with the corrected value where the corrected reading is its present one; None where it is not."""
    current = entity.get(attribute, old.dataset_id)
    if current is None or current.observed_at != old.observed_at or current.modified_at != old.modified_at:
        return None
    value = new.value if new.value is not None else current.value
    fixed = replace(current, value=value, modified_at=new.modified_at, attributes=new.attributes or NO_ATTRIBUTES)
    instances = tuple(fixed if i.dataset_id == old.dataset_id else i for i in entity.attributes[attribute])
    return replace(entity, attributes={**entity.attributes, attribute: instances}, modified_at=new.modified_at)
