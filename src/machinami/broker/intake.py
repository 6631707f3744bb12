"""How do readings come into the town? Many at a time, in one transaction, each into state and history."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace

from machinami.broker.operations import Rule, write_new, write_rule
from machinami.broker.records import note_simulated
from machinami.broker.town import Town
from machinami.broker.written import writing
from machinami.model import patch
from machinami.model.context import Context
from machinami.model.entity import Entity
from machinami.model.expansion import Fragment
from machinami.model.found import Instance
from machinami.model.never_kept import demand_attribute_keepable
from machinami.model.principal import Principal
from machinami.model.reading import Reading
from machinami.store.protocol import Transaction


def take(
    town: Town, readings: Sequence[Reading], context: Context, by: Principal, simulated: bool = False
) -> Awaitable[None]:
    """Write readings as news, in order: an entity that is not there yet is created by its first reading.

    A reading that is older than what the town knows already goes into the history alone, so that a gauge which
    hands in late never turns the present back. simulated: nothing of this was measured, and the town is to say so.
    """
    now = town.clock()
    items = [(r, context.expand(r.entity_type), context.expand(r.attribute), patch.attribute_of(r)) for r in readings]

    def work(tx: Transaction) -> None:
        if simulated:
            note_simulated(tx, by)
        for reading, kind, name, attribute in items:
            entity = tx.get(reading.entity_id)
            if entity is None:
                write_new(tx, Entity(reading.entity_id, (kind,), {name: (attribute,)}), now, by)
                continue
            known = entity.get(name, attribute.dataset_id)
            if known is not None and known.observed_at is not None and reading.observed_at < known.observed_at:
                late = replace(attribute, created_at=now, modified_at=now)
                tx.add_history(Instance(reading.entity_id, name, late))
            else:
                write_rule(tx, reading.entity_id, _appending(Fragment(attributes={name: (attribute,)})), now, by)

    return writing(town, work, by)


def take_past(
    town: Town, readings: Sequence[Reading], context: Context, by: Principal, simulated: bool = False
) -> Awaitable[None]:
    """Write readings of the past into the history alone (ETSI GS CIM 009, 5.6.11): nobody is told of them as news."""
    now = town.clock()
    items = [
        Instance(
            r.entity_id, context.expand(r.attribute), replace(patch.attribute_of(r), created_at=now, modified_at=now)
        )
        for r in readings
    ]

    for instance in items:
        demand_attribute_keepable(instance.attribute, instance.value)

    def work(tx: Transaction) -> None:
        if simulated:
            note_simulated(tx, by)
        for instance in items:
            tx.add_history(instance)

    return writing(town, work, by)


def _appending(fragment: Fragment) -> Rule:
    return lambda entity, now: patch.appended(entity, fragment, True, now)
