"""Does a second machine that knows no more than a town's address have the town, when the first one is killed?"""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

import aiohttp
from tests.app.towns import RunningTown, town
from tests.faults.test_backups import holds, line_with, machinami, start, wait_for_copy, write

Figure = Callable[[str, float, str], None]
PATIENCE = 60.0


def settled(folder: Path, more: str = "") -> Path:
    """A data folder that is copied beside itself, into an archive that no other machine sees."""
    folder.mkdir()
    key = folder.parent / "key"
    (folder / "machinami.toml").write_text(
        f'[backup]\nto = "{folder.parent / "archive"}"\nkey_file = "{key}"\nrehearse_days = 0\n{more}'
    )
    return folder


@contextmanager
def running(*words: object) -> "Iterator[subprocess.Popen[str]]":
    """A command while the block runs; ended with it."""
    process = start(*words)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(PATIENCE)
        if process.stdout is not None:
            process.stdout.close()


def standby_words(url: str, tmp_path: Path, *more: object) -> list[object]:
    """The command of the second machine."""
    return ["standby", "--of", url, "--data", tmp_path / "second", "--key-file", tmp_path / "key", *more]


def wait_until_followed(at: RunningTown) -> None:
    """Wait until the first machine says that a second one keeps up."""
    ends = time.monotonic() + PATIENCE
    while not any(part["name"].startswith("standby ") and part["ok"] for part in at.get("/health")["parts"]):
        assert time.monotonic() < ends, at.get("/health")["parts"]
        time.sleep(0.1)


def address(process: "subprocess.Popen[str]") -> str:
    """Where a command that serves listens."""
    return line_with(process, "Machinami: ").split()[1].rstrip("/")


def test_a_town_that_is_killed_goes_on_at_a_second_machine_that_knew_its_address_alone(
    tmp_path: Path, figure: Figure
) -> None:
    acknowledged: list[tuple[float, int]] = []
    with town(settled(tmp_path / "data")) as first:
        wait_for_copy(tmp_path)
        with running(*standby_words(first.url, tmp_path)) as second:
            assert line_with(second, "behind: <")
            wait_until_followed(first)
            asyncio.run(write(first.url, 0, acknowledged, 3.0))
            first.kill()
            known = json.loads((tmp_path / "second/mirror/towns/default/until.json").read_bytes())["at"]
            began = time.monotonic()
            with running("takeover", "--data", tmp_path / "second", "--port", "0") as taking:
                assert "may not know of this" in line_with(taking, "! ")
                there = asyncio.run(holds(address(taking)))
                seconds = time.monotonic() - began
                assert second.wait(PATIENCE) == 0
    assert {one for at, one in acknowledged if at <= known} <= there
    missing = [at for at, one in acknowledged if one not in there]
    figure("takeover over the network, from the command to the first answer", round(seconds, 1), "s")
    figure("lag of a standby over the network when its town is killed", round(acknowledged[-1][0] - known, 2), "s")
    figure("acknowledged writes that a takeover over the network has not", len(missing), "")
    assert seconds < PATIENCE
    assert acknowledged[-1][0] - min(missing, default=acknowledged[-1][0]) < PATIENCE


async def write_until_refused(url: str, acknowledged: list[int], begun: asyncio.Event) -> int:
    """Make entities, one after the other, until one is not taken; the status that was answered (0: none was)."""
    with suppress(aiohttp.ClientError):
        async with aiohttp.ClientSession(url) as session:
            for number in count():
                body = {"id": f"urn:x:{number}", "type": "X", "v": {"type": "Property", "value": "x" * 500}}
                async with session.post("/ngsi-ld/v1/entities", json=body) as answer:
                    if answer.status != 201:
                        return answer.status
                acknowledged.append(number)
                begun.set()
    return 0


def test_a_takeover_of_a_town_that_is_written_to_loses_nothing_and_the_former_machine_stops(
    tmp_path: Path, figure: Figure
) -> None:
    acknowledged: list[int] = []
    data = settled(tmp_path / "data")

    async def take_over_meanwhile() -> tuple[int, str]:
        begun = asyncio.Event()
        writing = asyncio.create_task(write_until_refused(first.url, acknowledged, begun))
        await begun.wait()
        taking = resources.enter_context(running("takeover", "--data", tmp_path / "second", "--port", "0"))
        found = await asyncio.to_thread(address, taking)
        return await writing, found

    with ExitStack() as resources:
        first = resources.enter_context(town(data))
        wait_for_copy(tmp_path)
        second = resources.enter_context(running(*standby_words(first.url, tmp_path)))
        assert line_with(second, "behind: <")
        status, url = asyncio.run(take_over_meanwhile())
        there = asyncio.run(holds(url))
        assert first.process.wait(PATIENCE) == 1
        assert second.wait(PATIENCE) == 0
    assert status in (503, 0)
    assert set(acknowledged) <= there
    missing = len(set(acknowledged) - there)
    figure("acknowledged while a running town was taken over", len(acknowledged), "")
    figure("of these missing at the second machine", missing, "")
    (tmp_path / "archive").rename(tmp_path / "away")  # even where it cannot ask
    former = machinami("serve", "--data", data, "--port", "0")
    assert former.returncode == 1
    assert "Another machine took over" in former.stderr
