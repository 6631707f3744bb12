"""How does the subscription to sources look that stands behind a subscription to entities? (ETSI GS CIM 009, 5.8.1.4)

It lives and ends with the other one, and says how the copies at the sources fare.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from machinami.broker.federation.leg import Leg
from machinami.broker.subscriptions import Progress
from machinami.model.subscription import Endpoint, NotificationParams, Subscription

_SHARED = ("type", "entities", "watchedAttributes", "geoQ", "scopeQ", "csf", "datasetId", "isActive", "expiresAt")


@dataclass(frozen=True, slots=True)
class Behind:
    """The subscription, and how it fares."""

    subscription: Subscription
    status: str
    progress: Progress


def behind(subscription: Subscription, status: str, address: str, copies: Sequence[Leg]) -> Behind:
    """What stands behind a subscription whose copies these are. address: where sources tell of changes."""
    name = f"{subscription.id}:sources"
    notification = {"endpoint": {"uri": address, "accept": "application/json"}}
    document = {member: subscription.document[member] for member in _SHARED if member in subscription.document}
    document = {**document, "id": name, "subscriptionName": f"behind {subscription.id}", "notification": notification}
    shown = replace(subscription, id=name, notification=NotificationParams(Endpoint(address)), document=document)
    return Behind(shown, status, _progress(copies))


def _progress(copies: Sequence[Leg]) -> Progress:
    """How the copies fare; where some fail, how these do."""
    failing = [leg for leg in copies if leg.failure]
    told = failing or copies
    return Progress(
        times_failed=len(failing),
        last_success=max((leg.last_success for leg in told if leg.last_success), default=None),
        last_failure=max((leg.last_failure for leg in failing if leg.last_failure), default=None),
        last_reason="; ".join(f"{leg.registration_id}: {leg.failure}" for leg in failing)[:1_000],
    )
