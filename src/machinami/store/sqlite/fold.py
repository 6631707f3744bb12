"""How do changes of the log become rows of the state?"""

from collections import Counter
from datetime import datetime

import apsw
import orjson

from machinami.foundation.instant import to_micros
from machinami.model.entity import Entity
from machinami.model.plain import plain_of
from machinami.store.encoding import husk_of
from machinami.store.sqlite.boxes import boxes, level
from machinami.store.sqlite.discovery import GONE, LIVE, Makeup, makeup_of, retell
from machinami.store.sqlite.encoded import entity_json
from machinami.store.sqlite.hot import Husk
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.rows import Rows
from machinami.store.sqlite.runs import Run, Runs
from machinami.store.sqlite.statements import SQL
from machinami.store.sqlite.values import ValueIndexes


class Fold:
    """Rows of the state in the making, and how many entities of each type there are more with them."""

    def __init__(self, connection: apsw.Connection, names: Names, indexes: ValueIndexes) -> None:
        self._connection = connection
        self._names = names
        self._indexes = indexes
        self.rows = Rows()
        self._makeups: Counter[Makeup] = Counter()
        self.type_counts: Counter[tuple[int, int]] = Counter()

    def spill(self) -> None:
        """Give the rows to SQLite, in the open transaction."""
        retell(self.rows.tallies, self._names, self._makeups)
        self.rows.spill(self._connection)
        self.rows, self._makeups = Rows(), Counter()

    def lay(self, runs: Runs) -> None:
        """Bring the tables to what the runs say, in the open transaction."""
        for layer in runs.layers:
            for entity_id, run in layer.items():
                self._lay_one(entity_id, run)
            self.spill()

    def _lay_one(self, entity_id: str, run: Run) -> None:
        before, after, key, rows = run.before, run.after, run.key, self.rows
        if after is None:
            if before is not None:
                self._end(before, run)
            return
        if before is None:
            rows.tallies[0, 0, LIVE] += 1
            if run.husk is not None:
                self.discard(run.husk)
            rows.added.append((key, entity_id, run.subject, 0, entity_json(after, run.doc)))
        elif run.whole:
            rows.replaced.append((key, entity_json(after, run.doc), 0))
        else:
            rows.patched += [(key, patch) for patch in run.patches]
        if run.deep:
            self._retype(before.types if before is not None else (), after.types, 0, key)
            self._index(key, before, after)

    def _end(self, entity: Entity, run: Run) -> None:
        self.rows.tallies[0, 0, LIVE] -= 1
        self.leave_husk(Husk(run.key, run.subject), husk_of(entity), new=False)
        self._retype(entity.types, (), 0, run.key)
        self._index(run.key, entity, None)

    def _index(self, key: int, before: Entity | None, after: Entity | None) -> None:
        if before is not None:
            self._makeups[makeup_of(before)] -= 1
        if after is not None:
            self._makeups[makeup_of(after)] += 1
        self._expire(key, before, after)
        self._place(key, before, after)
        if self._indexes:
            self._indexes.differ(before, after, key, self.rows.values)

    def leave_husk(self, husk: Husk, remains: Entity, new: bool) -> None:
        """Keep what remains of an entity; new: there is no row of it yet."""
        doc = entity_json(remains)
        if new:
            self.rows.added.append((husk.key, remains.id, husk.subject, 1, doc))
        else:
            self.rows.replaced.append((husk.key, doc, 1))
        self._retype((), remains.types, 1, husk.key)

    def discard(self, husk: Husk) -> None:
        """Let go of the husk: the entity is created anew, at the end of the order, or its history is forgotten."""
        self.rows.dropped.append((husk.key,))
        for _, _, doc in self._connection.execute(SQL.entity_by_key, (husk.key,)):
            self._retype(tuple(orjson.loads(doc)["t"]), (), 1, husk.key)

    def _retype(self, before: tuple[str, ...], after: tuple[str, ...], gone: int, key: int) -> None:
        number, types, counts, tallies = self._names.number, self.rows.types, self.type_counts, self.rows.tallies
        kind = GONE if gone else LIVE
        for name in before:
            if name not in after:
                types[number(name), gone, key] = False
                counts[number(name), gone] -= 1
                tallies[number(name), 0, kind] -= 1
        for name in after:
            if name not in before:
                types[number(name), gone, key] = True
                counts[number(name), gone] += 1
                tallies[number(name), 0, kind] += 1

    def _expire(self, key: int, before: Entity | None, after: Entity | None) -> None:
        """Note when the entity or one of its attribute instances expires, and forget when one does no more."""
        old = expiries(before) if before is not None else set()
        new = expiries(after) if after is not None else set()
        for moment in old - new:
            self.rows.expiring[to_micros(moment), key] = False
        for moment in new - old:
            self.rows.expiring[to_micros(moment), key] = True

    def _place(self, key: int, before: Entity | None, after: Entity | None) -> None:
        old = boxes(before) if before is not None else []
        new = boxes(after) if after is not None else []
        if old != new:
            number = self._names.number
            self.rows.places[key] = (len(old), [(*box, level(number(name), key)) for name, box in new])


def expiries(entity: Entity) -> set[datetime]:
    """When the entity and its attribute instances expire."""
    if plain_of(entity) is not None:
        return set()
    moments = [instance.expires_at for instances in entity.attributes.values() for instance in instances]
    return {moment for moment in (entity.expires_at, *moments) if moment is not None}
