"""Is everything in order? Runs each check in turn, then the tests, whose summary is the last line.

Called by `./machinami test`. Words it does not know go to pytest, so `./machinami test tests/house -k lock`
works; `--long` runs the long form of the tests; `--no-skips` makes a skipped test a failure.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Debian keeps daemons outside an ordinary user's path.
SYSTEM_PATH = os.pathsep.join(("/usr/sbin", "/usr/local/sbin", "/sbin"))


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, and the arguments Python gets."""

    name: str
    arguments: tuple[str, ...]


# A file's tests stay together, as what they share is then made once; files in their order: those at the end are short.
BY_FILE = ("--dist", "loadfile", "--no-loadscope-reorder")
# import-linter has a script, but nothing that `python -m` would run.
LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
CHECKS = (
    Check("house rules", ("tools/check.py",)),
    Check("ruff", ("-m", "ruff", "check", "--quiet", ".")),
    Check("format", ("-m", "ruff", "format", "--check", "--quiet", ".")),
    Check("types", ("-m", "mypy")),
    Check("floors", ("-c", LINT)),
)


def find_program(*names: str) -> str | None:
    """Find the first of some programs, in the path and where daemons live."""
    path = os.pathsep.join((os.environ.get("PATH", ""), SYSTEM_PATH))
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def has_japanese_font() -> bool:
    """Tell whether a browser here can draw Japanese without our own fonts."""
    listed = find_program("fc-list")
    if listed is None:
        return False
    return bool(subprocess.run([listed, ":lang=ja"], capture_output=True, text=True).stdout.strip())


def lacking(environ: Mapping[str, str]) -> Iterator[str]:
    """Say what this machine lacks, what that costs, and how to get it."""
    if find_program(*BROWSERS) is None:
        yield "no Chromium: the browser tests will be skipped (Debian: sudo apt install chromium)"
    if find_program("mosquitto") is None:
        yield "no mosquitto: the MQTT tests will be skipped (Debian: sudo apt install mosquitto)"
    if not has_japanese_font():
        yield "no Japanese font: screenshots may show boxes (Debian: sudo apt install fonts-noto-cjk)"
    shared = Path(environ.get("MACHINAMI_SHARED", ROOT.parent / "shared"))
    if not (shared / "data").is_dir():
        yield f"no public test data at {shared} (MACHINAMI_SHARED): the tests on real records will be skipped"


def run_check(check: Check) -> bool:
    """Run one check and say how it went; its output is shown only when something is wrong."""
    began = time.monotonic()
    command = [sys.executable, *check.arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    passed = done.returncode == 0
    print(f"{'ok    ' if passed else 'FAILED'} {check.name} ({time.monotonic() - began:.0f} s)", flush=True)
    if not passed:
        print(done.stdout + done.stderr, flush=True)
    return passed


def run_tests(words: Sequence[str], failed: Sequence[str]) -> int:
    """Run pytest on two processes; what failed before is told just above its output."""
    if failed:
        print(f"{len(failed)} of {len(CHECKS)} checks FAILED: {', '.join(failed)}; the tests follow", flush=True)
    command = [sys.executable, "-m", "pytest", "-n", "2", *BY_FILE, *words]
    # Tests start the program many times: what was compiled once is kept, whatever the machine is set to.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def main(words: Sequence[str]) -> int:
    """Run everything; 0 only when every check and every test passed."""
    for lack in lacking(os.environ):
        print(f"lacks  {lack}")
    failed = [check.name for check in CHECKS if not run_check(check)]
    tests = run_tests(words, failed)
    return tests or bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
