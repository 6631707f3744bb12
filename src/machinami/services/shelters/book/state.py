"""What do the pages show of shelters, stock, orders and allocations, in the reader's words?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Crowd = Literal["room", "filling", "full", "unknown"]


@dataclass(frozen=True, slots=True)
class StockSheet:
    """One item in one place; days None: not used here, or it lasts beyond what is told."""

    item: str
    name: str
    unit: str
    quantity: float
    daily: float
    low: float | None
    middle: float | None
    high: float | None
    short: bool
    expires: str = ""


@dataclass(frozen=True, slots=True)
class PlaceSheet:
    """One shelter (or depot, which nobody stays in)."""

    id: str
    key: str
    name: str
    is_open: bool
    known: bool
    opened_at: datetime | None
    opened_by: str
    persons: int | None
    low: int | None
    high: int | None
    counted_at: datetime | None
    stale: bool
    capacity: int | None
    crowd: Crowd
    facilities: Sequence[str]
    accessible: bool | None
    pets: bool | None
    flood_prone: bool | None
    needs: Sequence[str]
    stocks: Sequence[StockSheet]
    is_depot: bool = False

    @property
    def share(self) -> float | None:
        """How full it is."""
        return self.persons / self.capacity if self.persons is not None and self.capacity else None


@dataclass(frozen=True, slots=True)
class OrderSheet:
    """What a shelter asked for."""

    id: str
    key: str
    place: str
    place_id: str
    name: str
    unit: str
    quantity: float
    given: float | None
    state: str
    asked_at: datetime | None
    arrived_at: datetime | None
    steps: Sequence["StepSheet"] = ()


@dataclass(frozen=True, slots=True)
class StepSheet:
    """One step: to which state, when, by whom, why."""

    to: str
    at: datetime
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class MoveSheet:
    """How much of what goes from where to where."""

    depot: str
    shelter: str
    name: str
    unit: str
    quantity: float


@dataclass(frozen=True, slots=True)
class TripSheet:
    """One vehicle on its way."""

    way: str
    depot: str
    stops: Sequence[str]
    kilograms: float
    minutes: float
    after: str
    loads: Sequence[MoveSheet] = ()


@dataclass(frozen=True, slots=True)
class AllocationSheet:
    """How what there is is shared out, proposed or decided."""

    id: str
    key: str
    state: str
    made_at: datetime
    moves: Sequence[MoveSheet]
    trips: Sequence[TripSheet]
    remarks: Sequence[tuple[str, str]]
    worst: float | None
    worst_by_need: float | None
    met: float | None
    steps: Sequence[StepSheet]


@dataclass(frozen=True, slots=True)
class ReportSheet:
    """One thing that was told, and whether it was taken back."""

    id: str
    said: str
    at: datetime
    by: str
    voided: bool
    can_void: bool
