"""Do worker processes end with the server that started them, however it ends?"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
