"""Does a new service begin whole, here or in a package of its own, and leave alone what is there?"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.app.towns import environment

import check
from house import House
from machinami.cli.entrance import enter
from machinami.cli.new_service import check_name, create, register
from machinami.foundation.errors import AlreadyExists, InputError
from machinami.kit.manifest_reading import examine

ROOT = Path(__file__).resolve().parents[2]
HOUSE_RULES = {name: rule for name, rule in check.RULES.items() if not name.startswith(("fresh", "written"))}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Lay out a checkout with room for services."""
    (tmp_path / "src/machinami/services").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "machinami"\n\n[tool.ruff]\nline-length = 120\n', "utf-8"
    )
    return tmp_path


def test_a_new_service_keeps_the_rules_of_the_house_and_is_registered(checkout: Path) -> None:
    written = create("bench_count", checkout, None)
    assert {path.name for path in written} >= {
        "manifest.toml",
        "logic.py",
        "service.py",
        "test_logic.py",
        "bench_count.md",
    }
    assert list(check.findings(House(checkout), HOUSE_RULES)) == []
    points = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    assert points == {"machinami.services": {"bench_count": "machinami.services.bench_count"}}


def test_the_map_of_the_checkout_names_it_from_the_first_moment(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (checkout / "tools").symlink_to(ROOT / "tools")
    floors = (ROOT / ".importlinter").read_text("utf-8")
    (checkout / ".importlinter").write_text(floors, "utf-8")
    assert enter(["new-service", "bench_count", "--root", str(checkout)]) == 0
    assert "services/bench_count/logic.py" in (checkout / "docs/map.md").read_text("utf-8")
    assert "wrote docs/map.md" in capfd.readouterr().out


def test_its_manifest_has_no_fault(checkout: Path) -> None:
    create("bench_count", checkout, None)
    manifest, faults = examine((checkout / "src/machinami/services/bench_count/manifest.toml").read_text("utf-8"))
    assert faults == []
    assert manifest is not None
    assert manifest.may_write("BenchCount")


def test_a_package_of_its_own_passes_its_own_tests(tmp_path: Path) -> None:
    create("bench_count", tmp_path, tmp_path / "bench")
    command = [sys.executable, "-W", "ignore", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    said = subprocess.run(command, cwd=tmp_path / "bench", capture_output=True, text=True, env=environment())
    assert said.returncode == 0, said.stdout + said.stderr
    assert "21 passed" in said.stdout


@pytest.mark.parametrize("words", [("check",), ("format", "--check")])
@pytest.mark.parametrize("name", ["bench_count", "a", "zebra_crossing_lamps_of_the_old_town_ward"[:40]])
def test_it_is_clean_in_the_eyes_of_ruff(tmp_path: Path, words: tuple[str, ...], name: str) -> None:
    create(name, tmp_path, tmp_path / "out")
    command = [
        sys.executable,
        "-m",
        "ruff",
        *words,
        "--config",
        str(ROOT / "pyproject.toml"),
        "--config",
        "src=['src']",
    ]
    said = subprocess.run([*command, "--no-cache", "."], cwd=tmp_path / "out", capture_output=True, text=True)
    assert said.returncode == 0, said.stdout


def test_its_types_hold(tmp_path: Path) -> None:
    create("bench_count", tmp_path, tmp_path / "out")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(ROOT / ".mypy_cache"), "-p", "bench_count"]
    paths = {"MYPYPATH": f"{tmp_path / 'out/src'}{os.pathsep}{ROOT / 'src'}"}
    said = subprocess.run(command, cwd=tmp_path, env={**os.environ, **paths}, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("name", ["Bench", "1st", "bench-count", "class", "", "ベンチ", "a/b", "../up", "x" * 41])
def test_a_name_that_cannot_be_is_refused_with_an_example(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="such as bench_count"):
        create(name, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["json", "machinami"])
def test_a_package_of_its_own_hides_no_other(name: str) -> None:
    with pytest.raises(InputError, match="would hide"):
        check_name(name, alone=True)


def test_nothing_that_is_there_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    readme = tmp_path / "out/README.md"
    readme.parent.mkdir()
    readme.write_text("mine", "utf-8")
    with pytest.raises(AlreadyExists, match=r"README\.md is there already"):
        create("bench_count", tmp_path, tmp_path / "out")
    assert [path.name for path in readme.parent.iterdir()] == ["README.md"]
    assert readme.read_text("utf-8") == "mine"


def test_outside_a_checkout_it_says_where_to_go(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="add --outside DIR"):
        create("bench_count", tmp_path, None)


@given(names=st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), min_size=1, max_size=5, unique=True))
def test_every_registered_service_is_found_once_whatever_came_before(names: list[str]) -> None:
    project = '[project]\nname = "machinami"\n\n[tool.ruff]\nline-length = 120\n'
    for name in [*names, *names]:
        project = register(project, name)
    points = tomllib.loads(project)["project"]["entry-points"]["machinami.services"]
    assert points == {name: f"machinami.services.{name}" for name in names}
