"""How are rows of readings written to Parquet files, joined, split, and read back? By DuckDB, in bounded memory.

DuckDB is loaded at the first need: nothing that serves a town needs it. What is in a file never becomes Python values
as a whole: joining, splitting and leaving out are DuckDB's work, and reading goes piece by piece.
"""

import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from machinami.foundation.errors import StoreUnavailable

Row = tuple[str, str, str, str, int, float, str, str]
"""entity, type, attribute (expanded names), datasetId, observedAt in microseconds, number, unit, instanceId."""
_NAMES = ("entity", "type", "attribute", "dataset", "observed_at", "number", "unit", "instance")
_COLUMNS = (
    "entity VARCHAR, type VARCHAR, attribute VARCHAR, dataset VARCHAR, observed_at BIGINT, number DOUBLE, "
    "unit VARCHAR, instance VARCHAR"
)
_ORDER = "entity, attribute, dataset, observed_at, instance"
_TOGETHER = 2_000  # rows that go in or out at once: meanwhile nothing else in Python goes on
_CONFIG = {"threads": 1, "memory_limit": "192MB"}  # it works beside a town that serves
_DIGITS = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows: of this entity, type, attribute (expanded names; empty: any)."""

    entity: str = ""
    type: str = ""
    attribute: str = ""


def join(held: bytes | None, rows: Iterable[Row], mark: str, most: int) -> dict[str, bytes]:
    """What a file holds and more rows, each once, as one file or as several, by their marks: where there are more than
    `most` rows, each file has the entities whose SHA-256 begins with its mark. An entity is in one file only."""
    with _working(held) as (connection, folder):
        for part in _pieces(rows):
            columns = dict(zip(_NAMES, map(list, zip(*part, strict=True)), strict=True))
            wanted = ", ".join(f"unnest(${name}) AS {name}" for name in _NAMES)
            connection.execute(f"INSERT INTO reading SELECT {wanted}", columns)
        return dict(_split(connection, folder, mark, most))


def without(held: bytes, entity: str, attributes: Collection[str] | None, instances: Collection[str] | None) -> bytes:
    """A file without an entity, without some attributes of it, or without some instances of it."""
    with _working(held) as (connection, folder):
        wanted, values = ["entity = ?"], [entity]
        for column, names in (("attribute", attributes), ("instance", instances)):
            if names is not None:
                wanted.append(f"{column} IN (SELECT unnest(?))")
                values.append(list(names))  # type: ignore[arg-type]
        connection.execute(f"DELETE FROM reading WHERE {' AND '.join(wanted)}", values)
        return _written(connection, folder, "")


def count(content: bytes, chosen: Chosen) -> int:
    """How many rows of a file are chosen."""
    with _reading(content) as (connection, path):
        where, values = _where(chosen)
        found: int = connection.execute(f"SELECT count(*) FROM read_parquet('{path}') {where}", values).fetchone()[0]
    return found


def rows_of(content: bytes, chosen: Chosen) -> Iterator[Sequence[Row]]:
    """The chosen rows of a file, some at a time."""
    with _reading(content) as (connection, path):
        where, values = _where(chosen)
        # In the order in which they were written: sorting would hold all of them.
        found = connection.execute(f"SELECT * FROM read_parquet('{path}') {where}", values)
        while part := found.fetchmany(_TOGETHER):
            yield part


class Gathering:
    """Chosen rows of many files, to become one."""

    def __init__(self, connection: Any, folder: str) -> None:
        self._connection = connection
        self._folder = folder

    def add(self, content: bytes, chosen: Chosen) -> None:
        """Take the chosen rows of a file in."""
        with _told(content):
            _fill(self._connection, self._folder, content, chosen)

    def written(self) -> tuple[bytes, int]:
        """The file that they make, each row once, and how many there are."""
        made = _written(self._connection, self._folder, "")
        return made, count(made, Chosen())


@contextmanager
def gathering() -> Iterator[Gathering]:
    """Gather rows beside the files, on the disk."""
    with _working(None) as (connection, folder):
        yield Gathering(connection, folder)


def _where(chosen: Chosen) -> tuple[str, list[str]]:
    named = {"entity": chosen.entity, "type": chosen.type, "attribute": chosen.attribute}
    wanted = {name: value for name, value in named.items() if value}
    return ("WHERE " + " AND ".join(f"{name} = ?" for name in wanted) if wanted else ""), list(wanted.values())


def _pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if len(part) == _TOGETHER:
            yield part
            part = []
    if part:
        yield part


class DamagedFile(StoreUnavailable):
    """A Parquet file is damaged."""


@contextmanager
def _told(content: bytes | None) -> Iterator[None]:
    """Raise DamagedFile for what goes wrong because of a file, StoreUnavailable for anything else, as a full disk."""
    wrong: type[Exception] = import_module("duckdb").Error
    try:
        yield
    except wrong as error:
        if content is not None and not _is_whole(content):
            raise DamagedFile() from error
        raise StoreUnavailable(f"DuckDB cannot go on: {error}") from error


def _is_whole(content: bytes) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path, connection = Path(folder, "held.parquet"), _connected(folder)
        path.write_bytes(content)
        try:
            connection.execute(f"SELECT max(hash(COLUMNS(*))) FROM read_parquet('{path}')").fetchone()
        except import_module("duckdb").Error:
            return False
        finally:
            connection.close()
    return True


@contextmanager
def _reading(content: bytes) -> Iterator[tuple[Any, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        path, connection = Path(folder, "held.parquet"), _connected(folder)
        path.write_bytes(content)
        try:
            with _told(content):
                yield connection, path
        finally:
            connection.close()


@contextmanager
def _working(held: bytes | None) -> Iterator[tuple[Any, str]]:
    """A table `reading` with what a file holds."""
    with tempfile.TemporaryDirectory() as folder:
        connection = _connected(folder)
        try:
            with _told(held):
                connection.execute(f"CREATE TABLE reading ({_COLUMNS})")
                if held is not None:
                    _fill(connection, folder, held, Chosen())
                yield connection, folder
        finally:
            connection.close()


def _fill(connection: Any, folder: str, content: bytes, chosen: Chosen) -> None:
    path, (where, values) = Path(folder, "held.parquet"), _where(chosen)
    path.write_bytes(content)
    connection.execute(f"INSERT INTO reading SELECT * FROM read_parquet('{path}') {where}", values)
    path.unlink()


def _split(connection: Any, folder: str, mark: str, most: int, where: str = "") -> Iterator[tuple[str, bytes]]:
    counted = f"SELECT count(*), count(DISTINCT entity) FROM reading {where}"
    rows, entities = connection.execute(counted).fetchone()
    if rows > most and entities > 1:
        for digit in _DIGITS:
            begins = f"FROM (SELECT DISTINCT entity FROM reading) WHERE starts_with(sha256(entity), '{mark}{digit}')"
            yield from _split(connection, folder, mark + digit, most, f"WHERE entity IN (SELECT entity {begins})")
    elif rows:
        yield mark, _written(connection, folder, where)


def _written(connection: Any, folder: str, where: str) -> bytes:
    path = Path(folder, "made.parquet")
    connection.execute(
        f"COPY (SELECT DISTINCT * FROM reading {where} ORDER BY {_ORDER}) TO '{path}' "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    made = path.read_bytes()
    path.unlink()
    return made


def _connected(folder: str) -> Any:
    """What does not fit in the memory that it may take goes to files in the folder."""
    return import_module("duckdb").connect(config={**_CONFIG, "temp_directory": folder})
