"""What does an entity say in short names and plain values, for a person who looks at it?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from machinami.foundation.instant import parse_instant
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity

Shorten = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Correction:
    """How a reading was put right: what it was, why and by whom, when."""

    original: object
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """One attribute of an entity: what it says, in which unit (UN/CEFACT), as of when, how good."""

    name: str
    value: object
    unit: str | None
    observed_at: datetime | None
    modified_at: datetime | None
    quality: str = ""
    correction: Correction | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One entity. name: by language, empty if it has none."""

    id: str
    type: str
    name: Mapping[str, str]
    changed: datetime | None
    facts: Sequence[Fact] = ()

    def fact(self, name: str | None) -> Fact | None:
        """The attribute of this short name."""
        return next((fact for fact in self.facts if fact.name == name), None)


def item(entity: Entity, shorten: Shorten) -> Item:
    """The entity without its attributes, as in a list."""
    named = next((many[0] for name, many in entity.attributes.items() if shorten(name) == "name"), None)
    said: Mapping[str, str] = {}
    if named is not None:
        said = named.value if named.kind is Kind.LANGUAGE else {"ja": str(named.value)}
    kind = shorten(entity.types[0]) if entity.types else ""
    return Item(entity.id, kind, said, entity.modified_at or entity.created_at)


def full_item(entity: Entity, shorten: Shorten) -> Item:
    """The entity with its attributes, in order of their names."""
    facts = [_fact(shorten(name), one, shorten) for name, many in entity.attributes.items() for one in many]
    return replace(item(entity, shorten), facts=sorted(facts, key=lambda fact: fact.name))


def correction(note: object) -> Correction | None:
    """The note that a correction leaves on a reading; None for none."""
    if not isinstance(note, dict) or not {"from", "reason", "at"} <= note.keys():
        return None
    return Correction(note["from"], str(note["reason"]), parse_instant(note["at"]))


def _fact(name: str, one: Attribute, shorten: Shorten) -> Fact:
    notes: dict[str, Any] = {shorten(key): many[0].value for key, many in one.attributes.items() if many}
    value = shorten(one.value) if one.kind is Kind.VOCAB and isinstance(one.value, str) else one.value
    return Fact(
        name,
        value,
        one.unit_code,
        one.observed_at,
        one.modified_at,
        str(notes.get("quality", "")),
        correction(notes.get("correction")),
    )
