"""Who wants to hear of which changes? The subscriptions of one town and their state (ETSI GS CIM 009, 5.8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from machinami.broker.credentials import kept
from machinami.broker.policy import demand
from machinami.broker.stamps import stamps
from machinami.broker.town import Town
from machinami.broker.untold import Untold
from machinami.foundation.errors import AlreadyExists, NotFound
from machinami.foundation.instant import format_instant, parse_instant
from machinami.model.change import Change, Verb
from machinami.model.credentials import discreet
from machinami.model.entity import Entity
from machinami.model.matching import Linked, matches, unlinked
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal, read_principal, write_principal
from machinami.model.query import Query, TypeAll, TypeAny, TypeIs, TypeSelection
from machinami.model.sameness import says_the_same
from machinami.model.subscription import EntitySelector, Subscription
from machinami.store.protocol import Transaction

RECORD = "subscription"
PROGRESS = "subscription-progress"
_UPDATED = frozenset({"attributeCreated", "attributeUpdated", "attributeDeleted"})


@dataclass(slots=True)
class Progress:
    """How far a subscription has come: the last change it has handled, and how its notifications fared.

    mark: with what the names of its notifications begin, so that one that is told again bears the same name. number: of
    the last notification that was told or given up; a receiver that sees a gap knows that it lacks something. held:
    whether it waits, by the will of a person, with nothing lost. untold: what was given up (dead letters).
    """

    cursor: int = 0
    times_sent: int = 0
    times_failed: int = 0
    last_notification: datetime | None = None
    last_success: datetime | None = None
    last_failure: datetime | None = None
    last_reason: str = ""
    mark: str = ""
    number: int = 0
    held: bool = False
    untold: list[Untold] = field(default_factory=list)

    def to_record(self) -> dict[str, Any]:
        """As a record of the store."""
        times = {
            "lastNotification": self.last_notification,
            "lastSuccess": self.last_success,
            "lastFailure": self.last_failure,
        }
        record: dict[str, Any] = {name: format_instant(at) for name, at in times.items() if at}
        return {
            "cursor": self.cursor,
            "timesSent": self.times_sent,
            "timesFailed": self.times_failed,
            "reason": self.last_reason,
            "mark": self.mark,
            "number": self.number,
            "held": self.held,
            "untold": [one.to_record() for one in self.untold],
            **record,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Progress":
        """Back from a record of the store."""

        def at(name: str) -> datetime | None:
            return parse_instant(record[name]) if name in record else None

        return cls(
            record.get("cursor", 0),
            record.get("timesSent", 0),
            record.get("timesFailed", 0),
            at("lastNotification"),
            at("lastSuccess"),
            at("lastFailure"),
            record.get("reason", ""),
            record.get("mark", ""),
            record.get("number", 0),
            record.get("held", False),
            [Untold.from_record(one) for one in record.get("untold", ())],
        )


def condition(selector: EntitySelector, subscription: Subscription) -> Query:
    """The query that an entity must match to be told about through this selector."""
    return Query(
        types=selector.types,
        ids=(selector.id,) if selector.id else (),
        id_pattern=selector.id_pattern,
        q=subscription.q,
        geo=subscription.geo,
        scope=subscription.scope,
    )


def conditions(subscription: Subscription) -> tuple[Query, ...]:
    """The queries of which an entity must match one."""
    selectors = subscription.entities or (EntitySelector(),)
    return tuple(condition(selector, subscription) for selector in selectors)


def driving_types(subscription: Subscription) -> frozenset[str] | None:
    """The types of which a changed entity must have one to concern the subscription; None if it may have any."""
    found: set[str] = set()
    for selector in subscription.entities:
        types = _types(selector.types)
        if types is None:
            return None
        found |= types
    return frozenset(found) if subscription.entities else None


def _types(selection: TypeSelection | None) -> frozenset[str] | None:
    match selection:
        case None:
            return None
        case TypeIs(type=name):
            return frozenset({name})
        case TypeAll(parts=parts):
            known = [found for found in map(_types, parts) if found is not None]
            return min(known, key=len) if known else None
        case TypeAny(parts=parts):
            every = [_types(part) for part in parts]
            return None if None in every else frozenset().union(*(found for found in every if found))
    return None


def fires(subscription: Subscription) -> frozenset[str]:
    """The triggers that the subscriber waits for; entityUpdated stands for three others (5.2.12)."""
    wanted = frozenset(subscription.triggers)
    return wanted | _UPDATED if "entityUpdated" in wanted else wanted


def triggers_of(change: Change, watched: Iterable[str]) -> set[str]:
    """Which notification triggers (5.2.12) a change fires, as seen by who watches these attributes (none: all).

    An attribute that was written as it was before has not changed (5.8.6).
    """
    names = frozenset(watched)
    found: set[str] = set()
    for part in change.attributes:
        if names and part.name not in names:
            continue
        if part.after is None:
            found.add("attributeDeleted")
        elif part.before is None:
            found.add("attributeCreated")
        elif "attributeUpdated" not in found and not says_the_same(part.before, part.after):
            found.add("attributeUpdated")
    if change.verb is Verb.CREATED:
        found.add("entityCreated")
    elif change.verb is Verb.DELETED:
        found.add("entityDeleted")
    return found


def concerns(
    subscription: Subscription,
    triggers: frozenset[str],
    queries: tuple[Query, ...],
    change: Change,
    linked: Linked = unlinked,
) -> bool:
    """Whether the subscriber is to be told of this change (5.8.6). linked: finds what relationships point to."""
    if triggers.isdisjoint(triggers_of(change, subscription.watched_attributes)):
        return False
    entity = change.after or _as_it_was(change.before)
    return entity is not None and any(matches(query, entity, change.at, linked) for query in queries)


async def subscribe(town: Town, subscription: Subscription, by: Principal) -> Progress:
    """Take a new subscription (5.8.1). It hears of every change from now on; how far it has come. Raises AlreadyExists.

    Who takes it stays its owner: what it sends is what the owner may read when it is sent.
    """
    demand(town.policy, by, Deed.SUBSCRIBE)
    mark = town.new_id()

    def work(tx: Transaction) -> None:
        if tx.get_record(RECORD, subscription.id) is not None:
            raise AlreadyExists(f"There is a subscription {subscription.id} already", subscriptionId=subscription.id)
        _put(tx, town, subscription, by)
        tx.put_record(PROGRESS, subscription.id, Progress(town.store.last_seq, mark=mark).to_record())

    await town.store.transact(work)
    return Progress(town.store.last_seq, mark=mark)


async def resubscribe(town: Town, subscription: Subscription, by: Principal) -> None:
    """Replace a subscription by its changed form (5.8.2); how far it has come stays. Raises NotFound."""
    demand(town.policy, by, Deed.SUBSCRIBE)

    def work(tx: Transaction) -> None:
        present = tx.get_record(RECORD, subscription.id)
        if present is None:
            raise no_subscription(subscription.id)
        _put(tx, town, subscription, owner_of(present))

    await town.store.transact(work)


async def unsubscribe(town: Town, subscription_id: str, by: Principal) -> None:
    """Forget a subscription (5.8.5). Raises NotFound."""
    demand(town.policy, by, Deed.SUBSCRIBE)

    def work(tx: Transaction) -> None:
        if not tx.delete_record(RECORD, subscription_id):
            raise no_subscription(subscription_id)
        tx.delete_record(PROGRESS, subscription_id)

    await town.store.transact(work)


def owner_of(record: Mapping[str, Any]) -> Principal:
    """Who took the subscription; nobody in particular, where it was taken in an open town."""
    return read_principal(record["owner"]) if "owner" in record else ANONYMOUS


def without_secrets(subscription: Subscription) -> Subscription:
    """The subscription with a document that may be shown; its receiver is told with the fields of its endpoint."""
    return replace(subscription, document=discreet(subscription.document))


def kept_document(town: Town, subscription: Subscription) -> dict[str, Any]:
    """The document as its record holds it."""
    endpoint = subscription.notification.endpoint
    return kept(town, subscription.document, endpoint.receiver_info, endpoint.uri)


def _put(tx: Transaction, town: Town, subscription: Subscription, owner: Principal) -> None:
    # The document is what the subscriber sent; it is read again with its context at start, so that
    # the record stays readable and no second encoding of queries has to be kept alive.
    document = kept_document(town, subscription)
    record: dict[str, Any] = {"document": document, "context": subscription.context, **stamps(subscription)}
    if owner != ANONYMOUS:
        record["owner"] = write_principal(owner)
    if subscription.via:
        record["via"] = subscription.via
    tx.put_record(RECORD, subscription.id, record)


def no_subscription(subscription_id: str) -> NotFound:
    """The error for a subscription that is not there."""
    return NotFound(f"There is no subscription {subscription_id} here", subscriptionId=subscription_id)


def _as_it_was(gone: Entity | None) -> Entity | None:
    """An entity that has been deleted, even because its time had come: until then it was there."""
    return replace(gone, expires_at=None) if gone is not None and gone.expires_at is not None else gone
