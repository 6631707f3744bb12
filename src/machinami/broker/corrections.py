"""What do people say is wrong about them, who decides on it, and what becomes of it? (APPI 34, 90)

Who asks gives what they write to those who decide: staff whom a row lets change entities of the type CorrectionRequest.
What is accepted is put right in the present and the past; what it was stays visible, with the reason.
"""

from collections.abc import Mapping
from typing import Any

from machinami.broker import history
from machinami.broker.holdings import one_held
from machinami.broker.law import Law
from machinami.broker.legal_records import law_of
from machinami.broker.persons import as_person, demand_person, names_of
from machinami.broker.shroud.concerning import scope_of
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound, SignInRequired
from machinami.model.correction import CorrectionRequest, Standing, checked_reason, decided
from machinami.model.entity import Entity
from machinami.model.identity.record import read, write
from machinami.model.legal import LegalClass, is_staff
from machinami.model.policy import Deed
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.town_terms import NAMESPACE

REQUEST = NAMESPACE + "CorrectionRequest"  # a row about this type is about who may decide on what people say is wrong
_KIND = "correction-request"
_SEALED = ("value", "wanted", "reason", "answer")
_MOST_OPEN = 100  # of one person


async def ask(
    town: Town, entity_id: str, attribute: str, instance_id: str, wanted: Any, reason: str, by: Principal
) -> CorrectionRequest:
    """Say that a value (its attribute expanded, and its name in the past) is wrong, and what is right (None: nothing).

    Raises NotFound for what is not about who asks, BadRequestData, Conflict.
    """
    names = await names_of(town, by)
    found = await one_held(town, entity_id, names)
    reason = checked_reason(reason)
    if found.attributes and attribute not in found.attributes:
        raise NotFound("This attribute is not marked as about you")
    if attribute in _naming(law_of(town), found.entity):
        raise BadRequestData("Whom data are about cannot be corrected; ask for their erasure", member="attribute")
    instance = await history.instance_of(town, entity_id, attribute, instance_id, as_person(found.name))
    if wanted == instance.value.value:
        raise BadRequestData("This is what is kept already", member="wanted")
    made = CorrectionRequest(
        f"urn:ngsi-ld:CorrectionRequest:{town.new_id()}", found.name, by.id, town.clock(), entity_id, found.type,
        attribute, instance_id, instance.value.value, wanted, reason,
    )  # fmt: skip
    mine = [one for one in await _every(town) if one.by == by.id and one.standing is Standing.ASKED]
    if len(mine) >= _MOST_OPEN:
        raise Conflict(f"A person has {_MOST_OPEN} requests open at most")
    if any((one.entity, one.attribute, one.instance) == (entity_id, attribute, instance_id) for one in mine):
        raise Conflict("You have asked for this already; it is not decided yet")
    await _keep(town, made, _scope(law_of(town), found.entity))
    town.policy.note(by, "asked for a correction", people=[found.name])
    return made


async def own(town: Town, by: Principal) -> list[CorrectionRequest]:
    """What who asks said to be wrong, the last first."""
    demand_person(by)
    return [one for one in await _every(town) if one.by == by.id]


async def every(town: Town, by: Principal) -> list[CorrectionRequest]:
    """What people said to be wrong, for who decides on it: what is open first. That they look is noted."""
    demand_deciding(town, by)
    found = await _every(town)
    for one in found:
        if one.standing is Standing.ASKED:
            town.policy.note_shown(by, [one.by, one.subject], "correction-request")
    return sorted(found, key=lambda one: one.standing is not Standing.ASKED)


async def decide(town: Town, request_id: str, accepts: bool, answer: str, by: Principal) -> CorrectionRequest:
    """Accept a request, by which the value is put right, or refuse it with a reason. Raises NotFound, Forbidden where
    the policy lets who decides not change such data, Conflict, BadRequestData."""
    demand_deciding(town, by)
    known = town.store.record(_KIND, request_id)
    if known is None:
        raise NotFound("There is no such request")
    request = _opened(town, known)
    if by.id in (request.by, request.subject):
        raise Forbidden("Nobody decides on a request of their own", principal=by.id)
    done = decided(request, accepts, answer, by.id, town.clock())
    if accepts:
        reason = f"{request.reason} (asked by whom it is about)"
        shown_by = as_person(request.subject)
        await history.correct(
            town, request.entity, request.attribute, request.instance, request.wanted, reason, by, shown_by
        )
    await _keep(town, done, str(known.get("scope", "")))
    town.policy.note(by, f"{done.standing} a correction", people=[request.by, request.subject])
    return done


def may_decide(town: Town, by: Principal) -> bool:
    """Whether who asks may decide on what people say is wrong."""
    rights = town.policy.rights(by)
    if rights is None or by.scopes is not None or not is_staff(by):
        return False
    return rights.extent(Deed.CHANGE, Entity("", (REQUEST,))) is not None


def demand_deciding(town: Town, by: Principal) -> None:
    """Raise SignInRequired or Forbidden unless who asks may decide."""
    if by.id == ANONYMOUS.id:
        raise SignInRequired("Sign in to decide on corrections")
    if not may_decide(town, by):
        raise Forbidden(f"{by.id} may not decide on what people say is wrong", principal=by.id)


def _naming(law: Law, entity: Entity) -> frozenset[str]:
    return frozenset(mark.subject for mark in law.marks.values() if mark.subject and mark.is_about(entity))


def _scope(law: Law, entity: Entity) -> str:
    """With which of the person's keys the values of a request are sealed: with that of what they are about."""
    marks = [mark for mark in law.marks.values() if mark.legal is LegalClass.PERSONAL and mark.is_about(entity)]
    return scope_of(marks[0]) if marks else ""


async def _every(town: Town) -> list[CorrectionRequest]:
    found = [_opened(town, one) for one in (await town.store.records(_KIND)).values()]
    return sorted(found, key=lambda one: one.at, reverse=True)


async def _keep(town: Town, request: CorrectionRequest, scope: str) -> None:
    """Keep a request; what it says of the person is sealed with their key, so that it goes when that is destroyed."""
    record: dict[str, Any] = {**write(request), "scope": scope}
    if town.shroud is not None and scope:
        said = {name: record.pop(name) for name in _SEALED}
        record["said"] = town.shroud.cipher.close_record(said, request.id, [request.subject], scope)
    await town.store.transact(lambda tx: tx.put_record(_KIND, request.id, record))
    if town.shroud is not None:
        await town.shroud.settle()


def _opened(town: Town, record: Mapping[str, Any]) -> CorrectionRequest:
    """A request as it was asked; without what it said where the person was erased since."""
    nothing = {"value": None, "wanted": None, "reason": "", "answer": ""}
    said: Mapping[str, Any] | None = {}
    if "said" in record:
        said = None if town.shroud is None else town.shroud.cipher.open_record(record["said"], str(record["id"]))
    return read(CorrectionRequest, {**record, **(nothing if said is None else said)})
