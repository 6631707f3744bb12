"""What is a snapshot: a frozen answer to several queries, and how did its making go? (5.2.41, 5.2.42)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

Outcome = Literal["success", "failure", "empty"]
Status = Literal["preparing", "success", "partial", "failure", "empty"]

DEFAULT_PRIORITY = 5
DEFAULT_LIFETIME = timedelta(hours=1)
LONGEST_LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Detail:
    """How one query of a snapshot went (5.2.42). problem: of one that failed, as RFC 7807 says it."""

    status: Outcome
    problem: Mapping[str, Any] | None = None

    def to_document(self) -> dict[str, Any]:
        """As clients read it."""
        return {"resultStatus": self.status} | ({} if self.problem is None else {"problemDetails": dict(self.problem)})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot as its clients know it. document: what they said of it, with its queries as they came."""

    id: str
    document: Mapping[str, Any]
    created_at: datetime
    modified_at: datetime
    expires_at: datetime
    last_used_at: datetime
    status: Status = "preparing"
    details: Sequence[Detail] = ()
    past_details: Sequence[Detail] = ()

    @property
    def priority(self) -> int:
        """From 1 to 10: the one of the lowest goes first where there is no room (5.5.15)."""
        return int(self.document["snapshotPriority"])

    def is_current(self, now: datetime) -> bool:
        """Whether it can still be used."""
        return self.expires_at > now

    def filled(self, details: Sequence[Detail], past_details: Sequence[Detail], now: datetime) -> "Snapshot":
        """The snapshot after its queries were asked."""
        status = outcome([*details, *past_details])
        return replace(self, status=status, details=details, past_details=past_details, modified_at=now)


def made(document: Mapping[str, Any], snapshot_id: str, lifetime: timedelta | None, now: datetime) -> Snapshot:
    """A new snapshot, which lives no longer than this broker keeps any (5.16.1.4)."""
    told = {"snapshotPriority": DEFAULT_PRIORITY, **document}
    return Snapshot(snapshot_id, told, now, now, expiry(lifetime or DEFAULT_LIFETIME, now), now)


def expiry(lifetime: timedelta, now: datetime) -> datetime:
    """When a snapshot ends that is wanted for so long."""
    return now + min(lifetime, LONGEST_LIFETIME)


def outcome(details: Sequence[Detail]) -> Status:
    """How the whole went, from how its parts went (5.16.1.4)."""
    statuses = {detail.status for detail in details}
    if statuses == {"success"}:
        return "success"
    if "success" in statuses:
        return "partial"
    return "empty" if "empty" in statuses else "failure"
