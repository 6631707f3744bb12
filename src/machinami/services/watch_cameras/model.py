"""What does the service of watch-over cameras read and write, and what are its settings?"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, NotRequired, TypedDict, get_args

from machinami.model.view import Geometry, Moment, Point, Ref, Words

TargetKind = Literal["school_route", "park", "crossing", "station", "other"]
ZoneKind = Literal["home", "nursery", "clinic", "worship", "other"]
ZoneRule = Literal["forbid", "mask"]
Fairness = Literal["none", "share", "fairest"]
PlanState = Literal["computing", "failed", "draft", "adopted", "withdrawn"]
CameraState = Literal["planned", "working", "removed"]
TARGET_KINDS: tuple[TargetKind, ...] = get_args(TargetKind)
ZONE_KINDS: tuple[ZoneKind, ...] = get_args(ZoneKind)
ZONE_RULES: tuple[ZoneRule, ...] = get_args(ZoneRule)
CAMERA_STATES: tuple[CameraState, ...] = get_args(CameraState)
FAIRNESS: tuple[Fairness, ...] = get_args(Fairness)
HandoverGround = Literal["law", "life", "self", "disaster"]
"""On which ground footage is given: a law or a warrant, danger to life, the person shown asks, a disaster."""
GROUNDS: tuple[HandoverGround, ...] = get_args(HandoverGround)


class Step(TypedDict):
    """One row of a history: who did what, when and why."""

    at: Moment
    by: str
    role: str
    to: str
    reason: str


class Chosen(TypedDict):
    """One camera of a plan; degrees, metres and yen. masked: bearings from and to that are blanked. seen: the ring of
    what it sees, as longitudes and latitudes."""

    pole: str
    name: dict[str, str]
    lon: float
    lat: float
    height: float
    bearing: float
    tilt: float
    cost: float
    masked: list[list[float]]
    seen: list[list[float]]


class DistrictRow(TypedDict):
    """How much of a district's points is seen; id None: what lies in no district."""

    district: str | None
    name: dict[str, str]
    weight: float
    covered: float


class Figures(TypedDict):
    """What a plan is worth: weights of points, yen, counts. seen: what all candidates together would see."""

    covered: float
    bound: float
    total: float
    seen: float
    greedy: float
    cost: float
    points: int
    poles: int
    candidates: int
    forbidden: int
    proven: bool
    buildings: int
    left_out: NotRequired[int]


class Wishes(TypedDict):
    """What a plan was asked for: yen, fairness between districts, and the least share of each (0 to 1)."""

    budget: float
    fairness: Fairness
    share: float


@dataclass(frozen=True, slots=True)
class CameraPole:
    """A pole on which a camera may hang, beside the street lights; height of the camera in metres, cost in yen."""

    TYPE: ClassVar[str] = "CameraPole"
    id: str
    name: Words | None = None
    location: Point | None = None
    height: float | None = None
    amount: float | None = None
    state: Literal["usable", "withdrawn"] | None = None
    steps: list[Step] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class WatchTarget:
    """What cameras are to watch over: a way, an area or a place; weight for each sample point."""

    TYPE: ClassVar[str] = "WatchTarget"
    id: str
    name: Words | None = None
    kind: TargetKind | None = None
    location: Geometry | None = None
    weight: float | None = None
    state: Literal["usable", "withdrawn"] | None = None
    steps: list[Step] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class PrivacyZone:
    """What no camera may see up to a height (metres over the ground): forbidden, or blanked in the picture."""

    TYPE: ClassVar[str] = "PrivacyZone"
    id: str
    name: Words | None = None
    kind: ZoneKind | None = None
    location: Geometry | None = None
    height: float | None = None
    rule: ZoneRule | None = None
    state: Literal["usable", "withdrawn"] | None = None
    steps: list[Step] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """A choice of cameras, worked out to proof or to a bound; adopted by a named officer, or not."""

    TYPE: ClassVar[str] = "CameraPlan"
    id: str
    name: Words | None = None
    state: PlanState | None = None
    wishes: Wishes | None = None
    chosen: list[Chosen] | None = None
    figures: Figures | None = None
    districts: list[DistrictRow] | None = None
    fault: str | None = None
    computed_at: datetime | None = None
    steps: list[Step] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class CameraRemark:
    """What a resident says of a plan or a camera; shown when an officer has looked at it, with the answer."""

    TYPE: ClassVar[str] = "CameraRemark"
    id: str
    text: Words | None = None
    kind: Literal["comment", "objection"] | None = None
    ref_subject: Ref | None = None
    handed_in_at: datetime | None = None
    state: Literal["waiting", "shown", "hidden"] | None = None
    reply: str | None = None
    replied_by: str | None = None
    role: str | None = None
    replied_at: datetime | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera (Smart Data Models, dataModel.Device) with the rules of its use, which everybody may read.

    cameraOrientation: bearing and tilt in degrees. seenArea: the shape of what it sees, never a picture. keptDays: for
    how long footage is kept; mayLook: which office may look; contact: whom to ask and where to object.
    """

    TYPE: ClassVar[str] = "Camera"
    id: str
    name: Words | None = None
    location: Point | None = None
    height: float | None = None
    camera_usage: str | None = None
    camera_orientation: dict[str, float] | None = None
    masked: list[list[float]] | None = None
    seen_area: Geometry | None = None
    purpose: Words | None = None
    may_look: Words | None = None
    kept_days: int | None = None
    contact: Words | None = None
    state: CameraState | None = None
    ref_plan: Ref | None = None
    ref_pole: Ref | None = None
    steps: list[Step] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class FootageHandover:
    """That footage of a camera was given to somebody: to which body, on which ground, of which span. Nothing of who was
    in it, and no person's name but the officer's who decided it."""

    TYPE: ClassVar[str] = "FootageHandover"
    id: str
    ref_camera: Ref | None = None
    receiver: str | None = None
    ground: HandoverGround | None = None
    purpose: str | None = None
    period_from: datetime | None = None
    period_to: datetime | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    state: Literal["recorded", "withdrawn"] | None = None
    reason: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of manifest.toml under their own names; degrees, metres, yen and days."""

    camera_price: int
    pole_price: int
    across: int
    upright: int
    reach: int
    tilt: int
    directions: int
    most_on_pole: int
    spacing: int
    eye_height: float
    privacy_reach: int
    mask_edge: float
    most_poles: int
    seconds: int
    kept_days: int
    most_waiting: int
