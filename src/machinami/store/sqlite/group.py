"""What do the works of one commit leave behind, row by row?

A group gathers what its works wrote: the state as the next work sees it, and the rows that say so. Nothing
reaches SQLite before `spill`; an entity that is changed ten times in a group is written once.
"""

from collections import Counter
from dataclasses import dataclass, field

import apsw
import orjson

from machinami.foundation.instant import to_micros
from machinami.model.attribute import Kind
from machinami.model.change import Change
from machinami.model.entity import Entity
from machinami.store.sqlite.boxes import boxes
from machinami.store.sqlite.hot import Hot
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.series import Columns
from machinami.store.sqlite.statements import SQL
from machinami.store.sqlite.values import ValueIndexes

_BOXES = 8  # bits: boxes an entity may have
_SERIALS = 20  # bits: instances of the history that one change may have


@dataclass(slots=True)
class Written:
    """One change, encoded: the entity's JSON (None: deleted), the log's, and the columns of its history."""

    change: Change
    doc: bytes | None
    log: bytes
    history: list[tuple[str, Columns]]


@dataclass(slots=True)
class Husk:
    """What is left of a deleted entity: where it was, and under which subject its history is kept."""

    key: int
    subject: int


@dataclass(slots=True)
class Counters:
    """The last key and the last sequence number that were given."""

    key: int
    seq: int


@dataclass(slots=True)
class Rows:
    """Rows to be written, in their final state at the end of the group."""

    entities: dict[int, tuple[bool, str, int, int, bytes]] = field(default_factory=dict)
    dropped: list[tuple[int]] = field(default_factory=list)
    types: dict[tuple[int, int, int], bool] = field(default_factory=dict)
    places: dict[int, tuple[int, list[tuple[float, ...]]]] = field(default_factory=dict)
    values: dict[tuple[int, float | str, int], bool] = field(default_factory=dict)
    log: list[tuple[int, bytes]] = field(default_factory=list)
    history: list[tuple[int | float | bytes | None, ...]] = field(default_factory=list)
    records: dict[tuple[str, str], bytes | None] = field(default_factory=dict)


class Group:
    """The works of one commit, on their way to it."""

    def __init__(
        self, connection: apsw.Connection, names: Names, indexes: ValueIndexes, counters: Counters
    ) -> None:
        self.connection = connection
        self.names = names
        self.indexes = indexes
        self.counters = Counters(counters.key, counters.seq)
        self.state: dict[str, Hot | Husk | None] = {}
        self.changed: set[str] = set()
        self.records: dict[tuple[str, str], bytes | None] = {}
        self.changes: list[Change] = []
        self.type_counts: Counter[tuple[int, int]] = Counter()
        self.rows = Rows()
        self.begun = False
        self.new_names = 0

    def absorb(self, written: Written, current: Hot | Husk | None) -> None:
        """Take one change of a work that has returned; `current` is the entity's state before it."""
        change = written.change
        self.counters.seq = seq = self.counters.seq + 1
        self.rows.log.append((seq, written.log))
        self.changes.append(
            Change(
                change.verb,
                change.entity_id,
                change.types,
                change.before,
                change.after,
                change.attributes,
                change.at,
                change.by,
                seq,
            )
        )
        if written.doc is not None and change.after is not None:
            subject = self._move(change, change.after, written.doc, current)
        elif isinstance(current, Hot):
            subject = self._end(current)
        elif current is not None:
            subject = current.subject
        else:
            return
        self._remember(written, subject, seq)

    def _move(self, change: Change, after: Entity, doc: bytes, current: Hot | Husk | None) -> int:
        if isinstance(current, Hot):
            key, subject, before = current.key, current.subject, current.entity
            new = self.rows.entities[key][0] if key in self.rows.entities else False
            types_differ = before.types != after.types
            places_differ = any(
                (c.after is not None and c.after.kind is Kind.GEO)
                or (c.before is not None and c.before.kind is Kind.GEO)
                for c in change.attributes
            )
        else:
            self.counters.key = key = self.counters.key + 1
            subject, before, new, types_differ, places_differ = key, None, True, True, True
            if current is not None:
                subject = current.subject
                self._discard(current, change.entity_id)
        self.rows.entities[key] = (new, change.entity_id, subject, 0, doc)
        if types_differ:
            self._retype(before.types if before is not None else (), after.types, 0, key)
        if places_differ:
            self._place(key, before, after)
        if self.indexes:
            self.indexes.differ(before, after, key, self.rows.values)
        self.state[change.entity_id] = Hot(after, key, subject, len(doc))
        self.changed.add(change.entity_id)
        return subject

    def _end(self, current: Hot) -> int:
        entity, key = current.entity, current.key
        new = self.rows.entities[key][0] if key in self.rows.entities else False
        husk = orjson.dumps({"i": entity.id, "t": list(entity.types), "a": {}})
        self.rows.entities[key] = (new, entity.id, current.subject, 1, husk)
        self._retype(entity.types, (), 0, key)
        self._retype((), entity.types, 1, key)
        self._place(key, entity, None)
        if self.indexes:
            self.indexes.differ(entity, None, key, self.rows.values)
        self.state[entity.id] = Husk(key, current.subject)
        self.changed.add(entity.id)
        return current.subject

    def _discard(self, husk: Husk, entity_id: str) -> None:
        """Let go of the husk's row: the entity is created anew, at the end of the order of creation."""
        row = self.rows.entities.pop(husk.key, None)
        if row is None or not row[0]:
            self.rows.dropped.append((husk.key,))
        types = self.husk_types(husk, row)
        self._retype(types, (), 1, husk.key)

    def husk_types(self, husk: Husk, row: tuple[bool, str, int, int, bytes] | None) -> tuple[str, ...]:
        """The types that the deleted entity had."""
        if row is not None:
            return tuple(orjson.loads(row[4])["t"])
        for _, _, doc in self.connection.execute(SQL.entity_by_key, (husk.key,)):
            return tuple(orjson.loads(doc)["t"])
        return ()

    def _retype(self, before: tuple[str, ...], after: tuple[str, ...], gone: int, key: int) -> None:
        number, types, counts = self.names.number, self.rows.types, self.type_counts
        for name in before:
            if name not in after:
                types[number(name), gone, key] = False
                counts[number(name), gone] -= 1
        for name in after:
            if name not in before:
                types[number(name), gone, key] = True
                counts[number(name), gone] += 1

    def _place(self, key: int, before: Entity | None, after: Entity | None) -> None:
        number = self.names.number
        if key in self.rows.places:
            old = self.rows.places[key][0]
        else:
            old = len(boxes(before)) if before is not None else 0
        new = [(*box, number(name)) for name, box in boxes(after)] if after is not None else []
        if old or new:
            self.rows.places[key] = (old, new)

    def _remember(self, written: Written, subject: int, seq: int) -> None:
        rows, number = self.rows.history, self.names.number
        serial = seq << _SERIALS
        for name, columns in written.history:
            time, *others = columns
            rows.append((subject, number(name), time, serial, *others))
            serial += 1

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit."""
        rows = self.rows
        return not (self.begun or rows.log or rows.records)

    def begin(self) -> None:
        """Open the transaction, if it is not open yet."""
        if not self.begun:
            self.connection.execute(SQL.begin)
            self.begun = True

    def spill(self) -> None:
        """Give the gathered rows to SQLite, in the open transaction."""
        self.begin()
        rows, run = self.rows, self.connection.executemany
        if rows.dropped:
            run(SQL.drop_entity, rows.dropped)
        added = [(k, i, s, g, d) for k, (new, i, s, g, d) in rows.entities.items() if new]
        if added:
            run(SQL.add_entity, added)
        changed = [(k, d, g) for k, (new, _, _, g, d) in rows.entities.items() if not new]
        if changed:
            run(SQL.set_entity, changed)
        if rows.types:
            run(SQL.drop_type, [row for row, kept in rows.types.items() if not kept])
            run(SQL.add_type, [row for row, kept in rows.types.items() if kept])
        if rows.places:
            self._spill_places()
        if rows.values:
            run(SQL.drop_value, [row for row, kept in rows.values.items() if not kept])
            run(SQL.add_value, [row for row, kept in rows.values.items() if kept])
        if rows.log:
            run(SQL.add_log, rows.log)
        if rows.history:
            run(SQL.add_history, rows.history)
        if rows.records:
            run(SQL.put_record, [(*k, doc) for k, doc in rows.records.items() if doc is not None])
            run(SQL.drop_record, [k for k, doc in rows.records.items() if doc is None])
        self.rows = Rows()

    def _spill_places(self) -> None:
        run = self.connection.executemany
        gone: list[tuple[int]] = []
        new: list[tuple[float, ...]] = []
        for key, (old, boxed) in self.rows.places.items():
            gone += [((key << _BOXES) + slot,) for slot in range(old)]
            new += [((key << _BOXES) + slot, *box) for slot, box in enumerate(boxed)]
        if gone:
            run(SQL.drop_place, gone)
        if new:
            run(SQL.add_place, new)

    def seal(self) -> None:
        """Everything into the open transaction, ready for COMMIT."""
        self.spill()
        self.new_names = self.names.write(self.connection)


def deletion_time(change: Change) -> int:
    """When the marks of deletion of this change say that it happened."""
    return to_micros(change.at)
