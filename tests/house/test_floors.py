"""Do the floors hold, and would a breach be caught?"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from verify import LINT

ROOT = Path(__file__).resolve().parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a copy of the house."""
    command = [sys.executable, "-c", LINT]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """Make an empty house: every floor and every module that the contracts name, and the contracts."""
    contracts = (ROOT / ".importlinter").read_text("utf-8")
    floors = [path.parent.name for path in (ROOT / "src/machinami").glob("*/__init__.py")]
    for name in ["", *floors, *re.findall(r"^ +machinami\.([a-z_.]+)$", contracts, re.MULTILINE)]:
        package = tmp_path.joinpath("src/machinami", *name.split("."))
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("", "utf-8")
    (tmp_path / ".importlinter").write_text(contracts, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("model/stray.py", "import machinami.broker", "Floors import only downwards"),
        ("model/stray.py", "import sqlite3", "Computation touches no I/O"),
        ("kit/stray.py", "import machinami.store", "Only the broker opens the store"),
        ("portal/stray.py", "import machinami.broker", "Services and portal reach the city only through the kit"),
    ],
)
def test_a_wrong_import_breaks_its_contract(skeleton: Path, file: str, line: str, contract: str) -> None:
    assert lint(skeleton).returncode == 0
    (skeleton / "src/machinami" / file).write_text(f'"""Why?"""\n\n{line}\n', "utf-8")
    said = lint(skeleton)
    assert said.returncode != 0
    assert any(contract in told and "BROKEN" in told for told in said.stdout.splitlines())


def test_a_module_without_a_floor_is_not_let_in(skeleton: Path) -> None:
    (skeleton / "src/machinami/attic.py").write_text('"""Why?"""\n', "utf-8")
    said = lint(skeleton)
    assert said.returncode != 0
    assert "attic" in said.stdout


def test_a_stray_module_in_a_service_is_not_let_in(skeleton: Path) -> None:
    service = skeleton / "src/machinami/services/count"
    service.mkdir()
    for name in ("__init__", "model", "logic", "service", "helpers"):
        (service / f"{name}.py").write_text('"""Why?"""\n', "utf-8")
    said = lint(skeleton)
    assert said.returncode != 0
    assert "helpers" in said.stdout
