"""What does the buses service say, and what are its settings?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypedDict, get_args

from machinami.model.view import Day, Measured, Ref, Words
from machinami.model.vocabulary.transit import Step as Step

ProposalState = Literal["asked", "proposed", "approved", "declined", "withdrawn", "impossible"]
STATES: tuple[ProposalState, ...] = get_args(ProposalState)


@dataclass(frozen=True, slots=True)
class TransitDelay:
    """How late vehicles of one pattern leave one of its stops: one value for each that was seen there, with the moment
    (s; the moment less the delay is the time by the timetable)."""

    TYPE: ClassVar[str] = "TransitDelay"
    id: str
    ref_pattern: Ref | None = None
    has_route: Ref | None = None
    has_stop: Ref | None = None
    place: int | None = None
    delay: Measured | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class ArrivalEstimation:
    """When a vehicle will be where (Smart Data Models, dataModel.UrbanMobility; one for each vehicle).

    has_trip: the trip's key; ref_pattern and place: how far it is; delay: how late it was there (s); rows: of each stop
    to come [place in the pattern, low, middle, high] of the delay with which it will leave (s). method: learned, or
    naive (schedule plus present delay).
    """

    TYPE: ClassVar[str] = "ArrivalEstimation"
    id: str
    ref_vehicle: Ref | None = None
    ref_pattern: Ref | None = None
    trip: str | None = None
    has_route: Ref | None = None
    day: Day | None = None
    place: int | None = None
    delay: Measured | None = None
    rows: list[list[float]] | None = None
    method: str | None = None
    simulated: bool | None = None


class HourRow(TypedDict):
    """How a route fared in one hour of the day: calls seen, median delay (s), share on time."""

    hour: int
    count: int
    median: float
    on_time: float


@dataclass(frozen=True, slots=True)
class RoutePunctuality:
    """How punctual a route was in the last days: median delay (s), share of calls on time, and both by hour."""

    TYPE: ClassVar[str] = "RoutePunctuality"
    id: str
    has_route: Ref | None = None
    name: Words | None = None
    median_delay: float | None = None
    on_time: float | None = None
    calls: int | None = None
    rows: Annotated[list[dict[str, Any]], list[HourRow]] | None = None
    told_at: datetime | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class TransitKpi:
    """The town's buses in three figures: median delay (s), share on time, minutes that a passenger waits."""

    TYPE: ClassVar[str] = "TransitKpi"
    id: str
    median_delay: float | None = None
    on_time: float | None = None
    waiting: float | None = None
    told_at: datetime | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class ArrivalScore:
    """How good the learned estimates were on days they had not seen: mean errors (s) of the model and of schedule plus
    present delay, the share within the range, and whether the model is in use."""

    TYPE: ClassVar[str] = "ArrivalScore"
    id: str
    error: float | None = None
    naive: float | None = None
    covered: float | None = None
    count: int | None = None
    in_use: bool | None = None
    trained_at: datetime | None = None
    simulated: bool | None = None


class Gain(TypedDict):
    """Minutes that all people wait under one demand, today and then."""

    demand: str
    today: float
    then: float


class Move(TypedDict):
    """A departure that would be moved: pattern (key), trip, and the start in seconds of the day, before and after."""

    pattern: str
    trip: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class TimetableProposal:
    """Departure times with which people would wait less, for an officer to decide on.

    day: for which the trips were taken; people: how many are counted; vehicles: how many are needed, as today.
    """

    TYPE: ClassVar[str] = "TimetableProposal"
    id: str
    state: ProposalState | None = None
    day: Day | None = None
    people: float | None = None
    counted: bool | None = None
    vehicles: int | None = None
    gains: Annotated[list[dict[str, Any]], list[Gain]] | None = None
    moves: Annotated[list[dict[str, Any]], list[Move]] | None = None
    transitions: Annotated[list[dict[str, Any]], list[Step]] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of manifest.toml under their own names."""

    silent_minutes: int
    early_seconds: int
    late_seconds: int
    shift_minutes: int
    history_days: int
    improvement_needed: float
    notice_minutes: int
