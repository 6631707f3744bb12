"""What becomes of a write that the centre does not take, though the line is there?

It waits, with all that follows of the same entity, so that each entity stays in order; nothing else waits for it. From
time to time it is brought again, by a delivery of its own (another mark), one write at a time: so that what is lost is
an answer at most, and the number of the write that it was for is known.
"""

import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import blake2b
from secrets import token_hex
from typing import NamedTuple

import orjson

from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.foundation.errors import BadGateway
from machinami.model.change import Change
from machinami.store.protocol import Transaction
from machinami.wire.exchange import Answer

WAITING, WAY = "branch-unaccepted", "branch-unaccepted-way"
_LOG = logging.getLogger(__name__)
_KEY = "centre"
_REFUSALS = frozenset({400, 403, 413, 422})
_AGAIN = 600.0  # seconds until it is brought again
_ENTITIES = 200  # of which it is tried in one round


class Desk(NamedTuple):
    """What the centre is asked: how far it has a delivery (by its mark), and to take one write after a number; and
    whether a write is one that is delivered, as the settings are now."""

    reached: Callable[[str], Awaitable[int]]
    bring: Callable[[str, int, Change], Awaitable[Answer]]
    is_wanted: Callable[[Change], bool]


@dataclass(frozen=True, slots=True)
class _Way:
    """mark: of the delivery; number: the last one tried in it; seq: of which write that was; oldest: the first write of
    the log that waits, 0 where none does."""

    mark: str
    number: int = 0
    seq: int = 0
    oldest: int = 0


class Unaccepted:
    """The writes of a branch that its centre refused, by their number in the log."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._waiting: dict[int, tuple[str, str]] | None = None  # the digest of its entity, as ids may name people; why
        self._due = 0.0

    def __len__(self) -> int:
        return len(self._waiting or ())

    async def load(self, town: Town) -> None:
        """Know what waits; nothing where it is known already."""
        if self._waiting is None:
            kept = {int(seq): one for seq, one in (await town.store.records(WAITING)).items()}
            self._waiting = {seq: (one["entity"], one["why"]) for seq, one in sorted(kept.items())}

    def oldest(self, town: Town) -> int | None:
        """The first write of the log that waits, which the log is kept for."""
        return _way(town).oldest or None

    def is_due(self) -> bool:
        """Whether something waits that is brought again now."""
        return bool(self._waiting) and self._clock() >= self._due

    def why(self) -> str:
        """Of which type the first is that waits, and what the centre says of it; empty where nothing waits."""
        return next(iter(self._waiting.values()))[1] if self._waiting else ""

    async def without(self, town: Town, changes: Sequence[Change]) -> list[Change]:
        """The changes of entities of which nothing waits; the others wait from now on."""
        behind = {entity for entity, _ in (self._waiting or {}).values()}
        later = [one for one in changes if _digest(one) in behind and one.seq not in (self._waiting or {})]
        if later:
            await self._keep(town, later, {one.seq: f"{_kind(one)}: an earlier write of it waits" for one in later})
        return [one for one in changes if _digest(one) not in behind]

    async def refuse(self, town: Town, change: Change, answer: Answer) -> None:
        """The centre does not take this one."""
        if not self._waiting:
            self._due = self._clock() + _AGAIN
        _LOG.warning("the centre does not take write %d of the log: %s", change.seq, words(answer))
        await self._keep(town, [change], {change.seq: _reason(change, answer)})

    async def bring(self, town: Town, desk: Desk) -> int:
        """Bring what waits again, entity by entity in order, once all of the log was looked at (else a write could go
        both ways); how many writes were taken. Raises BadGateway where the line is cut."""
        self._due = self._clock() + _AGAIN
        way = _way(town)
        there, done = await desk.reached(way.mark), 0
        if way.seq and there >= way.number:  # it came, and its answer was lost
            await self._drop(town, way)
        each = self._by_entity()
        for seqs in random.sample(each, min(len(each), _ENTITIES)):
            for seq in seqs:
                way = replace(_way(town), mark=way.mark, number=there + 1, seq=seq)
                await town.store.transact(partial(_put, way))
                taken = await self._bring_one(town, desk, way, there)
                if taken is None:
                    break
                there, done = taken, done + (taken > there)
        return done

    async def _bring_one(self, town: Town, desk: Desk, way: _Way, there: int) -> int | None:
        """How far the delivery is after this write; None where it was refused again. What is no write of the log any
        more, as that was set back, or is not to be delivered any more, is let go."""
        found = await town.store.changes(way.seq - 1, 1)
        if not found or found[0].seq != way.seq or not desk.is_wanted(found[0]):
            await self._drop(town, way)
            return there
        answer = await desk.bring(way.mark, there, found[0])
        if is_refusal(answer):
            await self._keep(town, found, {way.seq: _reason(found[0], answer)})
            return None
        if answer.status != 200:
            raise BadGateway(f"The centre does not take it: {words(answer)}")
        await self._drop(town, way)
        return way.number

    def _by_entity(self) -> list[list[int]]:
        found: dict[str, list[int]] = {}
        for seq, (entity, _) in (self._waiting or {}).items():
            found.setdefault(entity, []).append(seq)
        return list(found.values())

    async def _keep(self, town: Town, changes: Sequence[Change], why: Mapping[int, str]) -> None:
        waiting = {**(self._waiting or {}), **{one.seq: (_digest(one), why[one.seq]) for one in changes}}
        await self._note(town, dict(sorted(waiting.items())), [one.seq for one in changes])

    async def _drop(self, town: Town, way: _Way) -> None:
        waiting = {seq: one for seq, one in (self._waiting or {}).items() if seq != way.seq}
        await self._note(town, waiting, [way.seq])

    async def _note(self, town: Town, waiting: dict[int, tuple[str, str]], changed: Sequence[int]) -> None:
        way = replace(_way(town), oldest=next(iter(waiting), 0))

        def work(tx: Transaction) -> None:
            for seq in changed:
                if seq in waiting:
                    tx.put_record(WAITING, str(seq), dict(zip(("entity", "why"), waiting[seq], strict=True)))
                else:
                    tx.delete_record(WAITING, str(seq))
            _put(way, tx)

        await town.store.transact(work)
        self._waiting = waiting


def is_refusal(answer: Answer) -> bool:
    """Whether the centre judged what it was told, and not the line or who tells."""
    return answer.status in _REFUSALS


def words(answer: Answer) -> str:
    """What the centre said, for the log."""
    said = answer.body[:300].decode("utf-8", "replace")
    return f"{answer.reason or answer.status} {said}".rstrip()


def _reason(change: Change, answer: Answer) -> str:
    """The same without what it may name, for pages."""
    try:
        title = str(orjson.loads(answer.body).get("title") or "")
    except (ValueError, AttributeError):
        title = ""
    return f"{_kind(change)}: {answer.status} {title[:100]}".rstrip()


def _digest(change: Change) -> str:
    return blake2b(change.entity_id.encode(), digest_size=12).hexdigest()


def _kind(change: Change) -> str:
    return town_context().compact(change.types[0]) if change.types else "?"


def _put(way: _Way, tx: Transaction) -> None:
    tx.put_record(WAY, _KEY, asdict(way))


def _way(town: Town) -> _Way:
    kept = town.store.record(WAY, _KEY)
    return _Way(token_hex(6)) if kept is None else _Way(**kept)
