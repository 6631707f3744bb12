"""What is asked for? A query as data: the syntax tree of q, geoQ, scopeQ and the entity selectors.

All names are expanded IRIs. `parse` makes these values from text, `matching` says what they mean, and the
stores compile them; nothing else interprets them. Clauses: ETSI GS CIM 009, 4.9 (q), 4.10 (geoQ),
4.17 (type selection), 4.19 (scopeQ), 4.21 (pick, omit), 4.23 (orderBy).
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from machinami.model.names import LOCATION
from machinami.model.sight import Veil


class Operator(StrEnum):
    """Comparison operators of q (4.9)."""

    EQUAL = "=="
    UNEQUAL = "!="
    GREATER = ">"
    LESS = "<"
    GREATER_EQUAL = ">="
    LESS_EQUAL = "<="
    MATCHES = "~="
    NOT_MATCHES = "!~="


@dataclass(frozen=True, slots=True)
class Path:
    """Where in an entity to look: `attr.sub.sub[trail.trail]`.

    names: the attribute and then its sub-attributes, expanded, as written (4.9: `a.b` is b below a). The
    first may also be "@id", "@type" or the IRI of scope, createdAt, modifiedAt or expiresAt of the entity
    itself; the last may be the IRI of a member of an attribute: observedAt, unitCode, datasetId and so on.
    trail: members inside the value, after `[`; for a LanguageProperty one language tag, or `*` for any.
    """

    names: tuple[str, ...]
    trail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Literal:
    """One value of a comparison: number, text, bool, date-time, date, time or URI.

    iri: the text expanded as a term, where the attribute is among the expandValues; it is what a Vocab-
    Property is compared with.
    """

    value: float | int | str | bool | datetime | date | time
    iri: str | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """`low..high`, both ends included and of the same type."""

    low: Literal
    high: Literal


@dataclass(frozen=True, slots=True)
class Exists:
    """The path exists."""

    path: Path


@dataclass(frozen=True, slots=True)
class Missing:
    """The path does not exist (`!attr`: our addition to 4.9, as several brokers have it)."""

    path: Path


@dataclass(frozen=True, slots=True)
class Compare:
    """The target of the path equals any (==) or none (!=) of the operands; others have one Literal."""

    path: Path
    operator: Operator
    operands: tuple[Literal | Range, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """`rel{condition}`: an entity that the relationship points to satisfies the condition (4.9).

    types: where not empty, only linked entities with one of these types count (`rel{Type:condition}`).
    """

    path: Path
    condition: "Condition"
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds (`;`)."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds (`|`)."""

    parts: tuple["Condition", ...]


Condition = Exists | Missing | Compare | Linked | All | AnyOf


def hops(condition: Condition) -> int:
    """How many relationships the deepest part of the condition follows; it may not exceed joinLevel (5.7.2)."""
    if isinstance(condition, Linked):
        return 1 + hops(condition.condition)
    if isinstance(condition, All | AnyOf):
        return max(map(hops, condition.parts), default=0)
    return 0


def names(condition: Condition) -> frozenset[str]:
    """The attributes of the entity itself that the condition looks at."""
    if isinstance(condition, All | AnyOf):
        return frozenset().union(*map(names, condition.parts))
    return frozenset((condition.path.names[0],))


@dataclass(frozen=True, slots=True)
class TypeIs:
    """The entity has this type (expanded)."""

    type: str


@dataclass(frozen=True, slots=True)
class TypeAll:
    """The entity satisfies every part (`;` of a type selection, 4.17)."""

    parts: tuple["TypeSelection", ...]


@dataclass(frozen=True, slots=True)
class TypeAny:
    """The entity satisfies at least one part (`,` or `|` of a type selection, 4.17)."""

    parts: tuple["TypeSelection", ...]


TypeSelection = TypeIs | TypeAll | TypeAny


class GeoRelation(StrEnum):
    """Spatial relations (4.10)."""

    NEAR = "near"
    WITHIN = "within"
    CONTAINS = "contains"
    INTERSECTS = "intersects"
    EQUALS = "equals"
    DISJOINT = "disjoint"
    OVERLAPS = "overlaps"


@dataclass(frozen=True, slots=True)
class GeoQuery:
    """A geo-query (4.10): relation of the entity's GeoProperty `property` to the GeoJSON `geometry`.

    min_distance, max_distance in metres, for near only.
    """

    relation: GeoRelation
    geometry: dict[str, Any]
    property: str
    min_distance: float | None = None
    max_distance: float | None = None


@dataclass(frozen=True, slots=True)
class ScopePattern:
    """One scope with `+` for one level and a trailing `#` for it and all below (4.19), split at '/'."""

    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScopeAll:
    """Every pattern matches one of the entity's scopes (`;`)."""

    parts: tuple["ScopeSelection", ...]


@dataclass(frozen=True, slots=True)
class ScopeAny:
    """One of the patterns matches (`,` or `|`)."""

    parts: tuple["ScopeSelection", ...]


ScopeSelection = ScopePattern | ScopeAll | ScopeAny


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key (4.23): the value at the path or, with `distance_to`, its distance from that geometry.

    collation: an ICU collation tag (RFC 6067) for texts; None orders them by code point.
    """

    path: Path
    descending: bool = False
    distance_to: dict[str, Any] | None = None
    collation: str | None = None


@dataclass(frozen=True, slots=True)
class Projection:
    """What to pick or omit (4.21): expanded names, "@id", "@type" or the IRI of scope among them.

    A name of a relationship may come with the Projection of the entities that it links to.
    """

    members: tuple[tuple[str, "Projection | None"], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names on this level."""
        return tuple(name for name, _ in self.members)

    @property
    def hops(self) -> int:
        """How many relationships the deepest part follows; it may not exceed joinLevel (5.7.2)."""
        return max((1 + inner.hops for _, inner in self.members if inner is not None), default=0)


@dataclass(frozen=True, slots=True)
class Selector:
    """Which entities (5.2.33): of these types, with one of these ids, with an id that the pattern matches."""

    types: TypeSelection | None = None
    ids: tuple[str, ...] = ()
    id_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """The entity is the person (id), or names them by the relationship; and it has the attribute, if one is named."""

    person: str
    relationship: str = ""
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one who asks may see: entities of these types, within these scopes, whose location lies within this area
    (GeoJSON), each with these attributes. None does not restrict.

    about: whom the entity must be about. veil: what the law keeps of all that.
    """

    types: TypeSelection | None = None
    scope: ScopeSelection | None = None
    area: dict[str, Any] | None = None
    attributes: frozenset[str] | None = None
    about: About | None = None
    veil: Veil | None = None

    @property
    def by_type_alone(self) -> bool:
        """Whether whoever has the types is seen as a whole, as far as the law keeps nothing."""
        return self.scope is None and self.area is None and self.attributes is None and self.about is None


Guard = tuple[Allowance, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """Which entities, in which order. An empty member does not restrict.

    attrs: the entity has at least one of these attributes (5.7.2).
    selectors: the entity satisfies at least one of these too; `types` then names the types of all of them.
    guard: what who asks may see; all else is as if it were not there, for every other member too. None: everything.
    """

    types: TypeSelection | None = None
    ids: tuple[str, ...] = ()
    id_pattern: str | None = None
    attrs: tuple[str, ...] = ()
    q: Condition | None = None
    geo: GeoQuery | None = None
    scope: ScopeSelection | None = None
    order: tuple[Order, ...] = ()
    selectors: tuple[Selector, ...] = ()
    guard: Guard | None = None


def looked_at(query: Query) -> frozenset[str]:
    """The attributes of the entity itself by which it is decided whether it matches."""
    found = frozenset(query.attrs)
    if query.q is not None:
        found |= names(query.q)
    for allowance in query.guard or ():
        found |= _looked_at(allowance)
    return found if query.geo is None else found | {query.geo.property}


def _looked_at(allowance: Allowance) -> frozenset[str]:
    found = frozenset((LOCATION,)) if allowance.area is not None else frozenset()
    if allowance.about is not None:
        found |= {allowance.about.relationship, allowance.about.attribute}
    return found if allowance.veil is None else found | allowance.veil.looks_at


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of the result: skip `offset`, return up to `limit`, count all if `count`."""

    limit: int = 20
    offset: int = 0
    count: bool = False


class TimeRelation(StrEnum):
    """Temporal relations (4.11)."""

    BEFORE = "before"
    AFTER = "after"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class TemporalQuery:
    """Which attribute instances of the history (4.11).

    property: observedAt, createdAt, modifiedAt or deletedAt. last_n: the newest N instances per attribute.
    relation None: all times. datasets: only instances with these datasetIds, @none the default ones; None: all.
    """

    relation: TimeRelation | None = None
    time_at: datetime | None = None
    end_time_at: datetime | None = None
    property: str = "observedAt"
    last_n: int | None = None
    datasets: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a period of an aggregation is (4.5.19): months of the calendar, and seconds besides."""

    months: int = 0
    seconds: float = 0.0
