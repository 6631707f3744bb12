"""How does a change reach its subscribers? One outbox for each subscription over the town's log.

The log is the outbox: a subscription keeps a cursor (the last change it has handled), and what it still has to
tell is the log after it. In calm times changes are handed over in memory; after a crash, or when a receiver is
slow, they are read from the log again. So nothing is lost, a dead receiver delays no other, and memory is bounded.
At least once, in order; what is told again, also after a crash, bears the same notification id, so that a receiver that
heeds ids takes it once. Throttling tells the latest state of each entity when its period is over (5.8.6).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from machinami.broker.beyond import NOTHING, Beyond
from machinami.broker.courier import Courier, Fate
from machinami.broker.linking import finder
from machinami.broker.log_pages import LogPages
from machinami.broker.notification import Message, compose, letterhead
from machinami.broker.operations import expired
from machinami.broker.seen import Seen, cut_change, cut_told
from machinami.broker.subscriptions import PROGRESS, Progress, concerns, conditions, driving_types, fires
from machinami.broker.town import Town
from machinami.broker.untold import Untold, with_untold
from machinami.foundation.errors import TooManyResults
from machinami.model.change import Change
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.linking import Find
from machinami.model.matching import unlinked
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import Page
from machinami.model.subscription import Subscription
from machinami.model.telling import Told, told
from machinami.wire.protocol import Delivery, Sender

_WAITING = 200  # changes kept in memory for one subscription; beyond, the log is read instead
_FIRST_PAUSE = 1.0
_LOG = logging.getLogger("machinami.broker")
_FOUND_PAGE = 500


class Outbox:
    """What one subscription still has to tell, and the loop that tells it."""

    def __init__(
        self, town: Town, subscription: Subscription, context: Context, progress: Progress, sender: Sender,
        beyond: Beyond, owner: Principal, pages: LogPages, oldest: timedelta | None = None,
    ) -> None:  # fmt: skip
        self.subscription = subscription
        self.owner = owner
        self.progress = progress
        self._town = town
        self._context = context
        self._head = letterhead(subscription, context, town.fields)
        self._courier = Courier(town, subscription, progress, sender, PROGRESS)
        if not progress.mark:  # kept by an earlier version
            progress.mark, self._courier.changed = town.new_id(), True
        self._queries = conditions(subscription)
        self._loose = conditions(replace(subscription, q=None, geo=None, scope=None)) if subscription.split else ()
        self._beyond = beyond
        self._pages = pages
        self._types = driving_types(subscription)
        age = subscription.notification.endpoint.max_age
        self._oldest = oldest if age is None else timedelta(seconds=age)
        self._triggers = fires(subscription)
        self._waiting: deque[Change] = deque()
        self._seen = progress.cursor  # the last change that was offered or read: none is taken twice
        self._behind = progress.cursor < town.store.last_seq
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._again: asyncio.Task[None] | None = None  # tells what was given up

    def start(self) -> None:
        """Begin to tell."""
        work = self._tell_regularly if self.subscription.time_interval else self._tell_changes
        self._tasks = [asyncio.create_task(work()), asyncio.create_task(self._courier.save_regularly())]

    async def stop(self) -> None:
        """Stop telling, and keep how far it came."""
        tasks = [*self._tasks, *filter(None, [self._again])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._courier.save()

    def offer(self, change: Change) -> None:
        """Hand over a change that was just committed."""
        if self._behind or change.seq <= self._seen or self.subscription.time_interval:
            return
        self._seen = change.seq
        if len(self._waiting) >= _WAITING:
            self._behind = True  # from here on; those that wait are told first
        elif self.is_concerned(change):
            self._waiting.append(change)
            self._stirred.set()

    def rest(self, seq: int) -> None:
        """Say that every change up to seq was offered: an outbox with nothing to tell moves its cursor there."""
        if not self._waiting and not self._behind:
            self.progress.cursor = max(self.progress.cursor, seq)

    @property
    def status(self) -> str:
        """active, paused or expired (5.2.12)."""
        return self._courier.status

    @property
    def waiting(self) -> int:
        """Changes that wait in memory."""
        return len(self._waiting)

    @property
    def waiting_since(self) -> datetime | None:
        """When the first of the changes that wait in memory happened."""
        return self._waiting[0].at if self._waiting else None

    @property
    def is_busy(self) -> bool:
        """Whether there is, or may be, something to tell."""
        return self._behind or bool(self._waiting)

    @property
    def words(self) -> Context:
        """The context of its notifications."""
        return self._context

    def is_concerned(self, change: Change) -> bool:
        """Whether the subscriber is to be told of this change, as its owner may see it now."""
        queries = self._loose if self._is_split else self._queries
        rights = self._town.policy.rights_now(self.owner)
        if rights is None:
            return concerns(self.subscription, self._triggers, queries, change, self._town.store.peek)
        seen = cut_change(rights, change) if rights.may(Deed.SUBSCRIBE) else None
        linked = Seen(self._town.store, rights, self._town.clock).linked
        return seen is not None and concerns(self.subscription, self._triggers, queries, seen, linked)

    @property
    def asking(self) -> Principal:
        """The owner, as they are at present."""
        rights = self._town.policy.rights_now(self.owner)
        return self.owner if rights is None else rights.by

    @property
    def _is_split(self) -> bool:
        """Whether a part of what is told may be elsewhere, so that filters come after it has been looked for."""
        return bool(self.subscription.split) and self._is_shared

    @property
    def _is_shared(self) -> bool:
        return bool(self._town.sources.kept) and not self.subscription.is_local

    async def _tell_changes(self) -> None:
        """As long as the subscription lasts: whatever goes wrong is said, and tried again."""
        while True:
            try:
                await self._tell_on()
            except Exception as error:
                _LOG.exception("subscription %s could not be told", self.subscription.id)
                self.progress.last_reason = f"{type(error).__name__} inside"
                self.progress.last_failure = self._town.clock()
                await asyncio.sleep(_FIRST_PAUSE)

    async def _tell_on(self) -> None:
        if not self._waiting and not self._behind:
            self._stirred.clear()
            await self._stirred.wait()
        if self._behind and not self._waiting:
            await self._catch_up()
        if self._waiting:
            await self.wait_for_throttle()
        await self._tell_next()

    async def _catch_up(self) -> None:
        """Read the log after the cursor until something concerns us or the log is at its end."""
        await asyncio.sleep(0)  # it may be long; everything else gets its turn after each page
        cursor = self.progress.cursor
        changes = await self._pages.after(cursor)
        for change in changes:
            if (self._types is None or not self._types.isdisjoint(change.types)) and self.is_concerned(change):
                self._waiting.append(change)
        if changes:
            self._seen = changes[-1].seq
            if not self._waiting:
                self.progress.cursor = self._seen
        # No await between here and the test: a commit in between would be offered while still `behind`.
        if max(self._seen, cursor) >= self._town.store.last_seq:
            self._behind = False

    async def wait_for_throttle(self) -> None:
        """Wait until the subscriber may be told of something again."""
        period, last = self.subscription.throttling, self.progress.last_notification
        if period and last:
            wait = (last + timedelta(seconds=period) - self._town.clock()).total_seconds()
            if wait > 0:
                await asyncio.sleep(wait)

    async def _tell_next(self) -> None:
        if not self._waiting:
            return
        upto = len(self._waiting) if self.subscription.throttling else 1
        by_entity: dict[str, list[Change]] = {}
        for change in islice(self._waiting, upto):
            by_entity.setdefault(change.entity_id, []).append(change)
        seq = self._waiting[upto - 1].seq
        entities = [what for changes in by_entity.values() if (what := told(changes))]
        if entities and self._is_split:
            entities = list(await self._beyond.complete(self._town, self.subscription, entities, self.asking))
        if entities:
            since, number = self._waiting[0].at, self.progress.number + 1
            until = None if self._oldest is None else since + self._oldest
            fate = await self.tell(entities, f"{self.progress.mark}-{seq:x}", number, until)
            if fate is Fate.GIVEN_UP:
                first, now = self._waiting[0].seq, self._town.clock()
                given_up = Untold(first, seq, number, 1, since, now, self.progress.last_reason)
                self.progress.untold = with_untold(self.progress.untold, given_up)
            if fate in (Fate.TAKEN, Fate.GIVEN_UP):
                self.progress.number = number
        for _ in range(min(upto, len(self._waiting))):
            self._waiting.popleft()
        self.progress.cursor = max(self.progress.cursor, seq)
        self._courier.changed = True

    async def tell(self, entities: Sequence[Told], name: str, number: int = 0, until: datetime | None = None) -> Fate:
        """Tell of these entities, under this name, again and again until the subscriber has taken it, or it is too
        old."""
        known = await self._known(entities)
        compose = partial(self._compose_seen, entities, known)
        return await self._courier.send_until_taken(compose, _FIRST_PAUSE, name, number, until)

    async def hold(self, held: bool) -> None:
        """Have everything wait, with nothing lost, or go on."""
        await self._courier.hold(held)

    async def test(self) -> Delivery:
        """Tell the receiver of one entity that matches now, or of none, without a number; what waits is tried again
        where that goes well."""
        now, entities = self._town.clock(), (await self._matching(self._town.clock(), 1))[:1]
        name = f"urn:ngsi-ld:Notification:test-{self._town.new_id()}"
        delivery = await self._courier.hand_over(self._compose(entities, NOTHING, name, now))
        if delivery.ok:
            self._courier.nudge()
        return delivery

    def tell_again(self) -> int:
        """Begin to tell what was given up, once each, until a try fails; how many notifications that are."""
        if self._again is None or self._again.done():
            self._again = asyncio.create_task(self._tell_again())
        return sum(one.count for one in self.progress.untold)

    async def forget_untold(self) -> None:
        """Let go of what was given up."""
        self.progress.untold = []
        await self._courier.save()

    async def _tell_again(self) -> None:
        for stretch in list(self.progress.untold):
            left = await self._tell_stretch(stretch)
            if stretch not in self.progress.untold:  # more was given up meanwhile, or all of it let go of
                return
            at = self.progress.untold.index(stretch)
            self.progress.untold[at : at + 1] = [] if left is None else [left]
            await self._courier.save()
            if left is not None:
                return

    async def _tell_stretch(self, stretch: Untold) -> Untold | None:
        """Tell of the changes of a stretch; what is left of it where a try fails."""
        told_of, cursor = 0, stretch.first - 1
        while cursor < stretch.last:
            changes = [one for one in await self._pages.after(cursor) if one.seq <= stretch.last]
            if not changes:
                break
            cursor = changes[-1].seq
            for change in filter(self.is_concerned, changes):
                what, name = told([change]), f"{self.progress.mark}-{change.seq:x}"
                if what is None:
                    continue
                compose = partial(self._compose_seen, [what], await self._known([what]))
                delivery = await self._courier.send(compose, name, stretch.number + min(told_of, stretch.count - 1))
                if delivery is not None and not delivery.ok:
                    return stretch.from_change(change.seq, told_of)
                told_of += 1
        return None

    async def _known(self, entities: Sequence[Told]) -> Mapping[str, Entity]:
        """What relationships lead to, where that is to be shown and may be elsewhere."""
        if self.subscription.notification.join is None or not self._is_shared:
            return NOTHING
        heads = [one.entity for one in entities]
        return await self._beyond.linked(self._town, self.subscription, heads, self.asking)

    def _compose_seen(
        self, entities: Sequence[Told], known: Mapping[str, Entity], notification_id: str, now: datetime
    ) -> Message | None:
        """What of this may be told now: rights may have changed since it happened, or since it was last tried to
        tell of it."""
        rights = self._town.policy.rights_now(self.owner)
        if rights is not None:
            may = rights.may(Deed.SUBSCRIBE)
            entities = [seen for one in entities if may and (seen := cut_told(rights, one)) is not None]
            known = {name: left for name, one in known.items() if (left := rights.seen(one)) is not None}
        return self._compose(entities, known, notification_id, now) if entities else None

    def _compose(
        self, entities: Sequence[Told], known: Mapping[str, Entity], notification_id: str, now: datetime
    ) -> Message:
        find: Find = unlinked
        if self.subscription.notification.join:
            here = self._find
            find = (lambda entity_id: known.get(entity_id) or here(entity_id)) if known else here
        return compose(self.subscription, self._context, self._head, entities, notification_id, now, find)

    @property
    def _find(self) -> Find:
        """Finds linked entities; those beyond what one message may hold are left out."""
        find = finder(self._town, self.asking)

        def bounded(entity_id: str) -> Entity | None:
            try:
                return find(entity_id)
            except TooManyResults:
                return None

        return bounded

    async def _tell_regularly(self) -> None:
        """Periodic notifications (5.8.6, timeInterval): the entities that match, every interval."""
        interval = self.subscription.time_interval or 1.0
        while True:
            await asyncio.sleep(interval)
            if self._courier.may_send and not self.progress.held:
                entities = await self._matching(self._town.clock())
                if entities:
                    await self._courier.send(partial(self._compose_seen, entities, await self._known(entities)))

    async def _matching(self, now: datetime, most: int | None = None) -> list[Told]:
        """All subscribed entities that match now, as the owner may see them; most: about so many are enough."""
        rights = self._town.policy.rights_now(self.owner)
        if rights is not None and not rights.may(Deed.SUBSCRIBE):
            return []
        store = self._town.store if rights is None else Seen(self._town.store, rights, self._town.clock)
        entities: dict[str, Told] = {}
        for query in self._queries:
            offset = 0
            while True:
                found = await store.find(query, Page(most or _FOUND_PAGE, offset), now)
                entities.update({entity.id: Told(entity) for entity in found.entities if not expired(entity, now)})
                offset += _FOUND_PAGE
                if len(found.entities) < _FOUND_PAGE or (most is not None and len(entities) >= most):
                    break
        return list(entities.values())
