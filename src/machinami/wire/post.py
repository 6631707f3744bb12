"""How does one message reach one address with little work? HTTP/1.1 POST over connections that stay open.

A town tells of each change, so a notification must cost little more than its bytes. Only what that needs is here:
the status of the answer counts, its body is read and dropped, redirects are not followed.
"""

import asyncio
import base64
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from urllib.parse import quote, unquote, urlsplit

import httptools

from machinami.foundation.urn import without_password
from machinami.wire.protocol import NUMBER
from machinami.wire.targets import ANYWHERE, Targets

_CONNECTIONS = 500
_TO_ONE = 16  # messages under way to one address; a single one where the last was not answered
_IDLE_SECONDS = 15.0
_NUMBERED = NUMBER.encode()
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "expect", "upgrade"})
_FIRST_FINAL = 200  # what is below announces another answer (RFC 9110, 15.2)
_PORTS = {"http": 80, "https": 443}


class Lost(ConnectionError):
    """The connection ended before the answer was whole. fresh: not a byte of an answer had come."""

    def __init__(self, cause: Exception | None, fresh: bool) -> None:
        super().__init__(str(cause) if cause is not None else "the receiver closed the connection without an answer")
        self.fresh = fresh


@dataclass(frozen=True, slots=True)
class Address:
    """Where a connection leads."""

    host: str
    port: int
    secure: bool


class _Connection(asyncio.Protocol):
    """One connection: one message at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.used = 0
        self.idle_since = 0.0
        self.until = 0.0  # the loop's time at which the answer is given up
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[int] | None = None
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The receiver is there."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's transports are no subclass of it

    def post(self, message: bytes) -> "asyncio.Future[int]":
        """Send the message; the future gives the status of the answer. Raises Lost."""
        self._answer = answer = asyncio.get_running_loop().create_future()
        self._status = 0
        self.used += 1
        if self.transport is None or self.transport.is_closing():
            answer.set_exception(Lost(None, True))
        else:
            self.transport.write(message)
        return answer

    @property
    def open(self) -> bool:
        """Whether another message can go this way."""
        return self.transport is not None and not self.transport.is_closing()

    def give_up(self) -> None:
        """The answer did not come in time; what still comes would be taken for the next one."""
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(TimeoutError())
        self.close()

    def close(self) -> None:
        """End the connection at once."""
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """A part of an answer; what comes unasked ends the connection."""
        if self._answer is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(error)
            self.close()

    def on_headers_complete(self) -> None:
        """The status is known."""
        self._status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self._status < _FIRST_FINAL:
            return
        if not self._parser.should_keep_alive() and self.transport is not None:
            self.transport.close()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(self._status)

    def connection_lost(self, exc: Exception | None) -> None:
        """The receiver is gone; an answer without a length ends like this (RFC 9112, 6.3)."""
        self.transport = None
        if self._status >= _FIRST_FINAL and exc is None:
            self.on_message_complete()
        self._fail(exc)

    def _fail(self, cause: Exception | None) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(Lost(cause, self._status == 0))


class _Room:
    """How many messages may be under way to one address: so many that others keep room, whoever is silent."""

    def __init__(self) -> None:
        self.under_way = 0
        self.is_silent = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to be remembered of it."""
        return not (self.under_way or self.is_silent or self._waiting)

    @property
    def is_open(self) -> bool:
        """Whether one more message may go now."""
        return self.under_way < (1 if self.is_silent else _TO_ONE)

    async def __aenter__(self) -> None:
        while not self.is_open:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._pass_on()  # it may have been this one's turn
                raise
        self.under_way += 1

    async def __aexit__(self, *_: object) -> None:
        self.under_way -= 1
        self._pass_on()

    def _pass_on(self) -> None:
        """Let those go on who wait, as many as there is room for."""
        free = (1 if self.is_silent else _TO_ONE) - self.under_way
        while free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1


class Poster:
    """The open connections, by address; each is closed when it was idle for a while.

    trust gives, at the first need, what certificates of receivers are held against; targets says where they may be.
    """

    def __init__(self, trust: Callable[[], ssl.SSLContext], targets: Targets = ANYWHERE) -> None:
        self._trust = trust
        self._targets = targets
        self._idle: dict[Address, list[_Connection]] = {}
        self._busy: set[_Connection] = set()
        self._room = asyncio.Semaphore(_CONNECTIONS)
        self._rooms: dict[Address, _Room] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None

    async def post(self, uri: str, body: bytes, headers: Mapping[str, str], timeout: float) -> int:
        """The status that the receiver answers. Raises ValueError for what is no address or header, OSError where
        there is no answer, TimeoutError where there is none in time."""
        number = headers.get(NUMBER)
        if number is None:
            address, head = _head(uri, tuple(headers.items()))
            message = b"%b%d\r\n\r\n%b" % (head, len(body), body)
        else:  # left out of what is remembered: no two messages have the same
            address, head = _head(uri, tuple(field for field in headers.items() if field[0] != NUMBER))
            message = b"%b%d\r\n%b: %d\r\n\r\n%b" % (head, len(body), _NUMBERED, int(number), body)
        until = asyncio.get_running_loop().time() + timeout
        room = self._rooms.get(address)
        if room is None:
            room = self._rooms[address] = _Room()
        try:
            status = await self._answered(address, room, message, until)
        except OSError:  # TimeoutError is one
            room.is_silent = True
            raise
        room.is_silent = False
        return status

    async def _answered(self, address: Address, room: _Room, message: bytes, until: float) -> int:
        """The status that is answered, as soon as there is room to ask."""
        if room.is_open and not self._room.locked():
            async with room, self._room:
                while connection := self._waiting(address):
                    status = await self._told(address, connection, message, until)
                    if status is not None:
                        return status
        async with asyncio.timeout_at(until), room, self._room:
            while True:
                connection = self._waiting(address) or await self._connect(address)
                status = await self._told(address, connection, message, until)
                if status is not None:
                    return status

    async def _told(self, address: Address, connection: _Connection, message: bytes, until: float) -> int | None:
        """The status that is answered on this connection. None where the receiver has closed it while it was idle: a
        message may be told twice, never not."""
        self._busy.add(connection)
        self._watch_over(connection, until)
        try:
            status = await connection.post(message)
        except Lost as lost:
            if lost.fresh and connection.used > 1:
                return None
            raise
        except BaseException:  # given up: what still comes would be taken for the next answer
            connection.close()
            raise
        finally:
            self._busy.discard(connection)
        self._keep(address, connection)
        return status

    def _watch_over(self, connection: _Connection, until: float) -> None:
        """See to it that the answer is given up in time: one timer for all, as nearly every answer comes in time."""
        connection.until = until
        if self._watch is not None:
            if self._watch.when() <= until:
                return
            self._watch.cancel()
        self._watch = asyncio.get_running_loop().call_at(until, self._look)

    def _look(self) -> None:
        """Give up the answers that are late, and look again when the next one will be."""
        loop = asyncio.get_running_loop()
        self._watch = None
        for connection in [connection for connection in self._busy if connection.until <= loop.time()]:
            self._busy.discard(connection)
            connection.give_up()
        if self._busy:
            self._watch = loop.call_at(min(connection.until for connection in self._busy), self._look)

    async def _connect(self, address: Address) -> _Connection:
        self._targets.check_way(address.secure, address.host)
        secure = self._trust() if address.secure else None
        loop = asyncio.get_running_loop()
        if self._targets.private:
            _, connection = await loop.create_connection(_Connection, address.host, address.port, ssl=secure)
            return connection
        place = await self._targets.resolve(address.host, address.port)
        name = address.host if secure is not None else None
        _, connection = await loop.create_connection(_Connection, place, address.port, ssl=secure, server_hostname=name)
        return connection

    def _waiting(self, address: Address) -> _Connection | None:
        idle = self._idle.get(address)
        while idle:
            connection = idle.pop()
            if connection.open:
                return connection
        return None

    def _keep(self, address: Address, connection: _Connection) -> None:
        if connection.open:
            loop = asyncio.get_running_loop()
            connection.idle_since = loop.time()
            self._idle.setdefault(address, []).append(connection)
            if self._sweep is None:
                self._sweep = loop.call_later(_IDLE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        loop = asyncio.get_running_loop()
        for address, connections in list(self._idle.items()):
            for connection in connections:
                if loop.time() - connection.idle_since >= _IDLE_SECONDS:
                    connection.close()
            self._idle[address] = [connection for connection in connections if connection.open]
            if not self._idle[address]:
                del self._idle[address]
        self._rooms = {address: room for address, room in self._rooms.items() if not room.idle}
        self._sweep = loop.call_later(_IDLE_SECONDS, self._close_idle) if self._idle else None

    async def close(self) -> None:
        """Let go of every connection."""
        for timer in (self._sweep, self._watch):
            if timer is not None:
                timer.cancel()
        self._sweep = self._watch = None
        for connection in [*self._busy, *(one for idle in self._idle.values() for one in idle)]:
            connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # transports are let go of in the next turn of the loop


@lru_cache(1_024)
def _head(uri: str, headers: tuple[tuple[str, str], ...]) -> tuple[Address, bytes]:
    """Where the URI leads, and the message up to the number of its bytes. Raises ValueError."""
    parts = urlsplit(uri)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{without_password(uri)[:200]!r} is no address for http or https")
    host = parts.hostname.encode("idna").decode("ascii") if not parts.hostname.isascii() else parts.hostname
    address = Address(host, parts.port or _PORTS[parts.scheme], parts.scheme == "https")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
    if parts.query:
        target += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=-._~[]")
    fields = {"host": ("Host", f"[{host}]" if ":" in host else host), "user-agent": ("User-Agent", "machinami")}
    fields["accept"] = ("Accept", "*/*")
    if parts.port is not None:
        fields["host"] = ("Host", f"{fields['host'][1]}:{parts.port}")
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        fields["authorization"] = ("Authorization", "Basic " + base64.b64encode(pair.encode("utf-8")).decode("ascii"))
    # Names keep the case in which they are given: not every receiver knows that it means nothing.
    fields.update({name.lower(): (name, value) for name, value in headers if name.lower() not in _FRAMING})
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.values())]
    if any("\r" in line or "\n" in line or "\0" in line for line in lines):
        raise ValueError("a header of the message holds a line break")
    return address, ("\r\n".join(lines) + "\r\ncontent-length: ").encode("utf-8")
