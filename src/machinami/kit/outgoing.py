"""When do answers leave? Those of one turn of the event loop leave together, at its end.

To wake a process that waits for an answer costs the kernel as much as many an answer. If each answer left when it is
ready, a client of many connections would be woken for every one, and sleep again before the next.
"""

import asyncio


class Outgoing:
    """The answers of this turn; at most one for each connection, so that a client that does not read holds little."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Transport, bytes] = {}

    def put(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, data: bytes) -> None:
        """Send the answer at the end of the turn; a second one of the same connection at once, after the first."""
        if not self._waiting:
            loop.call_soon(self._release)
        if transport in self._waiting:
            self.flush(transport)
            transport.write(data)
        else:
            self._waiting[transport] = data

    def flush(self, transport: asyncio.Transport) -> None:
        """Send now what waits for this connection: something else is to follow it, or its end."""
        data = self._waiting.pop(transport, None)
        if data is not None:
            transport.write(data)

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for transport, data in waiting.items():
            if not transport.is_closing():
                transport.write(data)
