"""Which projects do residents choose within a budget, and why was each chosen or not?

By the Method of Equal Shares: every voter holds an equal part of the budget, and a project is done when those who want
it can pay it together. Parts are raised in small steps as long as the real budget pays for what they buy; what is then
left goes to the projects with most votes. Beside it stands what most votes alone would choose.
"""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Any

from machinami.methods.equal_shares import Election, Outcome, completed, election, greedy

STEPS_OF_A_PART = 20
"""By how small a share of a voter's part the parts are raised."""


def counted(projects: Sequence[Mapping[str, Any]], budget: int, ballots: Sequence[Collection[str]]) -> dict[str, Any]:
    """What was chosen and why. ballots: the projects that each voter approves of; who voted is not known here."""
    costs = {str(row["id"]): int(row["cost"]) for row in projects}
    of = election(budget, costs, [dict.fromkeys(ballot, 1) for ballot in ballots])
    if not of.voters:
        return {"voters": 0, "part": 0, "raised": 0, "spent": 0, "left": budget, "projects": []}
    first = Fraction(budget) / of.voters
    outcome = completed(of, step=step_of(of))
    most_votes = greedy(of).chosen
    spent = sum(costs[one] for one in outcome.chosen)
    return {
        "voters": of.voters,
        "part": _yen(first),
        "raised": _yen(outcome.part),
        "spent": spent,
        "left": budget - spent,
        "greedy_spent": sum(costs[one] for one in most_votes),
        "projects": [_row(one, of, outcome, most_votes) for one in costs],
    }


def step_of(of: Election) -> int:
    """By how many yen the parts of all are raised at once."""
    return max(1, ceil(of.budget / max(of.voters, 1) / STEPS_OF_A_PART))


def _row(project: str, of: Election, outcome: Outcome, most_votes: Sequence[str]) -> dict[str, Any]:
    """One project: votes, how it came to be chosen, what those who paid it paid, or what they were short of."""
    votes = int(of.votes()[project])
    paid = [(row[project], n) for row, (_, n) in zip(outcome.paid, of.ballots, strict=True) if row.get(project)]
    row: dict[str, Any] = {"id": project, "votes": votes, "greedy": project in most_votes, "how": "none"}
    if project in outcome.chosen:
        row |= {"how": "shares" if paid else "rest", "place": outcome.chosen.index(project) + 1}
    if paid:
        shares = [share for share, _ in paid]
        return {**row, "payers": sum(n for _, n in paid), "least": _yen(min(shares)), "most": _yen(max(shares))}
    if row["how"] == "rest" or not votes:
        return row
    return {**row, "short": _yen(of.costs[project] - _purse(project, of, outcome))}


def _purse(project: str, of: Election, outcome: Outcome) -> Fraction:
    """What is left, at the end, to all who wanted a project."""
    left = Fraction(0)
    for paid, (ballot, n) in zip(outcome.paid, of.ballots, strict=True):
        if any(one == project for one, _ in ballot):
            left += (outcome.part - sum(paid.values(), Fraction(0))) * n
    return left


def _yen(amount: Fraction) -> int:
    """An amount as people read it, to the nearest yen."""
    return round(amount)
