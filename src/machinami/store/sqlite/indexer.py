"""How does an attribute get its index, and who decides that it should have one?

An index is built in small works between the others, so that nothing stands still meanwhile. From its first work
on every change keeps it up to date; it is asked only when all entities are in it.
"""

from collections.abc import Callable

import apsw
import orjson

from machinami.model.document import attribute_from_document
from machinami.model.query import Condition, Query
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.draft import Draft
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.prefilter import json_path
from machinami.store.sqlite.statements import SQL
from machinami.store.sqlite.values import Value, ValueIndexes, rows_of, spans
from machinami.store.sqlite.writer import Work

_STEP = 400  # entities in one work: a few milliseconds


class Indexer:
    """Keeps the list of indexed attributes and builds what is new in it."""

    def __init__(
        self,
        connection: apsw.Connection,
        names: Names,
        indexes: ValueIndexes,
        settings: StoreSettings,
        put: Callable[[Work], object],
    ) -> None:
        self._names = names
        self._indexes = indexes
        self._put = put
        self._automatic = settings.max_indexed
        for attribute, ready, done in read(connection, SQL.indexes):
            name = names.text(attribute)
            indexes.numbers[name] = attribute
            if ready:
                indexes.ready.add(name)
            else:
                put(self._step(attribute, name, done))
        for name in settings.indexed:
            self._start(name)

    def want(self, query: Query) -> None:
        """A query had to look at many entities in vain: index what it asked for, while there is room."""
        if query.q is not None:
            for name in asked(query.q):
                if len(self._indexes.numbers) < self._automatic:
                    self._start(name)

    def _start(self, name: str) -> None:
        if name not in self._indexes.numbers and json_path(name) is not None:
            number = self._names.number(name)
            self._indexes.numbers[name] = number
            self._put(self._step(number, name, -1))

    def _step(self, number: int, name: str, done: int) -> Work:
        def work(draft: Draft) -> None:
            connection = draft.apart()
            after = done
            rows: list[tuple[int, Value, int]] = []
            stretch = read(connection, SQL.instances_after, (after, json_path(name), _STEP))
            for key, doc in stretch:
                after = key
                if doc is not None:
                    rows += rows_of(number, map(attribute_from_document, orjson.loads(doc)), key)
            connection.executemany(SQL.add_value, rows)
            ready = len(stretch) < _STEP
            connection.execute(SQL.set_index, (number, int(ready), after))
            if ready:
                self._indexes.ready.add(name)
            else:
                self._put(self._step(number, name, after))

        return work


def asked(condition: Condition) -> list[str]:
    """The attributes by whose index the condition could be answered."""
    return [span.attribute for way in spans(condition) for span in way]
