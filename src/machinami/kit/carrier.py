"""How does a request reach the handlers over plain ASGI? The slow and complete way, for every route.

No web framework stands between: the routes are matched by our own tree, so that the fast lane gives the very
same answers.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from machinami.foundation.errors import Overloaded
from machinami.kit.answering import answer, explain, header_fields, refused, settled, too_large, too_late
from machinami.kit.attempts import FORWARDED, Attempts
from machinami.kit.familiar import Familiar
from machinami.kit.http import Request, Response
from machinami.kit.outgoing import Outgoing
from machinami.kit.room import Room
from machinami.kit.routing import Router

# A body over the limit is read on, and thrown away, up to this many times the limit: a client that is still
# sending would see a reset connection instead of the answer that says why.
PATIENCE = 2
CERTIFICATE = "machinami.certificate"  # in the state of a request: the digest of the certificate that its client showed

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def _later(seconds: float, work: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, work)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may take. body: bytes of a request's body; read: seconds for a whole request to come in;
    idle: seconds that a silent connection is kept; head: bytes of the request line and all header fields; slowest:
    bytes a second that a client must read of an answer that waits for it."""

    body: int = 20_000_000
    read: float = 30.0
    idle: float = 75.0
    head: int = 65_536
    slowest: int = 1_000


async def _stream(parts: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Send the parts one by one, as long as somebody is there to take them."""
    gone = asyncio.ensure_future(receive())  # after the whole body, nothing else is heard of a client
    try:
        async for part in parts:
            if gone.done():
                return
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)  # sending to who has left does not wait, and others do
    finally:
        gone.cancel()


@dataclass(slots=True)
class _Held:
    """What is in memory of one body."""

    room: Room
    size: int = 0

    def take(self, size: int) -> None:
        """One part more. Raises Overloaded."""
        self.size += size
        self.room.hold(size)


class Carrier:
    """An ASGI application that carries requests to the routes. proxied: a proxy stands in front, and its word on who
    asks counts."""

    def __init__(self, router: Router, limits: Limits, proxied: bool = False, room: Room | None = None) -> None:
        self.router = router
        self.limits = limits
        self.room = room or Room()
        self.outgoing = Outgoing()
        self.familiar = Familiar(_later)
        self.attempts = Attempts(proxied)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI conversation."""
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not spoken here")
        held = _Held(self.room)
        try:
            response = await self._respond(scope, receive, held)
        finally:
            self.room.held -= held.size
        if response is None:
            return
        if response.status >= 400:
            client, forwarded = scope.get("client"), [two for one, two in scope["headers"] if one == FORWARDED]
            asker = self.attempts.asker(client[0] if client else "", forwarded[-1] if forwarded else b"")
            self.attempts.note(response.status, asker, scope["method"], scope["path"])
        await send({"type": "http.response.start", "status": response.status, "headers": header_fields(response)})
        body = b"" if scope["method"] == "HEAD" else response.body
        if response.parts is not None and scope["method"] != "HEAD":
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await _stream(response.parts, receive, send)
            body = b""
        await send({"type": "http.response.body", "body": body})

    async def _respond(self, scope: Scope, receive: Receive, held: "_Held") -> Response | None:
        try:
            async with asyncio.timeout(self.limits.read):
                body = await self._body(scope, receive, held)
        except TimeoutError:
            self.room.refused["slow"] += 1
            return too_late(self.limits.read)
        except Overloaded as error:
            return refused(error)
        if not isinstance(body, bytes):
            return body
        client = scope.get("client")
        request = Request(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            scope["headers"],
            body,
            client=client[0] if client else "",
            certificate=scope.get("state", {}).get(CERTIFICATE, ""),
        )
        try:
            self.room.demand_work(scope["method"] in ("GET", "HEAD"))
        except Overloaded as error:
            return explain(error)
        self.room.works += 1
        try:
            return await settled(answer(self.router, request, scope["raw_path"].decode("latin-1")))
        finally:
            self.room.works -= 1

    async def _body(self, scope: Scope, receive: Receive, held: "_Held") -> bytes | Response | None:
        """The body; an answer if it must be refused; None if the client went away."""
        limit = self.limits.body
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > PATIENCE * limit:
                return too_large(limit)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            more = message.get("more_body", False)
            if size > limit and (not more or size > PATIENCE * limit):
                return too_large(limit)
            if size <= limit:
                held.take(len(part))
                parts.append(part)
            if not more:
                return parts[0] if len(parts) == 1 else b"".join(parts)
