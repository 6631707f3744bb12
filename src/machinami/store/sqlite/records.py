"""Which small records has a town, and which cannot be read? One bad row stops nobody: it is left out, and noted.

What is noted is a record itself, of the kind `set-aside`: those of this run, and what was lost with a damaged file.
"""

import logging
from typing import Any

import apsw
import orjson

from machinami.foundation.errors import StoreUnavailable
from machinami.store.protocol import SET_ASIDE
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.statements import SQL

_LOG = logging.getLogger("machinami.store")
Record = dict[str, Any]


class Records:
    """The records of one town, as far as they can be read."""

    def __init__(self) -> None:
        self._bad: dict[str, Record] = {}

    def of(self, connection: apsw.Connection, kind: str) -> dict[str, Record]:
        """All of a kind by key; what cannot be read is left out."""
        found = {}
        for key, doc in read(connection, SQL.records, (kind,)):
            record = self._read(kind, key, doc)
            if record is not None:
                found[key] = record
        return found if kind != SET_ASIDE else {**found, **self._bad}

    def one(self, connection: apsw.Connection, kind: str, key: str) -> Record | None:
        """One of them. Raises StoreUnavailable where it cannot be read."""
        rows = read(connection, SQL.get_record, (kind, key))
        if not rows:
            return None
        record = self._read(kind, key, rows[0][0])
        if record is None:
            raise StoreUnavailable(f"The record {kind} {key} cannot be read; stop the town and run: machinami repair")
        return record

    def _read(self, kind: str, key: str, doc: bytes) -> Record | None:
        try:
            record = orjson.loads(doc)
        except (orjson.JSONDecodeError, TypeError):
            record = None
        if isinstance(record, dict):
            return record
        name = f"now-{kind}-{key}"
        if name not in self._bad:
            _LOG.error("the record %s %s cannot be read, and is left out", kind, key)
            self._bad[name] = {"kind": kind, "record": key}
        return None
