"""Who consented to what, and how is it given, changed and withdrawn? Each step is a record that is never rewritten.

What is withdrawn is withdrawn in memory first, so that the next one who asks is refused, and then kept; what is given
counts only when it is kept; what is changed is what it was until then.
"""

from collections.abc import Mapping, Sequence

from machinami.broker.approvals import demand_askable
from machinami.broker.law import Law
from machinami.broker.legal_records import EVENT, law_of
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound, SignInRequired
from machinami.foundation.urn import is_uri
from machinami.model.consent import Consent, Event, State, Terms, after, following
from machinami.model.consent_rules import faults
from machinami.model.entity import Entity
from machinami.model.identity.record import write
from machinami.model.legal import is_staff
from machinami.model.policy import Deed, Whom
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.town_terms import NAMESPACE

CONSENT = NAMESPACE + "Consent"  # a row about this type is about who may take consents down for others
_MOST_IN_FORCE = 500  # consents of one person
_MOST_EVENTS = 500  # of one consent


async def give(town: Town, subject: str, terms: Terms, by: Principal, proof: str = "") -> Consent:
    """Take down that somebody consents; proof: how they showed it to who takes it down for them.

    Raises BadRequestData, Forbidden; NotApproved where nobody may be asked for this; Conflict in an open town.
    """
    law = _law(town)
    _demand_speaking(town, subject, by, proof)
    if not is_uri(subject):
        raise BadRequestData("A consent names the person by their id", member="subject")
    _demand_sound(law, terms, by, subject)
    demand_askable(law, terms, None)
    if sum(one.holds(law.clock()) for one in law.of(subject)) >= _MOST_IN_FORCE:
        raise Conflict(f"A person has {_MOST_IN_FORCE} consents in force at most; withdraw some first")
    consent_id = f"urn:ngsi-ld:Consent:{town.new_id()}"
    return await _take(town, None, Event(consent_id, 1, State.GIVEN, law.clock(), by.id, subject, terms, proof))


async def change(town: Town, consent_id: str, terms: Terms, by: Principal, proof: str = "") -> Consent:
    """Have a consent be to something else from the moment in which this is answered. Raises NotFound; Conflict where it
    has ended; NotApproved where it would be to more than before and nobody may be asked for that."""
    law = _law(town)
    async with law.turn:
        known = _known(town, consent_id, by)
        _demand_speaking(town, known.subject, by, proof)
        _demand_sound(law, terms, by, known.subject)
        if known.terms.until <= law.clock():
            following(State.EXPIRED, State.CHANGED)  # its date has ended it, whether that is noted already or not
        demand_askable(law, terms, known.terms)
        if len(known.events) >= _MOST_EVENTS:
            raise Conflict("This consent was changed too often; withdraw it and give a new one")
        event = _next(known, State.CHANGED, by.id, law, terms, proof)
        changed = after(known, event)
        await _keep(town, event)
        law.put(changed)  # in one step: a moment without either would have it erased what both of them keep
        town.policy.consented(by, changed)
        return changed


async def withdraw(town: Town, consent_id: str, by: Principal, proof: str = "") -> Consent:
    """Withdraw a consent, at once and everywhere. Raises NotFound, Conflict where it has ended."""
    law = _law(town)
    async with law.turn:
        known = _known(town, consent_id, by)
        _demand_speaking(town, known.subject, by, proof)
        return await _take(town, known, _next(known, State.WITHDRAWN, by.id, law, None, proof))


async def expire(town: Town) -> int:
    """Note that consents have ended by their date; how many. They hold no more from that moment on, noted or not."""
    law = town.policy.law
    if law is None:
        return 0
    ended = law.take_ended()
    for known in ended:
        async with law.turn:
            present = law.consents[known.id]
            if present is known:
                await _take(town, known, _next(known, State.EXPIRED, "machinami", law, None, ""))
    return len(ended)


def get(town: Town, consent_id: str, by: Principal) -> Consent:
    """A consent, for the person and for who may take consents down. Raises NotFound."""
    return _known(town, consent_id, by)


def of_person(town: Town, subject: str, by: Principal) -> Sequence[Consent]:
    """The consents of a person, ended ones too. Raises Forbidden, SignInRequired."""
    law = _law(town)
    if by.id != subject and not may_help(town, by):
        if by.id == ANONYMOUS.id:
            raise SignInRequired("Say who you are to see your consents")
        raise Forbidden(f"{by.id} may not see the consents of {subject}", principal=by.id)
    return law.of(subject)


def counts(town: Town, by: Principal) -> Mapping[str, tuple[int, int]]:
    """How many consents hold and how many have ended, by purpose: for who may take consents down. Raises Forbidden."""
    law = _law(town)
    if not may_help(town, by):
        raise Forbidden(f"{by.id} may not see how many consented", principal=by.id)
    now, found = law.clock(), dict.fromkeys(law.purposes, (0, 0))
    for one in law.consents.values():
        holding, ended = found.get(one.terms.purpose, (0, 0))
        found[one.terms.purpose] = (holding + 1, ended) if one.holds(now) else (holding, ended + 1)
    return found


def may_help(town: Town, by: Principal) -> bool:
    """Whether who asks may take down consents for people at a desk: a row lets them make entities of the type Consent,
    and they are of the town's staff and no program."""
    rights = town.policy.rights(by)
    if rights is None or by.scopes is not None or not is_staff(by):
        return False
    return rights.extent(Deed.CREATE, Entity("", (CONSENT,))) is not None


def _law(town: Town) -> Law:
    if town.policy.is_open:
        raise Conflict("A town without administrators is open to everyone, and asks nobody for consent")
    if town.snapshot:
        raise Conflict("Consent is given to the town, not to a snapshot of it")
    return law_of(town)


def _known(town: Town, consent_id: str, by: Principal) -> Consent:
    found = _law(town).consents.get(consent_id)
    if found is None or not (is_own_consent(found, by) or may_help(town, by)):
        raise NotFound(f"There is no consent {consent_id[:200]} here", consentId=consent_id[:200])
    return found


def is_own_consent(consent: Consent, by: Principal) -> bool:
    """Whether it is the consent of who asks."""
    return by.id != ANONYMOUS.id and consent.subject == by.id


def _demand_speaking(town: Town, subject: str, by: Principal, proof: str) -> None:
    """Raise Forbidden unless who asks is the person, or takes it down for them and says how they showed their will."""
    if by.id == ANONYMOUS.id:
        raise SignInRequired("Say who you are to give, change or withdraw a consent")
    if by.id == subject and by.scopes is None:
        return
    if not may_help(town, by):
        raise Forbidden(f"{by.id} may not speak for {subject}", principal=by.id)
    if not proof.strip():
        raise BadRequestData("Say how the person showed that it is their will", member="proof")


def _demand_sound(law: Law, terms: Terms, by: Principal, subject: str) -> None:
    now = law.clock()
    fault = faults(terms, now)
    if fault is not None:
        raise BadRequestData(f"This consent cannot be: {fault}")
    purpose = law.purposes.get(terms.purpose)
    if purpose is None or not purpose.is_open(now):
        raise BadRequestData(f"The town has not published the purpose {terms.purpose[:100]!r}", member="purpose")
    if not purpose.shows(terms.text, terms.language):
        raise BadRequestData(
            f"The purpose {purpose.id} has no text {terms.text[:20]!r} in the language {terms.language[:20]!r}",
            member="text",
        )
    names = {f"{Whom.PERSON}:{by.id}", f"{Whom.PROGRAM}:{by.id}"}
    if by.id != subject and not names.isdisjoint(terms.recipients):
        raise Forbidden("Nobody takes down a consent to be given data themselves", principal=by.id)


def _next(known: Consent, step: State, by: str, law: Law, terms: Terms | None, proof: str) -> Event:
    return Event(known.id, len(known.events) + 1, step, law.clock(), by, known.subject, terms, proof)


async def _take(town: Town, known: Consent | None, event: Event) -> Consent:
    """Take a step that gives nothing before it is kept, or nothing at all."""
    made, law = after(known, event), law_of(town)
    if made.state is not State.GIVEN:
        law.put(made)
    await _keep(town, event)
    if made.state is State.GIVEN:
        law.put(made)
    town.policy.consented(Principal(event.by), made)
    return made


async def _keep(town: Town, event: Event) -> None:
    key = f"{event.consent}/{event.number:06d}"
    await town.store.transact(lambda tx: tx.put_record(EVENT, key, write(event)))
