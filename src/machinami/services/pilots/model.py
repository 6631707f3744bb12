"""What an officer says of a pilot, and what of the town it reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, get_args

from machinami.model.view import Measured, Words
from machinami.model.vocabulary.circle import Gate, Verdict

GATES: tuple[Gate, ...] = get_args(Gate)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
ENDED = frozenset({"passed", "failed", "stopped", "in_operation"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a town sets. hours_before_public: 0 to 24."""

    hours_before_public: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """What a pilot needs to know of an indicator of the town."""

    TYPE: ClassVar[str] = "KeyPerformanceIndicator"
    id: str
    name: Words | None = None
    unit: str | None = None
    current: Measured | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What a pilot needs to know of the piece of work that it belongs to."""

    TYPE: ClassVar[str] = "Initiative"
    id: str
    name: Words | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A decision as it was taken at a gate: by whom (name and role of each), why, and who thought otherwise."""

    gate: Gate
    verdict: Verdict
    reason: Words
    dissent: Words | None
    decided_by: tuple[Mapping[str, str], ...]
