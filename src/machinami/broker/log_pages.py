"""How do many subscriptions catch up with the log without each reading all of it? They share the pages that were read.

After a crash all of them are about equally far behind. Pages lie at the same places for all, and are let go of soon.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from machinami.model.change import Change
from machinami.store.protocol import TownStore

PAGE = 200
_KEPT = 32  # pages
_SECONDS = 1.0  # what is erased from the log is not at hand for longer


class LogPages:
    """The pages of one town's log that were read just now."""

    def __init__(self, store: TownStore) -> None:
        self._store = store
        self._pages: OrderedDict[int, tuple[float, Sequence[Change]]] = OrderedDict()

    async def after(self, seq: int) -> Sequence[Change]:
        """Changes after a sequence number, in order: up to the end of their page. Empty only at the end of the log."""
        upto, now = (seq // PAGE + 1) * PAGE, asyncio.get_running_loop().time()
        if seq % PAGE:
            return await self._store.changes(seq, upto - seq)
        found = self._pages.get(seq)
        if found is not None and now - found[0] < _SECONDS:
            return found[1]
        changes = await self._store.changes(seq, PAGE)
        if self._store.last_seq >= upto:  # else it is to grow yet
            self._pages[seq] = now, changes
            if len(self._pages) > _KEPT:
                self._pages.popitem(last=False)
        return changes
