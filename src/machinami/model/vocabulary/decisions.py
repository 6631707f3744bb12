"""Who may make a proposal public, and in which steps? The same for whatever a town warns of.

proposed → approved (by a named officer) → published → withdrawn (by a named officer, with a reason). Before it is
approved a proposal may be rejected (by a named officer, with a reason) or superseded by what happens meanwhile; what is
published is superseded by the next that is published. There is no other way to the public.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Literal, NamedTuple, Protocol, TypedDict, TypeVar

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.view import Ref, Words
from machinami.model.vocabulary.office import Officer

State = Literal["proposed", "approved", "published", "rejected", "superseded", "withdrawn"]
STEPS: dict[State, tuple[State, ...]] = {
    "proposed": ("approved", "rejected", "superseded"),
    "approved": ("published", "superseded"),
    "published": ("withdrawn", "superseded"),
    "rejected": (),
    "superseded": (),
    "withdrawn": (),
}
BY_AN_OFFICER: frozenset[State] = frozenset({"approved", "rejected", "withdrawn"})
WITH_A_REASON: frozenset[State] = frozenset({"rejected", "withdrawn"})
LONGEST_NAME, LONGEST_REASON = 60, 300
DecisionKind = Literal["approved", "declined", "withdrawn", "thresholds", "undone", "setting", "setting_undone"]
"""thresholds and setting: something was set anew; undone and setting_undone: that was taken back."""


class NotThatWay(Conflict):
    """This step cannot follow the present state of the proposal."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a state or a proposal, as a row: its kind names the sentence, its facts fill it."""

    kind: str
    facts: dict[str, Any]

    def row(self) -> dict[str, Any]:
        """The reason as JSON."""
        return {"kind": self.kind, **self.facts}

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Reason":
        """The reason that a row of JSON says."""
        return cls(str(row["kind"]), {key: value for key, value in row.items() if key != "kind"})


class Steps(Protocol):
    """What a proposal of any service has, whatever its type is called. `transitions` are rows of from, to, at, who,
    role, reason, in order."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> str:
        """The proposal's id."""
        ...

    @property
    def state(self) -> str | None:
        """Where it stands."""
        ...

    @property
    def issued_at(self) -> datetime | None:
        """When it was made."""
        ...

    @property
    def transitions(self) -> list[Any] | None:
        """The steps that were taken."""
        ...


class GroupGrade(TypedDict):
    """How grave it is for one group of people, on the scale of the service that says so."""

    group: str
    grade: int


@dataclass(frozen=True, slots=True)
class WarningProposal:
    """What a service suggests to tell residents: how grave (`grade` on its own scale; 0: lift what is published), of
    what (`ref_subject`) and for whom (`groups`), with its reasons. Only a named officer can make it public."""

    TYPE: ClassVar[str] = "WarningProposal"
    id: str
    source_service: str | None
    grade: int | None
    state: str | None
    issued_at: datetime
    ref_subject: Ref | None = None
    groups: list[GroupGrade] | None = None
    reasons: list[dict[str, Any]] | None = None
    headline: Words | None = None
    text: Words | None = None
    instruction: Words | None = None
    event: Words | None = None
    area_name: Words | None = None
    transitions: list[dict[str, Any]] | None = None
    ref_alert: Ref | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class WarningDecision:
    """One entry of the log of decisions: what an officer did, when and why; never changed afterwards."""

    TYPE: ClassVar[str] = "WarningDecision"
    id: str
    source_service: str | None
    kind: DecisionKind
    subject: Words | None
    decided_at: datetime
    decided_by: str | None = None
    role: str | None = None
    reason: str | None = None
    ref_subject: Ref | None = None
    ref_proposal: Ref | None = None
    ref_alert: Ref | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


L = TypeVar("L", int, tuple[int, ...])
"""How grave something is: one number, or one for each group of people in a fixed order."""
Level = TypeVar("Level", int, tuple[int, ...], covariant=True)


class Advice(NamedTuple, Generic[L]):
    """What should become of an open proposal: keep it, drop it (superseded), or make one of this level."""

    drop: bool
    propose: L | None


class Refused(NamedTuple, Generic[L]):
    """The level that an officer refused last, and when."""

    level: L
    at: datetime | None


class Judged(Protocol[Level]):
    """What is known of a danger: its level (None: unknown), since when, and whether what says so may be wrong."""

    @property
    def level(self) -> Level | None:
        """How grave."""
        ...

    @property
    def since(self) -> datetime | None:
        """Since when it stands at that level."""
        ...

    @property
    def doubtful(self) -> bool:
        """Whether its source may be wrong."""
        ...


P = TypeVar("P", bound=Steps)
D = TypeVar("D", bound=WarningDecision)


def move(proposal: P, to: State, at: datetime, officer: Officer | None = None, reason: str = "") -> P:
    """Take one step; every step is recorded with who took it and why.

    Raises NotThatWay where the step cannot follow, BadRequestData where a name, a role or a reason is missing.
    """
    before = _state(proposal.state)
    if to not in STEPS[before]:
        raise NotThatWay(f"A proposal that is {before} cannot become {to}", proposal=proposal.id, state=before)
    if to in BY_AN_OFFICER:
        demand_officer(officer)
    if to in WITH_A_REASON:
        demand_reason(reason)
    row: dict[str, Any] = {"from": before, "to": to, "at": at.isoformat()}
    if officer is not None:
        row |= {"who": officer.who, "role": officer.role}
    if reason:
        row["reason"] = reason
    return replace(proposal, state=to, transitions=[*(proposal.transitions or []), row])


def demand_officer(officer: Officer | None) -> Officer:
    """The officer, if named. Raises BadRequestData."""
    if officer is None or not officer.who.strip() or not officer.role.strip():
        raise BadRequestData("A decision needs the name and the role of who takes it", field="who")
    if max(len(officer.who), len(officer.role)) > LONGEST_NAME:
        raise BadRequestData(f"A name or role is longer than {LONGEST_NAME} characters", field="who")
    return officer


def demand_reason(reason: str) -> str:
    """The reason, if there is one. Raises BadRequestData."""
    if not reason.strip():
        raise BadRequestData("This decision needs a reason; the successor will want to know", field="reason")
    if len(reason) > LONGEST_REASON:
        raise BadRequestData(f"The reason is longer than {LONGEST_REASON} characters", field="reason")
    return reason


def advise(judged: Judged[L], told: L, waiting: L | None, refused: Refused[L] | None) -> Advice[L]:
    """What to propose, given what is known and the level that residents have been told (0, or all 0: nothing).

    waiting: the level of the open proposal. refused: the last that an officer rejected; the same level is not proposed
    again while things have stayed at it. While nothing is known nothing is proposed and nothing is dropped; a source
    that is only doubtful may call for more, never for less.
    """
    level = judged.level
    if level is None or (judged.doubtful and (level <= told or (waiting is not None and level <= waiting))):
        return Advice(drop=False, propose=None)
    if level == told:
        return Advice(drop=waiting is not None, propose=None)
    if waiting == level:
        return Advice(drop=False, propose=None)
    if waiting is None and refused is not None and refused.level == level and _stayed(judged, refused):
        return Advice(drop=False, propose=None)
    return Advice(drop=waiting is not None, propose=level)


def waiting_of(proposals: Sequence[P]) -> P | None:
    """The proposal about one subject that waits for an officer, if there is one."""
    waiting = [p for p in proposals if p.state == "proposed"]
    return waiting[-1] if waiting else None


def rejected_of(proposals: Sequence[P]) -> P | None:
    """The last proposal about one subject that an officer rejected, unless another was decided since."""
    decided = [p for p in proposals if p.state not in ("proposed", "superseded")]
    last = max(decided, key=lambda p: last_step(p) or p.issued_at or datetime.min.replace(tzinfo=UTC), default=None)
    return last if last is not None and last.state == "rejected" else None


def last_step(proposal: Steps) -> datetime | None:
    """When the last step was taken; None where none was."""
    steps = proposal.transitions or []
    return datetime.fromisoformat(str(steps[-1]["at"])) if steps else None


def last_change(decisions: Sequence[D], made: str, undone: str) -> D | None:
    """The last change (of one gauge's levels, of one setting) that has not been undone; None where there is none.

    `made` and `undone` are the kinds of decision that change and that take a change back.
    """
    standing: list[D] = []
    for decision in sorted(decisions, key=lambda one: one.decided_at):
        if decision.kind == made:
            standing.append(decision)
        elif decision.kind == undone and standing:
            standing.pop()
    return standing[-1] if standing else None


def _stayed(judged: Judged[L], refused: Refused[L]) -> bool:
    return refused.at is not None and judged.since is not None and judged.since <= refused.at


def _state(text: str | None) -> State:
    for state in STEPS:
        if state == text:
            return state
    raise BadRequestData(f"A proposal cannot be in the state {text!r}", state=text)
