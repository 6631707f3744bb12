"""Who may do what? The policy of one open town, asked by every operation before it touches the store.

A town without administrators is open: everyone may do everything, and asking costs one look. A protected town asks
its rows (`model.policy`), compiled once for each who asks and kept until a row changes.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from machinami.broker.law import Law
from machinami.foundation.errors import Forbidden, MachinamiError, SignInRequired, StepUpRequired
from machinami.model.consent import Consent
from machinami.model.entity import Entity
from machinami.model.guarding import guard_of, guarded, merged
from machinami.model.matching import covers, seen, sight
from machinami.model.policy import EVERY, WRITING, Deed, Extent, Row, allows, permits, step_up
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.query import Guard, Query, TypeSelection, hops
from machinami.model.sealed import sealed_types
from machinami.model.sight import WHOLE, Sight, Span
from machinami.model.veil import own as own_data

_PRINCIPALS = 256  # of whom the compiled rows are kept; the least recent go first
_VERDICTS = 1_000  # combinations of types for one of them
_TRIMMED = 500  # entities that were cut for one of them

WRITES = tuple(sorted(WRITING))
Judged = bytes | tuple[str, ...]


class Witness(Protocol):
    """Notes what is to be accounted for. marks: the types and attributes whose readers are noted."""

    @property
    def marks(self) -> frozenset[str]:
        """The types and attributes that are personal."""
        ...

    def read(self, by: Principal, entities: Sequence[Entity]) -> None:
        """Somebody was given these."""

    def remembered(self, by: Principal, entity_id: str, types: Sequence[str], attributes: Sequence[str]) -> None:
        """Somebody was given past values."""

    def shown(self, by: Principal, people: Sequence[str], what: str) -> None:
        """Somebody was shown something about people that is no entity."""

    def refused(self, by: Principal, deed: Deed, entity_id: str | None, reason: str) -> None:
        """Somebody was refused something."""

    def mended(self, by: Principal, deed: Deed, entity_id: str, attributes: Sequence[str], what: str) -> None:
        """Somebody changed the past."""

    def administered(self, by: Principal, what: str, **more: Any) -> None:
        """Somebody changed how the town is run. more: the same in parts, for who reads it in another language."""

    def consented(self, by: Principal, consent: Consent) -> None:
        """Somebody gave, changed or withdrew a consent, or it ended."""


class Rights:
    """What the rows allow one who asks, compiled; and what the law keeps of it. law: None where nothing is marked."""

    def __init__(self, rows: Sequence[Row], by: Principal, witness: Witness | None, law: Law | None = None) -> None:
        self.by = by
        self.witness = witness
        self.law = law
        self._veil = None if law is None else law.veil(by)
        self._version = 0 if law is None else law.version
        self._rows = rows
        self._may: dict[Deed, bool] = {}
        self._guards: dict[Deed, Guard | None] = {}
        self._whole: dict[tuple[Deed | None, Judged], bool] = {}
        self._trimmed: OrderedDict[str, tuple[Entity, Entity]] = OrderedDict()
        self._reach = 0 if law is None else law.reach
        self._clear: dict[Judged, bool] = {}
        self._finds_clear: dict[TypeSelection, bool] = {}
        self._in_sight: tuple[Guard | None] | None = None
        self.reads_all = law is None and self.guard(Deed.READ) is None
        """Whether there is nothing to be kept from who asks, nor to be noted: then they read the store itself."""
        self.writes = any(map(self.may, WRITES))
        """Whether who asks may write anything at all."""

    def guard(self, deed: Deed) -> Guard | None:
        """What the deed may be done to; None: to everything."""
        if self._veil is not None and deed is Deed.READ:  # the law says only who may read
            self._renew()
        try:
            return self._guards[deed]
        except KeyError:
            found = guard_of(self._rows, self.by, deed, self._veil if deed is Deed.READ else None)
            self._guards[deed] = found
            return found

    def clears(self, entity: Entity) -> bool:
        """Whether the types of an entity say that all of it may be read, and that nothing of it is to be noted: a row
        is about them alone, and the law about none of them. No consent, and no time, makes that untrue."""
        if self.law is not None and self.law.reach != self._reach:
            self._look_again()
        types = sealed_types(entity) or entity.types
        found = self._clear.get(types)
        if found is None:
            found = self.law is None or self.law.leaves(entity.types)
            found = found and self.is_free(Deed.READ, entity)
            if len(self._clear) >= _VERDICTS:
                self._clear.clear()
            self._clear[types] = found
        return found

    def finds_clear(self, query: Query) -> bool:
        """The same of everything that a query finds, by the types that it names."""
        if query.types is None or (query.q is not None and hops(query.q)):
            return False
        if self.law is not None and self.law.reach != self._reach:
            self._look_again()
        found = self._finds_clear.get(query.types)
        if found is None:
            bare = Query(types=query.types)
            found = self.law is None or self.law.leaves_all(query.types)
            found = found and guarded(bare, self.guard(Deed.READ)) is bare
            if len(self._finds_clear) >= _VERDICTS:
                self._finds_clear.clear()
            self._finds_clear[query.types] = found
        return found

    def _look_again(self) -> None:
        """Forget what types say by themselves, where the law is about other ones."""
        self._reach = 0 if self.law is None else self.law.reach
        self._clear.clear()
        self._finds_clear.clear()

    def _renew(self) -> None:
        """Forget what was worked out, where somebody consented or withdrew, or what they consented to has ended."""
        version = 0 if self.law is None else self.law.version
        if version != self._version:
            self._version = version
            self._guards.clear()
            self._whole.clear()
            self._trimmed.clear()

    @property
    def writing(self) -> Guard | None:
        """What is there for who writes: what may be read, changed or deleted; the law says only who may read."""
        if self._in_sight is None:
            read = guard_of(self._rows, self.by, Deed.READ)
            self._in_sight = (merged(read, self.guard(Deed.CHANGE), self.guard(Deed.DELETE)),)
        return self._in_sight[0]

    def may(self, deed: Deed) -> bool:
        """Whether the deed may be done at all; to administer is to do so without a limit."""
        found = self._may.get(deed)
        if found is None:
            if deed is Deed.ADMINISTER:
                found = self.guard(deed) is None
            else:
                own = deed is Deed.READ and self._veil is not None and bool(own_data(self._veil))
                found = own or allows(self._rows, self.by, deed)
            self._may[deed] = found
        return found

    def seen(self, entity: Entity) -> Entity | None:
        """The entity as it may be read, None where it is hidden; the same object where it is seen whole, and the same
        cut one as long as it has not changed, so that what was rendered of it stays true."""
        if self.clears(entity):
            return entity
        guard = self.guard(Deed.READ)
        if guard is None or self._is_whole(Deed.READ, guard, entity):
            return entity
        known = self._trimmed.get(entity.id)
        if known is not None and known[0] is entity:
            return known[1]
        found = seen(guard, entity)
        if found is None or found is entity:
            return found
        self._trimmed[entity.id] = (entity, found)
        if len(self._trimmed) > _TRIMMED:
            self._trimmed.popitem(last=False)
        return found

    def note_read(self, entities: Sequence[Entity]) -> None:
        """Have it noted that these were given; where nothing is marked there is nothing to note."""
        if self.law is not None and self.witness is not None:
            self.witness.read(self.by, entities)

    def written(self, entity: Entity) -> Entity | None:
        """The entity as it is there for who writes."""
        guard = self.writing
        return entity if guard is None or self._is_whole(None, guard, entity) else seen(guard, entity)

    def extent(self, deed: Deed, entity: Entity) -> Extent | None:
        """Of which attributes of the entity the deed is allowed; None where it is not."""
        guard = self.guard(deed)
        if guard is None or self._is_whole(deed, guard, entity):
            return EVERY
        return permits(self._rows, self.by, deed, entity)

    def sight(self, entity: Entity, span: Span) -> Sight | None:
        """Of which attributes of the entity the past within a time may be read; None where it is hidden."""
        if self.clears(entity):
            return WHOLE
        guard = self.guard(Deed.READ)
        return WHOLE if guard is None else sight(guard, entity, span)

    def keeps(self, kind: str, names: Iterable[str] | None) -> bool:
        """Whether the law may keep something of entities of a type from who asks, whatever the rows allow."""
        return self._veil is not None and self._veil.keeps(kind, names)

    def is_free(self, deed: Deed, entity: Entity) -> bool:
        """Whether the types alone allow the deed to all of the entity."""
        guard = self.guard(deed)
        return guard is None or self._is_whole(deed, guard, entity)

    def _is_whole(self, deed: Deed | None, guard: Guard, entity: Entity) -> bool:
        """Whether the types alone say that all of it is allowed. A sealed entity stays so."""
        types = sealed_types(entity) or entity.types
        key = (deed, types)
        found = self._whole.get(key)
        if found is None:
            head = Entity(entity.id, entity.types)
            found = any(one.by_type_alone and covers(one, head) for one in guard)
            if deed is Deed.READ and self._veil is not None and self._veil.touches(head.types):
                found = False
            if len(self._whole) >= _VERDICTS:
                self._whole.clear()
            self._whole[key] = found
        return found

    def refusal(self, deed: Deed, what: str = "", entity: Entity | None = None) -> MachinamiError:
        """Why the deed is refused: who asks must be known more surely, must say who it is, or may not."""
        needed = step_up(self._rows, self.by, deed, entity)
        named = what or (entity.id if entity is not None else "")
        if self.witness is not None:
            self.witness.refused(self.by, deed, None if entity is None else entity.id, what or "no row allows it")
        facts = {"deed": deed.value, **({"what": named} if named else {})}
        if needed is not None:
            return StepUpRequired(
                f"This needs a surer sign-in: identity level {needed.identity_assurance}, "
                f"authentication level {needed.authentication_assurance}",
                identityAssurance=needed.identity_assurance,
                authenticationAssurance=needed.authentication_assurance,
                **facts,
            )
        if self.by.id == ANONYMOUS.id:
            return SignInRequired(f"To {deed} {named or 'anything'} here, say who you are", **facts)
        what = (
            f"{self.by.id} may not {deed} {named or 'anything'} here; an administrator can allow it by a row at /policy"
        )
        return Forbidden(what, principal=self.by.id, **facts)


class Policy:
    """The policy of a town. kept: its rows; None: the town is open. derived: rows that follow from manifests.
    law: what the law keeps whatever the rows allow. witness: who notes reads and refusals; None: nobody.

    present: finds who a principal is now (roles change, people leave), for what is done later in its name; None of it:
    nobody any more.
    """

    def __init__(self, rows: Sequence[Row] | None = None) -> None:
        self.kept = rows
        self.derived: Sequence[Row] = ()
        self.law: Law | None = None
        self.witness: Witness | None = None
        self.present: Callable[[Principal], Principal | None] = lambda by: by
        self.listeners: list[Callable[[Consent], None]] = []
        """Told of every step of a consent, once it is kept."""
        self._rights: OrderedDict[Principal, Rights] = OrderedDict()
        self._near: dict[int, tuple[Principal, Rights]] = {}

    @property
    def is_open(self) -> bool:
        """Whether everyone may do everything."""
        return self.kept is None

    def rights(self, by: Principal) -> Rights | None:
        """What who asks may do; None in an open town."""
        if self.kept is None:
            return None
        near = self._near.get(id(by))  # whoever asks again is mostly the same object: no need to hash it
        if near is not None and near[0] is by:
            return near[1]
        found = self._rights.get(by)
        if found is None:
            law = self.law if self.law is not None and self.law.marks else None
            found = self._rights[by] = Rights((*self.kept, *self.derived), by, self.witness, law)
            if len(self._rights) > _PRINCIPALS:
                self._rights.popitem(last=False)
        if len(self._near) >= _PRINCIPALS:
            self._near.clear()
        self._near[id(by)] = (by, found)
        return found

    def rights_now(self, by: Principal) -> Rights | None:
        """What somebody may do at present, who asked for something earlier; None in an open town."""
        if self.kept is None:
            return None
        present = self.present(by)
        return Rights((), by, None) if present is None else self.rights(present)

    def note(self, by: Principal, what: str, **more: Any) -> None:
        """Have it noted that somebody changed how a protected town is run."""
        if self.witness is not None and not self.is_open:
            self.witness.administered(by, what, **more)

    def note_shown(self, by: Principal, people: Sequence[str], what: str) -> None:
        """Have it noted that somebody was shown something about people that is no entity: a request, a consent."""
        if self.witness is not None and not self.is_open and people:
            self.witness.shown(by, people, what)

    def note_past(self, by: Principal, deed: Deed, entity_id: str, attributes: Sequence[str], what: str) -> None:
        """Have it noted that somebody changed the past of a protected town: the log tells of the present alone."""
        if self.witness is not None and not self.is_open:
            self.witness.mended(by, deed, entity_id, attributes, what)

    def note_refused(self, by: Principal, deed: Deed, what: str) -> None:
        """Have it noted that somebody is told that something is not there, as it is not for them."""
        if self.witness is not None and not self.is_open:
            self.witness.refused(by, deed, None, what)

    def consented(self, by: Principal, consent: Consent) -> None:
        """Have it noted that somebody gave, changed or withdrew a consent, or that it ended."""
        if self.witness is not None and not self.is_open:
            self.witness.consented(by, consent)
        for hear in self.listeners:
            hear(consent)

    def set_rows(self, rows: Sequence[Row] | None) -> None:
        """Other rows from now on."""
        self.kept = rows
        self._forget()

    def renew(self) -> None:
        """Work out anew what anybody may do: other things are marked, or there are other grounds."""
        self._forget()

    def lend(self, rows: Sequence[Row]) -> None:
        """Other rows that follow from manifests."""
        self.derived = rows
        self._forget()

    def _forget(self) -> None:
        self._rights.clear()
        self._near.clear()


def demand(policy: Policy, by: Principal, *deeds: Deed) -> None:
    """Raise Forbidden (or what it takes) unless the policy allows one of the deeds at all."""
    rights = policy.rights(by)
    if rights is not None and not any(map(rights.may, deeds)):
        raise rights.refusal(deeds[0])


def demand_whole(policy: Policy, by: Principal, deed: Deed, types: Sequence[str]) -> None:
    """Raise Forbidden (or what it takes) unless the deed is allowed to all of any entity of each of these types."""
    rights = policy.rights(by)
    if rights is None:
        return
    for name in types:
        extent = rights.extent(deed, Entity("", (name,)))
        if extent is None or not extent.every:
            raise rights.refusal(deed, name)


def is_whole(policy: Policy, by: Principal, deed: Deed, kind: str) -> bool:
    """Whether the deed is allowed to all of any entity of a type (expanded). Nothing is noted: nobody was refused."""
    rights = policy.rights(by)
    extent = EVERY if rights is None else rights.extent(deed, Entity("", (kind,)))
    return extent is not None and extent.every


def shows(policy: Policy, by: Principal, kind: str, names: Iterable[str] | None = None) -> bool:
    """Whether who asks may read these attributes (None: all) of every entity of a type (expanded), so that it means
    something that there is none."""
    rights = policy.rights(by)
    wanted = None if names is None else tuple(names)
    if rights is not None and rights.keeps(kind, wanted):
        return False
    extent = EVERY if rights is None else rights.extent(Deed.READ, Entity("", (kind,)))
    return extent is not None and (extent.every if wanted is None else extent.holds(wanted))


def is_own(policy: Policy, owner: str, by: Principal) -> bool:
    """Whether who asks may handle what somebody left here: it is their own, or they are an administrator."""
    return policy.is_open or owner == by.id or may_administer(policy, by)


def may_administer(policy: Policy, by: Principal) -> bool:
    """Whether who asks is an administrator; in an open town everyone is."""
    rights = policy.rights(by)
    return rights is None or rights.may(Deed.ADMINISTER)
