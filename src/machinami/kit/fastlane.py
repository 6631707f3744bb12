"""How do the hottest routes reach their handlers with the least work?

A subclass of uvicorn's httptools protocol. It hands hot requests straight to the handlers, without an ASGI
conversation and without a task, and writes the same bytes that the ASGI way would write. Everything that is
not plain (HTTP/1.0, `Connection: close`, Expect, upgrades, a request that waits behind another one, a client
that does not read) goes the ASGI way. It depends on the inside of uvicorn, which is therefore pinned.
"""

import asyncio
import re
from functools import partial
from typing import Any, cast
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from machinami.foundation.errors import InvalidRequest, MachinamiError, MethodUnknown, Overloaded, TooManyRequests
from machinami.kit.answering import ends_connection, explain, handle, header_block, refused, too_large, too_late
from machinami.kit.attempts import FORWARDED
from machinami.kit.carrier import CERTIFICATE, PATIENCE, Carrier
from machinami.kit.connection import Guarded
from machinami.kit.http import Headers, Request, Response
from machinami.kit.routing import Match
from machinami.kit.steps import follow

_CHUNK = 262_144  # the most that arrives at once
_BEHIND = 64  # requests of one connection that wait behind another one
_METHOD = re.compile(rb"[A-Za-z][A-Za-z-]*")  # what may be meant as one: the word before the first space
_BODIED = frozenset({"POST", "PATCH", "PUT"})


class _NoEvent:
    """Stands where uvicorn expects an event that somebody waits for; on the fast lane nobody does."""

    def set(self) -> None:
        """Nobody waits."""


class _HotCycle:
    """One hot request: what uvicorn asks of its own cycle, and what the lane must remember."""

    __slots__ = ("body", "disconnected", "held", "keep_alive", "match", "more_body", "parts", "request",
                 "response_complete", "size", "works")  # fmt: skip
    message_event = _NoEvent()

    def __init__(self, match: Match, request: Request) -> None:
        self.match = match
        self.request = request
        self.parts: list[bytes] = []
        self.size = 0
        self.held = 0
        self.works = 0
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False
        self.more_body = True
        self.body = b""


class Connection(Guarded):
    """One connection to a client."""

    lane = True

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        carrier = cast(Carrier, config.app)
        self._router = carrier.router
        self._familiar = carrier.familiar
        self._hot: _HotCycle | None = None
        self._head_size = 0
        self._in_head = False
        self._default_fields: tuple[object, bytes] = (None, b"")

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone, with what it had sent of a body."""
        if self._hot is not None:
            self._let_go(self._hot)
        super().connection_lost(exc)

    def give_up(self) -> bool:
        """A hot request whose body does not come to its end is answered by saying so."""
        if self._hot is None:
            return False
        self._finish(self._hot, too_late(self._limits.read))
        return True

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._deaf:
            return
        begins = not self._reading
        if begins:
            self._since = self.loop.time()
            if self._take_whole(data):
                return
            self._reading = True
        self._head_size += len(data)  # an upper bound; counted exactly only where it is beyond the limit
        begun, cycle = self._in_head, self.cycle
        try:
            self.parser.feed_data(data)
            if begins and not self._reading and self.cycle is not cycle and isinstance(self.cycle, _HotCycle):
                self._familiar.learn(data, self.cycle.request.headers)
            if begun and self._in_head and self._head_size > self._limits.head + _CHUNK:
                self.refuse(self.head_too_large())  # the parser keeps a field of any length that does not end
        except httptools.HttpParserInvalidMethodError as error:
            word = data.split(b" ", 1)[0]
            known = f"Nothing here knows the method {word.decode('ascii', 'replace')[:40]}"
            no_request = InvalidRequest(f"This is not HTTP/1.1: {error}")
            self.refuse(MethodUnknown(known) if _METHOD.fullmatch(word) else no_request)
        except httptools.HttpParserUpgrade:
            self.refuse(InvalidRequest("An upgrade to another protocol is not offered here"))
        except httptools.HttpParserError as error:
            cause = error.__context__
            self.refuse(
                cause if isinstance(cause, MachinamiError) else InvalidRequest(f"This is not HTTP/1.1: {error}")
            )

    # --- what the parser says

    def on_message_begin(self) -> None:
        """A request begins."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._in_head = True
        self._reading = True
        self._hot = None

    def on_url(self, url: bytes) -> None:
        """A part of the request line."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The header is whole: choose the way."""
        self._in_head = False
        if self._head_size > self._limits.head:
            size = len(self.url) + sum([len(name) + len(value) for name, value in self.headers])
            if size > self._limits.head:
                raise self.head_too_large()
        hosts = 0
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
        if hosts != 1 and (hosts or self.parser.get_http_version() != "1.0"):
            raise InvalidRequest("A request names its Host once (RFC 9112, 3.2)")
        if self.lane:
            hot = self._recognise()
            if hot is not None:
                self._hot = hot
                self.cycle = cast(Any, hot)
                return
        if self.parser.get_method() == b"CONNECT":
            raise MethodUnknown("This is no proxy: nothing here knows the method CONNECT")
        if len(self.pipeline) >= _BEHIND:
            raise TooManyRequests(f"More than {_BEHIND} requests were sent without waiting for an answer", retryAfter=1)
        url, headers, expect = self.url, self.headers, self.expect_100_continue
        self._outgoing.flush(self.transport)
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, expect
        self.scope["headers"] = headers
        if self._certificate:
            self.scope["state"][CERTIFICATE] = self._certificate
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        hot = self._hot
        if hot is None:
            super().on_body(body)
            return
        if hot.response_complete:
            return
        hot.size += len(body)
        if hot.size <= self._limits.body:
            try:
                hot.held += len(body)
                self._room.hold(len(body))
            except Overloaded as error:
                self._finish(hot, refused(error))
                return
            hot.parts.append(body)
        elif hot.size > PATIENCE * self._limits.body:
            self._finish(hot, too_large(self._limits.body))

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._reading = False
        self._head_size = 0
        hot = self._hot
        if hot is None:
            super().on_message_complete()
            return
        self._hot = None
        if hot.response_complete:
            return
        hot.more_body = False
        if hot.size > self._limits.body:
            self._finish(hot, too_large(self._limits.body))
            return
        parts = hot.parts
        if parts:
            hot.request.body = parts[0] if len(parts) == 1 else b"".join(parts)
        self._carry(hot)

    def on_response_complete(self) -> None:
        """An answer is out: go on with what waits."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if not self._reading:
            self._since = self.loop.time()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self._ended:
            self._outgoing.flush(self.transport)
            self.transport.close()

    # --- the lane

    def _take_whole(self, data: bytes) -> bool:
        """Carry the request that the bytes are, if it is a hot one like one before: the parser hears nothing of it."""
        whole = self._familiar.read(data) if self.lane and self._is_free() else None
        if whole is None or len(whole.body) > self._limits.body:
            return False
        hot = self._hot_cycle(whole.method, whole.target, whole.headers)
        if hot is None:
            return False
        request = hot.request
        request.body, request.known_fields, request.memo = whole.body, whole.by_name, whole.memo
        hot.more_body = False
        self.cycle = cast(Any, hot)
        self._carry(hot)
        return True

    def _carry(self, hot: _HotCycle) -> None:
        try:
            self._room.demand_work(hot.request.method == "GET")
        except Overloaded as error:
            self._finish(hot, explain(error))
            return
        outcome = handle(hot.match, hot.request)
        if isinstance(outcome, Response):
            self._finish(hot, outcome)
        else:
            self._room.works += 1
            hot.works = 1
            follow(outcome, self.loop, partial(self._finish, hot))

    def _let_go(self, hot: _HotCycle) -> None:
        """Give back the room that a request took."""
        self._room.held -= hot.held
        self._room.works -= hot.works
        hot.held = hot.works = 0

    def _is_free(self) -> bool:
        return (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused

    def _recognise(self) -> _HotCycle | None:
        """The hot request that has come, or None if it must go the ASGI way."""
        if (
            not self._is_free()
            or self.expect_100_continue
            or not self.parser.should_keep_alive()
            or self.parser.get_http_version() != "1.1"
            or self.parser.should_upgrade()
        ):
            return None
        target = self.url
        if not target.startswith(b"/") or b"#" in target or not target.isascii():
            return None
        method = self.parser.get_method().decode("ascii")
        if method in _BODIED:
            for name, value in self.headers:
                if name == b"content-length" and int(value) > self._limits.body:
                    return None
        return self._hot_cycle(method, target.decode("ascii"), self.headers)

    def _hot_cycle(self, method: str, target: str, headers: Headers) -> _HotCycle | None:
        raw_path, _, query = target.partition("?")
        try:
            match = self._router.match(method, raw_path)
        except MachinamiError:
            return None
        if not match.route.hot or method == "HEAD":
            return None
        path = unquote(raw_path) if "%" in raw_path else raw_path
        client = self.client[0] if self.client else ""
        request = Request(method, path, query, headers, b"", {}, client)
        if self._certificate:
            request.certificate = self._certificate
        return _HotCycle(match, request)

    def _finish(self, hot: _HotCycle, response: Response) -> None:
        self._let_go(hot)
        if hot.response_complete:
            return
        hot.response_complete = True
        if response.status >= 400:
            request = hot.request
            asker = self._attempts.asker(request.client, request.fields.get(FORWARDED, b""))
            self._attempts.note(response.status, asker, request.method, request.path)
        if self.transport.is_closing():
            return
        keep_alive = hot.keep_alive and not ends_connection(response)
        try:
            data = self.as_bytes(response, keep_alive)
        except ValueError as error:
            data = self.as_bytes(explain(error), keep_alive)
        self._outgoing.put(self.loop, self.transport, data)
        if not keep_alive:
            self._outgoing.flush(self.transport)
            self.transport.close()
        self.on_response_complete()

    def as_bytes(self, response: Response, keep_alive: bool = True) -> bytes:
        """The answer as it goes over the wire, field by field as uvicorn writes it."""
        defaults, written = self._default_fields
        if defaults is not self.server_state.default_headers:
            defaults = self.server_state.default_headers
            written = b"".join(b"%b: %b\r\n" % field for field in defaults)
            self._default_fields = (defaults, written)
        status, body = response.status, response.body
        block = header_block(response)
        if not keep_alive and not ends_connection(response):
            block += b"connection: close\r\n"
        return b"%b%b%b\r\n%b" % (STATUS_LINE[status], written, block, body)


class PlainConnection(Connection):
    """One connection whose every request goes the ASGI way."""

    lane = False
