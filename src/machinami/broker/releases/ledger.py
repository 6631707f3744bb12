"""How much may noise still tell of the people of a town? What was told adds up, is kept, and is never given back.

What is told of a person by several releases adds up (sequential composition: Dwork and Roth 2014, 3.16). It is taken
from the budget in the transaction that begins a version, so that no crash and no second request takes it twice or lets
something go out that was not taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from machinami.foundation.errors import Conflict
from machinami.store.protocol import Transaction

BUDGET, SPENT = "release-budget", "release-spent"
_UNIT = 1_000_000  # a budget is counted in millionths: sums of fractions would drift
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Renewal(StrEnum):
    """When a budget begins anew."""

    NEVER = "never"
    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Budget:
    """What noise may tell of the people of one type: epsilon in each window of time."""

    epsilon: float = 1.0
    every: Renewal = Renewal.YEAR


@dataclass(frozen=True, slots=True)
class Account:
    """What is left. spent: in this window; ever: since the beginning; renews: the day on which the next one begins."""

    group: str
    budget: Budget
    spent: float
    ever: float
    renews: str

    @property
    def left(self) -> float:
        """What may still be told in this window."""
        return max(0.0, round(self.budget.epsilon - self.spent, 6))


def window_of(day: datetime, every: Renewal) -> tuple[str, str]:
    """The window of time that a day lies in, and the day on which the next one begins; none for a budget for good."""
    if every is Renewal.NEVER:
        return "", ""
    months = _MONTHS[every]
    first = (day.month - 1) // months * months
    year, month = divmod(day.year * 12 + first + months, 12)
    return f"{day.year:04d}-{first + 1:02d}", f"{year:04d}-{month + 1:02d}-01"


def account_of(group: str, kept: Mapping[str, Any] | None, spent: Mapping[str, Any] | None, day: datetime) -> Account:
    """The account of a group, of its records."""
    budget = Budget(kept["epsilon"], Renewal(kept["every"])) if kept else Budget()
    window, renews = window_of(day, budget.every)
    entries = (spent or {}).get("entries", {}).values()
    now = sum(one["micro"] for one in entries if not window or window_of(_day(one), budget.every)[0] == window)
    return Account(group, budget, now / _UNIT, sum(one["micro"] for one in entries) / _UNIT, renews)


def _day(entry: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["day"])


def take(tx: Transaction, group: str, version: str, epsilon: float, day: datetime) -> Account:
    """Take epsilon from the budget of a group for a version, once: what was taken for it before is not taken again.

    Raises Conflict where not enough is left: how much is, and when it begins anew.
    """
    kept, spent = tx.get_record(BUDGET, group), tx.get_record(SPENT, group) or {"entries": {}}
    account = account_of(group, kept, spent, day)
    if version in spent["entries"]:
        return account
    micro = round(epsilon * _UNIT)
    if micro > round(account.left * _UNIT):
        when = f"it begins anew on {account.renews}" if account.renews else "it does not begin anew"
        raise Conflict(
            f"The budget for noise is used up: {account.left:g} of {account.budget.epsilon:g} is left, and "
            f"{epsilon:g} is asked; {when}. Ask for less, or wait",
            left=account.left,
            asked=epsilon,
            renews=account.renews,
        )
    entry = {"micro": micro, "day": day.date().isoformat()}
    tx.put_record(SPENT, group, {"entries": {**spent["entries"], version: entry}})
    return account_of(group, kept, {"entries": {**spent["entries"], version: entry}}, day)
