"""How is an attribute instance of the history read from its columns?

A plain reading (a Property with a number) becomes a row without text: its value and its times are columns, and
what is left of its JSON is either nothing or one of few texts (a unit, a datasetId) that are decoded once.
"""

from datetime import datetime, timedelta
from functools import lru_cache

import orjson

from machinami.foundation.instant import EPOCH
from machinami.model.attribute import Attribute
from machinami.model.document import attribute_from_document
from machinami.model.found import Instance

_SHORT = 100  # bytes of a rest that is worth keeping decoded
_PLAIN = b'{"k":"P"}'
_MICROSECOND = timedelta(microseconds=1)

Row = tuple[int, int, int, int, int | None, int | None, float | int | None, bytes | None]
# serial, time, observed, deleted, created, modified, number, doc


def is_plain(doc: bytes | None) -> bool:
    """Whether the rest of a reading says no more than that it is a Property, perhaps with a unit."""
    return doc is None or (len(doc) < _SHORT and _is_plain(doc))


@lru_cache(1_024)
def _is_plain(doc: bytes) -> bool:
    document = orjson.loads(doc)
    return bool(document["k"] == "P" and document.keys() <= {"k", "u"})


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
        Attribute(
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
            rest.value_type,
        ),
        moment(time) if deleted else None,
    )
