"""How does a request reach the handlers over plain ASGI? The slow and complete way, for every route.

No web framework stands between: the routes are matched by our own tree, so that the fast lane gives the very
same answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from machinami.kit.answering import answer, header_fields, settled, too_large, too_late
from machinami.kit.attempts import Attempts
from machinami.kit.familiar import Familiar
from machinami.kit.http import Request, Response
from machinami.kit.outgoing import Outgoing
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
    idle: seconds that a silent connection is kept; head: bytes of the request line and all header fields."""

    body: int = 20_000_000
    read: float = 30.0
    idle: float = 75.0
    head: int = 65_536


class Carrier:
    """An ASGI application that carries requests to the routes."""

    def __init__(self, router: Router, limits: Limits) -> None:
        self.router = router
        self.limits = limits
        self.outgoing = Outgoing()
        self.familiar = Familiar(_later)
        self.attempts = Attempts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI conversation."""
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not spoken here")
        response = await self._respond(scope, receive)
        if response is None:
            return
        if response.status >= 400:
            client = scope.get("client")
            self.attempts.note(response.status, client[0] if client else "", scope["method"], scope["path"])
        await send({"type": "http.response.start", "status": response.status, "headers": header_fields(response)})
        body = b"" if scope["method"] == "HEAD" else response.body
        if response.parts is not None and scope["method"] != "HEAD":
            await send({"type": "http.response.body", "body": body, "more_body": True})
            async for part in response.parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            body = b""
        await send({"type": "http.response.body", "body": body})

    async def _respond(self, scope: Scope, receive: Receive) -> Response | None:
        try:
            async with asyncio.timeout(self.limits.read):
                body = await self._body(scope, receive)
        except TimeoutError:
            return too_late(self.limits.read)
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
        return await settled(answer(self.router, request, scope["raw_path"].decode("latin-1")))

    async def _body(self, scope: Scope, receive: Receive) -> bytes | Response | None:
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
                parts.append(part)
            if not more:
                return parts[0] if len(parts) == 1 else b"".join(parts)
