"""Which Context Sources stand behind a town, and how did they fare when they were asked?

Kept in memory beside the records of the store. Others can hear of each registration that comes, changes or goes
(ETSI GS CIM 009, 5.11.7).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from machinami.model.registration import Registration

Listener = Callable[[Registration | None, Registration | None], None]


@dataclass(slots=True)
class Source:
    """One registered source with how it fared (5.2.9-2); `resting_until` is when it may be asked again (6.3.17)."""

    registration: Registration
    times_sent: int = 0
    times_failed: int = 0
    last_success: datetime | None = None
    last_failure: datetime | None = None
    failing: bool = False
    resting_until: datetime | None = None


@dataclass(slots=True)
class Sources:
    """The sources of one town in order of registration."""

    kept: dict[str, Source] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)

    def put(self, registration: Registration) -> None:
        """Take a registration, new or changed. What is known of how its source fared stays."""
        present = self.kept.get(registration.id)
        before = present.registration if present is not None else None
        if present is None:
            self.kept[registration.id] = Source(registration)
        else:
            present.registration = registration
        self._tell(before, registration)

    def drop(self, registration_id: str) -> None:
        """Let a registration go."""
        present = self.kept.pop(registration_id, None)
        if present is not None:
            self._tell(present.registration, None)

    def _tell(self, before: Registration | None, after: Registration | None) -> None:
        for listener in self.listeners:
            listener(before, after)
