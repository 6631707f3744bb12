"""Does the evaluation find that the winners are right, and that they are not?"""

import os
from pathlib import Path

import numpy as np
import orjson
import pytest

from machinami.cli import evaluate as command
from machinami.foundation.errors import InputError
from machinami.ingest.pabulib.parse import parse
from machinami.methods.scorecard import Report, Table
from machinami.services.participation.evaluate import evaluate, judge

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
