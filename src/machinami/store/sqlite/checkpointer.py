"""When does the write-ahead log move into the file, without the event loop waiting for it?"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw

from machinami.store.settings import StoreSettings
from machinami.store.sqlite import first_page
from machinami.store.sqlite.connection import PAGE, open_connection, read
from machinami.store.sqlite.readers import snapshot
from machinami.store.sqlite.shipping import Follower
from machinami.store.sqlite.statements import SQL
from machinami.store.sqlite.writer import Writer

_LATE = 8  # times checkpoint_bytes: then writing waits, so that the log can begin anew


class Checkpointer:
    """Moves pages in a thread of its own.

    The log begins anew only when all of it has been moved at a moment in which nobody writes. Under steady
    writing that moment may never come; when the log has grown too large the writer is held for a last short move.

    follower: who copies what is committed. What it has not copied is not moved: what is committed from the beginning of
    its copy on is held back by a read of that moment, so that the log cannot begin anew meanwhile.
    """

    def __init__(self, path: Path, settings: StoreSettings, connection: apsw.Connection) -> None:
        self._path = path
        self._settings = settings
        self._enough = max(1, settings.checkpoint_bytes // PAGE)
        self._late = self._enough * _LATE
        self._holding = False
        self._thread = ThreadPoolExecutor(1, "store-checkpoint")
        self._own: apsw.Connection | None = None
        self._still: apsw.Connection | None = None
        self.follower: Follower | None = None
        self._task: asyncio.Task[None] | None = None
        self._pages = 0
        self._next = self._enough
        self.checkpoints = 0
        connection.set_wal_hook(self._grown)

    def _grown(self, connection: apsw.Connection, database: str, pages: int) -> int:
        if pages < self._pages:
            self._next = self._enough  # the log has begun anew
        self._pages = pages
        return apsw.SQLITE_OK

    def look(self, writer: Writer) -> None:
        """After a commit: begin to move pages if there are enough of them; hold the writer if there are too many."""
        if self._task is None and self._pages >= self._next:
            self._next = self._pages + self._enough
            self._task = asyncio.get_running_loop().create_task(self._run(writer))
            self._task.add_done_callback(lambda task: self._done(task, writer))
        if self._task is not None and self._pages >= self._late and not self._holding:
            self._holding = True
            writer.pause()

    def _done(self, task: asyncio.Task[None], writer: Writer) -> None:
        self._task = None
        if self._holding:
            self._holding = False
            writer.release()
        if not task.cancelled() and task.exception() is None:
            self.checkpoints += 1

    async def _run(self, writer: Writer) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._move)
        if self._holding:
            await writer.rested()
            await loop.run_in_executor(self._thread, self._move)

    def _move(self) -> None:
        if self._own is None:
            self._own = open_connection(self._path, self._settings, write=True)
        follower = self.follower
        if follower is None:
            read(self._own, SQL.checkpoint_some)
            first_page.keep(self._path)
            return
        if self._still is None:
            self._still = open_connection(self._path, self._settings, write=False)
        with snapshot(self._still):
            read(self._still, SQL.settled)  # only a read that has begun holds anything back
            follower.ship()
            read(self._own, SQL.checkpoint_some)
        first_page.keep(self._path)

    async def close(self) -> None:
        """Wait for the move under way."""
        if self._task is not None:
            await asyncio.wait([self._task])
        self._thread.shutdown(wait=True)
        for connection in (self._still, self._own):
            if connection is not None:
                connection.close()

    def finish(self, connection: apsw.Connection) -> None:
        """Move the rest, and close the last connection to the file."""
        if self.follower is not None:
            self.follower.ship()
        read(connection, SQL.checkpoint_all)
        connection.close()
        first_page.keep(self._path)
        if self.follower is not None:
            self.follower.let_go()
