"""What does a work see and write where personal data are sealed? It sees them as they are; what it writes is sealed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from machinami.broker.shroud.opening import Closer, Opener
from machinami.model.attribute import Attribute
from machinami.model.change import Change
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.model.plain import names_in
from machinami.store.protocol import Transaction


class Closing:
    """A transaction that opens what it reads and seals what it writes."""

    __slots__ = ("_opener", "_tx")

    def __init__(self, tx: Transaction, opener: Opener) -> None:
        self._tx = tx
        self._opener = opener

    def get(self, entity_id: str) -> Entity | None:
        """The entity as this work sees it now."""
        held = self._tx.get(entity_id)
        return held if held is None else self._opener.entity(held)

    def write(self, change: Change) -> None:
        """Append the change, with what is personal of it sealed."""
        if self._opener.types.isdisjoint(change.types) and self._opener.concerns.leaves(change.types):
            self._tx.write(change)
            return
        shown = change.after or change.before
        names = () if shown is None else names_in(shown)
        if not self._opener.concerns.may_concern(change.types, names):
            held = None if self._opener.types.isdisjoint(change.types) else self._tx.get(change.entity_id)
            if held is None:
                self._tx.write(change)
                return
        self._close(change)

    def _close(self, change: Change) -> None:
        keys = self._opener.cipher.keys
        made = keys.made
        kept = self._kept(change)
        if change.before is not None and keys.made > made:
            keys.settle_now()  # it takes the place of what can be read
        self._tx.write(kept)
        if kept.after is not None and change.after is not None and kept.after is not change.after:
            self._opener.remember(kept.after, change.after)

    def _kept(self, change: Change) -> Change:
        held = self._tx.get(change.entity_id)
        closer = Closer(self._opener, held, None if held is None else self._opener.entity(held))
        kept = closer.change(change)
        if closer.sealed:
            self._opener.note(self._tx, change.types)
        return kept

    def correct(
        self, entity_id: str, attribute: str, instance_id: str, after: Attribute | None, change: Change
    ) -> bool:
        """Replace or remove one instance of the history, sealed where it is personal."""
        keys = self._opener.cipher.keys
        made = keys.made
        kept = after if after is None else self._instance(entity_id, attribute, after)
        told = self._kept(change)
        if keys.made > made:
            keys.settle_now()
        return self._tx.correct(entity_id, attribute, instance_id, kept, told)

    def _instance(self, entity_id: str, attribute: str, value: Attribute) -> Attribute:
        known = self.get(entity_id) or self._tx.recall(entity_id)
        if known is None or not self._opener.concerns.may_concern(known.types, (attribute,)):
            return value
        concern = self._opener.concerns.of(known, (attribute,)).get(attribute)
        if concern is None:
            return value
        self._opener.note(self._tx, known.types)
        return Closer(self._opener, None, None).instance(value, attribute, concern, entity_id)

    def add_history(self, instance: Instance) -> None:
        """Add an instance to the history, sealed where it is personal."""
        value = instance.value
        if instance.deleted_at is None:
            value = self._instance(instance.entity_id, instance.attribute, value)
        if value is not instance.value:
            instance = Instance(instance.entity_id, instance.attribute, value)
        self._tx.add_history(instance)

    def count(self) -> int:
        """How many entities there are, as the works before left them."""
        return self._tx.count()

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that has a past and is not there."""
        return self._tx.recall(entity_id)

    def remember(self, head: Entity) -> None:
        """Know a past entity by this head."""
        self._tx.remember(head)

    def remove_history(self, entity_id: str, attribute: str | None = None, dataset_id: str | None = None) -> bool:
        """Forget a history."""
        return self._tx.remove_history(entity_id, attribute, dataset_id)

    def thin_history(self, entity_id: str, attribute: str, gone: Sequence[str], made: Sequence[Instance]) -> bool:
        """Put a few instances in the place of many, sealed where they are personal."""
        sealed = [replace(one, value=self._instance(entity_id, attribute, one.value)) for one in made]
        return self._tx.thin_history(entity_id, attribute, gone, sealed)

    def put_record(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Keep a record."""
        self._tx.put_record(kind, key, value)

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """The record as this work sees it now."""
        return self._tx.get_record(kind, key)

    def delete_record(self, kind: str, key: str) -> bool:
        """Remove the record."""
        return self._tx.delete_record(kind, key)
