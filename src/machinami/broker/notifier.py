"""Whom does a town tell of its changes? All of its outboxes; each hears of every commit that may concern it."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from machinami.broker.beyond import Beyond
from machinami.broker.notify import Outbox
from machinami.broker.subscriptions import Progress
from machinami.broker.town import Town
from machinami.model.change import Change
from machinami.model.context import Context
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.subscription import Subscription
from machinami.wire.protocol import Sender


class Notifier:
    """All outboxes of one town; hears of every commit. beyond: knows what other brokers know; oldest: how old a
    notification may become that is not taken, where its subscription says nothing of it; None: as old as it will."""

    def __init__(self, town: Town, sender: Sender, beyond: Beyond, oldest: timedelta | None = None) -> None:
        self._town = town
        self._oldest = oldest
        self._sender = sender
        self._beyond = beyond
        self._outboxes: dict[str, Outbox] = {}
        self._by_type: dict[str | None, list[Outbox]] = {}
        self._heard = 0
        town.store.on_commit(self._hear)

    def add(
        self,
        subscription: Subscription,
        context: Context,
        progress: Progress,
        types: Callable[[Subscription], frozenset[str] | None],
        owner: Principal = ANONYMOUS,
    ) -> None:
        """Begin to tell this subscriber of what its owner may see."""
        outbox = Outbox(self._town, subscription, context, progress, self._sender, self._beyond, owner, self._oldest)
        self._outboxes[subscription.id] = outbox
        for name in types(subscription) or (None,):
            self._by_type.setdefault(name, []).append(outbox)
        if subscription.is_active:
            outbox.start()

    async def remove(self, subscription_id: str) -> Progress:
        """Stop telling this subscriber; returns how far it came."""
        outbox = self._outboxes.pop(subscription_id)
        outbox.rest(self._heard)
        for boxes in self._by_type.values():
            if outbox in boxes:
                boxes.remove(outbox)
        await outbox.stop()
        return outbox.progress

    def outbox(self, subscription_id: str) -> Outbox | None:
        """The outbox of a subscription."""
        return self._outboxes.get(subscription_id)

    @property
    def outboxes(self) -> Sequence[Outbox]:
        """All outboxes."""
        return list(self._outboxes.values())

    async def close(self) -> None:
        """Stop every outbox."""
        for subscription_id in list(self._outboxes):
            await self.remove(subscription_id)

    def _hear(self, changes: Sequence[Change]) -> None:
        everything = self._by_type.get(None, [])
        for change in changes:
            for outbox in everything:
                outbox.offer(change)
            for name in change.types:
                for outbox in self._by_type.get(name, ()):
                    outbox.offer(change)
        self._heard = changes[-1].seq
