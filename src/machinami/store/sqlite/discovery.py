"""Which types are there, and which attributes do their entities have?

A small table counts them: every change of an entity that gives it a type, an attribute or a kind of attribute, or takes
one away, moves the counts.
"""

from collections import Counter, defaultdict

import apsw

from machinami.model.attribute import Kind
from machinami.model.document import KIND_CODES
from machinami.model.entity import Entity
from machinami.model.found import Inventory, TypeSummary
from machinami.model.plain import plain_of
from machinami.store.sqlite.connection import read, read_one
from machinami.store.sqlite.names import Names
from machinami.store.sqlite.statements import SQL

LIVE, GONE = "live", "gone"
Tallies = Counter[tuple[int, int, str]]  # type, attribute, kind: how many entities more
Makeup = tuple[tuple[str, ...], frozenset[tuple[str, Kind]]]  # types, attributes with their kinds

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


def makeup_of(entity: Entity) -> Makeup:
    """The types of the entity, and its attributes by name with the kinds of their instances; of many it is the same."""
    plain = plain_of(entity)
    if plain is not None:
        return entity.types, plain.shape.kinds
    several = entity.attributes.items()
    return entity.types, frozenset([(name, one.kind) for name, instances in several for one in instances])


def retell(tallies: Tallies, names: Names, makeups: Counter[Makeup]) -> None:
    """Move the counts by the entities that there are more of each makeup."""
    number = names.number
    for (types, kinds), more in makeups.items():
        for type_name in types if more else ():
            for name, kind in kinds:
                tallies[number(type_name), number(name), KIND_CODES[kind]] += more


def count(entities: int, connection: apsw.Connection) -> Inventory:
    """Everything that is kept beside so many entities."""
    past, log = read_one(connection, SQL.count_history), read_one(connection, SQL.log_length)
    return Inventory(entities, past, log, dict(read(connection, SQL.count_records)))
