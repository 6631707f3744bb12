"""How does a service keep many small results soon, without a transaction for each?

Who hands in a result waits until it is kept. While one transaction is under way, what is handed in meanwhile
gathers for the next: alone, a result is kept at once; of thousands, as many together as came.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Gathering(Generic[T]):
    """Results on their way to where they are kept. write: keeps some, in the order in which they came."""

    def __init__(self, write: Callable[[list[T]], Awaitable[object]]) -> None:
        self._write = write
        self._fresh: list[tuple[T, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, result: T) -> None:
        """Return once the result is kept. Raises what the writing raised."""
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[None] = loop.create_future()
        self._fresh.append((result, kept))
        if self._writing is None:
            self._writing = loop.create_task(self._go_on())
        await kept

    async def _go_on(self) -> None:
        try:
            while self._fresh:
                taken, self._fresh = self._fresh, []
                try:
                    await self._write([result for result, _ in taken])
                except BaseException as error:
                    _tell(taken, error)
                    if not isinstance(error, Exception):
                        raise
                else:
                    _tell(taken, None)
        finally:
            self._writing = None


def _tell(taken: list[tuple[T, asyncio.Future[None]]], error: BaseException | None) -> None:
    for _, kept in taken:
        if kept.done():
            continue
        if error is None:
            kept.set_result(None)
        elif isinstance(error, Exception):
            kept.set_exception(error)
        else:
            kept.cancel()
