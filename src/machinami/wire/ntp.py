"""By how much is this clock ahead of a time server's? One question by SNTP (RFC 4330), over UDP."""

import asyncio
import struct
import time

PORT = 123
_1970 = 2_208_988_800  # seconds from 1900, where NTP begins to count
_QUESTION = b"\x23" + bytes(47)  # version 4, client


def ahead_of(answer: bytes, sent: float, received: float) -> float | None:
    """By how many seconds this clock is ahead; None where the answer is none, or the server does not know the time.

    sent, received: this clock, in seconds since 1970, when the question left and the answer came.
    """
    if len(answer) < 48 or answer[0] & 7 != 4 or not 1 <= answer[1] <= 15:
        return None
    taken, answered = (_seconds(answer[at : at + 8]) for at in (32, 40))
    return ((sent - taken) + (received - answered)) / 2


def _seconds(stamp: bytes) -> float:
    whole, part = struct.unpack("!II", stamp)
    return float(whole - _1970) + float(part) / 2**32


class _Asking(asyncio.DatagramProtocol):
    def __init__(self, answer: "asyncio.Future[tuple[bytes, float]]") -> None:
        self._answer = answer

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._answer.done():
            self._answer.set_result((data, time.time()))

    def error_received(self, exc: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc)


async def ask_ntp(server: str, patience: float) -> float | None:
    """By how many seconds this clock is ahead of that of `host` or `host:port`; None where it does not say."""
    host, _, number = server.partition(":")
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[bytes, float]] = loop.create_future()
    try:
        async with asyncio.timeout(patience):
            address = (host, int(number) if number else PORT)
            transport, _protocol = await loop.create_datagram_endpoint(lambda: _Asking(answer), remote_addr=address)
            try:
                sent = time.time()
                transport.sendto(_QUESTION)
                said, received = await answer
            finally:
                transport.close()
    except (OSError, TimeoutError, ValueError):
        return None
    return ahead_of(said, sent, received)
