"""What does each rule of sharing say that each member pays, and does anybody pay more than alone? For a worker.

Shares are whole yen that sum to what is to be paid, by largest remainders. What a group of members could do without
the others is the cheapest set of works that serves all of it: those of its own members alone, those that were named,
and the common one.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from machinami.foundation.errors import BadRequestData
from machinami.methods.apportionment import apportioned, rounded
from machinami.methods.cooperative_games import (
    dearest_group,
    nucleolus,
    separable_costs_remaining_benefits,
    shapley,
)
from machinami.methods.series import Floats
from machinami.services.money.model import MOST_MEMBERS, MOST_YEN, RULES, Member, Shared, Sharing

_PARTS = 10**6
_Rule = Callable[[Sharing, "Floats | None"], "tuple[list[int], int] | str"]
"""Shares and what the prefecture pays; or what the rule misses."""


def compare(sharing: Sharing) -> list[Shared]:
    """What every rule says, in the order of RULES. Raises BadRequestData for what cannot be shared."""
    check(sharing)
    costs = group_costs(sharing)
    return [_said(rule, sharing, costs) for rule in RULES]


def check(sharing: Sharing) -> None:
    """Raise BadRequestData, saying what is wrong, unless there is something to share and somebody to share it."""
    members = sharing.members
    if not 2 <= len(members) <= MOST_MEMBERS:
        raise BadRequestData(f"A cost is shared by 2 to {MOST_MEMBERS} members, not by {len(members)}", field="member")
    if len({member.name for member in members}) < len(members):
        raise BadRequestData("Two members have the same name", field="member")
    if min(sharing.build, sharing.operation) < 0 or not 0 < sharing.total <= MOST_YEN:
        raise BadRequestData("What is to be shared is more than 0 yen", field="build")
    if not 0 <= sharing.prefecture_years <= sharing.years or sharing.years < 1:
        raise BadRequestData("The years of the prefecture are not more than all years", field="prefecture_years")
    for work in sharing.works:
        if work.cost < 0 or not work.members or not set(work.members) <= set(range(len(members))):
            raise BadRequestData("A work of some members names them and what it costs", field="works")


def group_costs(sharing: Sharing) -> Floats | None:
    """What every group of members would pay without the others, in yen: an array of length 2ⁿ, as the methods take
    it; None where it is not known of each member what it would pay alone. The group of all pays what is shared."""
    alone = [member.alone for member in sharing.members]
    if any(cost is None for cost in alone):
        return None
    everyone = (1 << len(alone)) - 1
    works = [(1 << i, float(cost or 0)) for i, cost in enumerate(alone)]
    works += [(sum(1 << i for i in work.members), float(work.cost)) for work in sharing.works]
    costs = np.zeros(everyone + 1)
    for group in range(1, everyone + 1):
        if sharing.size == "largest":
            costs[group] = max(cost for member, cost in works[: len(alone)] if group & member)
        else:
            costs[group] = min(costs[group & ~served] + cost for served, cost in works if group & served)
    if sharing.size == "works":
        costs = np.minimum(costs, sharing.total)
    costs[0], costs[everyone] = 0.0, sharing.total
    return costs


def _said(rule: str, sharing: Sharing, costs: Floats | None) -> Shared:
    found = _HOW[rule](sharing, costs)
    if isinstance(found, str):
        return Shared(rule, missing=found)
    shares, prefecture = found
    if costs is None:
        return Shared(rule, tuple(shares), prefecture)
    alone = [member.alone or 0 for member in sharing.members]
    above = tuple(max(0, share - cost) for share, cost in zip(shares, alone, strict=True))
    group, excess = dearest_group(costs, np.array(shares, dtype=float))
    # Whole yen lie up to one beside the exact shares, for each member of the group.
    members = tuple(i for i in range(len(shares)) if group >> i & 1)
    over = round(excess) if excess >= len(members) else 0
    return Shared(rule, tuple(shares), prefecture, "", above, members if over else (), over)


def _weights(key: str, members: Sequence[Member]) -> list[int] | None:
    """By what a key shares; None where it is not known of each, or is 0 for all."""
    if key == "equal":
        return [1] * len(members)
    said = [getattr(member, key) for member in members]
    weights = [value for value in said if value is not None]
    return weights if len(weights) == len(members) and sum(weights) > 0 and min(weights) >= 0 else None


def _by(key: str) -> _Rule:
    def share(sharing: Sharing, costs: Floats | None) -> tuple[list[int], int] | str:
        weights = _weights(key, sharing.members)
        return key if weights is None else (apportioned(sharing.total, weights), 0)

    return share


def _prefecture_first(sharing: Sharing, costs: Floats | None) -> tuple[list[int], int] | str:
    """The prefecture builds and runs it for the first years; then the members run it by a key fixed beforehand."""
    weights = _weights(sharing.key, sharing.members)
    if weights is None:
        return sharing.key
    first = [sharing.prefecture_years, sharing.years - sharing.prefecture_years]
    theirs, ours = apportioned(sharing.operation, first)
    return apportioned(ours, weights), sharing.build + theirs


def _half(sharing: Sharing, costs: Floats | None) -> tuple[list[int], int] | str:
    """The prefecture builds it; of running it, it pays a half and the members the other, by a key."""
    weights = _weights(sharing.key, sharing.members)
    if weights is None:
        return sharing.key
    theirs, ours = apportioned(sharing.operation, [1, 1])
    return apportioned(ours, weights), sharing.build + theirs


def _by_game(solve: Callable[[Floats], Floats]) -> _Rule:
    def share(sharing: Sharing, costs: Floats | None) -> tuple[list[int], int] | str:
        if costs is None:
            return "alone"
        return whole_yen(solve(costs), sharing.total), 0

    return share


def whole_yen(shares: Floats, total: int) -> list[int]:
    """Shares in whole yen that sum to the total; what is nearer to a yen than a millionth is that yen."""
    return rounded([Fraction(round(float(share) * _PARTS), _PARTS) for share in shares], total)


_HOW: Mapping[str, _Rule] = {
    "equal": _by("equal"),
    "population": _by("population"),
    "use": _by("use"),
    "benefit": _by("benefit"),
    "prefecture_first": _prefecture_first,
    "half": _half,
    "shapley": _by_game(shapley),
    "nucleolus": _by_game(nucleolus),
    "separable": _by_game(separable_costs_remaining_benefits),
}
