"""How much may noise tell of which people, and how much is left of it?"""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from machinami.broker.policy import demand
from machinami.broker.releases import ledger
from machinami.broker.releases.shelf import demand_may, demand_reason, may_make
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.policy import Deed
from machinami.model.principal import Principal


async def accounts(town: Town, by: Principal, zone: tzinfo, groups: Sequence[str] = ()) -> list[ledger.Account]:
    """The account of each group of people whose budget was set or used, and of these."""
    demand_may(town, by, may_make, "see the budgets for noise")
    kept: Mapping[str, Any] = await town.store.records(ledger.BUDGET)
    spent: Mapping[str, Any] = await town.store.records(ledger.SPENT)
    day = town.clock().astimezone(zone)
    return [ledger.account_of(name, kept.get(name), spent.get(name), day) for name in sorted({*kept, *spent, *groups})]


async def set_budget(town: Town, group: str, budget: ledger.Budget, reason: str, by: Principal) -> None:
    """Say how much noise may tell of a group of people; what is spent stays spent."""
    if town.policy.is_open:
        raise Conflict("A town without administrators has no budgets for noise")
    demand(town.policy, by, Deed.ADMINISTER)
    demand_reason(reason)
    if not 0 < budget.epsilon <= 100:
        raise BadRequestData("A budget is a number above 0 and up to 100; 1 a year protects well", member="epsilon")
    record = {"epsilon": budget.epsilon, "every": budget.every.value}
    await town.store.transact(lambda tx: tx.put_record(ledger.BUDGET, group, record))
    town.policy.note(by, f"set the budget for noise about {group} to {budget.epsilon:g} each {budget.every}: {reason}")
