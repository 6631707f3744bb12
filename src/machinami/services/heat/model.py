"""What does the heat service say, and what are its settings?

Grades of a warning are this service's own: 0 none, 2 be careful, 3 warning, 4 special warning. They are no 警戒レベル.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypedDict, get_args

from machinami.model.view import Day, Moment, Ref
from machinami.model.vocabulary.decisions import GroupGrade

SERVICE = "heat"
Method = Literal["measured", "liljegren", "ono_tonouchi"]
METHODS: tuple[Method, ...] = get_args(Method)
Level = Literal[0, 1, 2, 3, 4]
"""0 almost safe, 1 caution, 2 warning, 3 severe warning, 4 danger (日本生気象学会 日常生活における熱中症予防指針)."""
Group = Literal["general", "old", "children", "outdoor", "sports"]
GROUPS: tuple[Group, ...] = get_args(Group)
"""People in general, old people, children, who works outdoors, who does sports."""
CAREFUL, WARNING, SPECIAL = 2, 3, 4


class Bound(NamedTuple):
    """From which WBGT (°C) on a grade holds for a group, and who says so."""

    group: Group
    grade: int
    wbgt: float
    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of manifest.toml under their own names; minutes, hours, °C, metres as their names and units say."""

    silent_minutes: int
    public_forecast: bool
    general_careful: float
    general_warning: float
    old_careful: float
    old_warning: float
    children_careful: float
    children_warning: float
    outdoor_careful: float
    outdoor_warning: float
    sports_careful: float
    sports_warning: float
    special: float
    least_grade: int
    ahead_hours: int
    margin: float
    lower_minutes: int
    alert_hours: int
    walk_metres: int
    more_shelters: int
    sender: str


@dataclass(frozen=True, slots=True)
class WbgtForecast:
    """What the WBGT of one place will be: a row for each time ahead, and how much better that was than simpler ways.

    A row of `horizons` holds hours, wbgt, low and high (°C, 90 %), gain (1 − error / error of the better of "as now"
    and "as yesterday at that hour") and used: whether the learned way is used, or the simpler one for want of gain.
    """

    TYPE: ClassVar[str] = "WbgtForecast"
    id: str
    ref_observed: Ref | None = None
    issued_at: datetime | None = None
    horizons: list[dict[str, Any]] | None = None
    simulated: bool | None = None


class Row(TypedDict):
    """How a group stood when it was last looked at: grade, since when, and what is under way."""

    level: int
    recent: list[int]
    below_most: int
    since: Moment | None
    seen: Moment | None
    below_since: Moment | None


@dataclass(frozen=True, slots=True)
class HeatRisk:
    """How grave the heat of a place is for each group, now or in the hours to come; for officers.

    `highest`: the highest WBGT (°C) that is measured or expected, `highest_at` when; `watches`: by group, see `Row`.
    """

    TYPE: ClassVar[str] = "HeatRisk"
    id: str
    ref_observed: Ref | None = None
    groups: list[GroupGrade] | None = None
    reasons: Annotated[list[dict[str, Any]], list[dict[str, Any]]] | None = None
    highest: float | None = None
    highest_at: datetime | None = None
    watches: dict[str, Row] | None = None
    simulated: bool | None = None


class SiteRow(TypedDict):
    """One way to choose more cooling shelters: which (ids), what they reach, what no choice could do better than."""

    method: str
    sites: list[str]
    value: float
    bound: float
    proven: bool
    nearer: float
    reached: float


@dataclass(frozen=True, slots=True)
class CoolingPlan:
    """Where more cooling shelters would help most, worked out from the people of the districts; for officers.

    `radius` in metres is what counts as near; `people` are all that were counted, `existing` how far (m, mean) they are
    from what there is and `reachable` how many are near one (None: there is none). A row of `sites` says nearer: the
    mean distance in metres with what it adds, and reached: how many people are near one.
    """

    TYPE: ClassVar[str] = "CoolingPlan"
    id: str
    issued_at: datetime | None = None
    radius: int | None = None
    people: int | None = None
    existing: float | None = None
    reachable: int | None = None
    sites: list[SiteRow] | None = None
    digest: str | None = None


class ShadeRow(TypedDict):
    """How much of a way lies in the shade at an hour of the day (0 to 1)."""

    hour: int
    share: float


@dataclass(frozen=True, slots=True)
class WayShade:
    """How much of a way lies in the shade of buildings, hour by hour of a day by the town's clock."""

    TYPE: ClassVar[str] = "WayShade"
    id: str
    ref_subject: Ref | None = None
    day: Day | None = None
    hours: list[ShadeRow] | None = None
    simulated: bool | None = None
