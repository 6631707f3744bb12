"""Who wants to hear of which registered sources? (ETSI GS CIM 009, 5.11)

Registrations are few and are kept in memory, not in the log of entities. A subscriber is told of the sources that
match when it subscribes and of each change after that; when the town starts again it is told anew of those that match
then, so that nothing that is so stays untold.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from machinami.broker.contexts import Contexts
from machinami.broker.courier import Courier
from machinami.broker.credentials import opened
from machinami.broker.notification import Message, compose_sources
from machinami.broker.policy import demand, is_own
from machinami.broker.registrations import sees_sources
from machinami.broker.stamps import restored, stamped, stamps
from machinami.broker.subscriptions import Progress, kept_document, no_subscription, owner_of, without_secrets
from machinami.broker.town import Town
from machinami.foundation.errors import AlreadyExists
from machinami.foundation.urn import without_password
from machinami.model.context import Context
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal, write_principal
from machinami.model.registration import Registration
from machinami.model.registration_matching import Specification, matches_registration, matching_information
from machinami.model.registration_reading import translated_registration
from machinami.model.subscription import Subscription
from machinami.store.protocol import Transaction
from machinami.wire.protocol import Sender

RECORD = "source-subscription"
PROGRESS = "source-subscription-progress"
_MOST_WAITING = 1_000
_FIRST_PAUSE = 10.0


class Reason(StrEnum):
    """Why a subscriber is told of registrations (5.3.3)."""

    NEWLY_MATCHING = "newlyMatching"
    UPDATED = "updated"
    NO_LONGER_MATCHING = "noLongerMatching"


@dataclass(frozen=True, slots=True)
class Notice:
    """What there is to tell: registrations, and why."""

    reason: Reason
    registrations: tuple[Registration, ...]


def specification(subscription: Subscription) -> Specification:
    """What a subscriber to registrations asks for (5.11.2.4).

    Attributes restrict only where both those watched and those to be notified are named: without the first, a change
    of any attribute counts, without the second, all of them are wanted.
    """
    wish = subscription.notification
    notified = frozenset(wish.attributes) | {name for name in wish.pick or () if name not in ("id", "type", "scope")}
    watched = frozenset(subscription.watched_attributes)
    return Specification(
        subscription.entities,
        watched | notified if watched and notified else frozenset(),
        frozenset(subscription.datasets or ()),
        subscription.geo,
        subscription.scope,
        subscription.csf,
        subscription.temporal,
    )


def reason_for(before: bool, after: bool) -> Reason | None:
    """Why to tell of a registration that matched before, or does so now; None where it never did (5.3.3)."""
    if after:
        return Reason.UPDATED if before else Reason.NEWLY_MATCHING
    return Reason.NO_LONGER_MATCHING if before else None


class SourceOutbox:
    """What one subscriber to registrations still has to hear, and the loop that tells it."""

    def __init__(
        self, town: Town, subscription: Subscription, context: Context, progress: Progress, sender: Sender,
        contexts: Contexts, owner: Principal,
    ) -> None:  # fmt: skip
        self.subscription = subscription
        self.owner = owner
        self.progress = progress
        self._town = town
        self._context = context
        self._contexts = contexts
        self._wanted = specification(subscription)
        self._courier = Courier(town, subscription, progress, sender, PROGRESS)
        self._waiting: deque[Notice] = deque()
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Tell of what matches now, and of changes from now on."""
        if not self.subscription.is_active:
            return
        work = self._tell_regularly if self.subscription.time_interval else self._tell_changes
        self._add(Notice(Reason.NEWLY_MATCHING, self._matching()))
        self._tasks = [asyncio.create_task(work()), asyncio.create_task(self._courier.save_regularly())]

    async def stop(self) -> None:
        """Stop telling."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._courier.save()

    @property
    def status(self) -> str:
        """active, paused or expired (5.2.12)."""
        return self._courier.status

    def hear(self, before: Registration | None, after: Registration | None) -> None:
        """A registration came, changed or went."""
        if self.subscription.time_interval or not self._tasks:
            return
        reason = reason_for(self._matches(before), self._matches(after))
        about = before if reason is Reason.NO_LONGER_MATCHING and after is None else after
        if reason is not None and about is not None:
            self._add(Notice(reason, (about,)))

    def _add(self, notice: Notice) -> None:
        if not notice.registrations:
            return
        if len(self._waiting) >= _MOST_WAITING:  # what is so now says more than a thousand changes
            self._waiting.clear()
            notice = Notice(Reason.NEWLY_MATCHING, self._matching())
        self._waiting.append(notice)
        self._stirred.set()

    def _matches(self, registration: Registration | None) -> bool:
        """Whether it matches; that it has expired meanwhile is no reason why it should not have done so."""
        if registration is None:
            return False
        return matches_registration(replace(registration, expires_at=None), self._wanted, self._town.clock())

    def _matching(self) -> tuple[Registration, ...]:
        now = self._town.clock()
        every = [source.registration for source in self._town.sources.kept.values()]
        return tuple(one for one in every if matches_registration(one, self._wanted, now))

    async def _tell_changes(self) -> None:
        while True:
            if not self._waiting:
                self._stirred.clear()
                await self._stirred.wait()
            notice = self._waiting[0]
            await self._courier.send_until_taken(partial(self._compose, notice), _FIRST_PAUSE)
            if self._waiting and self._waiting[0] is notice:
                self._waiting.popleft()

    async def _tell_regularly(self) -> None:
        """All that match, at once and every interval (5.11.7)."""
        while True:
            matching = self._matching()
            if matching and self._courier.may_send:
                await self._courier.send(partial(self._compose, Notice(Reason.NEWLY_MATCHING, matching)))
            await asyncio.sleep(self.subscription.time_interval or 1.0)

    def _compose(self, notice: Notice, notification_id: str, now: datetime) -> Message | None:
        """The message of a notice, as long as its owner may know of registrations and subscribe."""
        rights = self._town.policy.rights_now(self.owner)
        if rights is not None and not (rights.may(Deed.SUBSCRIBE) and sees_sources(self._town, rights.by)):
            return None
        fields = self._town.fields
        data = [self._shown(registration) for registration in notice.registrations]
        return compose_sources(self.subscription, self._context, data, notice.reason, notification_id, now, fields)

    def _shown(self, registration: Registration) -> dict[str, Any]:
        """The registration with only those parts of its information that match (5.11.7)."""
        own = self._contexts.resolve(registration.context)
        document = translated_registration(registration.document, own, self._context)
        matching = matching_information(registration, self._wanted)
        rows = zip(registration.information, document["information"], strict=True)
        kept = [_with_listed_types(row) for info, row in rows if info in matching]
        return {**document, "information": kept or document["information"]}


def _with_listed_types(row: dict[str, Any]) -> dict[str, Any]:
    """The information with its types as lists (5.2.8): a receiver need not tell one type from several."""
    if "entities" not in row:
        return row
    entities = [{**e, "type": [e["type"]] if isinstance(e["type"], str) else e["type"]} for e in row["entities"]]
    return {**row, "entities": entities}


class SourceSubscriptions:
    """All subscriptions to registrations, of every town."""

    def __init__(
        self, contexts: Contexts, sender: Sender, read: Callable[[dict[str, Any], Context], Subscription]
    ) -> None:
        self._contexts = contexts
        self._sender = sender
        self._read = read
        self._outboxes: dict[str, dict[str, SourceOutbox]] = {}

    async def resume(self, town: Town, set_aside: Callable[[str, Exception], None]) -> None:
        """Read the subscriptions of a town again; what cannot be read is set aside."""
        progress = await town.store.records(PROGRESS)
        for key, record in (await town.store.records(RECORD)).items():
            try:
                context = self._contexts.resolve(record.get("context"))
                subscription = restored(self._read(opened(town, record["document"]), context), record)
                self._add(town, subscription, Progress.from_record(progress.get(key, {})), owner_of(record))
            except Exception as error:  # a record from another time must never stop the start
                set_aside(f"subscription {key} of town {town.name}", error)

    async def subscribe(self, town: Town, subscription: Subscription, by: Principal) -> None:
        """Take a subscription (5.11.2). Raises AlreadyExists."""
        demand(town.policy, by, Deed.SUBSCRIBE)
        await self._obtain(town, subscription)
        subscription = stamped(subscription, None, town.clock())

        def work(tx: Transaction) -> None:
            if tx.get_record(RECORD, subscription.id) is not None:
                raise AlreadyExists(
                    f"There is a subscription {subscription.id} already", subscriptionId=subscription.id
                )
            tx.put_record(RECORD, subscription.id, _record(town, subscription, by))

        await town.store.transact(work)
        town.policy.note(by, f"subscribed to sources {_told(subscription)}")
        self._add(town, subscription, Progress(), by)

    async def resubscribe(self, town: Town, subscription: Subscription, by: Principal) -> None:
        """Replace a subscription; all that matches now is told (5.11.3)."""
        demand(town.policy, by, Deed.SUBSCRIBE)
        await self._obtain(town, subscription)
        present = self.subscription(town, subscription.id, by)
        owner, subscription = present.owner, stamped(subscription, present.subscription, town.clock())
        await town.store.transact(lambda tx: tx.put_record(RECORD, subscription.id, _record(town, subscription, owner)))
        outbox = self._of(town).pop(subscription.id)
        await outbox.stop()
        town.policy.note(by, f"subscribed to sources anew {_told(subscription)}")
        self._add(town, subscription, outbox.progress, owner)

    async def unsubscribe(self, town: Town, subscription_id: str, by: Principal) -> None:
        """Forget a subscription (5.11.6)."""
        demand(town.policy, by, Deed.SUBSCRIBE)
        self.subscription(town, subscription_id, by)
        await self._of(town).pop(subscription_id).stop()

        def work(tx: Transaction) -> None:
            tx.delete_record(RECORD, subscription_id)
            tx.delete_record(PROGRESS, subscription_id)

        await town.store.transact(work)
        town.policy.note(by, f"unsubscribed from sources {subscription_id}")

    def subscription(self, town: Town, subscription_id: str, by: Principal) -> SourceOutbox:
        """A subscription with its state (5.11.4): one's own, or any for an administrator. Raises NotFound."""
        demand(town.policy, by, Deed.SUBSCRIBE, Deed.ADMINISTER)
        outbox = self._of(town).get(subscription_id)
        if outbox is None or not is_own(town.policy, outbox.owner.id, by):
            raise no_subscription(subscription_id)
        return outbox

    def subscriptions(self, town: Town, by: Principal) -> Sequence[SourceOutbox]:
        """The subscriptions of a town (5.11.5): one's own, or all for an administrator."""
        demand(town.policy, by, Deed.SUBSCRIBE, Deed.ADMINISTER)
        return [one for one in self._of(town).values() if is_own(town.policy, one.owner.id, by)]

    def owned_by(self, town: Town, owner: str) -> Sequence[SourceOutbox]:
        """The subscriptions of one owner."""
        return [one for one in self._of(town).values() if one.owner.id == owner]

    async def leave(self, town: Town) -> None:
        """Stop telling anybody of a town that is let go."""
        for outbox in self._outboxes.pop(town.name, {}).values():
            await outbox.stop()

    async def close(self) -> None:
        """Stop telling anybody."""
        for outboxes in self._outboxes.values():
            for outbox in outboxes.values():
                await outbox.stop()
        self._outboxes.clear()

    async def _obtain(self, town: Town, subscription: Subscription) -> None:
        await self._contexts.obtain(subscription.context, town.name)
        await self._contexts.obtain(subscription.words, town.name)

    def _of(self, town: Town) -> dict[str, SourceOutbox]:
        if town.name not in self._outboxes:
            outboxes = self._outboxes[town.name] = {}
            town.sources.listeners.append(partial(_tell_all, outboxes))
        return self._outboxes[town.name]

    def _add(self, town: Town, subscription: Subscription, progress: Progress, owner: Principal) -> None:
        context = self._contexts.resolve(subscription.words)
        subscription = without_secrets(subscription)
        outbox = SourceOutbox(town, subscription, context, progress, self._sender, self._contexts, owner)
        self._of(town)[subscription.id] = outbox
        outbox.start()


def _tell_all(outboxes: Mapping[str, SourceOutbox], before: Registration | None, after: Registration | None) -> None:
    for outbox in outboxes.values():
        outbox.hear(before, after)


def _record(town: Town, subscription: Subscription, owner: Principal) -> dict[str, Any]:
    document = kept_document(town, subscription)
    record = {"document": document, "context": subscription.context, **stamps(subscription)}
    return record if owner == ANONYMOUS else {**record, "owner": write_principal(owner)}


def _told(subscription: Subscription) -> str:
    return f"{subscription.id}: {without_password(subscription.notification.endpoint.uri)}"
