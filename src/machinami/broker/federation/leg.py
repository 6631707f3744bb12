"""How is the copy of a subscription kept at one source? Made, changed and ended there, again until it is so.

ETSI GS CIM 009, 5.8.1.4 and 5.8.5.4. The copy's name is chosen here and kept before the source hears of it: what the
source tells at once is understood, and a creation that is tried twice makes one copy.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from machinami.broker.credentials import kept
from machinami.broker.federation.copying import DELETE, RETRIEVE, UPDATE, Copy, Json
from machinami.broker.federation.envelope import SUBSCRIPTIONS
from machinami.broker.federation.federation import Asked, Federation, Reply
from machinami.broker.federation.trigger import Trigger
from machinami.broker.sources import Source
from machinami.broker.town import Town
from machinami.model.context import Context, core
from machinami.model.null import NULL
from machinami.model.telling import Told

RECORD = "subscription-copy"
_MISSING, _PRESENT, _LOOPED = 404, 409, 508
_LEAVE_TRIES = 200  # with the pauses below, a week


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds between two tries after failures, the first and the longest; and until a copy is looked after again."""

    first: float = 2.0
    longest: float = 60.0
    leaving: float = 3_600.0
    confirm: float = 300.0


class Leg:
    """One copy at one source, and the loop that makes it what it is to be. `copy` None: it is to go."""

    def __init__(
        self, federation: Federation, town: Town, name: str, subscription_id: str, source: Source, pauses: Pauses
    ) -> None:
        self.name = name
        self.subscription_id = subscription_id
        self.source = source
        self.copy: Copy | None = None
        self.sent: Json | None = None  # what the source was told last, in full words; None: nothing
        self.failure = ""
        self.last_success: datetime | None = None
        self.last_failure: datetime | None = None
        self._federation = federation
        self._town = town
        self._pauses = pauses
        self._trigger = Trigger(core())
        self._address = ""
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def registration_id(self) -> str:
        """The registration of the source."""
        return self.source.registration.id

    def is_unique(self, told: Told) -> bool:
        """Whether what is told bears the time of a change, and so cannot be meant twice."""
        timed = told.entity.modified_at is not None or told.deleted_at is not None
        return timed and self.copy is not None and self.copy.subscription.time_interval is None

    def begin(self, gone: Callable[["Leg"], None]) -> None:
        """Start the loop, if it does not run; gone: told when the copy is no more."""
        if self._task is None:
            self._task = asyncio.create_task(self._tend(gone))

    def want(self, copy: Copy, address: str, trigger: Trigger) -> None:
        """Say what the copy is to be, and where the source is to tell of changes."""
        self.copy, self._address, self._trigger = copy, address, trigger
        self._stirred.set()

    def leave(self, trigger: Trigger | None = None) -> None:
        """Have the copy deleted."""
        self.copy, self._trigger = None, trigger or self._trigger
        self._stirred.set()

    async def stop(self) -> None:
        """Stop tending; the copy stays as it is."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def keep(self) -> None:
        """Keep what is known of the copy."""
        registration = self.source.registration
        record = {
            "subscription": self.subscription_id,
            "registration": registration.id,
            "sent": self.sent,
            "source": kept(self._town, registration.document, registration.info, registration.endpoint),
            "context": registration.context,
        }
        await self._town.store.transact(lambda tx: tx.put_record(RECORD, self.name, record))

    async def _tend(self, gone: Callable[["Leg"], None]) -> None:
        tries = 0
        while True:
            self._stirred.clear()
            leaving = self.copy is None
            failed = await (self._end() if leaving else self._make())
            self._note(failed)
            if leaving and self.copy is None and (failed is None or tries >= _LEAVE_TRIES):
                break
            tries = 0 if failed is None else tries + 1
            try:
                async with asyncio.timeout(self._pause(tries)):
                    await self._stirred.wait()
            except TimeoutError:
                continue
        await self._town.store.transact(lambda tx: tx.delete_record(RECORD, self.name))
        gone(self)

    def _note(self, failed: str | None) -> None:
        self.failure = failed or ""
        if failed is None:
            self.last_success = self._town.clock()
        else:
            self.last_failure = self._town.clock()

    def _pause(self, tries: int) -> float:
        pauses = self._pauses
        if not tries:
            return pauses.confirm
        return min(pauses.first * (1 << min(tries - 1, 30)), pauses.leaving if self.copy is None else pauses.longest)

    async def _make(self) -> str | None:
        """Have the source hold the copy as it is to be; why that failed, None where it did not."""
        copy = self.copy
        if copy is None or _is_over(copy, self._town.clock()):
            return None
        wanted = self._written(copy, core())
        if self.sent is not None and (self.sent != wanted or await self._is_lost()):
            await self._change(copy, wanted)
        if self.sent is None:
            return await self._create(copy, wanted)
        return None if self.sent == wanted else self.failure or "the change has not been taken"

    async def _create(self, copy: Copy, wanted: Json) -> str | None:
        await self.keep()
        reply = await self._ask(
            "POST", SUBSCRIPTIONS, lambda context: {"id": self.name, **self._written(copy, context)}
        )
        if reply.done:
            await self._rename(reply.location)
        elif reply.status == _PRESENT:
            self.sent = {}
            await self._change(copy, wanted)
            return None if self.sent == wanted else self.failure
        elif reply.status == _LOOPED:
            return None  # the source tells of nothing that does not come from here
        else:
            return _why(reply)
        self.sent = wanted
        await self.keep()
        return None

    async def _change(self, copy: Copy, wanted: Json) -> None:
        """Tell the source what has changed; where it takes no changes, the copy is made anew (`sent` is None)."""
        before = self.sent
        if before == wanted or before is None:
            return
        operations = self.source.registration.operations
        if operations.isdisjoint((UPDATE, DELETE)):
            self.failure = "the source takes no changes"
            return
        if UPDATE not in operations:
            self.failure = await self._end() or ""
            self.sent = before if self.failure else None
            return
        removed = {member: NULL for member in before if member not in wanted}
        reply = await self._ask("PATCH", self._path, lambda context: {**self._written(copy, context), **removed})
        self.failure = "" if reply.done else _why(reply)
        if reply.done:
            self.sent = wanted
        elif reply.status == _MISSING:
            self.sent = None
        if reply.done or reply.status == _MISSING:
            await self.keep()

    async def _is_lost(self) -> bool:
        """Whether the source has forgotten the copy that was made there; then it is to be made anew."""
        if RETRIEVE not in self.source.registration.operations:
            return False
        reply = await self._ask("GET", self._path)
        if reply.status == _MISSING:
            self.sent = None
        return self.sent is None

    async def _end(self) -> str | None:
        if self.sent is None and not self.failure:
            return None  # nothing has been asked of the source
        if DELETE not in self.source.registration.operations:
            return None
        reply = await self._ask("DELETE", self._path)
        return None if reply.done or reply.status == _MISSING else _why(reply)

    async def _rename(self, location: str) -> None:
        """Take over the name that the source gave the copy, where that is another one."""
        given = unquote(location.rstrip("/").rpartition("/")[2])
        if given and given != self.name:
            old, self.name = self.name, given
            await self._town.store.transact(lambda tx: tx.delete_record(RECORD, old))

    @property
    def _path(self) -> str:
        return f"{SUBSCRIPTIONS}/{self.name}"

    def _written(self, copy: Copy, context: Context) -> Json:
        document = copy.write(context)
        endpoint = {"uri": self._address, "accept": "application/json"}
        return {**document, "notification": {**document["notification"], "endpoint": endpoint}}

    async def _ask(
        self, method: str, path: str, document: Callable[[Context], Mapping[str, Any]] | None = None
    ) -> Reply:
        def question(context: Context) -> Asked:
            return Asked(method, path, {}, None if document is None else document(context), True)

        return await self._federation.ask(self._town, self.source, question, self._trigger)


def _is_over(copy: Copy, now: datetime) -> bool:
    """Whether the subscription has expired, here and at the source by itself."""
    return copy.subscription.expires_at is not None and copy.subscription.expires_at <= now


def _why(reply: Reply) -> str:
    return reply.reason or f"the answer is {reply.status}"
