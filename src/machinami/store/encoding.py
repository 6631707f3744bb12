"""How is a value written as JSON bytes, and what is left of what is deleted?"""

from collections.abc import Iterable
from typing import Any

import orjson

from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import NO_ATTRIBUTES
from machinami.model.entity import Entity

DELETED_VALUE = "urn:ngsi-ld:null"  # what the mark of a deletion holds (ETSI GS CIM 009, 4.5.0)


def encode(document: Any) -> bytes:
    """The document as JSON bytes. Raises BadRequestData for what JSON cannot say."""
    try:
        return orjson.dumps(document)
    except TypeError as error:
        raise BadRequestData(f"A value cannot be kept: {error}") from error


def encode_each(values: Iterable[Any]) -> list[bytes]:
    """Each value as JSON bytes, in the same way."""
    try:
        return list(map(orjson.dumps, values))
    except TypeError as error:
        raise BadRequestData(f"A value cannot be kept: {error}") from error


def husk_of(entity: Entity) -> Entity:
    """What is left of a deleted entity: id, types and scopes, because its history stays."""
    return Entity(entity.id, entity.types, NO_ATTRIBUTES, entity.scopes)
