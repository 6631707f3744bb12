"""What does a town demand of who signs in: of whom a second factor, and which authenticators and passwords?"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from machinami.model.principal import Role

SURE = 2  # the level of authentication that two factors reach (NIST SP 800-63B)


class Second(StrEnum):
    """Of whom a second factor is demanded; staff is everyone but residents."""

    NOBODY = "nobody"
    ADMINISTRATORS = "administrators"
    STAFF = "staff"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Demands:
    """second: of whom a second factor is demanded; sha1: whether authenticators that know only SHA-1 are taken."""

    second: Second = Second.NOBODY
    sha1: bool = True


def needs_second(second: Second, roles: Iterable[str]) -> bool:
    """Whether who has these roles signs in with two factors. Administrators are also those who run the machine."""
    held = frozenset(roles)
    if second is Second.ADMINISTRATORS:
        return bool(held & {Role.ADMINISTRATOR, Role.OPERATOR})
    if second is Second.STAFF:
        return bool(held - {Role.RESIDENT})
    return second is Second.EVERYONE
