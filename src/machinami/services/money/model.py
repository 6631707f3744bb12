"""What does the money service read, decide and write? Costs and income by fiscal year, in whole yen.

CostItem and IncomeItem are shared (model/vocabulary/circle.py); what stands here is this service's own.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from machinami.model.view import Ref, Words
from machinami.model.vocabulary.circle import Duty, Source, Task

TASKS: tuple[Task, ...] = get_args(Task)
OPERATION = TASKS[1:]
DUTIES: tuple[Duty, ...] = get_args(Duty)
SOURCES: tuple[Source, ...] = get_args(Source)
BASES = ("amount", "household", "area", "benefit", "profit")
RULES = (
    "equal", "population", "use", "benefit", "prefecture_first", "half", "shapley", "nucleolus", "separable"
)  # fmt: skip
Key = Literal["equal", "population", "use", "benefit"]
KEYS: tuple[Key, ...] = get_args(Key)
Size = Literal["works", "largest"]
SIZES: tuple[Size, ...] = get_args(Size)
MOST_YEN = 10**13
MOST_MEMBERS = 10
WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a town may set; see manifest.toml for units, ranges and help."""

    discount_rate: float = 0.04
    years: int = 5
    grant_days: int = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must be said of a plan: its kind names the sentence, its facts fill it."""

    kind: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlanYear:
    """One fiscal year of the plan: yen that go out by task, and that come in by source."""

    year: int
    costs: dict[str, int]
    incomes: dict[str, int]

    @property
    def cost(self) -> int:
        """All that goes out."""
        return sum(self.costs.values())

    @property
    def operation(self) -> int:
        """What running costs, of what goes out: all but what is paid once."""
        return self.cost - self.costs.get("initial", 0)

    @property
    def income(self) -> int:
        """All that comes in."""
        return sum(self.incomes.values())

    @property
    def grants(self) -> int:
        """What comes in as grants."""
        return self.incomes.get("grant", 0)

    @property
    def balance(self) -> int:
        """What is left, or is missing where it is below 0."""
        return self.income - self.cost

    @property
    def uncovered(self) -> int:
        """How much of the running cost nobody but a grant would pay."""
        return max(0, self.operation - (self.income - self.grants))


@dataclass(frozen=True, slots=True)
class CashPlan:
    """What the rows come to over the years, as the town keeps it. rows: a row a year; worth: present value in yen at
    the rate if every row comes as it is written; of cases drawn within the rows' bounds, worth_middle in the middle and
    8 of 10 from worth_low to worth_high; risk: the share of cases in which it is below 0; payback in
    years; findings: rows of kind and facts."""

    TYPE: ClassVar[str] = "CashPlan"
    id: str
    rows: list[Any] | None = None
    findings: list[Any] | None = None
    rate: float | None = None
    worth: int | None = None
    worth_middle: int | None = None
    worth_low: int | None = None
    worth_high: int | None = None
    risk: float | None = None
    payback: float | None = None
    issued_at: datetime | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class MoneyChange:
    """One entry of the log: what an officer changed, when and why. before and after: the rows by id, as they stood;
    state: stands or undone."""

    TYPE: ClassVar[str] = "MoneyChange"
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


@dataclass(frozen=True, slots=True)
class Member:
    """One of those who share a cost: what each rule needs to know of it. alone: what it would pay for a work of its
    own, in yen; benefit in yen; None where it is not known."""

    name: str
    population: int | None = None
    use: int | None = None
    benefit: int | None = None
    alone: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A work that some members could do together without the others, and what it would cost."""

    members: tuple[int, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is to be shared, and by whom. build and operation: yen over all the years; years: how many;
    prefecture_years: for how many of them the prefecture pays the operation, where it goes first; key: by which the
    members share what is left to them then; size: whether a group does the cheapest works that serve all of it
    (works), or one that is as large as its largest member needs (largest)."""

    members: tuple[Member, ...]
    build: int = 0
    operation: int = 0
    years: int = 5
    prefecture_years: int = 3
    key: Key = "population"
    size: Size = "works"
    works: tuple[Work, ...] = ()

    @property
    def total(self) -> int:
        """All that is to be paid."""
        return self.build + self.operation


@dataclass(frozen=True, slots=True)
class Shared:
    """What one rule says. shares: yen by member; prefecture: its yen. missing: what the rule needs and was not told
    (then there are no shares). above: yen by which each member pays more than alone, 0 where it does not; group: the
    members that together pay most above what they could do without the others, excess: by how many yen (0: none)."""

    rule: str
    shares: tuple[int, ...] = ()
    prefecture: int = 0
    missing: str = ""
    above: tuple[int, ...] = ()
    group: tuple[int, ...] = ()
    excess: int = 0

    @property
    def stable(self) -> bool | None:
        """Whether nobody, and no group, pays more than without the others; None where nothing is known of that."""
        return None if not self.above else self.excess == 0


@dataclass(frozen=True, slots=True)
class CostShare:
    """An agreement on who pays how much (費用分担): the rule, what it was worked out from, and the shares in yen.
    members: rows {"name", "population", "use", "benefit", "alone", "share"}; works: rows {"members", "cost"};
    state: proposed, agreed or withdrawn."""

    TYPE: ClassVar[str] = "CostShare"
    id: str
    name: Words | None = None
    rule: str | None = None
    members: list[Any] | None = None
    works: list[Any] | None = None
    build: int | None = None
    operation: int | None = None
    years: int | None = None
    prefecture: int | None = None
    key: str | None = None
    size: str | None = None
    reason: str | None = None
    state: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    role: str | None = None
    ref_initiative: Ref | None = None
    simulated: bool | None = None
