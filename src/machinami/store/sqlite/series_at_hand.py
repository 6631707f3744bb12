"""Which series are at hand without asking the disk? Those that were asked for, while nothing of their entity changes.

A chart is opened by many people, and by each of them again, some seconds later; it is another one only with the next
reading, and then by that reading alone.
"""

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from machinami.model.change import Change
from machinami.model.found import Series
from machinami.store.sqlite.growth import Columns, grown
from machinami.store.sqlite.history import Stretch, read_series
from machinami.store.sqlite.names import Names
from machinami.store.timeline import bounds

_READINGS = 100_000  # some 15 MB, with what is made of them
_STRETCHES = 16  # of one entity: what is asked comes from outside


@dataclass(slots=True)
class _Kept:
    """What was read of a stretch. is_so: nothing of its entity has changed since."""

    columns: Columns
    is_so: bool = True


class SeriesAtHand:
    """The series of single entities that were read in columns, bounded by the number of their readings."""

    def __init__(self, most: int = _READINGS) -> None:
        self._most = most
        self._of: OrderedDict[str, dict[Stretch, _Kept]] = OrderedDict()
        self._size = 0

    def find(self, stretch: Stretch) -> list[Series] | None:
        """The series of this stretch, if they are at hand."""
        entity_id = stretch.entity_ids[0] if len(stretch.entity_ids) == 1 else ""
        kept = self._of.get(entity_id)
        if kept is None:
            return None
        same = kept.get(stretch)
        found = same.columns if same is not None and same.is_so else None
        for wider, one in kept.items():
            if found is not None:
                break
            found = _part(one.columns, wider, stretch) if one.is_so else None
        return None if found is None else [Series(entity_id, name, readings=readings) for name, readings in found]

    def read(self, connection: apsw.Connection, names: Names, stretch: Stretch) -> list[Series]:
        """The series of a stretch that is not at hand, and have them at hand. The history must have all rows: what was
        at hand until something changed is only read on from there."""
        was = self._was(stretch)
        if was is not None:
            later = grown(connection, names, *was)
            if later is None:
                self._drop(stretch.entity_ids[0])
            else:
                self.keep(was[0], later)
                found = self.find(stretch)
                if found is not None:
                    return found
        series = read_series(connection, names, stretch)
        self.keep(stretch, series)
        return series

    def _was(self, stretch: Stretch) -> tuple[Stretch, Columns] | None:
        """What held this stretch until something changed."""
        kept = self._of.get(stretch.entity_ids[0], {}) if len(stretch.entity_ids) == 1 else {}
        same = kept.get(stretch)
        if same is not None:
            return stretch, same.columns
        for wider, one in kept.items():
            if not one.is_so and _part(one.columns, wider, stretch) is not None:
                return wider, one.columns
        return None

    def keep(self, stretch: Stretch, series: Sequence[Series]) -> None:
        """Have the series at hand that were read of this stretch, where they are in columns."""
        columns = [(one.attribute, one.readings) for one in series if one.readings is not None]
        if len(stretch.entity_ids) != 1 or len(columns) < len(series):
            return
        entity_id = stretch.entity_ids[0]
        if len(self._of.get(entity_id, ())) >= _STRETCHES:
            self._drop(entity_id)
        kept = self._of.setdefault(entity_id, {})
        before = kept.get(stretch)
        self._size += _weight(columns) - (0 if before is None else _weight(before.columns))
        kept[stretch] = _Kept(columns)
        self._of.move_to_end(entity_id)
        while self._size > self._most:
            self._drop(next(iter(self._of)))

    def hear(self, changes: Sequence[Change], edited: bool) -> None:
        """Take note of a commit: what it changed is not so any more. edited: it changed the history otherwise, too."""
        if edited:
            self._of.clear()
            self._size = 0
        elif self._of:
            for change in changes:
                if change.before is None or change.after is None:  # it begins or ends, and has another past
                    self._drop(change.entity_id)
                for one in self._of.get(change.entity_id, {}).values():
                    one.is_so = False

    def _drop(self, entity_id: str) -> None:
        for one in self._of.pop(entity_id, {}).values():
            self._size -= _weight(one.columns)


def _weight(columns: Columns) -> int:
    return 1 + sum(len(readings.moments) for _, readings in columns)


def _part(columns: Columns, wider: Stretch, stretch: Stretch) -> Columns | None:
    """The columns of a stretch as a part of those of a wider one; None where they do not hold all of it.

    What was asked for by a range of time is in order of that time.
    """
    wide, asked = wider.temporal, stretch.temporal
    (low, high), (first, last) = bounds(wide), bounds(asked)
    whole = asked.relation is None
    if (
        wider.attributes != stretch.attributes
        or (wide.property, wide.datasets, wide.relation is None) != (asked.property, asked.datasets, whole)
        or not low <= first <= last <= high
        or any(len(readings.moments) >= wider.count >= 0 for _, readings in columns)  # there may be more
    ):
        return None
    found = []
    for name, readings in columns:
        moments = readings.moments
        begin, end = (0, len(moments)) if whole else (bisect_left(moments, first), bisect_right(moments, last))
        if stretch.count >= 0 and asked.last_n is None:
            end = min(end, begin + stretch.count)
        elif stretch.count >= 0:
            begin = max(begin, end - stretch.count)
        if begin < end:
            found.append((name, readings.part(begin, end)))
    return found
