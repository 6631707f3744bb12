"""How do the instances of many changes go into the table of the history? In its order, many at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import apsw

from machinami.model.plain import Plain
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.pieces import History, Row
from machinami.store.sqlite.plain_text import plain_columns, plain_rows
from machinami.store.sqlite.statements import SQL

Waiting = tuple[int, int, Plain | History]
"""The instances of one change: the subject of their entity, the serial of the first of them, and what they say."""

_TOGETHER = 50  # rows that one statement adds: two thirds of what they cost one by one
_WIDTH = SQL.add_history.rpartition("VALUES")[2].count("?")
_ADD_MANY = SQL.add_history + f", {SQL.add_history.rpartition('VALUES')[2]}" * (_TOGETHER - 1)
_SEVERAL = 4  # changes of one entity that are made into rows attribute by attribute, and not one by one


def rows_of(waiting: Waiting, names: Names) -> list[Row]:
    """The rows of the history for the instances of one change."""
    subject, first, told = waiting
    if isinstance(told, Plain):
        return plain_rows(told, names.numbers(told.shape.names), subject, first)
    return [
        (subject, names.number(name), time, serial, *columns)
        for serial, (name, time, columns) in enumerate(told, first)
    ]


def settle(connection: apsw.Connection, waiting: Iterable[Waiting], names: Names, seq: int) -> None:
    """Put instances into the history, in the open transaction; with them it holds every change up to seq."""
    of_subject: defaultdict[int, list[Waiting]] = defaultdict(list)
    for one in waiting:
        of_subject[one[0]].append(one)
    flat: list[Any] = []
    for _, several in sorted(of_subject.items()):
        flat += _values(several, names)
    width = _WIDTH * _TOGETHER
    whole = len(flat) - len(flat) % width
    connection.executemany(_ADD_MANY, [flat[at : at + width] for at in range(0, whole, width)])
    rest = range(whole, len(flat), _WIDTH)
    connection.executemany(SQL.add_history, [flat[at : at + _WIDTH] for at in rest])
    connection.execute(SQL.set_settled, (seq,))


def _values(several: Sequence[Waiting], names: Names) -> Iterable[Any]:
    """What the rows for changes of one entity say, one after the other."""
    if len(several) >= _SEVERAL:
        plains = [told for _, _, told in several if type(told) is Plain]
        if len(plains) == len(several) and len({plain.shape for plain in plains}) == 1:
            numbers = names.numbers(plains[0].shape.names)
            return plain_columns(plains, numbers, several[0][0], [first for _, first, _ in several])
    rows: list[Row] = []
    number = names.number
    for one in several:
        subject, serial, told = one
        if isinstance(told, Plain):
            rows += rows_of(one, names)
            continue
        for name, time, columns in told:
            rows.append((subject, number(name), time, serial, *columns))
            serial += 1
    rows.sort()  # no two are the same in what orders them, so that nothing else is compared
    return chain.from_iterable(rows)
