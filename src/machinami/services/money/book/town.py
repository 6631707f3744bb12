"""What does the money service of a town know, as its pages see it?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from machinami.foundation.sheet import sheet
from machinami.kit.city import City
from machinami.kit.settings import sheets_of
from machinami.kit.words import Words
from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.services.money import service
from machinami.services.money.book.drawing import bars
from machinami.services.money.book.state import State, Told, WorkCost
from machinami.services.money.book.telling import (
    FOR_RESIDENTS,
    agreement,
    entry,
    line,
    newest_first,
    told,
    yen_short,
)
from machinami.services.money.logic.changes import last_first
from machinami.services.money.logic.income import judge_grants
from machinami.services.money.logic.plan import by_payer, by_work, duties_of, judge, plan_of
from machinami.services.money.model import BASES, DUTIES, KEYS, SOURCES, TASKS, WITHDRAWN, CostShare, PlanYear

LOG_LENGTH = 100
_CSV = (
    "kind", "year", "name", "what", "duty", "amount", "payer", "work", "least", "most", "sure", "conditions", "state",
    "id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TownBook:
    """The money of one town as its pages see it."""

    city: City

    async def state(self, words: Words, work: str = "") -> State:
        """All that is known now, in the reader's words. work: of one work alone."""
        held = await service.standing(self.city, self.city.now())
        costs = [c for c in held.costs if not work or c.ref_initiative == work]
        incomes = [i for i in held.incomes if not work or i.ref_initiative == work]
        plan = plan_of(costs, incomes, held.first, held.settings.years)
        years = {row.year for row in plan}
        kept: list[CostItem | IncomeItem] = [*costs, *incomes]
        lines = [line(item, held.works, words) for item in kept if item.state != WITHDRAWN]
        shown = sorted(held.shares, key=lambda s: s.decided_at.isoformat() if s.decided_at else "", reverse=True)
        findings = self._told(held, plan, costs, incomes, words)
        return State(
            plan=plan,
            cost=sum(row.cost for row in plan),
            running=sum(row.operation for row in plan),
            income=sum(row.income for row in plan),
            grants=sum(row.grants for row in plan),
            told=findings,
            warned=[one for one in findings if one.kind in FOR_RESIDENTS],
            bars=bars(plan, lambda amount: yen_short(amount, words)),
            payers=by_payer(plan, costs),
            works=[] if work else self._works(held, plan, words),
            duties=sorted(duties_of(plan, costs).items()),
            lines=newest_first(lines),
            elsewhere=sum(row.item.year not in years for row in lines),
            agreements=[agreement(one, words) for one in shown if one.state != WITHDRAWN],
            log=[entry(one, words, "MoneyChange" not in held.closed) for one in last_first(held.changes)[:LOG_LENGTH]],
            settings=await sheets_of(self.city, asdict(held.settings), words),
            outlook=held.outlook,
            fresh=held.outlook is not None and held.outlook.rows == service.rows_of(plan),
            choices=self.choices(held, words),
            first=held.first,
            closed=held.closed,
        )

    def _told(
        self,
        held: service.Standing,
        plan: Sequence[PlanYear],
        costs: Sequence[CostItem],
        incomes: Sequence[IncomeItem],
        words: Words,
    ) -> list[Told]:
        said = [told(one, words) for one in judge(plan, costs, incomes)]
        for grant, one in judge_grants(held.costs, incomes, held.today, held.settings.grant_days):
            said.append(told(one, words, words.of(grant.name, grant.id)))
        return sorted(said, key=lambda one: not one.grave)

    def _works(self, held: service.Standing, plan: Sequence[PlanYear], words: Words) -> list[WorkCost]:
        rows = [
            WorkCost(words.of(one.name, one.id), *by_work(plan, held.costs, one.id), one.service or "")
            for one in held.works.values()
        ]
        rows.sort(key=lambda row: row.name)
        rows.append(WorkCost("", *by_work(plan, held.costs, None)))
        return [row for row in rows if row.begun or row.running]

    def choices(self, held: service.Standing, words: Words) -> Mapping[str, Sequence[tuple[str, str]]]:
        """What may be chosen in the forms: value and word."""
        works = [(one.id, words.of(one.name, one.id)) for one in held.works.values()]

        def said(group: str, names: Sequence[str]) -> list[tuple[str, str]]:
            return [(name, words.plain(f"money.{group}.{name}")) for name in names]

        return {
            "task": said("task", TASKS),
            "duty": [("", words.plain("money.duty.none")), *said("duty", DUTIES)],
            "source": said("source", SOURCES),
            "by": said("by", BASES),
            "key": said("key", KEYS),
            "work": [("", words.plain("money.work_none")), *sorted(works, key=lambda one: one[1])],
        }

    async def table(self, words: Words) -> bytes:
        """Every row that counts as CSV, with headings in the reader's language."""
        held = await service.standing(self.city, self.city.now())
        rows: list[list[object]] = [[words.plain(f"money.csv.{name}") for name in _CSV]]
        kept: list[CostItem | IncomeItem] = [*held.costs, *held.incomes]
        shown = [line(item, held.works, words) for item in kept if item.state != WITHDRAWN]
        for one in newest_first(shown):
            item = one.item
            cost = isinstance(item, CostItem)
            kind = words.plain("money.cost" if cost else "money.income")
            what = item.task if isinstance(item, CostItem) else item.source
            duty = item.duty if isinstance(item, CostItem) else None
            bounds = (item.least, item.most, None) if isinstance(item, CostItem) else (None, None, item.sure)
            group = "task" if cost else "source"
            said = words.plain(f"money.{group}.{what}") if words.has(f"money.{group}.{what}") else what
            rows.append(
                [kind, item.year, one.name, said, duty, item.amount, item.payer, one.work, *bounds, one.more,
                 item.state, item.id]
            )  # fmt: skip
        return sheet(rows)

    async def share(self, share_id: str) -> CostShare | None:
        """One agreement."""
        return await self.city.get(CostShare, share_id)
