"""What was erased of a person, and what is kept, on which ground and until when? A report without any value."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """What was erased of one type: how many entities as a whole, or of how many the attribute that is about them."""

    type: str
    count: int
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays of one type, and why: a ground that holds until a day; without one, because others are meant too."""

    type: str
    count: int
    ground: str = ""
    basis: str = ""
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The report of one erasure. subjects: the names of the person; consents: those that were withdrawn with it.

    proof: what shows that nobody can read it any more, backups included; empty where the keys of the town's files are
    not the person's own.
    """

    id: str
    at: datetime
    by: str
    subjects: tuple[str, ...]
    gone: tuple[Gone, ...]
    kept: tuple[Kept, ...]
    consents: tuple[str, ...] = ()
    proof: str = ""
