"""How is a thing of the simulated town told, of whatever type: as readings of one moment, said to be simulated?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from machinami.foundation.instant import format_instant
from machinami.model.reading import Reading
from machinami.model.view import Ref, Words


def thing(kind: str, entity_id: str, at: datetime, /, **attributes: object) -> Iterator[Reading]:
    """A thing with its attributes (short names); None is not told."""
    yield Reading(entity_id, kind, "simulated", True, at)
    for name, value in attributes.items():
        if value is not None:
            plain = format_instant(value) if isinstance(value, datetime) else value
            yield Reading(entity_id, kind, name, plain, at, None, kind_of(value))


def kind_of(value: object) -> str:
    """As which kind of attribute a value is told."""
    if isinstance(value, Words):
        return "LanguageProperty"
    if isinstance(value, Ref):
        return "Relationship"
    return "JsonProperty" if isinstance(value, list | dict) else "Property"
