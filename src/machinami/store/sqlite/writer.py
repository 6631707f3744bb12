"""How do many works become durable together, in order, without holding up the event loop?

Works queue up; one flush runs what has arrived, in order, inside one SQLite transaction. A work costs no commit
of its own, and all of them are answered after the commit that holds them. As long as each turn of the event loop
brings more of them, the flush waits another turn, two milliseconds at most. With durability "normal" the commit
only writes to the operating system and happens on the event loop; with "full" it waits for the disk, so it
happens in a thread while the next works gather.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import apsw

from machinami.foundation.errors import Overloaded, StoreUnavailable
from machinami.store.settings import StoreSettings
from machinami.store.sqlite.draft import Draft
from machinami.store.sqlite.failing import Failing
from machinami.store.sqlite.group import Group
from machinami.store.sqlite.statements import SQL

_GATHERING_SECONDS = 0.002
Work = Callable[[Draft], Any]
_Outcome = tuple[asyncio.Future[Any], Any, Exception | None]


class Writer:
    """The one who writes to a town's file."""

    def __init__(
        self,
        connection: apsw.Connection,
        new_group: Callable[[], Group],
        committed: Callable[[Group], None],
        settings: StoreSettings,
        thread: ThreadPoolExecutor | None,
        failing: Failing,
    ) -> None:
        self._connection = connection
        self._failing = failing
        self._new_group = new_group
        self._committed = committed
        self._slice = settings.slice_seconds
        self._thread = thread
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._awake = False
        self._held = 0
        self._still = asyncio.Event()
        self._still.set()
        self.committing: Group | None = None
        self.commits = 0
        self.works = 0
        self.refused = 0
        self._most = settings.waiting_works
        self._ceased = ""

    def put(self, work: Work) -> asyncio.Future[Any]:
        """Queue the work; the future gives its result after the commit, or Overloaded where too many wait already."""
        if len(self._queue) < self._most:
            return self._put(work)
        self.refused += 1
        refusal: asyncio.Future[Any] = self._loop.create_future()
        busy = Overloaded("So many writes wait that none can be added; come again in a moment")
        refusal.set_exception(StoreUnavailable(self._ceased) if self._ceased else busy)
        return refusal

    def _put(self, work: Work) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue.append((work, future))
        self._wake()
        return future

    def statistics(self) -> dict[str, float]:
        """Numbers for /metrics."""
        waiting = len(self._queue)
        return {
            "commits": self.commits, "works": self.works, "writes_waiting": waiting, "writes_refused": self.refused,
        }  # fmt: skip

    def _wake(self) -> None:
        if not self._awake and not self._held and self.committing is None and self._queue:
            self._awake = True
            self._still.clear()
            self._loop.call_soon(self._gather, 0, perf_counter() + _GATHERING_SECONDS)

    def _gather(self, known: int, until: float) -> None:
        """Flush as soon as a turn of the loop has brought no more works: clients that ask at once share a commit."""
        waiting = len(self._queue)
        if waiting > known and perf_counter() < until:
            self._loop.call_soon(self._gather, waiting, until)
        else:
            self._flush()

    def pause(self) -> None:
        """Begin no more commits until `release`; what is queued waits."""
        self._held += 1

    async def rested(self) -> None:
        """Wait, after `pause`, until nothing is being committed."""
        while self._awake or self.committing is not None:
            await self._still.wait()

    def release(self) -> None:
        """Go on after `pause`."""
        self._held -= 1
        self._wake()

    async def cease(self, reason: str) -> None:
        """Take no work from now on, for this reason, and wait until what was taken is committed or refused."""
        self._ceased, self._most = reason, 0
        while self._queue:
            _, future = self._queue.popleft()
            if not future.done():
                future.set_exception(StoreUnavailable(reason))
        await self.rested()

    async def drain(self) -> None:
        """Wait until everything that is queued is committed."""
        while self._queue or not self._still.is_set():
            await self._put(lambda draft: None)

    def catch_up(self, group: Group, history: bool) -> None:
        """Commit, between two flushes, a group that brings the state, and the history if asked for, up to the log.

        Raises StoreUnavailable if that cannot be done now.
        """
        try:
            group.settle(history)
            group.seal()
            self._connection.execute(SQL.commit)
        except apsw.Error as error:
            if self._connection.in_transaction:
                self._connection.execute(SQL.rollback)
            raise self._failing.tell(error) from error
        self._committed(group)

    def _flush(self) -> None:
        group = self._new_group()
        outcomes: list[_Outcome] = []
        try:
            self._run_works(group, outcomes)
            if not group.empty:
                group.seal()
                if self._thread is not None:
                    self._commit_in_thread(self._thread, group, outcomes)
                    return
                self._connection.execute(SQL.commit)
        except Exception as error:  # whatever went wrong, those who wait are told
            self._fail(group, outcomes, error)
        else:
            self._finish(group, outcomes)

    def _run_works(self, group: Group, outcomes: list[_Outcome]) -> None:
        queue = self._queue
        until = perf_counter() + self._slice
        while queue:
            work, future = queue.popleft()
            if not future.cancelled():
                outcomes.append((future, None, None))
                outcomes[-1] = (future, *run_work(work, group))
                if perf_counter() > until:
                    return

    def _commit_in_thread(self, thread: ThreadPoolExecutor, group: Group, outcomes: list[_Outcome]) -> None:
        self.committing = group

        def done(commit: asyncio.Future[Any]) -> None:
            self.committing = None
            error = commit.exception()
            if isinstance(error, Exception):
                self._fail(group, outcomes, error)
            else:
                self._finish(group, outcomes)

        commit = self._loop.run_in_executor(thread, self._connection.execute, SQL.commit)
        commit.add_done_callback(done)

    def _finish(self, group: Group, outcomes: list[_Outcome]) -> None:
        if not group.empty:
            self.commits += 1
            self.works += len(outcomes)
            self._committed(group)
        for future, result, error in outcomes:
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        self._rest()

    def _fail(self, group: Group, outcomes: list[_Outcome], error: Exception) -> None:
        if self._connection.in_transaction:
            self._connection.execute(SQL.rollback)
        for future, _, own in outcomes:
            if not future.done():
                future.set_exception(own if own is not None else self._failing.tell(error))
        self._rest()

    def _rest(self) -> None:
        self._awake = False
        self._wake()
        if not self._awake:
            self._still.set()


def run_work(work: Work, group: Group) -> tuple[Any, Exception | None]:
    """The work's result, or what it raised. Raises apsw.Error where the file failed, for the whole group."""
    draft = Draft(group)
    try:
        result = work(draft)
        draft.close()
    except apsw.Error:
        raise
    except Exception as error:
        draft.undo()
        return None, error
    return result, None
