"""How does a change become bytes, and bytes a change? Each attribute instance is written once, for all that keep it.

The forms are those of `model.document`. What a write leaves as it was is not written again: a change of some
attributes becomes a merge patch (RFC 7396), which SQLite lays over the state that it has. A plain reading (a
Property with a number) is a row of the history without text: its value and its times are columns, and what is
left of its JSON is either nothing or a unit.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import to_micros
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes, Kind
from machinami.model.change import AttributeChange, Change
from machinami.model.document import (
    VERB_CODES,
    Document,
    attribute_to_document,
    entity_to_document,
    head_to_document,
    moment_to_text,
    timeless_document,
)
from machinami.model.entity import Entity
from machinami.store.encoding import DELETED_VALUE, encode
from machinami.store.evolution import scope_change

Instances = tuple[Attribute, ...]
Columns = tuple[int, int, int | None, int | None, float | int | None, bytes | None]
# observed, deleted, created, modified, number, doc

_MOMENTS = 2_048
_WIDEST = 1 << 63  # SQLite's integers have 64 bits
_PLAIN = b'{"k":"P"}'
_PROPERTY = Kind.PROPERTY
_NONE = (None,)  # in the place of the instances of an attribute that is not there


@dataclass(slots=True)
class Written:
    """One change, encoded.

    doc: the JSON of the entity (whole), or a merge patch of what is held; None if the state stays, or goes.
    size: bytes of JSON that the entity has if it is whole, or has more than before, about. history: attribute, time
    and columns of each instance.
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
    fresh: dict[int, Document] = {}
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
        return Written(change, None, True, 0, _log_json(change, {}, ()), history)
    old = held.attributes if held is not None and held is change.before else NO_ATTRIBUTES
    members = _members(old, after.attributes, fresh)
    if held is None or len(members) == len(after.attributes):
        document = head_to_document(after)
        document["a"] = members
        doc = encode(document)
        return Written(change, doc, True, len(doc), _log_json(change, {"a": orjson.Fragment(doc)}, members), history)
    grows = not members.keys() <= old.keys()
    members.update(dict.fromkeys([name for name in old if name not in after.attributes]))
    doc = encode({**_changed_head(held, after), "a": members})
    log = _log_json(change, {"p": orjson.Fragment(doc)}, members)
    return Written(change, doc, False, len(doc) if grows else 0, log, history)


def _members(old: Attributes, new: Attributes, fresh: dict[int, Document]) -> dict[str, list[Document] | None]:
    """The attributes that are not as before, ready for JSON."""
    known, held, write = fresh.get, old.get, attribute_to_document
    members: dict[str, list[Document] | None] = {}
    for name, instances in new.items():
        if held(name) is not instances:
            if len(instances) == 1:  # most have; half of what a list costs that is written for any number
                (one,) = instances
                members[name] = [known(id(one)) or write(one)]
            else:
                members[name] = [known(id(one)) or write(one) for one in instances]
    return members


def _changed_head(before: Entity, after: Entity) -> Document:
    """What a merge patch makes of the head of the entity."""
    was, is_now = head_to_document(before), head_to_document(after)
    return {member: is_now.get(member) for member in {**was, **is_now} if was.get(member) != is_now.get(member)}


def _log_json(change: Change, state: Document, names: Collection[str]) -> bytes:
    """The row of the log; names: the attributes of which the state is written in it."""
    old = NO_ATTRIBUTES if change.before is None else change.before.attributes
    new = NO_ATTRIBUTES if change.after is None else change.after.attributes
    if not _follows(change.attributes, names, old, new):
        state["d"] = [_told(one, old.get(one.name, ()), new.get(one.name, ())) for one in change.attributes]
    state["v"] = VERB_CODES[change.verb]
    state["i"] = change.entity_id
    state["t"] = change.types
    state["at"] = moment_to_text(change.at)
    state["by"] = change.by
    return encode(state)


def _follows(changes: tuple[AttributeChange, ...], names: Collection[str], old: Attributes, new: Attributes) -> bool:
    """Whether the changes are those of the named attributes, in this order, of which each has one instance."""
    if len(changes) != len(names):
        return False
    for one, name in zip(changes, names, strict=True):
        was, is_now = old.get(name, _NONE), new.get(name, _NONE)
        alone = one.name == name and len(was) == 1 and len(is_now) == 1
        if not alone or one.before is not was[0] or one.after is not is_now[0]:
            return False
    return True


def _told(one: AttributeChange, old: Instances, new: Instances) -> list[Any]:
    return [one.name, _place(one.before, old), _place(one.after, new)]


def _place(instance: Attribute | None, among: Instances) -> int | Document | None:
    """Where the instance is among those of the entity; itself, if it is not one of them."""
    if instance is None:
        return None
    for index, other in enumerate(among):
        if other is instance:
            return index
    return attribute_to_document(instance)


def _mark_of(one: AttributeChange, at: datetime) -> Attribute:
    if one.before is None:
        raise BadRequestData("A change of an attribute has neither before nor after", attribute=one.name)
    return Attribute(one.before.kind, DELETED_VALUE, one.before.dataset_id, modified_at=at)


def write_instance(value: Attribute) -> tuple[Document, int, Columns]:
    """An instance, ready for JSON, and the time and the columns with which the history keeps it."""
    document = timeless_document(value)
    number, doc = _split(value, document)
    created, modified, created_text, modified_text = _system_times(value.created_at, value.modified_at)
    if created is not None:
        document["c"] = created_text
    if modified is not None:
        document["m"] = modified_text
    if value.observed_at is not None:
        document["o"] = moment_to_text(value.observed_at)
        return document, _micros(value.observed_at), (1, 0, created, modified, number, doc)
    time = modified if modified is not None else created or 0
    return document, time, (0, 0, created, modified, number, doc)


def _split(value: Attribute, document: Document) -> tuple[float | int | None, bytes | None]:
    """The number of an instance that is one, and what is left of its JSON without number and times."""
    plain = value.value
    if not (type(plain) is float or (type(plain) is int and -_WIDEST <= plain < _WIDEST)):
        return None, encode(document)
    if value.kind is _PROPERTY:
        if len(document) == 2:
            return plain, None
        if len(document) == 3 and value.unit_code is not None:
            return plain, _with_unit(value.unit_code)
    return plain, encode({member: inner for member, inner in document.items() if member != "v"})


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
        doc = encode({**orjson.loads(doc or _PLAIN), "o": moment_to_text(value.observed_at)})
    return to_micros(deleted_at), (observed, 1, created, modified, number, doc)


def entity_json(entity: Entity) -> bytes:
    """The JSON of an entity."""
    return encode(entity_to_document(entity))


_micros = lru_cache(_MOMENTS)(to_micros)  # one write repeats few moments often


@lru_cache(_MOMENTS)
def _system_times(
    created: datetime | None, modified: datetime | None
) -> tuple[int | None, int | None, str | None, str | None]:
    """createdAt and modifiedAt in microseconds, and as text."""
    return (
        None if created is None else to_micros(created),
        None if modified is None else to_micros(modified),
        None if created is None else moment_to_text(created),
        None if modified is None else moment_to_text(modified),
    )


@lru_cache(1_024)
def _with_unit(unit_code: str) -> bytes:
    return encode({"k": "P", "u": unit_code})
