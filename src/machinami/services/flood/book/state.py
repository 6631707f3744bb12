"""What do the pages show of the rivers, the proposals, the decisions and the settings?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.kit.approving import DecisionRow, ProposalRow
from machinami.kit.charts import Point
from machinami.kit.happening import Level, Notice
from machinami.kit.settings import SettingSheet
from machinami.model.expectation import Step
from machinami.services.flood.model import Thresholds


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """One entry in the history of a gauge's levels."""

    at: datetime
    who: str
    role: str
    reason: str
    before: Thresholds
    after: Thresholds


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything known of one gauge. `level` None: its state is unknown, and `reason` says why."""

    id: str
    name: str
    river: str
    unit: str
    thresholds: Thresholds
    level: Level | None
    observed: Sequence[Point]
    reason: str = ""
    forecast: Sequence[Step] = ()
    issued: datetime | None = None
    rain: Sequence[Point] = ()
    changes: Sequence[ThresholdChange] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """How well the model did on held-out data beside persistence (the level stays as it is)."""

    gauge: str
    hours: int
    model: float
    persistence: float
    unit: str
    coverage: float | None
    rows: int
    trained_at: datetime
    in_use: bool

    @property
    def gain(self) -> float:
        """The share of persistence's error that the model takes away; negative where it is worse."""
        return 1 - self.model / self.persistence if self.persistence else 0.0


@dataclass(frozen=True, slots=True)
class State:
    """All that the flood service knows, as the page needs it."""

    sheets: Sequence[Sheet]
    notices: Sequence[Notice] = ()
    proposals: Sequence[ProposalRow] = ()
    decisions: Sequence[DecisionRow] = ()
    scores: Sequence[Score] = ()
    public_forecast: bool = False
    settings: Sequence[SettingSheet] = ()
    closed: frozenset[str] = frozenset()
