"""Other brokers, as the wire shows them: they answer as they are told and remember what they were asked."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from machinami.wire.exchange import Answer, Call


def given(document: Any, status: int = 200, **headers: str) -> Answer:
    """An answer with a JSON document."""
    return Answer(status, headers, orjson.dumps(document))


@dataclass
class FakeNeighbours:
    """Answers by the beginning of the URL; silence for those of whom nothing is known."""

    answers: dict[str, Callable[[Call], Answer]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, call: Call) -> Answer:
        """The answer that was prepared."""
        self.calls.append(call)
        self._stirred.set()
        for start, answer in self.answers.items():
            if call.url.startswith(start):
                return answer(call)
        return Answer(None, reason="nobody is there", late=True)

    async def until_called(self, method: str, count: int = 1, seconds: float = 8.0) -> list[Call]:
        """The calls by a method, as soon as there are so many. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(seconds):
            while len(found := [call for call in self.calls if call.method == method]) < count:
                self._stirred.clear()
                await self._stirred.wait()
        return found
