"""What is tested? A broker of this tree in a folder of its own, with the settings that the suite expects."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 20.0
# The suite wants a second page at 20 instances of an attribute, and none at 5.
INSTANCES = 10


@dataclass(frozen=True, slots=True)
class Town:
    """A running broker."""

    url: str


@contextmanager
def open_town(tree: Path, folder: Path, port: int, number: int, federated: bool) -> Iterator[Town]:
    """Run the broker of a tree in a fresh folder while the block runs. Raises SystemExit where it does not start."""
    folder.mkdir(parents=True)
    (folder / "machinami.toml").write_text(settings(number, federated), "utf-8")
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "machinami", "serve", "--data", str(folder), "--port", str(port)]
    if _is_answering(address):
        raise SystemExit(f"Somebody listens on port {port} already; stop it, or name another with --port")
    environment = {**os.environ, "PYTHONPATH": str(tree / "src")}
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tree, env=environment, stdout=log, stderr=log)
        try:
            _await(process, address, folder)
            yield Town(f"{address}/ngsi-ld/v1")
        finally:
            _stop(process)


def settings(number: int, federated: bool) -> str:
    """The settings of the broker with this number; those of a federation are known to each other by an alias."""
    lines = ["[server]", f"instance_limit = {INSTANCES}"]
    if federated:
        lines += ["", "[network]", f'alias = "antares{number}"']
    return "\n".join(lines) + "\n"


def _is_answering(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
            return bool(answer.status)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _await(process: "subprocess.Popen[bytes]", address: str, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if _is_answering(address):
            return
        time.sleep(0.05)
    words = (folder.parent / f"{folder.name}.log").read_text("utf-8", "replace")
    raise SystemExit(f"The broker at {address} did not start: {words[-1000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
