"""How does one part of the town hold its connections to others? Opened at the first need, closed once.

Answers are wanted, and read, as they are: what is never unpacked cannot become larger than the limit it was read to.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp

from machinami.wire.targets import Targets

PLAIN = "identity"
_CONNECTIONS = 100


class _Connector(aiohttp.TCPConnector):
    """Connects only in the ways that are allowed, wherever a redirect leads."""

    def __init__(self, targets: Targets, **options: Any) -> None:
        super().__init__(**options)
        self._targets = targets

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> aiohttp.connector.Connection:
        """A connection for the request. Raises ForbiddenTarget."""
        self._targets.check_way(req.is_ssl(), req.url.host or "")
        return await super().connect(req, traces, timeout)


class Session:
    """Connections that keep no cookies. trust: gives the authorities that are trusted, at the first need; targets:
    where they may lead; reused: whether a connection stays open for the next request."""

    def __init__(self, trust: Callable[[], ssl.SSLContext], targets: Targets, *, reused: bool) -> None:
        self._trust = trust
        self._targets = targets
        self._reused = reused
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> aiohttp.ClientSession:
        """What requests are made with."""
        if self._session is None or self._session.closed:
            connector = _Connector(
                self._targets,
                limit=_CONNECTIONS,
                ttl_dns_cache=60,
                force_close=not self._reused,
                ssl=self._trust(),
                socket_factory=self._targets.opened,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": PLAIN},
                auto_decompress=False,
            )
        return self._session

    @staticmethod
    def packed(answer: aiohttp.ClientResponse) -> str:
        """How the body of an answer is packed all the same; empty where it is as it should be."""
        coding = answer.headers.get("Content-Encoding", "").strip().lower()
        return "" if coding in ("", PLAIN) else coding

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()
            # aiohttp closes transports in the next turn of the loop; without it they would be left open.
            await asyncio.sleep(0)
            self._session = None
