"""Which legal classes, grounds and purposes has a town, and how do they come and go?

Each is a record of the town. They are made by administrators, with a reason; each is noted, and can be read by those
whom it is about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from machinami.broker.approvals import demand_approved
from machinami.broker.law import LEGAL, TOUCHED, Law
from machinami.broker.policy import demand
from machinami.broker.policy_rows import TURNS, turn
from machinami.broker.town import Town
from machinami.foundation.errors import AlreadyExists, BadRequestData, Conflict, NotFound, SignInRequired
from machinami.model import legal, purpose
from machinami.model.approval import Approval
from machinami.model.consent import Event, folded
from machinami.model.identity.record import read, write
from machinami.model.legal import Ground, LegalClass, Mark
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.purpose import Purpose, Version
from machinami.model.query import Page, Query, TypeIs
from machinami.store.protocol import TownStore

MARK, GROUND, PURPOSE, EVENT = "legal-mark", "legal-ground", "consent-purpose", "consent-event"
APPROVAL = "consent-approval"
_PAGE = 1_000
_MOST = 1_000  # marks, grounds or purposes of one town: who asks is judged by each of them


async def load_law(law: Law, store: TownStore) -> None:
    """Bring what the town keeps into memory."""
    law.touched |= set((await store.records(LEGAL)).get(TOUCHED, {}).get("types", ()))
    law.set_marks([read(Mark, record) for record in (await store.records(MARK)).values()])
    for record in (await store.records(GROUND)).values():
        law.put_ground(read(Ground, record))
    for record in (await store.records(PURPOSE)).values():
        law.put_purpose(read(Purpose, record))
    for record in (await store.records(APPROVAL)).values():
        approval = read(Approval, record)
        law.approvals[approval.purpose] = approval
    events: dict[str, list[Event]] = {}
    for _, record in sorted((await store.records(EVENT)).items()):
        event = read(Event, record)
        events.setdefault(event.consent, []).append(event)
    for steps in events.values():
        law.put(folded(steps))


def law_of(town: Town) -> Law:
    """The law of a town. Raises Conflict where it has none."""
    if town.policy.law is None:
        raise Conflict("This town keeps no legal classes")
    return town.policy.law


# marks


def marks(town: Town, by: Principal) -> Sequence[Mark]:
    """What is of which class; everyone who is known may read it."""
    _demand_known(town, by)
    return list(law_of(town).marks.values())


async def put_mark(town: Town, mark: Mark, by: Principal) -> None:
    """Say of which class a type or an attribute is, in place of what was said of it. Raises BadRequestData."""
    demand(town.policy, by, Deed.ADMINISTER)
    fault = legal.faults(mark)
    if fault is not None:
        raise BadRequestData(f"This mark cannot be: {fault}")
    law = law_of(town)
    _demand_room(law.marks, mark.id)
    law.set_marks([one for one in law.marks.values() if one.id != mark.id] + [mark])
    town.policy.renew()
    await town.store.transact(lambda tx: tx.put_record(MARK, mark.id, write(mark)))
    await _meet_all(town, mark)
    town.policy.note(by, f"marked as {mark.legal}: {mark.type or 'any type'} {mark.attribute or 'as a whole'}")


async def _meet_all(town: Town, mark: Mark) -> None:
    """Find which types those entities have that have something marked."""
    law = law_of(town)
    if not mark.type:
        for summary in await town.store.types():
            law.meet((summary.type,), summary.attributes)  # each type that such an entity has is summed up by itself
    at, more = 0, bool(mark.type)
    while more:
        found = await town.store.find(Query(types=TypeIs(mark.type)), Page(_PAGE, at), town.clock())
        for entity in found.entities:
            law.meet(entity.types, ())
        at += _PAGE
        more = len(found.entities) == _PAGE
    await town.store.transact(lambda tx: tx.put_record(LEGAL, TOUCHED, {"types": sorted(law.touched)}))


async def drop_mark(town: Town, mark_id: str, reason: str, by: Principal) -> None:
    """Say that something is of no class any more, and why. Raises NotFound."""
    demand(town.policy, by, Deed.ADMINISTER)
    law = law_of(town)
    if mark_id not in law.marks:
        raise NotFound(f"Nothing is marked by the name {mark_id[:200]}")
    if not reason.strip():
        raise BadRequestData("Say why this is of no legal class any more", member="reason")
    await town.store.transact(lambda tx: tx.delete_record(MARK, mark_id))
    law.set_marks([one for one in law.marks.values() if one.id != mark_id])
    town.policy.renew()
    town.policy.note(by, f"unmarked {mark_id}: {reason}")


async def mark_personal(town: Town, names: Iterable[str], by: Principal) -> None:
    """Have these types and attributes (expanded), and no others, be marked as personal: those that are new as entities
    that are the persons themselves."""
    demand(town.policy, by, Deed.ADMINISTER)
    law, wanted = law_of(town), frozenset(names)
    for mark in list(law.marks.values()):
        if mark.legal is LegalClass.PERSONAL and (mark.attribute or mark.type) not in wanted:
            await drop_mark(town, mark.id, "it was taken from the list of what is personal", by)
    types = {summary.type for summary in await town.store.types()}
    for name in sorted(wanted - law.personal_marks):
        await put_mark(town, Mark(LegalClass.PERSONAL, *((name,) if name in types else ("", name))), by)
    done = turn(town, by, personal=sorted(wanted))
    await town.store.transact(lambda tx: tx.put_record(TURNS, *done))


# grounds


def grounds(town: Town, by: Principal) -> Sequence[Ground]:
    """On which grounds data are given without consent, ended ones too; whoever is known may read them."""
    _demand_known(town, by)
    return list(law_of(town).grounds.values())


async def put_ground(town: Town, ground: Ground, by: Principal) -> Ground:
    """Record a ground. Raises BadRequestData, AlreadyExists."""
    demand(town.policy, by, Deed.ADMINISTER)
    law, now = law_of(town), town.clock()
    fault = legal.ground_faults(ground, now)
    if fault is not None:
        raise BadRequestData(f"This ground cannot be: {fault}")
    if ground.id in law.grounds:
        raise AlreadyExists(f"There is a ground {ground.id[:200]} already; a ground is never changed, only ended")
    _demand_room(law.grounds, ground.id)
    made = replace(ground, made_by=by.id, made_at=now, ended=None)
    await town.store.transact(lambda tx: tx.put_record(GROUND, made.id, write(made)))
    law.put_ground(made)
    town.policy.renew()
    town.policy.note(by, f"recorded a ground ({made.basis}) {made.id}: {made.reason}")
    return made


async def end_ground(town: Town, ground_id: str, by: Principal) -> Ground:
    """End a ground before its time. Raises NotFound."""
    demand(town.policy, by, Deed.ADMINISTER)
    law, now = law_of(town), town.clock()
    known = law.grounds.get(ground_id)
    if known is None:
        raise NotFound(f"There is no ground {ground_id[:200]} here")
    ended = known if known.end <= now else replace(known, ended=now)
    law.put_ground(ended)
    town.policy.renew()
    await town.store.transact(lambda tx: tx.put_record(GROUND, ended.id, write(ended)))
    town.policy.note(by, f"ended the ground {ended.id}")
    return ended


# purposes


def purposes(town: Town) -> Sequence[Purpose]:
    """The purposes for which people may be asked; anybody may read them."""
    return list(law_of(town).purposes.values())


async def publish(town: Town, purpose_id: str, texts: Mapping[str, str], by: Principal) -> Purpose:
    """Publish a purpose, or another version of its text.

    Raises BadRequestData; Conflict where it is closed; NotApproved where nobody may be asked for it.
    """
    demand(town.policy, by, Deed.ADMINISTER)
    fault = purpose.faults(purpose_id, texts)
    if fault is not None:
        raise BadRequestData(f"This purpose cannot be: {fault}", member="texts")
    law, now = law_of(town), town.clock()
    known = law.purposes.get(purpose_id)
    if known is not None and not known.is_open(now):
        raise Conflict(f"The purpose {purpose_id} is closed; publish another one")
    demand_approved(law, purpose_id, now)
    _demand_room(law.purposes, purpose_id)
    versions = () if known is None else known.versions
    version = Version(len(versions) + 1, tuple(sorted(texts.items())), now, by.id)
    made = Purpose(purpose_id, (*versions, version))
    await town.store.transact(lambda tx: tx.put_record(PURPOSE, purpose_id, write(made)))
    law.put_purpose(made)
    town.policy.note(by, f"published the purpose {purpose_id}, version {version.number}")
    return made


async def close(town: Town, purpose_id: str, by: Principal) -> Purpose:
    """Close a purpose: from now on nobody is given data for it. Raises NotFound."""
    demand(town.policy, by, Deed.ADMINISTER)
    law = law_of(town)
    known = law.purposes.get(purpose_id)
    if known is None:
        raise NotFound(f"There is no purpose {purpose_id[:200]} here")
    closed = known if known.closed_at is not None else replace(known, closed_at=town.clock())
    law.put_purpose(closed)
    await town.store.transact(lambda tx: tx.put_record(PURPOSE, purpose_id, write(closed)))
    town.policy.note(by, f"closed the purpose {purpose_id}")
    return closed


def _demand_known(town: Town, by: Principal) -> None:
    if by.id == ANONYMOUS.id and not town.policy.is_open:
        raise SignInRequired("Say who you are to read on which grounds data are given")


def _demand_room(kept: Mapping[str, object], key: str) -> None:
    if key not in kept and len(kept) >= _MOST:
        raise Conflict(f"A town keeps {_MOST} of these at most")
