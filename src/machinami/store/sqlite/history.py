"""What was an attribute at other times? Reading series from the history."""

from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from machinami.model.found import Instance
from machinami.model.query import TemporalQuery
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.reading import read_state
from machinami.store.sqlite.series import from_row
from machinami.store.sqlite.statements import SQL
from machinami.store.timeline import bounds


@dataclass(frozen=True, slots=True)
class Span:
    """A range of time for SQL, both ends included, and which instances have the time that is asked about.

    where: the condition on a row besides subject and attribute, with its parameters. by: its order.
    """

    where: str
    parameters: tuple[int, ...]
    by: str


# What a timeproperty (4.11) is in the table. observedAt and deletedAt are the clustered time itself.
_CLUSTERED = {"observedAt": " AND observed = 1", "deletedAt": " AND deleted = 1"}
_COLUMNS = {"createdAt": "created", "modifiedAt": "modified"}


def span(temporal: TemporalQuery) -> Span:
    """The range of the query. before and after exclude the moment; between includes its start (4.11)."""
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


def read_instances(
    connection: apsw.Connection,
    names: Names,
    entity_ids: Sequence[str],
    attributes: Sequence[str] | None,
    temporal: TemporalQuery,
    limit: int | None,
) -> list[Instance]:
    """The instances by entity (in the order asked for), attribute (by name) and time."""
    found: list[Instance] = []
    for entity_id in dict.fromkeys(entity_ids):
        state = read_state(connection, entity_id)
        if state is None:
            continue
        for name in sorted(set(attributes) if attributes is not None else known(connection, names, state.subject)):
            number = names.known(name)
            if number is not None:
                found += _series(connection, entity_id, name, (state.subject, number), temporal, limit)
    return found


def known(connection: apsw.Connection, names: Names, subject: int) -> list[str]:
    """The attributes in the history of the subject."""
    return [names.text(number) for (number,) in connection.execute(SQL.attributes_of, (subject,))]


def _series(
    connection: apsw.Connection,
    entity_id: str,
    name: str,
    place: tuple[int, int],
    temporal: TemporalQuery,
    limit: int | None,
) -> list[Instance]:
    newest = temporal.last_n is not None
    counts = [n for n in (temporal.last_n, limit) if n is not None]
    where = span(temporal)
    sql = _SERIES.format(where=where.where, by=where.by, way="DESC" if newest else "ASC")
    rows = read(connection, sql, (*place, *where.parameters, min(counts, default=-1)))
    if newest:
        rows.reverse()
    return [from_row(entity_id, name, place, row) for row in rows]


def has_instance(
    connection: apsw.Connection, names: Names, subject: int, attributes: Sequence[str], temporal: TemporalQuery
) -> bool:
    """Whether the history of the subject has an instance (of one of these attributes, if any) in the range."""
    where = span(temporal)
    sql = _FIRST.format(where=where.where)
    wanted = attributes or known(connection, names, subject)
    numbers = [number for number in map(names.known, wanted) if number is not None]
    return any(read(connection, sql, (subject, number, *where.parameters)) for number in numbers)
