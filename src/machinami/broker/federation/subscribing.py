"""Which sources hold copies of our subscriptions, and what becomes of what they tell? (ETSI GS CIM 009, 5.8.1.4, 5.8.6)

A subscriber waits for no source: copies are made beside its request, and looked after as long as the subscription is
there. Without sources there is nothing to do, and nothing is done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from machinami.broker.contexts import Contexts
from machinami.broker.credentials import opened
from machinami.broker.federation import reading
from machinami.broker.federation.behind import Behind, behind
from machinami.broker.federation.copying import copy_for
from machinami.broker.federation.federation import Federation
from machinami.broker.federation.heard import Telling
from machinami.broker.federation.leg import RECORD, Leg, Pauses
from machinami.broker.federation.passing import judged_after
from machinami.broker.federation.relay import HEARD, Item, Relay
from machinami.broker.federation.relay import RECORD as RELAYED
from machinami.broker.federation.relayed import digest, read_entities
from machinami.broker.federation.trigger import Trigger
from machinami.broker.notifier import Notifier
from machinami.broker.notify import Outbox
from machinami.broker.policy import is_own
from machinami.broker.seen import linked_in
from machinami.broker.sources import Source
from machinami.broker.subscriptions import conditions
from machinami.broker.town import Town
from machinami.foundation.errors import MachinamiError, NotFound, Overloaded
from machinami.foundation.instant import to_micros
from machinami.model.assembly import assemble_entity
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.matching import matches
from machinami.model.principal import Principal
from machinami.model.registration import Registration
from machinami.model.registration_reading import read_registration
from machinami.model.subscription import Subscription
from machinami.model.telling import Told

NAME = "urn:ngsi-ld:Subscription:distsub:"
PAUSES = Pauses()


class SharedSubscriptions:
    """The copies of all subscriptions of every town, and the queues of what comes back.

    notifier: that of a town. Until `open` says at which address sources reach this broker, no copy is made.
    """

    def __init__(
        self, federation: Federation, contexts: Contexts, notifier: Callable[[Town], Notifier], pauses: Pauses = PAUSES
    ) -> None:
        self._federation = federation
        self._contexts = contexts
        self._notifier = notifier
        self._pauses = pauses
        self._address = ""
        self._ready = False
        self._legs: dict[tuple[str, str, str], Leg] = {}
        self._named: dict[str, tuple[Town, Leg]] = {}
        self._relays: dict[tuple[str, str], Relay] = {}

    async def open(self, address: str, towns: Sequence[Town], set_aside: Callable[[str], None]) -> None:
        """Begin, or go on after a restart. address: where sources are to tell of changes."""
        self._address = address
        for town in towns:
            await self._resume(town, set_aside)
        self._ready = True

    async def close(self) -> None:
        """Leave everything as it is."""
        for _, leg in list(self._named.values()):
            await leg.stop()
        for relay in self._relays.values():
            await relay.stop()

    async def leave(self, town: Town) -> None:
        """A town is let go: leave its copies as they are, and tell of it no more."""
        for key in [key for key in self._legs if key[0] == town.name]:
            leg = self._legs.pop(key)
            self._named.pop(leg.name, None)
            await leg.stop()
        for name in [name for name, (there, _) in self._named.items() if there is town]:
            await self._named.pop(name)[1].stop()
        for place in [place for place in self._relays if place[0] == town.name]:
            await self._relays.pop(place).stop()

    def watch(self, town: Town) -> None:
        """Take a town's sources into account from now on."""
        town.sources.listeners.append(partial(self._heed, town))

    async def follow(self, town: Town, subscription: Subscription, trigger: Trigger | None = None) -> None:
        """A subscription is new or has changed: so are its copies."""
        self._share(town, subscription, trigger)
        relay = self._relays.get((town.name, subscription.id))
        if relay is not None:
            await relay.restart()

    async def drop(self, town: Town, subscription_id: str, trigger: Trigger | None = None) -> None:
        """A subscription is no more, nor are its copies to be (5.8.5.4)."""
        for key in [key for key in self._legs if key[:2] == (town.name, subscription_id)]:
            self._legs.pop(key).leave(trigger)
        relay = self._relays.pop((town.name, subscription_id), None)
        if relay is not None:
            await relay.forget()

    def behind(self, town: Town, by: Principal) -> Sequence[Behind]:
        """The subscriptions to sources that stand behind those to entities (5.8.1.4), as far as who asks may see them;
        none in a town that knows no sources."""
        if not town.sources.kept or not self._address:
            return []
        found: dict[str, list[Leg]] = {}
        for (name, subscription_id, _), leg in self._legs.items():
            if name == town.name:
                found.setdefault(subscription_id, []).append(leg)
        boxes = [box for box in self._notifier(town).outboxes if is_own(town.policy, box.owner.id, by)]
        return [
            behind(box.subscription, box.status, self._address, found.get(box.subscription.id, ()))
            for box in boxes
            if not box.subscription.is_local
        ]

    async def hear(self, name: str, document: Mapping[str, Any], context: Context) -> None:
        """A source tells of changes under the name of a copy. Raises NotFound, BadRequestData, Overloaded."""
        if not self._ready:
            raise Overloaded("This broker has just started and does not know its subscriptions yet; tell it later")
        town, leg = self._find(name)
        told, notification = self._covered(town, leg, read_entities(document, context)), str(document.get("id", ""))
        if told:
            teller = leg.registration_id
            tellings = [(one, Telling(digest(one), teller, notification, leg.is_unique(one))) for one in told]
            record = {"copy": name, "registration": teller, "data": document["data"], "context": context.source}
            key = f"{leg.subscription_id} {to_micros(town.clock()):020d} {town.new_id()}"
            await self._relay(town, leg.subscription_id).take(key, teller, tellings, record)

    async def complete(
        self, town: Town, subscription: Subscription, told: Sequence[Told], by: Principal, but: str | None = None
    ) -> Sequence[Told]:
        """Entities that may be split, with what is known of them here (as far as they may read it) and at sources,
        as far as they then match the subscription (5.8.6). but: the registration of the source that told of them."""
        found = []
        trigger, linked = self._trigger(subscription), linked_in(town, by)
        for one in told:
            if one.deleted_at is not None:
                found.append(one)
                continue
            try:
                asked = reading.retrieve(self._federation, town, one.entity.id, None, (), trigger, by, but=but)
                rest = (await asked).entity
            except MachinamiError:
                rest = None  # the owner may not read it here; what was told is there all the same
            now = town.clock()
            whole = assemble_entity([one.entity, *([] if rest is None else [rest])], (), now)
            if whole is not None and any(matches(query, whole, now, linked) for query in conditions(subscription)):
                found.append(replace(one, entity=whole))
        return found

    async def linked(
        self, town: Town, subscription: Subscription, entities: Sequence[Entity], by: Principal
    ) -> Mapping[str, Entity]:
        """The entities that these link to, here and at sources, as far as a notification shows them (4.5.23); none
        where they are too many to be asked for."""
        join = subscription.notification.join
        if join is None:
            return {}
        try:
            return await reading.linked(self._federation, town, entities, join, self._trigger(subscription), by)
        except MachinamiError:
            return {}

    # --- copies

    def _share(self, town: Town, subscription: Subscription, trigger: Trigger | None) -> None:
        if self._address:
            for source in town.sources.kept.values():
                self._share_with(town, subscription, source, trigger)

    def _share_with(self, town: Town, subscription: Subscription, source: Source, trigger: Trigger | None) -> None:
        key = (town.name, subscription.id, source.registration.id)
        cause = trigger or self._trigger(subscription)
        passed = self._federation.is_passed(town, cause, source.registration)
        shareable = not passed and self._is_unbounded(town, subscription)
        copy = copy_for(subscription, source.registration, town.clock()) if shareable else None
        if copy is None:
            if key in self._legs:
                self._legs.pop(key).leave(trigger)
            return
        if key not in self._legs:
            self._add(town, Leg(self._federation, town, NAME + town.new_id(), subscription.id, source, self._pauses))
            self._legs[key].want(copy, self._address, cause)
            self._legs[key].begin(self._gone)
        else:
            self._legs[key].want(copy, self._address, cause)

    def _is_unbounded(self, town: Town, subscription: Subscription) -> bool:
        """Whether its owner may see all that it asks about; else a source would tell by what of it is hidden."""
        box = self._notifier(town).outbox(subscription.id)
        if box is None or town.policy.is_open:
            return True
        return all(judged_after(town, query, box.asking) is None for query in conditions(subscription))

    def _heed(self, town: Town, before: Registration | None, after: Registration | None) -> None:
        """A registration came, changed or went (5.11.7): so are the copies at its source."""
        if before is not None and (after is None or _is_elsewhere(before, after)):
            for key in [key for key in self._legs if (key[0], key[2]) == (town.name, before.id)]:
                leg = self._legs.pop(key)
                leg.source = Source(before)  # the copy is where the registration was
                leg.leave()
        if after is not None and self._address:
            for box in self._notifier(town).outboxes:
                self._share_with(town, box.subscription, town.sources.kept[after.id], None)

    def _add(self, town: Town, leg: Leg) -> None:
        self._named[leg.name] = (town, leg)
        self._legs[town.name, leg.subscription_id, leg.registration_id] = leg

    def _gone(self, leg: Leg) -> None:
        self._named = {name: known for name, known in self._named.items() if known[1] is not leg}

    def _trigger(self, subscription: Subscription) -> Trigger:
        context = self._contexts.resolve(subscription.context)
        return Trigger(context, {"via": subscription.via} if subscription.via else {})

    # --- what comes back

    def _find(self, name: str) -> tuple[Town, Leg]:
        """The copy of this name, which its source may have given it. Raises NotFound."""
        known = self._named.get(name) or next((one for one in self._named.values() if one[1].name == name), None)
        if known is None or known[1].copy is None:
            raise NotFound(f"There is no subscription {name[:200]!r} whose notifications are to come here")
        return known

    def _covered(self, town: Town, leg: Leg, told: Sequence[Told]) -> list[Told]:
        """What the source may tell of (4.3.6.1), as far as the subscriber asked for such entities."""
        copy, now = leg.copy, town.clock()
        if copy is None:
            return []
        wanted = conditions(replace(copy.subscription, q=None, geo=None, scope=None))
        found = []
        for one in told:
            part = copy.found.of(one.entity)
            if part is not None and any(matches(query, part, now) for query in wanted):
                found.append(replace(one, entity=part))
        return found

    def _relay(self, town: Town, subscription_id: str) -> Relay:
        key = (town.name, subscription_id)
        if key not in self._relays:
            find = partial(self._outbox, town, subscription_id)
            self._relays[key] = Relay(town, subscription_id, find, partial(self._whole, town))
        return self._relays[key]

    def _outbox(self, town: Town, subscription_id: str) -> Outbox | None:
        return self._notifier(town).outbox(subscription_id)

    async def _whole(self, town: Town, subscription_id: str, item: Item) -> Sequence[Told]:
        outbox = self._outbox(town, subscription_id)
        if outbox is None or not outbox.subscription.split:
            return item.told
        return await self.complete(town, outbox.subscription, item.told, outbox.asking, item.registration_id)

    # --- after a restart

    async def _resume(self, town: Town, set_aside: Callable[[str], None]) -> None:
        for name, record in (await town.store.records(RECORD)).items():
            try:
                self._take_up(town, name, record)
            except Exception as error:  # a record from another time must never stop the start
                set_aside(f"the copy {name} of town {town.name}: {error}")
        for box in self._notifier(town).outboxes:
            self._share(town, box.subscription, None)
        for _, leg in [known for known in self._named.values() if known[0] is town]:
            leg.begin(self._gone)
        for key, record in sorted((await town.store.records(HEARD)).items()):
            await self._remember(town, key, record)
        for key, record in sorted((await town.store.records(RELAYED)).items()):
            try:
                await self._relay_again(town, key, record)
            except Exception as error:
                set_aside(f"a notification for {key} of town {town.name}: {error}")

    def _take_up(self, town: Town, name: str, record: Mapping[str, Any]) -> None:
        source = town.sources.kept.get(record["registration"])
        box = self._outbox(town, record["subscription"])
        if source is None:
            source = Source(
                read_registration(opened(town, record["source"]), self._contexts.resolve(record.get("context")))
            )
        leg = Leg(self._federation, town, name, record["subscription"], source, self._pauses)
        leg.sent = record["sent"]
        leg.failure = "" if leg.sent else "it is not known whether the copy was made"
        self._named[name] = (town, leg)
        if box is not None and record["registration"] in town.sources.kept:
            self._legs[town.name, leg.subscription_id, leg.registration_id] = leg

    async def _remember(self, town: Town, key: str, record: Mapping[str, Any]) -> None:
        """What was heard, as long as its subscription is there."""
        subscription_id = _subscription_of(key)
        if self._outbox(town, subscription_id) is None:
            await town.store.transact(lambda tx: tx.delete_record(HEARD, key))
        else:
            self._relay(town, subscription_id).remember(key, record)

    async def _relay_again(self, town: Town, key: str, record: Mapping[str, Any]) -> None:
        leg = self._legs.get((town.name, _subscription_of(key), record.get("registration", "")))
        if leg is None:
            known = self._named.get(record["copy"])
            leg = known[1] if known is not None else None
        if leg is None:
            await town.store.transact(lambda tx: tx.delete_record(RELAYED, key))
            return
        told = self._covered(town, leg, read_entities(record, self._contexts.resolve(record.get("context"))))
        self._relay(town, leg.subscription_id).put(Item(key, told, leg.registration_id))


def _subscription_of(key: str) -> str:
    """Whose subscription a record is of: its key ends in a time and what was drawn by lot."""
    return key.rsplit(" ", 2)[0]


def _is_elsewhere(before: Registration, after: Registration) -> bool:
    return (before.endpoint, before.tenant) != (after.endpoint, after.tenant)
