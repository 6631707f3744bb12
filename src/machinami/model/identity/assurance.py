"""How surely is it they who ask? Levels of authentication by the ways that were used (NIST SP 800-63B)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Way(StrEnum):
    """A way in which someone showed who they are."""

    PASSWORD = "password"
    CODE = "code"
    RECOVERY = "recovery"
    PASSKEY = "passkey"
    PROVIDER = "provider"
    NEARNESS = "nearness"


_SECOND = frozenset({Way.CODE, Way.RECOVERY})


def level(ways: Iterable[Way]) -> int:
    """The level that ways reach together: a passkey is a device and the person's finger or PIN, hence two factors.

    Level 3 asks for a device that is attested not to give its key away, which is not checked here: 2 is the most.
    """
    used = frozenset(ways)
    if Way.PASSKEY in used or (used & {Way.PASSWORD, Way.PROVIDER} and used & _SECOND):
        return 2
    return 1 if used else 0


def level_of_provider(acr: str | None, amr: Iterable[str], rows: Mapping[str, int], default: int) -> int:
    """The level that a provider's claims mean in this town: the row of its acr, else the best row of an amr.

    rows: from acr or amr values to levels, as the town's settings say; default: where no row fits.
    """
    if acr is not None and acr in rows:
        return rows[acr]
    known = [rows[name] for name in amr if name in rows]
    return max(known) if known else default
