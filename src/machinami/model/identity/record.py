"""How is a value of this folder written down to be kept, and read again? Dataclasses as plain JSON."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from machinami.foundation.instant import format_instant, parse_instant

T = TypeVar("T")


def write(value: Any) -> dict[str, Any]:
    """A dataclass as a JSON object: moments as ISO 8601, bytes as base64, sets in order."""
    return {field.name: _out(getattr(value, field.name)) for field in fields(value)}


def read(kind: type[T], record: Mapping[str, Any]) -> T:
    """The dataclass of a record; a member that the record does not have takes its default.

    Raises TypeError or ValueError where the record does not fit.
    """
    hints = _hints(cast(Any, kind))
    return kind(**{name: _in(hints[name], item) for name, item in record.items() if name in hints})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _out(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(_out(item) for item in value)
    if isinstance(value, tuple):
        return [_out(item) for item in value]
    if is_dataclass(value):
        return write(value)
    return value


def _in(hint: Any, value: Any) -> Any:
    if isinstance(hint, UnionType):
        if value is None:
            return None
        return _in(next(part for part in get_args(hint) if part is not NoneType), value)
    kind = get_origin(hint)
    if kind in (frozenset, tuple):
        return kind(_in(get_args(hint)[0], item) for item in value)
    if hint is datetime:
        return parse_instant(value)
    if hint is bytes:
        return b64decode(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return read(hint, value) if is_dataclass(hint) and isinstance(hint, type) else value
