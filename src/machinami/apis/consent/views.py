"""How does what the town holds about a person, and who read it, stand on a page, in the reader's words?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from markupsafe import Markup

from machinami.broker.holdings import Held
from machinami.broker.reasons import short
from machinami.foundation.instant import parse_instant
from machinami.kit.naming import Names
from machinami.kit.units import symbol
from machinami.kit.values import value_text
from machinami.model.attribute import Attribute
from machinami.model.consent import Consent
from machinami.model.found import Instance
from machinami.model.legal import Ground

_CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class PastView:
    """One past value. instance: the name by which it can be corrected; was: what it was before it was put right."""

    at: datetime | None
    text: str
    unit: str
    instance: str
    was: str


@dataclass(frozen=True, slots=True)
class FactView:
    """One attribute of what is held. wrong: the name by which the value can be said to be wrong."""

    name: str
    label: Markup
    text: str
    unit: str
    at: datetime | None
    past: Sequence[PastView] = ()
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class HeldView:
    """One entity that is about the person. kept_from: it is about others too, and shown to nobody without them."""

    id: str
    name: str
    facts: Sequence[FactView]
    kept_from: bool
    changed: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """All that is held of one type. rows: some of it; consents, grounds: on what any of it may be given."""

    type: str
    label: Markup
    count: int
    rows: Sequence[HeldView]
    consents: Sequence[Consent]
    grounds: Sequence[Ground]


@dataclass(frozen=True, slots=True)
class ReadLine:
    """Who was given what, when and what for; several reads of the same within a minute are one line."""

    at: datetime
    who: Markup
    roles: str
    behalf: Markup | None
    purpose: str
    what: Markup
    attributes: Markup | None
    count: int
    past: bool
    own: bool = field(default=False)


def grouped(found: Sequence[Held], names: Names, pasts: Mapping[str, Sequence[Instance]], most: int) -> list[Group]:
    """What is held, type by type, the first ones of each with their past values (by the id of the entity)."""
    groups = []
    for kind, many in groupby(found, key=lambda one: one.type):
        every = list(many)
        rows = [held_view(one, names, pasts.get(one.entity.id, ())) for one in every[:most]]
        consents = {one.id: one for held in every for one in held.consents}
        grounds = {one.id: one for held in every for one in held.grounds}
        groups.append(
            Group(short(kind), names.type(kind), len(every), rows, list(consents.values()), list(grounds.values()))
        )
    return groups


def held_view(one: Held, names: Names, past: Iterable[Instance] = ()) -> HeldView:
    """One entity: the attributes that are about the person."""
    of: dict[str, list[PastView]] = {}
    for instance in past:
        of.setdefault(instance.attribute, []).append(_past(instance, names))
    facts = [
        _fact(name, attribute, names, of.get(name, ()))
        for name, several in one.entity.attributes.items()
        if not one.attributes or name in one.attributes
        for attribute in several
    ]
    label = _said_name(one, names)
    hidden = not one.entity.attributes and one.others
    return HeldView(one.entity.id, label, facts, hidden, one.entity.modified_at or one.entity.created_at)


def _said_name(one: Held, names: Names) -> str:
    for wanted in ("name", "day", "title"):
        for name, several in one.entity.attributes.items():
            if short(name) == wanted:
                return said_value(several[0].value, names)
    return ""


def _fact(name: str, one: Attribute, names: Names, past: Iterable[PastView]) -> FactView:
    latest = sorted(past, key=lambda row: row.at.timestamp() if row.at else 0.0, reverse=True)
    at, label = one.observed_at or one.modified_at, names.attribute(name)
    wrong = next((row.instance for row in latest if row.at == at), "")
    return FactView(short(name), label, said_value(one.value, names), symbol(one.unit_code), at, latest, wrong)


def said_value(value: object, names: Names) -> str:
    """A value for eyes: what is empty is nothing, and a whole number has no decimals."""
    if value in ([], (), {}, ""):
        return value_text(None, names.words)
    return value_text(int(value) if isinstance(value, float) and value.is_integer() else value, names.words)


def _past(instance: Instance, names: Names) -> PastView:
    one = instance.value
    notes = [many[0].value for key, many in one.attributes.items() if many and short(key) == _CORRECTION]
    note = notes[0] if notes and isinstance(notes[0], dict) else None
    was = "" if note is None else said_value(note.get("from"), names)
    text = said_value(one.value, names)
    return PastView(one.observed_at or one.modified_at, text, symbol(one.unit_code), str(one.instance_id or ""), was)


def read_lines(entries: Iterable[Mapping[str, Any]], names: Names, own: Sequence[str]) -> list[ReadLine]:
    """Entries of the record as lines, the last one first. own: the names of the person themself."""
    return [_line(list(many), names, own) for _, many in groupby(entries, key=_same)]


def _same(one: Mapping[str, Any]) -> tuple[Any, ...]:
    told = tuple(str(one.get(key, "")) for key in ("who", "for", "purpose", "types", "what"))
    return (str(one["at"])[:16], *told)


def _line(many: Sequence[Mapping[str, Any]], names: Names, own: Sequence[str]) -> ReadLine:
    words, first = names.words, many[0]
    types = [names.type(str(one)) for one in first.get("types", ())]
    slug = f"reads.what.{first.get('what', '')}"
    other = words.rich(slug if words.has(slug) else "reads.what.other")
    what = names.listed(types) if types else other
    attributes = list(dict.fromkeys(str(name) for one in many for name in one.get("attributes", ())))
    roles = [words.plain(f"role.{role}") for role in first.get("roles", ()) if words.has(f"role.{role}")]
    behalf = str(first.get("for", ""))
    entities = {str(one.get("entity", "")) for one in many} - {""}
    is_own = first["who"] in own
    return ReadLine(
        parse_instant(str(first["at"])),
        words.rich("reads.you") if is_own else names.who(str(first["who"])),
        "" if is_own else words.plain("says.comma").join(roles),
        names.who(behalf) if behalf else None,
        names.purpose(str(first.get("purpose", ""))),
        what,
        names.listed(map(names.attribute, attributes)) if attributes else None,
        len(entities),
        first.get("what") == "the past",
        is_own,
    )
