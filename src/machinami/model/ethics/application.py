"""How does an application stand before the ethics board? What its steps come to, one after the other.

It is reviewed with questions and answers, and decided on by a vote. What was approved is looked at again every year. A
step is never rewritten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from machinami.foundation.errors import Conflict
from machinami.model.approval import Approval, Limits, narrowed
from machinami.model.ethics.board import Office
from machinami.model.ethics.proposal import Proposal


class Act(StrEnum):
    """What somebody does with an application."""

    SUBMIT = "submit"
    ASK = "ask"
    ANSWER = "answer"
    REVISE = "revise"
    WITHDRAW = "withdraw"
    RECUSE = "recuse"
    MOVE = "move"
    VOTE = "vote"
    DECIDE = "decide"
    REPORT = "report"
    READ = "read"


class Outcome(StrEnum):
    """What is decided."""

    APPROVED = "approved"
    CONDITIONAL = "approved-with-conditions"
    REFUSED = "refused"
    RETURNED = "sent-back"
    ENDED = "ended"
    REVOKED = "revoked"


class State(StrEnum):
    """How an application stands."""

    REVIEW = "in-review"
    RETURNED = "sent-back"
    STANDING = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    REVOKED = "revoked"


APPROVING = frozenset({Outcome.APPROVED, Outcome.CONDITIONAL})
FIRST = frozenset({*APPROVING, Outcome.REFUSED, Outcome.RETURNED})
AGAIN = frozenset({*APPROVING, Outcome.ENDED, Outcome.REVOKED})
_TALK = frozenset({Act.ASK, Act.ANSWER, Act.RECUSE, Act.MOVE, Act.VOTE, Act.DECIDE})
NEXT: Mapping[State | None, frozenset[Act]] = {
    None: frozenset({Act.SUBMIT}),
    State.REVIEW: _TALK | {Act.REVISE, Act.WITHDRAW},
    State.RETURNED: frozenset({Act.REVISE, Act.WITHDRAW}),
    State.STANDING: _TALK | {Act.REPORT, Act.READ},
    State.REFUSED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.ENDED: frozenset(),
    State.REVOKED: frozenset(),
}
"""What may be done with an application as it stands; None: before it is there."""
_AFTER = {
    Outcome.APPROVED: State.STANDING,
    Outcome.CONDITIONAL: State.STANDING,
    Outcome.REFUSED: State.REFUSED,
    Outcome.RETURNED: State.RETURNED,
    Outcome.ENDED: State.ENDED,
    Outcome.REVOKED: State.REVOKED,
}


@dataclass(frozen=True, slots=True)
class Motion:
    """What somebody moves to decide. conditions: in words; limits: those that a machine checks."""

    outcome: Outcome
    reasons: str
    conditions: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Decision:
    """How a vote went. yes, no: ids of members; carried: whether the motion counts; review_by: by when what is approved
    is looked at again."""

    office: Office
    carried: bool
    yes: tuple[str, ...]
    no: tuple[str, ...]
    review_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step. text: a question, an answer, a reason; about: which question is answered, or which version of the text
    was read; yes: how somebody votes."""

    application: str
    number: int
    act: Act
    at: datetime
    by: str
    text: str = ""
    about: int = 0
    yes: bool = False
    proposal: Proposal | None = None
    motion: Motion | None = None
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A motion on which a vote was closed, with the reasons of those who voted against it."""

    motion: Motion
    decision: Decision
    at: datetime
    dissent: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Application:
    """An application as its steps left it. motion: what is voted on now, None where nothing is; votes: by member."""

    id: str
    applicant: str
    state: State
    proposal: Proposal
    steps: tuple[Step, ...]
    motion: Motion | None = None
    moved_at: datetime | None = None
    votes: Mapping[str, Step] = field(default_factory=dict)
    recused: frozenset[str] = frozenset()
    decided: tuple[Decided, ...] = ()

    @property
    def made_at(self) -> datetime:
        """When it was handed in."""
        return self.steps[0].at

    @property
    def standing(self) -> Decided | None:
        """The last decision that counts."""
        return next((one for one in reversed(self.decided) if one.decision.carried), None)

    @property
    def questions(self) -> Sequence[tuple[Step, Sequence[Step]]]:
        """Each question with its answers."""
        asked = [step for step in self.steps if step.act is Act.ASK]
        return [(one, [s for s in self.steps if s.act is Act.ANSWER and s.about == one.number]) for one in asked]

    @property
    def unanswered(self) -> Sequence[Step]:
        """Questions without an answer."""
        return [question for question, answers in self.questions if not answers]

    @property
    def is_public(self) -> bool:
        """Whether everyone may read it: as soon as there is a decision that ends the review."""
        return self.standing is not None and self.state not in (State.REVIEW, State.RETURNED, State.WITHDRAWN)

    @property
    def read_versions(self) -> frozenset[int]:
        """The versions of the text that the board has looked at since."""
        return frozenset(step.about for step in self.steps if step.act is Act.READ)


def after(known: Application | None, step: Step) -> Application:
    """The application after one more step. Raises Conflict where it cannot be taken."""
    state = None if known is None else known.state
    if step.act not in NEXT[state]:
        where = "there is no application yet" if state is None else f"this application is {state}"
        raise Conflict(f"It is not possible to {step.act} now: {where}", state=state or "")
    if known is None:
        if step.proposal is None:
            raise Conflict("An application says what it is for")
        return Application(step.application, step.by, State.REVIEW, step.proposal, (step,))
    grown = replace(known, steps=(*known.steps, step))
    match step.act:
        case Act.REVISE:
            proposal = step.proposal or known.proposal
            return replace(grown, state=State.REVIEW, proposal=proposal, motion=None, moved_at=None, votes={})
        case Act.WITHDRAW:
            return replace(grown, state=State.WITHDRAWN, motion=None, moved_at=None, votes={})
        case Act.RECUSE:
            votes = {who: vote for who, vote in known.votes.items() if who != step.by}
            return replace(grown, recused=known.recused | {step.by}, votes=votes)
        case Act.MOVE:
            return replace(grown, motion=step.motion, moved_at=step.at, votes={step.by: replace(step, yes=True)})
        case Act.VOTE:
            return replace(grown, votes={**known.votes, step.by: step})
        case Act.DECIDE:
            return _decided(grown, step)
        case _:
            return grown


def _decided(known: Application, step: Step) -> Application:
    if known.motion is None or step.decision is None:
        raise Conflict("Nothing is being voted on; somebody moves a decision first")
    dissent = tuple((who, vote.text) for who, vote in known.votes.items() if not vote.yes)
    one = Decided(known.motion, step.decision, step.at, dissent)
    closed = replace(known, motion=None, moved_at=None, votes={}, decided=(*known.decided, one))
    return replace(closed, state=_AFTER[one.motion.outcome]) if step.decision.carried else closed


def folded(steps: Sequence[Step]) -> Application:
    """What the steps of one application come to. Raises Conflict."""
    known: Application | None = None
    for step in steps:
        known = after(known, step)
    if known is None:
        raise Conflict("There is no application without a step")
    return known


def approval_of(known: Application) -> Approval | None:
    """The approval that an application came to; None where it came to none."""
    granted = [one for one in known.decided if one.decision.carried and one.motion.outcome in APPROVING]
    last = known.standing
    if not granted or last is None:
        return None
    newest = granted[-1]
    proposal, decision = known.proposal, newest.decision
    return Approval(
        proposal.purpose,
        known.id,
        decision.office,
        narrowed(proposal.bounds, newest.motion.limits),
        newest.at,
        decision.review_by or newest.at,
        None if last is newest else last.at,
    )
