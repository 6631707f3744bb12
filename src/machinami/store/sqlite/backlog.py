"""Which instances are safe in the log, but not yet in the history?

The history is clustered by series, so that a write of few bytes would change one page of the file for each
attribute. The log holds all of it already; the rows therefore gather here and go into their table many at a time,
in the order of the table, before anyone reads it. After a crash they are made again from the log.
"""

from operator import itemgetter

import apsw
import orjson

from machinami.model.document import change_from_document
from machinami.store.sqlite.connection import read, read_one
from machinami.store.sqlite.encoded import Columns, Fragments, encode_change
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.statements import SQL

MOST = 2 << 20  # bytes of log whose instances may wait: about as much again is written when they settle
_SERIALS = 20  # bits: instances of the history that one change may have

Row = tuple[int | float | bytes | None, ...]
_by_place = itemgetter(7, 8, 0, 9)  # subject, attribute, time, serial


class Backlog:
    """The rows that wait, all of them of committed changes."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.size = 0  # bytes of the log that they are in

    def committed(self, settled: int | None, later: list[Row], size: int) -> None:
        """A commit has put so many of the rows into the table, if any, and leaves others to wait."""
        if settled is not None:
            del self.rows[:settled]
            self.size = 0
        self.rows += later
        self.size += size


def rows_of(history: list[tuple[str, Columns]], names: Names, subject: int, seq: int) -> list[Row]:
    """The rows of a change's instances; the serial of each begins with the number of the change."""
    number, first = names.number, seq << _SERIALS
    return [(*columns, subject, number(name), serial) for serial, (name, columns) in enumerate(history, first)]


def settle(connection: apsw.Connection, rows: list[Row], seq: int) -> None:
    """Put rows into the table, in the open transaction; with them it holds every change up to seq."""
    rows.sort(key=_by_place)
    connection.executemany(SQL.add_history, rows)
    connection.execute(SQL.set_settled, (seq,))


def recover(connection: apsw.Connection, names: Names) -> None:
    """Make the rows that a crash left waiting from the log again."""
    settled, last = read_one(connection, SQL.settled), read_one(connection, SQL.last_seq)
    if settled >= last:
        return
    fragments = Fragments(1)
    with connection:
        rows: list[Row] = []
        for seq, doc in read(connection, SQL.log_after, (settled, -1)):
            change = change_from_document(orjson.loads(doc), seq)
            for _, subject, _, _ in read(connection, SQL.entity_by_id, (change.entity_id,)):
                rows += rows_of(encode_change(change, fragments).history, names, subject, seq)
        names.write(connection)
        settle(connection, rows, last)
