"""A town in a process of its own, as a user runs it (but for the loading), for tests that look at it from outside."""

import contextlib
import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.app.loaded import Forked

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """The environment in which this checkout is the one that runs."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}


@dataclass
class RunningTown:
    """The process of a running town and where it listens."""

    process: Forked
    url: str

    def kill(self) -> None:
        """kill -9: nothing gets a chance to tidy up."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def get(self, path: str) -> Any:
        """The JSON behind a path."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)


@contextlib.contextmanager
def town(folder: Path | None, *words: str, by: str = "serve") -> Iterator[RunningTown]:
    """Serve the folder (None: a throw-away one) on a free port, by `serve` or `demo`, until the block is left."""
    data = [] if folder is None else ["--data", str(folder)]
    with contextlib.closing(Forked([by, *data, "--port", "0", *words], environment())) as process:
        try:
            said = next((line for line in process.stdout if line.startswith("Machinami: ")), "nothing")
            assert "http://127.0.0.1:" in said, f"the town did not start: {said!r}"
            yield RunningTown(process, said.split()[1].rstrip("/"))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)
