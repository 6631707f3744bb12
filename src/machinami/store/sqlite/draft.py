"""What does one work see and write before its commit?"""

from collections.abc import Sequence
from typing import Any

import apsw
import orjson

from machinami.foundation.errors import StoreUnavailable
from machinami.model.attribute import Attribute
from machinami.model.change import Change
from machinami.model.entity import Entity
from machinami.model.found import Instance
from machinami.store.encoding import encode
from machinami.store.evolution import past_told
from machinami.store.sqlite import past
from machinami.store.sqlite.encoded import Written, encode_change
from machinami.store.sqlite.group import Group, Snapshot
from machinami.store.sqlite.hot import Hot, Husk
from machinami.store.sqlite.log import trim_log
from machinami.store.sqlite.rebuilding import EDITED, place_of_edit
from machinami.store.sqlite.statements import SQL


class Draft:
    """A transaction, as one work has it: what it writes stays here until the work has returned.

    Works that touch the history itself are rare; they run apart, inside a savepoint, on rows that the group
    has already given to SQLite, because what they find there decides what they do.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        self._entities: dict[str, Entity | None] = {}
        self._records: dict[tuple[str, str], bytes | None] = {}
        self._written: list[Written] = []
        self._gone: set[str] = set()
        self._apart: Snapshot | None = None

    def count(self) -> int:
        """How many entities there are, as the works before this one left them."""
        return self._group.before + self._group.entities

    def get(self, entity_id: str) -> Entity | None:
        """The entity as this work sees it now."""
        if entity_id in self._entities:
            return self._entities[entity_id]
        state = self._group.look(entity_id)
        entity = self._entities[entity_id] = state.entity if isinstance(state, Hot) else None
        return entity

    def write(self, change: Change) -> None:
        """Append the change to the log and move state and history with it."""
        self._written.append(encode_change(change, self.get(change.entity_id), shapes=self._group.names.shapes))
        self._entities[change.entity_id] = change.after
        if change.after is None:
            self._gone.add(change.entity_id)

    def correct(
        self, entity_id: str, attribute: str, instance_id: str, after: Attribute | None, change: Change
    ) -> bool:
        """Replace or remove one instance of the history and log `change`; False if there is none."""
        self._edit()
        written = encode_change(change, self.get(change.entity_id), remembered=False)
        if not past.correct_instance(self._group, entity_id, attribute, instance_id, after):
            return False
        self._written.append(written)
        if change.after is not None:
            self._entities[change.entity_id] = change.after
        self._note_edit(entity_id)
        return True

    def _note_edit(self, entity_id: str) -> None:
        """That the past of an entity is not what the log says up to here: nothing is made anew from that."""
        self.put_record(EDITED, place_of_edit(entity_id), {"seq": self._group.counters.seq + len(self._written)})

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that is not there."""
        if entity_id not in self._gone and not isinstance(self._group.look(entity_id), Husk):
            return None  # as of most that are to be made: nothing need be settled to know that
        self._set_apart()
        return past.recall(self._group, entity_id)

    def remember(self, head: Entity) -> None:
        """Know an entity that is not there by this head."""
        self._edit()
        past.remember(self._group, head)

    def add_history(self, instance: Instance) -> None:
        """Add an instance to the history only."""
        self._edit()
        past.add_instance(self._group, instance)
        if self._group.log_past:
            told = past_told(instance, self.get(instance.entity_id) or past.recall(self._group, instance.entity_id))
            if told is not None:
                self._written.append(encode_change(told, None, remembered=False))

    def remove_history(self, entity_id: str, attribute: str | None = None, dataset_id: str | None = None) -> bool:
        """Forget the history of an entity, of one of its attributes, or of one dataset of it."""
        self._edit()
        self._note_edit(entity_id)
        return past.forget_history(self._group, entity_id, attribute, dataset_id)

    def thin_history(self, entity_id: str, attribute: str, gone: Sequence[str], made: Sequence[Instance]) -> bool:
        """Put a few instances in the place of many; False where one of those is not there."""
        self._edit()
        return past.thin_history(self._group, entity_id, attribute, gone, made)

    def put_record(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Keep a small JSON record under (kind, key)."""
        self._records[kind, key] = encode(value)

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """The record as this work sees it now."""
        doc = self._record((kind, key))
        if doc is None:
            return None
        try:
            record: dict[str, Any] = orjson.loads(doc)
        except orjson.JSONDecodeError as error:
            raise StoreUnavailable(f"The record {kind} {key} cannot be read; run: machinami repair") from error
        return record

    def _record(self, place: tuple[str, str]) -> bytes | None:
        return self._records[place] if place in self._records else self._group.record(place)

    def delete_record(self, kind: str, key: str) -> bool:
        """Remove the record; False if there was none."""
        there = self._record((kind, key)) is not None
        if there:
            self._records[kind, key] = None
        return there

    def trim_log(self, before: int) -> int:
        """Forget log rows below this number, but never the last row."""
        forgotten = trim_log(self.apart(), before)
        counters = self._group.counters
        counters.begin = max(counters.begin, min(before, counters.seq))
        return forgotten

    def apart(self) -> apsw.Connection:
        """The connection inside the open transaction, for the store's own works."""
        self._set_apart()
        return self._group.connection

    def close(self) -> None:
        """The work has returned: what it wrote belongs to the group."""
        self._absorb()
        self._group.records.update(self._records)
        if self._apart is not None:
            self._group.settle()
            self._group.connection.execute(SQL.release)

    def undo(self) -> None:
        """The work has raised: it leaves no trace."""
        if self._apart is not None:
            self._group.connection.execute(SQL.undo)
            self._group.connection.execute(SQL.release)
            self._group.restore(self._apart)

    def _absorb(self) -> None:
        for written in self._written:
            self._group.absorb(written)
        self._written.clear()

    def _edit(self) -> None:
        self._set_apart()
        self._group.edited = True

    def _set_apart(self) -> None:
        """Everything that this work and those before it wrote is given to SQLite, under a savepoint of its own."""
        if self._apart is None:
            self._group.settle()
            self._group.connection.execute(SQL.savepoint)
            self._apart = self._group.snapshot()
        self._absorb()
        self._group.settle()
