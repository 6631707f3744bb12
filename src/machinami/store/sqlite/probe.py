"""What can SQLite say about a condition on the past before instances are decoded?

A comparison of an attribute with numbers is asked of the column of numbers: one row that satisfies it decides, and
so does a range in which every instance is a plain number and none satisfies it. Anything else is left open (None).
"""

from collections.abc import Callable

import apsw

from machinami.model import query as q
from machinami.store.sqlite.connection import read
from machinami.store.sqlite.history import Span
from machinami.store.sqlite.names import Names

_ORDERS = {
    q.Operator.GREATER: ">",
    q.Operator.LESS: "<",
    q.Operator.GREATER_EQUAL: ">=",
    q.Operator.LESS_EQUAL: "<=",
}
_PROPERTY = "(doc IS NULL OR CAST(doc AS TEXT) ->> '$.k' = 'P')"
_FIRST = "SELECT 1 FROM history WHERE subject = ? AND attribute = ? AND deleted = 0 AND {where} AND {what} LIMIT 1"

Parameters = tuple[int | str | float, ...]
Ask = Callable[[str, str, Parameters], bool]  # has the attribute an instance in the range of which this SQL is true?


def probe(connection: apsw.Connection, names: Names, subject: int, span: Span, condition: q.Condition) -> bool | None:
    """Whether the condition held in the range; None where the instances must be looked at."""

    def ask(name: str, what: str, parameters: Parameters) -> bool:
        number = names.known(name)
        if number is None:
            return False
        sql = _FIRST.format(where=span.where, what=what)
        return bool(read(connection, sql, (subject, number, *span.parameters, *parameters)))

    return _holds(condition, ask)


def _holds(condition: q.Condition, ask: Ask) -> bool | None:
    if isinstance(condition, q.All):
        return _together([_holds(part, ask) for part in condition.parts], False)
    if isinstance(condition, q.AnyOf):
        return _together([_holds(part, ask) for part in condition.parts], True)
    if not isinstance(condition, q.Compare) or len(condition.path.names) != 1 or condition.path.trail:
        return None
    term = _term(condition)
    name = condition.path.names[0]
    if term is None or name.startswith("@"):
        return None
    what, parameters = term
    if ask(name, f"{what} AND {_PROPERTY}", parameters):
        return True
    return None if ask(name, f"(number IS NULL OR NOT {_PROPERTY})", ()) else False


def _together(parts: list[bool | None], decisive: bool) -> bool | None:
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _term(condition: q.Compare) -> tuple[str, Parameters] | None:
    """The comparison with numbers as SQL; None for one that is not with numbers."""
    parts: list[str] = []
    parameters: list[float | int] = []
    for operand in condition.operands:
        ends = (operand,) if isinstance(operand, q.Literal) else (operand.low, operand.high)
        values = [end.value for end in ends if type(end.value) in (int, float)]
        if len(values) != len(ends):
            return None
        parts.append("number = ?" if len(values) == 1 else "number BETWEEN ? AND ?")
        parameters += [value for value in values if isinstance(value, int | float)]
    if condition.operator in _ORDERS and len(parameters) == 1:
        return f"number {_ORDERS[condition.operator]} ?", tuple(parameters)
    if condition.operator is q.Operator.EQUAL:
        return f"({' OR '.join(parts)})", tuple(parameters)
    if condition.operator is q.Operator.UNEQUAL:
        return f"NOT ({' OR '.join(parts)})", tuple(parameters)
    return None
