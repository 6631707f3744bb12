"""Killed while it copies or restores, a town loses nothing that the archive had; a second machine takes over."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.app.backups.copied import Copied, put
from tests.app.towns import RunningTown, environment, town

from machinami.app.backups.restoring import restore_town
from machinami.app.backups.vault import open_vault
from machinami.store.settings import StoreSettings

Figure = Callable[[str, float, str], None]
BASE = "/ngsi-ld/v1"
_LIFE = 1.0  # seconds of writing
_PATIENCE = 60.0


def settled(folder: Path, tmp_path: Path) -> Path:
    """A data folder whose settings have it copied."""
    folder.mkdir()
    (folder / "machinami.toml").write_text(
        f'[backup]\nto = "{tmp_path / "archive"}"\nkey_file = "{tmp_path / "key"}"\nrehearse_days = 0\n'
    )
    return folder


def until(tmp_path: Path) -> dict[str, Any]:
    """Up to when the archive has everything."""
    with suppress(FileNotFoundError):
        return dict(json.loads((tmp_path / "archive" / "towns" / "default" / "until.json").read_bytes()))
    return {"at": 0.0, "seq": 0}


def machinami(*words: object) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    command = [sys.executable, "-m", "machinami", *map(str, words)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120, check=False)


async def write(url: str, number: int, acknowledged: list[tuple[float, int]], seconds: float) -> int:
    """Make entities, one after the other, and note when each was acknowledged."""
    ends = time.monotonic() + seconds
    with suppress(aiohttp.ClientError):
        async with aiohttp.ClientSession(url) as session:
            while time.monotonic() < ends:
                body = {"id": f"urn:x:{number}", "type": "X", "v": {"type": "Property", "value": "x" * 500}}
                async with session.post(f"{BASE}/entities", json=body) as answer:
                    assert answer.status == 201
                    acknowledged.append((time.time(), number))
                    number += 1
    return number


async def holds(url: str) -> set[int]:
    """The numbers of the entities that there are."""
    found: set[int] = set()
    async with aiohttp.ClientSession(url) as session:
        while True:
            query = {"type": "X", "limit": "1000", "offset": str(len(found))}
            async with session.get(f"{BASE}/entities", params=query) as answer:
                page = await answer.json()
            found |= {int(one["id"].rpartition(":")[2]) for one in page}
            if len(page) < 1000:
                return found


def wait_for_copy(tmp_path: Path) -> None:
    """Wait until there is a whole copy."""
    ends = time.monotonic() + _PATIENCE
    while not list((tmp_path / "archive").glob("towns/default/bases/*.base")):
        assert time.monotonic() < ends, "no copy was made"
        time.sleep(0.05)


def lives(tmp_path: Path, number: int) -> tuple[list[tuple[float, int]], float]:
    """Have a town that is copied written to and killed; what was acknowledged, and until when the archive says that it
    has everything."""
    data, following, draw = settled(tmp_path / "data", tmp_path), 0, random.Random(3)
    acknowledged: list[tuple[float, int]] = []
    for life in range(number):
        with town(data) as running:
            if not life:
                wait_for_copy(tmp_path)
            seconds = _LIFE + draw.random()
            following = asyncio.run(write(running.url, following, acknowledged, seconds))
            running.kill()
        following += 1  # one may have been taken and not been acknowledged
    return acknowledged, float(until(tmp_path)["at"])


@pytest.mark.parametrize("number", [2, pytest.param(30, marks=pytest.mark.long)])
def test_a_town_that_is_killed_while_it_is_copied_comes_back_as_far_as_the_archive_says(
    tmp_path: Path, figure: Figure, number: int
) -> None:
    acknowledged, known = lives(tmp_path, number)
    told = machinami("restore", tmp_path / "archive", "--data", tmp_path / "again", "--key-file", tmp_path / "key")
    assert told.returncode == 0, told.stderr
    with town(tmp_path / "again") as running:
        there = asyncio.run(holds(running.url))
    assert {one for at, one in acknowledged if at <= known} <= there
    missing = [at for at, one in acknowledged if one not in there]
    figure(f"kills survived by what copies a town, of {number}", number, "")
    figure("acknowledged writes checked in the restored town", len(acknowledged) - len(missing), "")
    last = acknowledged[-1][0]
    figure("acknowledged before a kill, and not in the archive", round(last - min(missing, default=last), 2), "s")


def test_a_restore_or_a_backup_that_is_killed_leaves_nothing_half_and_can_be_asked_for_again(
    tmp_path: Path, figure: Figure
) -> None:
    lives(tmp_path, 1)
    archive, key, again = tmp_path / "archive", tmp_path / "key", tmp_path / "again"
    draw, killed = random.Random(8), 0
    words = {
        "restore": ["restore", archive, "--data", again, "--key-file", key],
        "backup": ["backup", "--data", tmp_path / "data", "--to", archive, "--key-file", key],
    }
    for act in ("restore", "backup", "restore"):
        command = [sys.executable, "-m", "machinami", *map(str, words[act])]
        with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(draw.uniform(0.6, 2.0))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
        if act == "restore" and again.exists():
            assert (again / "towns" / "default" / "town.sqlite").exists()
            again.rename(tmp_path / f"done-{killed}")
    assert machinami(*words["backup"]).returncode == 0
    assert machinami(*words["restore"]).returncode == 0
    refused = machinami(*words["restore"])
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    rehearsed = machinami("rehearse", archive, "--key-file", key, "--in", tmp_path)
    assert rehearsed.returncode == 0, rehearsed.stdout
    figure("backups and restores killed", killed, "")


def start(*words: object) -> "subprocess.Popen[str]":
    """Begin a command."""
    command = [sys.executable, "-m", "machinami", *map(str, words)]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)


def line_with(process: "subprocess.Popen[str]", text: str) -> str:
    """The first line that holds a text."""
    assert process.stdout is not None
    return next((line for line in process.stdout if text in line), "")


def test_a_second_machine_takes_over_within_a_minute_with_what_it_said_it_had(tmp_path: Path, figure: Figure) -> None:
    acknowledged: list[tuple[float, int]] = []
    standby, second = None, tmp_path / "second"
    with town(settled(tmp_path / "data", tmp_path)) as running:
        wait_for_copy(tmp_path)
        standby = start("standby", "--of", tmp_path / "archive", "--data", second, "--key-file", tmp_path / "key")
        assert line_with(standby, "behind: <")
        asyncio.run(write(running.url, 0, acknowledged, 2.0))
        known = until(tmp_path)
        running.kill()
    began = time.monotonic()
    taking = start("takeover", "--data", second, "--port", "0")
    try:
        url = line_with(taking, "Machinami: ").split()[1].rstrip("/")
        there = asyncio.run(holds(url))
        seconds = time.monotonic() - began
        assert standby.wait(_PATIENCE) == 0
        former = machinami("serve", "--data", tmp_path / "data", "--port", "0")
        assert former.returncode == 1
        assert "Another machine took over" in former.stderr
        RunningTown(taking, url).get("/health")
    finally:
        for process in (taking, standby):
            if process.poll() is None:
                process.terminate()
            process.wait(_PATIENCE)
            if process.stdout is not None:
                process.stdout.close()
    assert {one for at, one in acknowledged if at <= known["at"]} <= there
    missing = [at for at, one in acknowledged if one not in there]
    figure("takeover, from the command to the first answer", round(seconds, 1), "s")
    figure("lag of a standby when its town is killed", round(acknowledged[-1][0] - known["at"], 2), "s")
    figure("acknowledged writes that a takeover has not", len(missing), "")
    assert seconds < 60


@pytest.mark.parametrize("megabytes", [50, pytest.param(10_000, marks=pytest.mark.long)])
async def test_a_restore_is_fast_and_a_further_base_takes_what_changed(
    tmp_path: Path, figure: Figure, megabytes: int
) -> None:
    copied = Copied(tmp_path)
    draw = random.Random(1)
    async with copied.opened(StoreSettings(), follow=False) as store:
        for number in range(megabytes):
            body = draw.randbytes(350_000).hex() + "." * 300_000  # compresses about as well as a town's data do
            await put(store, f"{number:06}", body)
    async with copied.opened(StoreSettings()) as store:  # all of it is in the file by now, nothing in its log
        full = await copied.base()
        state = copied.copies[-1].state
        before, began = state.taken, time.process_time()
        await put(store, "000001", "changed")
        await copied.base()
        further, cpu = state.taken - before, time.process_time() - began
    began = time.monotonic()
    found = await asyncio.to_thread(restore_town, open_vault(copied.archive, None), "default", tmp_path / "restored")
    seconds = time.monotonic() - began
    figure(f"restored, of {megabytes:,} MB", round(found.bytes / seconds / 1e6, 1), "MB/s")
    figure(f"taken by a further base, of {full.taken:,} bytes", further, "bytes")
    figure("CPU of a further base", round(cpu, 3), "s")
    assert further < full.taken / 10
    assert found.bytes / seconds > 10_000_000_000 / 600 or megabytes < 1_000
