"""What do the shelters tell, what do they hold, ask for and get, and what are the settings?"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, NotRequired, TypedDict, get_args

from machinami.model.view import Day, Measured, Moment, Point, Ref, Words
from machinami.model.vocabulary.places import ShelterState

Kind = Literal[
    "hand", "gate", "card", "stock_in", "stock_out", "stock_take", "order", "arrived", "open", "close", "void"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Group = Literal["infant", "child", "adult", "elderly", "allergy", "chronic"]
GROUPS: tuple[Group, ...] = get_args(Group)
"""Infants are under two years, the elderly 65 and over; allergy and chronic illness are counted beside the ages."""
OrderState = Literal["asked", "allotted", "arrived", "withdrawn"]
AllocationState = Literal["proposed", "approved", "declined", "withdrawn"]
Way = Literal["truck", "drone", "boat", "none"]


@dataclass(frozen=True, slots=True)
class ShelterReport:
    """One thing that the staff of a shelter or depot told: `at` when it was so, by the phone. Its id is made by the
    phone, so that the same report sent twice is one. `voids` names the report that this one takes back. persons are a
    count by hand, or those whose card was shown; profile counts people by group, and names nobody."""

    TYPE: ClassVar[str] = "ShelterReport"
    id: str
    ref_place: Ref
    kind: Kind
    at: datetime
    told_by: str | None = None
    received_at: datetime | None = None
    persons: int | None = None
    inward: int | None = None
    outward: int | None = None
    profile: dict[str, int] | None = None
    item: str | None = None
    quantity: float | None = None
    expires_on: Day | None = None
    ref_order: Ref | None = None
    voids: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class ShelterNow:
    """What the service says of a shelter, beside what else stands in it."""

    TYPE: ClassVar[str] = "Shelter"
    id: str
    state: ShelterState | None = None
    opened_at: datetime | None = None
    opened_by: str | None = None
    occupancy: Measured | None = None
    occupancy_deviation: Measured | None = None
    needs: list[str] | None = None


@dataclass(frozen=True, slots=True)
class ReliefDepot:
    """A store of relief goods, with the vehicles that can leave from it; its lots are told as those of a shelter."""

    TYPE: ClassVar[str] = "ReliefDepot"
    id: str
    name: Words | None = None
    location: Point | None = None
    trucks: int | None = None
    drones: int | None = None
    boats: int | None = None
    simulated: bool | None = None


class LotRow(TypedDict):
    """A lot: how much, and its last day."""

    quantity: float
    expires: NotRequired[str | None]


@dataclass(frozen=True, slots=True)
class ReliefStock:
    """What one place has of one item, and in how many days it runs out (one case in ten sooner than low, and one in ten
    later than high); `daily` is what is expected to be used in a day."""

    TYPE: ClassVar[str] = "ReliefStock"
    id: str
    ref_place: Ref | None = None
    item: str | None = None
    quantity: Measured | None = None
    lots: list[LotRow] | None = None
    daily: float | None = None
    days_low: float | None = None
    days_middle: Measured | None = None
    days_high: float | None = None
    simulated: bool | None = None


class Passage(TypedDict):
    """One step that was decided: to which state, by whom, when and why."""

    to: str
    at: Moment
    who: NotRequired[str]
    role: NotRequired[str]
    reason: NotRequired[str]


@dataclass(frozen=True, slots=True)
class ReliefOrder:
    """What a shelter asks for; hours_taken: from asking to arrival."""

    TYPE: ClassVar[str] = "ReliefOrder"
    id: str
    ref_place: Ref | None = None
    item: str | None = None
    quantity: float | None = None
    state: OrderState | None = None
    asked_at: datetime | None = None
    arrived_at: datetime | None = None
    hours_taken: float | None = None
    given: float | None = None
    ref_allocation: Ref | None = None
    transitions: list[Passage] | None = None
    simulated: bool | None = None


class Moved(TypedDict):
    """How much of an item goes from a depot to a shelter."""

    depot: str
    shelter: str
    item: str
    quantity: float


class Trip(TypedDict):
    """One vehicle on its way: where it begins, where it stops, what weight it carries and how long it takes; `after` is
    the stop of the truck from which a drone is launched."""

    way: str
    depot: str
    stops: list[str]
    kilograms: float
    minutes: float
    after: NotRequired[str]


class Remark(TypedDict):
    """What an officer must know of a place before deciding: it is cut off, or a way to it is closed to drones."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class ReliefAllocation:
    """How what there is would be shared out: a proposal, until a named officer decides. worst is the largest unmet
    share; worst_by_need what it would be if each depot shared by need among those it reaches."""

    TYPE: ClassVar[str] = "ReliefAllocation"
    id: str
    state: AllocationState
    made_at: datetime
    rows: list[Moved] | None = None
    orders: list[str] | None = None
    trips: list[Trip] | None = None
    remarks: list[Remark] | None = None
    worst: float | None = None
    worst_by_need: float | None = None
    need_met: float | None = None
    transitions: list[Passage] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of manifest.toml under their own names."""

    water_litres: float
    meals: float
    short_days: float
    stale_hours: int
    rate_unsure: float
    drones: bool
    drone_payload: float
    wind_limit: float
