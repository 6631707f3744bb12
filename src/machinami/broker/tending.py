"""How do people tend subscriptions? They see how each fares, hold it, test it, and have told again what was given up.

A subscription is tended by whom it belongs to, and by administrators: what `Broker.subscription` gives.
"""

from dataclasses import dataclass
from datetime import datetime

from machinami.broker.broker import Broker
from machinami.broker.firing import Firing, why
from machinami.broker.notify import Outbox
from machinami.broker.town import Town
from machinami.foundation.urn import without_password
from machinami.model.principal import Principal
from machinami.wire.protocol import Delivery


@dataclass(frozen=True, slots=True)
class Standing:
    """How one subscription fares. behind: changes of the log that it has not handled yet; since: how long the oldest of
    those that are at hand has waited; untold: notifications that were given up; never: whether none was ever tried."""

    outbox: Outbox
    receiver: str
    name: str
    behind: int
    since: datetime | None
    untold: int

    @property
    def state(self) -> str:
        """held, paused, expired, failing, untold, never or well: the first that is so."""
        progress, status = self.outbox.progress, self.outbox.status
        if progress.held:
            return "held"
        if status != "active":
            return status
        failed, taken = progress.last_failure, progress.last_success
        if failed is not None and (taken is None or failed > taken):
            return "failing"
        if self.untold:
            return "untold"
        return "never" if not progress.times_sent else "well"


def standing(town: Town, outbox: Outbox) -> Standing:
    """How a subscription fares."""
    subscription, progress = outbox.subscription, outbox.progress
    document = subscription.document
    name = str(document.get("subscriptionName") or document.get("description") or "")
    behind = 0 if subscription.time_interval else max(0, town.store.last_seq - progress.cursor)
    receiver = without_password(subscription.notification.endpoint.uri)
    untold = sum(one.count for one in progress.untold)
    return Standing(outbox, receiver, name, behind if outbox.is_busy else 0, outbox.waiting_since, untold)


class Tending:
    """What can be done with the subscriptions of a running broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def town(self, name: str | None) -> Town:
        """The town of this name. Raises TenantNotFound."""
        return await self._broker.town(name)

    def listed(self, town: Town, by: Principal) -> list[Standing]:
        """Those that who asks may tend, what fails first."""
        order = ("failing", "untold", "held", "never", "paused", "expired", "well")
        found = [standing(town, outbox) for outbox in self._broker.subscriptions(town, by)]
        return sorted(found, key=lambda one: (order.index(one.state), one.outbox.subscription.id))

    def one(self, town: Town, subscription_id: str, by: Principal) -> Standing:
        """One of them. Raises NotFound."""
        return standing(town, self._broker.subscription(town, subscription_id, by))

    async def hold(self, town: Town, subscription_id: str, held: bool, by: Principal) -> Standing:
        """Have a subscription wait, with nothing lost, or go on at once."""
        outbox = self._broker.subscription(town, subscription_id, by)
        await outbox.hold(held)
        town.policy.note(by, f"{'held' if held else 'released'} {subscription_id}")
        return standing(town, outbox)

    async def test(self, town: Town, subscription_id: str, by: Principal) -> Delivery:
        """Send a notification that says of itself that it is a test; how that went."""
        outbox = self._broker.subscription(town, subscription_id, by)
        town.policy.note(by, f"tested {subscription_id}")
        return await outbox.test()

    async def tell_again(self, town: Town, subscription_id: str, by: Principal) -> int:
        """Begin to tell what was given up; how many notifications that are."""
        outbox = self._broker.subscription(town, subscription_id, by)
        town.policy.note(by, f"had told again {subscription_id}")
        return outbox.tell_again()

    async def forget_untold(self, town: Town, subscription_id: str, by: Principal) -> Standing:
        """Let go of what was given up."""
        outbox = self._broker.subscription(town, subscription_id, by)
        town.policy.note(by, f"forgot what was given up of {subscription_id}")
        await outbox.forget_untold()
        return standing(town, outbox)

    async def why(self, town: Town, subscription_id: str, entity_id: str, seq: int | None, by: Principal) -> Firing:
        """Why a change of an entity was told, or not. Raises NotFound for what who asks may not see."""
        return await why(town, self._broker.subscription(town, subscription_id, by), entity_id, by, seq)
