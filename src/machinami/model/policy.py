"""Who may do what, and to what? The policy of a town as rows, and their plain meaning.

A row allows; nothing forbids. What no row allows is refused. What a compiled form of the rows says (`guarding`) is
held against `permits` by a test.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from machinami.model.entity import Entity
from machinami.model.matching import in_scope, is_within
from machinami.model.principal import Principal, Role
from machinami.model.query import ScopeAny, ScopePattern


class Deed(StrEnum):
    """What somebody does with the town's data."""

    READ = "read"
    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    SUBSCRIBE = "subscribe"
    ADMINISTER = "administer"

    __hash__ = str.__hash__  # as in Kind


WRITING = frozenset((Deed.CREATE, Deed.CHANGE, Deed.DELETE))
ON_DATA = WRITING | {Deed.READ, Deed.SUBSCRIBE}
ALL_DEEDS = frozenset(Deed)


class Whom(StrEnum):
    """How a row names those for whom it is."""

    EVERYONE = "everyone"
    ROLE = "role"
    PERSON = "person"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence of the policy: these may do this with that. An empty member does not restrict.

    name: of the role, or the id of the person or program. types, attributes: expanded names; scopes: patterns (4.19);
    area: a GeoJSON geometry within which the location lies; purpose: what the data must be wanted for. The two
    assurances are the least that is demanded (0: none). note: why the row is there, in the words of who made it.
    derived: it follows from a manifest and cannot be withdrawn by itself.
    """

    id: str
    whom: Whom
    name: str
    deeds: frozenset[Deed]
    types: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    area: dict[str, Any] | None = None
    purpose: str | None = None
    identity_assurance: int = 0
    authentication_assurance: int = 0
    note: str = ""
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Extent:
    """Of which attributes something is allowed: of all, or of these."""

    every: bool = False
    names: frozenset[str] = frozenset()

    def holds(self, names: Iterable[str]) -> bool:
        """Whether all of these are among them."""
        return self.every or self.names.issuperset(names)


EVERY = Extent(every=True)


@dataclass(frozen=True, slots=True)
class StepUp:
    """How surely somebody must be known, and have shown to be who asks, for a row to apply."""

    identity_assurance: int
    authentication_assurance: int


def is_for(row: Row, by: Principal) -> bool:
    """Whether the row is for who asks, as far as who that is and what for goes."""
    if row.purpose is not None and row.purpose != by.purpose:
        return False
    match row.whom:
        case Whom.EVERYONE:
            return True
        case Whom.ROLE:
            return row.name in by.roles
        case _:
            return row.name == by.id


def is_assured(row: Row, by: Principal) -> bool:
    """Whether who asks is known surely enough for the row."""
    return (
        by.identity_assurance >= row.identity_assurance and by.authentication_assurance >= row.authentication_assurance
    )


def is_about(row: Row, entity: Entity) -> bool:
    """Whether the row is about the entity."""
    return (
        (not row.types or not set(row.types).isdisjoint(entity.types))
        and (not row.scopes or in_scope(scope_selection(row.scopes), entity.scopes))
        and (row.area is None or is_within(entity, row.area))
    )


def scope_selection(scopes: Iterable[str]) -> ScopeAny:
    """What a row's patterns of scopes select."""
    return ScopeAny(tuple(ScopePattern(tuple(text.strip("/").split("/"))) for text in scopes))


def key_types(by: Principal, deed: Deed) -> frozenset[str] | None:
    """The types to which the scopes of a key limit a deed: None for all of them, none for nothing at all.

    A scope is a deed, or `write` for three of them, and may name one type (expanded): `read:https://…/RiverGauge`.
    """
    if by.scopes is None:
        return None
    words = (deed.value, "write") if deed in WRITING else (deed.value,)
    types: set[str] = set()
    for scope in by.scopes:
        word, colon, name = scope.partition(":")
        if word in words:
            if not colon:
                return None
            types.add(name)
    return frozenset(types)


def is_narrowing(scope: str) -> bool:
    """Whether a scope names a deed, so that it takes from what roles allow; others open something beside."""
    return scope.partition(":")[0] in {"write", *(deed.value for deed in ALL_DEEDS)}


def permits(rows: Iterable[Row], by: Principal, deed: Deed, entity: Entity) -> Extent | None:
    """Of which attributes of the entity the rows allow the deed; None where they do not."""
    limited = key_types(by, deed)
    if limited is not None and limited.isdisjoint(entity.types):
        return None
    covering = [row for row in rows if _applies(row, by, deed) and is_about(row, entity)]
    if not covering:
        return None
    if any(not row.attributes for row in covering):
        return EVERY
    return Extent(names=frozenset(name for row in covering for name in row.attributes))


def visible(rows: Iterable[Row], by: Principal, entity: Entity) -> Entity | None:
    """The entity as who asks may read it; None where it is hidden."""
    extent = permits(rows, by, Deed.READ, entity)
    if extent is None:
        return None
    return entity if extent.every else entity.keeping(extent.names)


def _applies(row: Row, by: Principal, deed: Deed) -> bool:
    return deed in row.deeds and is_for(row, by) and is_assured(row, by)


def allows(rows: Iterable[Row], by: Principal, deed: Deed) -> bool:
    """Whether the deed is allowed at all, whatever it is done to."""
    limited = key_types(by, deed)
    return (limited is None or bool(limited)) and any(_applies(row, by, deed) for row in rows)


def step_up(rows: Iterable[Row], by: Principal, deed: Deed, entity: Entity | None = None) -> StepUp | None:
    """The least by which who asks would have to be more surely known for the deed to be allowed; None where that
    would not help. entity: to which it is done, None for any."""
    limited = key_types(by, deed)
    if limited is not None and (not limited or (entity is not None and limited.isdisjoint(entity.types))):
        return None
    withheld = [
        (row.authentication_assurance, row.identity_assurance)
        for row in rows
        if deed in row.deeds
        and is_for(row, by)
        and not is_assured(row, by)
        and (entity is None or is_about(row, entity))
    ]
    if not withheld:
        return None
    authentication, identity = min(withheld)
    return StepUp(identity, authentication)


def faults(row: Row) -> str | None:
    """What is wrong with a row in itself; None if nothing is."""
    if not row.deeds:
        return "a row must allow something"
    if row.whom is not Whom.EVERYONE and not row.name:
        return "a row must say for whom it is"
    if row.whom is Whom.ROLE and row.name not in set(Role):
        return f"{row.name!r} is no role; the roles are {', '.join(Role)}"
    if row.whom is Whom.ROLE and row.name == Role.OPERATOR and row.deeds & ON_DATA:
        return "the platform operator runs the machine and may not be given the city's data"
    if row.whom is Whom.EVERYONE and Deed.ADMINISTER in row.deeds:
        return "not everyone can be an administrator"
    if not (0 <= row.identity_assurance <= 3 and 0 <= row.authentication_assurance <= 3):
        return "assurance levels are 0 to 3"
    if row.attributes and row.deeds & {Deed.DELETE}:
        return "an entity is deleted as a whole: a row for deleting cannot name attributes"
    return None
