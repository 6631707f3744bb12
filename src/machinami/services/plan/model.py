"""What does the plan keep besides the works and the published plans that everybody may read?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import Chapter, WorkState

STAGES = ("survey", "plan", "pilot", "deployment", "operation")
STAGE_STATES = ("planned", "going", "done", "stopped")
STATES: tuple[WorkState, ...] = get_args(WorkState)
DraftState = Literal["open", "approved", "kept", "published"]
CommentState = Literal["open", "settled"]
PlanDeed = Literal[
    "begun", "written", "kept", "restored", "approved", "published", "withdrawn", "work", "settled", "declined",
    "answer_withdrawn", "undone",
]  # fmt: skip
LONGEST_CHAPTER, LONGEST_COMMENT = 12_000, 2_000
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """A plan that is being written, or an earlier version of one that was kept; residents see none.

    state: open, approved (as it stands), kept (a version to look back at) or published. version: the number under
    which it is, or was, published. chapters: by key -> {"ja": text, "en": text, "older": the language that was not
    rewritten with the other}; remark: why a version was kept;
    record: what its tables said when it was kept.
    """

    TYPE: ClassVar[str] = "PlanDraft"
    id: str
    name: Words | None = None
    version: int | None = None
    state: DraftState | None = None
    chapters: dict[str, Any] | None = None
    remark: str | None = None
    kept_by: str | None = None
    kept_at: datetime | None = None
    approved_by: str | None = None
    decided_at: datetime | None = None
    record: dict[str, Any] | None = None
    ref_plan: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class PlanComment:
    """What an officer says of a chapter of the draft. state: open or settled; reply: how it was settled."""

    TYPE: ClassVar[str] = "PlanComment"
    id: str
    chapter: Chapter | None = None
    text: Words | None = None
    state: CommentState | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    reply: Words | None = None
    replied_by: str | None = None
    ref_draft: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class PlanDecision:
    """What was done with the plan. before, after: the text of a chapter, or what of a work was changed; ref_source: of
    an `undone`, the decision that was undone."""

    TYPE: ClassVar[str] = "PlanDecision"
    id: str
    kind: PlanDeed
    subject: Words | None
    decided_at: datetime
    decided_by: str | None = None
    role: str | None = None
    reason: str | None = None
    chapter: Chapter | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    ref_draft: Ref | None = None
    ref_plan: Ref | None = None
    ref_initiative: Ref | None = None
    ref_source: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A service of the town as its manifest tells: what it reads and writes, and for what it needs personal data."""

    id: str
    title: dict[str, str]
    uses: tuple[str, ...]
    personal: tuple[dict[str, str], ...]
