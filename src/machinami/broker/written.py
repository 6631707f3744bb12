"""What may who asks write? The writing side of the store, held against the town's policy.

Whoever writes sees the entity as it is there for them, and writes upon that; what is hidden from them stays as it is.
Every change is judged where it is written, so that no operation, and no face, can forget it.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from machinami.broker.law import LEGAL, TOUCHED
from machinami.broker.policy import WRITES, Rights
from machinami.broker.quotas import metered
from machinami.broker.town import Town
from machinami.foundation.errors import AlreadyExists
from machinami.model import patch
from machinami.model.attribute import Attribute
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.model.matching import covers
from machinami.model.names import SCOPE
from machinami.model.plain import names_in
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.renewal import has_types_of
from machinami.store.protocol import Transaction

T = TypeVar("T")


def writing(town: Town, work: Callable[[Transaction], T], by: Principal) -> Awaitable[T]:
    """Run a work that writes entities, as far as who asks may. Raises Forbidden where nothing may be written."""
    rights = town.policy.rights(by)
    if not town.meter.free:
        return _measured(town, work, rights, by)
    if rights is None:
        return town.store.transact(work)
    _demand_some(rights)
    return town.store.transact(lambda tx: work(Written(tx, rights)))


def _demand_some(rights: Rights) -> None:
    if not rights.writes:
        raise rights.refusal(WRITES[0])


def _measured(town: Town, work: Callable[[Transaction], T], rights: Rights | None, by: Principal) -> Awaitable[T]:
    """Run a work of a town that has a quota."""
    if rights is None:
        return town.store.transact(metered(town.meter, work))
    _demand_some(rights)
    return town.store.transact(metered(town.meter, lambda tx: work(Written(tx, rights))))


class Written:
    """A transaction as one who asks may use it."""

    __slots__ = ("_known", "_rights", "_sees_all", "_tx")

    def __init__(self, tx: Transaction, rights: Rights) -> None:
        self._tx = tx
        self._rights = rights
        self._sees_all = rights.writing is None
        self._known: tuple[str, Entity | None] = "", None  # what was got last, until something is written

    def get(self, entity_id: str) -> Entity | None:
        """The entity as it is there for who writes."""
        entity = self._tx.get(entity_id)
        self._known = entity_id, entity
        return entity if entity is None or self._sees_all else self._rights.written(entity)

    def count(self) -> int:
        """How many entities there are, as the works before left them."""
        return self._tx.count()

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that has a past and is not there."""
        head, guard = self._tx.recall(entity_id), self._rights.writing
        if head is None or guard is None or any(covers(allowance, head) for allowance in guard):
            return head
        return None

    def write(self, change: Change) -> None:
        """Write the change, if all of it is allowed. Raises Forbidden, AlreadyExists."""
        known, full = self._known
        if known != change.entity_id:
            full = self._tx.get(change.entity_id)
        self._known = "", None
        if change.verb is Verb.CREATED:
            self._create(full, change)
        elif change.verb is Verb.DELETED and full is not None:
            self._delete(full, change)
        elif full is not None and change.after is not None:
            self._tx.write(self._changed(full, change, change.after))

    def _create(self, full: Entity | None, change: Change) -> None:
        if full is not None:  # it is hidden from who writes, but the id is taken all the same
            if not _is_over(full, change.at):
                raise AlreadyExists(f"The id {full.id} cannot be used", entityId=full.id)
            self._tx.write(_whole_deletion(full, change))
        if change.after is not None:
            self._allow(Deed.CREATE, change.after, names_in(change.after))
            if self._rights.law is not None:
                self._rights.law.demand_new(change.after, self._tx.recall(change.entity_id))
                self._meet(change.after.types, names_in(change.after))
        self._tx.write(change)

    def _delete(self, full: Entity, change: Change) -> None:
        if not _is_over(full, change.at):
            self._allow(Deed.DELETE, full, None)
        is_whole = change.before is not None and len(change.before.attributes) == len(full.attributes)
        self._tx.write(change if is_whole else _whole_deletion(full, change))

    def _changed(self, full: Entity, change: Change, after: Entity) -> Change:
        """The change as it is of the full entity. Raises Forbidden where a part of it is not allowed."""
        law = self._rights.law
        is_left = law is None or law.welcomes(after.types)
        if not is_left:
            self._meet(after.types, names_in(after))
        is_same = change.before is full and has_types_of(change.attributes, full, after)
        if is_same and self._rights.is_free(Deed.CHANGE, full):
            if law is not None and not is_left:
                law.demand_kept(full, after)
            return change  # as nearly always: nothing is hidden, and nothing but the types is asked
        names = {part.name for part in change.attributes}
        heads_differ = (after.types, after.scopes, after.expires_at) != (full.types, full.scopes, full.expires_at)
        present = self._rights.written(full)
        if present is not None and present is not full:
            change = _completed(change, after, full, present)
        self._allow(Deed.CHANGE, full, None if heads_differ else names)
        if self._rights.law is not None and change.after is not None:
            self._rights.law.demand_kept(full, change.after)
        if change.after is not None:
            self._allow(Deed.CHANGE, change.after, None if heads_differ else names)
        return change

    def _meet(self, types: Collection[str], names: Collection[str]) -> None:
        """Have it known, and kept, which types entities with something marked have. Raises BadRequestData for what the
        town has decided never to keep."""
        law = self._rights.law
        if law is None or law.welcomes(types):
            return
        law.demand_welcome(types, names)
        if law.meet(types, names):
            self._tx.put_record(LEGAL, TOUCHED, {"types": sorted(law.touched)})

    def _allow(self, deed: Deed, entity: Entity, names: Iterable[str] | None) -> None:
        """Raise Forbidden unless the deed is allowed of these attributes of the entity; None: of all of it."""
        extent = self._rights.extent(deed, entity)
        if extent is None or not (extent.every or (names is not None and extent.holds(names))):
            raise self._rights.refusal(deed, entity=entity)

    def correct(
        self, entity_id: str, attribute: str, instance_id: str, after: Attribute | None, change: Change
    ) -> bool:
        """Replace one instance of the history, if the attribute may be changed."""
        self._known = "", None
        full = self._tx.get(entity_id)
        self._allow_past(full or self._tx.recall(entity_id), attribute)
        if full is not None and change.after is not None:
            change = self._changed(full, change, change.after)
        return self._tx.correct(entity_id, attribute, instance_id, after, change)

    def remember(self, head: Entity) -> None:
        """Know a past entity, if one like it may be created."""
        self._allow(Deed.CREATE, head, ())
        self._meet(head.types, ())
        self._tx.remember(head)

    def add_history(self, instance: Instance) -> None:
        """Add an instance to the history, if the attribute may be changed."""
        known = self._tx.get(instance.entity_id) or self._tx.recall(instance.entity_id)
        if known is not None:
            self._allow_past(known, instance.attribute)
        elif not self._rights.may(Deed.CREATE):
            raise self._rights.refusal(Deed.CREATE, instance.entity_id)
        self._meet(() if known is None else known.types, (instance.attribute,))
        self._tx.add_history(instance)

    def remove_history(self, entity_id: str, attribute: str | None = None, dataset_id: str | None = None) -> bool:
        """Forget a history, if it may be: a whole one as an entity goes, that of an attribute as it is changed."""
        known = self._tx.get(entity_id) or self._tx.recall(entity_id)
        if known is None:
            return False
        if attribute is None:
            self._allow(Deed.DELETE, known, None)
        else:
            self._allow_past(known, attribute)
        return self._tx.remove_history(entity_id, attribute, dataset_id)

    def thin_history(self, entity_id: str, attribute: str, gone: Sequence[str], made: Sequence[Instance]) -> bool:
        """Put a few instances in the place of many, if the attribute may be changed."""
        self._allow_past(self._tx.get(entity_id) or self._tx.recall(entity_id), attribute)
        return self._tx.thin_history(entity_id, attribute, gone, made)

    def _allow_past(self, known: Entity | None, attribute: str) -> None:
        if known is not None:
            self._allow(Deed.CHANGE, known, None if attribute == SCOPE else (attribute,))

    def put_record(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Keep a record: which ones is decided by the operations that keep them."""
        self._tx.put_record(kind, key, value)

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """The record as this work sees it now."""
        return self._tx.get_record(kind, key)

    def delete_record(self, kind: str, key: str) -> bool:
        """Remove the record."""
        return self._tx.delete_record(kind, key)


def _is_over(entity: Entity, now: datetime) -> bool:
    return entity.expires_at is not None and entity.expires_at <= now


def _whole_deletion(full: Entity, change: Change) -> Change:
    gone = patch.difference(full, None)
    return Change(Verb.DELETED, full.id, full.types, full, None, gone, change.at, change.by)


def _completed(change: Change, after: Entity, full: Entity, present: Entity) -> Change:
    """The change of the whole entity that changes in it what the change does to what of it is there for who writes."""
    hidden = {name: kept for name, kept in full.attributes.items() if name not in present.attributes}
    attributes = {**after.attributes}
    parts = list(change.attributes)
    for name, kept in hidden.items():
        new = attributes.get(name)
        if new is None:
            attributes[name] = kept
            continue
        old = {instance.dataset_id: instance for instance in kept}
        fresh = {instance.dataset_id for instance in new}
        attributes[name] = (*new, *(instance for instance in kept if instance.dataset_id not in fresh))
        parts = [_replacing(part, old) if part.name == name else part for part in parts]
    return replace(change, before=full, after=replace(after, attributes=attributes), attributes=tuple(parts))


def _replacing(part: AttributeChange, old: dict[str | None, Attribute]) -> AttributeChange:
    if part.before is not None or part.after is None:
        return part
    return replace(part, before=old.get(part.after.dataset_id))
