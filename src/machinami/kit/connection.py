"""How long is a client waited for? One connection, guarded against who is silent, slow or too many.

Whoever sends no request, sends one too slowly, or does not read the answer is cut off, so that what they hold is free
for others; where there is no room for one more connection, it is told so and closed.
"""

import asyncio
from hashlib import sha256
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from machinami.foundation.errors import InvalidRequest, MachinamiError
from machinami.kit.carrier import Carrier
from machinami.kit.http import Response
from machinami.kit.problem import problem

_LINGER = 1.0
_LITTLE = 131_072  # bytes: who has no more to read is not who fills the memory
_DROWNING = 2  # times the bound of connections: from there on nobody is told why they are let go


class Guarded(HttpToolsProtocol):
    """One connection to a client, without what carries its requests."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        carrier = cast(Carrier, config.app)
        self._limits = carrier.limits
        self._room = carrier.room
        self._outgoing = carrier.outgoing
        self._attempts = carrier.attempts
        self._deaf = False
        self._reading = False
        self._ended = False
        self._since = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._unread_size = 0
        self._certificate = ""
        self._address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client has come."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        secured = transport.get_extra_info("ssl_object")
        shown = None if secured is None else secured.getpeercert(binary_form=True)  # checked when hands were shaken
        if shown is not None:
            self._certificate = sha256(shown).hexdigest()
        self._since = self.loop.time()
        full = self._room.enter(self._address, self)
        if full is not None:
            if self._room.connections > _DROWNING * self._room.bounds.connections:
                transport.abort()
            else:
                self.refuse(full)
            return
        self._watch = self.loop.call_later(min(self._limits.idle, self._limits.read), self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._room.leave(self._address, self)
        for timer in (self._watch, self._unread):
            if timer is not None:
                timer.cancel()
        self._watch = self._unread = None
        self._note_unread(0)
        super().connection_lost(exc)
        self.pipeline.clear()  # each that waits there holds the connection, and is held by it

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn always closes at once
        """The client sends no more: what it asked is still answered; half a request has no answer."""
        self._outgoing.flush(self.transport)
        waits = self.cycle is not None and not self.cycle.response_complete
        self._ended = waits and not self._reading
        return self._ended

    def shutdown(self) -> None:
        """The server ends: say what is ready, and no more."""
        self._outgoing.flush(self.transport)
        super().shutdown()

    # --- who does not read

    def pause_writing(self) -> None:
        """The client does not read as fast as it is told."""
        super().pause_writing()
        self._note_unread(self.transport.get_write_buffer_size())
        if self._room.unread > self._room.bounds.unread and self._unread_size > _LITTLE:
            self._room.refused["unread"] += 1
            self.transport.abort()
        else:
            self._expect_reading()

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        self._note_unread(0)

    def _note_unread(self, size: int) -> None:
        self._room.unread += size - self._unread_size
        self._unread_size = size

    def _expect_reading(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
        limits = self._limits
        self._unread = self.loop.call_later(limits.read, self._look_out, self.transport.get_write_buffer_size())

    def _look_out(self, before: int) -> None:
        """Let go of a client that has read too little of what waits for it."""
        self._unread = None
        if before - self.transport.get_write_buffer_size() < self._limits.slowest * self._limits.read:
            self._room.refused["unread"] += 1
            self.transport.abort()
        else:
            self._expect_reading()

    # --- who does not ask

    def rests(self) -> float:
        """Seconds since the last answer, where nothing is asked and all was read."""
        in_use = self._reading or self._deaf or (self.cycle is not None and not self.cycle.response_complete)
        if in_use or self.transport.is_closing() or self.transport.get_write_buffer_size():
            return 0.0
        return self.loop.time() - self._since

    def make_room(self) -> None:
        """End: another one has something to ask."""
        self._room.refused["idle"] += 1
        self._outgoing.flush(self.transport)
        self.transport.close()

    def give_up(self) -> bool:
        """The time for a request is over: answer what has come of it, if that can be done; whether it could."""
        return False

    def _look(self) -> None:
        """Close a connection that is silent too long, or whose request does not come to its end."""
        self._watch = None
        if self.transport.is_closing():
            return
        limits = self._limits
        left = self._since + (limits.read if self._reading else limits.idle) - self.loop.time()
        if left <= 0 and self.give_up():
            self._room.refused["slow"] += 1
        elif self.cycle is not None and not self.cycle.response_complete:
            # a handler is at work, or the ASGI way reads the body by its own clock
            self._watch = self.loop.call_later(left if left > 0 else min(limits.idle, limits.read), self._look)
        elif left <= 0:
            self._room.refused["slow" if self._reading else "idle"] += 1
            self.transport.close()
            if self.transport.get_write_buffer_size():
                self._expect_reading()
        else:
            self._watch = self.loop.call_later(left, self._look)

    def _unset_keepalive_if_required(self) -> None:
        """One timer watches the connection from its beginning; none is set and unset for each request."""

    def head_too_large(self) -> InvalidRequest:
        """What to say of a header beyond the limit."""
        limit = self._limits.head
        return InvalidRequest(f"The request line and the header fields are larger than {limit} bytes")

    def refuse(self, error: MachinamiError) -> None:
        """Say why, then listen no more; a moment passes before the end, as a reset would swallow the answer."""
        if self.transport.is_closing() or self._deaf:
            return
        self._deaf = True
        self.pipeline.clear()
        refusal = problem(error)
        self._attempts.note(refusal.status, self._address, "?", "what is no request")
        refusal.headers.append((b"connection", b"close"))
        self._outgoing.flush(self.transport)
        self.transport.write(self.as_bytes(refusal))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER, self.transport.close)

    def as_bytes(self, response: Response, keep_alive: bool = True) -> bytes:
        """The answer as it goes over the wire."""
        raise NotImplementedError
