"""What does the partnership service read, decide and write? A consortium, its meetings and votes, its rules for data,
and needs and offers that meet. Days are ISO 8601 days of the town."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from machinami.model.view import Day, Ref, Words
from machinami.model.vocabulary.fields import FIELDS_OR_OTHER

Rule = Literal["majority", "two_thirds", "unanimity"]
RULES: tuple[Rule, ...] = get_args(Rule)
VOTES = ("yes", "no", "abstain")
MEMBER_KINDS = ("town", "prefecture", "company", "university", "residents", "npo", "finance", "other")
ROLES = ("chair", "secretary", "member", "observer")
MATURITIES = ("idea", "tried", "running")
STEPS = {
    "proposed": ("met", "ended"),
    "met": ("talks", "pilot", "ended"),
    "talks": ("pilot", "ended"),
    "pilot": ("ended",),
    "ended": (),
}
WITHDRAWN = "withdrawn"
MOST_MEMBERS = 80
MOST_AT_A_DAY = 20


@dataclass(frozen=True, slots=True)
class Settings:
    """What a town may set; see manifest.toml for units, ranges and help."""

    follow_days: int = 30
    places: int = 3


@dataclass(frozen=True, slots=True)
class Consortium:
    """The body that carries the work (推進協議会). rule: how it decides; quorum: of how many per cent of those who may
    vote at least must be present."""

    TYPE: ClassVar[str] = "Consortium"
    id: str
    name: Words | None = None
    text: Words | None = None
    rule: str | None = None
    quorum: int | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class ConsortiumMember:
    """An organisation that takes part. kind: what it is; role: chair, secretary, member or observer (who has no vote);
    text: what it does. state: member, left or withdrawn (a mistake)."""

    TYPE: ClassVar[str] = "ConsortiumMember"
    id: str
    name: Words | None = None
    kind: str | None = None
    role: str | None = None
    text: Words | None = None
    joined_on: Day | None = None
    left_on: Day | None = None
    state: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class WorkingGroup:
    """A group for one matter (分科会). members: ids; lead: the id of the member that leads. state: going, ended or
    withdrawn."""

    TYPE: ClassVar[str] = "WorkingGroup"
    id: str
    name: Words | None = None
    text: Words | None = None
    lead: str | None = None
    members: list[str] | None = None
    state: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class ConsortiumMeeting:
    """A meeting: agenda in lines, who was present (ids of members), minutes once it was held. state: planned, held,
    cancelled or withdrawn."""

    TYPE: ClassVar[str] = "ConsortiumMeeting"
    id: str
    name: Words | None = None
    held_on: Day | None = None
    place: str | None = None
    agenda: list[str] | None = None
    present: list[str] | None = None
    minutes: Words | None = None
    ref_group: Ref | None = None
    state: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """A vote at a meeting: what was moved, by which rule and quorum it was decided, who voted how (id of the member ->
    yes, no or abstain), and the count. state: passed, rejected, no_quorum or withdrawn."""

    TYPE: ClassVar[str] = "Resolution"
    id: str
    name: Words | None = None
    ref_meeting: Ref | None = None
    rule: str | None = None
    quorum: int | None = None
    votes: dict[str, Any] | None = None
    size: int | None = None
    state: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    role: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class DataRule:
    """A version of a rule by which members give and use data. A version never changes: a new one replaces it. state:
    standing, replaced or withdrawn."""

    TYPE: ClassVar[str] = "DataRule"
    id: str
    name: Words | None = None
    text: Words | None = None
    version: int | None = None
    ref_replaced: Ref | None = None
    published_at: datetime | None = None
    state: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class RuleAgreement:
    """A member that agreed to one version of a rule: by whom, when. state: agreed or withdrawn."""

    TYPE: ClassVar[str] = "RuleAgreement"
    id: str
    ref_rule: Ref | None = None
    ref_member: Ref | None = None
    version: int | None = None
    agreed_at: datetime | None = None
    decided_by: str | None = None
    role: str | None = None
    state: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class SolutionSeed:
    """What somebody offers to towns (シーズ). provider: the organisation; kind: what it is; field: of which field;
    maturity: idea, tried (elsewhere) or running; conditions: what it needs or costs. state: offered or withdrawn."""

    TYPE: ClassVar[str] = "SolutionSeed"
    id: str
    name: Words | None = None
    text: Words | None = None
    provider: str | None = None
    kind: str | None = None
    field: str | None = None
    maturity: str | None = None
    conditions: Words | None = None
    state: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class SolutionMatch:
    """A need and an offer that were brought together, and what became of it. state: proposed, met, talks, pilot, ended
    or withdrawn; steps: rows of to, on, who, role, reason; ended_for: why it ended."""

    TYPE: ClassVar[str] = "SolutionMatch"
    id: str
    ref_need: Ref | None = None
    ref_seed: Ref | None = None
    state: str | None = None
    steps: list[Any] | None = None
    ended_for: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class MatchingDay:
    """A day on which needs and offers meet. needs, works: rows of id, places and wishes (ids, the best first), of needs
    and of offers; pairs: rows of need and seed. state: held or withdrawn."""

    TYPE: ClassVar[str] = "MatchingDay"
    id: str
    name: Words | None = None
    held_on: Day | None = None
    needs: list[Any] | None = None
    works: list[Any] | None = None
    pairs: list[Any] | None = None
    state: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class PartnershipChange:
    """One entry of the log: what was changed, when, by whom and why; before and after as views by id. state: stands or
    undone."""

    TYPE: ClassVar[str] = "PartnershipChange"
    id: str
    kind: str | None = None
    subject: Words | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    role: str | None = None
    reason: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    state: str | None = None


Kept = (
    Consortium
    | ConsortiumMember
    | WorkingGroup
    | ConsortiumMeeting
    | Resolution
    | DataRule
    | RuleAgreement
    | SolutionSeed
    | SolutionMatch
    | MatchingDay
)
KINDS: dict[str, type[Kept]] = {kind.TYPE: kind for kind in get_args(Kept)}


@dataclass(frozen=True, slots=True)
class Participant:
    """A need or an offer at a matching day: how many meetings it can have, and whom it would meet, the best first."""

    id: str
    places: int
    wishes: tuple[str, ...]


_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    Consortium.TYPE: {"rule": RULES},
    ConsortiumMember.TYPE: {"kind": MEMBER_KINDS, "role": ROLES, "state": ("member", "left")},
    WorkingGroup.TYPE: {"state": ("going", "ended")},
    ConsortiumMeeting.TYPE: {"state": ("planned", "held", "cancelled")},
    Resolution.TYPE: {"rule": RULES, "state": ("passed", "rejected", "no_quorum")},
    DataRule.TYPE: {"state": ("standing", "replaced")},
    RuleAgreement.TYPE: {"state": ("agreed",)},
    SolutionSeed.TYPE: {"kind": MEMBER_KINDS, "field": FIELDS_OR_OTHER, "maturity": MATURITIES, "state": ("offered",)},
    SolutionMatch.TYPE: {"state": tuple(STEPS)},
    MatchingDay.TYPE: {"state": ("held",)},
}


def is_shown(one: Kept) -> bool:
    """Whether a page can show it: it was not withdrawn, and says what it is in words of the lists. Other programs may
    write anything."""
    return all(getattr(one, name) in words for name, words in _WORDS[one.TYPE].items())
