"""Where does heavy computing happen? In worker processes, so that the loop that serves the town stays calm."""

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from typing import Any, TypeVar

from machinami.foundation.errors import Overloaded

T = TypeVar("T")

_WAITING = 16  # computations for each worker: beyond, who asks is refused
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def calm_algebra() -> None:
    """Have the processes started from now on use one thread each for linear algebra.

    On a small machine such threads wait for each other most of the time: with two busy cores, learning one gauge
    took 160 s with them and 5 s without.
    """
    for name in _THREADS:
        os.environ.setdefault(name, "1")


def _be_nice() -> None:
    # Answers to residents come before training: workers take only what the server leaves.
    os.nice(10)
    # Ctrl-C reaches every process of a terminal; the server, which hears it too, stops its workers in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    """Let no worker outlive a server that was killed, which could not stop it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def call(address: str, *arguments: Any) -> Any:
    """Call the function that an address names, as "package.module:function"; its module is imported here."""
    module, _, name = address.partition(":")
    return getattr(import_module(module), name)(*arguments)


class Compute:
    """A small pool of worker processes, started at the first need.

    Who asks for an answer is told to come again where so many wait that it would be long in coming; recurring work
    waits its turn: there is only so much of it, and each waits for one computation at most.
    """

    def __init__(self, workers: int = 2) -> None:
        self.workers = workers
        self.refused = 0
        self.ended = 0  # how often a worker ended by itself
        self._under_way = 0
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, function: Callable[..., T], *arguments: Any, patient: bool = False) -> T:
        """The result of a pure, importable function of picklable arguments, computed elsewhere. patient: to wait,
        however many others do. Raises Overloaded."""
        if not patient and self.waiting >= _WAITING * self.workers:
            self.refused += 1
            raise Overloaded("So many computations wait that none can be added; come again in a moment")
        if self._pool is None:
            calm_algebra()
            # spawn: a fork would copy the server's open sockets and database connections.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_be_nice)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)
        except BrokenProcessPool:
            self._pool = None
            self.ended += 1
            raise Overloaded("The worker process ended before it had an answer; it is started anew") from None
        finally:
            self._under_way -= 1

    @property
    def waiting(self) -> int:
        """How many computations wait for a worker."""
        return max(0, self._under_way - self.workers)

    def close(self) -> None:
        """Stop the workers, whatever they are at."""
        if self._pool is not None:
            processes = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            self._pool = None
