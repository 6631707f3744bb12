"""A store that keeps everything in memory: for tests, and as the plainest reading of the contract."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

import orjson

from machinami.foundation.errors import TenantNotFound
from machinami.model.attribute import NO_ATTRIBUTES
from machinami.model.change import Change
from machinami.model.entity import Entity
from machinami.model.found import Bucket, Found, IdPage, Instance, Inventory, Series, TypeSummary
from machinami.model.matching import matches, seen
from machinami.model.names import SCOPE
from machinami.model.ordering import arrange
from machinami.model.query import Duration, Page, Query, TemporalQuery
from machinami.model.town_name import check_town_name
from machinami.store.aggregation import aggregate_instances, check_methods
from machinami.store.evolution import judged, satisfied, scope_stretches, selectors, visible_past
from machinami.store.memory_transaction import Contents, Draft
from machinami.store.protocol import Transaction
from machinami.store.timeline import is_meant, order_time, readings

T = TypeVar("T")

_IDS = 1_000  # given at once


class MemoryTown:
    """One town in memory; gone when it is closed. log_past: as in `StoreSettings`."""

    def __init__(self, log_past: bool = False) -> None:
        self._contents = Contents(log_past=log_past)
        self._listeners: list[Callable[[Sequence[Change]], None]] = []
        self._queue: deque[tuple[Callable[[Transaction], Any], asyncio.Future[Any]]] = deque()

    def take_over(self, other: "MemoryTown") -> None:
        """Have the entities of another town and their past, in place of its own; not its records nor its log."""
        own = other._contents
        history = {entity: {name: [*past] for name, past in every.items()} for entity, every in own.history.items()}
        self._contents = Contents(
            dict(own.entities),
            dict(own.husks),
            dict(own.keys),
            history,
            key=own.key,
            instances=own.instances,
            log_past=self._contents.log_past,
        )

    def transact(self, work: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run the work in the next commit; the awaitable gives its result after that commit."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.append((work, future))
        if len(self._queue) == 1:
            loop.call_soon(self._flush)
        return future

    def _flush(self) -> None:
        done: list[tuple[asyncio.Future[Any], Any, Exception | None]] = []
        changes: list[Change] = []
        while self._queue:
            work, future = self._queue.popleft()
            if future.cancelled():
                continue
            draft = Draft(self._contents)
            try:
                result = work(draft)
            except Exception as error:
                draft.undo()
                done.append((future, None, error))
            else:
                changes += draft.changes
                done.append((future, result, None))
        if changes:
            for listener in self._listeners:
                listener(changes)
        for future, result, failure in done:
            if future.done():
                continue
            if failure is not None:
                future.set_exception(failure)
            else:
                future.set_result(result)

    def peek(self, entity_id: str) -> Entity | None:
        """The committed entity, at once."""
        return self._contents.entities.get(entity_id)

    def expiring(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of entities that have expired, or have an attribute that has, the longest expired first."""
        due: list[tuple[datetime, str]] = []
        for entity in self._contents.entities.values():
            instances = [i.expires_at for several in entity.attributes.values() for i in several]
            moments = [moment for moment in (entity.expires_at, *instances) if moment is not None]
            if moments and min(moments) <= now:
                due.append((min(moments), entity.id))
        return [entity_id for _, entity_id in sorted(due)[:limit]]

    async def find(self, query: Query, page: Page, now: datetime) -> Found:
        """The entities that match, in order."""
        entities = self._contents.entities
        matching = [e for e in self._in_order(entities.values()) if matches(query, e, now, entities.get)]
        if query.guard is not None:
            matching = [visible for e in matching if (visible := seen(query.guard, e)) is not None]
        return _page(arrange(matching, query.order, now), page)

    async def find_ids(self, query: Query, now: datetime, after: int | None = None) -> IdPage:
        """The ids of the entities that match, in order of creation."""
        contents = self._contents
        first = -1 if after is None else after
        ids: list[str] = []
        for entity in self._in_order(contents.entities.values()):
            if contents.keys[entity.id] <= first or not matches(query, entity, now, contents.entities.get):
                continue
            if len(ids) == _IDS:
                return IdPage(ids, contents.keys[ids[-1]])
            ids.append(entity.id)
        return IdPage(ids)

    def _in_order(self, entities: Iterable[Entity]) -> list[Entity]:
        return sorted(entities, key=lambda entity: self._contents.keys[entity.id])

    async def instances(
        self,
        entity_ids: Sequence[str],
        attributes: Sequence[str] | None,
        temporal: TemporalQuery,
        limit: int | None = None,
    ) -> Sequence[Instance]:
        """Instances of the history in order of (entity, attribute, time)."""
        found: list[Instance] = []
        for entity_id in dict.fromkeys(entity_ids):
            history = self._contents.history.get(entity_id, {})
            for name in sorted(history if attributes is None else set(attributes)):
                found += _meant(history.get(name, ()), temporal, limit)
        return found

    async def series(
        self,
        entity_ids: Sequence[str],
        attributes: Sequence[str] | None,
        temporal: TemporalQuery,
        limit: int | None = None,
    ) -> Sequence[Series]:
        """What `instances` gives, attribute by attribute, plain readings in columns."""
        instances = await self.instances(entity_ids, attributes, temporal, limit)
        found: list[Series] = []
        for (entity_id, name), group in groupby(instances, lambda one: (one.entity_id, one.attribute)):
            past = list(group)
            columns = readings(past, temporal.property)
            found.append(Series(entity_id, name, past if columns is None else (), columns))
        return found

    async def aggregate(
        self,
        entity_id: str,
        attribute: str,
        temporal: TemporalQuery,
        methods: Sequence[str],
        period: Duration | None,
    ) -> Sequence[Bucket]:
        """Aggregates by period, None: of the whole range."""
        check_methods(methods)
        series = self._contents.history.get(entity_id, {}).get(attribute, ())
        meant = _meant(series, replace(temporal, last_n=None), None)
        return aggregate_instances(meant, temporal, methods, period)

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that is not there, at once."""
        return self._contents.husks.get(entity_id)

    async def find_past(self, query: Query, temporal: TemporalQuery, page: Page, now: datetime) -> Found:
        """Entities, current or deleted, whose history in the range satisfies the query."""
        contents = self._contents
        asked = selectors(query)
        known = self._in_order([*contents.entities.values(), *contents.husks.values()])
        found = [
            replace(entity, attributes=NO_ATTRIBUTES)
            for entity in known
            if matches(asked, entity, now) and self._had(entity, query, temporal, now)
        ]
        return _page(arrange(found, query.order, now), page)

    def _had(self, entity: Entity, query: Query, temporal: TemporalQuery, now: datetime) -> bool:
        """Whether the history of the entity has what the query asks of it."""
        contents = self._contents
        history = visible_past(query, entity, contents.history.get(entity.id, {}), temporal)
        wanted = query.attrs or [name for name in history if name != SCOPE]
        if not any(is_meant(i, temporal) for name in wanted for i in history.get(name, ())):
            return False
        whole = replace(temporal, last_n=None, datasets=None)
        past = [i for name in judged(query) for i in history.get(name, ()) if is_meant(i, whole)]
        if not satisfied(query, entity, past, contents.entities.get, now):
            return False
        if query.scope is None:
            return True
        stretches = scope_stretches(query.scope, entity, history.get(SCOPE, ()), temporal.property)
        return any(one.meets(temporal) for one in stretches)

    async def types(self) -> Sequence[TypeSummary]:
        """The types in use with their attributes."""
        entities: Counter[str] = Counter()
        attributes: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        for entity in self._contents.entities.values():
            for name in entity.types:
                entities[name] += 1
                for attribute, instances in entity.attributes.items():
                    attributes[name][attribute].update({i.kind.value for i in instances})
        return [
            TypeSummary(name, count, {a: dict(kinds) for a, kinds in sorted(attributes[name].items())})
            for name, count in sorted(entities.items())
        ]

    async def changes(self, after: int, limit: int) -> Sequence[Change]:
        """The log after a sequence number, in order."""
        return [change for change in self._contents.log if change.seq > after][:limit]

    @property
    def last_seq(self) -> int:
        """The sequence number of the last committed change."""
        return self._contents.seq

    def on_commit(self, listener: Callable[[Sequence[Change]], None]) -> None:
        """Have the listener called with the changes of each commit."""
        self._listeners.append(listener)

    async def records(self, kind: str) -> dict[str, dict[str, Any]]:
        """All records of a kind by key."""
        return {key: orjson.loads(doc) for key, doc in sorted(self._contents.records.get(kind, {}).items())}

    def record(self, kind: str, key: str) -> dict[str, Any] | None:
        """One record as it is committed, at once."""
        doc = self._contents.records.get(kind, {}).get(key)
        return None if doc is None else orjson.loads(doc)

    async def trim_log(self, before: int) -> int:
        """Forget log rows below this number, but never the last row."""
        log = self._contents.log
        kept = [change for change in log if change.seq >= before] or log[-1:]
        trimmed = len(log) - len(kept)
        log[:] = kept
        return trimmed

    def statistics(self) -> dict[str, float]:
        """Numbers for /metrics and /health."""
        contents = self._contents
        return {
            "entities": len(contents.entities),
            "log_rows": len(contents.log),
            "last_seq": contents.seq,
            "instances": sum(len(past) for every in contents.history.values() for past in every.values()),
        }

    @property
    def damage(self) -> str:
        """Nothing: there is no file."""
        return ""

    def used_bytes(self) -> int:
        """Nothing is on a disk."""
        return 0

    async def inventory(self) -> Inventory:
        """Everything that is kept, counted."""
        contents = self._contents
        past = sum(len(series) for every in contents.history.values() for series in every.values())
        records = {kind: len(kept) for kind, kept in sorted(contents.records.items()) if kept}
        return Inventory(len(contents.entities), past, len(contents.log), records)

    async def close(self) -> None:
        """Commit what is queued."""
        if self._queue:
            self._flush()


class MemoryBackend:
    """All towns in memory."""

    def __init__(self) -> None:
        self._towns: dict[str, MemoryTown] = {}

    async def open(self, town: str, create: bool = True) -> MemoryTown:
        """The store of a town, made if it does not exist. Raises TenantNotFound where it may not be made."""
        check_town_name(town)
        if town not in self._towns:
            if not create:
                raise TenantNotFound(f"There is no town {town!r} here", tenant=town)
            self._towns[town] = MemoryTown()
        return self._towns[town]

    async def towns(self) -> Sequence[str]:
        """The names of the towns that exist."""
        return sorted(self._towns)

    async def release(self, town: str) -> None:
        """A town in memory is gone when it is let go."""
        held = self._towns.pop(town, None)
        if held is not None:
            await held.close()

    async def close(self) -> None:
        """Close every town."""
        for town in self._towns.values():
            await town.close()


def _page(entities: Sequence[Entity], page: Page) -> Found:
    part = entities[page.offset : page.offset + page.limit]
    return Found(part, len(entities) if page.count else None)


def _meant(series: Iterable[Instance], temporal: TemporalQuery, limit: int | None) -> list[Instance]:
    meant = [instance for instance in series if is_meant(instance, temporal)]
    meant.sort(key=lambda instance: order_time(instance, temporal.property))
    counts = [n for n in (temporal.last_n, limit) if n is not None]
    if not counts:
        return meant
    count = min(counts)
    return meant[max(0, len(meant) - count) :] if temporal.last_n is not None else meant[:count]
