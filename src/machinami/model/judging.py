"""How is one query asked of many entities? What `matching.matches` says, prepared once.

Nothing here has a meaning of its own: what is common and simple is asked in a shorter way, everything else is
handed to `matching`. A test holds both to the same answers.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import Any

from machinami.foundation import geometry
from machinami.model import query as q
from machinami.model.attribute import Kind
from machinami.model.comparison import compares
from machinami.model.entity import Entity
from machinami.model.matching import Linked, has_types, holds, lies, matches, seen, seen_through, unlinked
from machinami.model.target import ENTITY_MEMBERS, targets

Test = Callable[[Entity], bool]

_NUMBERS = frozenset((int, float))
_TEXTS = frozenset((str,))
_OPERATORS: Mapping[q.Operator, Callable[[Any, Any], bool]] = {
    q.Operator.EQUAL: operator.eq,
    q.Operator.UNEQUAL: operator.ne,
    q.Operator.GREATER: operator.gt,
    q.Operator.GREATER_EQUAL: operator.ge,
    q.Operator.LESS: operator.lt,
    q.Operator.LESS_EQUAL: operator.le,
}


def judge(query: q.Query, now: datetime, linked: Linked = unlinked) -> Test:
    """The test that says of an entity what `matches(query, entity, now, linked)` says."""
    if query.guard is not None:
        return _guarded(query.guard, judge(replace(query, guard=None), now, seen_through(query.guard, linked)))
    tests: list[Test] = []
    if query.types is not None:
        tests.append(_types(query.types))
    rest = q.Query(
        ids=query.ids,
        id_pattern=query.id_pattern,
        attrs=query.attrs,
        scope=query.scope,
        selectors=query.selectors,
    )
    if rest != q.Query():
        tests.append(lambda entity: matches(rest, entity, now, linked))
    if query.q is not None:
        tests.append(_condition(query.q, now, linked))
    if query.geo is not None:
        tests.append(_place(query.geo, now))

    asked = _all(tests)

    def fits(entity: Entity) -> bool:
        expires = entity.expires_at
        return (expires is None or expires > now) and asked(entity)

    return fits


def _guarded(guard: q.Guard, asked: Test) -> Test:
    def fits(entity: Entity) -> bool:
        visible = seen(guard, entity)
        return visible is not None and asked(visible)

    return fits


def _types(selection: q.TypeSelection) -> Test:
    if isinstance(selection, q.TypeIs):
        name = selection.type
        return lambda entity: name in entity.types
    return lambda entity: has_types(selection, entity.types)


def _condition(condition: q.Condition, now: datetime, linked: Linked) -> Test:
    if isinstance(condition, q.All):
        return _all([_condition(part, now, linked) for part in condition.parts])
    if isinstance(condition, q.Compare):
        return _compare(condition, now)
    return lambda entity: holds(condition, entity, now, linked)


def _all(parts: Sequence[Test]) -> Test:
    return reduce(_both, parts) if parts else lambda entity: True


def _both(first: Test, second: Test) -> Test:
    return lambda entity: first(entity) and second(entity)


def _compare(term: q.Compare, now: datetime) -> Test:
    path = term.path

    def at_length(entity: Entity) -> bool:
        return any(compares(target, term) for target in targets(path, entity, now))

    operand = term.operands[0]
    types = _types_of(operand) if len(term.operands) == 1 else None
    name = path.names[0]
    if types is None or term.operator not in _OPERATORS or len(path.names) > 1 or path.trail or name in ENTITY_MEMBERS:
        return at_length
    limit, holds_for = operand.value, _OPERATORS[term.operator]  # type: ignore[union-attr]  # a Literal: it has types

    def fits(entity: Entity) -> bool:
        instances = entity.attributes.get(name)
        if not instances:
            return False
        instance = instances[0]
        value = instance.value
        if (
            type(value) in types
            and instance.kind is Kind.PROPERTY
            and instance.expires_at is None
            and len(instances) == 1
        ):
            return holds_for(value, limit)
        return at_length(entity)

    return fits


def _types_of(operand: q.Literal | q.Range) -> frozenset[type] | None:
    """The types of value that are compared with the operand as they are."""
    if isinstance(operand, q.Literal):
        if type(operand.value) in _NUMBERS:
            return _NUMBERS
        if type(operand.value) is str:
            return _TEXTS
    return None


def _place(geo: q.GeoQuery, now: datetime) -> Test:
    name, centre, least, most = geo.property, geo.geometry, geo.min_distance, geo.max_distance
    if geo.relation is not q.GeoRelation.NEAR or centre["type"] != "Point":
        return lambda entity: lies(geo, entity, now)
    position = centre["coordinates"]

    def fits(entity: Entity) -> bool:
        instances = entity.attributes.get(name, ())
        if len(instances) != 1:
            return lies(geo, entity, now)
        instance = instances[0]
        if instance.kind is not Kind.GEO or instance.expires_at is not None or instance.value["type"] != "Point":
            return lies(geo, entity, now)
        metres = geometry.distance(instance.value["coordinates"], position)
        return (most is None or metres <= most) and (least is None or metres > least)

    return fits
