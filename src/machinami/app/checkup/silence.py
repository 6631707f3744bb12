"""Which gauges and devices are silent? Those that used to report at a pace of their own, and do not any more."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
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

_AT_ONCE = 5_000  # entities of all towns that are looked at in one look
_PAGE = 200  # of them, how many without a pause
_MOST_LATE = 20_000  # things of all towns that are remembered as late
_ASKED = 100  # of them, of how many the past is read in one look; the others come the next time
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


@dataclass(slots=True)
class _Round:
    """How far a town was looked through. after: where the next look goes on; seen: how many things were found to report
    in this round so far, last_seen: in the one before."""

    after: int | None = None
    seen: int = 0
    last_seen: int = 0

    @property
    def reporting(self) -> int:
        """How many things report, as far as is known."""
        return max(self.last_seen, self.seen)


class Silence:
    """Goes round the towns, so many things at each look, and remembers which were late and at which pace things report.

    So a look costs the same however many there are; what has fallen silent is found within one round.
    """

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        self._at_once = at_once
        self._rounds: dict[str, _Round] = {}
        self._turn = self._asked = 0
        self._late: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._paces: dict[tuple[str, str], tuple[float | None, datetime]] = {}

    async def look(self, towns: Sequence[Town], now: datetime) -> tuple[tuple[DeviceFact, ...], int]:
        """What is known to be silent, the longest first, and how many things report at all. now: by the clock outside.
        A town's own clock says how late something is."""
        by_name = {town.name: town for town in towns}
        self._rounds = {name: one for name, one in self._rounds.items() if name in by_name}
        self._late = {key: last for key, last in self._late.items() if key[0] in by_name}
        self._paces = {key: pace for key, pace in self._paces.items() if key in self._late}
        left, ended, self._asked = self._at_once, 0, 0
        while left > 0 and ended < len(towns):  # each town at most once in a look
            town = towns[self._turn % len(towns)]
            left -= await self._go_on(town, left)
            ended += 1
            if self._rounds[town.name].after is None:
                self._turn += 1
        found = [fact for town in towns for fact in await self._silent(town, now)]
        found.sort(key=lambda fact: fact.last)
        return tuple(found), sum(one.reporting for one in self._rounds.values())

    async def _go_on(self, town: Town, most: int) -> int:
        """Look through some more of a town; how many entities that were."""
        round_, now, looked = self._rounds.setdefault(town.name, _Round()), town.clock(), 0
        while looked < most:
            page = await town.store.find_ids(Query(), now, round_.after)
            for start in range(0, len(page.ids), _PAGE):
                ids = page.ids[start : start + _PAGE]
                found = await town.store.find(Query(ids=tuple(ids)), Page(len(ids)), now)
                round_.seen += sum(self._note(town, entity, now) for entity in found.entities)
                await asyncio.sleep(0)
            looked += len(page.ids)
            round_.after = page.after
            if page.after is None:
                round_.last_seen, round_.seen = round_.seen, 0
                break
        return looked

    def _note(self, town: Town, entity: Entity, now: datetime) -> bool:
        """Whether an entity is something that reports; it is noted where it is late."""
        last, key = _last_observed(entity), (town.name, entity.id)
        if last is None or _is_personal(town, entity):
            self._late.pop(key, None)
            return False
        if now - last[1] <= _LEAST:
            self._late.pop(key, None)
        elif key in self._late or len(self._late) < _MOST_LATE:
            self._late[key] = last
        return True

    async def _silent(self, town: Town, real: datetime) -> list[DeviceFact]:
        """Those that are late and used to report at a pace, as they are now."""
        now, context = town.clock(), town_context()
        found: list[DeviceFact] = []
        for key in [key for key in self._late if key[0] == town.name]:
            name, last = self._late[key]
            known = self._paces.get(key)
            if (known is None or real - known[1] > _KEPT) and self._asked < _ASKED:
                self._asked += 1
                known = self._paces[key] = await self._pace(town, key[1], name), real
            usual = None if known is None else known[0]
            if usual is None or (now - last).total_seconds() <= max(_LEAST.total_seconds(), SILENT * usual):
                continue
            entity = town.store.peek(key[1])  # it may report again, or be gone, since it was come by
            if entity is None or not self._note(town, entity, now):
                self._late.pop(key, None)
            elif self._late.get(key) == (name, last):
                found.append(DeviceFact(town.name, key[1], context.compact(entity.types[0]), last, usual))
        return found

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
