"""When may a round of budgeting take projects, ballots and its end?"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.methods.amounts import read_amount
from machinami.services.participation.model import BudgetRound

MOST_PROJECTS, LARGEST = 100, 10**12


def checked_day(text: str, today: date) -> str:
    """The last day of a round or a survey. Raises BadRequestData for none, or one that is past."""
    try:
        last = date.fromisoformat(text)
    except ValueError:
        raise BadRequestData(
            "The last day is a date, such as 2026-07-31", field="closes_on", key="refused.day"
        ) from None
    if last < today:
        raise BadRequestData("The last day is today or later", field="closes_on", key="refused.past")
    return last.isoformat()


def checked_yen(text: str, field: str) -> int:
    """An amount in whole yen that was typed. Raises BadRequestData."""
    amount = read_amount(text, LARGEST)
    if not amount:
        raise BadRequestData("An amount is a number of yen above 0, such as 3000000", field=field, key="refused.yen")
    return amount


def with_project(round_: BudgetRound, name: str, text: str, cost: int) -> list[dict[str, Any]]:
    """The projects with one more. Raises Conflict once votes are taken, BadRequestData for one above the budget."""
    demand_state(round_, "draft")
    known = list(round_.projects or [])
    if cost > (round_.budget or 0):
        raise BadRequestData(f"{cost} yen are more than the whole budget", field="cost", key="refused.budget")
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
        raise BadRequestData(
            "Choose one project at least, of those of this round", field="project", key="refused.nothing"
        )
    return [one for one in known if one in chosen]


def is_over(closes_on: str | None, today: date) -> bool:
    """Whether the last day is past."""
    return bool(closes_on) and str(closes_on) < today.isoformat()
