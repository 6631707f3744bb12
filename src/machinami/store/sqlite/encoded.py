"""How does a change become bytes? Each attribute instance is written as JSON once, for state, log and history.

The forms are those of `model.document`. What a write leaves as it was is not written again: it is the same object
as before, and `Fragments` holds its JSON. A plain reading (a Property with a number) is a row of the history
without text: its value and its times are columns, and what is left of its JSON is either nothing or a unit.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import orjson

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import to_micros
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes, Kind
from machinami.model.change import AttributeChange, Change
from machinami.model.document import VERB_CODES, moment_to_text, timeless_document
from machinami.model.entity import Entity
from machinami.store.encoding import DELETED_VALUE, encode
from machinami.store.evolution import scope_change

Instances = tuple[Attribute, ...]
Columns = tuple[int, int, int, int | None, int | None, float | int | None, bytes | None]
# time, observed, deleted, created, modified, number, doc

_MOMENTS = 2_048
_NAMES = 16_384
_WIDEST = 1 << 63  # SQLite's integers have 64 bits
_PLAIN = b'{"k":"P"}'
_PROPERTY = Kind.PROPERTY
_VERBS = {verb: b'{"v":"%b","i":' % code.encode() for verb, code in VERB_CODES.items()}


@dataclass(slots=True)
class Written:
    """One change, encoded: the entity's JSON (None: deleted), the log's, and the columns of its history."""

    change: Change
    doc: bytes | None
    log: bytes
    history: list[tuple[str, Columns]]


class Fragments:
    """The JSON of the attributes that were written most recently, by object; bounded, in two generations."""

    def __init__(self, limit: int) -> None:
        self._limit = max(1, limit // 2)
        self._young: dict[int, tuple[Instances, str, bytes]] = {}
        self._old: dict[int, tuple[Instances, str, bytes]] = {}

    def of(self, name: str, instances: Instances) -> bytes:
        """The member of the JSON with the instances. An entry holds the object: its id cannot come to mean another."""
        place = id(instances)
        kept = self._young.get(place)
        if kept is not None and kept[0] is instances and kept[1] == name:
            return kept[2]
        kept = self._old.get(place)
        known = kept is not None and kept[0] is instances and kept[1] == name
        text = kept[2] if kept is not None and known else _member(name, instances)
        self.keep(name, instances, text)
        return text

    def keep(self, name: str, instances: Instances, text: bytes) -> None:
        """Remember the JSON of these instances."""
        self._young[id(instances)] = instances, name, text
        if len(self._young) >= self._limit:
            self._old, self._young = self._young, {}

    def take(self, name: str, instances: Instances) -> bytes:
        """The JSON of instances that are replaced, and will not be asked for again."""
        place = id(instances)
        kept = self._young.pop(place, None) or self._old.pop(place, None)
        known = kept is not None and kept[0] is instances and kept[1] == name
        return kept[2] if kept is not None and known else _member(name, instances)


def encode_change(change: Change, fragments: Fragments, remembered: bool = True) -> Written:
    """The change as the rows of log, state and, if it is to be remembered, history hold it."""
    after = change.after
    fresh: dict[int, bytes] = {}
    history: list[tuple[str, Columns]] = []
    for one in change.attributes:
        if one.after is None:
            columns = to_columns(_mark_of(one, change.at), change.at)
        else:
            fresh[id(one.after)], columns = write_instance(one.after)
        if remembered:
            history.append((one.name, columns))
    if remembered:
        scope = scope_change(change)
        if scope is not None:
            history.append((scope.attribute, to_columns(scope.value, scope.deleted_at)))
    doc = None if after is None else b'%b,"a":{%b}}' % (_head(after), _after_json(after.attributes, fresh, fragments))
    return Written(change, doc, _log_json(change, doc, fragments), history)


def _log_json(change: Change, doc: bytes | None, fragments: Fragments) -> bytes:
    before, after = change.before, change.after
    old: Attributes = NO_ATTRIBUTES if before is None else before.attributes
    new: Attributes = NO_ATTRIBUTES if after is None else after.attributes
    parts = [_VERBS[change.verb], encode(change.entity_id), b',"t":', _texts(change.types)]
    if before is not None:
        parts.append(b',"b":%b,"a":{%b}}' % (_head(before), _before_json(old, new, fragments)))
    if doc is not None:
        parts += b',"a":', doc
    told = [_told(one, old.get(one.name, ()), new.get(one.name, ())) for one in change.attributes]
    parts.append(b',"d":[%b],"at":%b,"by":%b}' % (b",".join(told), stamp(change.at)[1], encode(change.by)))
    return b"".join(parts)


def _before_json(old: Attributes, new: Attributes, fragments: Fragments) -> bytes:
    parts = []
    for name, instances in old.items():
        later = new.get(name)
        if later is instances or (later is not None and _same(instances, later)):
            parts.append(_member_same(name))
        else:
            parts.append(fragments.take(name, instances))
    return b",".join(parts)


def _after_json(new: Attributes, fresh: dict[int, bytes], fragments: Fragments) -> bytes:
    parts = []
    for name, instances in new.items():
        text = fresh.get(id(instances[0])) if len(instances) == 1 else None
        if text is None:
            text = fragments.of(name, instances)
        else:
            text = b"%b:[%b]" % (name_json(name), text)
            fragments.keep(name, instances, text)
        parts.append(text)
    return b",".join(parts)


def _same(some: Instances, others: Instances) -> bool:
    # by identity: for Python 1, 1.0 and True are equal, and what was kept must come back exactly
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))


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


def write_instance(value: Attribute) -> tuple[bytes, Columns]:
    """The JSON of an instance, and the columns in which the history keeps it."""
    number, rest = _split(value)
    text = rest[:-1]
    if number is not None:
        text += b',"v":' + orjson.dumps(number)
    doc = None if number is not None and rest == _PLAIN else rest
    created, modified, times = _system_times(value.created_at, value.modified_at)
    if value.observed_at is not None:
        observed, moment = stamp(value.observed_at)
        return b'%b,"o":%b%b' % (text, moment, times), (observed, 1, 0, created, modified, number, doc)
    time = modified if modified is not None else created or 0
    return text + times, (time, 0, 0, created, modified, number, doc)


def to_columns(value: Attribute, deleted_at: datetime | None = None) -> Columns:
    """The columns `time` to `doc` (without serial) of an instance; deleted_at: it marks a deletion at that moment.

    An instance without any time is put at the beginning of 1970.
    """
    columns = write_instance(value)[1]
    if deleted_at is None:
        return columns
    _, _, _, created, modified, number, doc = columns
    observed = int(value.observed_at == deleted_at)
    if value.observed_at is not None and not observed:
        doc = b'%b,"o":%b}' % ((doc or _PLAIN)[:-1], stamp(value.observed_at)[1])
    return to_micros(deleted_at), observed, 1, created, modified, number, doc


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
def _member_same(name: str) -> bytes:
    return b"%b:0" % name_json(name)


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
