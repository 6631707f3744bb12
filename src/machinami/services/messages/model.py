"""What does the messages service read and write, and what are its settings?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NotRequired, TypedDict, get_args

from machinami.model.view import Geometry, Moment, Ref, Words
from machinami.model.vocabulary.alerts import AlertKind

Road = Literal["mail", "push", "call", "simulated"]
"""Roads to one person. call: somebody calls or goes there; simulated: an invented resident, to whom nothing goes."""
ROADS: tuple[Road, ...] = get_args(Road)
Shared = Literal["page", "television", "cap", "loudspeaker", "telephone", "sheet"]
"""Roads to everybody at once."""
SHARED: tuple[Shared, ...] = get_args(Shared)
BY_HAND: frozenset[Shared] = frozenset({"loudspeaker", "telephone", "sheet"})
"""Roads on which a person must take the text: until somebody says that it was done, it was not."""
Topic = Literal["safety", "daily", "events"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
Status = Literal["Actual", "Exercise", "Test"]
STATUSES: tuple[Status, ...] = get_args(Status)
What = Literal["alert", "withdrawal", "test"]
Language = Literal["ja", "en", "easy"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class RoadRow(TypedDict):
    """How one road fared. at: when it was open, or somebody said that it was done; counts where it leads to persons."""

    road: str
    state: str
    at: NotRequired[Moment]
    by: NotRequired[str]
    reason: NotRequired[str]
    people: NotRequired[int]
    sent: NotRequired[int]
    failed: NotRequired[int]
    waiting: NotRequired[int]


@dataclass(frozen=True, slots=True)
class TownMessage:
    """What a named officer wrote here, and where it stands (`model.vocabulary.decisions`): only another step of a named
    officer makes it an `Alert` that goes out.

    districts: ids, none: the whole town. speech: the Japanese text as it is read aloud, with readings as [漢字|かな].
    hours: how long it stands. holdout: of an ordinary mailing, the share of people, by chance, who are not sent it, so
    that its effect can be seen.
    """

    TYPE: ClassVar[str] = "TownMessage"
    id: str
    state: str | None
    issued_at: datetime
    kind: AlertKind | None = None
    status: Status | None = None
    template: str | None = None
    warning_level: int | None = None
    event: Words | None = None
    headline: Words | None = None
    text: Words | None = None
    instruction: Words | None = None
    area_name: Words | None = None
    speech: str | None = None
    districts: list[str] | None = None
    topic: Topic | None = None
    hours: float | None = None
    holdout: float | None = None
    written_by: str | None = None
    role: str | None = None
    transitions: list[dict[str, Any]] | None = None
    ref_alert: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One going out by all roads: of an alert, of its withdrawal, or of a test; and whom it reached.

    people: to how many persons it goes; sent: handed over to what carries it to them, or ticked off; opened: of whom it
    is known that they opened it; reachedShare: of all people, those reached within ten minutes. Minutes are counted
    from the approval.
    """

    TYPE: ClassVar[str] = "Broadcast"
    id: str
    state: Literal["sending", "done"] | None
    what: What | None
    issued_at: datetime
    ref_alert: Ref | None = None
    status: Status | None = None
    headline: Words | None = None
    speech: str | None = None
    districts: list[str] | None = None
    topic: Topic | None = None
    holdout: float | None = None
    roads: Annotated[list[dict[str, Any]], list[RoadRow]] | None = None
    people: int | None = None
    sent: int | None = None
    failed: int | None = None
    opened: int | None = None
    first_sent_at: datetime | None = None
    minutes_to_first: float | None = None
    reached_share: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class MessageSubscriber:
    """A person who asked to be told, under a pseudonym: how, in which language and of what. Where they are reached is
    kept apart, sealed (docs/messages.md)."""

    TYPE: ClassVar[str] = "MessageSubscriber"
    id: str
    road: Road | None = None
    language: Language | None = None
    districts: list[str] | None = None
    topics: list[Topic] | None = None
    joined_on: str | None = None
    name: Words | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class EvacuationRoute:
    """Where people of a district go on foot when the water comes, from its middle, and by which way.

    distance in metres, minutes as an unhurried walker needs them, farthest: the minutes from the remotest corner that
    has a way; reason: why there is none, or what is not sure of it.
    """

    TYPE: ClassVar[str] = "EvacuationRoute"
    id: str
    ref_district: Ref | None
    issued_at: datetime
    ref_shelter: Ref | None = None
    location: Geometry | None = None
    distance: float | None = None
    minutes: float | None = None
    farthest: float | None = None
    climb: float | None = None
    reason: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Footway:
    """A street or path that people walk: lines meet where they have a corner in common. heights: metres above the sea
    at each corner, in the order of the lines; closed: nobody may walk there now."""

    TYPE: ClassVar[str] = "Footway"
    id: str
    location: Geometry | None = None
    heights: list[float] | None = None
    state: Literal["open", "closed"] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class HazardZone:
    """Ground that a hazard map marks: the hazard (flood, landslide), and for water how deep it can stand in metres."""

    TYPE: ClassVar[str] = "HazardZone"
    id: str
    location: Geometry | None = None
    hazard: str | None = None
    depth: float | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of manifest.toml under their own names."""

    send_alerts: bool
    second_person: bool
    tries: int
    pause_seconds: int
    depth_metres: float
    steep_percent: float
    pace_percent: int
    waiting_hours: int
    most_waiting: int
    sender: str
    sender_name: str
    spoken_name: str
    contact: str
