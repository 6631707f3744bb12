"""By which name does a service know a person? By one that no other service has, and that leads back through the door.

A pseudonym is a keyed digest of the service and the person. Nothing is kept of whom it is: the key lies in a
file of its own, and to find the person the town asks of everybody it knows whether it is theirs. That is done
for who has a recorded ground for it, and is noted.
"""

import hmac
from base64 import b32encode
from collections.abc import Callable
from hashlib import sha256

from machinami.broker.town import Naming, Town
from machinami.foundation.errors import BadRequestData, Conflict, Forbidden, NotFound, SignInRequired
from machinami.model.legal import SERVES, LegalClass
from machinami.model.principal import ANONYMOUS, Principal
from machinami.model.town_terms import NAMESPACE

PSEUDONYM = NAMESPACE + "Pseudonym"
"""A ground that names this type opens whose a pseudonym is; one that names no type does not."""
BEGIN = "urn:machinami:pseudonym:"
_BYTES = 20
_ACCOUNTS, _CARDS = "identity-account", "person-card"


def pseudonym(key: bytes, service: str, person: str) -> str:
    """The name of a person for one service, by the mapping key of the town."""
    told = "\x1f".join((service, person)).encode()
    return BEGIN + b32encode(hmac.digest(key, told, sha256)[:_BYTES]).decode("ascii").lower()


class Pseudonyms:
    """The pseudonyms of one town. key: gives the mapping key, made at the first need."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def of(self, service: str, person: str) -> str:
        """The name by which a service knows a person: always the same, and another one for every service."""
        return pseudonym(self._key(), service, person)


def pseudonyms_of(town: Town) -> Naming:
    """The pseudonyms of a town. Raises Conflict where it has no mapping key."""
    if town.pseudonyms is None:
        raise Conflict("This town has no key for pseudonyms")
    return town.pseudonyms


def own(town: Town, service: str, by: Principal) -> str:
    """Under which name a service knows who asks. Raises SignInRequired."""
    if by.id == ANONYMOUS.id:
        raise SignInRequired("Say who you are to see by which name a service knows you")
    return pseudonyms_of(town).of(_named(service), by.id)


async def resolve(town: Town, service: str, name: str, reason: str, by: Principal) -> str:
    """Whose a service's pseudonym is. Raises Forbidden for who has no recorded ground, NotFound."""
    if by.id == ANONYMOUS.id:
        raise SignInRequired("Say who you are to learn whose a pseudonym is")
    _named(service)
    if not reason.strip():
        raise BadRequestData("Say why it must be known whose this is", member="reason")
    ground = _ground(town, by)
    if ground is None:
        town.policy.note(by, f"was refused whose the pseudonym {name[:100]} of {service} is: {reason[:500]}")
        raise Forbidden("Whose a pseudonym is, is told on a recorded ground alone", principal=by.id)
    law, known = town.policy.law, pseudonyms_of(town)
    people = set(await town.store.records(_ACCOUNTS))
    people |= {str(card["id"]) for card in (await town.store.records(_CARDS)).values()}
    people |= set() if law is None else {one.subject for one in law.consents.values()}
    person = next((one for one in sorted(people) if hmac.compare_digest(known.of(service, one), name)), None)
    town.policy.note(by, f"looked up whose {name[:100]} of {service} is, on {ground}: {reason[:500]}", entity=person)
    if person is None:
        raise NotFound(f"{name[:100]} is nobody's name for {service} here")
    return person


def _ground(town: Town, by: Principal) -> str | None:
    law, now = town.policy.law, town.clock()
    if law is None or town.policy.is_open or by.id == ANONYMOUS.id:
        return None
    serving = SERVES[LegalClass.PERSONAL]
    for one in law.grounds.values():
        if PSEUDONYM in one.types and one.basis in serving and now < one.end and one.is_for(by):
            return one.id
    return None


def _named(service: str) -> str:
    if not service or len(service) > 200:
        raise BadRequestData("Say which service: its id", member="service")
    return service
