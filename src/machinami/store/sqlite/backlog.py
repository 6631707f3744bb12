"""Which instances are safe in the log, but not yet in the history?

The history is clustered by series, so that a write of few bytes would change one page of the file for each
attribute. The log holds all of it already; the rows therefore gather here and go into their table many at a time,
in the order of the table, before anyone reads it. After a crash they are made again from the log.
"""

from typing import Any

import apsw

from machinami.store.sqlite.connection import read, read_one
from machinami.store.sqlite.encoded import Columns, encode_change, read_change
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.statements import SQL

MOST = 4 << 20  # bytes of log whose instances may wait: rows of the same place of the table then go there together
_SERIALS = 20  # bits: instances of the history that one change may have

Row = tuple[Any, ...]  # subject, attribute, time, serial, which order it and are never the same, and Columns


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


def rows_of(history: list[tuple[str, int, Columns]], names: Names, subject: int, seq: int) -> list[Row]:
    """The rows of a change's instances; the serial of each begins with the number of the change."""
    number, first = names.number, seq << _SERIALS
    return [
        (subject, number(name), time, serial, *columns) for serial, (name, time, columns) in enumerate(history, first)
    ]


def settle(connection: apsw.Connection, rows: list[Row], seq: int) -> None:
    """Put rows into the table, in the open transaction; with them it holds every change up to seq."""
    rows.sort()
    connection.executemany(SQL.add_history, rows)
    connection.execute(SQL.set_settled, (seq,))


def recover(connection: apsw.Connection, names: Names) -> None:
    """Make the rows that a crash left waiting from the log again."""
    settled, last = read_one(connection, SQL.settled), read_one(connection, SQL.last_seq)
    if settled >= last:
        return
    with connection:
        rows: list[Row] = []
        for row in read(connection, SQL.log_after, (settled, -1)):
            change = read_change(*row)
            for _, subject, _, _ in read(connection, SQL.entity_by_id, (change.entity_id,)):
                rows += rows_of(encode_change(change, None).history, names, subject, change.seq)
        names.write(connection)
        settle(connection, rows, last)
