"""Random entities, queries and conditions for property tests: the stores' own generator, driven by hypothesis."""

from random import Random

from hypothesis import strategies as st

from machinami.model.entity import Entity
from machinami.model.query import All, AnyOf, Compare, Condition, Linked, Literal, Query, Range
from machinami.store.generated import entities
from machinami.store.generated_queries import condition, queries

ENTITY_COUNT = 12

seeds = st.integers(0, 2**32 - 1)


def some_entities() -> st.SearchStrategy[list[Entity]]:
    """A dozen entities that may link to each other."""
    return seeds.map(lambda seed: entities(Random(seed), ENTITY_COUNT))


def one_query() -> st.SearchStrategy[Query]:
    """A query about those entities."""
    return seeds.map(lambda seed: queries(Random(seed), 1, ENTITY_COUNT)[0])


def one_condition() -> st.SearchStrategy[Condition]:
    """A condition about those entities, as a `q` could say it: no value stands for an expanded term."""
    return seeds.map(lambda seed: _plain(condition(Random(seed), ENTITY_COUNT)))


def _plain(made: Condition) -> Condition:
    if isinstance(made, All | AnyOf):
        return type(made)(tuple(_plain(part) for part in made.parts))
    if isinstance(made, Linked):
        return Linked(made.path, _plain(made.condition), made.types)
    if isinstance(made, Compare):
        return Compare(made.path, made.operator, tuple(_operand(o) for o in made.operands))
    return made


def _operand(operand: Literal | Range) -> Literal | Range:
    return Literal(operand.value) if isinstance(operand, Literal) else operand
