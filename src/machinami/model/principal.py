"""Who asks, and for what purpose?"""

from dataclasses import dataclass
from enum import StrEnum


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


ANONYMOUS = Principal("anonymous")
SYSTEM = Principal("system", frozenset({Role.SERVICE}))
