"""How is a row of the policy written down, and read again? As a small JSON object, and as a sentence."""

from collections.abc import Callable, Mapping
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model.policy import WRITING, Deed, Row, Whom, faults
from machinami.model.values import is_geometry

_WRITE = "write"  # in words of people, for creating, changing and deleting
_NAMED = {Whom.ROLE: "role", Whom.PERSON: "person", Whom.PROGRAM: "program"}
_KNOWN = frozenset(
    "id who deeds types attributes scopes area purpose identityAssurance authenticationAssurance note".split()
)


def write_row(row: Row) -> dict[str, Any]:
    """The row as JSON; members that restrict nothing are left out."""
    document: dict[str, Any] = {
        "id": row.id,
        "who": who_of(row),
        "deeds": sorted(row.deeds),
        "types": list(row.types),
        "attributes": list(row.attributes),
        "scopes": list(row.scopes),
        "area": row.area,
        "purpose": row.purpose,
        "identityAssurance": row.identity_assurance,
        "authenticationAssurance": row.authentication_assurance,
        "note": row.note,
    }
    return {name: value for name, value in document.items() if value}


def who_of(row: Row) -> str:
    """For whom the row is: `everyone`, `role:officer`, `person:urn:…`, `program:urn:…`."""
    return row.whom.value if row.whom is Whom.EVERYONE else f"{row.whom}:{row.name}"


def read_whom(text: str) -> tuple[Whom, str]:
    """Back from `who_of`. Raises BadRequestData."""
    if text == Whom.EVERYONE:
        return Whom.EVERYONE, ""
    kind, colon, name = text.partition(":")
    if not colon or not name or kind not in _NAMED.values():
        raise BadRequestData(f"{text[:100]!r} names nobody; write everyone, role:officer, person:ID or program:ID")
    if kind != Whom.ROLE and ":" not in name:  # as pages and commands show it, without the front of its URI
        name = f"urn:machinami:{kind}:{name}"
    return Whom(kind), name


def read_deeds(words: list[str]) -> frozenset[Deed]:
    """The deeds that the words name; `write` stands for three. Raises BadRequestData."""
    found: set[Deed] = set()
    for word in words:
        if word == _WRITE:
            found |= WRITING
        elif word in set(Deed):
            found.add(Deed(word))
        else:
            raise BadRequestData(f"{word[:50]!r} is no deed; the deeds are {', '.join(Deed)}, {_WRITE}")
    return frozenset(found)


def read_row(document: Mapping[str, Any], expand: Callable[[str], str] = str) -> Row:
    """The row that the JSON says; short names are expanded. Raises BadRequestData naming what is wrong."""
    unknown = sorted(document.keys() - _KNOWN)
    if unknown:
        raise BadRequestData(f"A row of the policy has no {', '.join(unknown)[:200]}")
    whom, name = read_whom(_text(document, "who"))
    area = document.get("area")
    if area is not None and not (isinstance(area, dict) and is_geometry(area)):
        raise BadRequestData("area must be a GeoJSON geometry", member="area")
    row = Row(
        _text(document, "id"),
        whom,
        name,
        read_deeds(_texts(document, "deeds")),
        tuple(map(expand, _texts(document, "types"))),
        tuple(map(expand, _texts(document, "attributes"))),
        tuple(_texts(document, "scopes")),
        area,
        _text(document, "purpose") or None,
        _level(document, "identityAssurance"),
        _level(document, "authenticationAssurance"),
        _text(document, "note"),
    )
    fault = faults(row)
    if fault is not None:
        raise BadRequestData(f"This row cannot be: {fault}")
    return row


def _text(document: Mapping[str, Any], member: str) -> str:
    value = document.get(member, "")
    if not isinstance(value, str):
        raise BadRequestData(f"{member} must be a text", member=member)
    return value


def _texts(document: Mapping[str, Any], member: str) -> list[str]:
    value = document.get(member, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise BadRequestData(f"{member} must be a list of texts", member=member)
    return value


def _level(document: Mapping[str, Any], member: str) -> int:
    value = document.get(member, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 3:
        raise BadRequestData(f"{member} must be 0, 1, 2 or 3", member=member)
    return value


def sentence(row: Row, short: Callable[[str], str] = str) -> str:
    """The row as a person reads it. short: the short name of an expanded one."""
    deeds = ", ".join(deed for deed in Deed if deed in row.deeds)
    what = ", ".join(map(short, row.types)) or "everything"
    if row.deeds == {Deed.ADMINISTER}:
        what = "the town"
    parts = [f"{who_of(row)} may {deeds} {what}"]
    if row.attributes:
        parts.append(f"of it only {', '.join(map(short, row.attributes))}")
    if row.scopes:
        parts.append(f"within {', '.join(row.scopes)}")
    if row.area is not None:
        parts.append("inside an area")
    if row.purpose is not None:
        parts.append(f"for the purpose {row.purpose!r}")
    if row.identity_assurance or row.authentication_assurance:
        parts.append(f"signed in with IAL {row.identity_assurance}, AAL {row.authentication_assurance} or surer")
    return ", ".join(parts)
