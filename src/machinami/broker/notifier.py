"""Whom does a town tell of its changes? All of its outboxes; each hears of every commit that may concern it."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from machinami.broker.beyond import Beyond
from machinami.broker.log_pages import LogPages
from machinami.broker.notify import Outbox
from machinami.broker.subscriptions import PROGRESS, Progress
from machinami.broker.town import Town
from machinami.foundation.errors import StoreUnavailable
from machinami.model.change import Change
from machinami.model.context import Context
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.subscription import Subscription
from machinami.store.protocol import Transaction
from machinami.wire.protocol import Sender

_REST_SECONDS = 2.0
_REST_CHANGES = 1_000  # changes that are read again after a crash, at most about


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
        self._pages = LogPages(town.store)
        self._heard = 0
        self._resting: asyncio.Task[None] | None = None
        self._kept: dict[str, int] = {}
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
        outbox = Outbox(
            self._town, subscription, context, progress, self._sender, self._beyond, owner, self._pages, self._oldest
        )
        self._outboxes[subscription.id] = outbox
        self._kept[subscription.id] = progress.cursor
        for name in types(subscription) or (None,):
            self._by_type.setdefault(name, []).append(outbox)
        if subscription.is_active:
            outbox.start()
        if self._resting is None:
            self._resting = asyncio.create_task(self._rest_regularly())

    async def remove(self, subscription_id: str) -> Progress:
        """Stop telling this subscriber; returns how far it came."""
        outbox = self._outboxes.pop(subscription_id)
        self._kept.pop(subscription_id, None)
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

    async def _rest_regularly(self) -> None:
        """Keep how far those have come who have nothing to tell: else they would hold the log, and read all of it again
        after a crash."""
        while True:
            await asyncio.sleep(_REST_SECONDS)
            moved = {}
            for name, outbox in self._outboxes.items():
                outbox.rest(self._heard)
                if outbox.progress.cursor - self._kept.get(name, 0) >= _REST_CHANGES:
                    moved[name] = outbox.progress
            if moved:
                with suppress(StoreUnavailable):  # the disk is full: they read more after a crash, that is all
                    await self._keep(moved)

    async def _keep(self, moved: dict[str, Progress]) -> None:
        records = {name: progress.to_record() for name, progress in moved.items()}

        def work(tx: Transaction) -> None:
            for name, record in records.items():
                if name in self._outboxes:  # it may be gone meanwhile
                    tx.put_record(PROGRESS, name, record)

        await self._town.store.transact(work)
        self._kept.update({name: int(record["cursor"]) for name, record in records.items()})

    async def close(self) -> None:
        """Stop every outbox."""
        if self._resting is not None:
            self._resting.cancel()
            await asyncio.gather(self._resting, return_exceptions=True)
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
