"""How does what sources tell of a subscription get to its subscriber? One queue for each subscription (5.8.6).

What is in the queue is kept in the store until it has been passed on, so that a source that was answered need not tell
it again after a restart of this broker.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from machinami.broker.notify import Outbox
from machinami.broker.town import Town
from machinami.foundation.errors import Overloaded
from machinami.model.telling import Told

RECORD = "relayed"
_LOG = logging.getLogger("machinami.broker")
_MOST_WAITING = 1_000
_REMEMBERED = 1_000  # entities as they were told, by which a double is known


@dataclass(frozen=True, slots=True)
class Item:
    """One notification of a source: its entities, and which registration stands for the source."""

    key: str
    told: Sequence[Told]
    registration_id: str


Whole = Callable[[str, Item], Awaitable[Sequence[Told]]]


class Relay:
    """What has been told of one subscription and waits to be passed on.

    outbox: finds the subscription as it is now. whole: the entities of an item, completed and judged.
    """

    def __init__(self, town: Town, subscription_id: str, outbox: Callable[[], Outbox | None], whole: Whole) -> None:
        self._town = town
        self._id = subscription_id
        self._outbox = outbox
        self._whole = whole
        self._waiting: deque[Item] = deque()
        self._tellers: OrderedDict[bytes, set[str]] = OrderedDict()
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def is_double(self, digest: bytes, teller: str, unique: bool) -> bool:
        """Whether this has been told already. unique: it bears the time of its change, and so is never told twice but
        by mistake; else who tells it again means it, and only another one does not."""
        tellers = self._tellers.pop(digest, set())
        double = bool(tellers) and (unique or teller not in tellers)
        self._tellers[digest] = tellers | {teller} if double else {teller}
        if len(self._tellers) > _REMEMBERED:
            self._tellers.popitem(last=False)
        return double

    async def take(self, item: Item, record: dict[str, Any]) -> None:
        """Take what a source tells, and keep it as this record. Raises Overloaded where too much waits."""
        if len(self._waiting) >= _MOST_WAITING:
            raise Overloaded("The subscriber has not taken what was told before; tell it later")
        await self._town.store.transact(lambda tx: tx.put_record(RECORD, item.key, record))
        self.put(item)

    def put(self, item: Item) -> None:
        """Have it passed on."""
        self._waiting.append(item)
        self._stirred.set()
        if self._task is None:
            self._task = asyncio.create_task(self._pass_on())

    async def restart(self) -> None:
        """Go on with the subscription as it is now."""
        if self._task is not None:
            await self.stop()
            self._task = asyncio.create_task(self._pass_on())

    async def stop(self) -> None:
        """Stop; what waits stays kept."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def forget(self) -> None:
        """Stop, and forget what waits."""
        await self.stop()
        await self._done(len(self._waiting))

    async def _pass_on(self) -> None:
        while True:
            if not self._waiting:
                self._stirred.clear()
                await self._stirred.wait()
            outbox = self._outbox()
            if outbox is not None:
                await outbox.wait_for_throttle()
            count = len(self._waiting) if outbox is not None and outbox.subscription.throttling else 1
            try:
                if outbox is not None:
                    await self._tell(outbox, [self._waiting[place] for place in range(count)])
            except Exception:  # others wrote it: what cannot be told must not hold up what comes after it
                _LOG.exception("what a source told of %s is left out", self._id)
            await self._done(count)

    async def _tell(self, outbox: Outbox, items: Sequence[Item]) -> None:
        told = {one.entity.id: one for item in items for one in await self._whole(self._id, item)}
        if told:
            await outbox.tell(list(told.values()))

    async def _done(self, count: int) -> None:
        keys = [self._waiting.popleft().key for _ in range(count)]
        if keys:
            await self._town.store.transact(lambda tx: [tx.delete_record(RECORD, key) for key in keys])
