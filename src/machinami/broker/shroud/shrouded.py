"""What is a town's store where personal data are sealed at rest? The same store, of which no file says what they are.

Whoever reads and writes sees entities as they are; log, state, history, indexes and outboxes hold them sealed. While a
town has nothing that is marked as personal, its store is used as if this were not there, at no cost.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from os import urandom
from typing import Any, TypeVar

from machinami.broker.law import Law
from machinami.broker.shroud.cipher import Cipher
from machinami.broker.shroud.concerning import Concerns
from machinami.broker.shroud.drafting import Closing
from machinami.broker.shroud.judging import Judge
from machinami.broker.shroud.keys import PersonKeys
from machinami.broker.shroud.opening import SHROUD, TYPES, Opener
from machinami.broker.shroud.resealing import seal_what_was_there
from machinami.broker.shroud.whereabouts import Whereabouts
from machinami.foundation.errors import StoreUnavailable
from machinami.model.change import Change, types_of
from machinami.model.entity import Entity
from machinami.model.found import Bucket, Found, IdPage, Instance, Inventory, Series, TypeSummary
from machinami.model.query import Duration, Page, Query, TemporalQuery
from machinami.store.aggregation import aggregate_instances, check_methods
from machinami.store.protocol import TownStore, Transaction
from machinami.store.timeline import readings

T = TypeVar("T")

_WATCHED = ("transact", "peek", "find", "find_ids", "instances", "series", "aggregate", "find_past", "changes")
"""What is done otherwise once there is something to seal."""


class Settled(Awaitable[T]):
    """What a work gave, once the keys are on the disk that were made for it. It is under way, awaited or not."""

    __slots__ = ("_done", "_keys")

    def __init__(self, done: Awaitable[T], keys: PersonKeys) -> None:
        self._done = done
        self._keys = keys

    def __await__(self) -> Generator[Any, Any, T]:
        result = yield from self._done.__await__()
        if self._keys.unsettled:
            yield from self._keys.settle().__await__()
        return result


class Shrouded:
    """A store of which what is personal is sealed."""

    def __init__(self, store: TownStore, cipher: Cipher, concerns: Concerns) -> None:
        self._store = store
        self._opener = Opener(cipher, concerns)
        self._judge = Judge(store, self._opener)
        self._listeners: list[Callable[[Sequence[Change]], None]] = []
        store.on_commit(self._hear)
        self.whereabouts = Whereabouts(self, concerns)
        # While nothing is personal, the store's own methods stand in the place of those below: a call costs no more.
        vars(self).update({name: getattr(store, name) for name in _WATCHED})
        self.awake = False
        self._sealed_for: object = ()

    async def load(self) -> None:
        """Know which types have something sealed, from before. Raises StoreUnavailable where the keys are not here."""
        kept = (await self._store.records(SHROUD)).get(TYPES)
        if kept is not None:
            if self.cipher.keys.origin != kept["keys"]:
                raise StoreUnavailable(
                    "The keys of this town's persons are not here, or are those of another town: put their file back "
                    "(see docs/erasure.md; without it what is personal cannot be read any more)"
                )
            self._opener.load(kept["types"])
        self.look()

    def look(self) -> None:
        """Begin to seal as soon as something is marked as personal; from then on it is done."""
        if not self.awake and (self._opener.types or self._opener.concerns.marks):
            self.awake = True
            for name in _WATCHED:
                del vars(self)[name]

    @property
    def cipher(self) -> Cipher:
        """With what is sealed."""
        return self._opener.cipher

    @property
    def concerns(self) -> Concerns:
        """What is personal, and about whom."""
        return self._opener.concerns

    @property
    def sealed_types(self) -> Sequence[str]:
        """The types of entities with something sealed."""
        return sorted(self._opener.types)

    @property
    def at_rest(self) -> TownStore:
        """The store as it holds what is sealed."""
        return self._store

    async def seal_what_was_there(self, now: datetime) -> int:
        """Seal what was written before it was marked, once for each mark; how many entities had something of it."""
        marks = self.concerns.marks
        if self._sealed_for is marks:
            return 0
        found = await seal_what_was_there(self._store, self._opener, now)
        self._sealed_for = marks
        return found

    def forget(self) -> None:
        """Have nothing open at hand: keys were destroyed."""
        self._opener.forget()

    # what is done otherwise

    def transact(self, work: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run the work in the next commit; what is personal of what it writes is sealed."""
        return Settled(self._store.transact(lambda tx: work(Closing(tx, self._opener))), self.cipher.keys)

    async def settle(self) -> None:
        """Wait until what seals what was written is on the disk: before that nothing sealed is acknowledged, so that no
        loss of power leaves data of which the key is gone, however durable the data themselves were wanted."""
        if self.cipher.keys.unsettled:
            await self.cipher.keys.settle()

    def peek(self, entity_id: str) -> Entity | None:
        """The committed entity, at once."""
        held = self._store.peek(entity_id)
        return held if held is None else self._opener.entity(held)

    async def find(self, query: Query, page: Page, now: datetime) -> Found:
        """The entities that match, in order."""
        if self._judge.reaches(query):
            return await self._judge.find(query, page, now)
        return await self._store.find(query, page, now)

    async def find_ids(self, query: Query, now: datetime, after: int | None = None) -> IdPage:
        """The ids of the entities that match, in order of creation."""
        if self._judge.reaches(query):
            return await self._judge.find_ids(query, now, after)
        return await self._store.find_ids(query, now, after)

    async def find_past(self, query: Query, temporal: TemporalQuery, page: Page, now: datetime) -> Found:
        """Entities, current or deleted, whose history in the range satisfies the query."""
        if self._judge.reaches(query):
            return await self._judge.find_past(query, temporal, page, now)
        return await self._store.find_past(query, temporal, page, now)

    async def instances(
        self,
        entity_ids: Sequence[str],
        attributes: Sequence[str] | None,
        temporal: TemporalQuery,
        limit: int | None = None,
    ) -> Sequence[Instance]:
        """Instances of the history in order of (entity, attribute, time)."""
        found = await self._store.instances(entity_ids, attributes, temporal, limit)
        return self._opener.instances(found) if any(map(self._is_sealed, dict.fromkeys(entity_ids))) else found

    async def series(
        self,
        entity_ids: Sequence[str],
        attributes: Sequence[str] | None,
        temporal: TemporalQuery,
        limit: int | None = None,
    ) -> Sequence[Series]:
        """What `instances` gives, attribute by attribute, plain readings in columns."""
        if not any(map(self._is_sealed, dict.fromkeys(entity_ids))):
            return await self._store.series(entity_ids, attributes, temporal, limit)
        past = await self.instances(entity_ids, attributes, temporal, limit)
        found: list[Series] = []
        for (entity_id, name), group in groupby(past, lambda one: (one.entity_id, one.attribute)):
            instances = list(group)
            columns = readings(instances, temporal.property)
            found.append(Series(entity_id, name, instances if columns is None else (), columns))
        return found

    async def aggregate(
        self,
        entity_id: str,
        attribute: str,
        temporal: TemporalQuery,
        methods: Sequence[str],
        period: Duration | None,
    ) -> Sequence[Bucket]:
        """Aggregates by period; None: of the whole range."""
        if not self._is_sealed(entity_id):
            return await self._store.aggregate(entity_id, attribute, temporal, methods, period)
        check_methods(methods)
        whole = replace(temporal, last_n=None)
        return aggregate_instances(await self.instances([entity_id], [attribute], whole), temporal, methods, period)

    async def changes(self, after: int, limit: int) -> Sequence[Change]:
        """The log after a sequence number, in order."""
        return [self._opener.change(change) for change in await self._store.changes(after, limit)]

    def _is_sealed(self, entity_id: str) -> bool:
        known = self._store.peek(entity_id) or self._store.recall(entity_id)
        return known is not None and not self._opener.types.isdisjoint(known.types)

    def _hear(self, changes: Sequence[Change]) -> None:
        if self.awake and not all(map(self._opener.types.isdisjoint, types_of(changes))):
            changes = [self._opener.change(change) for change in changes]
        for listener in self._listeners:
            listener(changes)

    def on_commit(self, listener: Callable[[Sequence[Change]], None]) -> None:
        """Have the listener called with the changes of each commit, in order."""
        self._listeners.append(listener)

    # what is done as ever

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that has a past and is not there, at once."""
        return self._store.recall(entity_id)

    def expiring(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of entities that have expired by now, or have an attribute instance that has."""
        return self._store.expiring(now, limit)

    async def types(self) -> Sequence[TypeSummary]:
        """The types in use with their attributes."""
        return await self._store.types()

    async def records(self, kind: str) -> dict[str, dict[str, Any]]:
        """All records of a kind by key."""
        return await self._store.records(kind)

    def record(self, kind: str, key: str) -> dict[str, Any] | None:
        """One record as it is committed, at once."""
        return self._store.record(kind, key)

    async def trim_log(self, before: int) -> int:
        """Forget log rows with a sequence number below this."""
        return await self._store.trim_log(before)

    @property
    def last_seq(self) -> int:
        """The sequence number of the last committed change."""
        return self._store.last_seq

    def statistics(self) -> dict[str, float]:
        """Numbers for /metrics and /health."""
        return self._store.statistics()

    @property
    def damage(self) -> str:
        """What is known of damage to what it keeps."""
        return self._store.damage

    def used_bytes(self) -> int:
        """The bytes that the data take on disk."""
        return self._store.used_bytes()

    async def inventory(self) -> Inventory:
        """Everything that is kept, counted."""
        return await self._store.inventory()

    async def close(self) -> None:
        """Commit what is queued and let go of the files."""
        await self._store.close()


async def shrouded(store: TownStore, law: Law, keys: PersonKeys) -> Shrouded:
    """The store of a town with this law, whose personal data are sealed with these keys. The law may be empty yet."""
    made = Shrouded(store, Cipher(keys, urandom), Concerns(law))
    law.listeners.append(made.look)
    await made.load()
    return made
