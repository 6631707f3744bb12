"""What does participation read, decide and write?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NotRequired, TypedDict, get_args

from machinami.model.view import Day, Ref, Words
from machinami.model.vocabulary.circle import COMMENT_VERDICTS, Moderation, ProposalState

Kind = Literal["proposal", "question", "plan_comment"]
KINDS: tuple[Kind, ...] = get_args(Kind)
VERDICTS = COMMENT_VERDICTS
ANSWERED: tuple[ProposalState, ...] = ("answered", "adopted", "declined")
GONE = ("hidden", "withdrawn")
RoundState = Literal["draft", "open", "closed"]


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks, as far as this service knows: key names them in its drawer, always the same for the same one; author
    is their public pseudonym, empty for who is not signed in: their word is taken as unverified and is no vote."""

    key: str
    author: str = ""

    @property
    def verified(self) -> bool:
        """Whether a person who is signed in stands behind it."""
        return bool(self.author)


@dataclass(frozen=True, slots=True)
class ProposalComment:
    """What somebody says to a proposal. state: shown, hidden or withdrawn."""

    TYPE: ClassVar[str] = "ProposalComment"
    id: str
    text: Words | None = None
    author: str | None = None
    verified: bool | None = None
    state: str | None = None
    posted_at: datetime | None = None
    ref_proposal: Ref | None = None
    moderation: Annotated[list[dict[str, str]], list[Moderation]] | None = None
    simulated: bool | None = None


class Project(TypedDict):
    """What residents may choose; its cost in yen."""

    id: str
    name: str
    text: str
    cost: int


class Fared(TypedDict):
    """How a project fared. how: by shares, by the rest, or not at all (none); greedy: whether most votes alone would
    choose it; place: in which order it was chosen; payers: how many paid for it, least and most yen each; short: how
    many yen those who wanted it were short of."""

    id: str
    votes: int
    greedy: bool
    how: Literal["shares", "rest", "none"]
    place: NotRequired[int]
    payers: NotRequired[int]
    least: NotRequired[int]
    most: NotRequired[int]
    short: NotRequired[int]


class Outcome(TypedDict):
    """What was chosen and why, in yen. part: what each voter had at first; raised: what they had at the end."""

    voters: int
    part: int
    raised: int
    spent: int
    left: int
    greedy_spent: NotRequired[int]
    projects: list[Fared]


class Answered(TypedDict):
    """How a question was answered, where enough did; by bands of age, too."""

    count: int | None
    mean: float | None
    bands: dict[str, Any]


class Results(TypedDict):
    """What came of a survey, by question."""

    frame: str
    smallest: int
    questions: dict[str, Answered]


@dataclass(frozen=True, slots=True)
class BudgetRound:
    """A round of participatory budgeting. budget in yen; ballots: how many signed-in residents voted; unverified: how
    many others filled in a ballot, which counts for nothing; outcome: what was chosen and why."""

    TYPE: ClassVar[str] = "BudgetRound"
    id: str
    name: Words | None = None
    text: Words | None = None
    state: RoundState | None = None
    budget: int | None = None
    closes_on: Day | None = None
    projects: Annotated[list[dict[str, Any]], list[Project]] | None = None
    ballots: int | None = None
    unverified: int | None = None
    outcome: Annotated[dict[str, Any], Outcome] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class WellBeingSurvey:
    """A survey of well-being by a version of the frame. answers, unverified: how many answered; results: means of
    groups that are large enough, as `logic.wellbeing` writes them; figures: category -> id of the indicator that is
    shown beside it."""

    TYPE: ClassVar[str] = "WellBeingSurvey"
    id: str
    name: Words | None = None
    state: RoundState | None = None
    frame: str | None = None
    closes_on: Day | None = None
    answers: int | None = None
    unverified: int | None = None
    results: Annotated[dict[str, Any], Results] | None = None
    figures: dict[str, str] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class ParticipationStep:
    """One step of the record: `entries` is the text of a JSON array, `digest` seals it with the digest `before`."""

    TYPE: ClassVar[str] = "ParticipationStep"
    id: str
    number: int | None = None
    before: str | None = None
    entries: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of manifest.toml under their own names."""

    reply_days: int
    take_unverified: bool
    most_a_day: int
    alike_from: float
    smallest_group: int
