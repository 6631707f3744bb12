"""Which frozen answers does the broker keep for its clients? (ETSI GS CIM 009, 4.3.7, 5.5.15, 5.16)

A snapshot is a town of its own in memory that knows no sources: it can be read, changed and subscribed to (what-if),
and ends after a while. They are few: where there is no room for one more, the one of the lowest priority goes if the
new one is worth more, so that no client takes from another what it needs as much.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from machinami.broker.beyond import Alone
from machinami.broker.federation.federation import Federation
from machinami.broker.notification import compose_snapshot
from machinami.broker.notifier import Notifier
from machinami.broker.policy import demand, is_own
from machinami.broker.snapshot_filling import Asked, AskedPast, Harvest, ask, ask_past
from machinami.broker.town import Town
from machinami.foundation.errors import AlreadyExists, NotFound, TooManyResults
from machinami.foundation.urn import without_password
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.snapshot import Snapshot, Status, expiry, made
from machinami.store.memory import MemoryTown
from machinami.wire.protocol import Sender

MOST_SNAPSHOTS = 20  # of one town
MOST_HELD = 100_000  # entities, past instances and changes of one snapshot: beyond, nothing more is written to it
_SEND_SECONDS = 10.0
_MOST_SENDING = 500  # makers of snapshots that are being told at once
_LOG = logging.getLogger("machinami.broker")


@dataclass(slots=True)
class Kept:
    """A snapshot with its data, as a town of its own that knows no sources; owner: who had it made; work: its
    filling, while it lasts; notifier: once somebody subscribes to it."""

    snapshot: Snapshot
    store: MemoryTown
    town: Town
    owner: str
    work: asyncio.Task[None] | None = None
    notifier: Notifier | None = None


@dataclass(slots=True)
class Snapshots:
    """The snapshots of every town. sender: by which their makers are told how they fare (5.16.6)."""

    sender: Sender
    kept: dict[str, dict[str, Kept]] = field(default_factory=dict)
    sending: set[asyncio.Task[None]] = field(default_factory=set)

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
        self._begin(new, self._fill(new, town, federation, queries, pasts, by))
        return new.snapshot

    def clone(
        self, town: Town, source_id: str, document: Mapping[str, Any], lifetime: timedelta | None, by: Principal
    ) -> Snapshot:
        """Another snapshot with the data that this one has now, or when it is filled (5.16.2).

        Raises NotFound, AlreadyExists, TooManyResults.
        """
        source = self._find(town, source_id, by)
        new = self._new(town, document, lifetime, by)
        self._begin(new, self._follow(new, source))
        return new.snapshot

    def get(self, town: Town, snapshot_id: str, by: Principal) -> Snapshot:
        """The snapshot (5.16.3). Raises NotFound, also where it has expired."""
        return self._find(town, snapshot_id, by).snapshot

    def open(self, town: Town, snapshot_id: str, by: Principal, writing: bool = False) -> Town:
        """The data of the snapshot as a town (5.5.15). Raises NotFound, TooManyResults where it is too full to be
        written to."""
        found = self._find(town, snapshot_id, by)
        found.snapshot = replace(found.snapshot, last_used_at=town.clock())
        if writing:
            held = found.store.statistics()
            if held["entities"] + held["instances"] + held["log_rows"] > MOST_HELD:
                raise TooManyResults(f"The snapshot {snapshot_id[:200]} is full; make a smaller one")
        return found.town

    def notifier(self, frozen: Town) -> Notifier:
        """Who tells the subscribers of a snapshot. Raises NotFound where it is gone."""
        found = self.kept.get(frozen.owner, {}).get(frozen.snapshot)
        if found is None:
            raise _no_snapshot(frozen.snapshot)
        if found.notifier is None:
            found.notifier = Notifier(found.town, self.sender, Alone())
        return found.notifier

    def update(
        self,
        town: Town,
        snapshot_id: str,
        fragment: Mapping[str, Any],
        gone: frozenset[str],
        lifetime: timedelta | None,
        by: Principal,
    ) -> Snapshot:
        """Change what is said of a snapshot, and remove the members that are to go (5.16.4). Raises NotFound."""
        demand(town.policy, by, Deed.READ)
        found, now = self._find(town, snapshot_id, by), town.clock()
        expires_at = found.snapshot.expires_at if lifetime is None else expiry(lifetime, now)
        document = {**found.snapshot.document, **fragment}
        document = {name: value for name, value in document.items() if name not in gone}
        found.snapshot = replace(found.snapshot, document=document, modified_at=now, expires_at=expires_at)
        self._tell(found)
        return found.snapshot

    def drop(self, town: Town, snapshot_id: str, by: Principal) -> None:
        """Forget the snapshot (5.16.5). Raises NotFound."""
        demand(town.policy, by, Deed.READ)
        self._find(town, snapshot_id, by)
        self._delete(town, snapshot_id)

    def purge(self, town: Town, meant: Callable[[Snapshot], bool], by: Principal) -> None:
        """Forget those that are meant (5.16.7). Raises NotFound where there are none (6.36.3.2)."""
        demand(town.policy, by, Deed.READ)
        gone = [one.snapshot.id for one in self._own(town, by) if meant(one.snapshot)]
        if not gone:
            raise NotFound("No snapshot matches this q")
        for snapshot_id in gone:
            self.drop(town, snapshot_id, by)

    async def leave(self, town: Town) -> None:
        """Let the snapshots of a town go with it."""
        await _stop(list(self.kept.pop(town.name, {}).values()), ())

    async def close(self) -> None:
        """Stop filling and telling."""
        await _stop([one for kept in self.kept.values() for one in kept.values()], self.sending)

    def _new(self, town: Town, document: Mapping[str, Any], lifetime: timedelta | None, by: Principal) -> Kept:
        demand(town.policy, by, Deed.READ)
        present = self._of(town)
        snapshot_id = str(document.get("id") or f"urn:ngsi-ld:Snapshot:{town.new_id()}")
        if snapshot_id in present:
            raise AlreadyExists(f"There is a snapshot {snapshot_id} already", snapshotId=snapshot_id)
        snapshot = made(document, snapshot_id, lifetime, town.clock())
        if len(present) >= MOST_SNAPSHOTS:
            self._make_room(town, snapshot)
        store = MemoryTown()
        name = f"{town.name} {snapshot_id}"
        own = Town(name, store, town.policy, town.clock, town.new_id, owner=town.name, snapshot=snapshot_id)
        present[snapshot_id] = Kept(snapshot, store, own, by.id)
        self.kept[town.name] = present
        return present[snapshot_id]

    def _make_room(self, town: Town, new: Snapshot) -> None:
        """The one of the lowest priority, unused for longest, goes for one that is worth more (5.5.15)."""
        every = [one.snapshot for one in self.kept[town.name].values()]
        least = min(every, key=lambda one: (one.priority, one.last_used_at))
        if least.priority >= new.priority:
            raise TooManyResults(
                f"There are {MOST_SNAPSHOTS} snapshots, which is the most, and none of a lower priority; delete one"
            )
        self._delete(town, least.id)

    def _delete(self, town: Town, snapshot_id: str) -> None:
        """Let a snapshot go, and say so: it has expired a moment before that is told (5.3.4)."""
        gone = self.kept[town.name].pop(snapshot_id)
        self._end(gone)
        past = town.clock() - timedelta(milliseconds=1)
        gone.snapshot = replace(gone.snapshot, status="failure", expires_at=min(gone.snapshot.expires_at, past))
        self._tell(gone)

    def _tell(self, kept: Kept) -> None:
        """Tell the maker of a snapshot how it fares, if it wants to know (5.16.6)."""
        uri = kept.snapshot.document.get("endpoint")
        if uri is None:
            return
        if len(self.sending) >= _MOST_SENDING:  # told once, and never again: who does not listen shall not fill memory
            _LOG.warning("%s was not told of the snapshot %s: too many wait", without_password(uri), kept.snapshot.id)
            return
        town = kept.town
        name = f"urn:ngsi-ld:Notification:{town.new_id()}"
        message = compose_snapshot(kept.snapshot, name, town.clock(), replace(town, snapshot="").fields)

        async def send() -> None:
            delivery = await self.sender.send(uri, message.body, message.headers, _SEND_SECONDS)
            if not delivery.ok:
                told = without_password(uri)
                _LOG.warning("%s was not told of the snapshot %s: %s", told, kept.snapshot.id, delivery.reason)

        self._run(send())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.sending.add(task)
        task.add_done_callback(self.sending.discard)

    def _begin(self, new: Kept, work: Coroutine[Any, Any, None]) -> None:
        new.work = asyncio.get_running_loop().create_task(work)

    def _find(self, town: Town, snapshot_id: str, by: Principal) -> Kept:
        demand(town.policy, by, Deed.READ)
        found = self._of(town).get(snapshot_id)
        if found is None or not is_own(town.policy, found.owner, by):
            raise _no_snapshot(snapshot_id)
        return found

    def _own(self, town: Town, by: Principal) -> list[Kept]:
        return [one for one in self._of(town).values() if is_own(town.policy, one.owner, by)]

    def _of(self, town: Town) -> dict[str, Kept]:
        """The snapshots of a town, without those whose time is over."""
        kept, now = self.kept.get(town.name, {}), town.clock()
        for snapshot_id in [name for name, one in kept.items() if not one.snapshot.is_current(now)]:
            self._end(kept.pop(snapshot_id))
        return kept

    def _end(self, kept: Kept) -> None:
        if kept.work is not None:
            kept.work.cancel()
        if kept.notifier is not None:
            self._run(kept.notifier.close())

    async def _fill(
        self,
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
            past_details = [await ask_past(harvest, federation, town, asked, by) for asked in pasts]
            if town.policy.law is not None:
                harvest.tell(town.policy.law)
            await new.store.transact(partial(harvest.write, now=town.clock()))
            await new.store.trim_log(new.store.last_seq)  # nobody asks what was written
            new.snapshot = new.snapshot.filled(details, past_details, town.clock())
        except Exception:
            _LOG.exception("snapshot %s failed", new.snapshot.id)
            new.snapshot = replace(new.snapshot, status="failure", modified_at=town.clock())
        self._tell(new)

    async def _follow(self, new: Kept, source: Kept) -> None:
        """Wait until the data of the other one are there, and take them over."""
        if source.work is not None:
            await asyncio.wait([source.work])
        status: Status = "failure" if source.snapshot.status in ("preparing", "failure") else "success"
        if status == "success":
            new.store.take_over(source.store)
        new.snapshot = replace(new.snapshot, status=status, modified_at=new.town.clock())
        self._tell(new)


def _no_snapshot(snapshot_id: str) -> NotFound:
    return NotFound(f"There is no snapshot {snapshot_id[:200]} here", snapshotId=snapshot_id[:200])


async def _stop(every: Sequence[Kept], sending: Iterable[asyncio.Task[None]]) -> None:
    works = [one.work for one in every if one.work is not None] + list(sending)
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)
    for one in every:
        if one.notifier is not None:
            await one.notifier.close()
