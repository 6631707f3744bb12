"""How are the four lock files made anew from what pyproject.toml asks for?

`python tools/renew_locks.py` keeps what is locked and adds or drops what pyproject.toml asks;
`--upgrade` takes the newest of everything. It needs `uv` in the environment of the python that runs it
(a maintainer's tool; the locks themselves install with plain pip). The files hold every platform's
hashes and markers, and name no index.
"""

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import parts_record

# A client made by others that is tried against us; it wants older libraries, so it has an environment of its own.
CLIENT = "ngsildclient==0.5.2"
ROOT = Path(__file__).resolve().parent.parent
COMPILE = (
    *("-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate", "--quiet"),
)


def compile_lock(out: str, arguments: Sequence[str], source: str | None = None) -> None:
    """Write one lock file; `source` is fed as a requirements file where pyproject.toml is not enough."""
    command = [sys.executable, *COMPILE, *arguments, "--output-file", out]
    subprocess.run(command, cwd=ROOT, check=True, input=source, text=True)
    print(f"{out}: {(ROOT / out).read_text('utf-8').count('==')} packages")


def main(argv: Sequence[str] | None = None) -> int:
    """Renew runtime, test, build and client locks, in this order: the test lock holds to the runtime lock."""
    parser = argparse.ArgumentParser(description="Make the lock files anew from pyproject.toml.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions of everything")
    upgrade = ["--upgrade"] if parser.parse_args(argv).upgrade else []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    compile_lock("requirements.lock", ["pyproject.toml", *upgrade])
    tests = ["pyproject.toml", "--extra", "test", "--constraints", "requirements.lock", *upgrade]
    compile_lock("requirements-test.lock", tests)
    build = "\n".join(project["build-system"]["requires"])
    compile_lock("requirements-build.lock", ["-", *upgrade], source=build)
    compile_lock("requirements-client.lock", ["-", *upgrade], source=CLIENT)
    return parts_record.main(["--looked"] if upgrade else [])


if __name__ == "__main__":
    sys.exit(main())
