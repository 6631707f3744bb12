"""What is kept of a @context beside its document: where it comes from, who knows of it, how long it holds (5.13.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from machinami.broker.town import DEFAULT_TOWN
from machinami.foundation.instant import format_instant, parse_instant


@dataclass(frozen=True, slots=True)
class Stored:
    """One kept context: its URL, kind (Cached, Hosted, ImplicitlyCreated), and since when. Its body is in the store.

    towns: those that know of it, as a client there made it or asked for it, each with since when. expires_at: when it
    is to be fetched anew, as its server said; None where that said nothing.
    """

    url: str
    kind: str
    created_at: datetime
    towns: Mapping[str, datetime] = field(default_factory=dict)
    expires_at: datetime | None = None

    def to_record(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """As it is kept in the store."""
        towns = {town: format_instant(since) for town, since in self.towns.items()}
        said = {"kind": self.kind, "body": body, "createdAt": format_instant(self.created_at), "towns": towns}
        return said if self.expires_at is None else {**said, "expiresAt": format_instant(self.expires_at)}


def from_record(url: str, record: Mapping[str, Any]) -> Stored:
    """What was kept; before each town knew only of its own, a fetched document was everybody's and told no town."""
    at = parse_instant(record["createdAt"])
    expires_at = parse_instant(record["expiresAt"]) if "expiresAt" in record else None
    told = record.get("towns")
    towns = (
        {record.get("town") or DEFAULT_TOWN: at} if told is None else {one: parse_instant(told[one]) for one in told}
    )
    return Stored(url, record["kind"], at, towns, expires_at)
