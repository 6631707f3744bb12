"""What spares each town of the tests the seconds in which the program is loaded? A process that has loaded it forks.

Run as a program, this is that process; it ends with the tests. What it forks runs the command line as `python -m
machinami` does, in the environment of the test, and is waited for by a process of its own that tells how it ended.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TextIO

_READY_SECONDS = 120.0


class Forked:
    """A running command, with the part of subprocess.Popen that tests need; what it says can be read from stdout."""

    def __init__(self, words: Sequence[str], environment: dict[str, str]) -> None:
        self.args, self.returncode = words, None
        reading, writing = os.pipe()
        self.stdout: TextIO = os.fdopen(reading, encoding="utf-8")
        self._told = socket.socket(socket.AF_UNIX)
        self._told.settimeout(_READY_SECONDS)
        self._told.connect(_source())
        asked = {"words": list(words), "environment": environment, "folder": os.getcwd()}
        socket.send_fds(self._told, [json.dumps(asked).encode() + b"\n"], [writing, 2])
        os.close(writing)
        self._lines = self._told.makefile("r", encoding="ascii")
        self.pid = int(self._lines.readline())
        self.returncode: int | None

    def poll(self) -> int | None:
        """The exit code (negative: the signal), or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ends. Raises TimeoutExpired."""
        if self.returncode is None:
            with selectors.DefaultSelector() as ended:
                ended.register(self._told, selectors.EVENT_READ)
                if not ended.select(timeout):
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._lines.readline())
        return self.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def close(self) -> None:
        """Leave no file open."""
        self.stdout.close()
        self._lines.close()
        self._told.close()


@cache
def _source() -> str:
    """Where the process that has loaded the program listens; it is started at the first call."""
    folder = tempfile.TemporaryDirectory(prefix="loaded-")
    path = str(Path(folder.name, "at"))
    command = [sys.executable, __file__, path]
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src"),
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert process.stdin is not None
    assert process.stdout is not None

    def end() -> None:
        with process:
            process.stdin.close()  # type: ignore[union-attr]
        folder.cleanup()

    atexit.register(end)
    assert process.stdout.readline() == b"ready\n"
    return path


def _main(path: str) -> None:
    """Fork a command for each connection until standard input ends."""
    import machinami.__main__ as program
    from machinami.kit.installed import installed

    installed()
    sys.modules["__main__"] = program  # what its worker processes load, too
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as either:
        listener.bind(path)
        listener.listen(64)
        either.register(listener, selectors.EVENT_READ)
        either.register(0, selectors.EVENT_READ)
        os.write(1, b"ready\n")
        while not any(key.fileobj == 0 for key, _ in either.select()):
            connection, _ = listener.accept()
            if not os.fork():
                listener.close()
                either.close()
                _keep(connection)
            connection.close()


def _keep(connection: socket.socket) -> None:
    """Fork the command, tell its process, and then how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    said, files = b"", list[int]()
    while not said.endswith(b"\n"):
        part, more, _, _ = socket.recv_fds(connection, 1 << 16, 2)
        said += part
        files += more
    asked = json.loads(said)
    pid = os.fork()
    if not pid:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, file in enumerate((nothing, *files)):
            os.dup2(file, number)
            os.close(file)
        connection.close()
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.chdir(asked["folder"])
        time.tzset()
        _run(asked["words"])
    for file in files:
        os.close(file)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)
    connection.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _run(words: Sequence[str]) -> None:
    """Run the command as its own program would, exit handlers and all."""
    from machinami.__main__ import main

    sys.argv = ["machinami", *words]
    main()


if __name__ == "__main__":
    _main(sys.argv[1])
