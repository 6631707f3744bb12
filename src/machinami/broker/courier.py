"""How do the messages of one subscription get to its receiver, and how do they fare? (ETSI GS CIM 009, 5.2.14.2)"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from machinami.broker.notification import Message
from machinami.broker.subscriptions import Progress
from machinami.broker.town import Town
from machinami.foundation.errors import StoreUnavailable
from machinami.model.subscription import Subscription
from machinami.wire.protocol import NUMBER, Delivery, Sender

LONGEST_PAUSE = 60.0
_SEND_SECONDS = 10.0
_SAVE_SECONDS = 1.0

# From an id and the time of a message to the message; None where nothing is left that may be told.
Compose = Callable[[str, datetime], Message | None]


class Fate(StrEnum):
    """What became of a message: its receiver took it; nothing of it may be told; it was given up as it had grown too
    old; or the subscription is over."""

    TAKEN = "taken"
    NOTHING = "nothing"
    GIVEN_UP = "given up"
    OVER = "over"


class Courier:
    """Carries messages to one endpoint and keeps account; `kind` names the records in which the account is kept."""

    def __init__(self, town: Town, subscription: Subscription, progress: Progress, sender: Sender, kind: str) -> None:
        self.progress = progress
        self.changed = False
        self._town = town
        self._subscription = subscription
        self._sender = sender
        self._kind = kind
        self._failing = False  # whether the last try failed: then what is too old is not even tried
        self._nudged = asyncio.Event()
        self._free = asyncio.Event()  # not held
        if not progress.held:
            self._free.set()

    @property
    def status(self) -> str:
        """active, paused or expired (5.2.12)."""
        if not self._subscription.is_active or self.progress.held:
            return "paused"
        return "expired" if self._is_over(self._town.clock()) else "active"

    @property
    def may_send(self) -> bool:
        """Whether the subscriber is to be told of anything now (5.8.6)."""
        wish = self._subscription
        return wish.is_active and (wish.expires_at is None or not self._is_over(self._town.clock()))

    def _is_over(self, now: datetime) -> bool:
        return self._subscription.expires_at is not None and self._subscription.expires_at <= now

    async def hold(self, held: bool) -> None:
        """Have everything wait, or go on at once."""
        self.progress.held = held
        if held:
            self._free.clear()
        else:
            self._free.set()
            self.nudge()
        await self.save()

    def nudge(self) -> None:
        """Try again now what waits for its next try."""
        self._nudged.set()

    async def send_until_taken(
        self, compose: Compose, first_pause: float, name: str = "", number: int = 0, until: datetime | None = None
    ) -> Fate:
        """Send a message again and again, after ever longer pauses, as long as the subscription is active: always under
        the same name, by which its receiver knows that it is the same. name: empty for one drawn now; number: 0 for
        none; until: when it is too old to be tried again, None: never."""
        name = name or self._town.new_id()
        pause = max(first_pause, (self._subscription.notification.endpoint.cooldown_ms or 0) / 1000)
        while self.may_send:
            await self._free.wait()
            if until is not None and self._failing and self._town.clock() > until:
                return Fate.GIVEN_UP
            delivery = await self.send(compose, name, number)
            if delivery is None:
                return Fate.NOTHING
            if delivery.ok:
                return Fate.TAKEN
            if until is not None and self._town.clock() > until:
                return Fate.GIVEN_UP
            self._nudged.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._nudged.wait()
            pause = max(pause, min(2 * pause, LONGEST_PAUSE))
        return Fate.OVER

    async def send(self, compose: Compose, name: str = "", number: int = 0) -> Delivery | None:
        """Send a message once; None where nothing is left that may be told."""
        now = self._town.clock()
        message = compose(f"urn:ngsi-ld:Notification:{name or self._town.new_id()}", now)
        if message is None:
            return None
        progress = self.progress
        progress.times_sent += 1
        progress.last_notification = now
        delivery = await self.hand_over(message, number)
        progress.last_reason = delivery.reason
        self._failing = not delivery.ok
        if delivery.ok:
            progress.last_success = now
        else:
            progress.times_failed += 1
            progress.last_failure = now
        self.changed = True
        return delivery

    async def hand_over(self, message: Message, number: int = 0) -> Delivery:
        """Have a message carried to the endpoint, and say how that went; it is not counted."""
        endpoint = self._subscription.notification.endpoint
        limit = endpoint.timeout_ms / 1000 if endpoint.timeout_ms else _SEND_SECONDS
        headers = {**message.headers, NUMBER: str(number)} if number else message.headers
        return await self._sender.send(endpoint.uri, message.body, headers, limit, endpoint.notifier_info)

    async def save_regularly(self) -> None:
        """Keep the account as long as it changes."""
        while True:
            await asyncio.sleep(_SAVE_SECONDS)
            if self.changed:
                try:
                    await self.save()
                except StoreUnavailable:  # the disk is full: after a crash more is told again, that is all
                    self.changed = True

    async def save(self) -> None:
        """Keep the account."""
        self.changed = False
        record = self.progress.to_record()
        await self._town.store.transact(lambda tx: tx.put_record(self._kind, self._subscription.id, record))
