"""What is the broker as a whole? All towns of the installation with their contexts and their notifiers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from machinami.broker.audit import Audit
from machinami.broker.closed_months import ClosedMonths
from machinami.broker.contexts import AT_HAND, Contexts
from machinami.broker.entity_maps import EntityMaps
from machinami.broker.federation.federation import Federation
from machinami.broker.federation.subscribing import SharedSubscriptions
from machinami.broker.federation.trigger import Trigger
from machinami.broker.law import Law
from machinami.broker.notifier import Notifier
from machinami.broker.notify import Outbox
from machinami.broker.policy import Policy, demand, is_own
from machinami.broker.policy_rows import protect
from machinami.broker.pseudonyms import Pseudonyms
from machinami.broker.quotas import Meter
from machinami.broker.reception import Reception
from machinami.broker.resuming import Parts, load_or_close, resume
from machinami.broker.shroud.keys import PersonKeys
from machinami.broker.shroud.shrouded import shrouded
from machinami.broker.snapshots import Snapshots
from machinami.broker.source_subscriptions import SourceSubscriptions
from machinami.broker.stamps import stamped
from machinami.broker.subscriptions import (
    driving_types,
    no_subscription,
    resubscribe,
    subscribe,
    unsubscribe,
    without_secrets,
)
from machinami.broker.town import DEFAULT_TOWN, Sealing, Town
from machinami.foundation.errors import MachinamiError, Overloaded, StoreUnavailable, TenantNotFound
from machinami.foundation.urn import without_password
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.policy import Deed, Row
from machinami.model.principal import Principal
from machinami.model.quota import UNLIMITED, Quota
from machinami.model.subscription import Subscription
from machinami.model.telling import Told
from machinami.store.files import Files
from machinami.store.protocol import Backend, TownStore
from machinami.wire.exchange import Caller, Unconnected
from machinami.wire.protocol import Fetcher, Sender

_IDENTITY = "identity"
_LOG = logging.getLogger("machinami.broker")


@dataclass(frozen=True, slots=True)
class Ports:
    """What the broker is given from outside: store, network, time, ids, and the reader that turns a kept
    subscription document with its context back into a Subscription. alias: what this broker is called among brokers;
    empty: a name is made once and kept; split_entities: whether parts of one entity are expected at several brokers
    where a request says nothing of it (4.3.6.7); context_bytes: how much of @contexts stays in memory; quota: what a
    town may take of the machine; seal: with what credentials are kept that clients hand over; person_keys: the keys
    with which what a town knows about persons is sealed; None: it is kept as it is; mapping_key: the key by which
    services know people under pseudonyms, by town; reception: how much strangers may hand in to a town; files: where
    the services of a town keep files, by town; oldest: how old a notification may become that is not taken."""

    backend: Backend
    fetcher: Fetcher
    sender: Sender
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    read_subscription: Callable[[dict[str, Any], Context], Subscription]
    caller: Caller = field(default_factory=Unconnected)
    alias: str = ""
    split_entities: bool = False
    context_bytes: int = AT_HAND
    quota: Callable[[str], Quota] = lambda town: UNLIMITED
    seal: Sealing | None = None
    person_keys: Callable[[str], PersonKeys] | None = None
    mapping_key: Callable[[str], bytes] | None = None
    reception: Callable[[], Reception] = Reception
    files: Callable[[str], Files] | None = None
    oldest: timedelta | None = None


class Broker:
    """The one door to the data of every town."""

    contexts: Contexts
    source_subscriptions: SourceSubscriptions
    federation: Federation
    shared_subscriptions: SharedSubscriptions

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._towns: dict[str, Town] = {}
        self._audits: dict[str, Audit] = {}
        self._notifiers: dict[str, Notifier] = {}
        self._derived: Sequence[Row] = ()
        self._present: Callable[[str, Principal], Principal | None] = lambda town, by: by
        self.joining: list[Callable[[Town], Awaitable[None]]] = []  # told of a town before anybody can reach it
        self.leaving: list[Callable[[Town], Awaitable[None]]] = []  # told of one that is let go
        self._opening = asyncio.Lock()
        self._parting: set[str] = set()
        self.set_aside: list[str] = []
        self._broken: set[str] = set()
        self.entity_maps = EntityMaps()
        self.snapshots = Snapshots(ports.sender)

    async def start(self, quiet: bool = False) -> None:
        """Open every town and resume its subscriptions. A record that cannot be read is set aside and reported;
        it never stops the start. quiet: nobody is told of anything, nor asked."""
        default = await self._open(DEFAULT_TOWN, create=True)
        self.contexts = Contexts(default.store, self._ports.fetcher, self._ports.clock, self._ports.context_bytes)
        await self.contexts.load()
        ports = self._ports
        self.source_subscriptions = SourceSubscriptions(self.contexts, ports.sender, ports.read_subscription)
        alias = await self._alias(default)
        self.federation = Federation(
            ports.caller, self.contexts, ports.clock, alias, self.entity_maps, ports.split_entities
        )
        self.shared_subscriptions = SharedSubscriptions(self.federation, self.contexts, self.notifier)
        self._watch(default)
        for name in await self._ports.backend.towns():
            if name not in self._towns:
                await self._open_if_whole(name)
        for town in list(self._towns.values()) if not quiet else ():
            await self._resume(town)

    async def _open_if_whole(self, name: str) -> None:
        """Open a town besides the default one; what is wrong with its files is its own affair."""
        try:
            await self._open(name, create=False)
        except Exception as error:
            reason = error.detail if isinstance(error, MachinamiError) else f"{type(error).__name__}: {error}"
            self._broken.add(name)
            self._set_aside(f"the town {name} could not be opened: {reason}")
            self._towns.pop(name, None)
            await self._ports.backend.release(name)

    async def open_to_sources(self, address: str) -> None:
        """Say at which URL sources reach this broker with what they tell; from then on subscriptions are shared."""
        await self.shared_subscriptions.open(address, self.towns, self._set_aside)

    async def close(self) -> None:
        """Stop notifying and close every town."""
        await self.snapshots.close()
        await self.shared_subscriptions.close()
        for notifier in self._notifiers.values():
            await notifier.close()
        await self.source_subscriptions.close()
        for audit in self._audits.values():
            await audit.close()
        await self._ports.backend.close()

    def open_town(self, name: str | None) -> Town | None:
        """The town of this name, None if there is none."""
        return self._towns.get(name or DEFAULT_TOWN)

    async def town(self, name: str | None, create: bool = False) -> Town:
        """The town of this name; made if `create` (ETSI GS CIM 009, 4.14). Raises TenantNotFound."""
        found = self.open_town(name)
        if found is not None:
            return found
        if name in self._broken:
            raise StoreUnavailable(
                f"The town {name!r} cannot be opened; its operator finds why in /health", tenant=name
            )
        if not create:
            raise TenantNotFound(f"There is no town {name!r} here", tenant=name)
        if name in self._parting:
            raise Overloaded(f"The town {name!r} is being moved or deleted; ask again in a moment", tenant=name)
        return await self._open(name or DEFAULT_TOWN, create=True)

    async def rejoin(self, name: str) -> Town:
        """Have a town here again that was let go, or was brought here, with all that it left to be done."""
        self._parting.discard(name)
        town = await self._open(name, create=False)
        await self._resume(town)
        return town

    async def part(self, name: str) -> None:
        """Let a town go: nobody reaches it any more, what it does is stopped, and its files are let go of. What it
        keeps stays; none of its name is made until `rejoin` or `forget`. Raises TenantNotFound."""
        town = await self.town(name)
        self._parting.add(name)
        del self._towns[name]
        self.federation.forget(town)
        await self.snapshots.leave(town)
        self.entity_maps.kept.pop(name, None)
        await self.shared_subscriptions.leave(town)
        await self._notifiers.pop(name).close()
        await self.source_subscriptions.leave(town)
        await self._audits.pop(name).close()
        for tell in self.leaving:
            await tell(town)
        await self._ports.backend.release(name)

    async def forget(self, name: str) -> None:
        """A town that was let go is here no more, nor are the words that it alone used."""
        for stored in self.contexts.stored(name):
            await self.contexts.drop(stored.url, name)
        self._parting.discard(name)

    def demand_founding(self, by: Principal) -> None:
        """Raise Forbidden unless who asks may have a new town made: in a protected installation its administrators."""
        demand(self._towns[DEFAULT_TOWN].policy, by, Deed.ADMINISTER)

    def lend(self, rows: Sequence[Row]) -> None:
        """What services may do by their manifests, in every town."""
        self._derived = rows
        for town in self.towns:
            town.policy.lend(rows)

    def attend(self, present: Callable[[str, Principal], Principal | None]) -> None:
        """Ask this of who they are now who left subscriptions in a town; None: nobody any more."""
        self._present = present
        for town in self.towns:
            town.policy.present = partial(present, town.name)

    async def protect(self) -> None:
        """Have every town protected from now on, and every one that is made later; done with the first administrator.
        Done once, it stays."""
        for town in self.towns:
            await protect(town)
            await self.audit(town).start()

    @property
    def towns(self) -> Sequence[Town]:
        """The open towns."""
        return list(self._towns.values())

    def audit(self, town: Town) -> Audit:
        """The record of who did what in a town."""
        return self._audits[town.name]

    def notifier(self, town: Town) -> Notifier:
        """The notifier of a town, or of a snapshot."""
        return self.snapshots.notifier(town) if town.snapshot else self._notifiers[town.name]

    async def subscribe(
        self, town: Town, subscription: Subscription, by: Principal, trigger: Trigger | None = None
    ) -> None:
        """Take a subscription (5.8.1) and begin to tell. trigger: the request, as its sources may have to know it."""
        town.meter.demand_subscription(len(self.notifier(town).outboxes))
        subscription = stamped(self._settled(subscription), None, town.clock())
        context = await self._words_of(town, subscription)
        progress = await subscribe(town, subscription, by)
        subscription = without_secrets(subscription)
        receiver = without_password(subscription.notification.endpoint.uri)
        town.policy.note(by, f"subscribed {subscription.id}: {receiver}")
        self.notifier(town).add(subscription, context, progress, driving_types, by)
        await self.shared_subscriptions.follow(town, subscription, trigger)

    async def resubscribe(
        self, town: Town, subscription: Subscription, by: Principal, trigger: Trigger | None = None
    ) -> None:
        """Replace a subscription (5.8.2)."""
        present = self.subscription(town, subscription.id, by)
        subscription = stamped(self._settled(subscription), present.subscription, town.clock())
        context = await self._words_of(town, subscription)
        await resubscribe(town, subscription, by)
        subscription = without_secrets(subscription)
        was_active = present.subscription.is_active
        progress = await self.notifier(town).remove(subscription.id)
        if not was_active:  # what happened while it was paused is not told afterwards (5.8.6)
            progress.cursor = town.store.last_seq
        receiver = without_password(subscription.notification.endpoint.uri)
        town.policy.note(by, f"subscribed anew {subscription.id}: {receiver}")
        self.notifier(town).add(subscription, context, progress, driving_types, present.owner)
        await self.shared_subscriptions.follow(town, subscription, trigger)

    def _settled(self, subscription: Subscription) -> Subscription:
        """The subscription with what this installation means where it does not say whether entities may be split."""
        return subscription if subscription.split is not None else replace(subscription, split=self.federation.split)

    async def _words_of(self, town: Town, subscription: Subscription) -> Context:
        """The context of its notifications; its own must be here as well, to read it again at the next start."""
        await self.contexts.obtain(subscription.context, town.tenant)
        return await self.contexts.obtain(subscription.words, town.tenant)

    async def unsubscribe(
        self, town: Town, subscription_id: str, by: Principal, trigger: Trigger | None = None
    ) -> None:
        """Forget a subscription (5.8.5)."""
        self.subscription(town, subscription_id, by)
        await self.notifier(town).remove(subscription_id)
        await unsubscribe(town, subscription_id, by)
        await self.shared_subscriptions.drop(town, subscription_id, trigger)
        town.policy.note(by, f"unsubscribed {subscription_id}")

    def subscription(self, town: Town, subscription_id: str, by: Principal) -> Outbox:
        """A subscription with its state (5.8.3): one's own, or any for an administrator. Raises NotFound."""
        demand(town.policy, by, Deed.SUBSCRIBE, Deed.ADMINISTER)
        outbox = self.notifier(town).outbox(subscription_id)
        if outbox is None or not is_own(town.policy, outbox.owner.id, by):
            raise no_subscription(subscription_id)
        return outbox

    def subscriptions(self, town: Town, by: Principal) -> Sequence[Outbox]:
        """The subscriptions of a town (5.8.4): one's own, or all for an administrator."""
        demand(town.policy, by, Deed.SUBSCRIBE, Deed.ADMINISTER)
        return [one for one in self.notifier(town).outboxes if is_own(town.policy, one.owner.id, by)]

    def cursors(self, town: Town) -> list[int]:
        """How far the readers of a town's log have come."""
        return [self.audit(town).cursor, *(outbox.progress.cursor for outbox in self.notifier(town).outboxes)]

    async def _open(self, name: str, create: bool) -> Town:
        async with self._opening:
            present = self._towns.get(name)  # another request may have opened it meanwhile
            return await self._open_first(name, create) if present is None else present

    async def _open_first(self, name: str, create: bool) -> Town:
        ports = self._ports
        store: TownStore = await ports.backend.open(name, create)
        policy = Policy()
        policy.law = Law(ports.clock)
        shroud = None if ports.person_keys is None else await shrouded(store, policy.law, ports.person_keys(name))
        store = shroud or store
        names = None if ports.mapping_key is None else Pseudonyms(partial(ports.mapping_key, name))
        policy.lend(self._derived)
        policy.present = partial(self._present, name)
        await load_or_close(name, policy, policy.law, store, self._set_aside)
        seal, meter, files = ports.seal, Meter(), None if ports.files is None else ports.files(name)
        town = Town(
            name, store, policy, ports.clock, ports.new_id, meter=meter, seal=seal, shroud=shroud, pseudonyms=names,
            reception=ports.reception(), files=files, months=ClosedMonths(files),
        )  # fmt: skip
        town.meter.limit(ports.quota(name))
        default = self._towns.get(DEFAULT_TOWN)
        if default is not None and not default.policy.is_open:
            await protect(town)
        for tell in self.joining:
            await tell(town)
        self._towns[name] = town
        store.on_commit(town.meter.hear)
        self._notifiers[name] = Notifier(town, ports.sender, self, ports.oldest)
        self._audits[name] = policy.witness = audit = Audit(store, policy, ports.clock)
        await audit.start()
        if name != DEFAULT_TOWN:
            self._watch(town)
        return town

    def _watch(self, town: Town) -> None:
        self.federation.watch(town)
        self.shared_subscriptions.watch(town)

    async def complete(
        self, town: Town, subscription: Subscription, told: Sequence[Told], by: Principal
    ) -> Sequence[Told]:
        """Entities that may be split, with what others know of them, as far as they then match (5.8.6)."""
        return await self.shared_subscriptions.complete(town, subscription, told, by)

    async def linked(
        self, town: Town, subscription: Subscription, entities: Sequence[Entity], by: Principal
    ) -> Mapping[str, Entity]:
        """The entities that these link to, here and elsewhere (4.5.23)."""
        return await self.shared_subscriptions.linked(town, subscription, entities, by)

    async def _alias(self, default: Town) -> str:
        """What this broker is called among brokers (5.2.40): made once, and kept."""
        if self._ports.alias:
            return self._ports.alias
        kept = (await default.store.records(_IDENTITY)).get("alias")
        if kept is not None:
            return str(kept["name"])
        name = f"machinami-{self._ports.new_id()[:12]}"
        await default.store.transact(lambda tx: tx.put_record(_IDENTITY, "alias", {"name": name}))
        return name

    async def _resume(self, town: Town) -> None:
        read = self._ports.read_subscription
        parts = Parts(self.contexts, self.notifier(town), self.source_subscriptions, self._settled, read)
        await resume(town, parts, self._set_aside)

    def _set_aside(self, what: str) -> None:
        self.set_aside.append(what)
        _LOG.error("set aside: %s", what)
