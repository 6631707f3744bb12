"""What would have gone over the network? The fake of every port of the wire, for tests and rehearsals."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from machinami.foundation.errors import ContextNotAvailable
from machinami.wire.protocol import Channel, Delivery, Fetched


@dataclass(frozen=True, slots=True)
class Sent:
    """One notification that was handed over."""

    uri: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON."""
        found: dict[str, Any] = orjson.loads(self.body)
        return found


@dataclass(slots=True)
class RecordedWire:
    """Keeps what is sent, answers as `answer` says once `gate` is open, and serves the documents it was given."""

    documents: dict[str, Any] = field(default_factory=dict)
    answer: Callable[[Sent], Delivery] = lambda _: Delivery(True, 200)
    sent: list[Sent] = field(default_factory=list)
    fresh: dict[str, float] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def send(
        self, uri: str, body: bytes, headers: Mapping[str, str], timeout: float, channel: Channel = ()
    ) -> Delivery:
        """Keep the notification and answer."""
        await self.gate.wait()
        sent = Sent(uri, body, dict(headers))
        self.sent.append(sent)
        self._stirred.set()
        return self.answer(sent)

    async def until_sent(self, count: int, seconds: float = 5.0) -> list[Sent]:
        """The notifications, as soon as there are so many. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(seconds):
            while len(self.sent) < count:
                self._stirred.clear()
                await self._stirred.wait()
        return self.sent

    async def fetch_json(self, url: str, timeout: float, limit: int) -> Fetched:
        """The document that was given for this URL, and how long it is `fresh`. Raises ContextNotAvailable."""
        self.fetched.append(url)
        if url not in self.documents:
            raise ContextNotAvailable(f"The @context {url} cannot be had: no such host", url=url)
        return Fetched(self.documents[url], self.fresh.get(url))

    async def close(self) -> None:
        """Nothing to let go of."""
