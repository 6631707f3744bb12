"""Which series are at hand without asking the disk? Those that were asked for, while nothing of their entity changes.

A chart is opened by many people, and by each of them again; it is another one only with the next reading.
"""

from collections import OrderedDict
from collections.abc import Sequence

from machinami.model.change import Change
from machinami.model.found import Series
from machinami.model.query import TemporalQuery
from machinami.store.sqlite.history import Stretch

_READINGS = 100_000  # some 15 MB, with what is made of them
_STRETCHES = 16  # of one entity: what is asked comes from outside

_Asked = tuple[tuple[str, ...], TemporalQuery, int | None]


class SeriesAtHand:
    """The series of single entities that were read in columns, bounded by the number of their readings."""

    def __init__(self, most: int = _READINGS) -> None:
        self._most = most
        self._of: OrderedDict[str, dict[_Asked, Sequence[Series]]] = OrderedDict()
        self._size = 0

    def find(self, stretch: Stretch) -> Sequence[Series] | None:
        """The series of this stretch, if they are at hand."""
        if len(stretch.entity_ids) != 1 or stretch.attributes is None:
            return None
        kept = self._of.get(stretch.entity_ids[0])
        return None if kept is None else kept.get(_asked(stretch, stretch.attributes))

    def keep(self, stretch: Stretch, series: Sequence[Series]) -> None:
        """Have the series at hand that were read of this stretch, where they are in columns."""
        if len(stretch.entity_ids) != 1 or stretch.attributes is None or any(one.readings is None for one in series):
            return
        entity_id, asked = stretch.entity_ids[0], _asked(stretch, stretch.attributes)
        if len(self._of.get(entity_id, ())) >= _STRETCHES:
            self._drop(entity_id)
        kept = self._of.setdefault(entity_id, {})
        if asked not in kept:  # two may have asked at once
            kept[asked] = series
            self._size += _readings(series)
        self._of.move_to_end(entity_id)
        while self._size > self._most:
            self._drop(next(iter(self._of)))

    def hear(self, changes: Sequence[Change], edited: bool) -> None:
        """Let go of what is not so any more after a commit; edited: it changed the history otherwise, too."""
        if edited:
            self._of.clear()
            self._size = 0
        elif self._of:
            for change in changes:
                self._drop(change.entity_id)

    def _drop(self, entity_id: str) -> None:
        for series in self._of.pop(entity_id, {}).values():
            self._size -= _readings(series)


def _asked(stretch: Stretch, attributes: Sequence[str]) -> _Asked:
    return tuple(attributes), stretch.temporal, stretch.limit


def _readings(series: Sequence[Series]) -> int:
    return 1 + sum(len(one.readings.moments) for one in series if one.readings is not None)
