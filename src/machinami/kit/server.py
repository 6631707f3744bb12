"""How is a set of routes served on a port, and stopped again?"""

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import uvicorn

from machinami.kit.carrier import Carrier, Limits
from machinami.kit.fastlane import Connection, PlainConnection
from machinami.kit.http import Route
from machinami.kit.room import Bounds, Room
from machinami.kit.routing import Router
from machinami.kit.tls import Encryption, Tls

_GRACE = 10
_TICK = 0.1


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers: who starts it decides when it ends, and it ends at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()
        self.ending = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % 864_000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ending.wait(), _TICK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it, but looking again at once whether all have gone, not a tenth of a second later."""
        state, clock, pause = self.server_state, asyncio.get_running_loop().time, 0.001
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(state.connections):
            connection.shutdown()
        deadline = clock() + _GRACE
        while (state.connections or state.tasks) and clock() < deadline:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _TICK)
        for task in state.tasks:
            task.cancel()


@dataclass(slots=True)
class Serving:
    """A running server: where it listens, and how to end it."""

    host: str
    port: int
    _server: _Server
    _task: "asyncio.Task[None]"
    listener: socket.socket
    room: Room
    encryption: Encryption | None = None

    @property
    def url(self) -> str:
        """The address for clients on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "https" if self.encryption else "http"
        return f"{scheme}://{host}:{self.port}"

    async def stop(self) -> None:
        """Take no new connection, finish what is under way (at most ten seconds), close the rest."""
        self._server.should_exit = True
        self._server.ending.set()
        await self._task

    async def wait(self) -> None:
        """Return when the server has ended."""
        await asyncio.shield(self._task)


async def serve(
    routes: Iterable[Route],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    limits: Limits | None = None,
    lane: bool = True,
    tls: Tls | None = None,
    hsts: str = "",
    proxied: bool = False,
    bounds: Bounds | None = None,
) -> Serving:
    """Serve the routes. Port 0 takes a free one, told by the result. Returns when connections are accepted.

    lane False sends the hot routes the ASGI way too; answers are the same. tls: to be served over TLS;
    hsts: what every answer says of how browsers shall come from now on (RFC 6797); proxied: whether a
    proxy's word on who asks is believed; bounds: what all clients together may take.
    Raises OSError if the port is taken, or a file of the certificate cannot be used.
    """
    limits = limits or Limits()
    encryption = Encryption(tls) if tls else None
    room = Room(replace(bounds or Bounds(), **({"per_address": 0} if proxied else {})))
    listener = _listen(host, port)
    config = uvicorn.Config(
        Carrier(Router(routes), limits, proxied, room),
        http=Connection if lane else PlainConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(limits.idle),
        interface="asgi3",
        headers=[("strict-transport-security", hsts)] if hsts else None,
        ssl_context_factory=(lambda *_: encryption.context) if encryption else None,
    )
    server = _Server(config)
    task = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]), name="http server")
    accepting = asyncio.ensure_future(server.accepting.wait())
    await asyncio.wait((accepting, task), return_when=asyncio.FIRST_COMPLETED)
    accepting.cancel()
    if task.done():
        listener.close()
        await task
    return Serving(host, listener.getsockname()[1], server, task, listener, room, encryption)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's wait off only where the protocol is named; with it, an answer written in two parts
    # (head, body) stands still for the 40 ms after which the client acknowledges the first
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
