"""What do the checks do to a store? The changes that a broker would make, in few words."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from machinami.model.attribute import Attribute, Kind
from machinami.model.change import AttributeChange, Change, Verb
from machinami.model.entity import Entity
from machinami.store.protocol import TownStore, Transaction

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
VOCABULARY = "https://town.example/"
GAUGE = VOCABULARY + "Gauge"
LEVEL = VOCABULARY + "level"
LABEL = VOCABULARY + "label"
STATE = VOCABULARY + "state"
LOCATION = "https://uri.etsi.org/ngsi-ld/location"


def at(minutes: float) -> datetime:
    """So many minutes after NOW."""
    return NOW + timedelta(minutes=minutes)


def reading(value: Any, minutes: float = 0, **more: Any) -> Attribute:
    """A Property observed so many minutes after NOW."""
    moment = at(minutes)
    return Attribute(Kind.PROPERTY, value, observed_at=moment, created_at=moment, modified_at=moment, **more)


def gauge(number: int, types: tuple[str, ...] = (GAUGE,), **attributes: Any) -> Entity:
    """The n-th gauge; attributes by short name, an Attribute or a plain value."""
    made = {
        VOCABULARY + name: (value if isinstance(value, Attribute) else reading(value),)
        for name, value in attributes.items()
    }
    return Entity(f"urn:ngsi-ld:Gauge:{number:04d}", types, made, created_at=NOW, modified_at=NOW)


def creation(entity: Entity) -> Change:
    """The change that creates the entity."""
    changes = [AttributeChange(name, None, i) for name, instances in entity.attributes.items() for i in instances]
    return Change(Verb.CREATED, entity.id, entity.types, None, entity, tuple(changes), NOW, "tester")


def update(before: Entity, name: str, value: Attribute) -> Change:
    """The change that gives the named attribute this one instance."""
    after = replace(before, attributes={**before.attributes, name: (value,)}, modified_at=value.modified_at)
    old = before.get(name)
    one = AttributeChange(name, old, value)
    moment = value.modified_at or NOW
    return Change(Verb.UPDATED, before.id, after.types, before, after, (one,), moment, "tester")


def removal(before: Entity, name: str) -> Change:
    """The change that deletes the named attribute."""
    after = before.keeping(n for n in before.attributes if n != name)
    changes = tuple(AttributeChange(name, i, None) for i in before.attributes[name])
    return Change(Verb.UPDATED, before.id, after.types, before, after, changes, NOW, "tester")


def deletion(before: Entity) -> Change:
    """The change that deletes the entity."""
    changes = tuple(AttributeChange(name, i, None) for name, instances in before.attributes.items() for i in instances)
    return Change(Verb.DELETED, before.id, before.types, before, None, changes, NOW, "tester")


async def write(town: TownStore, *changes: Change) -> None:
    """Write the changes in one work."""

    def work(tx: Transaction) -> None:
        for change in changes:
            tx.write(change)

    await town.transact(work)


async def create(town: TownStore, entities: Iterable[Entity]) -> None:
    """Create the entities in one work."""
    await write(town, *map(creation, entities))


async def observe(town: TownStore, entity_id: str, name: str, value: Attribute) -> None:
    """Read the entity, change one attribute, write it: what a PATCH does."""

    def work(tx: Transaction) -> None:
        before = tx.get(entity_id)
        assert before is not None
        tx.write(update(before, name, value))

    await town.transact(work)


async def end(town: TownStore, entity_id: str) -> None:
    """Delete the entity."""

    def work(tx: Transaction) -> None:
        before = tx.get(entity_id)
        assert before is not None
        tx.write(deletion(before))

    await town.transact(work)
