"""How is a plain entity written? With what stands around its values, which is written once for each shape."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from machinami.foundation.instant import to_micros
from machinami.model.document import KIND_CODES, moment_from_text
from machinami.model.entity import Entity
from machinami.model.plain import Plain, Shape
from machinami.store.encoding import encode, encode_each
from machinami.store.sqlite.pieces import WIDEST, Row, form, system_times, types_text

_SHAPES = 1_024
_MOMENTS = 2_048


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The JSON of an entity of one shape, without what each entity has of its own.

    text: with %b for the id, the types, the times of the entity, and for each attribute its value, when it was
    observed (where it says so) and its times. width: how many; fields: which of them are the fields, and times: which
    are the times of the attributes.
    """

    text: bytes
    width: int
    fields: tuple[int, ...]
    times: tuple[int, ...]


@lru_cache(_SHAPES)
def _pattern(shape: Shape) -> _Pattern:
    members: list[bytes] = []
    fields: list[int] = []
    times: list[int] = []
    at = 3
    for one in shape.forms:
        head, tail, _ = form(KIND_CODES[one.kind], one.unit)
        observed = b""
        fields.append(at)
        at += 1
        if one.timed:
            observed = b',"o":%b'
            fields.append(at)
            at += 1
        times.append(at)
        at += 1
        name = _literal(encode(one.name))
        members.append(name + b":[" + _literal(head) + b"%b" + _literal(tail) + observed + b"%b}]")
    return _Pattern(b'{"i":%b,"t":%b%b,"a":{' + b",".join(members) + b"}}", at, tuple(fields), tuple(times))


def _literal(text: bytes) -> bytes:
    return text.replace(b"%", b"%%")


def plain_text(entity: Entity, plain: Plain) -> bytes:
    """The JSON of an entity whose attributes say this."""
    pattern = _pattern(plain.shape)
    made = plain.made
    if type(made) is tuple:
        parts = [b""] * pattern.width
        for at, one in zip(pattern.times, made, strict=True):
            parts[at] = _times(one, plain.written)[2]
    else:
        parts = [_times(made, plain.written)[2]] * pattern.width
    parts[0], parts[1] = encode(entity.id), types_text(entity.types)
    parts[2] = system_times(entity.created_at, entity.modified_at)[2]
    for at, text in zip(pattern.fields, encode_each(plain.fields), strict=True):
        parts[at] = text
    return pattern.text % tuple(parts)


@lru_cache(_MOMENTS)
def _times(made: str | None, written: str | None) -> tuple[int | None, int | None, bytes]:
    """When an attribute was made and written: in microseconds, and as what that adds to its JSON."""
    return system_times(made and moment_from_text(made), written and moment_from_text(written))


@lru_cache(_MOMENTS)
def _observed(moment: str) -> int:
    return to_micros(moment_from_text(moment))


@lru_cache(_SHAPES)
def _rests(shape: Shape) -> tuple[tuple[bool, tuple[bytes, bytes, bytes | None]], ...]:
    """Of each attribute whether it says when it was observed, and what stands around its value."""
    return tuple([(one.timed, form(KIND_CODES[one.kind], one.unit)) for one in shape.forms])


def plain_rows(plain: Plain, numbers: Iterable[int], subject: int, serial: int) -> list[Row]:
    """The rows of the history for the attributes of an entity. numbers: of their names; serial: of the first row."""
    rows: list[Row] = []
    made, written = plain.made, plain.written
    several = made if type(made) is tuple else None
    created, modified, _ = _times(None if several else made, written)
    following = iter(plain.fields)
    for index, (number, (timed, (head, tail, rest))) in enumerate(zip(numbers, _rests(plain.shape), strict=True)):
        value: Any = next(following)
        if several is not None:
            created = _times(several[index], written)[0]
        if type(value) is float or (type(value) is int and -WIDEST <= value < WIDEST):
            doc = rest
        else:
            value, doc = None, head + encode(value) + tail + b"}"
        time = _observed(next(following)) if timed else modified
        rows.append((subject, number, time, serial + index, 1 if timed else 0, 0, created, modified, value, doc))
    return rows
