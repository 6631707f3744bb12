"""Why may somebody do what in a town? The question as people type it, judged by the town's rows."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from machinami.broker import discovery
from machinami.broker.contexts import town_context
from machinami.broker.policy_rows import prospective
from machinami.broker.seen import linked_in
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity
from machinami.model.explaining import Matter, Reason, explain, principal_named
from machinami.model.legal import LegalClass
from machinami.model.names import LOCATION
from machinami.model.policy import Deed
from machinami.model.principal import Principal
from machinami.model.town_terms import TERMS
from machinami.model.values import is_geometry

_NEAR = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: who (`role:officer`, …) may do something to what (a type, or the id of an entity that is there),
    or to one attribute of it; in which scopes and at which place (longitude and latitude, or GeoJSON), where that is
    said."""

    who: str
    what: str
    attribute: str = ""
    scope: str = ""
    location: str = ""


async def reasons(town: Town, asked: Asked, by: Principal) -> Sequence[Reason]:
    """Why each deed is allowed or not. Raises Forbidden for who is no administrator, BadRequestData."""
    rows, who = await prospective(town, by), principal_named(asked.who)
    if not asked.what:
        raise BadRequestData("Say of what: a type, or the id of an entity", member="what")
    matter = _matter(asked, linked_in(town, by)(asked.what))
    return [explain(rows, who, deed, matter) for deed in Deed]


@dataclass(frozen=True, slots=True)
class Stranger:
    """A name that nothing here bears: it is mistyped, or of something that is yet to come. near: those that it may
    have been meant as, the nearest first."""

    name: str
    near: Sequence[str]


async def strangers(town: Town, asked: Asked, by: Principal) -> list[Stranger]:
    """Which of the names of a question nothing bears: neither the town's words, nor an entity that is here, nor a
    row. Where a row is about a name, it is none that was mistyped."""
    kind = "" if linked_in(town, by)(asked.what) is not None else asked.what
    summaries, rows = await discovery.types(town, by), await prospective(town, by)
    types = {row.type for row in summaries} | {name for row in rows for name in row.types}
    names = {name for row in summaries for name in row.attributes} | {name for row in rows for name in row.attributes}
    words = {name for name in TERMS if name[:1].isupper()}
    found = _stranger(kind, types, words), _stranger(asked.attribute, names, {*town_context().terms} - words)
    return [one for one in found if one is not None]


def _stranger(name: str, here: Collection[str], words: Collection[str]) -> Stranger | None:
    known = {short(iri) for iri in here} | set(words)
    if not name or name in known or expanded(name) in here:
        return None
    return Stranger(name, get_close_matches(name, sorted(known), n=_NEAR, cutoff=0.6))


def marked(town: Town, asked: Asked, by: Principal) -> list[str]:
    """What of it is marked as personal (types and attributes, expanded): that is seen with consent or on a ground
    only, whatever the rows allow."""
    matter, law = _matter(asked, linked_in(town, by)(asked.what)), town.policy.law
    marks = [] if law is None else [mark for mark in law.marks.values() if mark.legal is LegalClass.PERSONAL]
    here = [mark for mark in marks if not mark.type or mark.type in matter.types]
    wanted = ("", matter.attribute)
    return sorted({m.attribute or m.type for m in here if matter.attribute is None or m.attribute in wanted})


def _matter(asked: Asked, entity: Entity | None) -> Matter:
    name = expanded(asked.attribute) if asked.attribute else None
    if entity is not None and not (asked.scope or asked.location):
        return Matter.of(entity, name)
    types = entity.types if entity is not None else (expanded(asked.what),)
    scopes = tuple(text for text in asked.scope.replace(",", " ").split() if text) or None
    if entity is not None and scopes is None:
        scopes = entity.scopes
    place = entity
    if asked.location:
        said = Attribute(Kind.GEO, read_place(asked.location))
        place = Entity("urn:machinami:place", types, {LOCATION: (said,)})
    return Matter(types, name, scopes, place)


def read_place(text: str) -> dict[str, object]:
    """A place as people type it: `138.25,34.87` (longitude, latitude), or GeoJSON. Raises BadRequestData."""
    lon, comma, lat = text.partition(",")
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else None
        if found is None and comma:
            found = {"type": "Point", "coordinates": [float(lon), float(lat)]}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not is_geometry(found):
        raise BadRequestData(f"{text[:80]!r} is no place; write 138.25,34.87 or a GeoJSON geometry", member="location")
    return found


def expanded(name: str) -> str:
    """The IRI of a name in the town's words; an IRI is one already."""
    return name if ":" in name else town_context().expand(name)


def short(name: str) -> str:
    """The short name of an IRI in the town's words."""
    return town_context().compact(name)
