"""How much CPU and memory does a process take, with all its children? Read from the operating system (Linux)."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from machinami.foundation.errors import InputError

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def cpu_seconds(pid: int) -> float:
    """User and system time of the process and its children, living and waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError as error:
        raise InputError(f"The CPU time of process {pid} cannot be read; the bench needs Linux") from error
    own = sum(int(fields[index]) for index in (11, 12, 13, 14)) / _TICK
    return own + sum(cpu_seconds(child) for child in children(pid))


def children(pid: int) -> list[int]:
    """The living child processes."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found


def resident_megabytes(pid: int) -> float:
    """Resident memory of the process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", seconds: float = 120.0) -> float:
    """Seconds until the port took a connection. Raises InputError if the process ended or the time ran out."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        if process.poll() is not None:
            raise InputError(f"The server ended with code {process.returncode} before it listened")
        try:
            with socket.create_connection(("127.0.0.1", port), 0.2):
                return time.perf_counter() - began
        except OSError:
            time.sleep(0.005)
    raise InputError(f"The server did not listen within {seconds:g} s")


@contextlib.contextmanager
def serving(folder: Path, durability: str) -> Iterator[tuple[int, int, float]]:
    """The town in this folder, served by a process of its own: port, process id, seconds to start."""
    port = free_port()
    words = ["serve", "--data", str(folder), "--port", str(port), "--durability", durability]
    with started([sys.executable, "-m", "machinami", *words]) as process:
        yield port, process.pid, wait_for_port(port, process)


@contextlib.contextmanager
def started(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that is stopped in the end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
