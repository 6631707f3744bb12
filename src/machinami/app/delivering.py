"""How does a branch bring its centre what it wrote, once the line is there? From its log, in order, with a cursor.

The log is the outbox (docs/decisions/0005): writing costs the branch nothing more, and nothing waits in memory.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from secrets import token_hex
from typing import Protocol

import orjson

from machinami.app.unaccepted import Desk, Unaccepted, is_refusal, words
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.foundation.errors import BadGateway
from machinami.foundation.settings import BranchSettings
from machinami.model.change import Change
from machinami.model.delivery import write_delivery
from machinami.wire.exchange import Answer, Call

SECONDS = 1.0
CURSOR, SENT = "branch-delivery", "branch-file-sent"
_KEY = "centre"
_AT_ONCE, _PATIENCE = 200, 30.0
_MAYBE = 0  # the stamp of a file that may be there, in whatever state
_SOON, _LATER = 30.0, 600.0  # seconds until a file is brought again that the centre had no room for, or refused
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
        self._sent: dict[str, int] | None = None
        self._refused: dict[str, tuple[int, str, float]] = {}  # which stamp, why, and when it is brought again
        self._line = line
        self._types = frozenset(town_context().expand(name) for name in settings.types)
        self.unaccepted = Unaccepted(clock)
        self.behind = 0

    def lag(self, now: float) -> float:
        """Seconds since the moment up to which the centre has everything; 0 where it lacks nothing."""
        return max(0.0, now - self._since) if self.behind else 0.0

    def cursor(self, town: Town) -> int:
        """The last change that needs no more to be delivered; the log is kept from there on."""
        seq, oldest = self._kept(town).seq, self.unaccepted.oldest(town)
        return seq if oldest is None else min(seq, oldest - 1)

    def _kept(self, town: Town) -> "_Way":
        kept = town.store.record(CURSOR, _KEY)
        return _Way("") if kept is None else _Way(kept["mark"], kept["seq"], kept["delivered"], kept["until"])

    async def deliver(self, town: Town) -> int:
        """Deliver all that is not at the centre; how many writes were. Raises BadGateway where the line is cut (it is
        tried again the next time), or a file is not taken there, which holds up nothing else."""
        await self.unaccepted.load(town)
        await self._look(town, self._kept(town).seq)
        files, done, refusal = await self._files(town), 0, ""
        heard = self._clock() - self._heard < _HEARD
        if self.behind or files or self.unaccepted.is_due() or not heard:
            line = self._line()
            try:
                refusal = await self._deliver_files(town, files, line)
                done = await self._deliver(town, line)
            finally:
                await line.close()
        if refusal:
            raise BadGateway(refusal)
        return done

    async def _deliver(self, town: Town, line: Line) -> int:
        told = len(self.unaccepted)
        way, done = await self._agreed(town, self._kept(town), line), 0
        if way != self._kept(town):  # the centre had more than was known here, as of an answer that was lost
            await _note(town, way)
            await self._look(town, way.seq)
        while changes := await town.store.changes(way.seq, _AT_ONCE):
            last, mine = changes[-1].seq, [one for one in changes if self._is_wanted(one)]
            if mine:
                way = replace(way, until=last)
                await _note(town, way)  # what may have come there is known, should the answer be lost
                before = len(self.unaccepted)
                way = replace(way, delivered=await self._send(town, way, mine, line))
                done += len(mine) - len(self.unaccepted) + before
            way = replace(way, seq=last, until=max(last, way.until))
            await _note(town, way)
            await self._look(town, last)
        if self.unaccepted.is_due():
            done += await self.unaccepted.bring(town, self._desk(line))
        if told != len(self.unaccepted):
            await self._far(line, way.mark)  # the centre learns of it at once
        self._heard = self._clock()
        return done

    async def _look(self, town: Town, reached: int) -> None:
        """Know how many changes are still to be looked at, and since when the first of them waits."""
        self.behind = town.store.last_seq - reached
        waiting = await town.store.changes(reached, 1) if self.behind else ()
        self._since = waiting[0].at.timestamp() if waiting else self._clock()

    async def _files(self, town: Town) -> dict[str, int | None]:
        """The files that are new, or put anew, since they were delivered, each with its stamp; None: it is gone."""
        if town.files is None or not self._settings.files:
            return {}
        if self._sent is None:
            self._sent = {place: kept["stamp"] for place, kept in (await town.store.records(SENT)).items()}
        found: dict[str, int | None] = {}
        for owner in self._settings.files:
            found |= {f"{owner}/{name}": stamp for name, stamp in (await town.files.stamps(owner)).items()}
        own = tuple(f"{owner}/" for owner in self._settings.files)  # of others nothing is known any more
        gone = {place: None for place in self._sent if place not in found and place.startswith(own)}
        return {place: stamp for place, stamp in found.items() if self._sent.get(place) != stamp} | gone

    async def _deliver_files(self, town: Town, files: dict[str, int | None], line: Line) -> str:
        """Bring the centre files before the writes that name them; why one was not taken, which holds up no other."""
        refusal = ""
        for place, stamp in sorted(files.items()):
            known, words, again = self._refused.get(place, (0, "", 0.0))
            if known == (stamp or 0) and self._clock() < again:  # it is not brought again and again, but said
                refusal = words
                continue
            if stamp is not None and not self._was_sent(place):
                await self._note_sent(town, place, _MAYBE)  # should the answer be lost, and the file be destroyed here
            owner, _, name = place.partition("/")
            content = None if stamp is None or town.files is None else await town.files.get(owner, name)
            answer = await self._bring(line, place, content)
            if answer.status == 204:
                await self._note_sent(town, place, stamp)
                continue
            refusal = f"The centre does not take the file {place}: {answer.reason or answer.status}"
            if answer.status is None:
                break  # the line is cut
            is_busy = answer.status == 429 or answer.status >= 500
            self._refused[place] = stamp or 0, refusal, self._clock() + (_SOON if is_busy else _LATER)
        return refusal

    def _was_sent(self, place: str) -> bool:
        return self._sent is not None and place in self._sent

    async def _note_sent(self, town: Town, place: str, stamp: int | None) -> None:
        sent = {} if self._sent is None else self._sent
        if stamp is None:
            sent.pop(place, None)
            await town.store.transact(lambda tx: tx.delete_record(SENT, place))
        else:
            sent[place] = stamp
            await town.store.transact(lambda tx: tx.put_record(SENT, place, {"stamp": stamp}))

    async def _bring(self, line: Line, place: str, content: bytes | None) -> Answer:
        url, method = f"{self._settings.of}/branches/{self._settings.name}/files/{place}", "PUT"
        headers = {**self._shown(), "Content-Type": "application/octet-stream"}
        if content is None:
            method, content = "DELETE", b""
        return await line.call(Call(method, url, headers, content, _PATIENCE, 65_536))

    def _shown(self) -> dict[str, str]:
        told = self._settings
        headers = {"Authorization": f"Bearer {told.key}"} if told.key else {}
        return headers | ({"NGSILD-Tenant": told.town} if told.town else {})

    async def _agreed(self, town: Town, way: "_Way", line: Line) -> "_Way":
        """How far both sides are. Where more has come there than was ever sent from here, this log was set back by
        restoring a backup: its numbers mean other writes from now on, under another mark. Where less is there than was
        taken, the centre was set back, and it is delivered again."""
        there = await self._far(line, way.mark) if way.mark else 0
        if not way.mark or there > way.until or way.seq > town.store.last_seq:
            return _Way(token_hex(6), min(way.seq, town.store.last_seq))
        if there < way.delivered:
            await self._files(town)
            for place in list(self._sent or ()):  # it may lack files, too
                await self._note_sent(town, place, _MAYBE)
            return replace(way, seq=there, delivered=there)
        return replace(way, seq=max(way.seq, there), delivered=there)

    async def _send(self, town: Town, way: "_Way", changes: Sequence[Change], line: Line) -> int:
        """How far the centre is with these. One that it does not take is found by halves, and waits by itself."""
        free = await self.unaccepted.without(town, changes)
        if not free:
            return way.delivered
        answer = await self._bring_changes(line, way.mark, way.delivered, free)
        if not is_refusal(answer):
            return _reached(answer)
        if len(free) == 1:
            await self._far(line, way.mark)  # raises where it is the branch itself that is refused
            await self.unaccepted.refuse(town, free[0], answer)
            return way.delivered
        half = len(free) // 2
        way = replace(way, delivered=await self._send(town, way, free[:half], line))
        return await self._send(town, way, free[half:], line)

    def _desk(self, line: Line) -> Desk:
        async def bring(mark: str, after: int, change: Change) -> Answer:
            return await self._bring_changes(line, mark, after, [replace(change, seq=after + 1)])

        return Desk(partial(self._far, line), bring, self._is_wanted)

    def _is_wanted(self, change: Change) -> bool:
        return bool(self._types & set(change.types))

    async def _far(self, line: Line, mark: str) -> int:
        return _reached(await self._call(line, "GET", mark, b""))

    async def _bring_changes(self, line: Line, mark: str, after: int, changes: Sequence[Change]) -> Answer:
        body = orjson.dumps({"after": after, "changes": [write_delivery(change) for change in changes]})
        left = max(0, self.behind - len(changes))
        return await self._call(line, "POST", mark, body, left, changes[-1].at.timestamp())

    async def _call(
        self, line: Line, method: str, mark: str, body: bytes, left: int | None = None, since: float = 0.0
    ) -> Answer:
        """Ask the centre how far it has a delivery. left, since: what remains to be delivered after this, and since
        when; None: what is known of it."""
        left, since = (self.behind, self._since) if left is None else (left, since)
        seconds = max(0, round(self._clock() - since)) if left else 0
        told = self._settings
        headers = {**self._shown(), "Content-Type": "application/json"}
        lag = f"behind={left}&seconds={seconds}&refused={len(self.unaccepted)}"
        url = f"{told.of}/branches/{told.name}.{mark}/changes?{lag}"
        return await line.call(Call(method, url, headers, body, _PATIENCE, 65_536))


def _reached(answer: Answer) -> int:
    """How far the centre says it is. Raises BadGateway where it says something else."""
    if answer.status != 200:
        raise BadGateway(f"The centre does not take it: {words(answer)}")
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
