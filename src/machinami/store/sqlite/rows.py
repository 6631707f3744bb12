"""Which rows of the state does a stretch of the log change, and how do they get into their tables?"""

from collections import Counter
from dataclasses import dataclass, field

import apsw

from machinami.store.sqlite.discovery import Tallies
from machinami.store.sqlite.statements import SQL

_BOXES = 8  # bits: boxes an entity may have


@dataclass(slots=True)
class Rows:
    """Rows to be written, those of at most one change of an entity."""

    added: list[tuple[int, str, int, int, bytes]] = field(default_factory=list)
    replaced: list[tuple[int, bytes, int]] = field(default_factory=list)
    patched: list[tuple[int, bytes]] = field(default_factory=list)
    dropped: list[tuple[int]] = field(default_factory=list)
    types: dict[tuple[int, int, int], bool] = field(default_factory=dict)
    expiring: dict[tuple[int, int], bool] = field(default_factory=dict)
    places: dict[int, tuple[int, list[tuple[float, ...]]]] = field(default_factory=dict)
    values: dict[tuple[int, float | str, int], bool] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=Counter)

    def spill(self, connection: apsw.Connection) -> None:
        """Give the rows to SQLite, in the open transaction."""
        run = connection.executemany
        if self.dropped:
            run(SQL.drop_entity, self.dropped)
        if self.added:
            run(SQL.add_entity, self.added)
        if self.replaced:
            run(SQL.set_entity, self.replaced)
        if self.patched:
            run(SQL.patch_entity, self.patched)
        if self.types:
            run(SQL.drop_type, [row for row, kept in self.types.items() if not kept])
            run(SQL.add_type, [row for row, kept in self.types.items() if kept])
        if self.expiring:
            run(SQL.drop_expiry, [row for row, kept in self.expiring.items() if not kept])
            run(SQL.add_expiry, [row for row, kept in self.expiring.items() if kept])
        if self.places:
            self._spill_places(connection)
        if self.values:
            run(SQL.drop_value, [row for row, kept in self.values.items() if not kept])
            run(SQL.add_value, [row for row, kept in self.values.items() if kept])
        if self.tallies:
            run(SQL.add_tally, [(*place, more) for place, more in self.tallies.items() if more])

    def _spill_places(self, connection: apsw.Connection) -> None:
        gone: list[tuple[int]] = []
        new: list[tuple[float, ...]] = []
        for key, (old, boxed) in self.places.items():
            gone += [((key << _BOXES) + slot,) for slot in range(old)]
            new += [((key << _BOXES) + slot, *box) for slot, box in enumerate(boxed)]
        if gone:
            connection.executemany(SQL.drop_place, gone)
        if new:
            connection.executemany(SQL.add_place, new)
