"""How is a condition written as the text of a `q`? The inverse of `parse_q`."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from machinami.foundation.instant import format_instant
from machinami.model.context import Context
from machinami.model.parse_q import MEMBER, TYPE_HINT
from machinami.model.query import (
    All,
    AnyOf,
    Compare,
    Condition,
    Exists,
    Linked,
    Literal,
    Missing,
    Path,
    Range,
)
from machinami.model.scanner import NAME, is_prefix

_KEYWORDS = {"@id": "id", "@type": "type"}


def format_q(condition: Condition, context: Context) -> str:
    """The text that `parse_q` reads as this condition in this context.

    Values expanded by expandValues are written as they were given: name the same attributes again to read them.
    """
    return _WRITERS[type(condition)](condition, context)


def _name(iri: str, context: Context) -> str:
    name = _KEYWORDS.get(iri) or context.compact(iri)
    prefix, colon, _ = name.partition(":")
    readable = NAME.fullmatch(name) and context.expand(name) == iri and (not colon or is_prefix(prefix, context))
    return name if readable else f"<{iri}>"


def _path(path: Path, context: Context) -> str:
    names = ".".join(_name(name, context) for name in path.names)
    return names + (f"[{'.'.join(_member(m) for m in path.trail)}]" if path.trail else "")


def _member(name: str) -> str:
    plain = name == "*" or (MEMBER.fullmatch(name) is not None and name.strip() == name)
    return name if plain else _quote(name)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, time):
        return value.replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat() if isinstance(value, date) else repr(value)


def _operand(operand: Literal | Range) -> str:
    if isinstance(operand, Range):
        return f"{_value(operand.low.value)}..{_value(operand.high.value)}"
    return _value(operand.value)


def _compare(condition: Compare, context: Context) -> str:
    operands = ",".join(_operand(o) for o in condition.operands)
    return f"{_path(condition.path, context)}{condition.operator}{operands}"


def _linked(condition: Linked, context: Context) -> str:
    inner = format_q(condition.condition, context)
    return f"{_path(condition.path, context)}{{{_hint(condition.types, inner, context)}{inner}}}"


def _hint(types: tuple[str, ...], inner: str, context: Context) -> str:
    """The type hint; in angle brackets where its colon could be taken for that of a compact IRI."""
    if not types:
        return ""
    hint = ",".join(_name(name, context) for name in types) + ":"
    read = TYPE_HINT.match(hint + inner)
    if read is None or read[0] != hint or is_prefix(hint[:-1], context):
        hint = ",".join(f"<{name}>" for name in types) + ":"
    return hint


def _joined(sign: str) -> Callable[[All | AnyOf, Context], str]:
    def write(condition: All | AnyOf, context: Context) -> str:
        return sign.join(_part(part, context) for part in condition.parts)

    return write


def _part(part: Condition, context: Context) -> str:
    text = format_q(part, context)
    return f"({text})" if isinstance(part, All | AnyOf) else text


_WRITERS: Mapping[type, Callable[[Any, Context], str]] = {
    Exists: lambda condition, context: _path(condition.path, context),
    Missing: lambda condition, context: "!" + _path(condition.path, context),
    Compare: _compare,
    Linked: _linked,
    All: _joined(";"),
    AnyOf: _joined("|"),
}
