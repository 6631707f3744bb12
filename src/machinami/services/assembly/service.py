"""What does the town's account say now? It is gathered when somebody looks; its numbers are kept by fiscal year."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from machinami.kit.city import City
from machinami.kit.happening import seen
from machinami.model.vocabulary.circle import (
    ActionPlan,
    CostItem,
    EffectEstimate,
    IncomeItem,
    Initiative,
    KeyPerformanceIndicator,
    Pilot,
    Proposal,
)
from machinami.services.assembly.logic import Known, account, fiscal_year, standing_plan, summed
from machinami.services.assembly.model import Account, PlanAccount

PACKAGE = "machinami.services.assembly"
VIEWS: tuple[type[Any], ...] = (ActionPlan, Initiative, KeyPerformanceIndicator, Pilot, CostItem, IncomeItem, Proposal)


async def refresh(city: City, now: datetime) -> None:
    """Keep the numbers of this fiscal year, where there is anything to tell and something has changed."""
    known, told, _ = await gather(city, None)
    after = summed(told)
    if (known.works or known.costs or known.pilots) and await city.get(PlanAccount, after.id) != after:
        await city.publish(after)


async def gather(city: City, year: int | None) -> tuple[Known, Account, frozenset[str]]:
    """What is known, the account of a fiscal year (this one where none is named), and what who looks may not see."""
    plans = await city.find(ActionPlan)
    known = Known(
        standing_plan(plans),
        await city.find(Initiative),
        [kpi for kpi in await city.find(KeyPerformanceIndicator) if not kpi.retired_on],
        await city.find(Pilot),
        await city.find(CostItem),
        await city.find(IncomeItem),
        await city.find(Proposal),
        await seen(city, EffectEstimate),
    )
    today = city.now().astimezone(ZoneInfo(city.zone)).date()
    closed = frozenset(view.TYPE for view in VIEWS if not city.shows(view))
    return known, account(known, fiscal_year(today) if year is None else year, today), closed
