"""How do rows, reasons and entries of the record read? As sentences in the reader's language."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from machinami.broker.reasons import short
from machinami.foundation.errors import BadRequestData
from machinami.kit.naming import Names
from machinami.model.policy import Deed, Row
from machinami.model.policy_document import read_row
from machinami.model.policy_remarks import Remark


def row_sentence(row: Row, names: Names) -> Markup:
    """The row as a sentence, with all that restricts it."""
    words, who = names.words, names.whom(row)
    what = names.listed(_inside(map(names.type, row.types), names)) if row.types else words.rich("says.everything")
    deeds = [deed for deed in Deed if deed in row.deeds and deed is not Deed.ADMINISTER]
    done = names.deeds([words.rich(f"deed.{deed}") for deed in deeds])
    if not deeds:
        said = words.rich("says.town", who=who)
    elif Deed.ADMINISTER in row.deeds:
        said = words.rich("says.both", who=who, what=what, deeds=done)
    elif deeds == [Deed.READ]:
        said = words.rich("says.see", who=who, what=what)
    else:
        said = words.rich("says.data", who=who, what=what, deeds=done)
    return Markup(" ").join([names.opening(said), *_limits(row, names)])


def _limits(row: Row, names: Names) -> list[Markup]:
    words, found = names.words, []
    if row.attributes:
        found.append(
            words.rich(
                "says.attributes",
                names=names.listed(_inside(map(names.attribute, row.attributes), names), "says.attribute_comma"),
            )
        )
    if row.scopes:
        found.append(words.rich("says.scopes", names=names.listed(map(escape, row.scopes))))
    if row.area is not None:
        found.append(words.rich("says.area"))
    if row.purpose is not None:
        found.append(words.rich("says.purpose", name=row.purpose))
    if (row.identity_assurance, row.authentication_assurance) == (1, 1):
        found.append(words.rich("says.signed_in"))
    elif row.identity_assurance or row.authentication_assurance:
        levels = {"identity": row.identity_assurance, "authentication": row.authentication_assurance}
        found.append(words.rich("says.sure", **levels))
    return found


def _inside(labels: Iterable[Markup], names: Names) -> Iterator[Markup]:
    return map(names.within, labels)


def needless(remark: Remark | None, names: Names) -> Markup | None:
    """That a row says what another says already."""
    if remark is None or remark.repeats is None:
        return None
    return names.words.rich("odd.repeats", row=remark.repeats.id)


def remark_sentences(remark: Remark | None, names: Names) -> list[Markup]:
    """Whom or what a row does not reach now; that may be as it should be."""
    if remark is None:
        return []
    words, found = names.words, []
    if remark.unreached:
        found.append(words.rich("odd.unreached"))
    if remark.empty:
        found.append(words.rich("odd.empty", names=names.listed(map(names.type, remark.empty))))
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the record, ready for eyes. link: where the entity is shown; facts: what else is known."""

    at: str
    text: Markup
    refused: bool
    link: str
    entity: str
    facts: tuple[Markup, ...]


def line(entry: Mapping[str, Any], names: Names) -> Line:
    """An entry as a sentence."""
    words = names.words
    entity, types = str(entry.get("entity", "")), [str(one) for one in entry.get("types", ())]
    facts: list[Markup] = []
    if entry.get("attributes"):
        facts.append(words.rich("record.attributes", names=names.listed(map(names.attribute, entry["attributes"]))))
    if entry.get("for"):
        facts.append(words.rich("record.for", who=names.who(str(entry["for"]))))
    if entry.get("purpose"):
        facts.append(words.rich("record.why", purpose=entry["purpose"]))
    if entry.get("from"):
        facts.append(words.rich("record.from", address=entry["from"]))
    if entry.get("times"):
        facts.append(words.rich("record.times", count=int(entry["times"])))
    link = f"/data/{quote(short(types[0]), safe='')}/{quote(entity, safe=':')}" if entity and types else ""
    return Line(str(entry["at"]), names.opening(_told(entry, names)), "refused" in entry, link, entity, tuple(facts))


def _told(entry: Mapping[str, Any], names: Names) -> Markup:
    words, who = names.words, names.who(str(entry["who"]))
    for act in ("allowed", "withdrew"):
        if isinstance(entry.get(act), dict):
            return words.rich(f"record.act.{act}", who=who, what=_row_said(entry[act], names))
    if "personal" in entry:
        marks = names.listed(map(names.attribute, entry["personal"])) or words.rich("record.act.nothing")
        return words.rich("record.act.personal", who=who, what=marks)
    if "looked" in entry:
        return words.rich("record.act.looked", who=who, what=str(entry["looked"]))
    types = names.listed(_inside(map(names.type, map(str, entry.get("types", ()))), names))
    did = str(entry["did"]) if str(entry["did"]) in set(Deed) else Deed.ADMINISTER.value
    if "what" in entry:
        return _event(entry, who, names)
    what = types or words.rich("record.act.data")
    return words.rich(f"record.{'no' if 'refused' in entry else 'done'}.{did}", who=who, what=what)


def _event(entry: Mapping[str, Any], who: Markup, names: Names) -> Markup:
    """Something that happened to how people and programs get in."""
    what, about = str(entry["what"]), str(entry.get("about", ""))
    start, by, ways = what.partition(" by ")
    slug = "key-made" if what.endswith(" made") and what.split()[0] in _USES else start.replace(" ", "-")
    key = f"record.event.{slug}"
    if names.words.has(key):
        return names.words.rich(key, who=who, about=_ways(ways, names) if by else _about(about, names) or "—")
    return names.words.rich("record.done.administer", who=who, what=f"{what} {about}".strip())


def _ways(said: str, names: Names) -> Markup | str:
    """The ways in which somebody showed who they are."""
    keys = [f"record.way.{way}" for way in said.split("+")]
    return names.listed(map(names.words.rich, keys)) if all(map(names.words.has, keys)) else said


def _about(said: str, names: Names) -> Markup | str:
    """Whom an event is about: a name, with roles behind a colon, or how it went on behind a comma."""
    words = names.words
    name, colon, roles = said.partition(": ")
    keys = [f"role.{role}" for role in roles.split(", ")]
    if colon and all(map(words.has, keys)):
        return words.rich("record.named_as", name=name, roles=names.listed(map(words.rich, keys)))
    for mark, key in ((", succeeded by ", "record.succeeded"), (", recognised at level ", "record.recognised")):
        name, found, rest = said.partition(mark)
        if found:
            return words.rich(key if rest != "nobody" else "record.not_succeeded", name=name, rest=rest)
    return said


_USES = ("key", "client", "device", "place")


def _row_said(document: dict[str, Any], names: Names) -> Markup:
    try:
        return row_sentence(read_row(document), names)
    except BadRequestData:  # a row of another version
        return escape(str(document.get("id", "")))
