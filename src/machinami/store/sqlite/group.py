"""What do the works of one commit leave behind, row by row?

A group gathers what its works wrote: the state as the next work sees it, and the rows that say so. Nothing
reaches SQLite before `spill`. The rows that wait hold at most one change of an entity: each change is laid over what
the one before has left in the table.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import apsw
import orjson

from machinami.foundation.instant import to_micros
from machinami.model.attribute import Kind
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.entity import Entity
from machinami.store.encoding import husk_of
from machinami.store.sqlite.backlog import MOST, Backlog, Row, rows_of, settle
from machinami.store.sqlite.boxes import boxes, level
from machinami.store.sqlite.discovery import GONE, LIVE, Tallies, is_retold, retell
from machinami.store.sqlite.encoded import Written, entity_json
from machinami.store.sqlite.hot import Hot
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.statements import SQL
from machinami.store.sqlite.values import ValueIndexes

NEVER = 1 << 62  # microseconds: later than any moment that can be written
_BOXES = 8  # bits: boxes an entity may have
_GEO = Kind.GEO  # looked up once: before Python 3.12 an enum's member costs as much as the rest of `_moves`


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
    """Rows to be written; changed: ids of the entities that they change."""

    changed: set[str] = field(default_factory=set)
    log: list[tuple[int, bytes, int | None]] = field(default_factory=list)
    added: list[tuple[int, str, int, int, bytes]] = field(default_factory=list)
    replaced: list[tuple[int, bytes, int]] = field(default_factory=list)
    patched: list[tuple[int, bytes]] = field(default_factory=list)
    dropped: list[tuple[int]] = field(default_factory=list)
    types: dict[tuple[int, int, int], bool] = field(default_factory=dict)
    expiring: dict[tuple[int, int], bool] = field(default_factory=dict)
    places: dict[int, tuple[int, list[tuple[float, ...]]]] = field(default_factory=dict)
    values: dict[tuple[int, float | str, int], bool] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)
    records: dict[tuple[str, str], bytes | None] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=Counter)


State = Hot | Husk | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a group was before a work that may have to be undone."""

    key: int
    seq: int
    entities: int
    first_expiry: int
    state: dict[str, State]
    changed: set[str]
    changes: int
    type_counts: Counter[tuple[int, int]]


class Group:
    """The works of one commit, on their way to it."""

    def __init__(
        self,
        connection: apsw.Connection,
        names: Names,
        indexes: ValueIndexes,
        counters: Counters,
        committed: Callable[[str], State],
        backlog: Backlog,
    ) -> None:
        self.connection = connection
        self._committed = committed
        self._backlog = backlog
        self.later: list[Row] = []
        self.later_size = 0
        self.settled: int | None = None
        self.names = names
        self.indexes = indexes
        self.counters = Counters(counters.key, counters.seq)
        self.state: dict[str, State] = {}
        self.changed: set[str] = set()
        self.records: dict[tuple[str, str], bytes | None] = {}
        self.changes: list[Change] = []
        self.type_counts: Counter[tuple[int, int]] = Counter()
        self.entities = 0
        self.rows = Rows()
        self.first_expiry = NEVER
        self.begun = False
        self.new_names = 0

    def look(self, entity_id: str) -> State:
        """The entity as the works before left it."""
        if entity_id in self.state:
            return self.state[entity_id]
        self.begin()  # a look into the file costs half in a transaction that is open
        state = self._committed(entity_id)
        if not isinstance(state, Hot):
            self.state[entity_id] = state  # whoever asks is about to create it, and would ask again
        return state

    def record(self, place: tuple[str, str]) -> bytes | None:
        """The record (kind, key) as the works before left it."""
        if place in self.records:
            return self.records[place]
        for (doc,) in self.connection.execute(SQL.get_record, place):
            return bytes(doc)
        return None

    def snapshot(self) -> Snapshot:
        """What `restore` needs; to be taken when everything is settled."""
        return Snapshot(
            self.counters.key,
            self.counters.seq,
            self.entities,
            self.first_expiry,
            dict(self.state),
            set(self.changed),
            len(self.changes),
            Counter(self.type_counts),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Become what the group was at the snapshot; SQLite has gone back to its savepoint."""
        self.counters = Counters(snapshot.key, snapshot.seq)
        self.entities = snapshot.entities
        self.first_expiry = snapshot.first_expiry
        self.state, self.changed = snapshot.state, snapshot.changed
        del self.changes[snapshot.changes :]
        self.type_counts = snapshot.type_counts
        self.rows, self.later, self.later_size = Rows(), [], 0

    def absorb(self, written: Written) -> None:
        """Take one change of a work that has returned."""
        change = written.change
        if change.entity_id in self.rows.changed:
            self.spill()
        current = self.look(change.entity_id)
        self.counters.seq = seq = self.counters.seq + 1
        was = current.key if change.before is not None and isinstance(current, Hot) else None
        self.rows.log.append((seq, written.log, was))
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
            subject = self._move(written, change.after, written.doc, current)
        elif change.verb is not Verb.DELETED:
            return  # a correction of the past that leaves the present alone
        elif isinstance(current, Hot):
            subject = self._end(current, change.attributes)
        else:
            return
        self.rows.history += rows_of(written.history, self.names, subject, seq)

    def _move(self, written: Written, after: Entity, doc: bytes, current: State) -> int:
        rows, entity_id, size = self.rows, after.id, written.size
        if isinstance(current, Hot):
            key, subject, before = current.key, current.subject, current.entity
            if written.whole:
                rows.replaced.append((key, doc, 0))
            else:
                rows.patched.append((key, doc))
                size += current.size
            places_differ = any(map(_moves, written.change.attributes))
        else:
            key = subject = self.next_key()
            before, places_differ = None, True
            self.entities += 1
            rows.tallies[0, 0, LIVE] += 1
            if current is not None:
                subject = current.subject
                self.discard(current)
            rows.added.append((key, entity_id, subject, 0, doc))
        types = before.types if before is not None else ()
        if types != after.types:
            self._retype(types, after.types, 0, key)
        if types != after.types or any(map(is_retold, written.change.attributes)):
            retell(rows.tallies, self.names, before, after)
        self._expire(key, before, after, written.change.attributes)
        if places_differ:
            self._place(key, before, after)
        if self.indexes:
            self.indexes.differ(before, after, key, rows.values)
        self.state[entity_id] = Hot(after, key, subject, size)
        self.changed.add(entity_id)
        rows.changed.add(entity_id)
        return subject

    def _end(self, current: Hot, changes: tuple[AttributeChange, ...]) -> int:
        entity, key = current.entity, current.key
        self.entities -= 1
        self.leave_husk(Husk(key, current.subject), husk_of(entity), new=False)
        self._retype(entity.types, (), 0, key)
        self.rows.tallies[0, 0, LIVE] -= 1
        retell(self.rows.tallies, self.names, entity, None)
        self._expire(key, entity, None, changes)
        self._place(key, entity, None)
        if self.indexes:
            self.indexes.differ(entity, None, key, self.rows.values)
        return current.subject

    def leave_husk(self, husk: Husk, remains: Entity, new: bool) -> None:
        """Keep what remains of an entity; new: there is no row of it yet."""
        doc = entity_json(remains)
        if new:
            self.rows.added.append((husk.key, remains.id, husk.subject, 1, doc))
        else:
            self.rows.replaced.append((husk.key, doc, 1))
        self.rows.changed.add(remains.id)
        self._retype((), remains.types, 1, husk.key)
        self.state[remains.id] = husk
        self.changed.add(remains.id)

    def discard(self, husk: Husk) -> None:
        """Let go of the husk: the entity is created anew, at the end of the order, or its history is forgotten."""
        self.rows.dropped.append((husk.key,))
        for _, _, doc in self.connection.execute(SQL.entity_by_key, (husk.key,)):
            self._retype(tuple(orjson.loads(doc)["t"]), (), 1, husk.key)

    def _retype(self, before: tuple[str, ...], after: tuple[str, ...], gone: int, key: int) -> None:
        number, types, counts, tallies = self.names.number, self.rows.types, self.type_counts, self.rows.tallies
        kind = GONE if gone else LIVE
        for name in before:
            if name not in after:
                types[number(name), gone, key] = False
                counts[number(name), gone] -= 1
                tallies[number(name), 0, kind] -= 1
        for name in after:
            if name not in before:
                types[number(name), gone, key] = True
                counts[number(name), gone] += 1
                tallies[number(name), 0, kind] += 1

    def _expire(
        self, key: int, before: Entity | None, after: Entity | None, changes: tuple[AttributeChange, ...]
    ) -> None:
        """Note when the entity or one of its attribute instances expires, and forget when one does no more."""
        old = before.expires_at if before is not None else None
        new = after.expires_at if after is not None else None
        gone = [old] if old != new and old is not None else []
        to_come = [new] if old != new and new is not None else []
        for one in changes:
            if one.before is not None and one.before.expires_at is not None:
                gone.append(one.before.expires_at)
            if one.after is not None and one.after.expires_at is not None:
                to_come.append(one.after.expires_at)
        if not gone and not to_come:
            return
        kept = () if after is None or not gone else expiries(after)
        for moment in gone:
            if moment not in kept:
                self.rows.expiring[to_micros(moment), key] = False
        for moment in to_come:
            self.rows.expiring[to_micros(moment), key] = True
            self.first_expiry = min(self.first_expiry, to_micros(moment))

    def _place(self, key: int, before: Entity | None, after: Entity | None) -> None:
        number = self.names.number
        there = self.rows.places.get(key)
        old = there[0] if there is not None else len(boxes(before)) if before is not None else 0
        new: list[tuple[float, ...]] = []
        if after is not None:
            new += [(*box, level(number(name), key)) for name, box in boxes(after)]
        if old or new:
            self.rows.places[key] = (old, new)

    def next_key(self) -> int:
        """A key for one more entity."""
        self.counters.key += 1
        return self.counters.key

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
        if rows.log:
            run(SQL.add_log, rows.log)  # first, as it takes the entities as they were
            self.later_size += sum([len(row[1]) for row in rows.log])
        if rows.dropped:
            run(SQL.drop_entity, rows.dropped)
        if rows.added:
            run(SQL.add_entity, rows.added)
        if rows.replaced:
            run(SQL.set_entity, rows.replaced)
        if rows.patched:
            run(SQL.patch_entity, rows.patched)
        if rows.types:
            run(SQL.drop_type, [row for row, kept in rows.types.items() if not kept])
            run(SQL.add_type, [row for row, kept in rows.types.items() if kept])
        if rows.expiring:
            run(SQL.drop_expiry, [row for row, kept in rows.expiring.items() if not kept])
            run(SQL.add_expiry, [row for row, kept in rows.expiring.items() if kept])
        if rows.places:
            self._spill_places()
        if rows.values:
            run(SQL.drop_value, [row for row, kept in rows.values.items() if not kept])
            run(SQL.add_value, [row for row, kept in rows.values.items() if kept])
        if rows.tallies:
            run(SQL.add_tally, [(*place, more) for place, more in rows.tallies.items() if more])
        if rows.records:
            run(SQL.put_record, [(*k, doc) for k, doc in rows.records.items() if doc is not None])
            run(SQL.drop_record, [k for k, doc in rows.records.items() if doc is None])
        self.later += rows.history
        self.rows = Rows()

    def settle(self) -> None:
        """Give SQLite everything that is gathered, and every row of the history that waits."""
        self.spill()
        rows = self.later if self.settled is not None else self._backlog.rows + self.later
        settle(self.connection, rows, self.counters.seq)  # also without rows: a correction must not be made twice
        self.settled, self.later, self.later_size = len(self._backlog.rows), [], 0

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
        if self.later_size + (self._backlog.size if self.settled is None else 0) >= MOST:
            self.settle()
        self.new_names = self.names.write(self.connection)


def expiries(entity: Entity) -> set[datetime]:
    """When the entity and its attribute instances expire."""
    moments = [instance.expires_at for instances in entity.attributes.values() for instance in instances]
    return {moment for moment in (entity.expires_at, *moments) if moment is not None}


def _moves(one: AttributeChange) -> bool:
    """Whether the boxes of the entity may be others after this change."""
    before, after = one.before, one.after
    if before is not None and after is not None and before.kind is after.kind:
        return after.kind is _GEO and before.value != after.value
    return (before is not None and before.kind is _GEO) or (after is not None and after.kind is _GEO)
