"""A mail server and a push service in a process of their own, which count what they take; and one who asks the broker.

`sinks.py serve MANNER` prints the two ports, then, at each line that it reads, what it took: letters, addresses,
messages, endpoints. overlapped: the mail server takes commands before it has answered, as the usual ones do (RFC 2920).
`sinks.py ask URL SECONDS` asks an address again and again and prints how long it waited: count, median, 99th
percentile and longest, in milliseconds.
"""

import asyncio
import sys
import time
import urllib.request
from typing import Any

from aiosmtpd.smtp import SMTP


class Letters:
    """Takes every letter."""

    def __init__(self, overlapped: bool) -> None:
        self.overlapped = overlapped
        self.count = 0
        self.addresses = set[str]()

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, name: str, said: list[str]) -> list[str]:
        session.host_name = name
        return [*said[:-1], "250-PIPELINING", said[-1]] if self.overlapped else said

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.count += 1
        self.addresses.update(envelope.rcpt_tos)
        return "250 taken"


class Pushed(asyncio.Protocol):
    """Takes every POST, over connections that stay open."""

    paths: list[bytes] = []  # noqa: RUF012 (all connections of this process count together)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while b"\r\n\r\n" in self.held:
            head, _, rest = self.held.partition(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            if len(rest) < length:
                return
            self.held = rest[length:]
            Pushed.paths.append(head.split(b" ", 2)[1])
            self.transport.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")


async def serve(manner: str) -> None:
    """Stand until the other side ends."""
    loop, letters = asyncio.get_running_loop(), Letters(manner == "overlapped")
    mail = await loop.create_server(lambda: SMTP(letters, hostname="sink.test"), "127.0.0.1", 0)
    push = await loop.create_server(Pushed, "127.0.0.1", 0)
    print(*(server.sockets[0].getsockname()[1] for server in (mail, push)), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(letters.count, len(letters.addresses), len(Pushed.paths), len(set(Pushed.paths)), flush=True)


def ask(url: str, seconds: float) -> None:
    """Ask, wait, ask."""
    waits, until = list[float](), time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        with urllib.request.urlopen(url) as answer:
            answer.read()
        waits.append((time.perf_counter() - began) * 1_000)
    waits.sort()
    print(len(waits), waits[len(waits) // 2], waits[int(len(waits) * 0.99)], waits[-1])


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(sys.argv[2]))
    else:
        ask(sys.argv[2], float(sys.argv[3]))
