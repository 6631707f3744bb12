"""Which Context Sources does a town know? Its registrations, how asking them fared, and who hears of changes.

ETSI GS CIM 009, 5.9 (provision) and 5.10 (discovery). As long as nothing is registered, `kept` is empty: that is
all that other operations look at.
"""

from collections.abc import Sequence
from dataclasses import replace

from machinami.broker.credentials import kept as kept_document
from machinami.broker.policy import Policy, demand
from machinami.broker.sources import Source
from machinami.broker.stamps import stamped, stamps
from machinami.broker.town import Town
from machinami.foundation.errors import AlreadyExists, BadRequestData, Conflict, NotFound
from machinami.foundation.urn import without_password
from machinami.model.credentials import discreet
from machinami.model.entity import Entity
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import Page, Query, TypeAll, TypeIs
from machinami.model.registration import EntityInfo, Mode, Registration, RegistrationInfo
from machinami.model.registration_matching import Specification, is_current, is_in_conflict, matches_registration
from machinami.model.starting_policy import REGISTRATION

RECORD = "registration"


def no_registration(registration_id: str) -> NotFound:
    """The error for a registration that is not there."""
    return NotFound(f"There is no registration {registration_id} here", registrationId=registration_id)


def sees_sources(town: Town, by: Principal) -> bool:
    """Whether who asks may know who the neighbours are: a row about the type of registrations says so."""
    rights = town.policy.rights(by)
    if rights is None or rights.may(Deed.ADMINISTER):
        return True
    about = Entity("", (REGISTRATION,))
    return any(rights.extent(deed, about) is not None for deed in (Deed.READ, Deed.ADMINISTER))


def _demand(policy: Policy, by: Principal) -> None:
    """Raise Forbidden unless who asks administers the town, or at least who its neighbours are."""
    rights, about = policy.rights(by), Entity("", (REGISTRATION,))
    if rights is not None and rights.extent(Deed.ADMINISTER, about) is None:
        raise rights.refusal(Deed.ADMINISTER, "the registered sources", about)


async def register(town: Town, registration: Registration, by: Principal) -> None:
    """Take a new registration (5.9.2). Raises AlreadyExists, BadRequestData, Conflict."""
    _demand(town.policy, by)
    present = town.sources.kept.get(registration.id)
    if present is not None and is_current(present.registration, town.clock()):
        raise AlreadyExists(f"There is a registration {registration.id} already", registrationId=registration.id)
    await _keep(town, registration)
    town.policy.note(by, f"registered {registration.id}: {without_password(registration.endpoint)}")


async def reregister(town: Town, registration: Registration, by: Principal) -> None:
    """Replace a registration by its changed form (5.9.3). Raises NotFound, BadRequestData, Conflict."""
    _demand(town.policy, by)
    source(town, registration.id, by)
    await _keep(town, registration)
    town.policy.note(by, f"registered anew {registration.id}: {without_password(registration.endpoint)}")


async def deregister(town: Town, registration_id: str, by: Principal) -> None:
    """Forget a registration (5.9.4). Raises NotFound."""
    _demand(town.policy, by)
    source(town, registration_id, by)
    await town.store.transact(lambda tx: tx.delete_record(RECORD, registration_id))
    town.sources.drop(registration_id)
    town.policy.note(by, f"deregistered {registration_id}")


def source(town: Town, registration_id: str, by: Principal) -> Source:
    """One registered source (5.10.1). Raises NotFound."""
    found = town.sources.kept.get(registration_id)
    if not sees_sources(town, by):
        town.policy.note_refused(by, Deed.READ, registration_id)
        raise no_registration(registration_id)
    if found is None or not is_current(found.registration, town.clock()):
        raise no_registration(registration_id)
    return found


def discover(town: Town, wanted: Specification, by: Principal) -> Sequence[Source]:
    """The sources that may know of what is asked for (5.10.2), in order of registration."""
    now = town.clock()
    if not sees_sources(town, by):
        demand(town.policy, by, Deed.READ, Deed.ADMINISTER)
        return []
    return [kept for kept in town.sources.kept.values() if matches_registration(kept.registration, wanted, now)]


async def forget_expired(town: Town) -> None:
    """Delete the registrations whose time is over (5.9.2.4)."""
    now = town.clock()
    gone = [key for key, kept in town.sources.kept.items() if not is_current(kept.registration, now)]
    if gone:
        await town.store.transact(lambda tx: [tx.delete_record(RECORD, key) for key in gone])
        for key in gone:
            town.sources.drop(key)


async def _keep(town: Town, registration: Registration) -> None:
    now = town.clock()
    if registration.expires_at is not None and registration.expires_at <= now:
        raise BadRequestData("expiresAt is in the past", member="expiresAt")
    await forget_expired(town)
    for kept in town.sources.kept.values():
        if kept.registration.id != registration.id and is_in_conflict(registration, kept.registration):
            raise Conflict(
                f"The registration {kept.registration.id} covers the same attributes of the same entity (4.3.6.3)",
                registrationId=kept.registration.id,
            )
    if registration.proxied:
        await _refuse_held(town, registration)
    town.meter.demand_room()
    before = town.sources.kept.get(registration.id)
    registration = stamped(registration, None if before is None else before.registration, now)
    document = kept_document(town, registration.document, registration.info, registration.endpoint)
    record = {"document": document, "context": registration.context, **stamps(registration)}
    await town.store.transact(lambda tx: tx.put_record(RECORD, registration.id, record))
    town.sources.put(without_secrets(registration))


def without_secrets(registration: Registration) -> Registration:
    """The registration with a document that may be shown; its header fields are what sources are asked with."""
    return replace(registration, document=discreet(registration.document))


async def _refuse_held(town: Town, registration: Registration) -> None:
    """Refuse to have data held by a source alone of which some are held here (5.9.2.4). Raises Conflict."""
    for info in registration.information:
        for entity in info.entities or (None,):
            found = await town.store.find(_held(info, entity, registration.mode), Page(1), town.clock())
            if found.entities:
                raise Conflict(
                    f"The entity {found.entities[0].id} is held here; delete it, or what of it is registered, first",
                    entityId=found.entities[0].id,
                )


def _held(info: RegistrationInfo, entity: EntityInfo | None, mode: Mode) -> Query:
    attributes = tuple(sorted(info.attributes))
    if entity is None:
        return Query(attrs=attributes)
    if mode is Mode.EXCLUSIVE and entity.id is not None:
        return Query(ids=(entity.id,), attrs=attributes)
    if not entity.types:
        return Query(None, (entity.id,) if entity.id else (), entity.id_pattern, attributes)
    types = TypeAll(tuple(map(TypeIs, entity.types))) if len(entity.types) > 1 else TypeIs(entity.types[0])
    return Query(types, (entity.id,) if entity.id else (), entity.id_pattern, attributes)
