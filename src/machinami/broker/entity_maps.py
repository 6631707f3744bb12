"""Which entities did a client fix for a sequence of requests? (ETSI GS CIM 009, 5.5.14, 5.14)

Entity maps are kept in memory for a while: a client whose map is gone is given a new one.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from machinami.broker import operations
from machinami.broker.history import Span, query_past
from machinami.broker.policy import demand, is_own
from machinami.broker.seen import linked_in
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
_MOST_MAPS = 1_000  # of one town; the oldest go first
_MOST_ENTITIES = 100_000
_MOST_MAPPED = 500_000  # entities in all maps of one town
_PAGE = 1_000
_AT_ONCE = 500  # entities looked at before others get their turn

Places = Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class EntityMaps:
    """The maps of every town."""

    kept: dict[str, OrderedDict[str, tuple[EntityMap, Query, str]]] = field(default_factory=dict)

    def keep(self, town: Town, query: Query, places: Places, lifetime: timedelta | None, by: Principal) -> EntityMap:
        """A new map of these entities, for no longer than this broker keeps any (6.4.3.2)."""
        demand(town.policy, by, Deed.READ)
        until = town.clock() + min(lifetime or DEFAULT_LIFETIME, LONGEST_LIFETIME)
        made = EntityMap(f"urn:ngsi-ld:EntityMap:{town.new_id()}", until, places)
        maps = self.kept.setdefault(town.name, OrderedDict())
        maps[made.id] = (made, query, by.id)
        mapped = sum(len(one.entries) for one, _, _ in maps.values())
        while len(maps) > 1 and (len(maps) > _MOST_MAPS or mapped > _MOST_MAPPED):
            mapped -= len(maps.popitem(last=False)[1][0].entries)
        return made

    def get(self, town: Town, map_id: str, by: Principal) -> EntityMap:
        """The map (5.14.1). Raises NotFound, also where it has expired."""
        demand(town.policy, by, Deed.READ)
        maps = self.kept.get(town.name)
        found = maps.get(map_id) if maps is not None else None
        if found is None or not found[0].is_current(town.clock()) or not is_own(town.policy, found[2], by):
            raise NotFound(f"There is no entity map {map_id} here", entityMapId=map_id)
        return found[0]

    def prolong(self, town: Town, map_id: str, until: datetime, by: Principal) -> None:
        """Let the map expire at another time, which is not beyond what this broker allows (5.14.2)."""
        present = self.get(town, map_id, by)
        latest = town.clock() + LONGEST_LIFETIME
        maps = self.kept[town.name]
        maps[map_id] = (replace(present, expires_at=min(until, latest)), *maps[map_id][1:])

    def drop(self, town: Town, map_id: str, by: Principal) -> None:
        """Forget the map (5.14.3)."""
        self.get(town, map_id, by)
        del self.kept[town.name][map_id]

    async def prune(self, town: Town, map_id: str, by: Principal) -> EntityMap:
        """The map without the entities held here that do not match its query any more (5.5.9.3)."""
        before = self.get(town, map_id, by)
        query = self.kept[town.name][map_id][1]
        here = [entity_id for entity_id, places in before.entries.items() if places == (LOCAL,)]
        gone = set(here).difference(entity.id for entity in await matching_here(town, here, query, by))
        present = self.get(town, map_id, by)
        if gone:
            entries = {name: places for name, places in present.entries.items() if name not in gone}
            present = replace(present, entries=entries)
            self.kept[town.name][map_id] = (present, query, self.kept[town.name][map_id][2])
        return present


async def places_here(town: Town, query: Query, by: Principal) -> Places:
    """The entities here that a query finds (5.14.4). Raises TooManyResults."""
    found: dict[str, tuple[str, ...]] = {}
    while True:
        rows = (await operations.query(town, query, Page(_PAGE, len(found)), by)).entities
        found.update({entity.id: (LOCAL,) for entity in rows})
        if len(rows) < _PAGE:
            return found
        if len(found) >= _MOST_ENTITIES:
            raise TooManyResults(f"The query finds more than {_MOST_ENTITIES} entities; ask for fewer")


async def past_places(town: Town, query: Query, span: Span, by: Principal) -> Places:
    """The entities here whose past a temporal query finds (5.14.5). Raises TooManyResults."""
    found: dict[str, tuple[str, ...]] = {}
    while True:
        page = await query_past(town, query, Page(_PAGE, len(found)), span, by)
        found.update({past.entity.id: (LOCAL,) for past in page.entities})
        if len(page.entities) < _PAGE:
            return found
        if len(found) >= _MOST_ENTITIES:
            raise TooManyResults(f"The query finds more than {_MOST_ENTITIES} entities; ask for fewer")


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
