"""From which pieces is the JSON of an entity put together? Most of them belong to many entities, and are written once.

Nothing here has a form of its own: what is put together says what the documents of `model.document` say, member by
member. A test holds both to the same.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

from orjson import Fragment

from machinami.foundation.instant import to_micros
from machinami.model.attribute import Attribute, Kind
from machinami.model.document import KIND_CODES, head_to_document, moment_to_text, timeless_document
from machinami.model.entity import Entity
from machinami.store.encoding import encode

Number = float | int
Columns = tuple[int, int, int | None, int | None, float | int | None, bytes | None]
# observed, deleted, created, modified, number, doc
Row = tuple[Any, ...]  # subject, attribute, time, serial, which order it and are never the same, and Columns
History = list[tuple[str, int, Columns]]  # attribute, time and columns of each instance
Members = dict[str, bytes | None]  # by name: the JSON of the instances of an attribute; None where it goes

_MOMENTS = 2_048
_NAMES = 4_096
WIDEST = 1 << 63  # SQLite's integers have 64 bits
_PLAIN = {"k": KIND_CODES[Kind.PROPERTY]}


def instance_text(value: Attribute) -> tuple[bytes, Number | None, bytes | None]:
    """The JSON of an instance without its times and its last bracket; the number that it is, if it is one; and what is
    left of its JSON without number and times, None where that is no more than a Property."""
    plain = value.value
    is_number = type(plain) is float or (type(plain) is int and -WIDEST <= plain < WIDEST)
    if (
        value.dataset_id is None
        and value.expires_at is None
        and value.instance_id is None
        and value.value_type is None
        and not value.object_type
        and not value.attributes
    ):
        head, tail, rest = form(KIND_CODES[value.kind], value.unit_code)
        text = head + encode(plain) + tail
        return (text, plain, rest) if is_number else (text, None, text + b"}")
    document = timeless_document(value)
    text = encode(document)
    if not is_number:
        return text[:-1], None, text
    del document["v"]
    return text[:-1], plain, None if document == _PLAIN else encode(document)


@lru_cache(_NAMES)
def form(kind: str, unit_code: str | None) -> tuple[bytes, bytes, bytes | None]:
    """What stands before and after the value of an instance that has no more than a unit; and both without it."""
    document = {"k": kind} if unit_code is None else {"k": kind, "u": unit_code}
    tail = b"" if unit_code is None else b',"u":' + encode(unit_code)
    return b'{"k":"%b","v":' % kind.encode(), tail, None if document == _PLAIN else encode(document)


@lru_cache(_MOMENTS)
def system_times(created: datetime | None, modified: datetime | None) -> tuple[int | None, int | None, bytes]:
    """createdAt and modifiedAt in microseconds, and as what they add to the JSON; one write repeats few of them."""
    if created is not None and modified is not None:
        (first, begin), (last, now) = _moment(created), _moment(modified)
        return first, last, b',"c":"%b","m":"%b"' % (begin, now)
    made = None if created is None else to_micros(created)
    return made, None if modified is None else to_micros(modified), times_text(_text(created), _text(modified))


def times_text(created: str | None, modified: str | None) -> bytes:
    """What createdAt and modifiedAt add to the JSON."""
    text = "" if created is None else f',"c":"{created}"'
    return (text if modified is None else f'{text},"m":"{modified}"').encode("ascii")


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment_to_text(moment)


@lru_cache(_MOMENTS)
def observed_time(observed: datetime) -> tuple[int, bytes]:
    """observedAt in the same way."""
    micros, text = _moment(observed)
    return micros, b',"o":"%b"' % text


@lru_cache(_MOMENTS)
def _moment(moment: datetime) -> tuple[int, bytes]:
    """A moment in microseconds, and as text: one write says the same one in many places."""
    return to_micros(moment), moment_to_text(moment).encode("ascii")


def moment_text(moment: datetime) -> bytes:
    """A moment as text."""
    return _moment(moment)[1]


@lru_cache(_NAMES)
def begun(name: str) -> bytes:
    """How the JSON of an attribute begins."""
    return encode(name) + b":["


@lru_cache(_NAMES)
def types_text(types: tuple[str, ...]) -> bytes:
    """The JSON of the types of an entity."""
    return encode(types)


def head_times(entity: Entity) -> bytes:
    """What the times of an entity add to its JSON."""
    return times_text(_text(entity.created_at), _text(entity.modified_at))


def head_text(entity: Entity) -> bytes:
    """The JSON of what an entity is besides its attributes, without its last bracket."""
    if entity.scopes or entity.expires_at is not None:
        return encode(head_to_document(entity))[:-1]
    times = head_times(entity)
    return b'{"i":%b,"t":%b%b' % (encode(entity.id), types_text(entity.types), times)


def head_patch(before: Entity, after: Entity) -> bytes:
    """What a merge patch makes of that, without its last bracket. Mostly nothing but modifiedAt is another."""
    now = after.modified_at
    same = before.types == after.types and before.scopes == after.scopes and before.created_at == after.created_at
    if same and now is not None and before.expires_at == after.expires_at and before.id == after.id:
        return b"{" if before.modified_at == now else b'{"m":"%b"' % _moment(now)[1]
    was, is_now = head_to_document(before), head_to_document(after)
    changed = {member: is_now.get(member) for member in {**was, **is_now} if was.get(member) != is_now.get(member)}
    return encode(changed)[:-1]


def members_text(members: Members) -> bytes:
    """The JSON of attributes."""
    if not members or None in members.values():
        return encode({name: None if text is None else Fragment(b"[%b]" % text) for name, text in members.items()})
    return b"{%b]}" % b"],".join([begun(name) + text for name, text in members.items() if text is not None])
