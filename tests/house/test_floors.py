"""Do the floors hold, and would a breach be caught?"""

import os
import shutil
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
def copy(tmp_path: Path) -> Path:
    """Copy the product's code and its contracts."""
    code = tmp_path / "src/machinami"
    shutil.copytree(ROOT / "src/machinami", code, ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
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
def test_a_wrong_import_breaks_its_contract(copy: Path, file: str, line: str, contract: str) -> None:
    assert lint(copy).returncode == 0
    (copy / "src/machinami" / file).write_text(f'"""Why?"""\n\n{line}\n', "utf-8")
    said = lint(copy)
    assert said.returncode != 0
    assert any(contract in told and "BROKEN" in told for told in said.stdout.splitlines())


def test_a_module_without_a_floor_is_not_let_in(copy: Path) -> None:
    (copy / "src/machinami/attic.py").write_text('"""Why?"""\n', "utf-8")
    said = lint(copy)
    assert said.returncode != 0
    assert "attic" in said.stdout


def test_a_stray_module_in_a_service_is_not_let_in(copy: Path) -> None:
    service = copy / "src/machinami/services/count"
    service.mkdir()
    for name in ("__init__", "model", "logic", "service", "helpers"):
        (service / f"{name}.py").write_text('"""Why?"""\n', "utf-8")
    said = lint(copy)
    assert said.returncode != 0
    assert "helpers" in said.stdout
