"""Which types are there, and which attributes do their entities have?

A small table counts them: every change of an entity that gives it a type, an attribute or a kind of attribute, or takes
one away, moves the counts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

import apsw

from machinami.model.attribute import Kind
from machinami.model.change import AttributeChange
from machinami.model.document import KIND_CODES
from machinami.model.entity import Entity
from machinami.model.found import TypeSummary
from machinami.model.plain import plain_of
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.statements import SQL

LIVE, GONE = "live", "gone"
Tallies = Counter[tuple[int, int, str]]  # type, attribute, kind: how many entities more

_KINDS = {code: kind.value for kind, code in KIND_CODES.items()}


def summarize(names: Names, connection: apsw.Connection) -> list[TypeSummary]:
    """Every type in use, by name."""
    entities: dict[int, int] = {}
    attributes: dict[int, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for number, attribute, kind, count in read(connection, SQL.tallies):
        if attribute:
            attributes[number][names.text(attribute)][_KINDS[kind]] = count
        elif number and kind == LIVE:
            entities[number] = count
    summaries = [
        TypeSummary(names.text(number), count, dict(sorted(attributes[number].items())))
        for number, count in entities.items()
    ]
    return sorted(summaries, key=lambda summary: summary.type)


def is_retold(one: AttributeChange) -> bool:
    """Whether the attributes that the entity has, or their kinds, may be others after this change."""
    return one.before is None or one.after is None or one.before.kind is not one.after.kind


def retell(tallies: Tallies, names: Names, before: Entity | None, after: Entity | None) -> None:
    """Note how the counts move as the entity changes."""
    number = names.number
    for entity, step in ((before, -1), (after, 1)):
        if entity is None:
            continue
        held = {(number(name), KIND_CODES[kind]) for name, kind in _kinds_of(entity)}
        for type_name in entity.types:
            for attribute, kind in held:
                tallies[number(type_name), attribute, kind] += step


def _kinds_of(entity: Entity) -> Iterable[tuple[str, Kind]]:
    """The attributes of the entity by name, with the kinds of their instances."""
    plain = plain_of(entity)
    if plain is not None:
        return [(form.name, form.kind) for form in plain.shape.forms]
    return [(name, one.kind) for name, instances in entity.attributes.items() for one in instances]
