"""What can SQLite say about an entity's JSON before it is decoded?

For reads that no index helps: a condition in SQL that every matching entity satisfies, and most others do not.
Like the indexes it never guesses; `matches` decides on what is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from machinami.model.query import (
    All,
    AnyOf,
    Compare,
    Condition,
    Exists,
    Linked,
    Literal,
    Missing,
    Operator,
    Path,
    Query,
)
from machinami.model.target import ENTITY_MEMBERS

_EXISTS = "json_type(doc, ?) IS NOT NULL"
_SOME = "EXISTS (SELECT 1 FROM json_each(doc, ?) i WHERE {test})"
_NUMBER = "json_type(i.value, '$.v') NOT IN ('integer', 'real') OR i.value ->> '$.v' {operator} ?"
_TEXT = "json_type(i.value, '$.v') <> 'text' OR i.value ->> '$.v' IN (?, ?)"
_ORDERS = (Operator.GREATER, Operator.GREATER_EQUAL, Operator.LESS, Operator.LESS_EQUAL)


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on `doc` with its parameters."""

    sql: str
    parameters: tuple[object, ...] = ()


def prefilter(query: Query) -> Filter | None:
    """The condition for the query; None where there is nothing to say."""
    parts: list[Filter | None] = []
    if query.attrs:
        parts.append(_either([_has(name) for name in query.attrs]))
    if query.scope is not None:
        parts.append(Filter("json_type(doc, '$.s') IS NOT NULL"))
    if query.geo is not None:
        parts.append(_has(query.geo.property))
    if query.q is not None:
        parts.append(_condition(query.q))
    return _both(parts)


def _condition(condition: Condition) -> Filter | None:
    if isinstance(condition, All):
        return _both([_condition(part) for part in condition.parts])
    if isinstance(condition, AnyOf):
        return _either([_condition(part) for part in condition.parts])
    if isinstance(condition, Missing):
        return None
    if isinstance(condition, Exists | Linked):
        return _has(condition.path.names[0])
    return _compare(condition)


def _compare(term: Compare) -> Filter | None:
    path = json_path(term.path.names[0])
    test = _test(term) if _is_plain(term.path) else None
    if path is None or test is None:
        return _has(term.path.names[0])
    return Filter(_SOME.format(test=test.sql), (path, *test.parameters))


def _is_plain(path: Path) -> bool:
    return len(path.names) == 1 and not path.trail


def _test(term: Compare) -> Filter | None:
    if len(term.operands) != 1 or not isinstance(term.operands[0], Literal):
        return None
    value = term.operands[0].value
    equal = term.operator is Operator.EQUAL
    if isinstance(value, str) and equal:
        return Filter(_TEXT, (value, term.operands[0].iri))
    if isinstance(value, int | float) and not isinstance(value, bool) and (equal or term.operator in _ORDERS):
        return Filter(_NUMBER.format(operator="=" if equal else term.operator.value), (float(value),))
    return None


def _has(name: str) -> Filter | None:
    path = json_path(name)
    return None if path is None else Filter(_EXISTS, (path,))


def json_path(name: str) -> str | None:
    """Where the instances of the attribute are; None for members of the entity and names that cannot be said."""
    if name in ENTITY_MEMBERS or '"' in name or "\\" in name:
        return None
    return f'$.a."{name}"'


def _both(parts: Sequence[Filter | None]) -> Filter | None:
    known = [part for part in parts if part is not None]
    return _joined(" AND ", known) if known else None


def _either(parts: Sequence[Filter | None]) -> Filter | None:
    known = [part for part in parts if part is not None]
    return _joined(" OR ", known) if known and len(known) == len(parts) else None


def _joined(word: str, parts: Sequence[Filter]) -> Filter:
    sql = word.join(f"({part.sql})" for part in parts)
    return Filter(sql, tuple(p for part in parts for p in part.parameters))
