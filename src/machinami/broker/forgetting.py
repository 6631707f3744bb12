"""When are data about people erased? When they ask for it, and when a consent ended and nothing else justifies keeping.

What justifies keeping is another consent of the same person that holds, or a recorded ground of the law. What a town
has to keep whatever its people consent to needs a recorded ground, as it needs one to be read.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from machinami.broker import consents
from machinami.broker.erasure import about, accounts, carry_out, finish_pending
from machinami.broker.pairing import SCOPE as PAIRED
from machinami.broker.policy import demand
from machinami.broker.private import SCOPE as KEPT_PRIVATELY
from machinami.broker.shroud.concerning import scope_of
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound, SignInRequired
from machinami.model.consent import IN_FORCE, Consent, Terms
from machinami.model.erasure import Kept
from machinami.model.legal import SERVES, LegalClass, Mark
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, SYSTEM, Principal
from machinami.store.protocol import Transaction

SETTLED = "consent-settled"
EVIDENCE = "proof of what was consented to, and that it was lawful (APPI 27(1), 30)"
ACCOUNTED = "the record of who did what, which is chained and holds ids, types and names, and no value"


async def ask(
    town: Town, person: str, by: Principal, reason: str, proof: str = "", types: Sequence[str] = ()
) -> dict[str, Any]:
    """Erase what there is about a person (of these types; of all), as they ask; their consents to it end with that.

    What a recorded ground has the town keep is kept, and said. Returns the account. Raises Forbidden for who may not
    speak for the person, Conflict in a town that keeps no legal classes.
    """
    _demand_speaking(town, person, by, proof)
    law = town.policy.law
    if town.shroud is None or law is None:
        raise Conflict("This town does not seal what is personal: delete the entities one by one")
    marks = [mark for mark in town.shroud.concerns.marks if not types or mark.type in types or mark.attribute in types]
    for one in law.of(person):
        if one.state in IN_FORCE and any(_is_to(one.terms, mark) for mark in marks):
            await consents.withdraw(town, one.id, by, proof)
    kept = {mark.id: justified(town, person, mark) for mark in marks}
    scopes = {scope_of(mark) for mark in marks if not kept[mark.id]}
    told = [one for mark in marks for one in kept[mark.id]] + always(town, person)
    going = await about(town, person, scopes)
    if not types:
        going.places |= {(scope, person) for scope in (PAIRED, KEPT_PRIVATELY)}
    return await carry_out(town, going, told, by, reason or "the person asked for it")


async def settle(town: Town) -> list[dict[str, Any]]:
    """Erase what consents were to that have ended, where nothing else justifies keeping it; the accounts of it."""
    law = town.policy.law
    if law is None or not law.over or town.policy.is_open or town.shroud is None or town.snapshot:
        return []
    over, law.over = list(dict.fromkeys(law.over)), []
    settled = await town.store.records(SETTLED)
    made: list[dict[str, Any]] = []
    for consent_id in over:
        consent = law.consents[consent_id]
        steps = _steps(town, consent)
        if settled.get(consent_id, {}).get("steps") != steps:
            made += await _settle(town, consent)
            await town.store.transact(partial(_note, consent_id, steps))
    return made


def _note(consent_id: str, steps: str, tx: Transaction) -> None:
    tx.put_record(SETTLED, consent_id, {"steps": steps})


def _steps(town: Town, consent: Consent) -> str:
    purpose = town.policy.law.purposes.get(consent.terms.purpose) if town.policy.law is not None else None
    closed = "" if purpose is None or purpose.closed_at is None else ", and its purpose is closed"
    return f"{len(consent.events)} steps{closed}"


async def _settle(town: Town, consent: Consent) -> list[dict[str, Any]]:
    shroud = town.shroud
    if shroud is None:
        return []
    ever = [event.terms for event in consent.events if event.terms is not None]
    marks = [mark for mark in shroud.concerns.marks if any(_is_to(terms, mark) for terms in ever)]
    kept = {mark.id: justified(town, consent.subject, mark) for mark in marks}
    going = await about(town, consent.subject, {scope_of(mark) for mark in marks if not kept[mark.id]})
    if not (going.ids or going.attributes or going.places):
        return []
    told = [one for mark in marks for one in kept[mark.id]] + always(town, consent.subject)
    return [await carry_out(town, going, told, SYSTEM, f"{consent.id} has ended")]


def justified(town: Town, person: str, mark: Mark) -> list[Kept]:
    """What justifies keeping what is marked about a person: consents that hold, and grounds of the law."""
    law, now = town.policy.law, town.clock()
    if law is None:
        return []
    what = " ".join(filter(None, (mark.type, mark.attribute)))
    found: list[Kept] = []
    for one in law.of(person):
        purpose = law.purposes.get(one.terms.purpose)
        if one.holds(now) and purpose is not None and purpose.is_open(now) and _is_to(one.terms, mark):
            found.append(Kept(what, f"{one.id}, which the person gave", one.terms.until))
    for ground in law.grounds.values():
        serves = ground.basis in SERVES[LegalClass.PERSONAL] and now < ground.end
        is_meant = not mark.attribute or not ground.attributes or mark.attribute in ground.attributes
        if serves and is_meant and (not mark.type or ground.is_about((mark.type,))):
            found.append(Kept(what, f"{ground.basis}, {ground.id}: {ground.reason}", ground.end))
    return found


def _is_to(terms: Terms, mark: Mark) -> bool:
    """Whether a consent is to something that is marked."""
    if terms.types and mark.type and mark.type not in terms.types:
        return False
    return not (mark.attribute and terms.attributes) or mark.attribute in terms.attributes


def always(town: Town, person: str) -> list[Kept]:
    """What is kept of everybody: that things were done, without any value."""
    law = town.policy.law
    kept = [Kept("the record of the town", ACCOUNTED)]
    if law is not None and law.of(person):
        kept.append(Kept("the steps of the person's consents", EVIDENCE))
    return kept


async def of_person(town: Town, person: str, by: Principal) -> list[dict[str, Any]]:
    """The accounts of what was erased about a person, the last one first. Raises Forbidden, SignInRequired."""
    if by.id == ANONYMOUS.id:
        raise SignInRequired("Say who you are to see what was erased")
    if by.id != person and not consents.may_help(town, by):
        demand(town.policy, by, Deed.ADMINISTER)
    return await accounts(town, person)


async def every(town: Town, by: Principal) -> list[dict[str, Any]]:
    """All accounts, for an administrator. Raises Forbidden."""
    demand(town.policy, by, Deed.ADMINISTER)
    return await accounts(town)


async def account(town: Town, erasure_id: str, by: Principal) -> Mapping[str, Any]:
    """One account, for whom it is about and for who may speak for them. Raises NotFound, SignInRequired."""
    found = next((one for one in await accounts(town) if one["id"] == erasure_id), None)
    if found is not None and by.id != ANONYMOUS.id and (by.id in found["people"] or consents.may_help(town, by)):
        return found
    if by.id == ANONYMOUS.id:
        raise SignInRequired("Say who you are to see what was erased")
    raise NotFound(f"There is no account {erasure_id[:200]} here")


def _demand_speaking(town: Town, person: str, by: Principal, proof: str) -> None:
    if by.id == ANONYMOUS.id and not town.policy.is_open:
        raise SignInRequired("Say who you are to have data about you erased")
    if by.id == person and by.scopes is None:
        return
    if not consents.may_help(town, by):
        raise Forbidden(f"{by.id} may not speak for {person[:200]}", principal=by.id)
    if not proof.strip():
        raise BadRequestData("Say how the person showed that it is their will", member="proof")


class Forgetting:
    """What is done in each town again and again: erasures that were broken off first, then what has become due."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._turn = asyncio.Lock()

    async def look(self, town: Town) -> int:
        """How many erasures there were."""
        async with self._turn:
            done = 0
            if town.name not in self._seen:
                done = await finish_pending(town)
                self._seen.add(town.name)
            return done + len(await settle(town))
