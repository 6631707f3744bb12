"""In which order do entities come? (ETSI GS CIM 009, 4.23)

Values of different types follow the order of 4.23.2: numbers, texts, objects, arrays, booleans, times of day,
dates, date-times. What is null or absent comes last, ascending or descending. Texts are ordered by the collation
of the order, by code point where it has none (that of clients is the root collation unless they ask for another).
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from machinami.foundation import geometry
from machinami.model.attribute import Kind
from machinami.model.collation import collation_key
from machinami.model.comparison import as_clock, as_day, as_moment
from machinami.model.entity import Entity
from machinami.model.query import Order
from machinami.model.target import Target, targets

Key = tuple[Any, ...]

_NUMBER, _TEXT, _OBJECT, _ARRAY, _BOOLEAN, _CLOCK, _DAY, _MOMENT = range(8)
_NULL: tuple[int, int] = (8, 0)
_ABSENT: tuple[int, int] = (9, 0)


def arrange(entities: Iterable[Entity], orders: Sequence[Order], now: datetime) -> list[Entity]:
    """The entities in the order asked for; those that no key tells apart keep their given order."""
    arranged = list(entities)
    for order in reversed(orders):
        keys = {id(entity): sort_key(order, entity, now) for entity in arranged}
        arranged.sort(key=lambda entity: keys[id(entity)], reverse=order.descending)
    return arranged


def compare(orders: Sequence[Order], a: Entity, b: Entity, now: datetime) -> int:
    """-1 if `a` comes before `b`, 1 if after, 0 if no key tells them apart."""
    for order in orders:
        key_a, key_b = sort_key(order, a, now), sort_key(order, b, now)
        if key_a != key_b:
            return -1 if (key_a < key_b) != order.descending else 1
    return 0


def sort_key(order: Order, entity: Entity, now: datetime) -> Key:
    """A key that sorts entities by one Order, ascending, or with `reverse=True` where it is descending.

    Where an attribute has several instances the first decides. With `distance_to`, GeoProperties come first,
    by distance, then all else by value (4.23.2).
    """
    found = targets(order.path, entity, now)
    behind = 0
    if order.distance_to is not None:
        for kind, value in found:
            if kind is Kind.GEO and _is_geometry(value):
                return behind, geometry.distance_between(value, order.distance_to)
        behind = 1
    placed = _rank(found, order.collation)
    if placed in (_NULL, _ABSENT):
        behind = placed[0]
    return (-behind if order.descending else behind, *placed)


def _is_geometry(value: Any) -> bool:
    return isinstance(value, dict) and "coordinates" in value


def _rank(found: list[Target], collation: str | None) -> Key:
    if not found:
        return _ABSENT
    kind, value = found[0]
    if isinstance(value, tuple | list) and (kind is Kind.LANGUAGE or (isinstance(value, tuple) and len(value) == 1)):
        value = value[0] if value else None
    return rank(value, collation)


def rank(value: Any, collation: str | None = None) -> Key:
    """The place of one value among values of all types (4.23.2): (rank of its type, something ordered)."""
    if isinstance(value, dict) and "@value" in value:
        value = value["@value"]
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return _BOOLEAN, value
    if isinstance(value, int | float):
        return _NUMBER, value
    if isinstance(value, datetime):
        return _MOMENT, value
    if isinstance(value, str):
        return _rank_text(value, collation)
    return (_OBJECT if isinstance(value, dict) else _ARRAY), _canonical(value)


def _rank_text(text: str, collation: str | None) -> Key:
    if text[:1].isdigit():
        moment = as_moment(text)
        if moment is not None:
            return _MOMENT, moment
        day = as_day(text)
        if day is not None:
            return _DAY, day
        clock = as_clock(text)
        if clock is not None:
            return _CLOCK, clock
    return _TEXT, (text if collation is None else collation_key(text, collation))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
