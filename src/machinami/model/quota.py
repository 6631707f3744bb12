"""How much may a town take of the machine that it shares with others? A quota as a value, read and written."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from machinami.foundation.errors import BadRequestData

MOST = 1 << 62


@dataclass(frozen=True, slots=True)
class Quota:
    """The bounds of one town; None: no bound.

    entities: how many are there at once; bytes: what its data take on disk (free pages not counted); history: how many
    past instances are kept; subscriptions: how many there are; requests: how many are answered in a second.
    """

    entities: int | None = None
    bytes: int | None = None
    history: int | None = None
    subscriptions: int | None = None
    requests: int | None = None


UNLIMITED = Quota()
KINDS = tuple(one.name for one in fields(Quota))


def read_quota(document: Mapping[str, Any], before: Quota = UNLIMITED) -> Quota:
    """The quota with what a document says of it; null takes a bound away. Raises BadRequestData naming the member."""
    unknown = document.keys() - set(KINDS)
    if unknown:
        raise BadRequestData(f"A quota has {', '.join(KINDS)}, not {', '.join(sorted(map(str, unknown)))[:100]}")
    for name, bound in document.items():
        if bound is not None and (type(bound) is not int or not 0 <= bound <= MOST):
            raise BadRequestData(f"The quota {name} must be a whole number from 0 on, or null for none", member=name)
    if document.get("requests") == 0:
        raise BadRequestData("A town with 0 requests a second could not be reached; write 1 or more", member="requests")
    return Quota(**{**write_quota(before), **document})


def write_quota(quota: Quota) -> dict[str, int | None]:
    """The quota as a document."""
    return {name: getattr(quota, name) for name in KINDS}
