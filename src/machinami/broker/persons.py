"""Under which names does a town know a person, and how does somebody show that one of them is theirs?

Services know people by pseudonyms, a desk by the number of a card; the person alone can connect such a name to their
account, by what only they have. The connection is kept apart from the data, and given to nobody else.
"""

import hmac
from hashlib import sha256

from machinami.broker.consents import may_help
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict, CredentialRefused, Forbidden, NotFound, SignInRequired
from machinami.foundation.urn import is_uri
from machinami.model.identity.record import read, write
from machinami.model.person import Card, Handle, read_number
from machinami.model.principal import ANONYMOUS, Principal, Role

HANDLE, CARD = "person-handle", "person-card"
_SERVICE, _CARDED = "urn:machinami:service:", "urn:ngsi-ld:Person:"
_MOST = 100  # names of one person


def demand_person(by: Principal) -> None:
    """Raise SignInRequired, or Forbidden for a program: what is about a person is asked by themselves alone."""
    if by.id == ANONYMOUS.id:
        raise SignInRequired("Sign in to see what the town holds about you")
    if by.scopes is not None or Role.SERVICE in by.roles:
        raise Forbidden("Programs are not shown what the town holds about a person", principal=by.id)


def as_person(name: str) -> Principal:
    """The person of a name, as who they are shown what is about them."""
    return Principal(name, frozenset({Role.RESIDENT}))


async def names_of(town: Town, by: Principal) -> list[str]:
    """All names of who asks: that of their account first, those that they connected, and the pseudonyms by which the
    services know them, or their cards. Raises SignInRequired, Forbidden."""
    connected = [one.id for one in await handles(town, by)]
    people = [by.id, *(one for one in connected if one.startswith(_CARDED))]
    return [by.id, *connected, *(name for one in people for name in pseudonyms_at_services(town, one))]


def pseudonyms_at_services(town: Town, person: str) -> list[str]:
    """By which names the services of the town would know a person. The caller sees to it that who asks may know."""
    services = {row.name for row in town.policy.derived if row.name.startswith(_SERVICE)}
    if town.pseudonyms is None:
        return []
    return [town.pseudonyms.of(one.removeprefix(_SERVICE), person) for one in sorted(services)]


async def handles(town: Town, by: Principal) -> list[Handle]:
    """The names that are connected to the account of who asks."""
    demand_person(by)
    found = [read(Handle, one) for one in (await town.store.records(HANDLE)).values() if one["person"] == by.id]
    return sorted(found, key=lambda one: one.since)


async def connect(town: Town, handle: str, by: Principal) -> Handle:
    """Take down that a name is that of who asks, who showed that it is. Raises Conflict where it is somebody else's."""
    demand_person(by)
    if not is_uri(handle) or handle == by.id:
        raise BadRequestData("This is no name that can be connected")
    if len(await handles(town, by)) >= _MOST:
        raise Conflict(f"A person has {_MOST} names at most; take one off first")
    known = town.store.record(HANDLE, handle)
    if known is not None and known["person"] != by.id:
        raise Conflict("This is connected to another account already")
    made = Handle(handle, by.id, town.clock())
    await town.store.transact(lambda tx: tx.put_record(HANDLE, handle, write(made)))
    town.policy.note(by, "connected a name to their account", people=[by.id])
    return made


async def disconnect(town: Town, handle: str, by: Principal) -> None:
    """Forget that a name is that of who asks. Raises NotFound."""
    known = town.store.record(HANDLE, handle)
    if known is None or known["person"] != by.id:
        raise NotFound("This is not connected to your account")
    await town.store.transact(lambda tx: tx.delete_record(HANDLE, handle))
    town.policy.note(by, "took a name off their account", people=[by.id])


# cards of a desk


async def make_card(town: Town, number: str, code: str, recognised: str, by: Principal) -> Card:
    """Make a person of somebody at a desk; number and code are made by chance. Raises Forbidden, BadRequestData."""
    demand_desk(town, by)
    if not recognised.strip() or len(recognised) > 500:
        raise BadRequestData("Say in at most 500 characters how you saw who it is", member="recognised")
    made = Card(number, f"{_CARDED}{town.new_id()}", _digest(code), recognised.strip(), by.id, town.clock())
    if town.store.record(CARD, number) is not None:
        raise Conflict("This number is taken; make another card")
    await town.store.transact(lambda tx: tx.put_record(CARD, number, write(made)))
    town.policy.note(by, "made a card at the desk", people=[made.id])
    return made


def find_card(town: Town, number: str, by: Principal) -> Card:
    """The card with this number, for a desk. Raises Forbidden, NotFound."""
    demand_desk(town, by)
    known = town.store.record(CARD, read_number(number))
    if known is None:
        raise NotFound("There is no card with this number")
    return read(Card, known)


async def claim(town: Town, number: str, code: str, by: Principal) -> Handle:
    """Connect a card to the account of who has the paper. Raises CredentialRefused where number or code is wrong."""
    demand_person(by)
    known = town.store.record(CARD, read_number(number))
    right = _digest(read_number(code))
    if known is None or not hmac.compare_digest(right, str(known["code"])):
        town.policy.note(by, "showed a wrong code for a card")
        raise CredentialRefused("The number or the code is not right")
    return await connect(town, str(known["id"]), by)


def demand_desk(town: Town, by: Principal) -> None:
    """Raise Forbidden unless who asks may take down consents for people at a desk."""
    if by.id == ANONYMOUS.id:
        raise SignInRequired("Sign in to work at the desk")
    if not may_help(town, by):
        raise Forbidden(f"{by.id} may not take down consents for others", principal=by.id)


def _digest(code: str) -> str:
    return sha256(f"card {code}".encode()).hexdigest()
