"""How are rows of the state turned into entities, on the event loop and in the reading threads?"""

from array import array
from collections.abc import Sequence
from typing import Protocol

import apsw

from machinami.model.entity import Entity
from machinami.model.sealed import seal
from machinami.store.sqlite.backlog import Backlog
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.hot import Hot, HotEntities, Husk, State
from machinami.store.sqlite.statements import SQL


def read_any(connection: apsw.Connection, entity_id: str) -> tuple[Hot, bool] | None:
    """The entity of this id, or what is left of it, as the file has it; and whether it is gone."""
    for key, subject, gone, doc in read(connection, SQL.entity_by_id, (entity_id,)):
        return Hot(seal(entity_id, doc), key, subject, len(doc)), bool(gone)
    return None


def read_state(connection: apsw.Connection, entity_id: str) -> State:
    """The entity of this id as the file has it."""
    found = read_any(connection, entity_id)
    if found is None:
        return None
    hot, gone = found
    return Husk(hot.key, hot.subject) if gone else hot


class Source(Protocol):
    """Where a query finds entities."""

    connection: apsw.Connection

    def state(self, entity_id: str) -> State:
        """The entity of this id."""
        ...

    def entities(self, keys: Sequence[int]) -> list[Entity]:
        """The entities of these keys, in this order; a key that is no more is left out."""
        ...


class FileSource:
    """Entities for long reads in a thread: those at hand as they are now, the others as the file has them.

    One that is at hand may be later than the moment of the thread's snapshot, never earlier than the last
    commit it could have been asked about; it is judged and given in the same state. Nothing is kept.
    """

    def __init__(self, connection: apsw.Connection, hot: HotEntities | None = None) -> None:
        self.connection = connection
        self._hot = hot

    def state(self, entity_id: str) -> State:
        """The entity of this id."""
        return read_state(self.connection, entity_id)

    def entities(self, keys: Sequence[int]) -> list[Entity]:
        """The entities of these keys, in this order."""
        glance = self._hot.glance if self._hot is not None else _nothing
        found = {key: hot for key, hot in zip(keys, map(glance, keys), strict=True) if hot is not None}
        found |= fetch(self.connection, [key for key in keys if key not in found])
        return [found[key].entity for key in keys if key in found]


def _nothing(key: int) -> Hot | None:
    return None


class HotSource:
    """Entities at hand, or that the file does not show yet, the others from the file: for reads on the event loop.

    moving: the ids of entities whose next state is being committed in a thread at this moment, so that the
    file may already be ahead of what is at hand.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        hot: HotEntities,
        backlog: Backlog,
        moving: frozenset[str] | set[str] = frozenset(),
    ) -> None:
        self.connection = connection
        self._hot = hot
        self._backlog = backlog
        self._moving = moving

    def state(self, entity_id: str) -> State:
        """The entity of this id."""
        if entity_id in self._moving:
            return read_state(self.connection, entity_id)
        hot = self._hot.get(entity_id)
        if hot is not None:
            return hot
        waiting = self._backlog.states
        state = waiting[entity_id] if entity_id in waiting else read_state(self.connection, entity_id)
        if isinstance(state, Hot):
            self._hot.put(state)
        return state

    def entities(self, keys: Sequence[int]) -> list[Entity]:
        """The entities of these keys, in this order."""
        at = self._hot.at
        hots = [at(key) for key in keys]
        if not self._moving and None not in hots:
            return [hot.entity for hot in hots if hot is not None]
        return self._fill(keys, hots)

    def _fill(self, keys: Sequence[int], hots: Sequence[Hot | None]) -> list[Entity]:
        missing = [
            key
            for key, hot in zip(keys, hots, strict=True)
            if hot is None or (self._moving and hot.entity.id in self._moving)
        ]
        waiting = self._backlog.keys
        fresh = {key: waiting[key] for key in missing if key in waiting}
        fresh |= fetch(self.connection, [key for key in missing if key not in waiting])
        for hot in fresh.values():
            if hot.entity.id not in self._moving:
                self._hot.put(hot)
        chosen = (fresh.get(key) or hot for key, hot in zip(keys, hots, strict=True))
        return [hot.entity for hot in chosen if hot is not None]


def fetch(connection: apsw.Connection, keys: Sequence[int]) -> dict[int, Hot]:
    """The entities of these keys by key; those that are gone come with id and types only."""
    found: dict[int, Hot] = {}
    if keys:
        for key, entity_id, subject, doc in read(connection, SQL.entities_by_key, (array_of(keys),)):
            found[key] = Hot(seal(entity_id, doc), key, subject, len(doc))
    return found


def array_of(keys: Sequence[int]) -> object:
    """Keys as one value that a statement can be given."""
    return apsw.carray(array("q", keys))
