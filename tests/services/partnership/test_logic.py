"""Votes are counted by the rule, offers are found for a reason, and meetings are such that nobody would swap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData, Conflict
from machinami.model.view import Words
from machinami.model.vocabulary.circle import CityNeed
from machinami.services.partnership.logic.offers import arrange, find, read_wishes, stepped, usual_wishes
from machinami.services.partnership.logic.voting import count, entitled
from machinami.services.partnership.model import (
    MOST_AT_A_DAY,
    RULES,
    VOTES,
    ConsortiumMember,
    Participant,
    SolutionMatch,
    SolutionSeed,
)

CAR, MINDED = Words(ja="オンデマンド交通"), Words(ja="見守りタグ")
FOOT, CHILD = Words(ja="病院や買い物への足"), Words(ja="子どもを見守る")
BUS = SolutionSeed("s:bus", CAR, FOOT, "早瀬交通", "company", "transport", "tried", None, "offered")
TAG = SolutionSeed("s:tag", MINDED, CHILD, "見守り社", "company", "welfare", "idea", None, "offered")
NEED = CityNeed("n:bus", Words(ja="病院へ行くバスが少ない"))


def members(number: int, observers: int = 0) -> list[ConsortiumMember]:
    some = [ConsortiumMember(str(n), role="member", state="member") for n in range(number)]
    return some + [ConsortiumMember(f"o{n}", role="observer", state="member") for n in range(observers)]


def votes(yes: int, no: int = 0, abstain: int = 0) -> dict[str, str]:
    said = ["yes"] * yes + ["no"] * no + ["abstain"] * abstain
    return {str(n): vote for n, vote in enumerate(said)}


@pytest.mark.parametrize(
    ("rule", "said", "outcome"),
    [
        ("majority", votes(3, 2), "passed"),
        ("majority", votes(2, 2), "rejected"),
        ("majority", votes(2, 1, 1), "rejected"),
        ("two_thirds", votes(4, 2), "passed"),
        ("two_thirds", votes(3, 2), "rejected"),
        ("unanimity", votes(5), "passed"),
        ("unanimity", votes(4, 0, 1), "rejected"),
        ("majority", votes(2), "no_quorum"),
        ("majority", {}, "no_quorum"),
    ],
)
def test_a_vote_is_counted_by_the_rule_if_enough_are_there(rule: str, said: dict[str, str], outcome: str) -> None:
    assert count(said, members(6, observers=9), rule, 50).outcome == outcome


@given(st.integers(1, 30), st.lists(st.sampled_from(VOTES), max_size=30), st.sampled_from(RULES), st.integers(0, 100))
def test_one_more_yes_never_turns_a_vote_down(number: int, said: list[str], rule: str, quorum: int) -> None:
    cast = {str(n): vote for n, vote in enumerate(said[:number])}
    before = count(cast, members(number), rule, quorum)
    assert before.yes + before.no + before.abstain == before.present <= before.entitled == number
    for member in [m for m, vote in cast.items() if vote != "yes"]:
        after = count({**cast, member: "yes"}, members(number), rule, quorum)
        assert (before.outcome, after.outcome) != ("passed", "rejected")


def test_observers_and_those_who_left_have_no_vote() -> None:
    gone = ConsortiumMember("gone", role="member", state="left")
    assert [one.id for one in entitled([*members(1, 1), gone])] == ["0"]
    for said in ({"o0": "yes"}, {"gone": "yes"}, {"0": "maybe"}):
        with pytest.raises(BadRequestData):
            count(said, [*members(1, 1), gone], "majority", 50)
    with pytest.raises(BadRequestData):
        count({}, members(1), "shouting", 50)


def test_an_offer_is_found_with_the_words_that_matched_and_facets_leave_out() -> None:
    (best,) = find("病院へ行くバスがない", [BUS, TAG])
    assert (best.seed, best.matched) == (BUS, ("病院",))
    assert [one.seed for one in find("", [BUS, TAG], field="welfare")] == [TAG]
    assert find("病院", [BUS, TAG], maturity="running") == []
    assert find("", [SolutionSeed("s:old", state="withdrawn")]) == []


def test_texts_suggest_whom_each_would_meet() -> None:
    of_needs, of_seeds = usual_wishes([NEED], [BUS, TAG])
    assert of_needs == {"n:bus": ("s:bus",)}
    assert of_seeds == {"s:bus": ("n:bus",), "s:tag": ()}


def test_an_offer_with_one_place_meets_the_need_that_it_likes_best() -> None:
    needs = [Participant("n1", 1, ("s1", "s2")), Participant("n2", 1, ("s1", "s2"))]
    seeds = [Participant("s1", 1, ("n2", "n1")), Participant("s2", 1, ("n1",))]
    assert arrange(needs, seeds) == [("n1", "s2"), ("n2", "s1")]


def test_whom_a_list_does_not_name_it_does_not_meet() -> None:
    assert arrange([Participant("n1", 3, ("s1", "gone"))], [Participant("s1", 3, ())]) == []
    with pytest.raises(BadRequestData):
        arrange([Participant(str(n), 1, ()) for n in range(MOST_AT_A_DAY + 1)], [])


def test_wishes_are_read_as_numbers_of_the_other_list() -> None:
    numbers = {"1": "a", "2": "b", "3": "c"}
    assert read_wishes("３、1, 1 2", numbers) == ("c", "a", "b")
    assert read_wishes("", numbers) == ()
    with pytest.raises(BadRequestData, match="9"):
        read_wishes("1, 9", numbers)


def test_a_match_goes_from_step_to_step_and_ends_with_a_reason() -> None:
    found = SolutionMatch("m", state="proposed", steps=[{"to": "proposed"}])
    met = stepped(found, "met", {"on": "2026-07-01", "who": "A", "role": "B"})
    assert (met.state, len(met.steps or [])) == ("met", 2)
    with pytest.raises(Conflict):
        stepped(found, "pilot", {})
    with pytest.raises(BadRequestData):
        stepped(met, "ended", {})
    ended = stepped(met, "ended", {"reason": "費用が合わない"})
    assert ended.ended_for == "費用が合わない"
    with pytest.raises(Conflict):
        stepped(ended, "met", {})
