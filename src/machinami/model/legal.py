"""To which class of the law do data belong, and on which recorded ground may somebody be given them without consent?

The classes are those of the Act on the Protection of Personal Information (APPI, 個人情報の保護に関する法律).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from machinami.model.entity import Entity
from machinami.model.policy import Whom
from machinami.model.principal import SYSTEM, Principal, Role

_STAFF = frozenset({Role.OFFICER, Role.DEPARTMENT_HEAD, Role.MAYOR, Role.ADMINISTRATOR})
_HOUSE = "urn:machinami:"  # before the names of what the town itself runs; no account and no key can be called so


class LegalClass(StrEnum):
    """What data are before the law."""

    PERSONAL = "personal"  # 個人情報, APPI 2(1)
    PSEUDONYMISED = "pseudonymised"  # 仮名加工情報, APPI 2(5)
    ANONYMISED = "anonymised"  # 匿名加工情報, APPI 2(6)
    RELATED = "related"  # 個人関連情報, APPI 2(7)
    ADMINISTRATIVE = "administrative-anonymised"  # 行政機関等匿名加工情報, APPI 60(3)
    NEVER = "never-kept"  # what a town decides never to hold: it is refused on entry, and given to nobody


class Basis(StrEnum):
    """Why data may be given without the consent of whom they are about."""

    LAW = "law"
    CONTRACT = "contract"
    VITAL = "vital-interests"
    OWN_USE = "own-use"
    RECEIVER_CONTRACT = "receiver-contract"
    RECEIVER_CONFIRMED = "receiver-confirmed"
    ANONYMISING = "anonymising"  # APPI 43, 116: to make anonymous data of them, and for nothing else


SERVES = {
    LegalClass.PERSONAL: frozenset({Basis.LAW, Basis.CONTRACT, Basis.VITAL, Basis.OWN_USE, Basis.ANONYMISING}),
    # APPI 18, 27(1), 43, 69, 116
    LegalClass.PSEUDONYMISED: frozenset({Basis.LAW}),  # APPI 41(6), 73: to nobody else unless a law says so
    LegalClass.ANONYMISED: frozenset(Basis),
    LegalClass.RELATED: frozenset({Basis.LAW, Basis.RECEIVER_CONFIRMED}),  # APPI 31
    LegalClass.ADMINISTRATIVE: frozenset({Basis.LAW, Basis.RECEIVER_CONTRACT}),  # APPI 109, 115
    LegalClass.NEVER: frozenset(),
}


PUBLISHER = Principal(f"{_HOUSE}releases", frozenset({Role.SERVICE}), "anonymous-data")
"""Who reads personal data to make anonymous data of them: the town's own machinery, in nobody's name."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is of a legal class: the entities of a type as a whole, an attribute of them, or one wherever it is.

    type, attribute: expanded names, one of them at least. subject: the relationship that names the person whom the
    data are about; empty where the entity itself is the person.
    """

    legal: LegalClass
    type: str = ""
    attribute: str = ""
    subject: str = ""

    @property
    def id(self) -> str:
        """By which name the mark is kept: there is one for each type and attribute."""
        return f"{self.type}|{self.attribute}"

    def is_about(self, entity: Entity) -> bool:
        """Whether the mark is about the entity, or an attribute that it may have."""
        return not self.type or self.type in entity.types


@dataclass(frozen=True, slots=True)
class Ground:
    """Why somebody may be given data without consent, as an administrator recorded it: it is dated, it ends, and
    whoever the data are about can read it.

    whom, name: as in a row of the policy. types, attributes: expanded names; none is all that is marked. purpose: for
    which alone; None for any. reason: in words, with the law or the contract. ended: when it was ended before its time.
    """

    id: str
    basis: Basis
    whom: Whom
    name: str
    reason: str
    until: datetime
    types: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    purpose: str | None = None
    made_by: str = ""
    made_at: datetime | None = None
    ended: datetime | None = None

    @property
    def end(self) -> datetime:
        """From when on it does not hold."""
        return self.until if self.ended is None else min(self.until, self.ended)

    def is_for(self, by: Principal) -> bool:
        """Whether who asks, and what for, are meant."""
        if self.purpose is not None and self.purpose != by.purpose:
            return False
        if self.whom is Whom.EVERYONE:
            return True
        return self.name in by.roles if self.whom is Whom.ROLE else self.name == by.id

    def is_about(self, types: Iterable[str]) -> bool:
        """Whether entities with these types are meant."""
        return not self.types or not set(self.types).isdisjoint(types)


def is_staff(by: Principal) -> bool:
    """Whether who asks works for the town."""
    return not _STAFF.isdisjoint(by.roles) and Role.NEIGHBOUR not in by.roles


def is_inside(by: Principal) -> bool:
    """Whether who asks is of the town itself and no third party: its staff, and the services that it runs."""
    if Role.NEIGHBOUR in by.roles or (by.scopes is not None and Role.SERVICE in by.roles):
        return False
    runs = Role.SERVICE in by.roles and (by.id == SYSTEM.id or by.id.startswith(_HOUSE))
    return runs or is_staff(by)


def is_free(legal: LegalClass, by: Principal) -> bool:
    """Whether the policy alone decides whether who asks sees data of the class."""
    if legal is LegalClass.ANONYMISED:  # APPI 43 to 46: no consent is needed
        return True
    return legal not in (LegalClass.PERSONAL, LegalClass.NEVER) and is_inside(by)


def faults(mark: Mark) -> str | None:
    """What is wrong with a mark in itself; None if nothing is."""
    if not (mark.type or mark.attribute):
        return "a mark names a type, an attribute, or an attribute of a type"
    return None


def ground_faults(ground: Ground, now: datetime) -> str | None:
    """What is wrong with a ground in itself; None if nothing is."""
    if not ground.reason.strip():
        return "a ground says its reason, with the law or the contract"
    if ground.until <= now:
        return "a ground ends on a day that is still to come"
    if ground.whom is Whom.EVERYONE and ground.basis is not Basis.LAW:
        return "only a law opens data to everyone"
    if ground.basis is Basis.ANONYMISING and (ground.whom, ground.name) != (Whom.PROGRAM, PUBLISHER.id):
        return f"only program:{PUBLISHER.id} makes anonymous data"
    if ground.whom is not Whom.EVERYONE and not ground.name:
        return "a ground must say for whom it is"
    if ground.whom is Whom.ROLE and (ground.name not in set(Role) or ground.name == Role.OPERATOR):
        return f"{ground.name!r} is no role that may be given the city's data"
    return None
