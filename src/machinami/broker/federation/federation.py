"""How does this broker ask others? One place that knows who it is, whom it may ask, and how asking fared."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson

from machinami.broker.contexts import Contexts
from machinami.broker.entity_maps import EntityMaps
from machinami.broker.federation.envelope import addressed, envelope, headed, written
from machinami.broker.federation.trigger import Trigger
from machinami.broker.sources import Source
from machinami.broker.town import Town
from machinami.foundation.errors import MachinamiError
from machinami.model.context import Context
from machinami.model.registration import Registration
from machinami.wire.exchange import Call, Caller

T = TypeVar("T")

TIMEOUT = 3.0  # seconds for a source whose registration says nothing of it (5.2.34)
_LONGEST = 1_000  # letters of warnings that a source passes on
_FOUND = 200
_REFUSED = 400
_MISSING = 404


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a source: path below the API's root, decoded; document in the words of the triggering request,
    or, if `ready`, in those in which the source is spoken to; fields: of the header, besides the usual ones."""

    method: str
    path: str
    arguments: Mapping[str, str]
    document: Any = None
    ready: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)


Question = Callable[[Context], Asked]  # in the words of which @context: that in which the source is spoken to


@dataclass(frozen=True, slots=True)
class Reply:
    """What a source answered. status None: nothing; document: its JSON, None where there is none or it is broken;
    location, span: Location and Content-Range as they came; mapped: where its EntityMap is, if it made or used one."""

    registration: Registration
    status: int | None
    document: Any = None
    broken: bool = False
    reason: str = ""
    late: bool = False
    more: bool = False
    context: Context | None = None
    warned: str = ""
    mapped: str = ""
    location: str = ""
    span: str = ""

    @property
    def done(self) -> bool:
        """Whether the source did what was asked."""
        return self.status is not None and _FOUND <= self.status < _FOUND + 100

    @property
    def warning(self) -> str | None:
        """The warning of a reply that is abnormal for a question, code and words (6.3.17)."""
        if self.status is None:
            return f'199 - "{self.registration.id}: {self.reason}"'
        if self.broken:
            return f'111 - "{self.registration.id}: the answer is no NGSI-LD"'
        if self.status != _MISSING and not self.done:
            return f'299 - "{self.registration.id}: the answer is {self.status}"'
        return None


class Federation:
    """The other brokers, as this one sees them. `active` is false while no town knows any: then nobody is asked.

    split: whether parts of one entity are to be expected in several places where a request says nothing of it
    (4.3.6.7)."""

    def __init__(
        self,
        caller: Caller,
        contexts: Contexts,
        clock: Callable[[], datetime],
        alias: str,
        maps: EntityMaps,
        split: bool = False,
    ) -> None:
        self.active = False
        self.maps = maps
        self.split = split
        self._caller = caller
        self._contexts = contexts
        self._clock = clock
        self._alias = alias
        self._towns: list[Town] = []

    def watch(self, town: Town) -> None:
        """Take a town's sources into account from now on."""
        self._towns.append(town)
        town.sources.listeners.append(lambda *_: self._look())
        self._look()

    def forget(self, town: Town) -> None:
        """Take a town's sources into account no more."""
        self._towns.remove(town)
        self._look()

    def _look(self) -> None:
        self.active = any(town.sources.kept for town in self._towns)

    def alias(self, town: Town) -> str:
        """What this broker calls itself in Via when it speaks for a town: each is another source (4.3.6.4)."""
        return self._alias if town.is_default else f"{self._alias}~{town.name}"

    def is_looped(self, town: Town, trigger: Trigger) -> bool:
        """Whether the request has been here before."""
        return bool(trigger.via) and self.alias(town) in trigger.passed

    def is_passed(self, town: Town, trigger: Trigger, registration: Registration) -> bool:
        """Whether the request has passed the source, or us: then the source does not match (5.12, 6.3.18)."""
        return bool(trigger.via) and (registration.alias in trigger.passed or self.is_looped(town, trigger))

    async def ask(self, town: Town, source: Source, question: Question, trigger: Trigger) -> Reply:
        """The reply of a source; in time, whatever the source does."""
        registration = source.registration
        if source.resting_until is not None and self._clock() < source.resting_until:
            return Reply(registration, None, reason="it failed a moment ago and is not asked now", late=True)
        try:
            for key, value in registration.info:
                if key == "jsonldContext":
                    await self._contexts.obtain(value, town.name)
            sealed = envelope(registration, trigger, self.alias(town), self._contexts.resolve)
        except MachinamiError as error:
            return Reply(registration, None, reason=error.detail)
        asked = question(sealed.context)
        own = sealed.context if asked.ready else trigger.context
        body = b"" if asked.document is None else written(sealed, asked.document, own)
        call = Call(
            asked.method,
            addressed(registration, asked.path, asked.arguments),
            {**headed(sealed, asked.document is not None), **asked.fields},
            body,
            registration.management.timeout or TIMEOUT,
        )
        answer = await self._caller.call(call)
        ok = answer.status is not None and (answer.status < _REFUSED or answer.status == _MISSING)
        self._note(source, ok)
        document, broken = _read(answer.body)
        more = 'rel="next"' in answer.headers.get("link", "").replace("rel=next", 'rel="next"')
        return Reply(
            registration,
            answer.status,
            document,
            broken or answer.too_large,
            answer.reason,
            answer.late,
            more,
            sealed.context,
            answer.headers.get("ngsild-warning", "")[:_LONGEST],
            answer.headers.get("ngsild-entitymap", "")[:_LONGEST],
            answer.headers.get("location", ""),
            answer.headers.get("content-range", ""),
        )

    async def context_of(self, reply: Reply, document: Mapping[str, Any]) -> Context:
        """The context of one object of a reply: its own, else the one in which was asked."""
        if "@context" in document:
            return await self._contexts.obtain(document["@context"])
        return reply.context or self._contexts.resolve(None)

    def _note(self, source: Source, ok: bool) -> None:
        now = self._clock()
        source.times_sent += 1
        source.failing = not ok
        source.resting_until = None
        if ok:
            source.last_success = now
            return
        source.times_failed += 1
        source.last_failure = now
        cooldown = source.registration.management.cooldown
        if cooldown is not None:
            source.resting_until = now + timedelta(seconds=cooldown)


async def together(works: Sequence[Awaitable[T]]) -> list[T]:
    """All of them at once; results in their order."""
    return list(await asyncio.gather(*works))


def _read(body: bytes) -> tuple[Any, bool]:
    if not body.strip():
        return None, False
    try:
        return orjson.loads(body), False
    except orjson.JSONDecodeError:
        return None, True
