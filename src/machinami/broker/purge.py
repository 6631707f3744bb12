"""How do all entities that a query finds go, or some attributes of them? Purge (ETSI GS CIM 009, 5.6.21).

The query is asked first, and of each entity once more inside the transaction that changes it, so that what has
changed meanwhile and is no longer meant stays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from machinami.broker.finding import every_id
from machinami.broker.operations import write_deletion, write_rule
from machinami.broker.policy import demand
from machinami.broker.town import Town
from machinami.broker.written import writing
from machinami.model import patch
from machinami.model.entity import Entity
from machinami.model.matching import matches
from machinami.model.patch import Patched
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.query import Query
from machinami.store.protocol import Transaction

_CHANGED = 500  # entities changed in one transaction: others get their turn in between


@dataclass(frozen=True, slots=True)
class Extent:
    """What of the found entities goes: everything, these attributes (`drop`), or all but these (`keep`)."""

    drop: frozenset[str] | None = None
    keep: frozenset[str] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the entities themselves go."""
        return self.drop is None and self.keep is None

    def goes(self, name: str) -> bool:
        """Whether the attribute goes."""
        return name in self.drop if self.drop is not None else self.keep is not None and name not in self.keep


async def purge(town: Town, query: Query, extent: Extent, by: Principal) -> None:
    """Delete what the query finds (5.6.21). It looks no further than this broker."""
    demand(town.policy, by, *((Deed.DELETE,) if extent.is_whole else (Deed.CHANGE,)))
    ids = await every_id(town, query, by)
    for start in range(0, len(ids), _CHANGED):
        part = ids[start : start + _CHANGED]
        now = town.clock()
        await writing(town, partial(_purge, part, query, extent, now, by), by)


def _purge(ids: Sequence[str], query: Query, extent: Extent, now: datetime, by: Principal, tx: Transaction) -> None:
    for entity in _meant(tx, ids, query, now):
        if extent.is_whole:
            write_deletion(tx, entity, now, by)
        elif any(map(extent.goes, entity.attributes)):
            write_rule(tx, entity.id, lambda held, at: _reduced(held, extent, at), now, by)


def _meant(tx: Transaction, ids: Sequence[str], query: Query, now: datetime) -> Iterator[Entity]:
    for entity_id in ids:
        entity = tx.get(entity_id)
        if entity is not None and matches(query, entity, now):
            yield entity


def _reduced(entity: Entity, extent: Extent, now: datetime) -> Patched:
    names = [name for name in entity.attributes if extent.goes(name)]
    return patch.without_attributes(entity, names, now)
