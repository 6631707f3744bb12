"""Which entities did a client fix for a sequence of requests? (ETSI GS CIM 009, 4.3.6.7, 5.5.14, 5.14)

Entity maps are kept in memory for a while: a client whose map is gone is given a new one. Those that a client asked
for have a name that it can use; those that only keep the pages of a query together are found again by the query.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from machinami.broker.finding import every_id
from machinami.broker.history import Span
from machinami.broker.policy import demand, is_own
from machinami.broker.seen import linked_in, reading
from machinami.broker.town import Town
from machinami.foundation.errors import NotFound, TooManyResults
from machinami.model.entity import Entity
from machinami.model.entity_map import LOCAL, EntityMap
from machinami.model.matching import matches
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import Page, Query

DEFAULT_LIFETIME = timedelta(minutes=5)
LONGEST_LIFETIME = timedelta(hours=1)
MOST_ENTITIES = 100_000  # in one map
_MOST_MAPS = 1_000  # of one town; the oldest go first
_MOST_MAPPED = 500_000  # entities in all maps of one town
_AT_ONCE = 500  # entities looked at before others get their turn
_NOTHING: Mapping[str, str] = {}

Places = Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class EntityMaps:
    """The maps of every town, each with the query that it was made for and who had it made."""

    kept: dict[str, OrderedDict[str, tuple[EntityMap, Query, str]]] = field(default_factory=dict)

    def keep(
        self,
        town: Town,
        query: Query,
        places: Places,
        lifetime: timedelta | None,
        by: Principal,
        linked: Mapping[str, str] = _NOTHING,
    ) -> EntityMap:
        """A new map of these entities, for no longer than this broker keeps any (6.4.3.2). linked: the maps that the
        sources made of theirs."""
        demand(town.policy, by, Deed.READ)
        until = town.clock() + min(lifetime or DEFAULT_LIFETIME, LONGEST_LIFETIME)
        made = EntityMap(f"urn:ngsi-ld:EntityMap:{town.new_id()}", until, places, linked)
        self._put(town, made, query, by)
        return made

    def note(self, town: Town, key: str, query: Query, places: Places, by: Principal) -> None:
        """Remember which entities the pages of a query are of. key: by which those who ask for the next one name it;
        no client can, as it is no URI."""
        self._put(town, EntityMap(key, town.clock() + DEFAULT_LIFETIME, places), query, by)

    def noted(self, town: Town, key: str) -> EntityMap | None:
        """What was noted under a key; None where that is too long ago."""
        maps = self.kept.get(town.name)
        found = maps.get(key) if maps is not None else None
        return found[0] if found is not None and found[0].is_current(town.clock()) else None

    def get(self, town: Town, map_id: str, by: Principal) -> EntityMap:
        """The map (5.14.1). Raises NotFound, also where it has expired."""
        demand(town.policy, by, Deed.READ)
        found = self.noted(town, map_id)
        if found is None or not is_own(town.policy, self.kept[town.name][map_id][2], by):
            raise NotFound(f"There is no entity map {map_id} here", entityMapId=map_id)
        return found

    async def shown(self, town: Town, map_id: str, by: Principal) -> EntityMap:
        """The map without the entities here that the law keeps from who asks by now (5.14.1). Raises NotFound."""
        found, rights = self.get(town, map_id, by), town.policy.rights(by)
        if rights is None or rights.law is None:
            return found
        entries: dict[str, tuple[str, ...]] = {}
        for number, (entity_id, places) in enumerate(found.entries.items(), 1):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            entity = town.store.peek(entity_id) or town.store.recall(entity_id)
            if entity is None or rights.seen(entity) is not None:
                entries[entity_id] = places
        return replace(found, entries=entries)

    def prolong(self, town: Town, map_id: str, until: datetime, by: Principal) -> None:
        """Let the map expire at another time, which is not beyond what this broker allows (5.14.2)."""
        self._set(town, replace(self.get(town, map_id, by), expires_at=min(until, town.clock() + LONGEST_LIFETIME)))

    def drop(self, town: Town, map_id: str, by: Principal) -> None:
        """Forget the map (5.14.3)."""
        self.get(town, map_id, by)
        del self.kept[town.name][map_id]

    def remove(self, town: Town, map_id: str, gone: Collection[str]) -> None:
        """Take entities out that do not match any more (5.5.9.3)."""
        present = self.noted(town, map_id)
        if present is not None and gone:
            entries = {name: places for name, places in present.entries.items() if name not in gone}
            self._set(town, replace(present, entries=entries))

    def link(self, town: Town, map_id: str, linked: Mapping[str, str]) -> None:
        """Note which maps the sources use (5.7.1.4)."""
        present = self.noted(town, map_id)
        if present is not None and linked:
            self._set(town, replace(present, linked={**present.linked, **linked}))

    async def prune(self, town: Town, map_id: str, by: Principal) -> EntityMap:
        """The map without the entities held here that do not match its query any more (5.5.9.3)."""
        before = self.get(town, map_id, by)
        query = self.kept[town.name][map_id][1]
        here = [entity_id for entity_id, places in before.entries.items() if places == (LOCAL,)]
        matching = {entity.id for entity in await matching_here(town, here, query, by)}
        self.remove(town, map_id, set(here) - matching)
        return self.get(town, map_id, by)

    def _set(self, town: Town, changed: EntityMap) -> None:
        maps = self.kept[town.name]
        maps[changed.id] = changed, *maps[changed.id][1:]

    def _put(self, town: Town, made: EntityMap, query: Query, by: Principal) -> None:
        maps = self.kept.setdefault(town.name, OrderedDict())
        maps.pop(made.id, None)
        maps[made.id] = made, query, by.id
        mapped = sum(len(one.entries) for one, _, _ in maps.values())
        while len(maps) > 1 and (len(maps) > _MOST_MAPS or mapped > _MOST_MAPPED):
            mapped -= len(maps.popitem(last=False)[1][0].entries)


async def places_here(town: Town, query: Query, by: Principal) -> Places:
    """The entities here that a query finds (5.14.4). Raises TooManyResults."""
    return dict.fromkeys(await every_id(town, query, by, MOST_ENTITIES), (LOCAL,))


async def past_places(town: Town, query: Query, span: Span, by: Principal) -> Places:
    """The entities here whose past a temporal query finds (5.14.5). Raises TooManyResults."""
    found = await reading(town, by).find_past(query, span.temporal, Page(MOST_ENTITIES + 1), town.clock())
    if len(found.entities) > MOST_ENTITIES:
        raise TooManyResults(f"The query finds more than {MOST_ENTITIES} entities; ask for fewer")
    return {entity.id: (LOCAL,) for entity in found.entities}


async def matching_here(town: Town, ids: Iterable[str], query: Query, by: Principal) -> list[Entity]:
    """Those of the entities that match, in the order of the map; the filters are asked anew (5.5.9.3)."""
    peek, now = linked_in(town, by), town.clock()
    found = []
    for number, entity_id in enumerate(ids, 1):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
        entity = peek(entity_id)
        if entity is not None and matches(query, entity, now, peek):
            found.append(entity)
    return found
