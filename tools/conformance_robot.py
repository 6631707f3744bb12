"""Which tests of the suite run, and how long may they take? Loaded by robot in the suite's own environment.

Nothing of this tree and nothing of robot is imported: robot hands over its suites, and calls `visit_suite`.
"""

import importlib
import json
from pathlib import Path
from typing import Any


class Selection:
    """Leaves the chosen tests in a suite, marked with their classes, each with a limit of time."""

    def __init__(self, plan: str) -> None:
        wishes = json.loads(Path(plan).read_text("utf-8"))
        self._extensions = {(Path(file).name, test) for file, test in wishes["extensions"]}
        self._doubtful = tuple(wishes["doubtful"])
        self._include, self._exclude = frozenset(wishes["include"]), frozenset(wishes["exclude"])
        self._limit = f"{wishes['test_seconds']} seconds"
        limit_requests(wishes["http_seconds"])

    def visit_suite(self, suite: Any) -> None:
        """Choose in this suite and in those below it."""
        suite.tests = [test for test in suite.tests if self._take(test, Path(str(suite.source)).name)]
        for below in suite.suites:
            below.visit(self)

    def _take(self, test: Any, file: str) -> bool:
        classes = self.classes(test.name, file)
        test.tags.add(sorted(classes))
        test.timeout = self._limit
        return (not self._include or bool(classes & self._include)) and not classes & self._exclude

    def classes(self, name: str, file: str) -> frozenset[str]:
        """official or extension; doubtful besides."""
        test = name.split(" ")[0]
        found = {"extension" if (file, test) in self._extensions else "official"}
        if any(test == prefix or test.startswith(f"{prefix}_") for prefix in self._doubtful):
            found.add("doubtful")
        return frozenset(found)


def limit_requests(seconds: float) -> None:
    """Give every request of the suite a limit of time: one without an answer would hold up its whole group."""
    try:
        adapter: Any = importlib.import_module("requests.adapters").HTTPAdapter
    except ImportError:
        return
    send = adapter.send

    def limited(self: Any, request: Any, stream: bool = False, timeout: Any = None, *rest: Any, **named: Any) -> Any:
        return send(self, request, stream, seconds if timeout is None else timeout, *rest, **named)

    adapter.send = limited
