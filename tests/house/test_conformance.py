"""Does the conformance tool start a broker, run what is chosen, and tell truly what came of it?"""

import json
import socket
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from xml.sax.saxutils import quoteattr

import pytest
from tests.servers import free_port

import conformance
from conformance_contexts import serve_contexts
from conformance_results import outcomes, table
from conformance_robot import Selection

# Stands in for robot: asks the broker it is given for its health, and writes down two tests as robot would.
ROBOT = """#!{python}
import os, pathlib, sys, urllib.request
words = sys.argv[1:]
folder = pathlib.Path(words[words.index("--outputdir") + 1])
url = os.environ["BROKER_URL"]
with urllib.request.urlopen(url + "/types") as answer:
    well = "PASS" if answer.status == 200 else "FAIL"
second = pathlib.Path(__file__).with_name("second").read_text()
folder.joinpath("output.xml").write_text(f'''<robot><suite name="G" source="/s/G"><suite name="f" source="/s/G/1.robot">
<test name="1_01 First"><tag>official</tag><status status="{{well}}" elapsed="0.5"/></test>
<test name="1_02 Second"><tag>extension</tag><tag>doubtful</tag><status status="{{second}}" elapsed="1">no
luck</status></test></suite></suite></robot>''')
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Lay out a checkout with one group, an environment beside it, and the lists."""
    (tmp_path / "suite/TP/NGSI-LD/Group").mkdir(parents=True)
    robot = tmp_path / "venv/bin/robot"
    robot.parent.mkdir(parents=True)
    robot.write_text(ROBOT.format(python=sys.executable))
    robot.chmod(0o755)
    robot.with_name("second").write_text("PASS")
    (tmp_path / "extensions.json").write_text(json.dumps([["TP/NGSI-LD/Group/1.robot", "1_02"]]))
    (tmp_path / "doubtful.txt").write_text("# why\n1_02\tchoice\tbecause\n")
    return tmp_path / "suite"


def run(suite: Path, *words: str) -> int:
    lists, results = str(suite.parent), str(suite.parent / "results")
    return conformance.main(
        ["--suite", str(suite), "--lists", lists, "--results", results, "--port", str(free_port()), *words]
    )


def test_a_run_in_which_all_passes_ends_well_and_tells_it_by_group_and_class(suite, capsys):
    assert run(suite, "Group") == 0

    told = capsys.readouterr().out
    assert [
        line.split()[:4] for line in told.splitlines() if line.startswith(("Group ", "official", "extension,"))
    ] == [
        ["Group", "2", "2", "0"],
        ["official", "1", "1", "0"],
        ["extension,", "doubtful", "1", "1"],
    ]
    assert (suite.parent / "results/failures.tsv").read_text() == ""
    assert (suite.parent / "results/Group/town1.log").exists()


def test_a_failed_test_makes_the_run_fail_and_is_written_down(suite):
    (suite.parent / "venv/bin/second").write_text("FAIL")

    assert run(suite, "Group") == 1

    assert (suite.parent / "results/failures.tsv").read_text() == (
        "fail\tGroup\t1_02 Second\t1.robot\t1.0\tno | luck\n"
    )


def test_a_robot_that_does_not_run_is_a_failure(suite):
    (suite.parent / "venv/bin/robot").write_text("#!/bin/sh\necho no library >&2\nexit 252\n")

    assert run(suite, "Group") == 1

    assert "no library" in (suite.parent / "results/failures.tsv").read_text()


def test_what_is_no_checkout_or_no_group_or_no_list_is_said_so(suite, tmp_path, capsys):
    assert conformance.main(["--suite", str(tmp_path / "none")]) == 2
    assert "docs/conformance.md" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="no group Nowhere"):
        run(suite, "Nowhere")
    (suite.parent / "doubtful.txt").unlink()
    with pytest.raises(SystemExit, match=r"doubtful\.txt"):
        run(suite, "Group")


def test_a_port_that_is_taken_is_said_so(suite):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match="did not start"):
            run(suite, "--port", str(port), "Group")


class FakeSuite:
    """A suite as robot hands it over."""

    def __init__(self, source: str, tests: list[SimpleNamespace], suites: "list[FakeSuite] | None" = None) -> None:
        self.source, self.tests, self.suites = source, tests, suites or []

    def visit(self, visitor: Selection) -> None:
        visitor.visit_suite(self)


@pytest.mark.parametrize(
    ("include", "exclude", "left"),
    [
        ([], [], ["1_01", "1_02", "1_03_01", "1_030"]),
        (["official"], [], ["1_01", "1_03_01", "1_030"]),
        (["official"], ["doubtful"], ["1_01", "1_030"]),
        (["extension"], [], ["1_02"]),
        (["doubtful"], [], ["1_03_01"]),
    ],
)
def test_tests_are_chosen_by_class(tmp_path, include, exclude, left):
    plan = tmp_path / "plan.json"
    lists = {"extensions": [["TP/A/1.robot", "1_02"]], "doubtful": ["1_03"], "include": include, "exclude": exclude}
    plan.write_text(json.dumps({**lists, "test_seconds": 40, "http_seconds": 5}))
    tests = [SimpleNamespace(name=f"{n} Name", tags=Tags(), timeout=None) for n in ("1_01", "1_02", "1_03_01", "1_030")]
    below = FakeSuite("/s/1.robot", tests)

    FakeSuite("/s", [], [below]).visit(Selection(str(plan)))

    assert [test.name.split()[0] for test in below.tests] == left
    assert {test.timeout for test in below.tests} == {"40 seconds"}


class Tags(list[str]):
    """Tags as robot has them."""

    def add(self, tags: list[str]) -> None:
        self.extend(tags)


def test_contexts_are_served_as_json_ld(tmp_path):
    (tmp_path / "a.jsonld").write_text('{"@context": {}}')
    port = free_port()

    with serve_contexts(tmp_path, port), urllib.request.urlopen(f"http://127.0.0.1:{port}/a.jsonld") as answer:
        assert answer.headers["Content-Type"] == "application/ld+json"
        assert json.load(answer) == {"@context": {}}


def test_an_outcome_without_a_status_is_no_success(tmp_path):
    output = tmp_path / "output.xml"
    output.write_text(f"<robot><suite source={quoteattr('/s/1.robot')}><test name='1_01 Cut off'/></suite></robot>")

    found = outcomes(output, "Group")

    assert [one.passed for one in found] == [False]
    assert "1" in table(found, 3.0)
