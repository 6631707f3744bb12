"""What do the queries of a snapshot find, and how is it kept? (ETSI GS CIM 009, 5.16.1.4)"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from machinami.broker import operations
from machinami.broker.federation import evolutions, reading
from machinami.broker.federation.federation import Federation
from machinami.broker.federation.gathering import Wide
from machinami.broker.federation.trigger import Trigger
from machinami.broker.history import Past, Span, query_past
from machinami.broker.law import Law
from machinami.broker.town import Town
from machinami.foundation.errors import MachinamiError, TooManyResults
from machinami.model.attribute import NO_ATTRIBUTES
from machinami.model.change import Change, Verb
from machinami.model.entity import Entity
from machinami.model.found import Found, Instance
from machinami.model.never_kept import is_never_kept
from machinami.model.principal import Principal
from machinami.model.query import Page
from machinami.model.representation import Representation
from machinami.model.snapshot import Detail
from machinami.store.protocol import Transaction

MOST_ENTITIES = 10_000  # of one snapshot
MOST_INSTANCES = 50_000
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of a snapshot. shown: which attributes of the entities it wants. local: this broker alone."""

    wide: Wide
    shown: Representation
    trigger: Trigger
    local: bool


@dataclass(frozen=True, slots=True)
class AskedPast:
    """A temporal query of a snapshot. local: this broker alone."""

    wide: Wide
    span: Span
    trigger: Trigger
    local: bool


@dataclass(slots=True)
class Harvest:
    """What the queries have found until now."""

    entities: dict[str, Entity] = field(default_factory=dict)
    heads: dict[str, Entity] = field(default_factory=dict)
    instances: dict[Hashable, Instance] = field(default_factory=dict)

    def add(self, found: Sequence[Entity]) -> None:
        """Take entities; of one that several queries find, the attributes of all."""
        new = sum(entity.id not in self.entities for entity in found)
        if len(self.entities) + new > MOST_ENTITIES:
            raise TooManyResults(f"A snapshot holds {MOST_ENTITIES} entities at most; ask for fewer")
        for entity in found:
            held = self.entities.get(entity.id)
            attributes = entity.attributes if held is None else {**held.attributes, **entity.attributes}
            self.entities[entity.id] = replace(entity, attributes=attributes)

    def add_past(self, heads: Sequence[Entity], instances: Sequence[Instance]) -> None:
        """Take past instances, with the entities that they are of."""
        fresh = {_key(one): one for one in instances}
        if len(self.instances.keys() | fresh.keys()) > MOST_INSTANCES:
            raise TooManyResults(f"A snapshot holds {MOST_INSTANCES} past instances at most; ask for fewer")
        self.heads.update((head.id, head) for head in heads)
        self.instances.update(fresh)

    def tell(self, law: Law) -> None:
        """Have it known which types entities with something marked have: others than the town's own may be here."""
        for entity in (*self.entities.values(), *self.heads.values()):
            law.meet(entity.types, entity.attributes)

    def _leave_out(self) -> None:
        for entity_id, entity in list(self.entities.items()):
            left = {name: several for name, several in entity.attributes.items() if not is_never_kept(name)}
            if len(left) < len(entity.attributes):
                self.entities[entity_id] = replace(entity, attributes=left)
        for key in [key for key, one in self.instances.items() if is_never_kept(one.attribute)]:
            del self.instances[key]

    def write(self, tx: Transaction, now: datetime) -> None:
        """Put everything into the store of the snapshot, with the times that it had, but what is never kept, whatever a
        source says."""
        self._leave_out()
        for head in self.heads.values():
            if head.id not in self.entities:
                tx.remember(replace(head, attributes=NO_ATTRIBUTES))
        for entity in self.entities.values():
            tx.write(Change(Verb.CREATED, entity.id, entity.types, None, entity, (), now, ""))
        for instance in self.instances.values():
            tx.add_history(instance)


def _key(one: Instance) -> Hashable:
    said = one.value
    return one.entity_id, one.attribute, said.dataset_id, said.instance_id, said.observed_at, said.modified_at


async def ask(harvest: Harvest, federation: Federation, town: Town, asked: Asked, by: Principal) -> Detail:
    """Take in what a query finds here and at the sources (5.7.2.4), whole, as of one moment."""
    try:
        found = (await _found(federation, town, asked, by)).entities
        harvest.add([_seen(entity, asked.shown) for entity in found])
    except MachinamiError as error:
        return _failed(error)
    return Detail("success" if found else "empty")


async def ask_past(harvest: Harvest, federation: Federation, town: Town, asked: AskedPast, by: Principal) -> Detail:
    """Take in what a temporal query finds here and at the sources (5.7.4.4), whole."""
    try:
        found = await _found_past(federation, town, asked, by)
        harvest.add_past([past.entity for past in found], [one for past in found for one in past.instances])
    except MachinamiError as error:
        return _failed(error)
    return Detail("success" if found else "empty")


async def _found_past(federation: Federation, town: Town, asked: AskedPast, by: Principal) -> Sequence[Past]:
    wide, span = replace(asked.wide, page=Page(MOST_ENTITIES + 1)), replace(asked.span, limit=MOST_INSTANCES + 1)
    temporal, beyond = span.temporal, town.sources.kept and not asked.local
    if beyond and evolutions.concerns_sources(federation, town, wide, temporal, asked.trigger):
        return (await evolutions.find_past(federation, town, wide, span, asked.trigger, by))[0].entities
    found: list[Past] = []
    held = 0
    while True:
        page = (await query_past(town, wide.query, Page(_PAGE, len(found)), span, by)).entities
        found += page
        held += sum(len(past.instances) for past in page)
        if len(page) < _PAGE or held > MOST_INSTANCES:
            return found


async def _found(federation: Federation, town: Town, asked: Asked, by: Principal) -> Found:
    wide = replace(asked.wide, page=Page(MOST_ENTITIES + 1))
    if asked.local or not town.sources.kept or not reading.concerns_sources(federation, town, wide, asked.trigger):
        return await operations.query(town, wide.query, wide.page, by)
    return (await reading.find(federation, town, wide, asked.trigger, by))[0]


def _seen(entity: Entity, shown: Representation) -> Entity:
    attributes = {name: said for name, said in entity.attributes.items() if shown.shows_attribute(name)}
    return entity if len(attributes) == len(entity.attributes) else replace(entity, attributes=attributes)


def _failed(error: MachinamiError) -> Detail:
    told: Mapping[str, Any] = {"title": type(error).__name__, "detail": error.detail}
    return Detail("failure", told)
