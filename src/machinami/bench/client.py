"""How fast does a server answer? Sends requests over keep-alive connections and notes when each answer came.

Run in a process of its own, so that its work is not counted as the server's.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """What came back: how many answers, seconds each took, how many by status, size of the last one."""

    answers: int = 0
    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    last_size: int = 0
    last_request: int = 0

    def add(self, other: "Tally") -> None:
        """Count what came back of others too."""
        self.answers += other.answers
        self.seconds += other.seconds
        for status, count in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + count
        self.last_size, self.last_request = other.last_size, other.last_request

    def quantile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class _Connection(asyncio.Protocol):
    """One keep-alive connection: the next request goes out when the answer to the last one is complete."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, until: float, most: int) -> None:
        self._requests, self._tally, self._until, self._most = requests, tally, until, most
        self._buffer = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        enough = self._tally.answers >= self._most or time.perf_counter() >= self._until
        request = None if enough else next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._tally.last_request = len(request)
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        lower = self._buffer[:head].lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 : (lower + b"\r").find(b"\r", at)]) if at >= 0 else 0
        if len(self._buffer) < head + 4 + length:
            return
        status = int(self._buffer[9:12])
        tally = self._tally
        tally.answers += 1
        tally.seconds.append(time.perf_counter() - self._sent)
        tally.statuses[status] = tally.statuses.get(status, 0) + 1
        tally.last_size = length
        self._buffer = self._buffer[head + 4 + length :]
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def send(host: str, port: int, requests: Iterator[bytes], connections: int, seconds: float, most: int) -> Tally:
    """Send requests over so many connections for so long, or until so many were answered."""
    tally = Tally()
    until = time.perf_counter() + seconds
    loop = asyncio.get_running_loop()
    protocols = [
        (await loop.create_connection(lambda: _Connection(requests, tally, until, most), host, port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for protocol in protocols))
    return tally
