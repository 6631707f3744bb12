"""What is accounted for, and where is it? The record of who read, changed or was refused what in a protected town.

All changes and all refusals are noted, and the reads of what is marked as personal. Entries wait in memory for a
moment and are kept together, so that the hot path stays short. Changes cannot be lost: they are in the log, and what
was not noted before a crash is noted after it; of reads and refusals a crash may lose the last second.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from machinami.broker.law import Law
from machinami.broker.policy import Policy, demand
from machinami.foundation.errors import Overloaded, SignInRequired, StoreUnavailable
from machinami.foundation.instant import format_instant
from machinami.model.audit import Batch, Chain, Entry, Fault, Head, entries_of, entry, entry_of, sealed
from machinami.model.change import Change
from machinami.model.consent import Consent
from machinami.model.entity import Entity
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal
from machinami.store.protocol import TownStore, Transaction

STATE, _HEAD = "audit-head", "head"
_SHELF = 256  # batches of one kind of record, which are read together
_LARGEST = 2_000  # entries of one batch
_SECONDS = 1.0
_LOG_PAGE = 1_000
_MOST_REFUSALS = 1_000  # of one second
_MOST_WAITING = 50_000  # entries, while the store takes none
_PART = 2_000  # entries that are taken out at once
_LOOKED = 4_096  # batches of one search; who wants more goes on from there
_LOG = logging.getLogger("machinami.broker")

Place = tuple[int, int]  # the number of a batch, and the place of an entry in it


@dataclass(frozen=True, slots=True)
class Search:
    """Which entries are wanted. An empty member does not restrict; what: an entity, a type or an attribute; people: by
    any of which names somebody is called whom the data are about."""

    who: str = ""
    what: str = ""
    did: str = ""
    since: datetime | None = None
    until: datetime | None = None
    refused: bool | None = None
    purpose: str = ""
    people: tuple[str, ...] = ()

    def __str__(self) -> str:
        asked = {"who": self.who, "what": self.what, "did": self.did, "purpose": self.purpose}
        times = {name: at and format_instant(at) for name, at in (("since", self.since), ("until", self.until))}
        flag = {} if self.refused is None else {"refused": str(self.refused).lower()}
        return ", ".join(f"{name} {text}" for name, text in (asked | times | flag).items() if text) or "everything"


@dataclass(frozen=True, slots=True)
class Trail:
    """Entries, the last one first. before: where to go on towards the past; None at its end."""

    entries: Sequence[Entry]
    before: Place | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What following the record came to: where it ends, and every fault as a sentence."""

    head: Head
    faults: Sequence[Fault]


class Audit:
    """The record of one town."""

    def __init__(self, store: TownStore, policy: Policy, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._head = Head()
        self._seq = 0
        self._waiting: list[Entry] = []
        self._refusals: dict[tuple[str, Deed, str | None, str], Entry] = {}  # of this second, each told once
        self._unnamed = 0
        self._changes: list[tuple[int, bytes]] = []
        self._behind = False  # whether changes are to be read from the log, as not all of them are among those
        self._task: asyncio.Task[None] | None = None
        self._keeping = asyncio.Lock()
        store.on_commit(self._hear)

    @property
    def cursor(self) -> int:
        """The last change of the log that is noted; where nothing is noted, the last one there is."""
        return self._store.last_seq if self._policy.is_open else self._seq

    async def start(self) -> None:
        """Go on from where the record ends, with the changes since then; in an open town there is nothing to do."""
        if self._policy.is_open or self._task is not None:
            return
        state = (await self._store.records(STATE)).get(_HEAD)
        self._changes.clear()
        if state is None:
            self._seq = self._store.last_seq
        else:
            self._head, self._seq, self._behind = Head(state["number"], state["digest"]), state["seq"], True
            await self.keep()
        self._task = asyncio.create_task(self._keep_regularly())

    async def close(self) -> None:
        """Keep what waits."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            await self.keep()

    # noting

    def read(self, by: Principal, entities: Sequence[Entity]) -> None:
        """Somebody is to be given these: what of them is personal is noted. Raises Overloaded where that cannot be."""
        law = self._policy.law
        if law is None or not law.marks:
            return
        for entity in entities:
            if law.is_personal(entity):
                names = law.personal_names(entity)
                about = self._about(law, entity, by)
                self._note_read(by, entity=entity.id, types=list(entity.types), attributes=names, **about)

    def _about(self, law: Law, entity: Entity, by: Principal) -> dict[str, list[str]]:
        """Whom an entity is about, whatever of it was given, and as what it was read: so that they find it."""
        return {"people": law.people(self._store.peek(entity.id) or entity), "roles": sorted(by.roles)}

    @property
    def marks(self) -> frozenset[str]:
        """The types and attributes that are personal."""
        law = self._policy.law
        return frozenset() if law is None else law.personal_marks

    def remembered(self, by: Principal, entity_id: str, types: Sequence[str], attributes: Sequence[str]) -> None:
        """Somebody was given past values: if they are personal, that is noted."""
        marks, law = self.marks, self._policy.law
        if law is not None and not (marks.isdisjoint(types) and marks.isdisjoint(attributes)):
            said = {"types": list(types), "attributes": sorted(marks.intersection(attributes))}
            about = self._about(law, Entity(entity_id, tuple(types)), by)
            self._note_read(by, entity=entity_id, **said, what="the past", **about)

    def shown(self, by: Principal, people: Sequence[str], what: str) -> None:
        """Somebody was shown something about people that is no entity."""
        self._note_read(by, what=what, people=list(people), roles=sorted(by.roles))

    def refused(self, by: Principal, deed: Deed, entity_id: str | None, reason: str) -> None:
        """Somebody was refused something."""
        key = by.signature, deed, entity_id, reason
        known = self._refusals.get(key)
        if known is not None:
            known["times"] = known.get("times", 1) + 1
        elif len(self._refusals) < _MOST_REFUSALS and len(self._waiting) < _MOST_WAITING:
            self._note(by, deed, entity=entity_id, refused=reason)
            self._refusals[key] = self._waiting[-1]
        else:  # who asks without end shall not fill the disk
            self._unnamed += 1

    def mended(self, by: Principal, deed: Deed, entity_id: str, attributes: Sequence[str], what: str) -> None:
        """Somebody changed the past."""
        self._note(by, deed, entity=entity_id, attributes=list(dict.fromkeys(attributes)), what=what)

    def administered(self, by: Principal, what: str, **more: Any) -> None:
        """Somebody changed how the town is run."""
        self._note(by, Deed.ADMINISTER, what=what, **more)

    def consented(self, by: Principal, consent: Consent) -> None:
        """Somebody gave, changed or withdrew a consent, or it ended: noted by the person whom it is about."""
        terms = consent.terms
        self._note(
            by,
            Deed.CHANGE,
            entity=consent.subject,
            what=f"consent {consent.state}: {consent.id}",
            types=list(terms.types),
            attributes=list(terms.attributes),
            wanted=terms.purpose,
        )

    def happened(self, who: str, what: str, about: str, address: str) -> None:
        """Something happened to how people and programs get in: a sign-in, a key, a role."""
        more = {"what": what, "about": about, "from": address}
        self._waiting.append(entry(self._clock(), who, Deed.ADMINISTER, **more))

    def _note_read(self, by: Principal, **more: Any) -> None:
        """What cannot be noted is not shown; what is changed needs the store itself, and waits or fails with it."""
        if len(self._waiting) >= _MOST_WAITING:
            raise Overloaded("So much waits to be noted in the account of the town that nothing personal is shown now")
        self._note(by, Deed.READ, **more)

    def _note(self, by: Principal, deed: Deed, **more: Any) -> None:
        self._waiting.append(entry(self._clock(), by.signature, deed, **more))

    def _hear(self, changes: Sequence[Change]) -> None:
        if self._task is None or self._behind:
            return
        if len(self._changes) >= _MOST_WAITING:
            self._behind = True  # from here on: they are in the log
        else:
            self._changes += [(change.seq, entry_of(change)) for change in changes]

    # keeping

    async def _keep_regularly(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS)
            try:
                await self.keep()
            except Exception:  # whatever it was, what comes later is to be noted
                _LOG.exception("the audit of the town could not be kept; it is tried again")

    async def keep(self) -> None:
        """Keep what waits now, in batches; what comes meanwhile waits for the next time, so that batches stay few."""
        async with self._keeping:
            if self._unnamed:
                more = f"{self._unnamed} more refusals in one second are not told one by one"
                self._waiting.append(entry(self._clock(), "machinami", Deed.READ, refused=more))
            self._refusals.clear()
            self._unnamed = 0
            try:
                await self._keep_waiting()
                while self._behind:
                    missed = await self._store.changes(self._seq, _LOG_PAGE)
                    self._changes = [(change.seq, entry_of(change)) for change in missed]
                    # No await between here and the reading: what is committed from now on is heard.
                    self._behind = bool(missed) and missed[-1].seq < self._store.last_seq
                    await self._keep_waiting()
            except (StoreUnavailable, Overloaded):
                _LOG.warning("the audit of the town cannot be kept now; it waits")

    async def _keep_waiting(self) -> None:
        waiting = max(len(self._waiting), len(self._changes))
        for start in range(0, waiting, _LARGEST):
            size = min(_LARGEST, waiting - start)
            changes, noted = self._changes[:size], self._waiting[:size]
            batch = sealed([*(said for _, said in changes), *noted], self._head)
            head = Head(batch["number"], batch["digest"])
            seq = changes[-1][0] if changes else self._seq
            await self._store.transact(lambda tx: _put(tx, batch, head, seq))  # noqa: B023  # awaited here
            self._head, self._seq = head, seq
            del self._changes[: len(changes)]
            del self._waiting[: len(noted)]

    # asking

    async def head(self, by: Principal) -> Head:
        """The head of the record, to be kept apart."""
        demand(self._policy, by, Deed.ADMINISTER)
        await self.keep()
        return self._head

    async def batches(self, after: int, limit: int, by: Principal) -> list[Batch]:
        """Batches after one of this number, as they are exported. That somebody takes them is noted."""
        demand(self._policy, by, Deed.ADMINISTER)
        await self.keep()
        found = await _batches_after(self._store, after, self._head.number, limit)
        if found and not self._policy.is_open:
            told = f"batches {found[0]['number']} to {found[-1]['number']}"
            self._note(by, Deed.READ, what=f"exported the record: {told}", looked=told)
        return found

    async def kept(self, after: int, limit: int) -> list[Batch]:
        """Batches after one of this number, for the place that the settings name: what they are told is not noted, as
        that would never end."""
        return await _batches_after(self._store, after, self._head.number, limit)

    async def verify(self, kept: Head | None, by: Principal) -> Verified:
        """Follow the whole record, shelf by shelf. kept: a head that was kept apart."""
        demand(self._policy, by, Deed.ADMINISTER)
        await self.keep()
        chain, end = Chain(kept), self._head
        for shelf in range(end.number // _SHELF + 1):
            batches = await self._store.records(_kind(shelf))
            for place in sorted(batches):
                chain.follow(batches[place])
        found = chain.faults()
        if chain.head != end and not found and chain.head.number < end.number:
            found = [Fault.of("short", last=chain.head.number, number=end.number)]
        return Verified(chain.head, found)

    async def search(
        self, wanted: Search, limit: int, by: Principal, before: Place | None = None, most: int = _LOOKED
    ) -> Trail:
        """The latest entries that are wanted, the last one first; before: only those before this place. At most so
        many batches are looked through: it can be gone on from there. That somebody looks is noted."""
        demand(self._policy, by, Deed.ADMINISTER)
        found = await self._search(wanted, limit, before, most)
        if not self._policy.is_open:
            self._note(by, Deed.READ, what=f"looked at the record: {wanted}", looked=str(wanted))
        return found

    async def taken_out(self, wanted: Search, by: Principal) -> AsyncIterator[Sequence[Entry]]:
        """All entries that are wanted, the last one first, part by part; that somebody takes them out is noted."""
        trail = await self.search(wanted, _PART, by)
        yield trail.entries
        while trail.before is not None:
            trail = await self._search(wanted, _PART, trail.before, _LOOKED)
            yield trail.entries

    async def own(self, wanted: Search, limit: int, by: Principal, before: Place | None = None) -> Trail:
        """What was done in the name of who asks."""
        if by.id == ANONYMOUS.id:
            raise SignInRequired("To see what was done in your name, say who you are")
        return await self._search(replace(wanted, who=by.id), limit, before, _LOOKED)

    async def about(self, wanted: Search, people: Sequence[str], limit: int, before: Place | None = None) -> Trail:
        """What was done with data about somebody with these names: who asks for it is that person, which is for the
        caller to see to."""
        return await self._search(replace(wanted, people=tuple(people)), limit, before, _LOOKED)

    async def _search(self, wanted: Search, limit: int, before: Place | None, most: int) -> Trail:
        await self.keep()
        found: list[Entry] = []
        needles, start = _needles(wanted), before or (self._head.number + 1, 0)
        looked = 0
        for shelf in range(min(start[0], self._head.number) // _SHELF, -1, -1):
            batches = await self._store.records(_kind(shelf))
            for place in sorted(batches, reverse=True):
                if int(place) > start[0]:
                    continue
                if looked == most:
                    return Trail(found, (int(place) + 1, 0))
                looked += 1
                text = batches[place]["entries"]
                if all(any(needle in text for needle in several) for several in needles):
                    for index, one in _latest_first(batches[place], start):
                        if is_wanted(wanted, one):
                            if len(found) == limit:
                                return Trail(found, (int(place), index + 1))
                            found.append(one)
        return Trail(found, None)


def _latest_first(batch: Batch, before: Place) -> Iterator[tuple[int, Entry]]:
    """The entries of a batch with their places in it, only those before a place of the record."""
    entries = entries_of(batch)
    end = before[1] if batch["number"] == before[0] else len(entries)
    for index in range(min(end, len(entries)) - 1, -1, -1):
        yield index, entries[index]


def _needles(wanted: Search) -> list[list[str]]:
    """Texts of each of which a batch holds one, or nothing that is wanted: most need not be opened."""
    texts = ((wanted.who,), (wanted.purpose,), (wanted.what,), wanted.people)
    return [[orjson.dumps(text)[1:-1].decode() for text in several] for several in texts if any(several)]


def is_wanted(wanted: Search, one: Entry) -> bool:
    """Whether an entry is what is looked for."""
    return (
        (not wanted.purpose or wanted.purpose == one.get("purpose"))
        and (not wanted.who or wanted.who in (one["who"], one.get("for")))
        and (not wanted.did or wanted.did == one["did"])
        and (not wanted.what or wanted.what in _about(one))
        and (wanted.since is None or one["at"] >= format_instant(wanted.since))
        and (wanted.until is None or one["at"] < format_instant(wanted.until))
        and (wanted.refused is None or wanted.refused == ("refused" in one))
        and (not wanted.people or not set(wanted.people).isdisjoint((one.get("entity"), *one.get("people", ()))))
    )


def _about(one: Entry) -> Iterator[str]:
    yield from (str(one[name]) for name in ("entity", "what") if name in one)
    yield from one.get("types", ())
    yield from one.get("attributes", ())


async def _batches_after(store: TownStore, after: int, end: int, limit: int) -> list[Batch]:
    """Batches by their places, from the one after this number on."""
    found: list[Batch] = []
    for shelf in range((after + 1) // _SHELF, end // _SHELF + 1):
        batches: Mapping[str, Batch] = await store.records(_kind(shelf))
        found += [batches[place] for place in sorted(batches) if int(place) > after]
        if len(found) >= limit:
            break
    return found[:limit]


def _kind(shelf: int) -> str:
    return f"audit/{shelf:08d}"


def _put(tx: Transaction, batch: dict[str, Any], head: Head, seq: int) -> None:
    tx.put_record(_kind(head.number // _SHELF), f"{head.number:012d}", batch)
    tx.put_record(STATE, _HEAD, {"number": head.number, "digest": head.digest, "seq": seq})
