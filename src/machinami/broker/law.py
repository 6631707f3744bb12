"""What does the law keep from whom in one town at present? Marks, grounds and consents at hand in memory.

A change is made here first and is durable when its awaitable is done, so that what was withdrawn is kept from the next
one who asks. What follows from it is kept by nobody longer than `version` says.
"""

import asyncio
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from datetime import datetime
from heapq import heappop, heappush

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.approval import Approval
from machinami.model.consent import IN_FORCE, Consent, Terms, names_of
from machinami.model.entity import Entity
from machinami.model.guarding import meets
from machinami.model.legal import Ground, LegalClass, Mark
from machinami.model.principal import Principal
from machinami.model.purpose import Purpose
from machinami.model.query import TypeSelection
from machinami.model.veil import LegalVeil, subjects_of, veil_for

LEGAL, TOUCHED = "legal-state", "touched"  # the record of the types that entities with something marked have
Given = dict[str, tuple[Consent, ...]]  # by whom the data are about
_FEW = 1_000
_NOBODY: Sequence[Terms] = ()


class Law:
    """What is marked in a town, and on which grounds and consents it may be given all the same."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.marks: dict[str, Mark] = {}
        self.grounds: dict[str, Ground] = {}
        self.purposes: dict[str, Purpose] = {}
        self.approvals: dict[str, Approval] = {}
        """By purpose: for what people may be asked. What was given on one that ended holds on."""
        self.consents: dict[str, Consent] = {}
        self.touched: set[str] = set()
        self._of: dict[str, tuple[str, ...]] = {}  # the consents of a person
        self._given: dict[tuple[str, str], Given] = {}  # by purpose and recipient
        self._names: frozenset[str] = frozenset()
        self.personal_marks: frozenset[str] = frozenset()
        """The types and attributes that are marked as personal."""
        self.reach = 0
        """Another number as soon as the law is about other types than before."""
        self._never: tuple[Mark, ...] = ()
        self._ends: list[tuple[datetime, str]] = []  # a heap: when something ends by its date, and which consent it is
        self._ended: list[str] = []
        self._version = 0
        self.listeners: list[Callable[[], None]] = []  # told when something else is marked than before
        self.over: list[str] = []  # consents that may have ended, or be to less than before, since somebody looked
        self.turn = asyncio.Lock()
        """Held by who changes or withdraws a consent."""
        self.sitting = asyncio.Lock()
        """Held by who takes a step of an application to the ethics board."""

    @property
    def version(self) -> int:
        """Another number as soon as somebody may see more or less than before."""
        self._look_at_time()
        return self._version

    def _look_at_time(self) -> None:
        if self._ends and self._ends[0][0] <= (now := self.clock()):
            while self._ends and self._ends[0][0] <= now:
                self._ended.append(heappop(self._ends)[1])
            self._version += 1

    def take_ended(self) -> list[Consent]:
        """The consents that have ended by their date since this was last asked."""
        self._look_at_time()
        ended, self._ended = self._ended, []
        now = self.clock()
        found = (self.consents.get(one) for one in dict.fromkeys(ended))
        return [one for one in found if one is not None and one.state in IN_FORCE and one.terms.until <= now]

    def veil(self, by: Principal) -> LegalVeil | None:
        """What the law keeps from who asks; None where it is nothing, as in a town without marks."""
        if not self.marks:
            return None
        return veil_for(
            by,
            self.marks.values(),
            tuple(self.grounds.values()),
            self.touched,
            self._consented(by),
            self._few(by),
            self.clock,
        )

    def _few(self, by: Principal) -> Callable[[], Collection[str] | None]:
        """All who consented to something for who asks, where they are few enough to be looked up one by one."""
        if by.purpose is None:
            return tuple
        given = [self._given.setdefault((by.purpose, name), {}) for name in names_of(by)]
        return lambda: {one for each in given for one in each} if sum(map(len, given)) <= _FEW else None

    def _consented(self, by: Principal) -> Callable[[str], Sequence[Terms]]:
        """What somebody consents to for who asks: looked up anew each time, as it may have been withdrawn."""
        purpose = by.purpose
        if purpose is None:
            return lambda subject: _NOBODY
        given = [self._given.setdefault((purpose, name), {}) for name in names_of(by)]
        purposes, clock = self.purposes, self.clock

        def consented(subject: str) -> Sequence[Terms]:
            now = clock()
            known = purposes.get(purpose)
            if known is None or not known.is_open(now):
                return _NOBODY
            return [one.terms for each in given for one in each.get(subject, ()) if one.holds(now)]

        return consented

    def leaves(self, types: Iterable[str]) -> bool:
        """Whether the types of an entity say that nothing of it is marked: all marks are of types, and of none of
        these. Neither consents nor the time change that."""
        return not self._names and self.touched.isdisjoint(types)

    def leaves_all(self, selection: TypeSelection) -> bool:
        """The same of every entity that satisfies the selection."""
        return not self._names and not meets(selection, self.touched.__contains__)

    def is_personal(self, entity: Entity) -> bool:
        """Whether the entity, or an attribute of it, is marked as personal."""
        if self.leaves(entity.types):
            return False
        return any(
            mark.legal is LegalClass.PERSONAL
            and mark.is_about(entity)
            and (not mark.attribute or mark.attribute in entity.attributes)
            for mark in self.marks.values()
        )

    def people(self, entity: Entity) -> list[str]:
        """Whom what is marked as personal of the entity is about."""
        marks = [mark for mark in self.marks.values() if mark.legal is LegalClass.PERSONAL and mark.is_about(entity)]
        return list(dict.fromkeys(name for mark in marks for name in subjects_of(mark, entity)))

    def personal_names(self, entity: Entity) -> list[str]:
        """The attributes of the entity that are marked as personal by themselves."""
        marks = [mark for mark in self.marks.values() if mark.legal is LegalClass.PERSONAL and mark.is_about(entity)]
        return sorted({mark.attribute for mark in marks if mark.attribute in entity.attributes})

    def keeps_here(self, types: Sequence[str], names: Sequence[str]) -> bool:
        """Whether attributes of an entity may have a legal class that keeps them in the town. types: none are known."""
        for mark in self.marks.values():
            is_about = not mark.type or not types or mark.type in types
            if is_about and mark.legal is not LegalClass.ANONYMISED and mark.attribute in ("", *names):
                return True
        return False

    # what is there

    def set_marks(self, marks: Iterable[Mark]) -> None:
        """Other marks from now on."""
        self.marks = {mark.id: mark for mark in marks}
        self.touched |= {mark.type for mark in self.marks.values() if mark.type}
        self._never = tuple(mark for mark in self.marks.values() if mark.legal is LegalClass.NEVER)
        untyped = [mark for mark in self.marks.values() if not mark.type]
        self._names = frozenset(name for mark in untyped for name in (mark.attribute, mark.subject) if name)
        personal = [mark for mark in self.marks.values() if mark.legal is LegalClass.PERSONAL]
        self.personal_marks = frozenset(mark.attribute or mark.type for mark in personal)
        self._version += 1
        self.reach += 1
        for tell in self.listeners:
            tell()

    def meet(self, types: Iterable[str], names: Iterable[str]) -> bool:
        """Take note that there is an entity with these types and attributes; whether that changes what is touched."""
        if not self.marks or (self.touched.isdisjoint(types) and self._names.isdisjoint(names)):
            return False
        new = set(types) - self.touched
        if new:
            self.touched |= new
            self._version += 1
            self.reach += 1
        return bool(new)

    def put_ground(self, ground: Ground) -> None:
        """A ground, as it is from now on."""
        self.grounds[ground.id] = ground
        self._ends_at(ground.end)

    def put_purpose(self, purpose: Purpose) -> None:
        """A purpose, as it is from now on."""
        self.purposes[purpose.id] = purpose
        self._ends_at(purpose.closed_at)
        if purpose.closed_at is not None:
            self.over += [one.id for one in self.consents.values() if one.terms.purpose == purpose.id]

    def put(self, consent: Consent) -> None:
        """A consent, as it is from now on."""
        before = self.consents.get(consent.id)
        if len(consent.events) > 1 or consent.state not in IN_FORCE:
            self.over.append(consent.id)
        if before is not None:
            for table in self._tables(before.terms):
                left = tuple(one for one in table.get(before.subject, ()) if one.id != before.id)
                table[before.subject] = left
                if not left:
                    del table[before.subject]
        else:
            self._of[consent.subject] = (*self._of.get(consent.subject, ()), consent.id)
        self.consents[consent.id] = consent
        if consent.holds(self.clock()):
            for table in self._tables(consent.terms):
                table[consent.subject] = (*table.get(consent.subject, ()), consent)
            self._ends_at(consent.terms.until, consent.id)
        elif consent.state in IN_FORCE:
            self._ended.append(consent.id)
        self._version += 1

    def of(self, subject: str) -> list[Consent]:
        """The consents of somebody, in the order in which they were given."""
        return [self.consents[one] for one in self._of.get(subject, ())]

    def _tables(self, terms: Terms) -> list[Given]:
        return [self._given.setdefault((terms.purpose, name), {}) for name in dict.fromkeys(terms.recipients)]

    def _ends_at(self, moment: datetime | None, consent: str = "") -> None:
        self._version += 1
        if moment is not None:
            heappush(self._ends, (moment, consent))

    # what is written

    def welcomes(self, types: Iterable[str]) -> bool:
        """Whether the types of an entity that is written say by themselves that there is nothing to be known of it, and
        nothing that is never kept."""
        return not self._never and self.leaves(types)

    def demand_welcome(self, types: Container[str], names: Container[str]) -> None:
        """Raise BadRequestData where an entity of these types and attributes holds what the town never keeps."""
        for mark in self._never:
            if (not mark.type or mark.type in types) and (not mark.attribute or mark.attribute in names):
                what = mark.attribute or mark.type
                raise BadRequestData(f"This town has decided never to keep {what}; leave it out", name=what)

    def demand_kept(self, before: Entity, after: Entity) -> None:
        """Raise Conflict where a change would take a mark from what is there, or make it be about somebody else: so
        nobody can see by writing what they may not read."""
        if self.touched.isdisjoint(before.types):
            return
        for mark in self.marks.values():
            if mark.legal is LegalClass.ANONYMISED or not mark.is_about(before):
                continue
            if not mark.is_about(after):
                raise Conflict(
                    f"{before.id} stays of the type {mark.type}, which is {mark.legal} before the law; "
                    "delete it and make another entity",
                    entityId=before.id,
                )
            named = subjects_of(mark, before)
            if mark.subject and named and named != subjects_of(mark, after):
                raise Conflict(
                    f"{before.id} stays about whom {mark.subject} names; make another entity for another person",
                    entityId=before.id,
                    attribute=mark.subject,
                )

    def demand_new(self, entity: Entity, husk: Entity | None) -> None:
        """Raise Conflict where an entity that is to be made has a past that may be about somebody else."""
        if husk is None or self.touched.isdisjoint(husk.types):
            return
        if any(mark.subject and mark.is_about(husk) for mark in self.marks.values()):
            raise Conflict(
                f"{entity.id} has a past that may be about somebody else; use another id, or delete its past first",
                entityId=entity.id,
            )
