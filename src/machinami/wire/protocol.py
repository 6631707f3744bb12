"""What must the network be able to do for the town? One protocol per need; each has a real and a recorded form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

NUMBER = "Notification-Number"
"""The header field that numbers the notifications of a subscription, from 1 without a gap: the one that differs from
message to message."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a delivery went: ok, the status code where there is one, and the reason in words where it failed."""

    ok: bool
    status: int | None = None
    reason: str = ""


Channel = tuple[tuple[str, str], ...]  # how to set up the way to a receiver: notifierInfo (5.2.15)


class Sender(Protocol):
    """Delivers notifications."""

    async def send(
        self, uri: str, body: bytes, headers: Mapping[str, str], timeout: float, channel: Channel = ()
    ) -> Delivery:
        """Deliver the body to the URI within timeout seconds; never raises for what the receiver does.

        channel: what must be known to set up the connection, such as MQTT-QoS (7.2).
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Mailer(Protocol):
    """Hands letters to a mail server."""

    async def hand_in(self, sender: str, to: str, letter: bytes, timeout: float) -> Delivery:
        """Hand in one letter (RFC 5322) within timeout seconds; never raises for what the server does."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """A JSON document; fresh: seconds for which it may be used, as its server says; None where it says nothing."""

    document: Any
    fresh: float | None = None


class Fetcher(Protocol):
    """Fetches JSON-LD contexts."""

    async def fetch_json(self, url: str, timeout: float, limit: int) -> Fetched:
        """The JSON document at a URL, at most `limit` bytes.

        Raises ContextNotAvailable naming URL and cause; BadRequestData where the document is there and is no JSON.
        """
        ...
