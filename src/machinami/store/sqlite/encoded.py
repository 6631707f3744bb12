"""How does a change become bytes, and bytes a change? Each attribute instance is written once, for all that keep it.

The forms are those of `model.document`. What a write leaves as it was is not written again: a change of some
attributes becomes a merge patch (RFC 7396), which SQLite lays over the state that it has. A plain reading (a
Property with a number) is a row of the history without text: its value and its times are columns, and what is
left of its JSON is either nothing or a unit.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import orjson

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import to_micros
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes, Kind
from machinami.model.change import AttributeChange, Change
from machinami.model.document import VERB_CODES, change_from_document, moment_to_text, timeless_document
from machinami.model.entity import Entity
from machinami.store.encoding import DELETED_VALUE, encode
from machinami.store.evolution import scope_change

Instances = tuple[Attribute, ...]
Columns = tuple[int, int, int | None, int | None, float | int | None, bytes | None]
# observed, deleted, created, modified, number, doc

_MOMENTS = 2_048
_NAMES = 16_384
_WIDEST = 1 << 63  # SQLite's integers have 64 bits
_PLAIN = b'{"k":"P"}'
_PROPERTY = Kind.PROPERTY
_VERBS = {verb: b'{"v":"%b","i":' % code.encode() for verb, code in VERB_CODES.items()}


@dataclass(slots=True)
class Written:
    """One change, encoded.

    doc: the JSON of the entity (whole), or a merge patch of what is held; None if the state stays, or goes.
    size: bytes of JSON that the entity has if it is whole, or has more than before. history: attribute, time and
    columns of each instance.
    """

    change: Change
    doc: bytes | None
    whole: bool
    size: int
    log: bytes
    history: list[tuple[str, int, Columns]]


def encode_change(change: Change, held: Entity | None, remembered: bool = True) -> Written:
    """The change as the rows of log, state and, if it is to be remembered, history hold it.

    held: the entity that the store holds; only what is the very same object in it and in the change stays unwritten.
    """
    after, at = change.after, change.at
    fresh: dict[int, bytes] = {}
    history: list[tuple[str, int, Columns]] = []
    for one in change.attributes:
        if one.after is None:
            time, columns = to_columns(_mark_of(one, at), at)
        else:
            fresh[id(one.after)], time, columns = write_instance(one.after)
        if remembered:
            history.append((one.name, time, columns))
    scope = scope_change(change) if remembered else None
    if scope is not None:
        history.append((scope.attribute, *to_columns(scope.value, scope.deleted_at)))
    if after is None:
        return Written(change, None, True, 0, _log_json(change, b""), history)
    old = held.attributes if held is not None and held is change.before else NO_ATTRIBUTES
    members, kept, added = _members(old, after.attributes, fresh)
    if held is None or not kept:
        doc = b'%b,"a":{%b}}' % (_head(after), b",".join(members))
        return Written(change, doc, True, len(doc), _log_json(change, b',"a":' + doc), history)
    members += [_gone(name) for name in old if name not in after.attributes]
    doc = b'{%b"a":{%b}}' % (_changed_head(held, after), b",".join(members))
    return Written(change, doc, False, added, _log_json(change, b',"p":' + doc), history)


def read_change(seq: int, doc: bytes, was: str | None) -> Change:
    """The change that a row of the log holds."""
    return change_from_document(orjson.loads(doc), None if was is None else orjson.loads(was), seq)


def _members(old: Attributes, new: Attributes, fresh: dict[int, bytes]) -> tuple[list[bytes], int, int]:
    """The members of the JSON that are not as before, how many are as before, and the bytes of those that are new."""
    members = []
    kept = added = 0
    for name, instances in new.items():
        before = old.get(name)
        if before is instances:
            kept += 1
            continue
        texts = [fresh.get(id(instance)) or write_instance(instance)[0] for instance in instances]
        member = b"%b:[%b]" % (name_json(name), texts[0] if len(texts) == 1 else b",".join(texts))
        members.append(member)
        if before is None:
            added += len(member)
    return members, kept, added


def _log_json(change: Change, state: bytes) -> bytes:
    old = NO_ATTRIBUTES if change.before is None else change.before.attributes
    new = NO_ATTRIBUTES if change.after is None else change.after.attributes
    told = [_told(one, old.get(one.name, ()), new.get(one.name, ())) for one in change.attributes]
    return b'%b%b,"t":%b%b,"d":[%b],"at":%b,"by":%b}' % (
        _VERBS[change.verb],
        encode(change.entity_id),
        _texts(change.types),
        state,
        b",".join(told),
        stamp(change.at)[1],
        encode(change.by),
    )


def _told(one: AttributeChange, old: Instances, new: Instances) -> bytes:
    if old and new and one.before is old[0] and one.after is new[0]:
        return _only(one.name)
    return b"[%b,%b,%b]" % (name_json(one.name), _place(one.before, old), _place(one.after, new))


def _place(instance: Attribute | None, among: Instances) -> bytes:
    """Where the instance is among those of the entity; itself, if it is not one of them."""
    if instance is None:
        return b"null"
    for index, other in enumerate(among):
        if other is instance:
            return b"%d" % index
    return write_instance(instance)[0]


def _mark_of(one: AttributeChange, at: datetime) -> Attribute:
    if one.before is None:
        raise BadRequestData("A change of an attribute has neither before nor after", attribute=one.name)
    return Attribute(one.before.kind, DELETED_VALUE, one.before.dataset_id, modified_at=at)


def write_instance(value: Attribute) -> tuple[bytes, int, Columns]:
    """The JSON of an instance, and the time and the columns with which the history keeps it."""
    number, rest = _split(value)
    text = rest[:-1]
    if number is not None:
        text += b',"v":' + orjson.dumps(number)
    doc = None if number is not None and rest is _PLAIN else rest
    created, modified, times = _system_times(value.created_at, value.modified_at)
    if value.observed_at is not None:
        observed, moment = stamp(value.observed_at)
        return b'%b,"o":%b%b' % (text, moment, times), observed, (1, 0, created, modified, number, doc)
    time = modified if modified is not None else created or 0
    return text + times, time, (0, 0, created, modified, number, doc)


def to_columns(value: Attribute, deleted_at: datetime | None = None) -> tuple[int, Columns]:
    """Time and columns (without serial) of an instance; deleted_at: it marks a deletion at that moment.

    An instance without any time is put at the beginning of 1970.
    """
    _, time, columns = write_instance(value)
    if deleted_at is None:
        return time, columns
    _, _, created, modified, number, doc = columns
    observed = int(value.observed_at == deleted_at)
    if value.observed_at is not None and not observed:
        doc = b'%b,"o":%b}' % ((doc or _PLAIN)[:-1], stamp(value.observed_at)[1])
    return to_micros(deleted_at), (observed, 1, created, modified, number, doc)


def _split(value: Attribute) -> tuple[float | int | None, bytes]:
    """The number of an instance that is one, and what is left of its JSON without number and times."""
    plain = value.value
    if not (type(plain) is float or (type(plain) is int and -_WIDEST <= plain < _WIDEST)):
        return None, encode(timeless_document(value))
    if (
        value.kind is _PROPERTY
        and value.dataset_id is None
        and not value.attributes
        and not value.object_type
        and value.expires_at is None
        and value.instance_id is None
        and value.value_type is None
    ):
        return plain, _PLAIN if value.unit_code is None else _with_unit(value.unit_code)
    document = timeless_document(value)
    del document["v"]
    return plain, encode(document)


def entity_json(entity: Entity) -> bytes:
    """The JSON of an entity, written afresh."""
    parts = [_member(name, instances) for name, instances in entity.attributes.items()]
    return b'%b,"a":{%b}}' % (_head(entity), b",".join(parts))


def _member(name: str, instances: Instances) -> bytes:
    return b"%b:[%b]" % (name_json(name), b",".join([write_instance(instance)[0] for instance in instances]))


@lru_cache(_NAMES)
def _gone(name: str) -> bytes:
    """The member of a patch by which an attribute goes."""
    return b"%b:null" % name_json(name)


@lru_cache(_NAMES)
def _only(name: str) -> bytes:
    """The change of an attribute that has one instance before and after."""
    return b"[%b,0,0]" % name_json(name)


def _head(entity: Entity) -> bytes:
    """The JSON of an entity up to its attributes."""
    text = b'{"i":%b,"t":%b' % (encode(entity.id), _texts(entity.types))
    if entity.scopes:
        text += b',"s":' + _texts(entity.scopes)
    if entity.created_at is not None:
        text += b',"c":' + stamp(entity.created_at)[1]
    if entity.modified_at is not None:
        text += b',"m":' + stamp(entity.modified_at)[1]
    if entity.expires_at is not None:
        text += b',"x":' + stamp(entity.expires_at)[1]
    return text


def _changed_head(before: Entity, after: Entity) -> bytes:
    """The members of a patch that change what is not an attribute, each with a comma behind it."""
    text = b""
    if before.types != after.types:
        text += b'"t":%b,' % _texts(after.types)
    if before.scopes != after.scopes:
        text += b'"s":%b,' % (_texts(after.scopes) if after.scopes else b"null")
    if before.created_at != after.created_at:
        text += b'"c":%b,' % _stamp_or_null(after.created_at)
    if before.modified_at != after.modified_at:
        text += b'"m":%b,' % _stamp_or_null(after.modified_at)
    if before.expires_at != after.expires_at:
        text += b'"x":%b,' % _stamp_or_null(after.expires_at)
    return text


def _stamp_or_null(moment: datetime | None) -> bytes:
    return b"null" if moment is None else stamp(moment)[1]


@lru_cache(_MOMENTS)
def stamp(moment: datetime) -> tuple[int, bytes]:
    """The moment in microseconds since 1970 and as JSON; one write repeats few moments often."""
    return to_micros(moment), orjson.dumps(moment_to_text(moment))


@lru_cache(_MOMENTS)
def _system_times(created: datetime | None, modified: datetime | None) -> tuple[int | None, int | None, bytes]:
    """createdAt and modifiedAt in microseconds, and the end of the JSON that has them."""
    first = last = None
    text = b"}"
    if modified is not None:
        last, moment = stamp(modified)
        text = b',"m":%b}' % moment
    if created is not None:
        first, moment = stamp(created)
        text = b',"c":%b%b' % (moment, text)
    return first, last, text


@lru_cache(_NAMES)
def name_json(name: str) -> bytes:
    """A name of an attribute as JSON."""
    return encode(name)


@lru_cache(_NAMES)
def _texts(texts: tuple[str, ...]) -> bytes:
    return encode(texts)


@lru_cache(1_024)
def _with_unit(unit_code: str) -> bytes:
    return encode({"k": "P", "u": unit_code})
