"""Do the rules of participatory budgeting keep their laws, and choose as their definitions say?"""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machinami.foundation.errors import InputError
from machinami.methods.equal_shares import Election, Measure, completed, election, equal_shares, greedy

MEASURES = st.sampled_from(["cost", "points"])


@st.composite
def elections(draw: Any) -> Election:
    names = [f"p{i}" for i in range(draw(st.integers(1, 7)))]
    costs = {name: draw(st.integers(0, 20)) for name in names}
    ballot = st.dictionaries(st.sampled_from(names), st.integers(0, 3), max_size=5)
    return election(draw(st.integers(0, 60)), costs, draw(st.lists(ballot, max_size=12)))


def by_definition(of: Election, measure: Measure) -> list[str]:
    """The same rule, voter by voter, every project looked at in every round."""
    voters = [dict(ballot) for ballot, count in of.ballots for _ in range(count)]
    purses = [of.budget / len(voters)] * len(voters) if voters else []
    chosen: list[str] = []
    while True:
        offers = []
        for project in sorted(set(of.costs) - set(chosen)):
            use = [
                (i, of.costs[project] if measure == "cost" else v[project])
                for i, v in enumerate(voters)
                if project in v
            ]
            if not use or sum(purses[i] for i, _ in use) < of.costs[project]:
                continue
            prices = [Fraction(0), *(purses[i] / u for i, u in use if u)]
            enough = min(
                (p for p in prices if sum(min(purses[i], p * u) for i, u in use) >= of.costs[project]), default=None
            )
            if enough is None:
                continue
            # Between the price before and this one, who is not yet at the bottom of the purse pays more evenly.
            spent = [(i, u) for i, u in use if u and purses[i] / u < enough]
            open_ = of.costs[project] - sum(purses[i] for i, _ in spent)
            units = sum((u for i, u in use if (i, u) not in spent), Fraction(0))
            offers.append((open_ / units if units else Fraction(0), project, use))
        if not offers:
            return chosen
        price, project, use = min(offers, key=lambda offer: offer[:2])
        for i, u in use:
            purses[i] -= min(purses[i], price * u)
        chosen.append(project)


@given(elections(), MEASURES)
@settings(max_examples=200, deadline=None)
def test_equal_shares_chooses_what_its_definition_says(of: Election, measure: Measure) -> None:
    assert list(equal_shares(of, measure).chosen) == by_definition(of, measure)


@given(elections(), MEASURES)
@settings(deadline=None)
def test_each_project_is_paid_in_full_by_those_who_want_it_and_nobody_pays_above_their_part(
    of: Election, measure: Measure
) -> None:
    outcome = equal_shares(of, measure)
    for project in outcome.chosen:
        shares = zip(of.ballots, outcome.paid, strict=True)
        assert sum(paid.get(project, 0) * count for (_, count), paid in shares) == of.costs[project]
    for (ballot, _), paid in zip(of.ballots, outcome.paid, strict=True):
        assert set(paid) <= {project for project, _ in ballot}
        assert sum(paid.values()) <= of.budget / of.voters


@given(elections(), MEASURES)
@settings(max_examples=50, deadline=None)
def test_what_is_completed_can_be_paid_and_has_no_room_for_another(of: Election, measure: Measure) -> None:
    chosen = completed(of, measure).chosen
    spent = sum(of.costs[p] for p in chosen)
    assert spent <= of.budget
    assert len(set(chosen)) == len(chosen)
    wanted = {project for project, votes in of.votes().items() if votes} - set(chosen)
    assert all(spent + of.costs[project] > of.budget for project in wanted)


def test_a_minority_gets_its_part_where_the_greedy_rule_gives_it_nothing() -> None:
    ballots = [{"park": 1, "pool": 1, "hall": 1}] * 60 + [{"path": 1}] * 40
    of = election(100, {"park": 30, "pool": 30, "hall": 40, "path": 40}, ballots)
    assert set(greedy(of).chosen) == {"park", "pool", "hall"}
    assert set(equal_shares(of).chosen) == {"hall", "path"}


def test_a_project_that_does_not_fit_is_passed_over_or_ends_the_choice() -> None:
    of = election(10, {"big": 20, "small": 5}, [{"big": 1}, {"big": 1}, {"small": 1}])
    assert greedy(of).chosen == ("small",)
    assert greedy(of, skip=False).chosen == ()


def test_nobody_voting_chooses_nothing() -> None:
    of = election(10, {"bench": 1}, [])
    assert equal_shares(of).chosen == greedy(of).chosen == completed(of).chosen == ()


@pytest.mark.parametrize(
    ("budget", "costs", "ballots"),
    [(-1, {"a": 1}, []), (1, {"a": -1}, []), (1, {"a": 1}, [{"b": 1}]), (1, {"a": 1}, [{"a": -1}])],
)
def test_a_ballot_for_nothing_and_money_below_nothing_are_refused(budget: int, costs: Any, ballots: Any) -> None:
    with pytest.raises(InputError):
        election(budget, costs, ballots)
