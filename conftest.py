"""Which tests run, and when does a skipped one count as a failure?

`--long` also runs the tests marked long, and tries other examples of each law at each run; without it they are left
out, which is not skipping, and the examples are the same at each run, so that a change is judged by itself.
`--no-skips` is for the machine that has everything: there a skipped test is a failure. Only the public test data,
which are no part of the project and may be absent, excuse a skip.
What tests measured is printed at the end and written to the file of `--figures FILE`; those of the fault tests by
`./machinami test tests/faults`.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from machinami.kit.compute import calm_algebra

# As in a town: before anything loads numpy, whose threads would wait for each other and for the tests beside them.
calm_algebra()

# Machines are shared and noisy: how long one example takes says nothing about the code.
settings.register_profile("seeking", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", settings.get_profile("seeking"), derandomize=True)
settings.load_profile("steady")

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).resolve().parent.parent / "shared"))

EXCUSES = ("MACHINAMI_SHARED", "the shared data")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the words of our own to pytest's command line."""
    parser.addoption("--long", action="store_true", help="also run the tests marked long")
    parser.addoption("--no-skips", action="store_true", help="a skipped test is a failure")
    parser.addoption("--figures", metavar="FILE", help="write what tests measured into this file, as JSON")


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str, float, str], None]:
    """Note what a test measured: name, value, unit (empty for a count). It is told where the test passes or fails."""
    return lambda name, value, unit: record_property("figure", {"name": name, "value": round(value, 4), "unit": unit})


def measured(config: pytest.Config) -> list[dict[str, object]]:
    """What the tests of this run measured: name, value, unit, and whether their test passed."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return []
    return [
        {**value, "passed": outcome == "passed"}
        for outcome in ("passed", "failed")
        for report in reporter.stats.get(outcome, [])
        for name, value in report.user_properties
        if name == "figure"
    ]


def pytest_configure(config: pytest.Config) -> None:
    """Look for new examples in the long run, before any test module reads its settings."""
    if config.getoption("--long"):
        settings.load_profile("seeking")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out unless they are asked for."""
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


def inexcusable(config: pytest.Config) -> list[str]:
    """List the skipped tests that --no-skips does not forgive, with their reasons."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not config.getoption("--no-skips"):
        return []
    found = []
    for report in reporter.stats.get("skipped", []):
        reason = str(report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr)
        if SHARED.is_dir() or not any(name in reason for name in EXCUSES):
            found.append(f"{report.nodeid}: {reason}")
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn forgiven success into failure where a test was skipped that must not be."""
    if inexcusable(session.config) and session.exitstatus in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured, and which skipped tests count as failures."""
    if figures := measured(config):
        terminalreporter.section("figures")
        for row in figures:
            failed = "" if row["passed"] else "   (its test failed)"
            terminalreporter.write_line(f"{row['name']:<60} {row['value']:>14,} {row['unit']}{failed}")
        if file := config.getoption("--figures"):
            Path(file).write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if found := inexcusable(config):
        terminalreporter.section("skipped, which --no-skips counts as failed", red=True)
        for line in found:
            terminalreporter.write_line(line)
