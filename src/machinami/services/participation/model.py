"""What does participation read, decide and write?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import ProposalState

Kind = Literal["proposal", "question", "plan_comment"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Verdict = Literal["taken_up", "partly", "not"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
CHAPTERS = ("goals", "problems", "kpis", "work", "roadmap", "roles", "sustaining", "data")
"""The chapters of a plan, as ActionPlan names them."""
FIELDS = (
    *("disaster", "facilities", "environment", "energy", "transport", "welfare", "education", "tourism", "industry"),
    "administration",
)
"""Fields of the town, as manifests name them."""
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
    moderation: list[dict[str, str]] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class BudgetRound:
    """A round of participatory budgeting. budget in yen; projects: rows {"id", "name", "text", "cost"}; ballots: how
    many signed-in residents voted; unverified: how many others filled in a ballot, which counts for nothing; outcome:
    what was chosen and why, as `logic.budgeting` writes it."""

    TYPE: ClassVar[str] = "BudgetRound"
    id: str
    name: Words | None = None
    text: Words | None = None
    state: str | None = None
    budget: int | None = None
    closes_on: str | None = None
    projects: list[dict[str, Any]] | None = None
    ballots: int | None = None
    unverified: int | None = None
    outcome: dict[str, Any] | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class WellBeingSurvey:
    """A survey of well-being by a version of the frame. answers, unverified: how many answered; results: means of
    groups that are large enough, as `logic.wellbeing` writes them; figures: category -> id of the indicator that is
    shown beside it."""

    TYPE: ClassVar[str] = "WellBeingSurvey"
    id: str
    name: Words | None = None
    state: str | None = None
    frame: str | None = None
    closes_on: str | None = None
    answers: int | None = None
    unverified: int | None = None
    results: dict[str, Any] | None = None
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
