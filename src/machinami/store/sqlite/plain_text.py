"""How is a plain entity written? With what stands around its values, which is written once for each shape."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, repeat
from typing import Any

from machinami.foundation.instant import to_micros
from machinami.model.document import KIND_CODES, moment_from_text
from machinami.model.entity import Entity
from machinami.model.plain import Plain, Shape
from machinami.store.encoding import encode, encode_each
from machinami.store.sqlite.pieces import WIDEST, Number, Row, form, head_times, times_text, types_text

_SHAPES = 1_024
_MOMENTS = 2_048
_TIMES = 72  # bytes that the times of an attribute take
_NUMERIC = frozenset((float, int))

Around = tuple[bytes, bytes, bytes | None]  # what stands before and after a value, and both without it


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


def plain_size(shape: Shape) -> int:
    """How many bytes of the JSON of an entity are the same for all of this shape, about."""
    pattern = _pattern(shape)
    return len(pattern.text) + _TIMES * len(pattern.times)


def _literal(text: bytes) -> bytes:
    return text.replace(b"%", b"%%")


def plain_text(entity: Entity, plain: Plain) -> bytes:
    """The JSON of an entity whose attributes say this."""
    pattern = _pattern(plain.shape)
    made = plain.made
    if isinstance(made, tuple):
        parts = [b""] * pattern.width
        for at, one in zip(pattern.times, made, strict=True):
            parts[at] = times_text(one, plain.written)
    else:
        parts = [times_text(made, plain.written)] * pattern.width
    parts[0], parts[1] = encode(entity.id), types_text(entity.types)
    parts[2] = head_times(entity)
    for at, text in zip(pattern.fields, encode_each(plain.fields), strict=True):
        parts[at] = text
    return pattern.text % tuple(parts)


@lru_cache(_MOMENTS)
def _micros(moment: str | None) -> int | None:
    return None if moment is None else to_micros(moment_from_text(moment))


@lru_cache(_SHAPES)
def _rests(shape: Shape) -> tuple[tuple[bool, Around], ...]:
    """Of each attribute whether it says when it was observed, and what stands around its value."""
    return tuple([(one.timed, form(KIND_CODES[one.kind], one.unit)) for one in shape.forms])


def plain_rows(plain: Plain, numbers: Iterable[int], subject: int, serial: int) -> list[Row]:
    """The rows of the history for the attributes of an entity. numbers: of their names; serial: of the first row."""
    rows: list[Row] = []
    made, written = plain.made, plain.written
    several = made if type(made) is tuple else None
    created, modified = _micros(made) if type(made) is str else None, _micros(written)
    following = iter(plain.fields)
    for index, (number, (timed, around)) in enumerate(zip(numbers, _rests(plain.shape), strict=True)):
        value, doc = _number(next(following), around)
        if several is not None:
            created = _micros(several[index])
        time = _micros(next(following)) if timed else modified
        rows.append((subject, number, time, serial + index, 1 if timed else 0, 0, created, modified, value, doc))
    return rows


def plain_columns(
    plains: Sequence[Plain], numbers: Sequence[int], subject: int, serials: Sequence[int]
) -> Iterable[Any]:
    """What the rows for many changes of an entity say, one value after the other: attribute by attribute, each in the
    order in which the changes came.

    plains: what its attributes said, all of one shape; serials: of the first row of each change.
    """
    shape = plains[0].shape
    fields = [plain.fields for plain in plains]
    times = [_micros(plain.written) for plain in plains]
    common = [_created(plain, 0) for plain in plains] if all(type(plain.made) is str for plain in plains) else None
    found: list[Iterable[tuple[Any, ...]]] = []
    for index in sorted(range(len(numbers)), key=numbers.__getitem__):
        timed, around = _rests(shape)[index]
        slot = shape.slots[shape.names[index]]
        values, docs = _numbers([one[slot] for one in fields], around)
        seen = [_micros(one[slot + 1]) for one in fields] if timed else times
        made = common or [_created(plain, index) for plain in plains]
        own = [serial + index for serial in serials]
        where = repeat(subject), repeat(numbers[index])
        found.append(zip(*where, seen, own, repeat(int(timed)), repeat(0), made, times, values, docs, strict=False))
    return chain.from_iterable(chain.from_iterable(found))


def _created(plain: Plain, index: int) -> int | None:
    made = plain.made
    return _micros(made[index] if type(made) is tuple else made)


def _number(value: Any, around: Around) -> tuple[Number | None, bytes | None]:
    """The number that a value is, if it is one, and what is left of the JSON of its instance."""
    head, tail, rest = around
    if type(value) is float or (type(value) is int and -WIDEST <= value < WIDEST):
        return value, rest
    return None, head + encode(value) + tail + b"}"


def _numbers(values: list[Any], around: Around) -> tuple[Iterable[Number | None], Iterable[bytes | None]]:
    """The same of several values."""
    kinds = {*map(type, values)}
    if kinds <= _NUMERIC and min(values) >= -WIDEST and max(values) < WIDEST:
        return values, repeat(around[2])
    if kinds.isdisjoint(_NUMERIC):
        head, tail, _ = around
        return repeat(None), [b"%b%b%b}" % (head, text, tail) for text in encode_each(values)]
    told = [_number(value, around) for value in values]
    return [number for number, _ in told], [doc for _, doc in told]
