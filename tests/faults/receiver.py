"""Who takes notifications in the tests of faults? A receiver that remembers them, can die, and can be deaf."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson


class Receiver:
    """Takes notifications at one port. answer: the status for each of them; None: no answer at all."""

    def __init__(self, answer: Callable[[], int | None] = lambda: 204) -> None:
        self.told: list[dict[str, Any]] = []
        self.numbers: list[int] = []
        self.answer = answer
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        """Listen, at the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def die(self) -> None:
        """Be gone at once, whatever is under way."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                fields = {key.lower(): value for key, _, value in (line.partition(": ") for line in head[1:])}
                body = await reader.readexactly(int(fields["content-length"]))
                status = self.answer()
                if status is None:
                    await reader.read()  # as long as somebody waits
                    return
                if status == 204:
                    self.told.append(orjson.loads(body))
                    self.numbers.append(int(fields.get("notification-number", "0")))
                    self._changed.set()
                writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\n\r\n" % status)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def until(self, enough: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until it was told enough."""
        async with asyncio.timeout(seconds):
            while not enough():
                self._changed.clear()
                await self._changed.wait()

    def values(self, attribute: str = "level") -> dict[str, list[Any]]:
        """What it was told of each entity, in order."""
        found: dict[str, list[Any]] = {}
        for notification in self.told:
            for entity in notification["data"]:
                found.setdefault(entity["id"], []).append(entity[attribute]["value"])
        return found
