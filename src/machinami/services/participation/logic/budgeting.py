"""Which projects do residents choose within a budget, and why was each chosen or not?

By the Method of Equal Shares: every voter holds an equal part of the budget, and a project is done when those who want
it can pay it together. Parts are raised in small steps as long as the real budget pays for what they buy; what is then
left goes to the projects with most votes. Beside it stands what most votes alone would choose.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.methods.equal_shares import Election, Outcome, completed, election, greedy
from machinami.services.participation.model import BudgetRound

MOST_PROJECTS, LARGEST = 100, 10**12
STEPS_OF_A_PART = 20
"""By how small a share of a voter's part the parts are raised."""


def checked_day(text: str, today: date) -> str:
    """The last day of a round or a survey. Raises BadRequestData for none, or one that is past."""
    try:
        last = date.fromisoformat(text)
    except ValueError:
        raise BadRequestData("The last day is a date, such as 2026-07-31", field="closes_on") from None
    if last < today:
        raise BadRequestData("The last day is today or later", field="closes_on")
    return last.isoformat()


def checked_yen(text: str, field: str) -> int:
    """An amount in whole yen that was typed. Raises BadRequestData."""
    plain = text.strip().replace(",", "").replace("，", "")
    if not (plain.isascii() and plain.isdigit() and 0 < int(plain[:15]) <= LARGEST and len(plain) < 15):
        raise BadRequestData("An amount is a number of yen above 0, such as 3000000", field=field)
    return int(plain)


def with_project(round_: BudgetRound, name: str, text: str, cost: int) -> list[dict[str, Any]]:
    """The projects with one more. Raises Conflict once votes are taken, BadRequestData for one above the budget."""
    demand_state(round_, "draft")
    known = list(round_.projects or [])
    if cost > (round_.budget or 0):
        raise BadRequestData(f"{cost} yen are more than the whole budget", field="cost")
    if len(known) >= MOST_PROJECTS:
        raise Conflict(f"A round has at most {MOST_PROJECTS} projects")
    number = 1 + max((int(row["id"][1:]) for row in known), default=0)
    return [*known, {"id": f"p{number}", "name": name, "text": text, "cost": cost}]


def demand_state(round_: BudgetRound, state: str) -> None:
    """Raise Conflict unless the round is in this state."""
    if round_.state != state:
        raise Conflict(f"{round_.id} is {round_.state}, not {state}", entityId=round_.id)


def without_project(round_: BudgetRound, project: str) -> list[dict[str, Any]]:
    """The projects with one less. Raises Conflict once votes are taken."""
    demand_state(round_, "draft")
    return [row for row in round_.projects or [] if row["id"] != project]


def opened(round_: BudgetRound) -> BudgetRound:
    """The round, taking votes. Raises Conflict unless there is something to vote on."""
    demand_state(round_, "draft")
    if len(round_.projects or []) < 2:
        raise Conflict("A round needs two projects at least before votes are taken", entityId=round_.id)
    return replace(round_, state="open")


def checked_ballot(round_: BudgetRound, wanted: Iterable[str]) -> list[str]:
    """The projects that a ballot approves of, in the order of the round. Raises Conflict, BadRequestData."""
    demand_state(round_, "open")
    chosen, known = set(wanted), [str(row["id"]) for row in round_.projects or []]
    if not chosen or not chosen.issubset(known):
        raise BadRequestData("Choose one project at least, of those of this round", field="project")
    return [one for one in known if one in chosen]


def is_over(closes_on: str | None, today: date) -> bool:
    """Whether the last day is past."""
    return bool(closes_on) and str(closes_on) < today.isoformat()


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
