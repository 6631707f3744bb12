"""How does what sources tell of a subscription get to its subscriber? One queue for each subscription (5.8.6).

What is in the queue is kept in the store before its source is answered, and until it has been passed on; so is by what
a second telling of the same is known. A source that hears no answer tells again, and is taken once; the subscriber is
told at least once, and under the same notification id each time, whichever broker was started anew meanwhile.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from machinami.broker.federation.heard import Heard, Telling
from machinami.broker.notify import Outbox
from machinami.broker.town import Town
from machinami.foundation.errors import Overloaded
from machinami.model.telling import Told
from machinami.store.protocol import Transaction

RECORD = "relayed"
HEARD = "heard"
_LOG = logging.getLogger("machinami.broker")
_MOST_WAITING = 1_000


@dataclass(frozen=True, slots=True)
class Item:
    """One notification of a source: its entities, and which registration stands for the source. key: under which it is
    kept, in order of time, with the subscription's id first; its last word is drawn by lot."""

    key: str
    told: Sequence[Told]
    registration_id: str

    @property
    def name(self) -> str:
        """What the subscriber's notification is called."""
        return self.key.rpartition(" ")[2]


Whole = Callable[[str, Item], Awaitable[Sequence[Told]]]


class Relay:
    """What has been told of one subscription and waits to be passed on.

    outbox: finds the subscription as it is now. whole: the entities of an item, completed and judged.
    """

    def __init__(self, town: Town, subscription_id: str, outbox: Callable[[], Outbox | None], whole: Whole) -> None:
        self.heard = Heard()
        self._town = town
        self._id = subscription_id
        self._outbox = outbox
        self._whole = whole
        self._waiting: deque[Item] = deque()
        self._taking = asyncio.Lock()
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def take(
        self, key: str, teller: str, told: Sequence[tuple[Told, Telling]], record: Mapping[str, Any]
    ) -> None:
        """Take what a source tells, as far as it has not been told already, and keep it as this record.

        One after the other, so that a double is answered only when what it is a double of is kept. Raises Overloaded
        where too much waits.
        """
        async with self._taking:
            fresh = [(one, telling) for one, telling in told if not self.heard.is_double(telling)]
            if fresh:
                if len(self._waiting) >= _MOST_WAITING:
                    raise Overloaded("The subscriber has not taken what was told before; tell it later")
                await self._keep(key, [telling for _, telling in fresh], record)
                self.put(Item(key, [one for one, _ in fresh], teller))
            for _, telling in told:
                self.heard.note(telling)

    async def _keep(self, key: str, tellings: Sequence[Telling], record: Mapping[str, Any]) -> None:
        gone = self.heard.superfluous(len(tellings))

        def work(tx: Transaction) -> None:
            tx.put_record(RECORD, key, dict(record))
            tx.put_record(HEARD, key, {"told": [telling.to_record() for telling in tellings]})
            for old in gone:
                tx.delete_record(HEARD, old)

        await self._town.store.transact(work)
        self.heard.keep(key, len(tellings))

    def remember(self, key: str, record: Mapping[str, Any]) -> None:
        """What was heard before a restart."""
        for row in record["told"]:
            self.heard.note(Telling.from_record(row))
        self.heard.keep(key, len(record["told"]))

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
        """Stop, and forget what waits and what was heard."""
        await self.stop()
        await self._done(len(self._waiting))
        keys = self.heard.keys()
        await self._town.store.transact(lambda tx: [tx.delete_record(HEARD, key) for key in keys])

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
            await outbox.tell(list(told.values()), items[-1].name)

    async def _done(self, count: int) -> None:
        """The first ones have been passed on. Who is stopped meanwhile passes them on again, under the same name."""
        keys = [self._waiting[place].key for place in range(count)]
        if keys:
            try:
                await self._town.store.transact(lambda tx: [tx.delete_record(RECORD, key) for key in keys])
            except Exception:  # it is told again after a restart; what comes after it is told all the same
                _LOG.exception("what a source told of %s stays kept", self._id)
        for _ in keys:
            self._waiting.popleft()
