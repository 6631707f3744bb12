"""What does the page show of the heat, of proposals, of cool places and of shade?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from machinami.kit.approving import DecisionRow, ProposalRow
from machinami.kit.happening import Notice
from machinami.kit.settings import NOTHING_REFUSED, Refused, SettingSheet
from machinami.kit.signing import Audience
from machinami.services.heat.logic.cooling import Door
from machinami.services.heat.model import Bound, Level


@dataclass(frozen=True, slots=True)
class Coming:
    """What is said of one time to come; gain None: nothing was learned yet."""

    hours: int
    at: datetime
    wbgt: float
    level: Level
    low: float | None
    high: float | None
    gain: float | None
    used: bool


@dataclass(frozen=True, slots=True)
class Place:
    """The heat of one place as the page shows it; level None: it is silent. grades: for officers, of each group."""

    id: str
    name: str
    wbgt: float | None
    level: Level | None
    at: datetime | None
    method: str
    coming: Sequence[Coming]
    grades: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, slots=True)
class Cool:
    """One cooling shelter; `text`: its parts as an officer types them; undo: whether a change can be taken back."""

    id: str
    key: str
    name: str
    door: Door
    capacity: int | None
    hours: Sequence[str]
    lat: float | None
    lon: float | None
    text: Mapping[str, str]
    standing: bool
    undo: bool
    decided: str


@dataclass(frozen=True, slots=True)
class Site:
    """One suggestion of more cooling shelters. reached: share of the people who would have one near."""

    method: str
    names: Sequence[str]
    mean: float
    reached: float
    proven: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """How well cooling shelters lie for people now, and what more of them would do."""

    people: int
    radius: int
    mean: float | None
    reached: float | None
    sites: Sequence[Site]


@dataclass(frozen=True, slots=True)
class Way:
    """How much of a way lies in shade: now or at the hour that is asked for, and over the day (hour, share)."""

    id: str
    name: str
    usage: str
    share: float
    hours: Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class HeatView:
    """All that the page shows to one audience; `lacking` are stations whose heat cannot be worked out, and why not."""

    audience: Audience
    places: Sequence[Place]
    lacking: Sequence[tuple[str, tuple[str, ...]]]
    forecasts: bool
    closed: frozenset[str]
    notices: Sequence[Notice] = ()
    proposals: Sequence[ProposalRow] = ()
    decisions: Sequence[DecisionRow] = ()
    cool: Sequence[Cool] = ()
    plan: Plan | None = None
    ways: Sequence[Way] = ()
    hour: int = 14
    settings: Sequence[SettingSheet] = ()
    bounds: Sequence[Bound] = ()
    may: bool = False
    done: str = ""
    fault: str = ""
    refused: Refused = NOTHING_REFUSED
    typed: Mapping[str, str] = field(default_factory=dict)
