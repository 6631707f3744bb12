"""What was an attribute at other times? Reading series from the history."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import apsw
import orjson

from machinami.model.found import Instance, Readings, Series
from machinami.model.names import SCOPE
from machinami.model.query import TemporalQuery
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.series import from_row, is_plain
from machinami.store.sqlite.statements import SQL
from machinami.store.timeline import bounds


@dataclass(frozen=True, slots=True)
class Span:
    """A range of time for SQL, both ends included, and which instances have the time that is asked about.

    where: the condition on a row besides subject and attribute, with its parameters. by: its order.
    """

    where: str
    parameters: tuple[int | str, ...]
    by: str


# What a timeproperty (4.11) is in the table. observedAt and deletedAt are the clustered time itself.
_CLUSTERED = {"observedAt": " AND observed = 1", "deletedAt": " AND deleted = 1"}
_COLUMNS = {"createdAt": "created", "modifiedAt": "modified"}
_DATASET = " AND coalesce(CAST(doc AS TEXT) ->> '$.d', '@none') IN ({})"


def span(temporal: TemporalQuery) -> Span:
    """The range of the query and its datasets."""
    found = _range(temporal)
    if temporal.datasets is None:
        return found
    which = _DATASET.format(", ".join("?" * len(temporal.datasets)))
    return Span(found.where + which, (*found.parameters, *temporal.datasets), found.by)


def _range(temporal: TemporalQuery) -> Span:
    low, high = bounds(temporal)
    if temporal.relation is None:
        column = _COLUMNS.get(temporal.property)
        by = "time" if column is None else f"coalesce({column}, time)"
        only = _CLUSTERED["deletedAt"] if temporal.property == "deletedAt" else ""
        return Span("time >= ? AND time <= ?" + only, (low, high), by)
    if temporal.property in _COLUMNS:
        column = _COLUMNS[temporal.property]
        return Span(f"{column} >= ? AND {column} <= ?", (low, high), column)
    only = _CLUSTERED.get(temporal.property, "")
    return Span("time >= ? AND time <= ?" + only, (low, high), "time")


_FIRST = "SELECT 1 FROM history WHERE subject = ? AND attribute = ? AND {where} LIMIT 1"
_SERIES = (
    "SELECT serial, time, observed, deleted, created, modified, number, doc FROM history "
    "WHERE subject = ? AND attribute = ? AND {where} ORDER BY {by} {way}, serial {way} LIMIT ?"
)


# A column as one JSON array: SQLite writes it in half the time in which it hands out the rows one by one, and a number
# that it has written is read as the same number.
_COLUMNWISE = (
    "SELECT json_group_array(at), json_group_array(number), min(doc), max(doc) FROM ("
    "SELECT {at} AS at, iif(deleted, NULL, number) AS number, doc FROM history "
    "WHERE subject = ? AND attribute = ? AND {where} ORDER BY {by} {way}, serial {way} LIMIT ?)"
)
_ODD = ("null", "e+999")  # in a column: an instance without time or number, or a number without end
_SHOWN_TIMES = {
    "observedAt": "iif(observed, time, coalesce(modified, created))",
    "modifiedAt": "coalesce(modified, created)",
    "createdAt": "coalesce(created, modified)",
    "deletedAt": "NULL",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which part of the history is read: of whom, what, when, and how many of each attribute at most."""

    entity_ids: Sequence[str]
    attributes: Sequence[str] | None
    temporal: TemporalQuery
    limit: int | None

    @property
    def count(self) -> int:
        """How many instances of an attribute at most; -1: all."""
        return min((n for n in (self.temporal.last_n, self.limit) if n is not None), default=-1)

    @property
    def most(self) -> float:
        """How many instances there may be at most."""
        if self.attributes is None or self.count < 0:
            return math.inf
        return len(self.entity_ids) * len(self.attributes) * self.count


def read_instances(connection: apsw.Connection, names: Names, stretch: Stretch) -> list[Instance]:
    """The instances by entity (in the order asked for), attribute (by name) and time."""
    found: list[Instance] = []
    for entity_id, name, place in places(connection, names, stretch):
        found += _instances(connection, entity_id, name, place, stretch)
    return found


def read_series(connection: apsw.Connection, names: Names, stretch: Stretch) -> list[Series]:
    """The same, attribute by attribute, plain readings in columns."""
    found: list[Series] = []
    sql, parameters = _sql(_COLUMNWISE, stretch.temporal), span(stretch.temporal).parameters
    for entity_id, name, place in places(connection, names, stretch):
        ((moments, numbers, least, most),) = read(connection, sql, (*place, *parameters, stretch.count))
        if moments == "[]":
            continue
        if least != most or not is_plain(least) or any(odd in moments or odd in numbers for odd in _ODD):
            found.append(Series(entity_id, name, _instances(connection, entity_id, name, place, stretch)))
        else:
            found.append(Series(entity_id, name, readings=_readings(moments, numbers, stretch.temporal)))
    return found


def _readings(moments: str, numbers: str, temporal: TemporalQuery) -> Readings:
    readings = Readings(orjson.loads(moments), orjson.loads(numbers))
    return readings if temporal.last_n is None else Readings(readings.moments[::-1], readings.numbers[::-1])


def places(connection: apsw.Connection, names: Names, stretch: Stretch) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Of a stretch: entity, attribute, and where the history has them: subject and number of the name."""
    for entity_id in dict.fromkeys(stretch.entity_ids):
        for (subject,) in read(connection, SQL.subject_of, (entity_id,)):
            wanted = set(stretch.attributes) if stretch.attributes is not None else known(connection, names, subject)
            for name in sorted(wanted):
                number = names.known(name)
                if number is not None:
                    yield entity_id, name, (subject, number)


@lru_cache(256)
def _statement(template: str, where: str, by: str, way: str, at: str) -> str:
    return template.format(where=where, by=by, way=way, at=at)


def _sql(template: str, temporal: TemporalQuery) -> str:
    asked = span(temporal)
    way = "DESC" if temporal.last_n is not None else "ASC"
    return _statement(template, asked.where, asked.by, way, _SHOWN_TIMES[temporal.property])


def known(connection: apsw.Connection, names: Names, subject: int) -> list[str]:
    """The attributes in the history of the subject."""
    return [names.text(number) for (number,) in connection.execute(SQL.attributes_of, (subject,))]


def _instances(
    connection: apsw.Connection, entity_id: str, name: str, place: tuple[int, int], stretch: Stretch
) -> list[Instance]:
    sql = _sql(_SERIES, stretch.temporal)
    rows = read(connection, sql, (*place, *span(stretch.temporal).parameters, stretch.count))
    if stretch.temporal.last_n is not None:
        rows.reverse()
    return [from_row(entity_id, name, place, row) for row in rows]


def has_instance(
    connection: apsw.Connection, names: Names, subject: int, attributes: Sequence[str], temporal: TemporalQuery
) -> bool:
    """Whether the history of the subject has an instance (of one of these attributes, if any) in the range.

    The scope is no attribute: it counts only where it is named.
    """
    where = span(temporal)
    sql = _FIRST.format(where=where.where)
    wanted = attributes or [name for name in known(connection, names, subject) if name != SCOPE]
    numbers = [number for number in map(names.known, wanted) if number is not None]
    return any(read(connection, sql, (subject, number, *where.parameters)) for number in numbers)
