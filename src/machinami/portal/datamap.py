"""Which data come from where? Every type that the town has or can ask for, and the neighbours that are asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.kit.archive import Neighbour, TypeRow
from machinami.kit.words import Words

TEMPLATE = "machinami.portal/datamap.html"
_FRESH, _WELL, _AWAY = "fresh", "well", "away"


@dataclass(frozen=True, slots=True)
class TypeOrigin:
    """One type: how many are here, and the names of the neighbours that may have more."""

    name: str
    label: str
    here: int
    neighbours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeighbourRow:
    """One neighbour: its name, its address, in which state it is (a word of the catalogue), and since when."""

    name: str
    address: str
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class DataMap:
    """The types with where they come from, and the neighbours."""

    types: Sequence[TypeOrigin]
    neighbours: Sequence[NeighbourRow]


def view(own: Sequence[TypeRow], neighbours: Sequence[Neighbour], words: Words) -> DataMap:
    """The data map. A neighbour that did not say which types it has is not among the types."""
    counts = {row.name: row.count for row in own}
    names = sorted({*counts, *(name for one in neighbours for name in one.types)})
    rows = [
        TypeOrigin(
            name,
            words.plain(f"type.{name}") if words.has(f"type.{name}") else name,
            counts.get(name, 0),
            tuple(one.name for one in neighbours if name in one.types),
        )
        for name in names
    ]
    return DataMap(rows, [_row(one) for one in neighbours])


def _row(one: Neighbour) -> NeighbourRow:
    if one.failing is None:
        return NeighbourRow(one.name, one.address, _FRESH, None)
    at = one.last_failure if one.failing else one.last_success
    return NeighbourRow(one.name, one.address, _AWAY if one.failing else _WELL, at)
