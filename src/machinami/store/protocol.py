"""What must a store be able to do? The contract between the broker and whatever keeps the data.

One `TownStore` is one town (tenant): its log, its current state, its history and its small records, in one
place with one sequence. Everything is written through `transact`: a plain function that sees the committed
state plus what it wrote itself, and whose writes become durable together. The awaitable that `transact`
returns is done only after the commit that holds the work. A work that raises leaves no trace and disturbs no other.
`conformance` is this contract in executable form; each backend passes it.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from machinami.model.attribute import Attribute
from machinami.model.change import Change
from machinami.model.entity import Entity
from machinami.model.found import Bucket, Found, IdPage, Instance, Inventory, Series, TypeSummary
from machinami.model.query import Duration, Page, Query, TemporalQuery

T = TypeVar("T")

SET_ASIDE = "set-aside"
"""The kind of records that say what cannot be read: `kind` and `record` of a record, or `what` was lost in words."""


class Transaction(Protocol):
    """What a work may do inside a transaction; synchronous, in order, isolated from other works."""

    def get(self, entity_id: str) -> Entity | None:
        """The entity as this work sees it now."""
        ...

    def write(self, change: Change) -> None:
        """Append the change to the log and move state and history with it.

        History gets one instance for every AttributeChange with an `after`, and a deletion marker for each
        without; and where the scopes differ, one of the scope, as if it were a Property (4.5.6). `change.seq` is
        ignored; the store numbers changes in commit order.
        """
        ...

    def correct(
        self, entity_id: str, attribute: str, instance_id: str, after: Attribute | None, change: Change
    ) -> bool:
        """Replace (or, with None, remove) one instance of the history and log `change` without recording it in
        the history again; the current state is moved where `change.after` is set. False if there is none."""
        ...

    def count(self) -> int:
        """How many entities there are, as the works before this one left them."""
        ...

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that has a past and is not there: its types and scopes; else None."""
        ...

    def remember(self, head: Entity) -> None:
        """Know an entity that is not there by the types and scopes of this head; of one that is there, nothing
        changes (temporal provision, 5.6.11)."""
        ...

    def add_history(self, instance: Instance) -> None:
        """Add an instance to the history only (temporal provision, 5.6.11, 5.6.12).

        An entity of which nothing is known yet is known from then on as a past one.
        """
        ...

    def remove_history(self, entity_id: str, attribute: str | None = None, dataset_id: str | None = None) -> bool:
        """Forget the history of an entity, of one of its attributes, or of one dataset of it (@none: of the default
        instances). False if none. What was known of an entity that is not there goes with its whole history."""
        ...

    def thin_history(self, entity_id: str, attribute: str, gone: Sequence[str], made: Sequence[Instance]) -> bool:
        """Put a few instances in the place of many, by their names, in the history only: what is kept of an old past.
        False, and nothing is done, where one of those is not there."""
        ...

    def put_record(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Keep a small JSON record (subscription, registration, context, setting …) under (kind, key)."""
        ...

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """The record as this work sees it now."""
        ...

    def delete_record(self, kind: str, key: str) -> bool:
        """Remove the record; False if there was none."""
        ...


class TownStore(Protocol):
    """All data of one town."""

    def transact(self, work: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run the work in the next commit; the awaitable gives its result after that commit, or its exception.

        It must not be a coroutine that starts late: the work is queued by the call itself, in call order.
        Raises StoreUnavailable (disk full, read-only …) for every work of a commit that failed as a whole.
        """
        ...

    def peek(self, entity_id: str) -> Entity | None:
        """The committed entity, at once (from memory, or one point read); None if there is none."""
        ...

    def recall(self, entity_id: str) -> Entity | None:
        """What is known of an entity that has a past and is not there, at once; else None."""
        ...

    def expiring(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of entities that have expired by now, or have an attribute instance that has; at most `limit`, the
        longest expired first. At once, and at no cost where nothing has."""
        ...

    async def find(self, query: Query, page: Page, now: datetime) -> Found:
        """The entities that match, in a total and stable order (query.order, then order of creation)."""
        ...

    async def find_ids(self, query: Query, now: datetime, after: int | None = None) -> IdPage:
        """The ids of the entities that match, in order of creation whatever order the query wants: as many as the
        store gives at once. after: as the page before said, so that all of them cost one pass however many they are."""
        ...

    async def instances(
        self,
        entity_ids: Sequence[str],
        attributes: Sequence[str] | None,
        temporal: TemporalQuery,
        limit: int | None = None,
    ) -> Sequence[Instance]:
        """Instances of the history in order of (entity, attribute, time); limit: at most so many per attribute,
        the newest ones if last_n is given, else the oldest ones."""
        ...

    async def series(
        self,
        entity_ids: Sequence[str],
        attributes: Sequence[str] | None,
        temporal: TemporalQuery,
        limit: int | None = None,
    ) -> Sequence[Series]:
        """What `instances` gives, attribute by attribute; none is empty. A store may give those of plain readings
        in columns, which is much faster to read and to write out."""
        ...

    async def aggregate(
        self,
        entity_id: str,
        attribute: str,
        temporal: TemporalQuery,
        methods: Sequence[str],
        period: Duration | None,
    ) -> Sequence[Bucket]:
        """Aggregates (4.5.19: totalCount distinctCount sum avg min max stddev sumsq) by period; None: of the whole
        range."""
        ...

    async def find_past(self, query: Query, temporal: TemporalQuery, page: Page, now: datetime) -> Found:
        """Entities (current or deleted, with types and scopes but without attributes) whose history has an instance
        in the temporal range, of query.attrs if there are any, and which match the query: ids, types and order are
        asked of the entity, q and geo of its instances within the range, scope of the scopes that were valid then
        (5.7.4.4)."""
        ...

    async def types(self) -> Sequence[TypeSummary]:
        """The types in use with their attributes."""
        ...

    async def changes(self, after: int, limit: int) -> Sequence[Change]:
        """The log after a sequence number, in order, at most `limit`."""
        ...

    @property
    def last_seq(self) -> int:
        """The sequence number of the last committed change."""
        ...

    def on_commit(self, listener: Callable[[Sequence[Change]], None]) -> None:
        """Have the listener called on the event loop with the numbered changes of each commit, in order."""
        ...

    async def records(self, kind: str) -> dict[str, dict[str, Any]]:
        """All records of a kind by key."""
        ...

    def record(self, kind: str, key: str) -> dict[str, Any] | None:
        """One record as it is committed, at once; None if there is none."""
        ...

    async def trim_log(self, before: int) -> int:
        """Forget log rows with a sequence number below this; returns how many."""
        ...

    def statistics(self) -> dict[str, float]:
        """Numbers for /metrics and /health: entities, log rows, bytes on disk, cache hits …"""
        ...

    @property
    def damage(self) -> str:
        """What is known of damage to what it keeps, and what to do; empty: nothing. Reads that need what is damaged
        raise StoreUnavailable, as works do."""
        ...

    def used_bytes(self) -> int:
        """The bytes that the data take on disk, at once; what was let go and can be used again is not counted."""
        ...

    async def inventory(self) -> Inventory:
        """Everything that is kept, counted; it reads much."""
        ...

    async def close(self) -> None:
        """Commit what is queued and let go of the files."""
        ...


class Backend(Protocol):
    """All towns of one installation."""

    async def open(self, town: str, create: bool = True) -> TownStore:
        """The store of a town, made if it does not exist. Raises TenantNotFound where it may not be made."""
        ...

    async def towns(self) -> Sequence[str]:
        """The names of the towns that exist."""
        ...

    async def release(self, town: str) -> None:
        """Commit what is queued in a town and let go of its files; it can be opened again."""
        ...

    async def close(self) -> None:
        """Close every town."""
        ...
