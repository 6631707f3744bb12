"""Which numbers and texts lead from an attribute to its entity, and which of them does a condition ask for?

An index holds, for an attribute, every number and text by which a comparison of `model.comparison` could be
satisfied; it may hold more. What it finds is therefore a superset, and `matches` decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.query import All, AnyOf, Compare, Condition, Literal, Operator, Range
from machinami.model.target import ENTITY_MEMBERS

Value = float | str
_LOWEST = float("-inf")
_HIGHEST = float("inf")
_FIRST_TEXT = ""
_MANY = 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """The values from low to high, both included, of one attribute.

    many: instead of them every entity that has several values of the attribute.
    """

    attribute: str
    low: Value
    high: Value | bytes
    many: bool = False


def values_of(instances: Iterable[Attribute]) -> set[Value]:
    """Every number and text by which a comparison may find these instances."""
    found: set[Value] = set()
    for instance in instances:
        value = instance.value
        if type(value) is float or type(value) is str:
            found.add(value)
        elif instance.kind is Kind.LANGUAGE:
            for texts in value.values():
                _gather(texts, found)
        else:
            _gather(value, found)
    return found


def rows_of(number: int, instances: Iterable[Attribute], key: int) -> set[tuple[int, Value, int]]:
    """The rows of the index for these instances of an attribute: one for each value and, where there are several
    values, one more that says so, under the negative number of the attribute."""
    values = values_of(instances)
    rows = {(number, value, key) for value in values}
    if len(values) > 1:
        rows.add((-number, _MANY, key))
    return rows


def _gather(value: Any, found: set[Value]) -> None:
    for element in value if isinstance(value, list | tuple) else (value,):
        if isinstance(element, dict):
            element = element.get("@value")
        if isinstance(element, str):
            found.add(element)
        elif isinstance(element, int | float) and not isinstance(element, bool):
            found.add(float(element))


def spans(condition: Condition) -> list[list[Span]]:
    """The ways to find by index all entities for which the condition may hold: each way is a union of spans."""
    if isinstance(condition, Compare):
        found = _compared(condition)
        return [found] if found else []
    if isinstance(condition, All):
        return _joined([way for part in condition.parts for way in spans(part)])
    if isinstance(condition, AnyOf):
        parts = [spans(part) for part in condition.parts]
        if parts and all(parts):
            return [[span for ways in parts for span in ways[0]]]
    return []


def _joined(ways: list[list[Span]]) -> list[list[Span]]:
    """Ways of which all must be gone: several spans of one attribute become the narrower one that they share.

    An entity with one value of the attribute has it in all of them, so in what they share. One with several may
    have another one in each, so all of these are candidates too.
    """
    single: dict[tuple[str, bool], list[Span]] = {}
    others: list[list[Span]] = []
    for way in ways:
        if len(way) == 1:
            single.setdefault((way[0].attribute, isinstance(way[0].low, str)), []).append(way[0])
        else:
            others.append(way)
    return [_shared(found) for found in single.values()] + others


def _shared(found: list[Span]) -> list[Span]:
    if len(found) == 1:
        return found
    name = found[0].attribute
    low: Any = max(cast(Any, span.low) for span in found)
    high: Any = min((span.high for span in found if not isinstance(span.high, bytes)), default=b"")
    return [Span(name, low, high), Span(name, _MANY, _MANY, many=True)]


def _compared(term: Compare) -> list[Span]:
    name = term.path.names[0]
    if len(term.path.names) > 1 or term.path.trail or name in ENTITY_MEMBERS:
        return []
    found: list[Span] = []
    for operand in term.operands:
        ends = _range(term.operator, operand) if isinstance(operand, Range) else _ends(term.operator, operand)
        if not ends:
            return []
        found += [Span(name, low, high) for low, high in ends]
    return found


def _range(operator: Operator, operand: Range) -> list[tuple[Value, Value | bytes]]:
    if operator is not Operator.EQUAL:
        return []
    low, high = _indexable(operand.low), _indexable(operand.high)
    if low is None or high is None or type(low) is not type(high):
        return []
    return [(low, high)]


def _ends(operator: Operator, operand: Literal) -> list[tuple[Value, Value | bytes]]:
    value = _indexable(operand)
    if value is None:
        return []
    text = isinstance(value, str)
    if operator is Operator.EQUAL:
        iri = [(operand.iri, operand.iri)] if operand.iri is not None else []
        return [(value, value), *iri]
    if operator in (Operator.GREATER, Operator.GREATER_EQUAL):
        return [(value, b"" if text else _HIGHEST)]  # every text is below every blob
    if operator in (Operator.LESS, Operator.LESS_EQUAL):
        return [(_FIRST_TEXT if text else _LOWEST, value)]
    return []


def _indexable(operand: Literal) -> Value | None:
    value = operand.value
    if isinstance(value, str):
        return value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


class ValueIndexes:
    """Which attributes are indexed, by name; those that are being built are kept up to date but not asked yet."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.ready: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.numbers)

    def differ(
        self, before: Entity | None, after: Entity | None, key: int, rows: dict[tuple[int, Value, int], bool]
    ) -> None:
        """Note the rows that go and come as the entity changes."""
        for name, number in self.numbers.items():
            old = before.attributes.get(name, ()) if before is not None else ()
            new = after.attributes.get(name, ()) if after is not None else ()
            if old is new:
                continue
            was, is_now = rows_of(number, old, key), rows_of(number, new, key)
            for row in was - is_now:
                rows[row] = False
            for row in is_now - was:
                rows[row] = True

    def choose(self, condition: Condition) -> Sequence[list[Span]]:
        """The ways to answer the condition that the finished indexes allow."""
        return [way for way in spans(condition) if all(span.attribute in self.ready for span in way)]
