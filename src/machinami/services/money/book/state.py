"""What do the pages show of costs, income, findings, agreements and the log?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from machinami.kit.settings import SettingSheet
from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.services.money.model import CashPlan, PlanYear


@dataclass(frozen=True, slots=True)
class Rect:
    """One part of a bar, in the picture's own units."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A word in the picture: at x, y."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Two bars a year, what comes in beside what goes out, in a box of `width` by `height`."""

    width: int
    height: int
    rects: Sequence[Rect]
    years: Sequence[Mark]
    ticks: Sequence[Mark]
    base: float


@dataclass(frozen=True, slots=True)
class Told:
    """One finding as a sentence; grave: whether the work cannot go on like this."""

    kind: str
    text: str
    grave: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One row of costs or income as a page shows it."""

    item: CostItem | IncomeItem
    name: str
    what: str
    work: str
    more: str

    @property
    def is_cost(self) -> bool:
        """Whether it goes out."""
        return isinstance(self.item, CostItem)


@dataclass(frozen=True, slots=True)
class WorkCost:
    """What one work costs over the years of the plan; service: the id of the service here that does it, if one does."""

    name: str
    begun: int
    running: int
    service: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A sharing that was proposed or agreed on: rows of member and yen. replaced, replaced_yen: how many rows of costs
    stand where its shares would; cost_rows: how many it made."""

    id: str
    name: str
    rule: str
    state: str
    rows: Sequence[tuple[str, int]]
    prefecture: int
    total: int
    who: str
    role: str
    at: datetime | None
    reason: str
    replaced: int = 0
    replaced_yen: int = 0
    cost_rows: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log."""

    id: str
    kind: str
    subject: str
    rows: Sequence[tuple[str, str]]
    who: str
    role: str
    reason: str
    at: datetime | None
    can_undo: bool


@dataclass(frozen=True, slots=True)
class State:
    """All that is known of the town's money now, in the reader's words. outlook: None where nothing was worked out
    yet; fresh: whether it is of the rows that stand now. elsewhere: how many rows lie in no year of the plan."""

    plan: Sequence[PlanYear]
    cost: int
    running: int
    income: int
    grants: int
    told: Sequence[Told]
    warned: Sequence[Told]
    bars: Bars | None
    payers: Sequence[tuple[str, int]]
    works: Sequence[WorkCost]
    duties: Sequence[tuple[str, int]]
    lines: Sequence[Line]
    elsewhere: int
    agreements: Sequence[Agreement]
    log: Sequence[Entry]
    settings: Sequence[SettingSheet]
    outlook: CashPlan | None
    fresh: bool
    choices: Mapping[str, Sequence[tuple[str, str]]]
    first: int
    closed: frozenset[str]

    @property
    def covered(self) -> bool:
        """Whether running costs are known, and paid for without grants in every year."""
        return self.running > 0 and not any(one.kind == "uncovered" for one in self.told)


class Typed(dict[str, str]):
    """What was typed into a form: nothing where it was not."""

    def __missing__(self, name: str) -> str:
        return ""
