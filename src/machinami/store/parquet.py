"""How are rows of readings written to a Parquet file, and read back? By DuckDB, which is there where it was asked for.

DuckDB is an extra (`machinami[archive]`): one library without any dependency of its own. It is loaded at the first
need, as nothing that serves a town needs it.
"""

import tempfile
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from machinami.foundation.errors import StoreUnavailable

Row = tuple[str, str, str, str, int, float, str, str]
"""entity, type, attribute (expanded names), datasetId, observedAt in microseconds, number, unit, instanceId."""
_COLUMNS = (
    "entity VARCHAR, type VARCHAR, attribute VARCHAR, dataset VARCHAR, observed_at BIGINT, number DOUBLE, "
    "unit VARCHAR, instance VARCHAR"
)
_ORDER = "entity, attribute, dataset, observed_at, instance"


def is_there() -> bool:
    """Whether Parquet files can be written and read here."""
    return find_spec("duckdb") is not None


def to_parquet(rows: Iterable[Row]) -> bytes:
    """The rows as a Parquet file, each once, in an order that packs well."""
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(8)]
    names = ("entity", "type", "attribute", "dataset", "observed_at", "number", "unit", "instance")
    with tempfile.TemporaryDirectory() as folder:
        path, connection = Path(folder, "rows.parquet"), _connected()
        try:
            connection.execute(f"CREATE TABLE reading ({_COLUMNS})")
            wanted = ", ".join(f"unnest(${name}) AS {name}" for name in names)
            connection.execute(f"INSERT INTO reading SELECT {wanted}", dict(zip(names, columns, strict=True)))
            connection.execute(
                f"COPY (SELECT DISTINCT * FROM reading ORDER BY {_ORDER}) TO '{path}' "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
        finally:
            connection.close()
        return path.read_bytes()


def from_parquet(content: bytes) -> Sequence[Row]:
    """The rows of a file that `to_parquet` wrote."""
    with tempfile.TemporaryDirectory() as folder:
        path, connection = Path(folder, "rows.parquet"), _connected()
        path.write_bytes(content)
        try:
            found: list[Row] = connection.execute(f"SELECT * FROM read_parquet('{path}') ORDER BY {_ORDER}").fetchall()
        finally:
            connection.close()
    return found


def _connected() -> Any:
    """DuckDB with one thread and bounded memory: it works beside a town that serves. Raises StoreUnavailable."""
    if not is_there():
        raise StoreUnavailable("Closed months need DuckDB: pip install 'machinami[archive]'")
    return import_module("duckdb").connect(config={"threads": 1, "memory_limit": "512MB"})
