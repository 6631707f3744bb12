"""What of the history that cannot be read any more does the log still hold?"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256

import apsw
import orjson

from machinami.foundation.instant import to_micros
from machinami.model.change import Change
from machinami.store.sqlite.encoded import encode_change
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.pieces import Row
from machinami.store.sqlite.readable import Gap
from machinami.store.sqlite.statements import SQL
from machinami.store.sqlite.waiting import rows_of

EDITED = "past-edited"
"""The kind of records that say up to which change (`seq`) the past of an entity is not what the log says: somebody
corrected or deleted some of it. They name the entity by `place_of_edit`."""
_YOUNG = timedelta(days=31)  # before that nothing is condensed (model/retention.py), later it may have been
_TIME = 2  # where a row says when
_ADD = SQL.add_history.replace("INSERT", "INSERT OR IGNORE", 1)


def place_of_edit(entity_id: str) -> str:
    """By which key it is noted that somebody changed the past of an entity; it outlives what it is about, so it does
    not name it."""
    return sha256(entity_id.encode()).hexdigest()[:32]


def rebuild(
    target: apsw.Connection, changes: Iterable[Change], subjects: Mapping[str, int], gaps: Sequence[Gap], upto: int
) -> int:
    """Add to the history what it lacks within the gaps and changes of the log up to one (`upto`) say; returns how many
    instances. What is so old that it may have been condensed stays away. subjects: under which number the history has
    an entity."""
    names = Names(target)
    edited = {key: _seq(doc) for key, doc in target.execute(SQL.records, (EDITED,))}
    before = target.total_changes()
    for change in changes:
        subject = subjects.get(change.entity_id)
        if change.before is None and change.after is None:
            continue  # it tells of what went into the history alone, under a number of its own
        if subject is None or change.seq > upto or change.seq <= edited.get(place_of_edit(change.entity_id), 0):
            continue
        if any(gap.holds(subject) for gap in gaps):
            told = encode_change(change, None).remembered(subject, change.seq)
            oldest = to_micros(change.at - _YOUNG)
            rows: list[Row] = [row for row in rows_of(told, names) if row[_TIME] >= oldest]
            target.executemany(_ADD, rows)
    made = target.total_changes() - before
    names.write(target)
    return made


def _seq(doc: bytes) -> int:
    found: int = orjson.loads(doc)["seq"]
    return found
