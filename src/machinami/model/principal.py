"""Who asks, and for what purpose?"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What someone is in a town; what each may do is written in the town's policy, not here."""

    RESIDENT = "resident"
    OFFICER = "officer"
    DEPARTMENT_HEAD = "department-head"
    MAYOR = "mayor"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    SERVICE = "service"
    NEIGHBOUR = "neighbour"


SEPARATOR = "\x1f"  # between the parts of a signature


@dataclass(frozen=True, slots=True)
class Principal:
    """Who stands behind an operation.

    id: a URI or a short name such as "anonymous"; roles: what they are in this town; purpose: what the data
    are wanted for, in the words of a consent; on_behalf_of: whom a program acts for; identity_assurance: how
    surely it is known who they are, and authentication_assurance: how surely it is they who ask now (0 for not
    at all, then the levels 1 to 3 of NIST SP 800-63); scopes: if not None, a program's key may do no more than
    these, whatever its roles allow.
    """

    id: str
    roles: frozenset[str] = frozenset()
    purpose: str | None = None
    on_behalf_of: str | None = None
    identity_assurance: int = 0
    authentication_assurance: int = 0
    scopes: frozenset[str] | None = None

    @property
    def signature(self) -> str:
        """Who it was, as a change keeps it: the id, and where it is said for whom and for what purpose."""
        if self.on_behalf_of is None and self.purpose is None:
            return self.id
        return SEPARATOR.join((self.id, self.on_behalf_of or "", self.purpose or ""))


ANONYMOUS = Principal("anonymous")
SYSTEM = Principal("system", frozenset({Role.SERVICE}))


def write_principal(by: Principal) -> dict[str, Any]:
    """The principal as a record, for what is done later in its name."""
    record: dict[str, Any] = {"id": by.id, "roles": sorted(by.roles)}
    if by.purpose is not None:
        record["purpose"] = by.purpose
    if by.on_behalf_of is not None:
        record["onBehalfOf"] = by.on_behalf_of
    if by.scopes is not None:
        record["scopes"] = sorted(by.scopes)
    return {**record, "assurance": [by.identity_assurance, by.authentication_assurance]}


def read_principal(record: Mapping[str, Any]) -> Principal:
    """The principal of a record."""
    identity, authentication = record.get("assurance", (0, 0))
    return Principal(
        record["id"],
        frozenset(record.get("roles", ())),
        record.get("purpose"),
        record.get("onBehalfOf"),
        identity,
        authentication,
        frozenset(record["scopes"]) if "scopes" in record else None,
    )
