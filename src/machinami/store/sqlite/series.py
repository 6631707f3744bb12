"""How is an attribute instance of the history written into columns, and read from them?

A plain reading (a Property with a number) becomes a row without text: its value and its times are columns, and
what is left of its JSON is either nothing or one of few texts (a unit, a datasetId) that are decoded once.
"""

from datetime import datetime, timedelta
from functools import lru_cache

import orjson

from machinami.foundation.instant import EPOCH, to_micros
from machinami.model.attribute import Attribute, Kind, attribute
from machinami.model.document import Document, attribute_from_document, attribute_to_document
from machinami.model.found import Instance

_SHORT = 100  # bytes of a rest that is worth keeping decoded
_PLAIN = b'{"k":"P"}'
_WIDEST = 1 << 63  # SQLite's integers have 64 bits
_MICROSECOND = timedelta(microseconds=1)

Columns = tuple[int, int, int, int | None, int | None, float | int | None, bytes | None]
Row = tuple[int, int, int, int, int | None, int | None, float | int | None, bytes | None]
# time, observed, deleted, created, modified, number, doc


def to_columns(value: Attribute, document: Document | None = None, deleted_at: datetime | None = None) -> Columns:
    """The columns `time` to `doc` (without serial) of an instance; document: its JSON, if it is at hand.

    An instance without any time is put at the beginning of 1970.
    """
    observed = value.observed_at
    main = deleted_at or observed or value.modified_at or value.created_at or EPOCH
    plain = value.value
    number = plain if (type(plain) is float or (type(plain) is int and -_WIDEST <= plain < _WIDEST)) else None
    doc = _plain_rest(value) if number is not None and deleted_at is None else None
    if doc is None:
        document = document if document is not None else attribute_to_document(value)
        doc = _whole_rest(document, number, observed if deleted_at is not None else None)
    return (
        to_micros(main),
        int(observed is not None and deleted_at is None),
        int(deleted_at is not None),
        None if value.created_at is None else to_micros(value.created_at),
        None if value.modified_at is None else to_micros(value.modified_at),
        number,
        None if doc == _PLAIN and number is not None else doc,
    )


def _plain_rest(value: Attribute) -> bytes | None:
    """The rest of a plain reading, of which there are few different ones; None for any other instance."""
    if value.kind is not Kind.PROPERTY or value.attributes or value.object_type:
        return None
    if value.dataset_id is not None or value.expires_at is not None or value.instance_id is not None:
        return None
    return _PLAIN if value.unit_code is None else _with_unit(value.unit_code)


@lru_cache(1_024)
def _with_unit(unit_code: str) -> bytes:
    return orjson.dumps({"k": "P", "u": unit_code})


def is_plain(doc: bytes | None) -> bool:
    """Whether the rest of a reading says no more than that it is a Property, perhaps with a unit."""
    return doc is None or (len(doc) < _SHORT and _is_plain(doc))


@lru_cache(1_024)
def _is_plain(doc: bytes) -> bool:
    document = orjson.loads(doc)
    return bool(document["k"] == "P" and document.keys() <= {"k", "u"})


def _whole_rest(document: Document, number: float | int | None, observed: datetime | None) -> bytes:
    left_out = "ocm" if number is None else "vocm"
    rest = {member: content for member, content in document.items() if member not in left_out}
    if observed is not None:
        rest["o"] = document["o"]
    return orjson.dumps(rest)


def columns_of(instance: Instance) -> Columns:
    """The columns of an instance that comes by itself, not with a change."""
    return to_columns(instance.value, None, instance.deleted_at)


@lru_cache(16_384)
def moment(micros: int) -> datetime:
    """The moment so many microseconds after the beginning of 1970."""
    return EPOCH + micros * _MICROSECOND


@lru_cache(4_096)
def _template(doc: bytes | None) -> Attribute:
    """An instance as the rest of its JSON says it, without what is in columns; few rests are many instances."""
    return attribute_from_document({"v": None, **orjson.loads(doc or _PLAIN)})


def instance_name(subject: int, name: int, time: int, serial: int) -> str:
    """The instanceId of an instance that was given none: where it is kept, as a URI."""
    return f"urn:ngsi-ld:instance:{subject:x}.{name:x}.{time:x}.{serial:x}"


def named_place(instance_id: str) -> tuple[int, int, int, int] | None:
    """Subject, attribute, time and serial that `instance_name` wrote; None for an instanceId from elsewhere."""
    head, _, tail = instance_id.rpartition(":")
    parts = tail.split(".")
    if head != "urn:ngsi-ld:instance" or len(parts) != 4:
        return None
    try:
        subject, name, time, serial = (int(part, 16) for part in parts)
    except ValueError:
        return None
    return subject, name, time, serial


def from_row(entity_id: str, name: str, place: tuple[int, int], row: Row) -> Instance:
    """The instance that the row (serial and columns) holds; place: its subject and the number of its name."""
    serial, time, observed, deleted, created, modified, number, doc = row
    short = doc is None or len(doc) < _SHORT
    rest = _template(doc) if short else attribute_from_document({"v": None, **orjson.loads(doc or _PLAIN)})
    return Instance(
        entity_id,
        name,
        attribute(
            rest.kind,
            rest.value if number is None else number,
            rest.dataset_id,
            moment(time) if observed else rest.observed_at,
            rest.unit_code,
            None if created is None else moment(created),
            None if modified is None else moment(modified),
            rest.expires_at,
            rest.instance_id or instance_name(*place, time, serial),
            rest.object_type,
            rest.attributes,
        ),
        moment(time) if deleted else None,
    )
