"""Does the rule of budgeting choose as elections outside did, and what would equal shares choose there?

The elections are .pb files of Pabulib, which the command line has read. Where a file's rule is a greedy one and says
what was selected, the winners by most votes must be these. Equal shares are measured beside it: which share of the
budget they spend, how many projects they choose otherwise, and how long they take. Where a reference says what another
program chose by equal shares, it is told how many elections come out the same.
"""

import time
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import orjson

from machinami.foundation.errors import InputError
from machinami.methods.budget_round import step_of
from machinami.methods.equal_shares import Election, completed, election, equal_shares, greedy
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.services.participation.logic.likeness import Likeness, Told, held_against, read_reference

WITHOUT_TABLE = True
REFERENCE = "reference"
ARGUMENTS = (
    Argument("pb", "polls", "a .pb file of Pabulib, or a folder of them", required=True),
    Argument(REFERENCE, "file", "what another program chose by equal shares, as JSON (docs/participation.md)"),
)
GREEDY = ("greedy", "greedy-no-skip", "greedy-threshold")
BAR = 0.99


class Judged(NamedTuple):
    """One election. same: projects that come out as the file says, of how many, None where it cannot be told; counts:
    whether the votes add up to what the file says; spent, completed: shares of the budget by equal shares, without and
    with what is left given out; other: projects that equal shares choose otherwise than most votes do; seconds: of the
    processor."""

    name: str
    rule: str
    projects: int
    voters: int
    same: int | None
    counts: bool | None
    spent: float
    completed: float
    other: int
    seconds: float
    completing_seconds: float


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score the rule of budgeting on the elections."""
    polls = {name: body for name, body in table.documents.items() if name != REFERENCE}
    if not polls:
        raise InputError("--pb names no election; give a .pb file of Pabulib or a folder of them")
    by, told = read_reference(table.documents[REFERENCE]) if REFERENCE in table.documents else ("", [])
    known = [(polls[one.election], one) for one in told if one.election in polls]
    judged: list[Judged] = []
    for one in each(judge, list(polls.values())):
        judged.append(one)
        progress(len(judged), len(polls) + len(known))
    alike: list[Likeness] = []
    for found in each(_held, known):
        alike.append(found)
        progress(len(judged) + len(alike), len(polls) + len(known))
    checks = [*_checks(judged), *(_likeness(alike) if by else [])]
    return Report("participation", tuple(checks), len(judged), (*_notes(judged), *(_others(alike, by) if by else ())))


def _held(task: tuple[bytes, Told]) -> Likeness:
    body, told = task
    return held_against(_election(orjson.loads(body)), told)


def _likeness(alike: list[Likeness]) -> list[Check]:
    same = [one for one in alike if not one.other]
    return [
        Check("shares_as_reference", _ratio(len(same), len(alike)), "1", 1.0),
        Check("shares_compared", float(len(alike)), "1"),
        Check("shares_compared_elections", float(len({one.told.election for one in alike})), "1"),
        Check("shares_with_ties", float(sum(one.ties > 0 for one in alike)), "1"),
        Check("shares_otherwise_without_a_tie", float(sum(not one.ties for one in alike if one.other)), "1"),
    ]


def _others(alike: list[Likeness], by: str) -> list[str]:
    """Where the other program chose otherwise, and whether a tie may be why."""
    return [f"the reference is of {by}"] + [
        f"{one.told.election} ({one.told.measure}): {', '.join(one.other)} by one of the two alone; ties: {one.ties}"
        for one in alike
        if one.other
    ]


def judge(document: bytes) -> Judged:
    """Hold one election against what its file says was chosen, and share its budget out."""
    poll = orjson.loads(document)
    of = _election(poll)
    selected = None if poll["selected"] is None or poll["rule"] not in GREEDY else set(poll["selected"])
    won = set(_winners(of, poll))
    begun = time.process_time()
    outcome = equal_shares(of)
    shared = time.process_time()
    whole = completed(of, step=step_of(of))
    done = time.process_time()
    told = {name: text for name, text in poll["told"].items() if text}
    return Judged(
        poll["name"],
        poll["rule"],
        len(of.costs),
        of.voters,
        None if selected is None else len(of.costs) - len(won ^ selected),
        all(of.votes()[name] == Fraction(text) for name, text in told.items()) if told else None,
        _share(of, outcome.chosen),
        _share(of, whole.chosen),
        len(set(whole.chosen) ^ set(greedy(of).chosen)),
        shared - begun,
        done - shared,
    )


def _election(poll: Mapping[str, Any]) -> Election:
    exact = {name: Fraction(cost) for name, cost in poll["costs"].items()}
    ballots = [
        {name: Fraction(points) for name, points in ballot.items()}
        for ballot, count in poll["ballots"]
        for _ in range(count)
    ]
    return election(Fraction(poll["budget"]), exact, ballots)


def _winners(of: Election, poll: Mapping[str, Any]) -> tuple[str, ...]:
    """The winners by most votes, as the file's rule says it: with or without passing over, from so many votes on."""
    least = Fraction(poll["threshold"])
    votes = of.votes()
    wanted = {name: cost for name, cost in of.costs.items() if votes[name] >= least}
    kept = tuple((tuple(row for row in ballot if row[0] in wanted), count) for ballot, count in of.ballots)
    return greedy(Election(of.budget, wanted, kept), skip=poll["rule"] != "greedy-no-skip").chosen


def _share(of: Election, chosen: tuple[str, ...]) -> float:
    return float(sum((of.costs[name] for name in chosen), Fraction(0)) / of.budget) if of.budget else 0.0


def _checks(judged: list[Judged]) -> list[Check]:
    told = [one for one in judged if one.same is not None]
    counted = [one.counts for one in judged if one.counts is not None]
    return [
        Check(
            "greedy_projects_as_selected",
            _ratio(sum(o.same or 0 for o in told), sum(o.projects for o in told)),
            "1",
            BAR,
        ),
        Check("greedy_elections_as_selected", _ratio(sum(o.same == o.projects for o in told), len(told)), "1"),
        Check("greedy_elections", float(len(told)), "1"),
        Check("counts_as_told", _ratio(sum(counted), len(counted)), "1"),
        Check("shares_spent", _mean([one.spent for one in judged]), "1"),
        Check("shares_completed_spent", _mean([one.completed for one in judged]), "1"),
        Check("shares_other_than_greedy", _mean([float(one.other) for one in judged]), "1"),
        Check("shares_cpu_seconds_longest", max((one.seconds for one in judged), default=None), "s"),
        Check(
            "shares_completed_cpu_seconds_longest", max((one.completing_seconds for one in judged), default=None), "s"
        ),
        Check("voters", float(sum(one.voters for one in judged)), "1"),
        Check("projects", float(sum(one.projects for one in judged)), "1"),
    ]


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _notes(judged: list[Judged]) -> list[str]:
    """Where the winners are others than the file says, election by election."""
    return [
        f"{one.name} ({one.rule}): {one.projects - one.same} of {one.projects} projects come out otherwise"
        for one in judged
        if one.same is not None and one.same != one.projects
    ]
