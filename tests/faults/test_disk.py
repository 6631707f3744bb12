"""A disk that is full, and a file whose end is torn: the town says so, loses nothing that it promised, and goes on."""

import os
import random
import resource
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError

import orjson
import pytest
from tests.app.towns import environment
from tests.faults.load import BASE, name, prop

from machinami.model.query import TemporalQuery
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

SMALL = str(Path(__file__).with_name("small_server.py"))
LEVEL = "https://uri.etsi.org/ngsi-ld/default-context/level"
Figure = Callable[[str, float, str], None]


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A small town in a process of its own; killed when the block is left."""
    command = [sys.executable, SMALL, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[1].rstrip("/"), process
        finally:
            process.kill()


def put(url: str, number: int, value: int) -> tuple[int, str]:
    """Give a gauge a value; the status, and what is said of it."""
    body = [{"id": name("Gauge", number), "type": "Gauge", "level": prop(value), "text": prop("x" * 3_000)}]
    request = urllib.request.Request(
        f"{url}{BASE}/entityOperations/upsert?options=update", orjson.dumps(body), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, ""
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Callable[["subprocess.Popen[str]", bool], None]]:
    """A disk of this size, where who runs this may make one; else a bound for the files of the process. What is given
    makes room on it, or takes it away again."""
    made = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode
    ballast = folder / "ballast"

    def room(process: "subprocess.Popen[str]", free: bool) -> None:
        if not made:
            bound = resource.RLIM_INFINITY if free else megabytes << 19
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (bound, resource.RLIM_INFINITY))
        elif free:
            ballast.unlink(missing_ok=True)
        else:
            with suppress(OSError), ballast.open("wb") as file:
                file.write(bytes(megabytes << 19))

    try:
        yield room
    finally:
        if made:
            subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_is_said_with_what_to_do_and_everything_goes_on_when_there_is_room(
    tmp_path: Path, figure: Figure
) -> None:
    values: dict[int, list[int]] = {}
    small = tmp_path / "small"
    small.mkdir()
    with disk(small, 8) as room:
        with served(small) as (url, process):
            room(process, False)
            refused: list[str] = []
            value = 0
            while len(refused) < 20:
                value += 1
                assert value < 20_000, "the disk is never full"
                status, said = put(url, value % 7, value)
                if status < 300:
                    values.setdefault(value % 7, []).append(value)
                else:
                    assert status == 503
                    refused.append(said)
            assert all("no space left for it" in said and '"title"' in said for said in refused)
            with urllib.request.urlopen(f"{url}{BASE}/entities/{name('Gauge', 1)}", timeout=30) as answer:
                assert orjson.loads(answer.read())["level"]["value"] == values[1][-1]
            room(process, True)
            for number in range(7):
                value += 1
                assert put(url, number, value) == (204, "")
                values[number].append(value)
            room(process, False)  # and it dies while there is none
        with served(small) as (url, process):
            with urllib.request.urlopen(f"{url}{BASE}/entities/{name('Gauge', 1)}", timeout=30) as answer:
                assert orjson.loads(answer.read())["level"]["value"] == values[1][-1]
            room(process, True)
            value += 1
            assert put(url, 0, value) == (204, "")
            values[0].append(value)
        shutil.copytree(small, tmp_path / "large")  # where there is room to look at all of it
    await kept(tmp_path / "large", values)
    figure("writes taken on a disk that became full, all there", sum(map(len, values.values())), "")


async def kept(folder: Path, values: dict[int, list[int]]) -> None:
    backend = open_backend(folder, StoreSettings())
    town = await backend.open("default")
    assert await town.disagreements() == []
    for number, taken in values.items():
        series = await town.instances([name("Gauge", number)], [LEVEL], TemporalQuery())
        assert [one.value.value for one in series] == taken
    await backend.close()


@pytest.mark.parametrize("harm", ["cut", "garbled", "garbled file"])
async def test_a_torn_end_loses_no_more_than_itself(tmp_path: Path, harm: str) -> None:
    taken: list[int] = []
    with served(tmp_path) as (url, _):
        for value in range(120):
            assert put(url, 1, value)[0] < 300
            taken.append(value)
    file = tmp_path / "towns" / "default" / "town.sqlite"
    tail = file if harm == "garbled file" else file.with_name("town.sqlite-wal")
    size, draw = tail.stat().st_size, random.Random(3)
    if harm == "cut":
        os.truncate(tail, size - 5_000)
    else:
        with tail.open("r+b") as torn:
            torn.seek(size - 5_000)
            torn.write(draw.randbytes(5_000))
    with served(tmp_path) as (url, _):
        assert put(url, 1, 1_000)[0] < 300
    backend = open_backend(tmp_path, StoreSettings())
    town = await backend.open("default")
    told = await town.disagreements()
    series = await town.instances([name("Gauge", 1)], [LEVEL], TemporalQuery())
    found = [one.value.value for one in series]
    assert found[-1] == 1_000
    if harm == "garbled file":  # changes that had moved there already, and lay on the page, are missing, and are said
        assert all(text.startswith("the log goes from") for text in told)
        assert found[:-1] == [one for one in taken if one in found]
    else:
        assert told == []
        assert found[:-1] == taken[: len(found) - 1]
    assert len(found) > 100
    await backend.close()
