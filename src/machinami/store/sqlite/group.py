"""What do the works of one commit leave behind?

A group gathers what its works wrote: the state as the next work sees it, the rows of the log that say so, and what the
tables of the state and of the history are to follow with. Nothing reaches SQLite before `seal` or `settle`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import apsw

from machinami.foundation.instant import to_micros
from machinami.model.change import Change, Verb
from machinami.model.entity import Entity
from machinami.store.sqlite.backlog import HISTORY, STATE, Backlog, Later
from machinami.store.sqlite.encoded import Written, encode_change, entity_json
from machinami.store.sqlite.fold import Fold, expiries
from machinami.store.sqlite.hot import Hot, Husk, State
from machinami.store.sqlite.log import FARTHEST, MOST_PATCHES
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.runs import Runs, Step, is_deep
from machinami.store.sqlite.statements import SQL
from machinami.store.sqlite.values import ValueIndexes
from machinami.store.sqlite.waiting import settle

NEVER = 1 << 62  # microseconds: later than any moment that can be written

LogRow = tuple[int, bytes, int | None, int | None, bytes | None]  # seq, doc, and where the entity before is


@dataclass(slots=True)
class Counters:
    """The last key and the last sequence number that were given, and the first that may still be in the log."""

    key: int
    seq: int
    begin: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a group was before a work that may have to be undone."""

    counters: Counters
    entities: int
    first_expiry: int
    state: dict[str, State]
    changed: set[str]
    changes: int
    type_counts: Counter[tuple[int, int]]


class Group:
    """The works of one commit, on their way to it.

    prompt: whether the state is to be in its tables with every commit. asked: whether somebody asked the tables since
    they were brought up to the log, so that he will do so again: then it is done with this commit, not with another.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        names: Names,
        indexes: ValueIndexes,
        counters: Counters,
        committed: Callable[[str], State],
        backlog: Backlog,
        prompt: bool,
        asked: bool,
        log_past: bool = False,
    ) -> None:
        self.connection = connection
        self.names = names
        self._indexes = indexes
        self._committed = committed
        self._backlog = backlog
        self._prompt = prompt
        self._asked = asked
        self.log_past = log_past
        self.counters = Counters(counters.key, counters.seq, counters.begin)
        self.state: dict[str, State] = {}
        self.changed: set[str] = set()
        self.records: dict[tuple[str, str], bytes | None] = {}
        self.changes: list[Change] = []
        self.before = self.entities = 0  # entities that there were, and how many more there are
        self.first_expiry = NEVER
        self.fold = Fold(connection, names, indexes)
        self.later = Later()
        self.folded = self.settled = self.edited = False  # edited: the history, other than by changes
        self.begun = False
        self.new_names = 0, 0
        self.log_bytes = 0
        self._log: list[LogRow] = []
        self._waiting: set[str] = set()

    def look(self, entity_id: str) -> State:
        """The entity as the works before left it."""
        if entity_id not in self.state:
            self.begin()  # a look into the file costs half in a transaction that is open
            self.state[entity_id] = self._committed(entity_id)
        return self.state[entity_id]

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
            Counters(self.counters.key, self.counters.seq, self.counters.begin),
            self.entities,
            self.first_expiry,
            dict(self.state),
            set(self.changed),
            len(self.changes),
            Counter(self.fold.type_counts),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Become what the group was at the snapshot; SQLite has gone back to its savepoint."""
        self.counters = snapshot.counters
        self.entities = snapshot.entities
        self.first_expiry = snapshot.first_expiry
        self.state, self.changed = snapshot.state, snapshot.changed
        del self.changes[snapshot.changes :]
        self.fold = Fold(self.connection, self.names, self._indexes)
        self.fold.type_counts = snapshot.type_counts
        self._log, self.later = [], Later()
        self._waiting.clear()

    def absorb(self, written: Written) -> None:
        """Take one change of a work that has returned."""
        change = written.change
        current = self.look(change.entity_id)
        self.counters.seq = seq = self.counters.seq + 1
        depth = self._append(written, seq, current)
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
        self._move(written, current, seq, depth)
        self.later.size += written.weight
        self.later.history_size += written.weight

    def replay(self, change: Change, state: bool, history: bool) -> None:
        """Take a change that is in the log already, and missing in the state, in the history, or in both."""
        written = encode_change(change, None, remembered=history)
        current = self.look(change.entity_id)
        self.counters.seq = change.seq
        if state:
            self._move(written, current, change.seq, 0)
        elif current is not None:
            self.later.history.append(written.remembered(current.subject, change.seq))

    def _append(self, written: Written, seq: int, current: State) -> int:
        """Put a change into the log; returns how many merge patches lead to what it makes of the entity."""
        depth = 0 if written.whole else 1
        key = prev = was = None
        if written.change.before is not None and isinstance(current, Hot):
            near = current.seq and current.seq >= self.counters.begin and seq - current.seq <= FARTHEST
            if near and current.depth < MOST_PATCHES:
                prev = current.seq
                depth = 0 if written.whole else current.depth + 1
            elif written.change.entity_id in self._waiting or (
                not self.folded and written.change.entity_id in self._backlog.states
            ):
                was = entity_json(current.entity)  # as the table does not have it yet
            else:
                key = current.key
        self._log.append((seq, written.log, key, prev, was))
        self.log_bytes += len(written.log)
        return depth

    def _move(self, written: Written, current: State, seq: int, depth: int) -> None:
        """Note what a change makes of the state, and what the history is to remember of it."""
        change, entity_id = written.change, written.change.entity_id
        after, before = change.after, current.entity if isinstance(current, Hot) else None
        state: Hot | Husk
        if written.doc is not None and after is not None:
            if isinstance(current, Hot):
                key, subject, husk = current.key, current.subject, None
                deep = change.before is not before or is_deep(change, self._indexes)
                size = written.size if written.whole else written.size + current.size
            else:
                key = subject = self.next_key()
                husk, deep, size = current, True, written.size
                if husk is not None:
                    subject = husk.subject
                self.entities += 1
            if deep:
                moments = map(to_micros, expiries(after))
                self.first_expiry = min(self.first_expiry, *moments, NEVER)
            state = Hot(after, key, subject, size, seq, depth)
            step = Step(key, subject, before, after, written.doc, written.whole, deep, husk)
        elif change.verb is Verb.DELETED and isinstance(current, Hot):
            state = Husk(current.key, current.subject)
            step = Step(current.key, current.subject, before, None, None, True, True)
            self.entities -= 1
        else:
            return  # a correction of the past that leaves the present alone
        self.state[entity_id] = state
        self.changed.add(entity_id)
        self._waiting.add(entity_id)
        self.later.steps.append((entity_id, step, state))
        self.later.history.append(written.remembered(step.subject, seq))

    def leave_husk(self, husk: Husk, remains: Entity) -> None:
        """Know an entity that is not there by what remains of it; there is no row of it yet."""
        self.fold.leave_husk(husk, remains, new=True)
        self.state[remains.id] = husk
        self.changed.add(remains.id)

    def next_key(self) -> int:
        """A key for one more entity."""
        self.counters.key += 1
        return self.counters.key

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not (self.begun or self._log or self.records)

    def begin(self) -> None:
        """Open the transaction, if it is not open yet."""
        if not self.begun:
            self.connection.execute(SQL.begin)
            self.begun = True

    def _write_log(self) -> None:
        self.begin()
        if self._log:
            self.connection.executemany(SQL.add_log, self._log)
            self._log = []

    def _fold(self) -> None:
        """Bring the state up to the log."""
        self._write_log()  # first, as it takes entities as they were
        if not self.folded:
            self.fold.lay(self._backlog.runs)
        runs = Runs()
        for entity_id, step, _ in self.later.steps:
            runs.take(entity_id, step)
        self.fold.lay(runs)
        self.fold.spill()
        self.connection.execute(SQL.set_state, (self.counters.seq,))
        self.folded, self.later.steps, self.later.size = True, [], 0
        self._waiting.clear()

    def _settle_history(self) -> None:
        waiting = self.later.history if self.settled else chain(self._backlog.history, self.later.history)
        settle(self.connection, waiting, self.names, self.counters.seq)
        self.settled, self.later.history, self.later.history_size = True, [], 0

    def settle(self, history: bool = True) -> None:
        """Bring state and history up to the log, also where nothing waits: a correction must not be made twice."""
        self._fold()
        if history:
            self._settle_history()

    def seal(self) -> None:
        """Everything that belongs to this commit into the open transaction, ready for COMMIT."""
        self._write_log()
        if self.records:
            run = self.connection.executemany
            run(SQL.put_record, [(*place, doc) for place, doc in self.records.items() if doc is not None])
            run(SQL.drop_record, [place for place, doc in self.records.items() if doc is None])
        backlog, later = self._backlog, self.later
        behind = later.size + (0 if self.folded else backlog.size)
        if behind >= STATE or (self._prompt and behind) or (self._asked and later.deep):
            self._fold()
        elif later.history_size + (0 if self.settled else backlog.history_size) >= HISTORY:
            self._settle_history()
        self.new_names = self.names.write(self.connection)
