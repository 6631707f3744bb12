"""Which part of the log is at hand without asking the disk? Its end: who follows it is seldom far behind.

A change that is read from the file has to be put together again from what it leans on, which costs as much as telling
it; a receiver that is somewhat slower than the town writes would pay that for each of them.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from machinami.model.change import Change
from machinami.store.sqlite.log import read_log

_WHOLE = 3  # bytes of memory per byte of the log, about
_BESIDE = 200  # bytes that a change takes beside what it says, about


@dataclass(frozen=True, slots=True)
class _Commit:
    """What was committed at once: its changes, the number of the last one, and what they take, about."""

    changes: Sequence[Change]
    last: int
    weight: int


class LogAtHand:
    """The last commits of a town, bounded by the estimated bytes of their changes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._commits: deque[_Commit] = deque()
        self.weight = 0

    @property
    def count(self) -> int:
        """How many commits are at hand."""
        return len(self._commits)

    def hear(self, changes: Sequence[Change], size: int, begin: int) -> None:
        """Take note of a commit. size: bytes that its changes take in the log; begin: the first change that may still
        be there: what was forgotten is not at hand either."""
        if changes:
            weight = _WHOLE * size + _BESIDE * len(changes)
            self._commits.append(_Commit(changes, changes[-1].seq, weight))
            self.weight += weight
        while self._commits and (self.weight > self._most or self._commits[0].changes[0].seq < begin):
            self.weight -= self._commits.popleft().weight

    def after(self, connection: apsw.Connection, seq: int, limit: int) -> Sequence[Change]:
        """The changes after a sequence number, at most limit: from memory where all of them are there."""
        if not self._commits or seq < self._commits[0].changes[0].seq - 1:
            return list(read_log(connection, seq, limit))
        found: list[Change] = []
        for at in range(bisect_right(self._commits, seq, key=lambda one: one.last), len(self._commits)):
            changes = self._commits[at].changes
            found += changes[max(0, seq + 1 - changes[0].seq) :]
            if len(found) >= limit:
                break
        return found[:limit]
