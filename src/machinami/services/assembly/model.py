"""What stands on the page: promises, figures, money, what failed, what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from machinami.model.vocabulary.circle import EffectEstimate, Initiative, KeyPerformanceIndicator, Pilot, Proposal

Keeping = Literal["done", "in_time", "late", "stopped", "ahead"]


@dataclass(frozen=True, slots=True)
class PlanAccount:
    """The account of a fiscal year in numbers: stages that were due and that are done, yen spent and earned, pilots
    that failed, indicators off their path, replies that are overdue."""

    TYPE: ClassVar[str] = "PlanAccount"
    id: str
    year: int | None = None
    stages_due: int | None = None
    stages_done: int | None = None
    spent: int | None = None
    earned: int | None = None
    pilots_failed: int | None = None
    off_path: int | None = None
    overdue: int | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a work in the roadmap: fiscal years in which it begins and ends, and how it stands in this one."""

    name: str
    first: int
    last: int
    keeping: Keeping


@dataclass(frozen=True, slots=True)
class Promise:
    """A work of the plan with its stages, its indicators, its pilots, and its cost in all and this year in yen."""

    work: Initiative
    stages: Sequence[Stage]
    kpis: Sequence[KeyPerformanceIndicator]
    pilots: Sequence[Pilot]
    cost: int
    cost_this_year: int

    @property
    def now(self) -> Stage | None:
        """The stage in which it is: one that is late before one that is on, else the first ahead, else the last."""
        for keeping in ("stopped", "late", "in_time", "ahead"):
            found = next((stage for stage in self.stages if stage.keeping == keeping), None)
            if found is not None:
                return found
        return self.stages[-1] if self.stages else None


@dataclass(frozen=True, slots=True)
class Change:
    """What an indicator changed: from its baseline to its last value, and whether that is for the better. None: not
    known. effects: what comparisons say of how much of it was by the town's work."""

    kpi: KeyPerformanceIndicator
    by: float | None
    better: bool | None
    effects: Sequence[EffectEstimate] = ()


@dataclass(frozen=True, slots=True)
class Money:
    """Yen by fiscal year, by who pays, and by source of income; without_grants: what is missing in the years to come
    where nothing comes in but what is no grant."""

    costs: Mapping[int, int]
    incomes: Mapping[int, int]
    payers: Mapping[str, int]
    sources: Mapping[str, int]
    without_grants: Mapping[int, int]

    @property
    def spans(self) -> list[tuple[int, int, int]]:
        """What is missing without grants, years in a row that miss the same together: first year, last year, yen."""
        found: list[tuple[int, int, int]] = []
        for year, amount in sorted(self.without_grants.items()):
            if found and found[-1][1:] == (year - 1, amount):
                found[-1] = (found[-1][0], year, amount)
            else:
                found.append((year, year, amount))
        return found


@dataclass(frozen=True, slots=True)
class Voices:
    """What residents said: how much, how much of it is answered, what is overdue, and what changed by it."""

    said: int
    answered: int
    overdue: Sequence[Proposal]
    changed: Sequence[Proposal]


@dataclass(frozen=True, slots=True)
class Account:
    """The town's account of its plan in one fiscal year."""

    year: int
    promises: Sequence[Promise]
    changes: Sequence[Change]
    money: Money
    failed_pilots: Sequence[Pilot]
    off_path: Sequence[KeyPerformanceIndicator]
    to_decide: Sequence[Pilot]
    voices: Voices

    @property
    def kept(self) -> tuple[int, int]:
        """How many stages that were due are done, and how many were due."""
        due = [s for p in self.promises for s in p.stages if s.keeping in ("done", "late", "stopped")]
        return sum(stage.keeping == "done" for stage in due), len(due)
