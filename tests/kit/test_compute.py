"""Do worker processes end with the server that started them, and is what waits for them bounded?"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from machinami.foundation.errors import Overloaded
from machinami.kit.compute import Compute

ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import asyncio, os, time
from machinami.kit.compute import Compute

async def main():
    compute = Compute()
    print(await compute.run(os.getpid), flush=True)
    await compute.run(time.sleep, 600)

if __name__ == "__main__":
    asyncio.run(main())
"""


def is_there(process: int) -> bool:
    """Whether a process runs; one that ended and was not asked for yet does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_worker_that_computes_ends_when_its_server_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        assert is_there(worker)
        os.kill(server.pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while is_there(worker):
        assert time.monotonic() < until, "the worker goes on without its server"
        os.sched_yield()


async def test_who_asks_is_refused_where_too_many_computations_wait_and_recurring_work_is_not() -> None:
    compute = Compute(workers=1)
    try:
        asked = [asyncio.ensure_future(compute.run(os.getpid)) for _ in range(30)]
        recurring = [asyncio.ensure_future(compute.run(os.getpid, patient=True)) for _ in range(10)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        refused = [one for one in found if isinstance(one, Overloaded)]
        assert len(refused) == compute.refused == 30 - 1 - 16
        assert len({*(one for one in found if isinstance(one, int)), *await asyncio.gather(*recurring)}) == 1
        assert compute.waiting == 0
        assert await compute.run(os.getpid) > 0
    finally:
        compute.close()


async def test_a_worker_that_ends_is_told_of_and_the_next_computation_has_a_new_one() -> None:
    compute = Compute(workers=1)
    try:
        with pytest.raises(Overloaded, match="started anew"):
            await compute.run(os._exit, 1)
        assert await compute.run(os.getpid) > 0
        assert compute.ended == 1
    finally:
        compute.close()
