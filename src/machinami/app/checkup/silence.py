"""Which gauges and devices are silent? Those that used to report at a pace of their own, and do not any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.foundation.instant import from_micros
from machinami.model.checkup.checks import SILENT
from machinami.model.checkup.facts import DeviceFact
from machinami.model.entity import Entity
from machinami.model.query import Page, Query, TemporalQuery

_MOST = 5_000  # entities of a town that are looked at
_PAGE = 500
_ASKED = 100  # of them, how many of which the past is read at once; the others come the next time
_LAST = 13  # readings by which a pace is known
_LEAST = timedelta(minutes=10)  # nobody is called silent before
_STEADY = 0.7  # the share of the intervals that are near the middle one
_KEPT = timedelta(hours=1)  # how long a pace that was found is believed


def pace_of(moments: Sequence[datetime]) -> float | None:
    """Every how many seconds something reports; None where it has no pace. moments: in order, the oldest first."""
    steps = [(later - one).total_seconds() for one, later in pairwise(moments) if later > one]
    if len(steps) < 4:
        return None
    usual = median(steps)
    near = sum(usual / 2 <= step <= usual * 2 for step in steps)
    return usual if near >= _STEADY * len(steps) else None


class Silence:
    """Remembers at which pace things report, so that their past is read seldom."""

    def __init__(self) -> None:
        self._paces: dict[tuple[str, str], tuple[float | None, datetime]] = {}

    async def look(self, towns: Sequence[Town], now: datetime) -> tuple[tuple[DeviceFact, ...], int]:
        """What is silent in the default town, and how many things there report at all. What other towns have is told to
        their own people alone."""
        found: list[DeviceFact] = []
        seen = 0
        for town in towns:
            if town.is_default:
                silent, count = await self._look(town, town.clock(), now)
                found += silent
                seen += count
        return tuple(found), seen

    async def _look(self, town: Town, now: datetime, real: datetime) -> tuple[list[DeviceFact], int]:
        late: list[tuple[Entity, str, datetime]] = []
        seen = 0
        for offset in range(0, _MOST, _PAGE):
            page = await town.store.find(Query(), Page(_PAGE, offset), now)
            for entity in page.entities:
                last = _last_observed(entity)
                if last is None or _is_personal(town, entity):
                    continue
                seen += 1
                if now - last[1] > _LEAST:
                    late.append((entity, *last))
            if len(page.entities) < _PAGE:
                break
        found, context, asked = [], town_context(), 0
        for entity, name, last_at in late:
            known = self._paces.get((town.name, entity.id))
            if known is None or real - known[1] > _KEPT:
                if asked == _ASKED:
                    continue
                asked += 1
                known = await self._pace(town, entity.id, name), real
                self._paces[town.name, entity.id] = known
            usual = known[0]
            if usual is not None and (now - last_at).total_seconds() > max(_LEAST.total_seconds(), SILENT * usual):
                kind = context.compact(entity.types[0])
                found.append(DeviceFact(town.name, entity.id, kind, last_at, usual))
        return found, seen

    async def _pace(self, town: Town, entity_id: str, name: str) -> float | None:
        found = await town.store.series([entity_id], [name], TemporalQuery(last_n=_LAST))
        moments: list[datetime] = []
        for one in found:
            if one.readings is not None:
                moments += [from_micros(at) for at in one.readings.moments]
            else:
                moments += [at for each in one.instances if (at := each.value.observed_at) is not None]
        return pace_of(sorted(moments))


def _last_observed(entity: Entity) -> tuple[str, datetime] | None:
    """The attribute that was observed last, and when."""
    times = [
        (at, name)
        for name, instances in entity.attributes.items()
        for one in instances
        if (at := one.observed_at) is not None
    ]
    if not times:
        return None
    at, name = max(times)
    return name, at


def _is_personal(town: Town, entity: Entity) -> bool:
    """Whether something of it is about a person: nobody is watched for being silent."""
    return town.shroud is not None and town.shroud.concerns.may_concern(entity.types, entity.attributes)
