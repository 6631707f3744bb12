"""How does a change become bytes, and bytes a change? Each attribute instance is written once, for all that keep it.

The forms are those of `model.document`. What a write leaves as it was is not written again: a change of some
attributes becomes a merge patch (RFC 7396), which SQLite lays over the state that it has. A plain reading (a
Property with a number) is a row of the history without text: its value and its times are columns, and what is
left of its JSON is either nothing or a unit.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import to_micros
from machinami.model.attribute import NO_ATTRIBUTES, Attribute, Attributes
from machinami.model.change import AttributeChange, Change
from machinami.model.document import (
    VERB_CODES,
    Document,
    attribute_to_document,
    entity_to_document,
    moment_to_text,
)
from machinami.model.entity import Entity
from machinami.model.plain import Plain, plain_of
from machinami.model.renewal import Renewal
from machinami.store.encoding import DELETED_VALUE, encode
from machinami.store.evolution import scope_change
from machinami.store.sqlite.pieces import (
    Columns,
    History,
    Members,
    begun,
    head_patch,
    head_text,
    instance_text,
    members_text,
    moment_text,
    observed_time,
    system_times,
    types_text,
)
from machinami.store.sqlite.plain_text import plain_size, plain_text
from machinami.store.sqlite.shapes import Shapes, values_text
from machinami.store.sqlite.waiting import Waiting

Instances = tuple[Attribute, ...]
Doc = bytes | Plain | None

_PLAIN = b'{"k":"P"}'
_VERBS = {verb: code.encode("ascii") for verb, code in VERB_CODES.items()}
_SERIALS = 20  # bits: instances of the history that one change may have
_NONE = (None,)  # in the place of the instances of an attribute that is not there


@dataclass(slots=True)
class Written:
    """One change, encoded.

    doc: the JSON of the entity, or what its attributes say (whole), or a merge patch of what is held; None if the state
    stays, or goes.
    size: bytes of JSON that the entity has if it is whole, or has more than before, about. history: what it is to
    remember, besides what the attributes of a plain entity say.
    """

    change: Change
    doc: Doc
    whole: bool
    size: int
    log: bytes
    history: History
    plain: Plain | None = None

    @property
    def weight(self) -> int:
        """How much work it leaves for later: bytes of what it says, written out."""
        return self.size if type(self.doc) is Plain else len(self.log)

    def remembered(self, subject: int, seq: int) -> Waiting:
        """What the history is to remember: the serial of each instance begins with the number of the change."""
        return subject, seq << _SERIALS, self.history if self.plain is None else self.plain


def encode_change(
    change: Change, held: Entity | None, remembered: bool = True, shapes: Shapes | None = None
) -> Written:
    """The change as the rows of log, state and, if it is to be remembered, history hold it.

    held: the entity that the store holds; only what is the very same object in it and in the change stays unwritten.
    shapes: with these, what is plain goes into the log as no more than its values.
    """
    after, told = change.after, change.attributes
    if type(told) is Renewal and told.after is after and told.before is change.before:
        return _encode_renewal(change, told, remembered, shapes)
    if len(told) == 1 and after is not None and held is not None and held is change.before:
        written = _encode_one(change, told[0], held, after, remembered)
        if written is not None:
            return written
    texts, history = _parts(change)
    if not remembered:
        history = []
    if after is None:
        return Written(change, None, True, 0, _log_json(change, None, _follows(change, ())), history)
    old = held.attributes if held is not None and held is change.before else NO_ATTRIBUTES
    members = _all_members(change, after.attributes, texts)
    follows = members is not None
    if members is None:
        fresh = {id(one.after): text for one, text in zip(change.attributes, texts, strict=True)}
        members = _members(old, after.attributes, fresh)
    if held is None or len(members) == len(after.attributes):
        doc = b'%b,"a":%b}' % (head_text(after), members_text(members))
        log = _log_json(change, b'"a":' + doc, follows or _follows(change, members))
        return Written(change, doc, True, len(doc), log, history)
    grows = not members.keys() <= old.keys()
    members.update(dict.fromkeys([name for name in old if name not in after.attributes]))
    head = head_patch(held, after)
    doc = b'%b%b"a":%b}' % (head, b"" if head == b"{" else b",", members_text(members))
    log = _log_json(change, b'"p":' + doc, _follows(change, members))
    return Written(change, doc, False, len(doc) if grows else 0, log, history)


def _encode_one(change: Change, one: AttributeChange, held: Entity, after: Entity, remembered: bool) -> Written | None:
    """The same where one instance stands in the place of another, alone, as after most writes; None where more is
    another than before."""
    old, new = held.attributes, after.attributes
    was, instances = old.get(one.name, _NONE), new.get(one.name, _NONE)
    fresh = one.after
    if (
        fresh is None
        or instances[0] is not fresh
        or was[0] is not one.before
        or not len(was) == len(instances) == 1 < len(new) == len(old)
        or held.scopes != after.scopes
    ):
        return None
    for name, kept in new.items():
        if kept is not instances and old.get(name) is not kept:
            return None
    text, time, columns = write_instance(fresh)
    head = head_patch(held, after)
    doc = b'%b%b"a":{%b%b]}}' % (head, b"" if head == b"{" else b",", begun(one.name), text)
    log = _log_json(change, b'"p":' + doc, True)
    return Written(change, doc, False, 0, log, [(one.name, time, columns)] if remembered else [])


def _encode_renewal(change: Change, renewal: Renewal, remembered: bool, shapes: Shapes | None) -> Written:
    """The same where all attributes are plain and changed: as values, and written out only where the log needs it."""
    plain = renewal.plain
    kept = plain if remembered else None
    log = None if shapes is None else values_text(change, plain, shapes)
    if log is not None:
        return Written(change, plain, True, len(log) + plain_size(plain.shape), log, [], kept)
    doc = plain_text(renewal.after, plain)
    return Written(change, doc, True, len(doc), _log_json(change, b'"a":' + doc, True), [], kept)


def _parts(change: Change) -> tuple[list[bytes | None], History]:
    """Each part of the change: the JSON of the instance (None where it goes), and what the history keeps of it."""
    texts: list[bytes | None] = []
    history: History = []
    for one in change.attributes:
        after = one.after
        if after is not None:
            text, time, columns = write_instance(after)
            texts.append(text)
            history.append((one.name, time, columns))
        else:
            texts.append(None)
            history.append((one.name, *to_columns(_mark_of(one, change.at), change.at)))
    scope = scope_change(change)
    if scope is not None:
        history.append((scope.attribute, *to_columns(scope.value, scope.deleted_at)))
    return texts, history


def _all_members(change: Change, new: Attributes, texts: list[bytes | None]) -> Members | None:
    """The attributes as JSON, where the change is, part by part, of the one instance of each of them.

    None where it is anything else: then what is to be written is found by looking at all that there is.
    """
    if len(new) != len(texts):
        return None
    old = NO_ATTRIBUTES if change.before is None else change.before.attributes
    members: Members = {}
    for one, text, (name, instances) in zip(change.attributes, texts, new.items(), strict=True):
        was = old.get(name, _NONE)
        if one.after is not instances[0] or one.before is not was[0] or len(instances) != 1 or len(was) != 1:
            return None
        members[name] = text
    return members


def _members(old: Attributes, new: Attributes, fresh: Mapping[int, bytes | None]) -> Members:
    """The attributes that are not as before, as JSON."""
    known, held = fresh.get, old.get
    members: Members = {}
    for name, instances in new.items():
        if held(name) is not instances:
            members[name] = b",".join([known(id(one)) or write_instance(one)[0] for one in instances])
    return members


def _log_json(change: Change, state: bytes | None, follows: bool) -> bytes:
    """The row of the log. state: what becomes of the entity. follows: what changed is told by that."""
    told = b"" if state is None else state + b","
    if not follows:
        old, new = _instances(change)
        parts = [_told(one, old.get(one.name, ()), new.get(one.name, ())) for one in change.attributes]
        told += b'"d":%b,' % encode(parts)
    who, types, by = encode(change.entity_id), types_text(change.types), encode(change.by)
    return b'{%b"v":"%b","i":%b,"t":%b,"at":"%b","by":%b}' % (
        told, _VERBS[change.verb], who, types, moment_text(change.at), by,
    )  # fmt: skip


def _instances(change: Change) -> tuple[Attributes, Attributes]:
    return (
        NO_ATTRIBUTES if change.before is None else change.before.attributes,
        NO_ATTRIBUTES if change.after is None else change.after.attributes,
    )


def _follows(change: Change, names: Collection[str]) -> bool:
    """Whether the changes are those of the named attributes, in this order, of which each has one instance."""
    if len(change.attributes) != len(names):
        return False
    old, new = _instances(change)
    for one, name in zip(change.attributes, names, strict=True):
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


def write_instance(value: Attribute) -> tuple[bytes, int, Columns]:
    """The JSON of an instance, and the time and the columns with which the history keeps it."""
    text, number, doc = instance_text(value)
    created, modified, times = system_times(value.created_at, value.modified_at)
    seen = value.observed_at
    if seen is not None:
        time, observed = observed_time(seen)
        return text + times + observed + b"}", time, (1, 0, created, modified, number, doc)
    time = modified if modified is not None else created or 0
    return text + times + b"}", time, (0, 0, created, modified, number, doc)


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


def entity_json(entity: Entity, doc: Doc = None) -> bytes:
    """The JSON of an entity. doc: this JSON, or what its attributes say, where that is known."""
    if isinstance(doc, bytes):
        return doc
    plain = doc or plain_of(entity)
    return encode(entity_to_document(entity)) if plain is None else plain_text(entity, plain)
