"""Is a town of real size, which an earlier version wrote and was killed in, there whole in the present form?"""

import asyncio
import io
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from tests.app.delivery.forms.writing import BASE, send, told, written
from tests.app.delivery.test_earlier_forms import NUMBERS
from tests.app.towns import town

from machinami.app.delivery.inspecting import bring_forward
from machinami.store.sqlite.backend import FILE

ROOT = Path(__file__).resolve().parents[3]
STEPS = "src/machinami/store/sqlite/migrations"
SCALE = 100  # 10,000 gauges, 112,000 changes: five gauges of every ten minutes for five months
pytestmark = pytest.mark.long


def git(*words: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=True, timeout=120).stdout


@cache
def last_of_forms() -> dict[int, str]:
    """By its number, the last version on main that wrote a form; none where this is no clone with its history."""
    try:
        turns = git("rev-list", "--first-parent", "HEAD", "--", STEPS).decode().split()
        befores = [git("rev-parse", f"{turn}~1").decode().strip() for turn in turns]
    except subprocess.CalledProcessError:
        return {}
    found: dict[int, str] = {}
    for before in befores:  # the newest first
        listed = git("ls-tree", "--name-only", before, f"{STEPS}/").decode().splitlines()
        found.setdefault(sum(name.endswith(".sql") for name in listed), before)
    return {number: found[number] for number in NUMBERS if number in found}


@contextmanager
def serving(source: Path, data: Path) -> Iterator[str]:
    """Where an earlier version serves a folder; at the end it is killed."""
    environment = {**os.environ, "PYTHONPATH": str(source / "src"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-P", "-m", "machinami", "serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as run:
        try:
            assert run.stdout is not None
            yield next(line.split()[1] for line in run.stdout if line.startswith("Machinami: http"))
        finally:
            run.kill()


@pytest.mark.parametrize("number", sorted(last_of_forms()))
def test_a_town_of_real_size_is_there_whole(
    number: int, tmp_path: Path, figure: Callable[[str, float, str], None]
) -> None:
    source, data, made = tmp_path / "source", tmp_path / "data", written(SCALE)
    with tarfile.open(fileobj=io.BytesIO(git("archive", last_of_forms()[number], "src"))) as archive:
        archive.extractall(source, filter="data")
    with serving(source, data) as url:
        send(url.rstrip("/"), made)
    (file,) = data.glob(f"**/{FILE}")
    assert int.from_bytes(file.read_bytes()[60:64], "big") in (number, 0)  # 0: all of it is in the write-ahead log yet
    begun = time.monotonic()
    held = asyncio.run(bring_forward(data, thoroughly=True))["default"]
    figure(f"a town of form {number}, brought forward", time.monotonic() - begun, "s")
    figure(f"a town of form {number}", file.stat().st_size / 1e6, "MB")
    assert held["entities"] == len(made.entities)
    assert held["log"] >= sum(len(body) if isinstance(body, list) else 1 for _, _, body in made.requests[:-1])
    with town(data) as running:
        gauges = list(made.entities)
        for name in gauges[:: len(gauges) // 50]:
            assert told(running.get(f"{BASE}/entities/{name}")) == made.entities[name]
