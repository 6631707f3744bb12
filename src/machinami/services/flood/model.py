"""What does the flood service read and write? Values only, in the unit of each gauge."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Level = Literal[0, 2, 3, 4, 5]
"""警戒レベル相当: 0 nothing, 2 氾濫注意, 3 避難判断, 4 氾濫危険, 5 over the bank (already happening)."""
QualityState = Literal["good", "silent", "jumping", "stuck", "out_of_range", "lying"]
DecisionState = Literal["proposed", "approved", "published", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of one gauge."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Levels of one gauge that mean something: 氾濫注意, 避難判断, 氾濫危険水位, 堤防天端. Each may be unknown."""

    attention: float | None = None
    evacuation_judgement: float | None = None
    danger: float | None = None
    bank: float | None = None

    def rows(self) -> tuple[tuple[Level, str, float], ...]:
        """Return the known thresholds as (warning level, name, level), lowest warning first."""
        named: tuple[tuple[Level, str, float | None], ...] = (
            (2, "attention", self.attention),
            (3, "evacuation_judgement", self.evacuation_judgement),
            (4, "danger", self.danger),
            (5, "bank", self.bank),
        )
        return tuple((level, name, value) for level, name, value in named if value is not None)


@dataclass(frozen=True, slots=True)
class Quality:
    """Whether a gauge can be believed now: its state, since when, and the facts behind it."""

    state: QualityState
    since: datetime | None = None
    minutes: float | None = None
    value: float | None = None

    @property
    def usable(self) -> bool:
        """Return whether a forecast may start from this gauge."""
        return self.state in ("good", "jumping")


@dataclass(frozen=True, slots=True)
class HorizonForecast:
    """Level expected after `hours`, with the ends of its 90 % interval."""

    hours: float
    level: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a gauge will say, issued at one moment; `uses_rain` says whether a rain forecast was known."""

    issued_at: datetime
    level: float
    horizons: tuple[HorizonForecast, ...]
    uses_rain: bool
    model: str


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no forecast; `reason` is a word of the catalogue, `minutes` and `since` fill its sentence.

    Reasons: no_model, no_readings, silent, stuck, out_of_range, lying, too_short.
    """

    issued_at: datetime
    reason: str
    since: datetime | None = None
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a warning level is proposed: which threshold, seen or forecast, at which level, how sure."""

    kind: Literal["observed", "forecast", "held", "quality"]
    threshold: str
    limit: float | None
    level: float | None
    hours: float = 0.0
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a gauge proposes to the officer: a 警戒レベル相当 with its reasons. It orders nothing.

    `since` is when this level was first proposed; `below_since` is since when a lower one would do.
    """

    level: Level
    issued_at: datetime
    since: datetime
    reasons: tuple[Reason, ...]
    below_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a decision: which state it reached, when, by whom (a name, and their office), and why."""

    state: DecisionState
    at: datetime
    by: str
    office: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The life of one warning, from proposal to withdrawal, with everyone who answered for it."""

    id: str
    gauge: str
    level: Level
    text: str
    steps: tuple[Step, ...]

    @property
    def state(self) -> DecisionState:
        """Return the state it is in now."""
        return self.steps[-1].state


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


@dataclass(frozen=True, slots=True)
class Scores:
    """What a trained model achieved on the part of the record that it had not seen."""

    trained_at: datetime
    rows: int
    horizons: tuple[HorizonScore, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a town may set; defaults, units and ranges are in manifest.toml."""

    silent_minutes: float = 40.0
    stuck_hours: float = 24.0
    jump_level: float = 0.5
    lowest: float = -10.0
    highest: float = 30.0
    warn_probability: float = 0.5
    warn_hours: float = 3.0
    lower_margin: float = 0.1
    lower_minutes: float = 60.0
    improvement_needed: float = 0.0
    rain_trust: float = 0.5
