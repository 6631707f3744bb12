"""How is an answer awaited without a task? A coroutine is stepped here and now, by the futures that it waits for."""

import asyncio
import types
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from machinami.kit.answering import explain
from machinami.kit.http import Response

Finish = Callable[[Response], None]


def follow(outcome: Awaitable[Response], loop: asyncio.AbstractEventLoop, finish: Finish) -> None:
    """Have `finish` called with the answer when it is there; with what explains the error, if there is one."""
    if isinstance(outcome, asyncio.Future):
        outcome.add_done_callback(lambda done: finish(_result(done)))
    elif isinstance(outcome, types.CoroutineType):
        _Steps(outcome, loop, finish).step(None)
    else:
        _Steps(_wait(outcome), loop, finish).step(None)


async def _wait(outcome: Awaitable[Response]) -> Response:
    return await outcome


def _result(done: "asyncio.Future[Response]") -> Response:
    if done.cancelled():
        return explain(RuntimeError("the answer was cancelled"))
    error = done.exception()
    return done.result() if error is None else explain(error)


class _Steps:
    """Drives one coroutine by the futures that it waits for.

    It is what a task does, without a task: a handler on the fast lane must not need `asyncio.current_task()`;
    what does (a time-out, a lock of another library) is started by it as a task of its own.
    """

    __slots__ = ("coroutine", "finish", "loop")

    def __init__(
        self, coroutine: Coroutine[Any, Any, Response], loop: asyncio.AbstractEventLoop, finish: Finish
    ) -> None:
        self.coroutine = coroutine
        self.loop = loop
        self.finish = finish

    def step(self, done: "asyncio.Future[Any] | None") -> None:
        """Run the coroutine until it waits again, ends or fails. What it waited for raises inside it."""
        try:
            waits_for = self.coroutine.send(None)
        except StopIteration as end:
            self.finish(end.value)
        except Exception as error:
            self.finish(explain(error))
        else:
            if waits_for is None:  # asyncio.sleep(0)
                self.loop.call_soon(self.step, None)
            else:
                waits_for._asyncio_future_blocking = False
                waits_for.add_done_callback(self.step)
