"""Which entities did a query find, and where? Fixed at the first page, so that the others fit (5.2.39, 4.5.25)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

LOCAL = "@none"


@dataclass(frozen=True, slots=True)
class EntityMap:
    """The ids that a query found, in the order of its pages: id -> where it is: registrations, @none for here.

    linked: the registration -> the EntityMap that its source made.
    """

    id: str
    expires_at: datetime
    entries: Mapping[str, tuple[str, ...]]
    linked: Mapping[str, str] = field(default_factory=dict)

    def is_current(self, now: datetime) -> bool:
        """Whether it can still be used."""
        return self.expires_at > now
