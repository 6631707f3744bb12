"""Where do long reads run? In threads with their own connections, beside the event loop."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import Any, TypeVar

import apsw

from machinami.foundation.errors import Overloaded, StoreUnavailable
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.connection import open_connection

T = TypeVar("T")
_STEPS = 20_000  # of SQLite between two looks at the clock


@contextmanager
def snapshot(connection: apsw.Connection) -> Iterator[None]:
    """Everything read inside is of one moment."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:  # where the file failed, it may have ended already
            connection.execute("COMMIT")


class Readers:
    """Threads that read; each has a connection of its own, opened when it is first needed."""

    def __init__(self, path: Path, settings: StoreSettings) -> None:
        self._path = path
        self._settings = settings
        self._threads = ThreadPoolExecutor(max(1, settings.readers), "store-reader")
        self._free: SimpleQueue[apsw.Connection] = SimpleQueue()
        self._open: list[apsw.Connection] = []
        self.waiting = 0
        self.refused = 0
        self.cut_off = 0

    async def run(self, read: Callable[[apsw.Connection], T], bounded: bool = False) -> T:
        """The result of the read, which sees one moment. bounded: it may not take longer than the settings say.

        Raises Overloaded where too many wait already, or it takes too long.
        """
        if self.waiting >= self._settings.waiting_reads + self._settings.readers:
            self.refused += 1
            raise Overloaded("So many long queries wait that none can be added; come again in a moment")
        self.waiting += 1
        try:
            reading = asyncio.get_running_loop().run_in_executor(self._threads, self._read, read, bounded)
            reading.add_done_callback(self._done)
        except RuntimeError as error:  # no new reads once the threads are told to end
            self.waiting -= 1
            raise StoreUnavailable("The town is being closed") from error
        return await reading

    def _done(self, reading: "asyncio.Future[Any]") -> None:
        """One that nobody waits for any more counts until it has ended: it has its thread all the while."""
        self.waiting -= 1

    def statistics(self) -> dict[str, float]:
        """Numbers for /metrics."""
        return {"reads_waiting": self.waiting, "reads_refused": self.refused, "reads_cut_off": self.cut_off}

    def _read(self, read: Callable[[apsw.Connection], T], bounded: bool) -> T:
        connection = self._take()
        try:
            if bounded:
                until = monotonic() + self._settings.read_seconds
                connection.set_progress_handler(lambda: monotonic() > until, _STEPS)
            with snapshot(connection):
                return read(connection)
        except apsw.InterruptError as error:
            self.cut_off += 1
            limit = self._settings.read_seconds
            raise Overloaded(f"The query took longer than {limit:g} s; ask for less at once") from error
        finally:
            connection.set_progress_handler(None)
            self._free.put(connection)

    def _take(self) -> apsw.Connection:
        if self._free.empty() and len(self._open) < self._settings.readers:
            connection = open_connection(self._path, self._settings, write=False)
            self._open.append(connection)
            return connection
        return self._free.get()

    def close(self) -> None:
        """Wait for the reads under way and let go of the file."""
        self._threads.shutdown(wait=True)
        for connection in self._open:
            connection.close()
