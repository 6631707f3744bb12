"""Does ./machinami start from anywhere, set up when it must, and say what is wrong when it cannot?"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MADE_FROM = (
    "pyproject.toml",
    "hatch_build.py",
    "requirements-build.lock",
    "requirements.lock",
    "requirements-test.lock",
)
FRONT_END = "src/machinami/kit/static/package-lock.json"
VENDOR = "src/machinami/kit/static/vendor/.made-from"
# Stands in for the real set-up: tells what it was asked, and leaves what the real one leaves.
SET_UP = """
import sys
from pathlib import Path
root = Path(__file__).resolve().parent.parent
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print("set up", words["--lock"])
(root / ".venv" / words["--stamp"]).write_text(words["--fingerprint"])
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Lay out a checkout whose path has spaces, with a finished environment that echoes its words."""
    root = tmp_path / "my town hall"
    for name in (*MADE_FROM, FRONT_END, VENDOR, "tools/set_up.py", ".venv/bin/machinami"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, "utf-8")
    (root / "tools/set_up.py").write_text(SET_UP, "utf-8")
    (root / ".venv/bin/machinami").write_text('#!/bin/sh\npwd\nfor word; do echo "<$word>"; done\n', "utf-8")
    (root / ".venv/bin/machinami").chmod(0o755)
    shutil.copy(ROOT / "machinami", root)
    return root


def start(script: Path, *words: str, cwd: Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the script with the strictest shell at hand."""
    shell = shutil.which("dash") or "/bin/sh"
    environment = {"MACHINAMI_PYTHON": sys.executable, "PATH": path or os.environ["PATH"]}
    if path:
        del environment["MACHINAMI_PYTHON"]
    return subprocess.run([shell, str(script), *words], cwd=cwd, env=environment, capture_output=True, text=True)


def test_words_go_unchanged_to_the_command_line_from_any_folder(checkout: Path, tmp_path: Path) -> None:
    start(checkout / "machinami", cwd=tmp_path)
    said = start(checkout / "machinami", "import", "two words", "*", cwd=tmp_path)
    assert said.stdout.splitlines() == [str(tmp_path), "<import>", "<two words>", "<*>"]


def test_a_link_to_the_script_finds_its_own_folder(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "town").symlink_to(checkout / "machinami")
    said = start(tmp_path / "town", "demo", cwd=tmp_path)
    assert (said.returncode, said.stdout.splitlines()[-1]) == (0, "<demo>")


@pytest.mark.parametrize("changed", [*MADE_FROM[:-1], FRONT_END])
def test_the_environment_is_made_once_and_again_when_what_it_is_made_from_changes(checkout: Path, changed: str) -> None:
    told = [start(checkout / "machinami", cwd=checkout).stdout.splitlines()[0] for _ in range(2)]
    assert told == ["set up requirements.lock", str(checkout)]
    (checkout / changed).write_text("changed", "utf-8")
    assert start(checkout / "machinami", cwd=checkout).stdout.startswith("set up requirements.lock")


def test_an_interrupted_set_up_is_done_again(checkout: Path) -> None:
    start(checkout / "machinami", cwd=checkout)
    (checkout / ".venv/.ready").unlink()
    assert start(checkout / "machinami", cwd=checkout).stdout.startswith("set up requirements.lock")


def test_missing_browser_libraries_are_fetched_again(checkout: Path) -> None:
    start(checkout / "machinami", cwd=checkout)
    (checkout / VENDOR).unlink()
    assert start(checkout / "machinami", cwd=checkout).stdout.startswith("set up requirements.lock")


def test_without_a_python_it_says_so_in_both_languages(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "cat", "cksum", "readlink"):
        (tools / name).symlink_to(str(shutil.which(name)))
    said = start(checkout / "machinami", "demo", cwd=checkout, path=str(tools))
    assert said.returncode == 69
    assert "Python 3.11 以上が見つかりません" in said.stderr
    assert "No Python 3.11 or newer was found" in said.stderr
