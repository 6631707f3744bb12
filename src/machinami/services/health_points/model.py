"""What does the health points service read, decide and write?

Steps are counts; minutes are minutes of walking; points are whole points, never money (see the help of the page on
資金決済法). A person is named by a pseudonym of this service alone, a random id; who is behind it stands nowhere here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Literal, NamedTuple

from machinami.model.view import Measured, Ref, Words

AGE_BANDS = ("18-29", "30-39", "40-49", "50-64", "65-74", "75+")
Sex = Literal["male", "female", "unsaid"]
SEXES: tuple[Sex, ...] = ("male", "female", "unsaid")
DayState = Literal["accepted", "asked", "refused", "contested"]
Answer = Literal["walked", "not_mine"]
ANSWERS: tuple[Answer, ...] = ("walked", "not_mine")
Verdict = Literal["granted", "denied"]
VERDICTS: tuple[Verdict, ...] = ("granted", "denied")
EntryKind = Literal["issue", "hold", "capture", "release", "expire", "reverse", "refund"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a town may set; see manifest.toml for units, ranges and help."""

    steps_per_point: int = 1_000
    points_per_day: int = 10
    goal_bonus: int = 2
    valid_days: int = 365
    voucher_points: int = 210
    hold_hours: int = 48
    late_days: int = 14
    fastest_cadence: int = 220
    most_steps: int = 60_000
    outlier_z: float = 5.0
    smallest_group: int = 10
    survey_weeks: int = 4


class Claim(NamedTuple):
    """What one device says of one interval; `steps` None takes back what it said of it before. Times are UTC."""

    device: str
    start: datetime
    end: datetime
    steps: int | None
    source: str = ""
    self_reported: bool = False

    @property
    def minutes(self) -> float:
        """How long the interval is."""
        return (self.end - self.start).total_seconds() / 60


class Exercise(NamedTuple):
    """What one device says of what was done in an interval, with its intensity in MET where it is said."""

    device: str
    start: datetime
    end: datetime
    name: str
    met: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a day is refused or asked about, as a row: its kind names the sentence, its facts fill it."""

    kind: str
    refuses: bool
    facts: dict[str, Any]

    def row(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {"kind": self.kind, "refuses": self.refuses, **self.facts}


@dataclass(frozen=True, slots=True)
class Officer:
    """Who decides."""

    who: str
    role: str


@dataclass(frozen=True, slots=True)
class Walker:
    """One who takes part, under a pseudonym: only what the figures need. A goal is steps a day."""

    TYPE: ClassVar[str] = "Walker"
    id: str
    age_band: str | None = None
    sex: str | None = None
    district: str | None = None
    joined_on: str | None = None
    baseline: float | None = None
    goal: int | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class StepCount:
    """One day of one walker: what the devices said, what counts of it, and what is asked or refused.

    `claims` are rows of [device, start, end, steps, self-reported]; `steps` and `minutes` (of brisk walking) are what
    counts after the devices were merged; `points_due` is what the day is worth by its state.
    """

    TYPE: ClassVar[str] = "StepCount"
    id: str
    ref_walker: Ref | None = None
    day: str | None = None
    steps: Measured | None = None
    minutes: float | None = None
    met_hours: float | None = None
    state: str | None = None
    findings: list[dict[str, Any]] | None = None
    answer: str | None = None
    claims: list[list[Any]] | None = None
    exercises: list[list[Any]] | None = None
    version: int | None = None
    points_due: int | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class WalkingKpi:
    """Median steps and minutes a day of one group (年代×地区), with the 95 % interval; None where it is too small."""

    TYPE: ClassVar[str] = "WalkingKpi"
    id: str
    age_band: str | None = None
    district: str | None = None
    persons: int | None = None
    steps: float | None = None
    steps_low: float | None = None
    steps_high: float | None = None
    minutes: float | None = None
    minutes_low: float | None = None
    minutes_high: float | None = None
    suppressed: bool | None = None
    period_from: str | None = None
    period_to: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class WalkingEffect:
    """What taking part changed, against matched people who do not: minutes a day, with the 95 % interval.

    `medical_cost` is an estimate in yen per person-year by the guideline's factor: no saving.
    """

    TYPE: ClassVar[str] = "WalkingEffect"
    id: str
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    participants: int | None = None
    compared: int | None = None
    steps_effect: float | None = None
    medical_cost: float | None = None
    issued_at: datetime | None = None
    reason: Literal["no_comparison", "too_few"] | None = None
    simulated: bool | None = None

    @property
    def is_known(self) -> bool:
        """Whether all of it was worked out."""
        return None not in (self.effect, self.low, self.high, self.participants, self.steps_effect, self.medical_cost)


@dataclass(frozen=True, slots=True)
class WalkingSurvey:
    """Answers of people who do not take part, without names: rows of [age band, sex, district, minutes a day
    before, minutes a day after]. The city asks them (歩行量調査); the demonstration simulates them."""

    TYPE: ClassVar[str] = "WalkingSurvey"
    id: str
    name: Words | None = None
    answers: list[list[Any]] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class PointsAudit:
    """What the ledger says when it is added up anew: points by account, and whether every law holds."""

    TYPE: ClassVar[str] = "PointsAudit"
    id: str
    issued_at: datetime | None = None
    journals: int | None = None
    entries: int | None = None
    issued: int | None = None
    open: int | None = None
    held: int | None = None
    redeemed: int | None = None
    expired: int | None = None
    breaches: list[str] | None = None
    days_asked: int | None = None
    days_refused: int | None = None
    walkers: int | None = None
    simulated: bool | None = None


class Day(NamedTuple):
    """One day's steps and minutes of one person, as figures need them."""

    day: date
    steps: float
    minutes: float
