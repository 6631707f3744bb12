"""How much of the log is kept? What every reader has passed and what is older than the retention is forgotten."""

from collections.abc import Iterable
from datetime import datetime

from machinami.broker.town import Town


async def trim(town: Town, older_than: datetime, cursors: Iterable[int]) -> int:
    """Forget the log before the first change that is young enough or that a reader still needs.

    cursors: the last change that each reader has handled. Returns how many rows were forgotten. State and history
    stay whole: they are views that have long moved on.
    """
    first_needed = min(cursors, default=town.store.last_seq) + 1
    return await town.store.trim_log(min(first_needed, await _first_since(town, older_than)))


async def _first_since(town: Town, moment: datetime) -> int:
    """The sequence number of the first change at or after the moment, found by halving the log."""
    low, high = 1, town.store.last_seq + 1
    while low < high:
        middle = (low + high) // 2
        found = await town.store.changes(middle - 1, 1)
        if not found or found[0].at >= moment:
            high = middle
        else:
            low = found[0].seq + 1
    return low
