"""Which frozen answers does the broker keep for its clients? (ETSI GS CIM 009, 4.3.7, 5.5.15, 5.16)

Snapshots are kept in memory, can be read and not written, and end after a while. They are few: one more than there
may be is refused, so that no client takes from another what it still needs.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from machinami.broker.federation.federation import Federation
from machinami.broker.policy import demand, is_own
from machinami.broker.snapshot_filling import Asked, AskedPast, Harvest, ask, ask_past
from machinami.broker.town import Town
from machinami.foundation.errors import AlreadyExists, NotFound, TooManyResults
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.snapshot import Snapshot, Status, expiry, made
from machinami.store.memory import MemoryTown

MOST_SNAPSHOTS = 20  # of one town
_LOG = logging.getLogger("machinami.broker")


@dataclass(slots=True)
class Kept:
    """A snapshot with its data, as a town of its own that knows no sources; owner: who had it made; work: its
    filling, while it lasts."""

    snapshot: Snapshot
    town: Town
    owner: str
    work: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Snapshots:
    """The snapshots of every town."""

    kept: dict[str, dict[str, Kept]] = field(default_factory=dict)

    def create(
        self,
        town: Town,
        document: Mapping[str, Any],
        lifetime: timedelta | None,
        queries: Sequence[Asked],
        pasts: Sequence[AskedPast],
        federation: Federation,
        by: Principal,
    ) -> Snapshot:
        """A new snapshot, which is filled in the background (5.16.1). Raises AlreadyExists, TooManyResults."""
        new = self._new(town, document, lifetime, by)
        self._begin(new, _fill(new, town, federation, queries, pasts, by))
        return new.snapshot

    def clone(
        self, town: Town, source_id: str, document: Mapping[str, Any], lifetime: timedelta | None, by: Principal
    ) -> Snapshot:
        """Another snapshot with the data of this one, which both can share as nothing writes them (5.16.2).

        Raises NotFound, AlreadyExists, TooManyResults.
        """
        source = self._find(town, source_id, by)
        new = self._new(town, document, lifetime, by)
        new.town = replace(new.town, store=source.town.store)
        self._begin(new, _follow(new, source))
        return new.snapshot

    def get(self, town: Town, snapshot_id: str, by: Principal) -> Snapshot:
        """The snapshot (5.16.3). Raises NotFound, also where it has expired."""
        return self._find(town, snapshot_id, by).snapshot

    def open(self, town: Town, snapshot_id: str, by: Principal) -> Town:
        """The data of the snapshot as a town, to be read (5.5.15). Raises NotFound."""
        found = self._find(town, snapshot_id, by)
        found.snapshot = replace(found.snapshot, last_used_at=town.clock())
        return found.town

    def update(
        self, town: Town, snapshot_id: str, fragment: Mapping[str, Any], lifetime: timedelta | None, by: Principal
    ) -> Snapshot:
        """Change what is said of a snapshot (5.16.4). Raises NotFound."""
        demand(town.policy, by, Deed.READ)
        found, now = self._find(town, snapshot_id, by), town.clock()
        expires_at = found.snapshot.expires_at if lifetime is None else expiry(lifetime, now)
        document = {**found.snapshot.document, **fragment}
        found.snapshot = replace(found.snapshot, document=document, modified_at=now, expires_at=expires_at)
        return found.snapshot

    def drop(self, town: Town, snapshot_id: str, by: Principal) -> None:
        """Forget the snapshot (5.16.5). Raises NotFound."""
        demand(town.policy, by, Deed.READ)
        self._end(self._find(town, snapshot_id, by))
        del self.kept[town.name][snapshot_id]

    def purge(self, town: Town, meant: Callable[[Snapshot], bool], by: Principal) -> None:
        """Forget those that are meant (5.16.7). Raises NotFound where there are none (6.36.3.2)."""
        demand(town.policy, by, Deed.READ)
        gone = [one.snapshot.id for one in self._own(town, by) if meant(one.snapshot)]
        if not gone:
            raise NotFound("No snapshot matches this q")
        for snapshot_id in gone:
            self.drop(town, snapshot_id, by)

    async def close(self) -> None:
        """Stop filling."""
        works = [one.work for kept in self.kept.values() for one in kept.values() if one.work is not None]
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    def _new(self, town: Town, document: Mapping[str, Any], lifetime: timedelta | None, by: Principal) -> Kept:
        demand(town.policy, by, Deed.READ)
        present = self._of(town)
        snapshot_id = str(document.get("id") or f"urn:ngsi-ld:Snapshot:{town.new_id()}")
        if snapshot_id in present:
            raise AlreadyExists(f"There is a snapshot {snapshot_id} already", snapshotId=snapshot_id)
        if len(present) >= MOST_SNAPSHOTS:
            raise TooManyResults(f"There are {MOST_SNAPSHOTS} snapshots, which is the most; delete one first")
        snapshot = made(document, snapshot_id, lifetime, town.clock())
        own = Town(f"{town.name} {snapshot_id}", MemoryTown(), town.policy, town.clock, town.new_id)
        present[snapshot_id] = Kept(snapshot, own, by.id)
        self.kept[town.name] = present
        return present[snapshot_id]

    def _begin(self, new: Kept, work: Coroutine[Any, Any, None]) -> None:
        new.work = asyncio.get_running_loop().create_task(work)

    def _find(self, town: Town, snapshot_id: str, by: Principal) -> Kept:
        demand(town.policy, by, Deed.READ)
        found = self._of(town).get(snapshot_id)
        if found is None or not is_own(town.policy, found.owner, by):
            raise NotFound(f"There is no snapshot {snapshot_id[:200]} here", snapshotId=snapshot_id[:200])
        return found

    def _own(self, town: Town, by: Principal) -> list[Kept]:
        return [one for one in self._of(town).values() if is_own(town.policy, one.owner, by)]

    def _of(self, town: Town) -> dict[str, Kept]:
        """The snapshots of a town, without those whose time is over."""
        kept, now = self.kept.get(town.name, {}), town.clock()
        for snapshot_id in [name for name, one in kept.items() if not one.snapshot.is_current(now)]:
            self._end(kept.pop(snapshot_id))
        return kept

    @staticmethod
    def _end(kept: Kept) -> None:
        if kept.work is not None:
            kept.work.cancel()


async def _fill(
    new: Kept,
    town: Town,
    federation: Federation,
    queries: Sequence[Asked],
    pasts: Sequence[AskedPast],
    by: Principal,
) -> None:
    harvest = Harvest()
    try:
        details = [await ask(harvest, federation, town, asked, by) for asked in queries]
        past_details = [await ask_past(harvest, town, asked, by) for asked in pasts]
        await new.town.store.transact(partial(harvest.write, now=town.clock()))
        await new.town.store.trim_log(new.town.store.last_seq)  # nobody asks what was written
        new.snapshot = new.snapshot.filled(details, past_details, town.clock())
    except Exception:
        _LOG.exception("snapshot %s failed", new.snapshot.id)
        new.snapshot = replace(new.snapshot, status="failure", modified_at=town.clock())


async def _follow(new: Kept, source: Kept) -> None:
    """Wait until the data of the other one are there."""
    if source.work is not None:
        await asyncio.wait([source.work])
    status: Status = "failure" if source.snapshot.status in ("preparing", "failure") else "success"
    new.snapshot = replace(new.snapshot, status=status, modified_at=new.town.clock())
