"""What comes back when the town's data are asked: pages of entities, past instances, types in use, aggregates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from machinami.foundation.instant import format_micros
from machinami.foundation.value import value
from machinami.model.attribute import Attribute, Kind
from machinami.model.entity import Entity


@value
class Instance:
    """One attribute instance of the history: which entity and attribute, and the instance with its times.

    deleted_at: set for the marker that the attribute instance was deleted then (4.5.6). instance_id names it.
    """

    entity_id: str
    attribute: str
    value: Attribute
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Readings:
    """Plain readings in columns: default instances of a Property with a number and no more than a unit and times.

    moments: for each its time that was asked for, or else when it was written; microseconds since 1970.
    """

    moments: Sequence[int]
    numbers: Sequence[float | int]
    _pairs: list[tuple[float | int, str]] = field(default_factory=list, init=False, repr=False, compare=False)

    def pairs(self) -> Sequence[tuple[float | int, str]]:
        """Each number with its moment as text; written once, however often they are given."""
        if not self._pairs:
            self._pairs.extend(zip(self.numbers, map(format_micros, self.moments), strict=True))
        return self._pairs

    def part(self, begin: int, end: int) -> "Readings":
        """Those from one place to another."""
        if begin == 0 and end >= len(self.moments):
            return self
        part = Readings(self.moments[begin:end], self.numbers[begin:end])
        part._pairs.extend(self.pairs()[begin:end])
        return part

    def followed_by(self, moments: Sequence[int], numbers: Sequence[float | int]) -> "Readings":
        """These, and later ones after them."""
        more = Readings([*self.moments, *moments], [*self.numbers, *numbers])
        more._pairs.extend(self.pairs())
        more._pairs.extend(zip(numbers, map(format_micros, moments), strict=True))
        return more


@dataclass(frozen=True, slots=True)
class Series:
    """The history of one attribute of one entity in order of time: readings, where all of it is plain, else
    instances.

    kind: of the attribute, where a page of its history has neither, because all of it comes on another page.
    """

    entity_id: str
    attribute: str
    instances: Sequence[Instance] = ()
    readings: Readings | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a query: the entities in order, and the number of all matches if it was asked for."""

    entities: Sequence[Entity]
    count: int | None = None


@dataclass(frozen=True, slots=True)
class IdPage:
    """Some ids of what matches, in order of creation. after: where those after them begin; None if these are all."""

    ids: Sequence[str]
    after: int | None = None


@dataclass(frozen=True, slots=True)
class TypeSummary:
    """A type in use: its IRI, how many entities, and its attributes: IRI -> {kind: number of entities with it}."""

    type: str
    entity_count: int
    attributes: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Bucket:
    """One aggregated period of one attribute instance series: start, end, method name -> value."""

    start: datetime
    end: datetime
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that a town keeps, counted: entities, instances of the history, rows of the log, records by kind."""

    entities: int
    instances: int
    log: int
    records: Mapping[str, int]
