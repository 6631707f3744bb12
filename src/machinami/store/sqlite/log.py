"""What does the log say? Its changes in order, each with the entity before and after.

The entity before a change is kept once: it is what an earlier change made of it. Only where that one is far away, or
too many patches lead to it, the entity stands beside the change.
"""

import logging
from collections.abc import Iterator

import apsw
import orjson

from machinami.foundation.errors import MachinamiError
from machinami.model.change import Change
from machinami.model.document import Document, change_from_document
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.shapes import LogReader
from machinami.store.sqlite.statements import SQL

MOST_PATCHES = 16  # that lead to an entity from where it is written whole
FARTHEST = 1 << 16  # changes between two of an entity of which the second leans on the first
_REMEMBERED = 1_000  # entities
_UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError, MachinamiError)
_LOG = logging.getLogger("machinami.store")


def read_log(
    connection: apsw.Connection, after: int, limit: int = -1, skipped: list[int] | None = None
) -> Iterator[Change]:
    """The changes after a sequence number, at most `limit`; -1: all.

    A row that cannot be read, or leans on one that cannot, is left out: one bad row stops nobody. skipped: gets the
    numbers of these.
    """
    states: dict[int, Document] = {}  # by the change that made them
    reader = LogReader(connection)
    for seq, doc, was, prev in connection.execute(SQL.log_after, (after, limit)):
        try:
            document = reader.read(doc)
            before = _before(reader, was, prev, states)
            state = _state(document, before)
            change = change_from_document(document, before, seq)
        except _UNREADABLE as error:
            _LOG.error("change %s of the log cannot be read, and is left out: %s", seq, type(error).__name__)
            if skipped is not None:
                skipped.append(seq)
            continue
        if state is not None:
            if len(states) >= _REMEMBERED:
                states.clear()
            states[seq] = state
        yield change


def trim_log(connection: apsw.Connection, before: int) -> int:
    """Forget the changes below a sequence number, but never the last one, in the open transaction; returns how many.

    Those that stay and lean on one that goes are given what they need of it.
    """
    ((last,),) = read(connection, SQL.last_seq)
    first = min(before, last)
    reader = LogReader(connection)
    for seq, prev in read(connection, SQL.leaning, (first, first + FARTHEST, first)):
        whole = orjson.dumps(_state_after(reader, prev))
        connection.execute(SQL.stand_alone, (seq, whole))
    connection.execute(SQL.trim_log, (first,))
    forgotten = connection.changes()
    connection.execute(SQL.trim_edits, (first,))
    return forgotten


def _before(reader: LogReader, was: str | None, prev: int | None, states: dict[int, Document]) -> Document | None:
    if prev is not None:
        return states.pop(prev, None) or _state_after(reader, prev)
    return None if was is None else orjson.loads(was)


def _state(document: Document, before: Document | None) -> Document | None:
    """What a change, as the log has it, makes of an entity; None where that is nothing new."""
    if "a" in document:
        whole: Document = document["a"]
        return whole
    return _laid_over(before, document["p"]) if "p" in document and before is not None else None


def _state_after(reader: LogReader, seq: int) -> Document:
    """What a change that is in the log made of its entity."""
    patches: list[Document] = []
    while True:
        ((doc, was, prev),) = read(reader.connection, SQL.log_at, (seq,))
        document = reader.read(doc)
        state = _state(document, None if was is None else orjson.loads(was))
        if state is not None:
            break
        patches.append(document["p"])
        seq = prev
    for patch in reversed(patches):
        state = _laid_over(state, patch)
    return state


def _laid_over(base: Document, patch: Document) -> Document:
    """The document of an entity with a merge patch (RFC 7396) of it laid over it."""
    attributes = {**base["a"], **patch["a"]}
    left = {name: instances for name, instances in attributes.items() if instances is not None}
    return {member: value for member, value in {**base, **patch, "a": left}.items() if value is not None}
