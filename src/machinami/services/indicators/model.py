"""What does the indicators service keep besides the indicators themselves (`KeyPerformanceIndicator`)?"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from machinami.model.view import Measured, Ref, Words

Level = Literal["input", "process", "output", "outcome", "impact"]
LEVELS: tuple[Level, ...] = get_args(Level)
Kind = Literal["required", "chosen", "own"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Direction = Literal["up", "down", "range"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
State = Literal["on_path", "off_path", "reached", "no_target", "unmeasured"]
STATES: tuple[State, ...] = get_args(State)
Deed = Literal[
    "made", "taken", "changed", "retired", "restored", "undone", "linked", "recorded", "sent", "dismissed", "reopened"
]  # fmt: skip
DEEDS: tuple[Deed, ...] = get_args(Deed)
SAID_ONLY: tuple[Deed, ...] = ("recorded", "sent", "dismissed", "reopened")
"""Deeds after which an indicator is what it was before."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a town may set; see manifest.toml for units, ranges and help."""

    tolerance_percent: float = 10.0
    quiet_days: int = 90
    small_sample: int = 10
    history_days: int = 1_100


@dataclass(frozen=True, slots=True)
class Definition:
    """What an indicator is, as an officer writes it; see `KeyPerformanceIndicator`, of which these are the fields."""

    TYPE: ClassVar[str] = "KeyPerformanceIndicator"
    id: str
    name: Words | None = None
    text: Words | None = None
    field: str | None = None
    service: str | None = None
    level: str | None = None
    kind: str | None = None
    is_goal: bool | None = None
    direction: str | None = None
    unit: str | None = None
    formula: str | None = None
    counting: Words | None = None
    baseline: float | None = None
    baseline_year: int | None = None
    target: dict[str, Any] | None = None
    target_years: dict[str, Any] | None = None
    leads_to: list[str] | None = None
    owner: str | None = None
    from_kpi: str | None = None
    retired_on: str | None = None

    def row(self) -> dict[str, Any]:
        """The same as JSON, without what is not there."""
        named = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in named if value is not None}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Definition":
        """The definition that a row of JSON says."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {name: value for name, value in row.items() if name in known}
        values |= {name: Words(values[name]) for name in ("name", "text", "counting") if name in values}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found out of an indicator; the other half of `KeyPerformanceIndicator`."""

    TYPE: ClassVar[str] = "KeyPerformanceIndicator"
    id: str
    current: Measured | None = None
    state: State | None = None
    standing: dict[str, Any] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class IndicatorRevision:
    """One entry in the history of an indicator: what was done by whom; before and after are its fields as JSON."""

    TYPE: ClassVar[str] = "IndicatorRevision"
    id: str
    ref_indicator: Ref | None
    subject: Words | None
    kind: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    decided_by: str | None
    role: str | None
    decided_at: datetime
    reason: str | None = None
