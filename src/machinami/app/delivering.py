"""How does a branch bring its centre what it wrote, once the line is there? From its log, in order, with a cursor.

The log is the outbox (docs/decisions/0005): writing costs the branch nothing more, and nothing waits in memory.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from secrets import token_hex
from typing import Protocol

import orjson

from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.foundation.errors import BadGateway
from machinami.foundation.settings import BranchSettings
from machinami.model.change import Change
from machinami.model.delivery import write_delivery
from machinami.wire.exchange import Answer, Call

SECONDS = 1.0
CURSOR = "branch-delivery"
_KEY = "centre"
_AT_ONCE, _PATIENCE = 200, 30.0
_HEARD = 30.0  # seconds after which a branch that has nothing to deliver says so


class Line(Protocol):
    """A line to the centre, as long as it is needed."""

    async def call(self, call: Call) -> Answer:
        """The answer; never raises for what the other side does."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class Delivering:
    """What a branch still has to deliver, and the deed of it. line: opens one to the centre."""

    def __init__(
        self, settings: BranchSettings, line: Callable[[], Line], clock: Callable[[], float] = time.time
    ) -> None:
        self.of = settings.of
        self._settings = settings
        self._clock = clock
        self._since = self._heard = 0.0
        self._line = line
        self._types = frozenset(town_context().expand(name) for name in settings.types)
        self.behind = 0

    def lag(self, now: float) -> float:
        """Seconds since the moment up to which the centre has everything; 0 where it lacks nothing."""
        return max(0.0, now - self._since) if self.behind else 0.0

    def cursor(self, town: Town) -> int:
        """The last change that needs no more to be delivered; the log is kept from there on."""
        return self._kept(town).seq

    def _kept(self, town: Town) -> "_Way":
        kept = town.store.record(CURSOR, _KEY)
        return _Way("") if kept is None else _Way(kept["mark"], kept["seq"], kept["delivered"], kept["until"])

    async def deliver(self, town: Town) -> int:
        """Deliver all that is not at the centre; how many writes were. Raises BadGateway where the line is cut: it is
        tried again the next time."""
        await self._look(town, self._kept(town).seq)
        if not self.behind and self._clock() - self._heard < _HEARD:
            return 0
        line = self._line()
        try:
            return await self._deliver(town, line)
        finally:
            await line.close()

    async def _deliver(self, town: Town, line: Line) -> int:
        way, done = await self._agreed(town, self._kept(town), line), 0
        while changes := await town.store.changes(way.seq, _AT_ONCE):
            last, mine = changes[-1].seq, [one for one in changes if self._types & set(one.types)]
            if mine:
                way = replace(way, until=last)
                await _note(town, way)  # what may have come there is known, should the answer be lost
                way = replace(way, delivered=await self._send(way, mine, line))
                done += len(mine)
            way = replace(way, seq=last, until=max(last, way.until))
            await _note(town, way)
            await self._look(town, last)
        self._heard = self._clock()
        return done

    async def _look(self, town: Town, reached: int) -> None:
        """Know how many changes are still to be looked at, and since when the first of them waits."""
        self.behind = town.store.last_seq - reached
        waiting = await town.store.changes(reached, 1) if self.behind else ()
        self._since = waiting[0].at.timestamp() if waiting else self._clock()

    async def _agreed(self, town: Town, way: "_Way", line: Line) -> "_Way":
        """How far both sides are. Where more has come there than was ever sent from here, this log was set back by
        restoring a backup: its numbers mean other writes from now on, under another mark. Where less is there than was
        taken, the centre was set back, and it is delivered again."""
        there = await self._call(line, "GET", way.mark, b"") if way.mark else 0
        if not way.mark or there > way.until or way.seq > town.store.last_seq:
            return _Way(token_hex(6), min(way.seq, town.store.last_seq))
        if there < way.delivered:
            return replace(way, seq=there, delivered=there)
        return replace(way, seq=max(way.seq, there), delivered=there)

    async def _send(self, way: "_Way", changes: Sequence[Change], line: Line) -> int:
        rows = [write_delivery(change) for change in changes]
        left = max(0, self.behind - len(changes))
        body = orjson.dumps({"after": way.delivered, "changes": rows})
        return await self._call(line, "POST", way.mark, body, left, changes[-1].at.timestamp())

    async def _call(
        self, line: Line, method: str, mark: str, body: bytes, left: int | None = None, since: float = 0.0
    ) -> int:
        """Ask the centre how far it has this log. left, since: what remains to be delivered after this, and since when;
        None: what is known of it."""
        left, since = (self.behind, self._since) if left is None else (left, since)
        seconds = max(0, round(self._clock() - since)) if left else 0
        told = self._settings
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {told.key}"} if told.key else {}
        headers |= {"NGSILD-Tenant": told.town} if told.town else {}
        url = f"{told.of}/branches/{told.name}.{mark}/changes?behind={left}&seconds={seconds}"
        answer = await line.call(Call(method, url, headers, body, _PATIENCE, 65_536))
        if answer.status != 200:
            said = answer.body[:300].decode("utf-8", "replace")
            raise BadGateway(f"The centre does not take it: {answer.reason or answer.status} {said}".rstrip())
        return int(orjson.loads(answer.body)["seq"])


@dataclass(frozen=True, slots=True)
class _Way:
    """How far a branch is. seq: the last change looked at; delivered: the last one that the centre said it has; until:
    the last one that may have come there, answered or not; mark: of the log that these numbers are of."""

    mark: str
    seq: int = 0
    delivered: int = 0
    until: int = 0


async def _note(town: Town, way: _Way) -> None:
    await town.store.transact(lambda tx: tx.put_record(CURSOR, _KEY, asdict(way)))
