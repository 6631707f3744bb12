"""A whole town in this process but on a thread of its own, for tests that attack it over plain sockets."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson
from tests.running import running

from machinami.app.running import TownOS
from machinami.broker.broker import Broker
from machinami.foundation.settings import Settings
from machinami.kit.http import Route

DEADLINE = 20.0
BODY_LIMIT = 200_000
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closed(self) -> bool:
        """Whether the connection ends here."""
        return self.headers.get("connection") == "close"


class Line:
    """One connection, opened again when the server closes it."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._left = b""

    def say(self, raw: bytes, method: str = "") -> Answer:
        """Send bytes and read one answer."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address, DEADLINE)
            self._left = b""
        with contextlib.suppress(ConnectionError):  # it may have been refused before it was said to the end
            self._socket.sendall(raw)
        answer = self.hear(method)
        if answer.closed:
            self.close()
        return answer

    def ask(self, method: str, target: bytes, headers: dict[bytes, bytes], body: bytes | None = None) -> Answer:
        """Send a request. A body has its length said, unless the headers say another."""
        fields = {b"Host": b"town.test", **headers}
        if body is not None and b"Transfer-Encoding" not in headers:
            fields.setdefault(b"Content-Length", b"%d" % len(body))
        lines = b"".join(b"%b: %b\r\n" % field for field in fields.items())
        return self.say(b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method.encode(), target, lines, body or b""), method)

    def hear(self, method: str = "") -> Answer:
        """Read one answer; none may be a 1xx."""
        assert self._socket is not None
        while b"\r\n\r\n" not in self._left:
            self._left += self._some()
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        status = int(first.split()[1])
        if headers.get("transfer-encoding") == "chunked" and method != "HEAD":
            return Answer(status, headers, self._chunks())
        length = 0 if method == "HEAD" or status in (204, 304) else int(headers.get("content-length", 0))
        while len(self._left) < length:
            self._left += self._some()
        body, self._left = self._left[:length], self._left[length:]
        return Answer(status, headers, body)

    def _chunks(self) -> bytes:
        """What comes in pieces, to its end."""
        found = b""
        while True:
            while b"\r\n" not in self._left:
                self._left += self._some()
            said, _, self._left = self._left.partition(b"\r\n")
            size = int(said, 16)
            while len(self._left) < size + 2:
                self._left += self._some()
            found, self._left = found + self._left[:size], self._left[size + 2 :]
            if not size:
                return found

    def _some(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(65_536)
        assert data, f"the server hung up without an answer; before that came {self._left[:200]!r}"
        return data

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


@dataclass(slots=True)
class Besieged:
    """A running town: its routes, a line to it, and a look at what it holds."""

    host: str
    port: int
    routes: list[Route]
    line: Line
    broker: Broker
    loop: asyncio.AbstractEventLoop

    def call(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Run something where the town runs."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(DEADLINE)

    def state(self) -> tuple[Any, ...]:
        """Everything that a refused request must leave as it is."""

        async def look() -> tuple[Any, ...]:
            towns = [
                (
                    town.name,
                    town.store.last_seq,
                    sorted(box.subscription.id for box in self.broker.notifier(town).outboxes),
                )
                for town in self.broker.towns
            ]
            return tuple(map(repr, sorted(towns))) + tuple(sorted(kept.url for kept in self.broker.contexts.stored()))

        return self.call(look())

    def well(self) -> bool:
        """Whether the town answers as if nothing had been."""
        answer = self.line.ask("GET", b"/ngsi-ld/v1/types", {})
        return answer.status == 200 and orjson.loads(answer.body)["type"] == "EntityTypeList"


@contextlib.contextmanager
def besieged(folder: Path, whole: bool, lane: bool = True) -> Iterator[Besieged]:
    """Run a town until the block is left. whole: with every face, page and service, not the NGSI-LD face alone."""
    begin = _whole(folder, lane) if whole else _face(folder, lane)
    ready = threading.Event()
    found: list[Besieged] = []
    fault: list[BaseException] = []

    async def live(over: Callable[[], Coroutine[Any, Any, bool]]) -> None:
        async with begin as town:
            found.append(town)
            ready.set()
            await over()

    ended = threading.Event()
    thread = threading.Thread(target=_run, args=(live, ready, ended, fault), name="besieged town")
    thread.start()
    assert ready.wait(DEADLINE), "the town did not start"
    try:
        if fault:
            raise fault[0]
        yield found[0]
        found[0].line.close()
    finally:
        ended.set()
        if found:
            found[0].loop.call_soon_threadsafe(lambda: None)
        thread.join(DEADLINE)
    assert not fault, fault


def _run(
    live: Callable[[Callable[[], Coroutine[Any, Any, bool]]], Coroutine[Any, Any, None]],
    ready: threading.Event,
    ended: threading.Event,
    fault: list[BaseException],
) -> None:
    try:
        asyncio.run(live(lambda: asyncio.to_thread(ended.wait)))
    except BaseException as error:  # the test that waits must hear of it
        fault.append(error)
    finally:
        ready.set()


@contextlib.asynccontextmanager
async def _whole(folder: Path, lane: bool) -> AsyncIterator[Besieged]:
    town = TownOS(Settings(folder, port=0, body_limit=BODY_LIMIT, fast_lane=lane), "test")
    serving = await town.start()
    line = Line(serving.host, serving.port)
    try:
        yield Besieged(serving.host, serving.port, town.routes, line, town.broker, asyncio.get_running_loop())
    finally:
        await town.stop()


@contextlib.asynccontextmanager
async def _face(folder: Path, lane: bool) -> AsyncIterator[Besieged]:
    async with running(folder, lane) as town:
        host, port = town.serving.host, town.serving.port
        yield Besieged(host, port, town.routes, Line(host, port), town.broker, asyncio.get_running_loop())
