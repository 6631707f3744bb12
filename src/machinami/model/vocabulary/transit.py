"""Typed views of public transport: timetables as imported, vehicles under way, and where people go."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypedDict
from urllib.parse import quote, unquote

from machinami.model.view import Day, Geometry, Measured, Moment, Point, Ref, Words


def entity_id(kind: str, feed: str, name: str) -> str:
    """The id of a thing of a timetable: the feed's name and its own, which may hold anything."""
    return f"urn:ngsi-ld:{kind}:{feed}:{quote(name, safe='')}"


def key_of(entity: str) -> str:
    """The name of a thing across all feeds: what stands behind its type."""
    return entity.split(":", 3)[-1]


def feed_of(key: str) -> str:
    """The feed that a key is of."""
    return key.partition(":")[0]


def own_name(key: str) -> str:
    """What the feed itself calls a thing."""
    return unquote(key.partition(":")[2])


@dataclass(frozen=True, slots=True)
class TransitFeed:
    """A timetable that was imported: its publisher, its version (a digest of the file) and its time zone.

    shown_from: a day whose week stands for every week, where the timetable has expired and was imported with a day.
    transfers: rows of [from, to, kind, seconds]. left_out: how many rows of the file could not be read.
    """

    TYPE: ClassVar[str] = "TransitFeed"
    id: str
    name: Words | None = None
    version: str | None = None
    timezone: str | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    shown_from: str | None = None
    transfers: list[Any] | None = None
    left_out: int | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class GtfsStop:
    """Where vehicles stop (Smart Data Models, dataModel.UrbanMobility)."""

    TYPE: ClassVar[str] = "GtfsStop"
    id: str
    name: Words | None = None
    location: Point | None = None
    code: str | None = None
    platform: str | None = None
    has_parent_station: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class GtfsRoute:
    """A line as people know it."""

    TYPE: ClassVar[str] = "GtfsRoute"
    id: str
    name: Words | None = None
    short_name: str | None = None
    route_type: str | None = None
    route_color: str | None = None
    operated_by: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class GtfsService:
    """On which days something runs: days (Monday first), start, end, added, removed."""

    TYPE: ClassVar[str] = "GtfsService"
    id: str
    calendar: dict[str, Any] | None = None
    version: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class TransitPattern:
    """The stops that trips of a route call at, in order, and all those trips (model.transit_document).

    One entity holds what GTFS has as trips and stop times, so that half a million calls are a few hundred entities.
    """

    TYPE: ClassVar[str] = "TransitPattern"
    id: str
    has_route: Ref | None = None
    stops: list[str] | None = None
    profiles: list[Any] | None = None
    trips: list[Any] | None = None
    sequences: list[int] | None = None
    direction: int | None = None
    has_shape: Ref | None = None
    version: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class GtfsShape:
    """The way that trips take on the map."""

    TYPE: ClassVar[str] = "GtfsShape"
    id: str
    location: Geometry | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A bus under way (Smart Data Models, dataModel.Transportation), as GTFS-realtime says it.

    trip: the trip's id in its feed; current_stop: the stop's id there; stop_sequence: the number of the stop that it is
    at or comes to next, with the moment at which that was so; service_status: stoppedAt, incomingAt or inTransitTo.
    delays: rows of [number of the stop or null, stop or null, delay s or null, time s since 1970 or null].
    """

    TYPE: ClassVar[str] = "Vehicle"
    id: str
    name: str | None = None
    location: Point | None = None
    trip: str | None = None
    current_stop: str | None = None
    stop_sequence: Measured | None = None
    service_status: str | None = None
    delays: list[Any] | None = None
    reported_at: datetime | None = None
    simulated: bool | None = None


class NoticeAbout(TypedDict, total=False):
    """Whom a notice is about: a timetable by its name, a route and a stop by their keys, a trip by its id, a day of the
    timetable. What is said must fit; what is not said may be any."""

    feed: str
    route: str
    stop: str
    trip: str
    day: str


class NoticeSpan(TypedDict, total=False):
    """When a notice holds: from, until; an end that is not said is open."""

    start: Moment
    end: Moment


class Step(TypedDict):
    """What somebody did with a notice or a proposal: who, in which role, when, to which state, why."""

    who: str
    role: str
    at: Moment
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class TransitNotice:
    """What riders must know: a line that does not run, a stop that has moved.

    effect and cause: as GTFS-realtime names them, in lower camel case; about: none, of everything; spans: none, always;
    state: told or ended. told_at: first; reported_at: when its feed said it last. What an officer wrote has
    transitions instead of reported_at.
    """

    TYPE: ClassVar[str] = "TransitNotice"
    id: str
    headline: Words | None = None
    text: Words | None = None
    effect: str | None = None
    cause: str | None = None
    about: Annotated[list[dict[str, Any]], list[NoticeAbout]] | None = None
    spans: Annotated[list[dict[str, Any]], list[NoticeSpan]] | None = None
    web: str | None = None
    state: str | None = None
    told_at: datetime | None = None
    reported_at: datetime | None = None
    transitions: Annotated[list[dict[str, Any]], list[Step]] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class OriginDestinationFlow:
    """How many people went from one place to another within an hour of the day (dataModel.Transportation)."""

    TYPE: ClassVar[str] = "OriginDestinationFlow"
    id: str
    origin_location: Point | None = None
    destination_location: Point | None = None
    hour: int | None = None
    flow_count: float | None = None
    simulated: bool | None = None
