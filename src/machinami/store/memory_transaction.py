"""What may a work do to a town that is kept in memory, and how is it undone?"""

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from machinami.model.attribute import Attribute
from machinami.model.change import Change, Verb
from machinami.model.document import entity_to_document
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.model.representation import NONE
from machinami.store.encoding import DELETED_VALUE, encode, husk_of
from machinami.store.evolution import past_told, scope_change
from machinami.store.timeline import place_in_time


@dataclass(slots=True)
class Contents:
    """A town's data. history: entity -> attribute -> instances in order of (time, arrival).

    husks: deleted entities, without attributes. keys: the place of each entity in the order of creation.
    """

    entities: dict[str, Entity] = field(default_factory=dict)
    husks: dict[str, Entity] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    history: dict[str, dict[str, list[Instance]]] = field(default_factory=dict)
    records: dict[str, dict[str, bytes]] = field(default_factory=dict)
    log: list[Change] = field(default_factory=list)
    seq: int = 0
    key: int = 0
    instances: int = 0
    log_past: bool = False


class Draft:
    """A transaction on the contents; each step notes how to take it back."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._undo: list[Callable[[], None]] = []
        self.changes: list[Change] = []
        self._before = len(contents.entities)

    def count(self) -> int:
        """How many entities there are, as the works before this one left them."""
        return self._before

    def undo(self) -> None:
        """Take everything back."""
        while self._undo:
            self._undo.pop()()

    def get(self, entity_id: str) -> Entity | None:
        """The entity as this work sees it now."""
        return self._contents.entities.get(entity_id)

    def write(self, change: Change) -> None:
        """Append the change to the log and move state and history with it."""
        check_json(change.after)
        self._log(change)
        there = change.entity_id in self._contents.entities
        self._move(change)
        if change.after is None and not there:
            return
        for one in change.attributes:
            if one.after is not None:
                self._add(Instance(change.entity_id, one.name, one.after))
            elif one.before is not None:
                mark = Attribute(one.before.kind, DELETED_VALUE, one.before.dataset_id, modified_at=change.at)
                self._add(Instance(change.entity_id, one.name, mark, change.at))
        scope = scope_change(change)
        if scope is not None:
            self._add(scope)

    def correct(
        self, entity_id: str, attribute: str, instance_id: str, after: Attribute | None, change: Change
    ) -> bool:
        """Replace or remove one instance of the history and log `change`; False if there is none."""
        series = self._contents.history.get(entity_id, {}).get(attribute, [])
        old = next((i for i in series if i.value.instance_id == instance_id), None)
        if old is None:
            return False
        self._replace_series(entity_id, attribute, [i for i in series if i is not old])
        if after is not None:
            self._add(Instance(entity_id, attribute, replace(after, instance_id=instance_id)))
        self._log(change)
        if change.after is not None:
            self._move(change)
        return True

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that is not there; None if nothing is."""
        return self._contents.husks.get(entity_id)

    def remember(self, head: Entity) -> None:
        """Know an entity that is not there by this head."""
        if head.id in self._contents.entities:
            return
        if head.id not in self._contents.husks:
            self._give_key(head.id)
        self._set(self._contents.husks, head.id, husk_of(head))

    def add_history(self, instance: Instance) -> None:
        """Add an instance to the history only."""
        entity_id = instance.entity_id
        if entity_id not in self._contents.entities and entity_id not in self._contents.husks:
            self.remember(Entity(entity_id, ()))
        self._add(instance)
        if self._contents.log_past:
            told = past_told(instance, self.get(entity_id) or self.recall(entity_id))
            if told is not None:
                self._log(told)

    def remove_history(self, entity_id: str, attribute: str | None = None, dataset_id: str | None = None) -> bool:
        """Forget the history of an entity, of one of its attributes, or of one dataset of it."""
        kept = self._contents.history.get(entity_id, {})
        names = list(kept) if attribute is None else [attribute] if attribute in kept else []
        removed = False
        for name in names:
            rest = [i for i in kept[name] if dataset_id not in (None, i.value.dataset_id or NONE)]
            removed = removed or len(rest) < len(kept[name])
            self._replace_series(entity_id, name, rest)
        if attribute is None and dataset_id is None and entity_id in self._contents.husks:
            self._drop(self._contents.husks, entity_id)
            removed = True
        return removed

    def thin_history(self, entity_id: str, attribute: str, gone: Sequence[str], made: Sequence[Instance]) -> bool:
        """Put a few instances in the place of many; False where one of those is not there."""
        series = self._contents.history.get(entity_id, {}).get(attribute, [])
        names = set(gone)
        left = [one for one in series if one.value.instance_id not in names]
        if len(series) - len(left) < len(names):
            return False
        self._replace_series(entity_id, attribute, left)
        for instance in made:
            self._add(instance)
        return True

    def put_record(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Keep a small JSON record under (kind, key)."""
        self._set(self._contents.records.setdefault(kind, {}), key, encode(value))

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """The record as this work sees it now."""
        doc = self._contents.records.get(kind, {}).get(key)
        return None if doc is None else orjson.loads(doc)

    def delete_record(self, kind: str, key: str) -> bool:
        """Remove the record; False if there was none."""
        records = self._contents.records.get(kind, {})
        if key not in records:
            return False
        self._drop(records, key)
        return True

    def _log(self, change: Change) -> None:
        contents = self._contents
        contents.seq += 1
        numbered = replace(change, seq=contents.seq)
        contents.log.append(numbered)
        self.changes.append(numbered)

        def undo() -> None:
            contents.seq -= 1
            contents.log.pop()
            self.changes.pop()

        self._undo.append(undo)

    def _move(self, change: Change) -> None:
        entities, husks, entity_id = self._contents.entities, self._contents.husks, change.entity_id
        if change.after is not None:
            if entity_id not in entities:
                self._give_key(entity_id)
                if entity_id in husks:
                    self._drop(husks, entity_id)
            self._set(entities, entity_id, change.after)
        elif change.verb is Verb.DELETED and entity_id in entities:
            self._set(husks, entity_id, husk_of(entities[entity_id]))
            self._drop(entities, entity_id)

    def _give_key(self, entity_id: str) -> None:
        self._contents.key += 1
        self._set(self._contents.keys, entity_id, self._contents.key)

    def _add(self, instance: Instance) -> None:
        self._contents.instances += 1
        if instance.value.instance_id is None:
            name = f"urn:ngsi-ld:instance:{self._contents.instances:x}"
            instance = replace(instance, value=replace(instance.value, instance_id=name))
        series = list(self._contents.history.get(instance.entity_id, {}).get(instance.attribute, ()))
        insort(series, instance, key=place_in_time)
        self._replace_series(instance.entity_id, instance.attribute, series)

    def _replace_series(self, entity_id: str, attribute: str, series: list[Instance]) -> None:
        kept = self._contents.history.setdefault(entity_id, {})
        if series:
            self._set(kept, attribute, series)
        elif attribute in kept:
            self._drop(kept, attribute)

    def _set(self, place: dict[str, Any], key: str, value: Any) -> None:
        if key in place:
            old = place[key]
            self._undo.append(lambda: place.__setitem__(key, old))
        else:
            self._undo.append(lambda: place.__delitem__(key))
        place[key] = value

    def _drop(self, place: dict[str, Any], key: str) -> None:
        old = place.pop(key)
        self._undo.append(lambda: place.__setitem__(key, old))


def check_json(entity: Entity | None) -> None:
    """Raises BadRequestData if the entity holds what JSON cannot say."""
    if entity is not None:
        encode(entity_to_document(entity))
