"""What does the flood service read, decide and write?

Levels are in the gauge's own unit above its own zero. A warning level is a 警戒レベル相当 (内閣府 避難情報に関する
ガイドライン): 0 calm, 2 氾濫注意, 3 避難判断, 4 氾濫危険, 5 氾濫発生; there is no 1, which is no matter of a gauge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple, NotRequired, TypedDict

from machinami.model.view import Measured, Ref
from machinami.model.vocabulary.decisions import WarningDecision, WarningProposal

SERVICE = "flood"
Mark = Literal["attention", "judgement", "danger", "bank"]
MARKS: tuple[tuple[Mark, int], ...] = (("attention", 2), ("judgement", 3), ("danger", 4), ("bank", 5))
METRES: dict[str | None, float] = {"MTR": 1.0, "CMT": 0.01, "MMT": 0.001, "FOT": 0.3048}
"""Metres in one unit of a level, by UN/CEFACT code; a level without one is taken to be in metres."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a town may set; see manifest.toml for units, ranges and help."""

    public_forecast: bool = False
    silent_minutes: int = 40
    stuck_minutes: int = 180
    jump_metres: float = 0.3
    margin_metres: float = 0.1
    lower_minutes: int = 60
    confirm_readings: int = 2
    probability: float = 0.5
    area_radius: float = 1.5
    alert_hours: int = 12
    rain_trust: float = 0.5
    improvement_needed: float = 0.0
    sender: str = "machinami.invalid"


class Sample(NamedTuple):
    """One reading of one gauge."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The four levels of a gauge, in its unit; None where none is set."""

    attention: float | None = None
    judgement: float | None = None
    danger: float | None = None
    bank: float | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any] | None) -> "Thresholds":
        """The levels that a row of the log says, as far as they are numbers."""
        said = {one.name: (row or {}).get(one.name) for one in fields(cls)}
        return cls(**{name: float(v) for name, v in said.items() if isinstance(v, int | float)})


@dataclass(frozen=True, slots=True)
class HorizonScore:
    """Held-out errors at one horizon in the gauge's unit: the model's and those of "stays as it is"."""

    hours: float
    uses_rain: bool
    rmse: float
    persistence_rmse: float
    coverage: float
    cases: int

    @property
    def improvement(self) -> float:
        """Return 1 − RMSE / RMSE of persistence."""
        return 1.0 - self.rmse / self.persistence_rmse if self.persistence_rmse > 0 else 0.0


class Retrained(NamedTuple):
    """A model as bytes (empty where no forecaster beats persistence), name, rows, held-out scores."""

    model: bytes
    name: str
    rows: int
    scores: tuple[HorizonScore, ...]
    used: tuple[HorizonScore, ...]


@dataclass(frozen=True, slots=True)
class FloodMonitoring:
    """What is known of one gauge now: its observed warning level (absent: unknown) and how far it can be believed."""

    TYPE: ClassVar[str] = "FloodMonitoring"
    id: str
    ref_gauge: Ref | None = None
    warning_level: int | None = None
    quality: str | None = None
    reasons: list[Any] | None = None
    effective_from: datetime | None = None
    watch: dict[str, Any] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class GaugeThresholds:
    """The thresholds of a gauge alone, as an officer sets them; one that is None is removed."""

    TYPE: ClassVar[str] = "RiverGauge"
    id: str
    attention_level: Measured | None = None
    evacuation_judgement_level: Measured | None = None
    danger_level: Measured | None = None
    bank_level: Measured | None = None


@dataclass(frozen=True, slots=True)
class WaterLevelForecast:
    """A forecast of one gauge: rows of hours, at, low, middle, high (90 % interval); for officers."""

    TYPE: ClassVar[str] = "WaterLevelForecast"
    id: str
    ref_gauge: Ref | None = None
    issued_at: datetime | None = None
    horizons: list[Any] | None = None
    model: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class FloodProposal(WarningProposal):
    """What a gauge (`ref_subject`) suggests to tell residents: a warning level (`grade`; 0: lift what is published).
    Type and names are those of before proposals were shared."""

    TYPE: ClassVar[str] = "FloodProposal"
    NAMES: ClassVar[Mapping[str, str]] = {"ref_subject": "refGauge", "grade": "warningLevel"}


@dataclass(frozen=True, slots=True)
class FloodDecision(WarningDecision):
    """One entry of the log of decisions about the rivers, under the type and names of before logs were shared."""

    TYPE: ClassVar[str] = "FloodDecision"
    NAMES: ClassVar[Mapping[str, str]] = {"ref_subject": "refGauge"}


class ScoreRow(TypedDict):
    """How well one horizon is forecast: RMSE of the model and of persistence in the gauge's unit, and the share of what
    came that was inside 90 %, with the rain known until now (past) or to come."""

    hours: float
    rain: str
    model: float
    persistence: float
    coverage: float
    cases: NotRequired[int]
    used: bool


@dataclass(frozen=True, slots=True)
class ModelScore:
    """How well one gauge's forecaster did on its held-out tail, beside persistence; whether it is in use.

    `improvement` is 1 − RMSE / RMSE of persistence 2 h ahead, with the rain known only until now.
    """

    TYPE: ClassVar[str] = "ModelScore"
    id: str
    ref_gauge: Ref | None = None
    model: str | None = None
    trained_at: datetime | None = None
    rows: int | None = None
    unit: str | None = None
    scores: list[ScoreRow] | None = None
    improvement: float | None = None
    in_use: bool | None = None
    simulated: bool | None = None


def state_id(kind: str, gauge: str) -> str:
    """The id of the one entity of a type that belongs to a gauge."""
    return f"urn:ngsi-ld:{kind}:{gauge.removeprefix('urn:ngsi-ld:')}"
