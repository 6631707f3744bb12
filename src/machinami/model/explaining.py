"""Why may somebody do something, or not? The rows of a policy one by one, and what each lacks."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from machinami.foundation.errors import BadRequestData
from machinami.model.entity import Entity
from machinami.model.matching import in_scope, is_within
from machinami.model.policy import Deed, Row, Whom, is_assured, is_for, key_types, scope_selection
from machinami.model.principal import Principal, Role


class Lack(StrEnum):
    """What is missing for a row to allow something."""

    KEY = "key"
    PURPOSE = "purpose"
    OTHERS = "others"
    ASSURANCE = "assurance"
    ATTRIBUTES = "attributes"
    SCOPE = "scope"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a deed is allowed or not: the row that allows it, or what each row that is near to it lacks.

    partly: the row allows it only within its scopes or its area, and it was not said where it is done.
    """

    deed: Deed
    row: Row | None
    lacking: Sequence[tuple[Row, Lack]] = ()
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Matter:
    """To what something is done. scopes, place (an entity with a location): None where it is not said."""

    types: tuple[str, ...]
    attribute: str | None = None
    scopes: Collection[str] | None = None
    place: Entity | None = None

    @classmethod
    def of(cls, entity: Entity, attribute: str | None = None) -> "Matter":
        """An entity that is there."""
        return cls(entity.types, attribute, entity.scopes, entity)


def principal_named(text: str) -> Principal:
    """Somebody to ask about: `everyone`, `role:officer`, `person:ID`, `program:ID`, as surely known as can be."""
    whom, _, name = text.partition(":")
    sure = Principal("anonymous", identity_assurance=3, authentication_assurance=3)
    if text == Whom.EVERYONE:
        return replace(sure, identity_assurance=0, authentication_assurance=0)
    if whom == Whom.ROLE:
        if name not in set(Role):
            raise BadRequestData(f"{name!r} is no role; the roles are {', '.join(Role)}")
        return replace(sure, id=f"somebody who is {name}", roles=frozenset({name}))
    if whom in (Whom.PERSON, Whom.PROGRAM) and name:
        return replace(sure, id=name)
    raise BadRequestData(f"{text[:100]!r} names nobody; write everyone, role:officer, person:ID or program:ID")


def explain(rows: Iterable[Row], by: Principal, deed: Deed, matter: Matter) -> Reason:
    """Why somebody may do something to this."""
    lacking: list[tuple[Row, Lack]] = []
    partly: Row | None = None
    for row in rows:
        if deed not in row.deeds or (row.types and set(row.types).isdisjoint(matter.types)):
            continue
        lack = _lack(row, by, deed, matter)
        if lack is not None:
            lacking.append((row, lack))
        elif _is_settled(row, matter):
            return Reason(deed, row)
        else:
            partly = partly or row
    return Reason(deed, partly, () if partly else lacking, partly is not None)


def _is_settled(row: Row, matter: Matter) -> bool:
    return not (row.scopes and matter.scopes is None) and not (row.area is not None and matter.place is None)


def _lack(row: Row, by: Principal, deed: Deed, matter: Matter) -> Lack | None:
    limited = key_types(by, deed)
    if limited is not None and limited.isdisjoint(matter.types):
        return Lack.KEY
    if row.purpose is not None and row.purpose != by.purpose:
        return Lack.PURPOSE
    if not is_for(row, by):
        return Lack.OTHERS
    if not is_assured(row, by):
        return Lack.ASSURANCE
    if matter.attribute is not None and row.attributes and matter.attribute not in row.attributes:
        return Lack.ATTRIBUTES
    if row.scopes and matter.scopes is not None and not in_scope(scope_selection(row.scopes), tuple(matter.scopes)):
        return Lack.SCOPE
    if row.area is not None and matter.place is not None and not is_within(matter.place, row.area):
        return Lack.AREA
    return None


def said(row: Row, lack: Lack) -> str:
    """What a row lacks, as a sentence."""
    match lack:
        case Lack.PURPOSE:
            return f"it is for the purpose {row.purpose!r} alone"
        case Lack.ASSURANCE:
            return f"it needs IAL {row.identity_assurance}, AAL {row.authentication_assurance}"
        case _:
            return _SAID[lack]


_SAID = {
    Lack.KEY: "the key has no scope for it",
    Lack.OTHERS: "it is for somebody else",
    Lack.ATTRIBUTES: "it names other attributes",
    Lack.SCOPE: "it is for another scope",
    Lack.AREA: "it is for another area",
}
