"""What was given up telling? Stretches of the log, so that a million dead letters take no more room than one.

The content stays in the log alone: who is erased, or may see less, is so in what is told again, too.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from machinami.foundation.instant import format_instant, parse_instant

_MOST = 100  # stretches of one subscription; beyond, the two oldest become one


@dataclass(frozen=True, slots=True)
class Untold:
    """A stretch of changes of which the subscriber was not told: from the change `first` to `last`; `count`
    notifications, the first of them with this number; since when they waited, when they were given up, and why."""

    first: int
    last: int
    number: int
    count: int
    since: datetime
    given_up: datetime
    reason: str

    def to_record(self) -> dict[str, Any]:
        """As a part of a record of the store."""
        return {
            "first": self.first,
            "last": self.last,
            "number": self.number,
            "count": self.count,
            "since": format_instant(self.since),
            "givenUp": format_instant(self.given_up),
            "reason": self.reason,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Untold":
        """Back from a record of the store."""
        first, last, number, count = (int(record[name]) for name in ("first", "last", "number", "count"))
        since, given_up = (parse_instant(record[name]) for name in ("since", "givenUp"))
        return cls(first, last, number, count, since, given_up, str(record["reason"]))

    def from_change(self, seq: int, told: int) -> "Untold":
        """What is left when the first notifications of it were told after all, up to before this change."""
        return replace(self, first=seq, number=self.number + told, count=max(1, self.count - told))


def with_untold(known: list[Untold], more: Untold) -> list[Untold]:
    """The stretches with one more: what follows on the last one becomes a part of it."""
    if known and known[-1].number + known[-1].count == more.number:
        return [*known[:-1], _joined(known[-1], more)]
    found = [*known, more]
    while len(found) > _MOST:
        found[:2] = [_joined(found[0], found[1])]
    return found


def _joined(one: Untold, other: Untold) -> Untold:
    """Both, and what lies between them: that is told a second time, under the same ids."""
    return replace(
        other,
        first=min(one.first, other.first),
        number=min(one.number, other.number),
        count=other.number + other.count - one.number,
        since=min(one.since, other.since),
    )
