"""One town in one SQLite file: the store that the broker talks to."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apsw

from machinami.foundation.errors import StoreUnavailable
from machinami.foundation.instant import to_micros
from machinami.model.change import Change
from machinami.model.entity import Entity
from machinami.model.found import Bucket, Found, IdPage, Instance, Inventory, Series, TypeSummary
from machinami.model.query import Duration, Page, Query, TemporalQuery
from machinami.store.aggregation import check_methods
from machinami.store.protocol import Transaction
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.aggregate import Aggregation, aggregate
from machinami.store.sqlite.audit import disagreements
from machinami.store.sqlite.backlog import Backlog
from machinami.store.sqlite.checkpointer import Checkpointer
from machinami.store.sqlite.compile import Plan, Planner
from machinami.store.sqlite.connection import PAGE, open_connection, read, read_one
from machinami.store.sqlite.discovery import GONE, LIVE, count, summarize
from machinami.store.sqlite.draft import Draft
from machinami.store.sqlite.failing import Failing, telling
from machinami.store.sqlite.find import Effort, TooLong, find, find_ids, patience
from machinami.store.sqlite.find_past import find_past
from machinami.store.sqlite.group import NEVER, Counters, Group
from machinami.store.sqlite.history import Stretch, read_instances, read_series
from machinami.store.sqlite.hot import Hot, HotEntities
from machinami.store.sqlite.indexer import Indexer
from machinami.store.sqlite.log import read_log
from machinami.store.sqlite.log_at_hand import LogAtHand
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.prefilter import prefilter
from machinami.store.sqlite.readers import Readers
from machinami.store.sqlite.reading import FileSource, HotSource, read_any
from machinami.store.sqlite.records import Records
from machinami.store.sqlite.series_at_hand import SeriesAtHand
from machinami.store.sqlite.statements import SQL
from machinami.store.sqlite.values import ValueIndexes
from machinami.store.sqlite.writer import Writer

T = TypeVar("T")

_EVERY = Page(0, count=True)  # whoever wants everything: for the choice of the plan


@telling
class SqliteTown:
    """The store of one town."""

    def __init__(self, path: Path, connection: apsw.Connection, held: apsw.Connection, settings: StoreSettings) -> None:
        self.failing = Failing(path)
        self._held, self._path, self._settings, self._connection = held, path, settings, connection
        self._names = Names(connection)
        self._backlog = Backlog()
        self._indexes = ValueIndexes()
        self._hot = HotEntities(settings.cache_entities, settings.cache_bytes)
        self._series = SeriesAtHand()
        self._log = LogAtHand(settings.log_bytes)
        self._records = Records()
        expiry = read_one(connection, SQL.first_expiry)
        self._counters = Counters(read_one(connection, SQL.last_key), read_one(connection, SQL.last_seq))
        self._first_expiry = NEVER if expiry is None else expiry
        counts = {(number, kind): many for number, kind, many in read(connection, SQL.tallies_of_types)}
        self._entities: int = counts.pop((0, LIVE), 0)
        self._type_counts = Counter({(number, int(kind == GONE)): many for (number, kind), many in counts.items()})
        self._types: tuple[int, list[TypeSummary]] | None = None
        self._listeners: list[Callable[[Sequence[Change]], None]] = []
        self._thread = ThreadPoolExecutor(1, "store-commit") if settings.durability == "full" else None
        self._beside = open_connection(path, settings, write=False) if self._thread is not None else connection
        self._readers = Readers(path, settings)
        self._planner = Planner(
            self._names, self._indexes, self._type_size, lambda: self._entities, lambda: self._counters.key
        )
        self._writer = Writer(connection, self._new_group, self._committed, settings, self._thread, self.failing)
        self.cease = self._writer.cease
        self.checkpointer = Checkpointer(path, settings, connection)
        self._indexer = Indexer(connection, self._names, self._indexes, settings, self._writer.put)
        self._closing = self._asked = False
        self._recover()

    def transact(self, work: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run the work in the next commit; the awaitable gives its result after that commit."""
        return self._writer.put(work)

    def _new_group(self) -> Group:
        under_way = self._writer.committing
        group = Group(
            self._connection, self._names, self._indexes, self._counters, self._source().state, self._backlog,
            # In a thread of its own the next commit begins before this one is done. With a bound of the file, what is
            # taken must fit as a whole.
            prompt=self._thread is not None or self._settings.max_bytes is not None,
            asked=self._asked,
            log_past=self._settings.log_past,
        )  # fmt: skip
        group.before = self._entities + (0 if under_way is None else under_way.entities)
        return group

    def _recover(self) -> None:
        """Bring state and history up to the log, where the process was killed before they were."""
        state, history = (read_one(self._connection, sql) for sql in (SQL.settled_state, SQL.settled))
        if min(state, history) < self._counters.seq:
            try:
                self._writer.catch_up(self._replayed(state, history), history=True)
            except StoreUnavailable:  # the disk is full: it waits at hand, as it did before
                self._committed(self._replayed(state, history))
                self._connection.execute(SQL.rollback)  # only looks were taken

    def _replayed(self, state: int, history: int) -> Group:
        group = self._new_group()
        for change in read_log(self._connection, min(state, history)):
            group.replay(change, change.seq > state, change.seq > history)
        return group

    def _catch_up(self) -> None:
        """Bring the state up to the log. Where the disk is full it is read as it is; the log has the rest."""
        if self._backlog.runs:
            with suppress(StoreUnavailable):
                self._writer.catch_up(self._new_group(), history=False)

    async def _settle(self) -> None:
        """Bring state and history up to the log, in the same way."""
        if self._backlog:
            with suppress(StoreUnavailable):
                if self._thread is None:
                    self._writer.catch_up(self._new_group(), history=True)
                else:
                    await self._writer.put(Draft.apart)

    def _committed(self, group: Group) -> None:
        self._counters = group.counters
        self._asked = self._asked and not group.folded
        self._backlog.committed(group.folded, group.settled, group.later)
        self._names.written(group.new_names)
        self._type_counts.update(group.fold.type_counts)
        self._entities += group.entities
        self._first_expiry = min(self._first_expiry, group.first_expiry)
        for entity_id in group.changed:
            state = group.state[entity_id]
            if isinstance(state, Hot):
                self._hot.put(state)
            else:
                self._hot.drop(entity_id)
        self._series.hear(group.changes, group.edited)
        self._log.hear(group.changes, group.log_bytes, group.counters.begin)
        self.checkpointer.look(self._writer)
        if group.changes:
            for listener in self._listeners:
                self._tell(listener, group.changes)

    def _tell(self, listener: Callable[[Sequence[Change]], None], changes: Sequence[Change]) -> None:
        try:
            listener(changes)
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a listener of the store failed", "exception": error}
            )

    def on_commit(self, listener: Callable[[Sequence[Change]], None]) -> None:
        """Have the listener called with the changes of each commit."""
        self._listeners.append(listener)

    # the state

    def _source(self) -> HotSource:
        if self._closing:
            raise StoreUnavailable("The town is being closed")
        group = self._writer.committing
        if group is None:
            return HotSource(self._connection, self._hot, self._backlog)
        return HotSource(self._beside, self._hot, self._backlog, group.changed)

    def _type_size(self, name: str) -> int:
        number = self._names.known(name)
        return 0 if number is None else self._type_counts[number, 0]

    def peek(self, entity_id: str) -> Entity | None:
        """The committed entity, at once."""
        hot = self._hot.get(entity_id)
        if hot is not None:
            return hot.entity
        state = self._source().state(entity_id)
        return state.entity if isinstance(state, Hot) else None

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that is not there, at once."""
        self._catch_up()
        found = read_any(self._source().connection, entity_id)
        return found[0].entity if found is not None and found[1] else None

    def expiring(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of entities that have expired, or have an attribute that has, the longest expired first."""
        moment = to_micros(now)
        if self._first_expiry > moment:
            return ()
        self._catch_up()
        connection = self._source().connection
        first = read_one(connection, SQL.first_expiry)
        self._first_expiry = NEVER if first is None else first
        return [entity_id for (entity_id,) in read(connection, SQL.expired, (moment, limit))]

    async def find(self, query: Query, page: Page, now: datetime) -> Found:
        """The entities that match: at once where an index leads to few, in a reading thread otherwise."""
        if self._backlog.runs.deep:
            self._catch_up()
        self._asked = True
        source = self._source()
        connection = source.connection
        connection.set_progress_handler(patience(), self._settings.step_limit)
        try:
            plan = self._plan(connection, query, page, now)
            return find(source, plan, query, page, now, Effort(self._settings.loop_candidates))
        except (TooLong, apsw.InterruptError):
            pass  # goes on below, beside the event loop
        finally:
            connection.set_progress_handler(None)
        self._catch_up()
        found, seen = await self._readers.run(partial(self._find_long, query, page, now), True)
        if seen - len(found.entities) > self._settings.index_after:
            self._indexer.want(query)
        return found

    def _find_long(self, query: Query, page: Page, now: datetime, connection: apsw.Connection) -> tuple[Found, int]:
        """The page, and about how many entities had to be looked at for it."""
        plan = replace(self._plan(connection, query, page, now), filter=prefilter(query))
        effort = Effort(None)
        found = find(FileSource(connection, self._hot), plan, query, page, now, effort)
        all_seen = page.count or query.order or len(found.entities) < page.limit
        return found, self._entities if plan.in_order and all_seen else effort.seen

    async def find_ids(self, query: Query, now: datetime, after: int | None = None) -> IdPage:
        """The ids of the entities that match, in order of creation; in a reading thread."""
        self._catch_up()
        return await self._readers.run(partial(self._find_ids, query, now, -1 if after is None else after), True)

    def _find_ids(self, query: Query, now: datetime, after: int, connection: apsw.Connection) -> IdPage:
        plan = replace(self._plan(connection, query, _EVERY, now), filter=prefilter(query))
        return find_ids(FileSource(connection, self._hot), plan, query, now, after)

    def _plan(self, connection: apsw.Connection, query: Query, page: Page, now: datetime) -> Plan:
        plan = self._planner.plan(connection, query, page)
        if plan.exact and self._first_expiry <= to_micros(now):
            expiry = read_one(connection, SQL.first_expiry)
            if expiry is not None and expiry <= to_micros(now):
                return replace(plan, exact=False, size=None)
        return plan

    # the log

    @property
    def last_seq(self) -> int:
        """The sequence number of the last committed change."""
        return self._counters.seq

    async def changes(self, after: int, limit: int) -> Sequence[Change]:
        """The log after a sequence number, in order."""
        return self._log.after(self._source().connection, after, limit)

    async def trim_log(self, before: int) -> int:
        """Forget log rows below this number, but never the last row."""
        return int(await self._writer.put(lambda draft: draft.trim_log(before)))

    # the history

    async def instances(
        self,
        entity_ids: Sequence[str],
        attributes: Sequence[str] | None,
        temporal: TemporalQuery,
        limit: int | None = None,
    ) -> Sequence[Instance]:
        """Instances of the history in order of (entity, attribute, time)."""
        await self._settle()
        stretch = Stretch(entity_ids, attributes, temporal, limit)
        return await self._readers.run(lambda connection: read_instances(connection, self._names, stretch))

    async def series(
        self,
        entity_ids: Sequence[str],
        attributes: Sequence[str] | None,
        temporal: TemporalQuery,
        limit: int | None = None,
    ) -> Sequence[Series]:
        """What `instances` gives, attribute by attribute, plain readings in columns: few at once, else in a thread."""
        stretch = Stretch(tuple(entity_ids), None if attributes is None else tuple(attributes), temporal, limit)
        known = self._series.find(stretch)
        if known is not None:
            return known
        await self._settle()
        if stretch.most <= self._settings.loop_readings:
            connection = self._source().connection
            connection.set_progress_handler(patience(), self._settings.step_limit)
            try:
                if self._backlog.history:  # it is not all that there is, and so not kept
                    return read_series(connection, self._names, stretch)
                return self._series.read(connection, self._names, stretch)
            except apsw.InterruptError:
                pass  # goes on below, beside the event loop
            finally:
                connection.set_progress_handler(None)
        return await self._readers.run(lambda connection: read_series(connection, self._names, stretch))

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
        await self._settle()
        wanted = Aggregation(entity_id, attribute, temporal, tuple(methods), period)
        return await self._readers.run(partial(aggregate, self._names, wanted), True)

    async def find_past(self, query: Query, temporal: TemporalQuery, page: Page, now: datetime) -> Found:
        """Entities, current or deleted, whose history in the range satisfies the query."""
        await self._settle()
        return await self._readers.run(partial(find_past, self._planner, query, temporal, page, now), True)

    async def types(self) -> Sequence[TypeSummary]:
        """The types in use with their attributes; looked up again only after a change."""
        if self._types is None or self._types[0] != self._counters.seq:
            self._catch_up()
            self._types = self._counters.seq, summarize(self._names, self._source().connection)
        return self._types[1]

    async def records(self, kind: str) -> dict[str, dict[str, Any]]:
        """All records of a kind by key."""
        return self._records.of(self._source().connection, kind)

    def record(self, kind: str, key: str) -> dict[str, Any] | None:
        """One record as it is committed, at once."""
        return self._records.one(self._source().connection, kind, key)

    @property
    def damage(self) -> str:
        """What is known of damage to the file; empty: none."""
        return self.failing.damage

    def statistics(self) -> dict[str, float]:
        """Numbers for /metrics and /health."""
        return {
            "entities": self._entities,
            "log_rows": read_one(self._source().connection, SQL.log_length),
            "last_seq": self._counters.seq,
            "file_bytes": self._path.stat().st_size,
            "hot_entities": len(self._hot),
            **self._writer.statistics(),
            **self._readers.statistics(),
            "checkpoints": self.checkpointer.checkpoints,
            "indexed_attributes": len(self._indexes.ready),
            "indexes_in_making": len(self._indexes.numbers) - len(self._indexes.ready),
        }

    def used_bytes(self) -> int:
        """The bytes that the data take on disk; free pages are not counted."""
        connection = self._source().connection
        return PAGE * int(read_one(connection, SQL.pages) - read_one(connection, SQL.free_pages))

    async def inventory(self) -> Inventory:
        """Everything that is kept, counted; in a reading thread."""
        await self._settle()
        return await self._readers.run(partial(count, self._entities))

    async def disagreements(self) -> list[str]:
        """Sentences about log, state and history where they do not agree; reads everything."""
        await self._settle()
        return await self._readers.run(disagreements)

    async def close(self) -> None:
        """Commit what is queued and let go of the files."""
        await self._writer.drain()
        await self._settle()
        await self.checkpointer.close()
        self._closing = True
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._readers.close()
        if self._thread is not None:
            self._thread.shutdown(wait=True)
            self._beside.close()
        self.checkpointer.finish(self._connection)
        self._held.close()
