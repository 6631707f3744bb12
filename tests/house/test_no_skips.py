"""Is a skipped test a failure where the machine has everything, and long ones left out until asked for?"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = '''"""Some tests."""
import pytest
def test_passes():
    assert True
@pytest.mark.long
def test_takes_long():
    assert True
'''
SKIPPED = "@pytest.mark.skip(reason='{}')\ndef test_skipped():\n    assert True\n"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Lay out a suite of tests below this checkout's own conftest."""
    inner = tmp_path / "checkout"
    inner.mkdir()
    shutil.copy(ROOT / "conftest.py", inner)
    (inner / "pytest.ini").write_text(
        "[pytest]\nmarkers = long: takes long\naddopts = -p no:cacheprovider\n",
        "utf-8",
    )
    (inner / "test_suite.py").write_text(TESTS, "utf-8")
    return inner


def run(suite: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the suite with no plugin but xdist."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "MACHINAMI"))}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", *words]
    return subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True)


def test_long_tests_are_left_out_until_they_are_asked_for(suite: Path) -> None:
    assert "1 passed" in run(suite, "--no-skips").stdout
    assert "2 passed" in run(suite, "--long").stdout


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--no-skips",), 1), (("--no-skips", "-n", "2"), 1)])
def test_a_skip_is_a_failure_only_where_that_was_asked(suite: Path, words: tuple[str, ...], code: int) -> None:
    with (suite / "test_suite.py").open("a") as file:
        file.write(SKIPPED.format("no browser"))
    said = run(suite, *words)
    assert said.returncode == code, said.stdout
    assert ("counts as failed" in said.stdout) == bool(code)


@pytest.mark.parametrize(("data_there", "code"), [(False, 0), (True, 1)])
def test_absent_public_data_excuses_a_skip_and_present_data_does_not(suite: Path, data_there: bool, code: int) -> None:
    with (suite / "test_suite.py").open("a") as file:
        file.write(SKIPPED.format("no data at MACHINAMI_SHARED"))
    if data_there:
        (suite.parent / "shared").mkdir()
    assert run(suite, "--no-skips").returncode == code


@pytest.mark.parametrize("words", [(), ("-n", "2")])
def test_what_was_measured_is_told_and_written_down_also_where_the_test_failed(
    suite: Path, words: tuple[str, ...]
) -> None:
    with (suite / "test_suite.py").open("a") as file:
        file.write('def test_kills(figure):\n    figure("kills survived", 10, "")\n')
        file.write('def test_slow(figure):\n    figure("delay", 1.5, "s")\n    raise AssertionError\n')
    said = run(suite, "--figures", "figures.json", *words)
    assert "kills survived" in said.stdout
    assert json.loads((suite / "figures.json").read_text("utf-8")) == [
        {"name": "kills survived", "value": 10, "unit": "", "passed": True},
        {"name": "delay", "value": 1.5, "unit": "s", "passed": False},
    ]
