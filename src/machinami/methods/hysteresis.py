"""When does a level that is read again and again go up or down, so that a warning never comes and goes?

Up at once when enough readings in a row confirm it; down only when they have stayed below what still holds the level
for some time. Readings far apart do not confirm each other.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """How a level goes up and down: readings that confirm a rise, margin in the unit read, time before a fall.

    Readings further apart than `gap` do not confirm each other, and no fall is counted across such a gap.
    """

    confirm: int
    margin: float
    lower_after: timedelta
    gap: timedelta


@dataclass(frozen=True, slots=True)
class Watch:
    """Where something stands: its level since when, and what is under way (rises to confirm, a fall to wait)."""

    level: int = 0
    since: datetime | None = None
    seen: datetime | None = None
    recent: tuple[int, ...] = ()
    below_since: datetime | None = None
    below_most: int = 0

    def row(self) -> dict[str, Any]:
        """The watch as JSON."""
        moments = {name: _text(getattr(self, name)) for name in ("since", "seen", "below_since")}
        return {"level": self.level, "recent": list(self.recent), "below_most": self.below_most, **moments}

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Watch":
        """The watch that a row of JSON says."""
        moments = [_moment(row[name]) for name in ("since", "seen", "below_since")]
        recent = tuple(int(level) for level in row["recent"])
        return cls(int(row["level"]), moments[0], moments[1], recent, moments[2], int(row["below_most"]))


def watch(before: Watch, at: datetime, reached: int, held: int, rule: Rule) -> Watch:
    """Take one more reading into account: the level it reaches, and the level it still holds (with the margin)."""
    if before.seen is not None and at <= before.seen:
        return before
    together = before.seen is not None and at - before.seen <= rule.gap
    recent = (*(before.recent if together else ()), reached)[-rule.confirm :]
    now = replace(before, seen=at, recent=recent, since=before.since or at)
    confirmed = min(recent) if len(recent) == rule.confirm else 0
    if confirmed > before.level:
        return replace(now, level=confirmed, since=at, below_since=None, below_most=0)
    if max(held, reached) >= before.level:
        return replace(now, below_since=None, below_most=0)
    if before.below_since is None or not together:
        return replace(now, below_since=at, below_most=held)
    most = max(before.below_most, held)
    if at - before.below_since >= rule.lower_after:
        return replace(now, level=most, since=at, below_since=None, below_most=0)
    return replace(now, below_most=most)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
