"""Where do long reads run? In threads with their own connections, beside the event loop."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import apsw

from machinami.foundation.errors import StoreUnavailable
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.connection import open_connection

T = TypeVar("T")


@contextmanager
def snapshot(connection: apsw.Connection) -> Iterator[None]:
    """Everything read inside is of one moment."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


class Readers:
    """Threads that read; each has a connection of its own, opened when it is first needed."""

    def __init__(self, path: Path, settings: StoreSettings) -> None:
        self._path = path
        self._settings = settings
        self._threads = ThreadPoolExecutor(max(1, settings.readers), "store-reader")
        self._free: SimpleQueue[apsw.Connection] = SimpleQueue()
        self._open: list[apsw.Connection] = []

    async def run(self, read: Callable[[apsw.Connection], T]) -> T:
        """The result of the read, which sees one moment."""
        try:
            reading = asyncio.get_running_loop().run_in_executor(self._threads, self._read, read)
        except RuntimeError as error:  # no new reads once the threads are told to end
            raise StoreUnavailable("The town is being closed") from error
        return await reading

    def _read(self, read: Callable[[apsw.Connection], T]) -> T:
        connection = self._take()
        try:
            with snapshot(connection):
                return read(connection)
        finally:
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
