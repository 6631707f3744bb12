"""What can be done with many entities at once? The batch operations (ETSI GS CIM 009, 5.6.7 to 5.6.10, 5.6.20).

A batch is one transaction for speed, but each entity succeeds or fails by itself: its error goes into its
outcome and the others go on. Only what a service publishes stands or falls together.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from machinami.broker.operations import expired, no_entity, write_deletion, write_new, write_patched, write_rule
from machinami.broker.town import Town
from machinami.broker.written import writing
from machinami.foundation.errors import BadRequestData, MachinamiError
from machinami.foundation.value import value
from machinami.model import patch
from machinami.model.attribute import Attribute
from machinami.model.entity import Entity
from machinami.model.expansion import Fragment
from machinami.model.null import NULL
from machinami.model.patch import Patched
from machinami.model.principal import Principal
from machinami.store.protocol import Transaction

Item = TypeVar("Item")


@value
class Outcome:
    """How one entity of a batch fared: whether it was created, or what went wrong."""

    entity_id: str
    error: MachinamiError | None = None
    created: bool = False


def create_all(town: Town, entities: Sequence[Entity], by: Principal) -> Awaitable[list[Outcome]]:
    """Create each entity that does not exist (5.6.7)."""

    def one(tx: Transaction, entity: Entity, now: datetime) -> bool:
        write_new(tx, entity, now, by)
        return True

    return _each(town, entities, _id_of_entity, one, by)


def upsert_all(town: Town, entities: Sequence[Entity], replace: bool, by: Principal) -> Awaitable[list[Outcome]]:
    """Create or replace (or, with replace False, update) each entity (5.6.8)."""

    def one(tx: Transaction, entity: Entity, now: datetime) -> bool:
        before = tx.get(entity.id)
        if before is None or expired(before, now):
            write_new(tx, entity, now, by)
            return True
        done = patch.replaced(before, entity, now) if replace else _added(before, entity, now)
        write_patched(tx, before, done, now, by)
        return False

    return _each(town, entities, _id_of_entity, one, by)


def put_all(town: Town, items: Sequence[tuple[Entity, Sequence[str]]], by: Principal) -> Awaitable[None]:
    """Create each entity, or update it and remove of the named attributes those that it does not have: all of them, or,
    where one cannot be, none. Raises what stands against it."""
    now = town.clock()

    def put(tx: Transaction, entity: Entity, names: Sequence[str]) -> None:
        before = tx.get(entity.id)
        if before is None or expired(before, now):
            write_new(tx, entity, now, by)
            return
        gone = [name for name in names if name in before.attributes and name not in entity.attributes]
        write_patched(tx, before, _added(before, entity, now), now, by)
        if gone:
            removal = Fragment(attributes={name: _nothing(before, name) for name in gone})
            write_rule(tx, entity.id, lambda held, at: patch.updated(held, removal, at), now, by)

    def work(tx: Transaction) -> None:
        for entity, names in items:
            put(tx, entity, names)

    return writing(town, work, by)


def update_all(
    town: Town, fragments: Sequence[tuple[str, Fragment]], overwrite: bool, by: Principal
) -> Awaitable[list[Outcome]]:
    """Append to each entity, overwriting or not (5.6.9)."""

    def one(tx: Transaction, item: tuple[str, Fragment], now: datetime) -> bool:
        entity_id, fragment = item
        done = write_rule(tx, entity_id, lambda entity, at: patch.appended(entity, fragment, overwrite, at), now, by)
        if done.not_updated:
            names = ", ".join(left.name for left in done.not_updated)
            raise BadRequestData(f"Attributes that exist already were left as they are: {names}")
        return False

    return _each(town, fragments, _id_of_pair, one, by)


def merge_all(town: Town, fragments: Sequence[tuple[str, Fragment]], by: Principal) -> Awaitable[list[Outcome]]:
    """Merge into each entity (5.6.20)."""

    def one(tx: Transaction, item: tuple[str, Fragment], now: datetime) -> bool:
        entity_id, fragment = item
        write_rule(tx, entity_id, lambda entity, at: patch.merged(entity, fragment, at, None, None), now, by)
        return False

    return _each(town, fragments, _id_of_pair, one, by)


def delete_all(town: Town, entity_ids: Sequence[str], by: Principal) -> Awaitable[list[Outcome]]:
    """Delete each entity (5.6.10)."""

    def one(tx: Transaction, entity_id: str, now: datetime) -> bool:
        before = tx.get(entity_id)
        if before is None or expired(before, now):
            raise no_entity(entity_id)
        write_deletion(tx, before, now, by)
        return False

    return _each(town, entity_ids, str, one, by)


def _each(
    town: Town,
    items: Sequence[Item],
    name: Callable[[Item], str],
    one: Callable[[Transaction, Item, datetime], bool],
    by: Principal,
) -> Awaitable[list[Outcome]]:
    now = town.clock()

    def work(tx: Transaction) -> list[Outcome]:
        outcomes = []
        for item in items:
            try:
                outcomes.append(Outcome(name(item), None, one(tx, item, now)))
            except MachinamiError as error:
                outcomes.append(Outcome(name(item), error))
        return outcomes

    return writing(town, work, by)


def _added(entity: Entity, new: Entity, now: datetime) -> Patched:
    fragment = Fragment(types=new.types, scopes=new.scopes, attributes=new.attributes, expires_at=new.expires_at)
    return patch.appended(entity, fragment, True, now)


def _nothing(entity: Entity, name: str) -> tuple[Attribute, ...]:
    """NULL (4.5.0) for every instance of an attribute."""
    return tuple(Attribute(i.kind, NULL, dataset_id=i.dataset_id) for i in entity.attributes[name])


def _id_of_entity(entity: Entity) -> str:
    return entity.id


def _id_of_pair(item: tuple[str, Fragment]) -> str:
    return item[0]
