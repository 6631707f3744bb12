"""By what has a series grown since it was read? So the whole of it is not read again for one reading more.

Rows of the history are only added, except by edits, after which nothing stays at hand. So what was read is still right
if as many rows as then lie before its last moment; from there on, all rows are read. Where it is not, all is read anew.
"""

import math
from collections.abc import Sequence

import apsw

from machinami.model.found import Readings, Series
from machinami.store.sqlite.connection import read, read_one
from machinami.store.sqlite.history import Span, Stretch, places, span
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.series import is_plain

_MOST = 100  # new rows: more of them are read faster in columns
_BEFORE = "SELECT count(*) FROM history WHERE subject = ? AND attribute = ? AND {where} AND time < ?"
_SINCE = (
    "SELECT time, deleted, number, doc FROM history WHERE subject = ? AND attribute = ? AND {where} AND time >= ? "
    "ORDER BY time, serial LIMIT ?"
)
_NUMBERS = (int, float)
Columns = Sequence[tuple[str, Readings]]  # the readings of each attribute


def grown(connection: apsw.Connection, names: Names, stretch: Stretch, columns: Columns) -> list[Series] | None:
    """The series of a stretch of one entity, from what they were; None where they must be read anew."""
    if stretch.temporal.property != "observedAt":  # only by this time rows lie as they are asked for
        return None
    known, found, asked = dict(columns), [], span(stretch.temporal)
    for entity_id, name, place in places(connection, names, stretch):
        before = known.pop(name, None)
        readings = None if before is None else _grown(connection, place, asked, stretch, before)
        if readings is None:
            return None
        found.append(Series(entity_id, name, readings=readings))
    return None if known else found


def _grown(
    connection: apsw.Connection, place: tuple[int, int], asked: Span, stretch: Stretch, before: Readings
) -> Readings | None:
    low, *rest = asked.parameters
    is_full = len(before.moments) >= stretch.count >= 0
    if is_full:
        if stretch.temporal.last_n is None:
            return None
        low = before.moments[0]
    last = before.moments[-1]
    at_last = before.moments.count(last) if before.moments[-2:-1] == [last] else 1
    settled = len(before.moments) - at_last
    if settled != read_one(connection, _BEFORE.format(where=asked.where), (*place, low, *rest, last)):
        return None
    rows = read(connection, _SINCE.format(where=asked.where), (*place, low, *rest, last, _MOST + at_last))
    if len(rows) >= _MOST + at_last or not all(map(_is_reading, rows)):
        return None
    again, new = rows[:at_last], rows[at_last:]
    if [(row[0], row[2]) for row in again] != [(last, number) for number in before.numbers[settled:]]:
        return None
    if stretch.temporal.last_n is None and 0 <= stretch.count < len(before.moments) + len(new):
        return None
    readings = before.followed_by([row[0] for row in new], [row[2] for row in new])
    most = len(readings.moments) if stretch.count < 0 else stretch.count
    return readings.part(max(0, len(readings.moments) - most), len(readings.moments))


def _is_reading(row: tuple[int, int, float | int | None, bytes | None]) -> bool:
    _, deleted, number, doc = row
    return not deleted and type(number) in _NUMBERS and number is not None and math.isfinite(number) and is_plain(doc)
