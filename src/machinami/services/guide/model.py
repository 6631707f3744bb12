"""What does the guide ask, what is answered, and what does it conclude?"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypedDict, get_args

from machinami.model.view import Measured, Moment, Words
from machinami.model.vocabulary.circle import (
    ActionPlan,
    CityNeed,
    CostItem,
    GateDecision,
    IncomeItem,
    Initiative,
    KeyPerformanceIndicator,
    Pilot,
    Proposal,
    Vision,
)

Answer = Literal["yes", "partly", "no"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
State = Literal["met", "said", "partly", "open"]
Shown = Literal["yes", "partly", "no", "closed"]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to see to. step: what to do where it is open; where: the id of the service, or the path of the page,
    where it is done; evidence: what of the running town answers it; cases: keys of cases worth reading."""

    id: str
    text: Words
    step: Words
    where: str
    why: Words | None = None
    evidence: str = ""
    sources: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: what it asks, and which of that decides whether a town is through it."""

    id: str
    title: Words
    aim: Words
    asks: tuple[str, ...]
    decides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A row of stages as one document has them."""

    id: str
    version: str
    title: Words
    source: Words
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """One of the places where towns get stuck."""

    id: str
    title: Words
    lead: Words
    questions: tuple[Question, ...]
    sources: tuple[str, ...]
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tenet:
    """One principle or rule of the basic concept."""

    title: Words
    text: Words


@dataclass(frozen=True, slots=True)
class Concept:
    """The basic concept in one version."""

    id: str
    title: Words
    source: Words
    principles: tuple[Tenet, ...]
    rules: tuple[Tenet, ...]


@dataclass(frozen=True, slots=True)
class Guidance:
    """All that ships with the guide."""

    questions: Mapping[str, Question]
    paths: tuple[Path, ...]
    themes: tuple[Theme, ...]
    concepts: tuple[Concept, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of manifest.toml; path: the id of the row of stages that the town goes by."""

    path: str


class Earlier(TypedDict):
    """What was answered before, by whom, in which role, and when."""

    answer: Annotated[str, ("", *ANSWERS)]
    text: str
    by: str
    role: str
    at: Moment


@dataclass(frozen=True, slots=True)
class GuideAnswer:
    """What an officer answered to a question: yes, partly or no, with a remark; taken back where answer is ""."""

    TYPE: ClassVar[str] = "GuideAnswer"
    id: str
    question: str | None = None
    answer: Annotated[str, ("", *ANSWERS)] | None = None
    text: str | None = None
    decided_by: str | None = None
    role: str | None = None
    decided_at: datetime | None = None
    revisions: Annotated[list[dict[str, Any]], list[Earlier]] | None = None


@dataclass(frozen=True, slots=True)
class StageDiagnosis:
    """At which stage the town stands: its number from 1 with its past, and why. total: how many stages there are;
    reasons: the ids of the questions that keep it there; steps: those that come next."""

    TYPE: ClassVar[str] = "StageDiagnosis"
    id: str
    model: str | None = None
    stage: str | None = None
    reached: Measured | None = None
    total: int | None = None
    reasons: list[str] | None = None
    steps: list[str] | None = None


@dataclass(frozen=True, slots=True)
class MenuChoice:
    """What the town decided about a row of the requirement menu, as far as the guide looks at it."""

    TYPE: ClassVar[str] = "MenuChoice"
    id: str
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Consortium:
    """The body that carries the work, as far as the guide looks at it. rule: how it decides."""

    TYPE: ClassVar[str] = "Consortium"
    id: str
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class ConsortiumMember:
    """An organisation that takes part, as far as the guide looks at it. state: member, left or withdrawn."""

    TYPE: ClassVar[str] = "ConsortiumMember"
    id: str
    state: str | None = None


@dataclass(frozen=True, slots=True)
class ReferenceCase:
    """A case of the library, as far as the guide looks at it."""

    TYPE: ClassVar[str] = "ReferenceCase"
    id: str
    name: Words | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the town's entities say, as far as who looks may see them; None: closed to them, or nobody tells of it."""

    needs: list[CityNeed] | None = None
    visions: list[Vision] | None = None
    works: list[Initiative] | None = None
    plans: list[ActionPlan] | None = None
    kpis: list[KeyPerformanceIndicator] | None = None
    pilots: list[Pilot] | None = None
    gates: list[GateDecision] | None = None
    costs: list[CostItem] | None = None
    incomes: list[IncomeItem] | None = None
    proposals: list[Proposal] | None = None
    choices: list[MenuChoice] | None = None
    bodies: list[Consortium] | None = None
    members: list[ConsortiumMember] | None = None

    @property
    def any(self) -> bool:
        """Whether there is anything at all."""
        return any(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the running town says of a question: state, and how many of how many."""

    state: Shown
    have: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a question stands. met: the town shows it; said: an officer says so; partly; open. doubted: an officer says
    yes where the town's records show nothing of it."""

    question: Question
    state: State
    evidence: Evidence | None = None
    answer: GuideAnswer | None = None
    doubted: bool = False

    @property
    def passes(self) -> bool:
        """Whether nothing of it is open."""
        return self.state in ("met", "said")


@dataclass(frozen=True, slots=True)
class Progress:
    """How a stage stands."""

    stage: Stage
    standings: tuple[Standing, ...]

    @property
    def through(self) -> bool:
        """Whether all that decides passes."""
        return all(one.passes for one in self.standings if one.question.id in self.stage.decides)

    @property
    def done(self) -> int:
        """How many of its questions pass."""
        return sum(one.passes for one in self.standings)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Where the town stands, and why. number: of the stage, from 1; settled: whether it is through the last one.
    holding: what keeps it from the next; carried: what brought it here; ahead: what is done of later stages."""

    number: int
    progress: tuple[Progress, ...]
    settled: bool
    holding: tuple[Standing, ...]
    carried: tuple[Standing, ...]
    ahead: tuple[Standing, ...]
    steps: tuple[Standing, ...]

    @property
    def stage(self) -> Stage:
        """The stage at which the town stands."""
        return self.progress[self.number - 1].stage


@dataclass(frozen=True, slots=True)
class Caution:
    """Something in the town's records by which others got stuck. facts fill its sentence."""

    kind: str
    theme: str
    where: str
    facts: Mapping[str, int] = field(default_factory=dict)
