"""Is a .pb file read as its format says, and is one that is none told what is wrong?"""

import os
from pathlib import Path

import pytest

from machinami.foundation.errors import InputError
from machinami.ingest.pabulib.parse import parse

META = "META\nkey;value\nbudget;{budget}\nvote_type;{kind}\nrule;greedy\nmax_length;3\n"
PROJECTS = 'PROJECTS\nproject_id;cost;votes;name;selected\n1;60;3;"Trees; many";1\n2;70;1;Lamps;0\n'
SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[3] / "../shared")) / "data/circle/pabulib"


def poll(kind: str, votes: str, budget: str = "100") -> bytes:
    return (META.format(kind=kind, budget=budget) + PROJECTS + "VOTES\n" + votes).encode()


def test_alike_ballots_are_counted_and_names_may_hold_a_semicolon() -> None:
    found = parse(poll("approval", "voter_id;vote\na;1,2\nb;1\nc;2,1\n"), "x.pb")
    assert dict(found.costs) == {"1": "60", "2": "70"}
    assert found.selected == ["1"]
    assert sorted((sorted(ballot), count) for ballot, count in found.ballots) == [(["1"], 1), (["1", "2"], 2)]


@pytest.mark.parametrize(
    ("kind", "votes", "points"),
    [
        ("choose-1", "voter_id;vote\na;2\n", {"2": "1"}),
        ("cumulative", "voter_id;vote;points\na;1,2;4,0\n", {"1": "4"}),
        ("scoring", "voter_id;vote;points\na;1,2;4,2\n", {"1": "4", "2": "2"}),
        ("ordinal", "voter_id;vote\na;2,1\n", {"2": "3", "1": "2"}),
    ],
)
def test_a_vote_gives_the_points_that_its_type_says(kind: str, votes: str, points: dict[str, str]) -> None:
    assert parse(poll(kind, votes), "x.pb").ballots == [(points, 1)]


def test_money_may_have_a_comma() -> None:
    assert parse(poll("approval", "voter_id;vote\na;1\n", "99,5"), "x.pb").budget == "199/2"


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"META\nkey;value\n", poll("applause", "voter_id;vote\na;1\n"),
     poll("approval", "voter_id;vote\na;7\n"), poll("approval", "voter_id;vote\na;1\n", "much"),
     poll("cumulative", "voter_id;vote;points\na;1,2;4\n")],
)  # fmt: skip
def test_what_is_no_election_is_refused_by_its_name(data: bytes) -> None:
    with pytest.raises(InputError, match=r"x\.pb"):
        parse(data, "x.pb")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the elections of Pabulib are not beside this checkout")
def test_every_election_at_hand_can_be_read() -> None:
    found = [parse(file.read_bytes(), file.name) for file in sorted(SHARED.glob("*.pb"))]
    assert len(found) == 40
    assert all(one.costs and one.ballots for one in found)
