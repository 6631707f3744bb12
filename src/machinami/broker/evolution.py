"""How is the past of an entity told, mended and forgotten? Temporal provision (ETSI GS CIM 009, 5.6.11 to 5.6.16).

The evolution of an entity and its present state are two things (4.3.1): what is written here goes into the history
alone, and nobody is told of it as news. An entity that was never there is known by its past.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from machinami.broker.history import instance_of, put_right
from machinami.broker.operations import no_entity, write_rule
from machinami.broker.seen import reading
from machinami.broker.town import Town
from machinami.broker.written import writing
from machinami.foundation.errors import NotFound
from machinami.model import patch
from machinami.model.attribute import Attribute
from machinami.model.entity import Entity
from machinami.model.expansion import Fragment
from machinami.model.found import Instance
from machinami.model.merging import completed
from machinami.model.never_kept import demand_attribute_keepable, demand_keepable
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.representation import NONE
from machinami.model.temporal_document import Evolution, PastInstance
from machinami.store.protocol import Transaction


async def tell(town: Town, entity_id: str, told: Evolution, by: Principal) -> bool:
    """Create the evolution of an entity, or add to it (5.6.11); whether it is new."""
    now = town.clock()

    def work(tx: Transaction) -> bool:
        known = tx.get(entity_id) or tx.recall(entity_id)
        if known is None:
            demand_keepable(told.types, {})
            tx.remember(Entity(entity_id, told.types, scopes=told.scopes))
        else:
            _extend_head(tx, known, told, now, by)
        _add(tx, entity_id, told.instances, now)
        return known is None

    is_new = await writing(town, work, by)
    _note_told(town, entity_id, told, by)
    return is_new


async def add(town: Town, entity_id: str, told: Evolution, by: Principal) -> None:
    """Add instances to the evolution of an entity (5.6.12). Raises NotFound."""
    now = town.clock()

    def work(tx: Transaction) -> None:
        known = _known(tx, entity_id)
        _extend_head(tx, known, told, now, by)
        _add(tx, entity_id, told.instances, now)

    await writing(town, work, by)
    _note_told(town, entity_id, told, by)


async def forget(town: Town, entity_id: str, by: Principal) -> None:
    """Forget the whole evolution of an entity (5.6.16); what it is at present stays. Raises NotFound."""

    def work(tx: Transaction) -> None:
        _known(tx, entity_id)
        tx.remove_history(entity_id)

    await writing(town, work, by)
    await town.months.forget(entity_id)
    town.policy.note_past(by, Deed.DELETE, entity_id, (), "the past")


async def forget_attribute(
    town: Town, entity_id: str, name: str, by: Principal, dataset_id: str | None = None, every: bool = False
) -> None:
    """Forget the past of an attribute: its default instances, one dataset, or all (5.6.13). Raises NotFound."""

    def work(tx: Transaction) -> None:
        _known(tx, entity_id)
        if not tx.remove_history(entity_id, name, None if every else dataset_id or NONE):
            which = "" if every else f" with the dataset {dataset_id}" if dataset_id else " without datasetId"
            raise NotFound(f"The past of {entity_id} has no attribute {name}{which}", attribute=name)

    await writing(town, work, by)
    if every:
        await town.months.forget(entity_id, (name,))
    town.policy.note_past(by, Deed.CHANGE, entity_id, (name,), "the past of it forgotten")


async def replace_instance(
    town: Town, entity_id: str, name: str, instance_id: str, new: Attribute, by: Principal
) -> None:
    """Put another instance in the place of one (5.6.14); its name and its createdAt stay. Raises NotFound."""
    await _mend(town, entity_id, name, instance_id, new, by)


async def forget_instance(town: Town, entity_id: str, name: str, instance_id: str, by: Principal) -> None:
    """Forget one instance (5.6.15). Raises NotFound."""
    await _mend(town, entity_id, name, instance_id, None, by)


async def _mend(town: Town, entity_id: str, name: str, instance_id: str, new: Attribute | None, by: Principal) -> None:
    now = town.clock()
    seen = reading(town, by)
    if seen.peek(entity_id) is None and seen.recall(entity_id) is None:
        raise no_entity(entity_id)
    old = await instance_of(town, entity_id, name, instance_id, by)
    after = None if new is None else completed(name, new, now, old.value)

    def work(tx: Transaction) -> bool:
        _known(tx, entity_id)
        # before and after are not said: the entity is at present what it was, so nobody is told
        return put_right(tx, old, after, False, now, by)

    if not await writing(town, work, by):
        raise NotFound(f"There is no instance {instance_id} of {name} in the past of {entity_id}")


def _note_told(town: Town, entity_id: str, told: Evolution, by: Principal) -> None:
    town.policy.note_past(by, Deed.CHANGE, entity_id, [one.name for one in told.instances], "the past of it told")


def _known(tx: Transaction, entity_id: str) -> Entity:
    known = tx.get(entity_id) or tx.recall(entity_id)
    if known is None:
        raise no_entity(entity_id)
    return known


def _extend_head(tx: Transaction, known: Entity, told: Evolution, now: datetime, by: Principal) -> None:
    """Add the types that are new; an entity has the same types in its past and at present."""
    types = tuple(dict.fromkeys((*known.types, *told.types)))
    if tx.get(known.id) is not None:
        if types != known.types:
            write_rule(tx, known.id, lambda entity, at: patch.appended(entity, Fragment(types), True, at), now, by)
    elif types != known.types or told.scopes not in ((), known.scopes):
        demand_keepable(told.types, {})
        tx.remember(replace(known, types=types, scopes=told.scopes or known.scopes))


def _add(tx: Transaction, entity_id: str, instances: Iterable[PastInstance], now: datetime) -> None:
    for one in instances:
        demand_attribute_keepable(one.name, one.value)
        value = completed(one.name, one.value, now)
        deleted_at = (one.deleted_at or value.observed_at or now) if one.is_deletion else None
        if deleted_at is not None:
            value = replace(value, modified_at=deleted_at, created_at=None)
        tx.add_history(Instance(entity_id, one.name, value, deleted_at))
