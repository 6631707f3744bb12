"""A budget is never exceeded, however often the process is killed in the middle of spending it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

SPENDER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from machinami.broker.releases import ledger
from machinami.foundation.errors import Conflict
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.backend import open_backend

async def main(folder, first):
    backend = open_backend(Path(folder), StoreSettings(durability="full"))
    store = await backend.open("default")
    day = datetime(2026, 6, 1, tzinfo=UTC)
    print("open", flush=True)
    for number in range(first, first + 10_000):
        try:
            await store.transact(lambda tx: ledger.take(tx, "people", f"v{number}", 0.01, day))
            print(f"v{number}", flush=True)
        except Conflict:
            kept = store.record(ledger.SPENT, "people")["entries"]
            print("full", sum(one["micro"] for one in kept.values()), len(kept), ",".join(kept), flush=True)
            break
    await backend.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def spend(folder: Path, first: int, kill_after: int | None) -> list[str]:
    """What was said before the process was killed, or had nothing left to spend."""
    command = [sys.executable, "-c", SPENDER, str(folder), str(first)]
    source = str(Path(__file__).resolve().parents[3] / "src")
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source}) as one:
        assert one.stdout is not None
        for line in one.stdout:
            said.append(line.strip())
            if kill_after is not None and len(said) > kill_after:
                one.send_signal(signal.SIGKILL)
                break
    return said


def test_what_was_taken_stays_taken_over_three_kills(tmp_path: Path) -> None:
    taken: set[str] = set()
    for turn, after in enumerate((7, 19, 31)):
        taken |= {line for line in spend(tmp_path, turn * 1_000, after) if line.startswith("v")}
    last = spend(tmp_path, 3_000, None)
    taken |= {line for line in last if line.startswith("v")}
    _, micro, count, names = last[-1].split()
    assert (int(micro), int(count)) == (1_000_000, 100)  # all of the budget of 1, and not a millionth more
    assert taken <= set(names.split(","))  # nothing that was said to be taken is forgotten
