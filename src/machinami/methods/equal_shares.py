"""Which projects do voters choose within a budget? By most votes, and by the Method of Equal Shares.

Exact: money and satisfaction are fractions, so that ties are ties. Ballots that are alike are counted once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from machinami.foundation.errors import InputError

Number = Fraction | int
Measure = Literal["cost", "points"]
"""What a voter has of a project that is done: its cost where the ballot names it at all, or the ballot's points."""


@dataclass(frozen=True, slots=True)
class Election:
    """Projects with their costs, what there is to spend, and distinct ballots (project -> points > 0) with how many
    voters cast each. Raises InputError for a cost below 0, a ballot that names no project, or no voter."""

    budget: Fraction
    costs: Mapping[str, Fraction]
    ballots: tuple[tuple[tuple[tuple[str, Fraction], ...], int], ...]

    @property
    def voters(self) -> int:
        """How many voted."""
        return sum(count for _, count in self.ballots)

    def votes(self) -> dict[str, Fraction]:
        """The points that each project got, of all voters."""
        found = dict.fromkeys(self.costs, Fraction(0))
        for ballot, count in self.ballots:
            for project, points in ballot:
                found[project] += points * count
        return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """The projects that are done, in the order in which they were chosen; paid: what each distinct ballot's voters pay
    for each of them, as rows project -> share, in the order of the election's ballots; part: what every voter held;
    ties: how many times the name alone decided between projects of one price."""

    chosen: tuple[str, ...]
    paid: tuple[Mapping[str, Fraction], ...] = ()
    part: Fraction = Fraction(0)
    ties: int = 0


def election(budget: Number, costs: Mapping[str, Number], ballots: Iterable[Mapping[str, Number]]) -> Election:
    """An election from what was counted; points of 0 say nothing. Raises InputError."""
    if budget < 0 or any(cost < 0 for cost in costs.values()):
        raise InputError("A budget and the costs of projects are not below 0")
    counted: Counter[tuple[tuple[str, Fraction], ...]] = Counter()
    for ballot in ballots:
        unknown = [project for project in ballot if project not in costs]
        if unknown or any(points < 0 for points in ballot.values()):
            raise InputError(f"A ballot names {unknown or 'points below 0'}; projects are {', '.join(sorted(costs))}")
        counted[tuple(sorted((project, Fraction(points)) for project, points in ballot.items() if points))] += 1
    return Election(Fraction(budget), {p: Fraction(c) for p, c in costs.items()}, tuple(counted.items()))


def greedy(of: Election, chosen: Sequence[str] = (), skip: bool = True) -> Outcome:
    """The projects with the most votes that still fit, after those chosen already; among equal ones the cheaper, then
    the one first by name. skip: one that does not fit is passed over, else it ends the choice."""
    votes, left = of.votes(), of.budget - sum((of.costs[p] for p in chosen), Fraction(0))
    done = list(chosen)
    for project in sorted(of.costs, key=lambda p: (-votes[p], of.costs[p], p)):
        if project in chosen or not votes[project]:
            continue
        if of.costs[project] <= left:
            done.append(project)
            left -= of.costs[project]
        elif not skip:
            break
    return Outcome(tuple(done))


def equal_shares(of: Election, measure: Measure = "cost", budget: Fraction | None = None) -> Outcome:
    """Every voter holds an equal part of the budget; the project done next is the one whose supporters together can
    pay it at the least price for a unit of satisfaction, each at most what is left to them.

    Peters, Pierczyński & Skowron 2021, arXiv:2008.13276. Among equal prices the project first by name. It may leave
    money that no group of supporters can spend together: see `completed`. budget: another one than the election's.
    """
    if not of.voters:
        return Outcome(())
    part = (of.budget if budget is None else budget) / of.voters
    left = [part] * len(of.ballots)
    paid: list[dict[str, Fraction]] = [{} for _ in of.ballots]
    backing = _backing(of, measure)
    # A price never falls, as purses only get lighter: the last one known is a least one, and most need no new look.
    least = {project: Fraction(0) for project in backing}
    chosen: list[str] = []
    ties = 0
    while True:
        best: tuple[Fraction, str] | None = None
        tied = False
        for known, project in sorted((price, project) for project, price in least.items()):
            if best is not None and known > best[0]:
                break
            price = _price(of.costs[project], backing[project], left, of.ballots)
            if price is None:
                del least[project]
                continue
            least[project] = price
            tied = best is not None and (price == best[0] or (tied and price > best[0]))
            best = min(best, (price, project)) if best else (price, project)
        if best is None:
            return Outcome(tuple(chosen), tuple(paid), part, ties)
        ties += tied
        price, project = best
        for ballot, use in backing[project]:
            share = min(left[ballot], price * use)
            left[ballot] -= share
            paid[ballot][project] = share
        del least[project]
        chosen.append(project)


def completed(of: Election, measure: Measure = "cost", step: int = 1) -> Outcome:
    """Equal shares of a budget that grows by `step` for every voter while what it buys can be paid by the real one;
    what is then left goes to projects with the most votes (the completion Add1U).

    Where several growths lead to choices that can be paid, the last before one that cannot is taken.
    """
    outcome, purse = equal_shares(of, measure), of.budget
    most = sum((cost for cost in of.costs.values()), Fraction(0)) * max(of.voters, 1)
    while set(outcome.chosen) != {p for p, v in of.votes().items() if v} and purse <= most and of.voters:
        purse += step * of.voters
        wider = equal_shares(of, measure, purse)
        if sum((of.costs[p] for p in wider.chosen), Fraction(0)) > of.budget:
            break
        outcome = wider
    return Outcome(greedy(of, outcome.chosen).chosen, outcome.paid, outcome.part, outcome.ties)


def _backing(of: Election, measure: Measure) -> dict[str, list[tuple[int, Fraction]]]:
    """For each project that somebody wants, the ballots that name it with what their voters have of it."""
    found: dict[str, list[tuple[int, Fraction]]] = {}
    for number, (ballot, _) in enumerate(of.ballots):
        for project, points in ballot:
            use = of.costs[project] if measure == "cost" else points
            found.setdefault(project, []).append((number, use))
    return found


def _price(
    cost: Fraction,
    backing: Sequence[tuple[int, Fraction]],
    left: Sequence[Fraction],
    ballots: Sequence[tuple[object, int]],
) -> Fraction | None:
    """The least price of a unit of satisfaction at which supporters can pay the cost; None where they cannot."""
    if cost == 0:
        return Fraction(0)
    able = sorted((left[ballot] / use, ballot, use) for ballot, use in backing if left[ballot] > 0)
    open_, use_left = cost, sum((use * ballots[ballot][1] for _, ballot, use in able), Fraction(0))
    for most, ballot, use in able:
        if most * use_left >= open_:
            return open_ / use_left
        open_ -= left[ballot] * ballots[ballot][1]
        use_left -= use * ballots[ballot][1]
    return None
