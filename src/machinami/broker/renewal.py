"""When is a fetched @context fetched anew? As its server says, within bounds (5.13.1).

After a failure it is tried ever more seldom. The bounds are the town's own: what a server forbids to be kept is kept
all the same, so that the town goes on without the network, but asked for again as often as any.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

SOONEST = timedelta(minutes=10)
LATEST = timedelta(days=365)
_SELDOM = timedelta(days=1)
_KNOWN = 100
_DOUBLED = 8  # times, until it is as seldom as it gets


def expiry(fresh: float | None, now: datetime) -> datetime | None:
    """When a document is to be fetched anew that was fetched now and is fresh for so many seconds; None where its
    server does not say so."""
    return None if fresh is None else now + min(max(timedelta(seconds=min(fresh, 1e9)), SOONEST), LATEST)


@dataclass(slots=True)
class Renewal:
    """Which documents could not be had anew: how often, and when each is tried again."""

    missed: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    away: dict[str, tuple[datetime, str]] = field(default_factory=dict)  # since when, and why

    def is_due(self, url: str, now: datetime) -> bool:
        """Whether it is not too soon after a failure."""
        return url not in self.missed or self.missed[url][1] <= now

    def failed(self, url: str, now: datetime) -> None:
        """It could not be had."""
        times = self.missed[url][0] + 1 if url in self.missed else 0
        self.missed[url] = times, now + min(SOONEST * 2 ** min(times, _DOUBLED), _SELDOM)

    def succeeded(self, url: str) -> None:
        """It was had."""
        self.missed.pop(url, None)
        self.away.pop(url, None)

    def refused(self, url: str, now: datetime, reason: str) -> None:
        """It could not be had, whoever asked for it. Of many, those that were asked for last are known: clients may
        name what they like."""
        since, _ = self.away.pop(url, (now, ""))
        self.away[url] = since, reason
        while len(self.away) > _KNOWN:
            del self.away[next(iter(self.away))]
