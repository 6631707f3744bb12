"""Which entities are about a person? Found once by looking at all that is marked, and kept up to date from then on."""

import asyncio
from collections.abc import Iterable, Sequence

from machinami.broker.shroud.concerning import Concerns, scope_of
from machinami.foundation.instant import EPOCH
from machinami.model.change import Change
from machinami.model.entity import Entity
from machinami.model.query import Query, TypeIs
from machinami.store.protocol import TownStore

_TURN = 500
_EVER = EPOCH  # before anything could have expired

Place = tuple[str, str]  # a scope and a person


class Whereabouts:
    """The entities about each person, by the scopes of what is marked."""

    def __init__(self, store: TownStore, concerns: Concerns) -> None:
        self._store = store
        self._concerns = concerns
        self._marks: object = None
        self._of: dict[Place, set[str]] = {}
        self._places: dict[str, frozenset[Place]] = {}
        store.on_commit(self._hear)

    async def of(self, person: str) -> dict[str, frozenset[str]]:
        """The ids of the entities about a person, by scope."""
        await self.look()
        return {scope: frozenset(ids) for (scope, whom), ids in self._of.items() if whom == person and ids}

    async def count(self, scope: str, person: str) -> int:
        """How many entities there are about a person, in one scope."""
        await self.look()
        return len(self._of.get((scope, person), ()))

    async def look(self) -> None:
        """Look at all that is marked, where that was not done since the marks have changed."""
        marks = self._concerns.marks
        if self._marks is marks:
            return
        self._marks = marks
        self._of.clear()
        self._places.clear()
        for kind in await self._types():
            after: int | None = None
            while True:
                page = await self._store.find_ids(Query(types=TypeIs(kind)), _EVER, after)
                for count, entity_id in enumerate(page.ids, 1):
                    entity = self._store.peek(entity_id)
                    if entity is not None:
                        self._put(entity)
                    if not count % _TURN:
                        await asyncio.sleep(0)
                after = page.after
                if after is None:
                    break

    async def _types(self) -> Sequence[str]:
        found = {mark.type for mark in self._concerns.marks if mark.type}
        names = {mark.attribute for mark in self._concerns.marks if not mark.type}
        for summary in await self._store.types() if names else ():
            if not names.isdisjoint(summary.attributes):
                found.add(summary.type)
        return sorted(found)

    def places(self, entity: Entity) -> frozenset[Place]:
        """In which scopes an entity is about whom."""
        found: set[Place] = set()
        for mark in self._concerns.marks:
            if mark.is_about(entity) and (not mark.attribute or mark.attribute in entity.attributes):
                scope = scope_of(mark)
                found |= {(scope, person) for person in self._concerns.people(entity, scope)}
        return frozenset(found)

    def _put(self, entity: Entity) -> None:
        places = self.places(entity)
        if places:
            self._places[entity.id] = places
            for place in places:
                self._of.setdefault(place, set()).add(entity.id)

    def _drop(self, entity_id: str) -> None:
        for place in self._places.pop(entity_id, ()):
            self._of[place].discard(entity_id)

    def _hear(self, changes: Iterable[Change]) -> None:
        if self._marks is None:
            return
        for change in changes:
            self._drop(change.entity_id)
            if change.after is not None and self._concerns.may_concern(change.types, change.after.attributes):
                self._put(change.after)
