"""How is another broker asked? One request, one answer, bounded in time and size.

Every request has a connection of its own: sources come and go, and some speak HTTP/1.0. Redirects are not followed and
no cookies are kept, so that a request goes where the registration says and tells nothing of other exchanges.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from machinami.wire.session import Session
from machinami.wire.targets import ANYWHERE, Targets

_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Call:
    """One request: timeout in seconds, limit in bytes of the answer's body."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout: float = 3.0
    limit: int = 16_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: names of headers in lower case. status None: nothing came, for this reason; late: not in
    time; too_large: the body is not here, as it went over the limit."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    reason: str = ""
    late: bool = False
    too_large: bool = False


class Caller(Protocol):
    """Asks other brokers."""

    async def call(self, call: Call) -> Answer:
        """The answer; never raises for what the other side does."""
        ...


class Unconnected:
    """Asks nobody: for a broker that has no network."""

    async def call(self, call: Call) -> Answer:
        """No answer."""
        return Answer(None, reason="this broker has no network")


class HttpCaller:
    """Asks over HTTP; opened at the first need. trust: gives the authorities that are trusted, at the first need;
    targets: who may be asked."""

    def __init__(
        self, trust: Callable[[], ssl.SSLContext] = ssl.create_default_context, targets: Targets = ANYWHERE
    ) -> None:
        self._session = Session(trust, targets, reused=False)

    async def call(self, call: Call) -> Answer:
        """The answer; never raises for what the other side does."""
        try:
            async with (
                asyncio.timeout(call.timeout),
                self._session.open().request(
                    call.method,
                    call.url,
                    headers=dict(call.headers),
                    data=call.body or None,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None),
                ) as answer,
            ):
                headers = {name.lower(): value for name, value in answer.headers.items()}
                if coding := self._session.packed(answer):
                    return Answer(None, reason=f"the answer is packed ({coding[:40]})")
                body = bytearray()
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    body += chunk
                    if len(body) > call.limit:
                        return Answer(answer.status, headers, reason="the answer is too large", too_large=True)
                return Answer(answer.status, headers, bytes(body))
        except TimeoutError:
            return Answer(None, reason=f"no answer within {call.timeout:g} s", late=True)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(None, reason=type(error).__name__)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()
