"""Who asks, and for what purpose?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """Who stands behind an operation.

    id: a URI or a short name such as "anonymous"; roles: what they are in this town; purpose: what the data
    are wanted for, in the words of a consent; on_behalf_of: whom a program acts for.
    """

    id: str
    roles: frozenset[str] = frozenset()
    purpose: str | None = None
    on_behalf_of: str | None = None


ANONYMOUS = Principal("anonymous")
SYSTEM = Principal("system", frozenset({"service"}))
