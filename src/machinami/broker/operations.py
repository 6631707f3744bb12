"""What can be done with entities? Every provision and retrieval of single entities (ETSI GS CIM 009, 5.6 and 5.7).

Each write is one rule of `model.patch`, run inside one transaction of the town's store: the rule sees the entity
as it is at that moment, so that two writes at once never lose each other's work.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from machinami.broker.seen import peeked, reading
from machinami.broker.town import Town
from machinami.broker.written import writing
from machinami.foundation.errors import AlreadyExists, NotFound
from machinami.model import patch
from machinami.model.attribute import Attribute
from machinami.model.change import Change, Verb
from machinami.model.entity import Entity
from machinami.model.expansion import Fragment
from machinami.model.found import Found
from machinami.model.never_kept import demand_changes_keepable, demand_entity_keepable, demand_keepable
from machinami.model.patch import Patched
from machinami.model.principal import Principal
from machinami.model.query import Page, Query
from machinami.store.protocol import Transaction

Rule = Callable[[Entity, datetime], Patched]


def no_entity(entity_id: str) -> NotFound:
    """The error for an entity that is not there."""
    return NotFound(f"There is no entity {entity_id} here", entityId=entity_id)


def write_new(tx: Transaction, entity: Entity, now: datetime, by: Principal) -> None:
    """Create an entity inside a transaction. Raises AlreadyExists; BadRequestData for what is never kept."""
    demand_entity_keepable(entity)
    before = tx.get(entity.id)
    if before is not None and not expired(before, now):
        raise AlreadyExists(f"There is an entity {entity.id} already; update it instead", entityId=entity.id)
    if before is not None:
        write_deletion(tx, before, now, by)
    done = patch.created(entity, now)
    tx.write(Change(Verb.CREATED, entity.id, entity.types, None, done.entity, done.changes, now, by.signature))


def write_rule(tx: Transaction, entity_id: str, rule: Rule, now: datetime, by: Principal) -> Patched:
    """Change an entity by a rule inside a transaction. Raises NotFound. What changes nothing writes nothing."""
    before = tx.get(entity_id)
    if before is None or expired(before, now):
        raise no_entity(entity_id)
    done = rule(before, now)
    write_patched(tx, before, done, now, by)
    return done


def write_patched(tx: Transaction, before: Entity, done: Patched, now: datetime, by: Principal) -> None:
    """Write what a rule has made of an entity, inside the transaction that gave it."""
    if done.changes or done.entity != before:
        types = done.entity.types
        if types != before.types:
            demand_keepable(types, {})
        demand_changes_keepable(done.changes)
        tx.write(Change(Verb.UPDATED, before.id, types, before, done.entity, done.changes, now, by.signature))


def write_deletion(tx: Transaction, before: Entity, now: datetime, by: Principal) -> None:
    """Delete an entity inside a transaction; its history stays."""
    gone = patch.difference(before, None)
    tx.write(Change(Verb.DELETED, before.id, before.types, before, None, gone, now, by.signature))


def expired(entity: Entity, now: datetime) -> bool:
    """Whether a transient entity is past its expiresAt (4.24)."""
    return entity.expires_at is not None and entity.expires_at <= now


def create(town: Town, entity: Entity, by: Principal) -> Awaitable[None]:
    """Create an entity (5.6.1). Raises AlreadyExists."""
    now = town.clock()
    return writing(town, lambda tx: write_new(tx, entity, now, by), by)


def retrieve(town: Town, entity_id: str, by: Principal) -> Entity:
    """The entity (5.7.1). Raises NotFound."""
    entity = peeked(town, entity_id, by)
    if entity is None or (entity.expires_at is not None and expired(entity, town.clock())):
        raise no_entity(entity_id)
    return entity


def peek(town: Town, entity_id: str, by: Principal) -> Entity | None:
    """The entity, None if there is none."""
    entity = peeked(town, entity_id, by)
    return None if entity is None or expired(entity, town.clock()) else entity


async def query(town: Town, wanted: Query, page: Page, by: Principal) -> Found:
    """The entities that match (5.7.2)."""
    return await reading(town, by).find(wanted, page, town.clock())


def _changed(town: Town, entity_id: str, rule: Rule, by: Principal) -> Awaitable[Patched]:
    now = town.clock()
    return writing(town, lambda tx: write_rule(tx, entity_id, rule, now, by), by)


def append(town: Town, entity_id: str, fragment: Fragment, overwrite: bool, by: Principal) -> Awaitable[Patched]:
    """Append attributes; those that exist are overwritten only if `overwrite` (5.6.3)."""
    return _changed(town, entity_id, lambda entity, now: patch.appended(entity, fragment, overwrite, now), by)


def update(town: Town, entity_id: str, fragment: Fragment, by: Principal) -> Awaitable[Patched]:
    """Update attributes that exist (5.6.2); the answer says which did not."""
    return _changed(town, entity_id, lambda entity, now: patch.updated(entity, fragment, now), by)


def update_attribute(
    town: Town, entity_id: str, name: str, body: tuple[Attribute, ...], by: Principal
) -> Awaitable[Patched]:
    """Partially update one attribute (5.6.4)."""
    return _changed(town, entity_id, lambda entity, now: patch.partially_updated(entity, name, body, now), by)


def replace(town: Town, entity_id: str, new: Entity, by: Principal) -> Awaitable[Patched]:
    """Replace an entity (5.6.18)."""
    return _changed(town, entity_id, lambda entity, now: patch.replaced(entity, new, now), by)


def replace_attribute(
    town: Town, entity_id: str, name: str, body: tuple[Attribute, ...], by: Principal
) -> Awaitable[Patched]:
    """Replace one attribute (5.6.19)."""
    return _changed(town, entity_id, lambda entity, now: patch.replaced_attribute(entity, name, body, now), by)


def merge(
    town: Town,
    entity_id: str,
    fragment: Fragment,
    by: Principal,
    observed_at: datetime | None = None,
    lang: str | None = None,
) -> Awaitable[Patched]:
    """Merge a fragment into an entity (5.6.17)."""
    return _changed(town, entity_id, lambda entity, now: patch.merged(entity, fragment, now, observed_at, lang), by)


def delete_attribute(
    town: Town, entity_id: str, name: str, by: Principal, dataset_id: str | None = None, every: bool = False
) -> Awaitable[Patched]:
    """Delete one attribute: its default instance, one dataset of it, or every instance (5.6.5)."""
    return _changed(
        town,
        entity_id,
        lambda entity, now: patch.without_attribute(entity, name, dataset_id, every, now),
        by,
    )


def delete(town: Town, entity_id: str, by: Principal) -> Awaitable[None]:
    """Delete an entity (5.6.6)."""
    now = town.clock()

    def work(tx: Transaction) -> None:
        before = tx.get(entity_id)
        if before is None or expired(before, now):
            raise no_entity(entity_id)
        write_deletion(tx, before, now, by)

    return writing(town, work, by)
