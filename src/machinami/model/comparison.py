"""Does one target value compare with the operands of a query term? (ETSI GS CIM 009, 4.9)

A comparison is between values of one type only: values of different types are unequal and have no order.
Arrays compare by their elements for == and !=; they have no order and match no pattern. Texts compare by code
point.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from machinami.foundation.pattern import compile_pattern
from machinami.model.attribute import Kind
from machinami.model.query import Compare, Literal, Operator, Range
from machinami.model.target import Target

_RELATIONS = (Kind.RELATIONSHIP, Kind.LIST_RELATIONSHIP)


def as_number(value: Any) -> float | int | None:
    """The value if it is a number (a boolean is none)."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_boolean(value: Any) -> bool | None:
    """The value if it is a boolean."""
    return value if isinstance(value, bool) else None


def as_text(value: Any) -> str | None:
    """The value if it is a text."""
    return value if isinstance(value, str) else None


def as_moment(value: Any) -> datetime | None:
    """The value as a moment if it is one or says one with its zone."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or value[10:11] != "T":
        return None
    try:
        moment = datetime.fromisoformat(value.replace(",", "."))
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def as_day(value: Any) -> date | None:
    """The value as a day if it is written as YYYY-MM-DD."""
    if not isinstance(value, str) or len(value) != 10 or value[4] != "-":
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def as_clock(value: Any) -> time | None:
    """The value as a time of day in UTC if it is written as hh:mm:ssZ."""
    if not isinstance(value, str) or value[-1:] != "Z" or value[2:3] != ":" or value[5:6] != ":":
        return None
    try:
        return time.fromisoformat(value.replace(",", "."))
    except ValueError:
        return None


_READERS: Mapping[type, Callable[[Any], Any]] = {
    bool: as_boolean,
    int: as_number,
    float: as_number,
    str: as_text,
    datetime: as_moment,
    date: as_day,
    time: as_clock,
}

_ORDERS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.GREATER: operator.gt,
    Operator.GREATER_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_EQUAL: operator.le,
}


def compares(target: Target, term: Compare) -> bool:
    """Whether one target value satisfies the term."""
    return _TESTS[term.operator](target, term)


def _equal(target: Target, term: Compare) -> bool:
    kind, value = target
    for element in value if isinstance(value, list | tuple) else (value,):
        for operand in term.operands:
            if _is(element, operand, kind):
                return True
    return False


def _unequal(target: Target, term: Compare) -> bool:
    return not _equal(target, term)


def _is(element: Any, operand: Literal | Range, kind: Kind) -> bool:
    if isinstance(operand, Range):
        low: Any = operand.low.value
        found = read_as(low, element)
        return found is not None and bool(low <= found <= operand.high.value)
    if kind is Kind.VOCAB and operand.iri is not None:
        return bool(element == operand.iri)
    found = read_as(operand.value, element)
    return found is not None and bool(found == operand.value)


def read_as(model: object, value: Any) -> Any:
    """The value read as the type of `model`, None where it is of another type; typed values are unwrapped."""
    if type(value) is dict and "@value" in value:
        value = value["@value"]
    return _READERS[type(model)](value)


def _ordered(target: Target, term: Compare) -> bool:
    kind, value = target
    if kind in _RELATIONS:
        return False
    (operand,) = term.operands
    limit = operand.value if isinstance(operand, Literal) else operand.low.value
    holds = _ORDERS[term.operator]
    for candidate in _single(kind, value):
        found = read_as(limit, candidate)
        if found is not None and holds(found, limit):
            return True
    return False


def _single(kind: Kind, value: Any) -> Sequence[Any]:
    """The values that may be ordered: one, or each text of a LanguageProperty."""
    if isinstance(value, list | tuple):
        return value if kind is Kind.LANGUAGE else ()
    return (value,)


def _fits(target: Target, term: Compare) -> bool | None:
    """Whether a text of the target matches the pattern; None where the target holds no text."""
    kind, value = target
    (operand,) = term.operands
    if kind in _RELATIONS or not isinstance(operand, Literal):
        return None
    texts = [v for v in _single(kind, value) if isinstance(v, str)]
    if not texts:
        return None
    pattern = compile_pattern(str(operand.value))
    return any(pattern.finds(text) for text in texts)


_TESTS: Mapping[Operator, Callable[[Target, Compare], bool]] = {
    Operator.EQUAL: _equal,
    Operator.UNEQUAL: _unequal,
    Operator.MATCHES: lambda target, term: _fits(target, term) is True,
    Operator.NOT_MATCHES: lambda target, term: _fits(target, term) is False,
    **dict.fromkeys(_ORDERS, _ordered),
}
