"""What does the needs service keep besides the needs and visions that everybody may read?"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, get_args

from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import NeedOrigin, NeedState

ORIGINS: tuple[NeedOrigin, ...] = ("office", "workshop", "resident", "report", "service")
STATES: tuple[NeedState, ...] = get_args(NeedState)
NoteState = Literal["waiting", "accepted", "declined"]
NeedDeed = Literal[
    "accepted", "declined", "added", "grouped", "parted", "changed", "drafted", "adopted", "undone"
]  # fmt: skip
LONGEST_TEXT, LONGEST_NAME = 1_000, 80


@dataclass(frozen=True, slots=True)
class NeedNote:
    """What a resident handed in, which is not public. state: waiting, accepted or declined; reason: what an officer
    answered; ref_need: the need that it became, or was counted to."""

    TYPE: ClassVar[str] = "NeedNote"
    id: str
    text: Words | None = None
    field: str | None = None
    handed_in_at: datetime | None = None
    state: NoteState | None = None
    reason: str | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    ref_need: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class NeedDecision:
    """What an officer did, and how it is undone. ref_need: the need or vision; ref_source: the note of a resident, or,
    of an `undone`, the decision that was undone; before, after: what was changed, by entity id and attribute."""

    TYPE: ClassVar[str] = "NeedDecision"
    id: str
    kind: NeedDeed
    subject: Words | None
    decided_at: datetime
    decided_by: str | None = None
    role: str | None = None
    reason: str | None = None
    ref_need: Ref | None = None
    ref_source: Ref | None = None
    before: dict[str, object] | None = None
    after: dict[str, object] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a town may set."""

    most_waiting: int
    likeness: float
