"""Does the evaluation find that the winners are right, and that they are not?"""

import os
from pathlib import Path

import numpy as np
import orjson
import pytest

from machinami.cli import evaluate as command
from machinami.foundation.errors import InputError
from machinami.ingest.pabulib.parse import parse
from machinami.methods.equal_shares import election, equal_shares
from machinami.methods.scorecard import Report, Table
from machinami.services.participation.evaluate import evaluate, judge
from machinami.services.participation.logic.likeness import read_reference

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[3] / "../shared")) / "data/circle/pabulib"
FILE = """META
key;value
budget;100
vote_type;approval
rule;greedy
PROJECTS
project_id;cost;votes;selected
1;60;2;{first}
2;50;1;{second}
3;40;1;1
VOTES
voter_id;vote
a;1,2
b;1,3
"""


def score(*files: str) -> Report:
    documents = {f"{n}.pb": orjson.dumps(parse(text.encode(), f"{n}.pb").document()) for n, text in enumerate(files)}
    return evaluate(Table(np.zeros(0, np.int64), {}, documents), {}, lambda done, of: None)


def value(report: Report, name: str) -> float | None:
    return next(check.value for check in report.checks if check.name == name)


def test_winners_that_the_file_names_are_right_and_others_are_told() -> None:
    right, wrong = FILE.format(first=1, second=0), FILE.format(first=0, second=1)
    report = score(right, wrong)
    assert value(report, "greedy_projects_as_selected") == pytest.approx(4 / 6)
    assert value(report, "greedy_elections_as_selected") == 0.5
    assert report.notes == ("1.pb (greedy): 2 of 3 projects come out otherwise",)
    assert value(report, "voters") == 4
    assert value(report, "counts_as_told") == 1.0


def test_without_an_election_nothing_is_said() -> None:
    with pytest.raises(InputError):
        score()
    with pytest.raises(InputError, match="no folder"):
        command.read_polls(Path("/nowhere/x.pb"))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the elections of Pabulib are not beside this checkout")
def test_small_elections_outside_come_out_as_their_files_say() -> None:
    documents = command.read_polls(SHARED)
    small = sorted(documents.items(), key=lambda pair: len(pair[1]))[:8]
    judged = [judge(body) for _, body in small]
    assert all(one.same in (None, one.projects) for one in judged)
    assert any(one.same for one in judged)
    assert all(0 <= one.spent <= one.completed <= 1 for one in judged)


def held(chosen: list[str], measure: str = "cost") -> Report:
    document = orjson.dumps(parse(FILE.format(first=1, second=0).encode(), "0.pb").document())
    rows = [{"election": "0.pb", "measure": measure, "chosen": chosen}, {**UNKNOWN, "measure": measure}]
    reference = orjson.dumps({"by": "another 1.0", "choices": rows})
    table = Table(np.zeros(0, np.int64), {}, {"0.pb": document, "reference": reference})
    return evaluate(table, {}, lambda done, of: None)


UNKNOWN = {"election": "not here.pb", "chosen": ["1"]}


def test_what_another_program_chose_is_held_against_what_equal_shares_choose() -> None:
    same = held(["1"])
    assert (value(same, "shares_as_reference"), value(same, "shares_compared")) == (1.0, 1.0)
    assert value(same, "shares_otherwise_without_a_tie") == 0.0
    other = held(["2"])
    assert value(other, "shares_as_reference") == 0.0
    assert other.notes[-1].startswith("0.pb (cost): 1, 2 by one of the two alone")
    assert "another 1.0" in other.notes[0]


def test_a_reference_that_is_none_is_refused_saying_why() -> None:
    with pytest.raises(InputError, match="no document of choices"):
        read_reference(b"[]")
    with pytest.raises(InputError, match=r"'effort' of 0\.pb is none"):
        held(["1"], "effort")


def test_a_tie_is_counted_where_the_name_alone_decides() -> None:
    tied = election(10, {"a": 5, "b": 5, "c": 4}, [{"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 1}])
    assert equal_shares(tied).ties == 1
    assert equal_shares(election(10, {"a": 5, "b": 5}, [{"a": 1}, {"a": 1, "b": 1}])).ties == 0
