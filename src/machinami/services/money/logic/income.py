"""How much does a fee or a donation bring, and does a grant's plan keep the grant's conditions?"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from machinami.foundation.errors import BadRequestData
from machinami.model.vocabulary.circle import CostItem, IncomeItem
from machinami.services.money.logic.plan import standing
from machinami.services.money.model import BASES, MOST_YEN, Finding

LEAST_DONATION = 1_000_000
"""What a member of 前橋 太陽の会 gives a year at least, in yen; else 1 % of what is left of its profit after tax."""
DONATION_PERCENT = 1


def basis_of(by: str, units: int, rate: Fraction, least: int = 0) -> dict[str, Any]:
    """How an income is worked out, as a row. household: units households at rate yen a month; area: units m² at rate
    yen a year; benefit: rate % of units yen of benefit; profit: rate % of units yen of profit after tax, at least
    `least` yen. Raises BadRequestData."""
    if by not in BASES[1:]:
        raise BadRequestData(f"An income is worked out by one of {', '.join(BASES[1:])}, not by {by!r}", field="by")
    if units < 0 or rate < 0 or least < 0:
        raise BadRequestData("Units, rates and least amounts are 0 or more", field="units")
    return {"by": by, "units": units, "rate": float(rate), "least": least}


def amount_of(basis: dict[str, Any]) -> int:
    """The yen a year that a basis brings, rounded down: no fee is asked that was not owed in full."""
    units, rate = int(basis["units"]), Fraction(str(basis["rate"]))
    match basis["by"]:
        case "household":
            amount = floor(units * rate * 12)
        case "area":
            amount = floor(units * rate)
        case _:
            amount = max(floor(units * rate / 100), int(basis.get("least") or 0))
    if amount > MOST_YEN:
        raise BadRequestData(f"{amount} yen a year is more than can be meant", field="units")
    return amount


def judge_grants(
    costs: Sequence[CostItem], incomes: Sequence[IncomeItem], today: date, days: int
) -> list[tuple[IncomeItem, Finding]]:
    """Which grants break their own conditions, by how much, and which deadlines are near (within so many days) or
    past. A grant is held against the costs of its own work in its year; one of no work, against all costs."""
    found: list[tuple[IncomeItem, Finding]] = []
    grants = [i for i in standing(incomes) if isinstance(i, IncomeItem) and i.source == "grant"]
    for grant in grants:
        found += [(grant, finding) for finding in _breaches(grant, grants, costs)]
        found += [(grant, finding) for finding in _deadline(grant, today, days)]
    return found


def _breaches(grant: IncomeItem, grants: Sequence[IncomeItem], costs: Sequence[CostItem]) -> list[Finding]:
    terms, amount = grant.terms or {}, grant.amount or 0
    work = grant.ref_initiative
    cost = sum(i.amount or 0 for i in standing(costs) if i.year == grant.year and work in (None, i.ref_initiative))
    same = [g for g in grants if g.year == grant.year and (work is None or g.ref_initiative == work)]
    facts: dict[str, Any] = {"year": grant.year, "amount": amount, "cost": cost}
    found = []
    most, share = _yen(terms.get("most")), terms.get("share_most")
    if most is not None and amount > most:
        found.append(Finding("grant_most", {**facts, "most": most, "over": amount - most}))
    if isinstance(share, int | float):
        allowed = floor(cost * Fraction(str(share)))
        if amount > allowed:
            percent = f"{share * 100:g}"
            found.append(Finding("grant_share", {**facts, "percent": percent, "over": amount - allowed}))
    if terms.get("own_exceeds"):
        own = cost - sum(g.amount or 0 for g in same)
        if own <= amount:
            found.append(Finding("grant_own", {**facts, "own": own}))
    return found


def _deadline(grant: IncomeItem, today: date, days: int) -> list[Finding]:
    text = (grant.terms or {}).get("deadline")
    if not isinstance(text, str) or grant.state == "agreed":
        return []
    try:
        left = (date.fromisoformat(text) - today).days
    except ValueError:
        return []
    if left < 0:
        return [Finding("grant_late", {"deadline": text, "days": -left})]
    return [Finding("grant_soon", {"deadline": text, "days": left})] if left <= days else []


def _yen(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
