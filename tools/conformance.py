"""How much of the NGSI-LD conformance suite does this tree pass? A fresh broker for each group, a table at the end.

`tools/conformance.py --suite CHECKOUT [--include official --exclude doubtful] [GROUP …]`. The suite is somebody
else's work and stays outside; docs/conformance.md says how a checkout is prepared.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from conformance_contexts import serve_contexts
from conformance_results import Outcome, outcomes, tabbed, table
from conformance_towns import Town, open_town

TREE = Path(__file__).resolve().parent.parent
GROUPS = (
    "CommonBehaviours",
    "ContextInformation/Provision/Entities",
    "ContextInformation/Provision/BatchEntities",
    "ContextInformation/Provision/EntityAttributes",
    "ContextInformation/Provision/PurgeEntities",
    "ContextInformation/Provision/TemporalEntity",
    "ContextInformation/Provision/TemporalEntityAttributes",
    "ContextInformation/Provision/TransientEntities",
    "ContextInformation/Consumption/Entity",
    "ContextInformation/Consumption/TemporalEntity",
    "ContextInformation/Consumption/Discovery",
    "ContextInformation/EntityMap",
    "ContextInformation/Snapshot",
    "ContextInformation/Subscription",
    "ContextSource/Discovery",
    "ContextSource/Registration",
    "ContextSource/RegistrationSubscription",
    "jsonldContext/Consumption",
    "jsonldContext/Provision",
    "DistributedOperations/Consumption",
    "DistributedOperations/LoopDetection",
    "DistributedOperations/Provision",
    "DistributedOperations/Subscription",
)
FEDERATED = "IOP"
CITIES = 5
CLASSES = ("official", "extension", "doubtful")
SHARED = Path(os.environ.get("MACHINAMI_SHARED", TREE.parent / "shared"))
LONGEST_GROUP = 3600
PORT = 9090


@dataclass(frozen=True, slots=True)
class Bench:
    """What a run needs: the checkout, its robot, the lists, where results go, the first port, and which tests."""

    suite: Path
    robot: Path
    results: Path
    port: int
    plan: Path
    path: Path | None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the chosen tests; 0 if all of them passed, 1 if not, 2 if they could not be run."""
    wishes = _parser().parse_args(argv)
    suite = wishes.suite.resolve()
    robot = wishes.robot or _robot_beside(suite)
    if robot is None or not (suite / "TP").is_dir():
        print(f"{suite} is no checkout of the suite with a robot beside it; see docs/conformance.md", file=sys.stderr)
        return 2
    results = wishes.results or Path(tempfile.mkdtemp(prefix="conformance-"))
    results.mkdir(parents=True, exist_ok=True)
    bench = Bench(suite, robot, results, wishes.port, _plan(wishes, results), wishes.path or _beside(suite, "bin"))
    started, found = time.monotonic(), list[Outcome]()
    with serve_contexts(wishes.contexts or _beside(suite, "ctx"), wishes.context_port):
        for group in wishes.groups or GROUPS:
            done = run_group(bench, group)
            print(f"{group}: {sum(one.passed for one in done)} of {len(done)}", flush=True)
            found += done
    return _report(found, results, time.monotonic() - started)


def run_group(bench: Bench, group: str) -> list[Outcome]:
    """Start what the group needs, run robot over it, and read what came of it."""
    tests = find_group(bench.suite, group)
    folder = bench.results / group.replace("/", "_").removesuffix(".robot")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    with _towns(bench, group, folder) as towns:
        _run_robot(bench, tests, folder, towns)
    output = folder / "output.xml"
    if not output.is_file():
        words = (folder / "robot.log").read_text("utf-8", "replace")[-500:]
        return [Outcome(group, f"{group}: robot did not run: {words}", False, 0.0, "", frozenset({"official"}))]
    return outcomes(output, group)


def find_group(suite: Path, group: str) -> Path:
    """The folder or file of a group. Raises SystemExit where there is none."""
    for path in (suite / "TP/NGSI-LD" / group, suite / group, suite / "IOP_TP" if group == FEDERATED else suite / "-"):
        if path.exists():
            return path
    raise SystemExit(f"There is no group {group} in {suite}; known are {', '.join((*GROUPS, FEDERATED))}")


@contextmanager
def _towns(bench: Bench, group: str, folder: Path) -> Iterator[Sequence[Town]]:
    """One broker; five that know each other by their aliases where the group is about federation."""
    with ExitStack() as stack:
        count = CITIES if group.startswith(FEDERATED) else 1
        yield [
            stack.enter_context(open_town(TREE, folder / f"town{number}", bench.port + number - 1, number, count > 1))
            for number in range(1, count + 1)
        ]


def _run_robot(bench: Bench, tests: Path, folder: Path, towns: Sequence[Town]) -> None:
    urls = [f"b{number}_url:{town.url}" for number, town in enumerate(towns, 1)]
    command = [
        str(bench.robot),
        *("--console", "none", "--log", "NONE", "--report", "NONE", "--runemptysuite"),
        *("--pythonpath", str(TREE / "tools"), "--prerunmodifier", f"conformance_robot.Selection:{bench.plan}"),
        *("--outputdir", str(folder)),
        *(word for url in urls for word in ("--variable", url)),
        str(tests),
    ]
    with (folder / "robot.log").open("wb") as log:
        try:
            subprocess.run(
                command, cwd=bench.suite, stdout=log, stderr=log, env=_environment(bench, towns[0]),
                timeout=LONGEST_GROUP, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            log.write(b"\nstopped: the group took longer than an hour\n")


def _environment(bench: Bench, town: Town) -> Mapping[str, str]:
    here = {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost", "BROKER_URL": town.url}
    path = os.environ.get("PATH", "")
    return {**os.environ, **here, "PATH": f"{bench.path}{os.pathsep}{path}" if bench.path else path}


def _plan(wishes: argparse.Namespace, results: Path) -> Path:
    """What the part inside robot is told: which tests are of which class, which are wanted, how long each may take."""
    lists = wishes.lists
    for name in ("extensions.json", "doubtful.txt"):
        if not (lists / name).is_file():
            raise SystemExit(f"{lists} holds no {name}; name the folder of the two lists with --lists")
    doubtful = [
        line.split("\t")[0].strip()
        for line in (lists / "doubtful.txt").read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    plan = {
        "extensions": json.loads((lists / "extensions.json").read_text("utf-8")),
        "doubtful": doubtful,
        "include": wishes.include,
        "exclude": wishes.exclude,
        "test_seconds": wishes.test_seconds,
        "http_seconds": wishes.http_seconds,
    }
    file = results / "plan.json"
    file.write_text(json.dumps(plan), "utf-8")
    return file


def _report(found: Sequence[Outcome], results: Path, seconds: float) -> int:
    words = table(found, seconds)
    print(words)
    (results / "table.txt").write_text(words + "\n", "utf-8")
    (results / "all.tsv").write_text("".join(map(tabbed, found)), "utf-8")
    failed = [one for one in found if not one.passed]
    (results / "failures.tsv").write_text("".join(map(tabbed, failed)), "utf-8")
    print(f"results: {results}")
    if not found:
        print("no test was chosen", file=sys.stderr)
        return 2
    return 1 if failed else 0


def _robot_beside(suite: Path) -> Path | None:
    for folder in (suite / ".venv", suite.parent / "venv", suite.parent / ".venv"):
        if (folder / "bin/robot").is_file():
            return folder / "bin/robot"
    return None


def _beside(suite: Path, name: str) -> Path | None:
    folder = suite.parent / name
    return folder if folder.is_dir() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("groups", nargs="*", metavar="GROUP", help=f"folders or files of the suite; {FEDERATED}: five brokers")
    add("--suite", type=Path, required=True, metavar="CHECKOUT", help="the prepared checkout of the suite")
    add("--include", nargs="+", choices=CLASSES, default=[], metavar="CLASS", help=f"only {', '.join(CLASSES)}")
    add("--exclude", nargs="+", choices=CLASSES, default=[], metavar="CLASS", help="all but these")
    add("--robot", type=Path, help="the robot of the suite's environment (default: in a venv beside the checkout)")
    lists = SHARED / "reference/ngsi-ld-suite"
    add("--lists", type=Path, default=lists, metavar="DIR", help="holds extensions.json and doubtful.txt")
    add("--contexts", type=Path, metavar="DIR", help="the @contexts to serve (default: ctx beside the checkout)")
    add("--context-port", type=int, default=8090, help="where they are served, as the checkout says (8090)")
    add("--path", type=Path, metavar="DIR", help="programs the suite calls, such as docker (default: bin beside it)")
    add("--port", type=int, default=PORT, help=f"the first broker's port; the suite knows it as {PORT}")
    add("--results", type=Path, metavar="DIR", help="where the results go (default: a new folder)")
    add("--test-seconds", type=float, default=60.0, help="how long a test may take")
    add("--http-seconds", type=float, default=15.0, help="how long a request of a test may take")
    return parser


if __name__ == "__main__":
    sys.exit(main())
